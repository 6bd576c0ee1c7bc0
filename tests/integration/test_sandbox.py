"""The simulator over real sockets: who exists, what is refused and how, quotas, faults and control (docs/enedis.md)."""
import datetime
import http.client
import json
import os
import re
import socket
import struct
import subprocess

import pytest
from sandbox import CURVES, MEASURES, TODAY, V2026, V5, Sandbox, points, releve_bin

APIS = ("v5", "2026")
CLIENT_0 = "22516914714270"
CLIENT_1 = "11453290002823"
NO_CURVE = "32320647321714"
HOLES = "42900589957123"
PRODUCER = "24880057139941"
BOTH = "12655648759651"
RECENT = "22315546958763"  # activated on 2025-06-17
REFUSED = "26584978546985"
CONSUMERS = [CLIENT_0, CLIENT_1, "12345678901234", HOLES, BOTH, "64975835695673", "63695879465986", RECENT]
PRODUCERS = ["10284856584123", PRODUCER, BOTH]


def day(text, shift=0):
    return (datetime.date.fromisoformat(text) + datetime.timedelta(days=shift)).isoformat()


@pytest.fixture(scope="module")
def quiet():
    """A simulator without a quota, shared by tests that change nothing in it."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "20") as sandbox:
        yield sandbox


@pytest.fixture
def fresh():
    """A simulator of one's own."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "20") as sandbox:
        yield sandbox


# --- the command -----------------------------------------------------------------------------------


def run(*flags, **env):
    environment = {**os.environ, **env}
    return subprocess.run([releve_bin(), "sandbox", *flags], capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize("flags", [
    ["--bogus"], ["--listen"], ["extra"], ["--listen", "0.0.0.0:0"], ["--listen", "192.0.2.1:80"],
    ["--listen", "127.0.0.1"], ["--listen", "127.0.0.1:70000"], ["--quota", "5"], ["--today", "2026-02-30"],
    ["--latency", "fast"], ["--population", "1000001"], ["--seed", "-1"], ["--fault", "reset"],
    ["--fault", "reset=2"], ["--fault", "fire=0.1"], ["--api", "v4"], ["--unsubscribed", "nothing"],
    ["--unsubscribed", "comptage_auto,"], ["--unsubscribed", ""],
])
def test_wrong_usage_is_one_line_and_exit_2(flags):
    ended = run(*flags)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert flags[0].lstrip("-") in ended.stderr


def test_help_goes_to_stdout():
    ended = run("--help")
    assert ended.returncode == 0 and ended.stderr == ""
    for flag in ("listen", "api", "quota", "today", "latency", "population", "seed", "fault",
                 "unsubscribed"):
        assert f"--{flag}" in ended.stdout


def test_the_line_says_where_it_listens_and_what_it_is():
    with Sandbox("--api", "v5", "--quota", "7/2s", "--today", TODAY) as sandbox:
        assert sandbox.banner == (f"releve sandbox listening on http://127.0.0.1:{sandbox.port} "
                                  f"(api v5, quota 7/2s, today {TODAY})")
        assert sandbox.stop() == 0


def test_an_address_in_use_is_one_line_and_exit_2(quiet):
    ended = run("--listen", f"127.0.0.1:{quiet.port}")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1 and "in use" in ended.stderr


@pytest.mark.hour
def test_today_comes_from_the_environment_unless_a_flag_says_otherwise():
    with Sandbox(env={"RELEVE_TODAY": "2026-05-04"}) as sandbox:
        assert sandbox.banner.endswith("today 2026-05-04)")
    with Sandbox("--today", TODAY, env={"RELEVE_TODAY": "2026-05-04"}) as sandbox:
        assert sandbox.banner.endswith(f"today {TODAY})")
    assert run(RELEVE_TODAY="tomorrow").returncode == 2


# --- token -----------------------------------------------------------------------------------------


def test_a_token_is_given_to_basic_and_to_form_credentials(quiet):
    basic = quiet.ask_token()
    form = quiet.ask_token(basic=False, form="grant_type=client_credentials&client_id=a%26b&client_secret=s")
    for answer in (basic, form):
        assert answer.status == 200
        assert answer.json["token_type"] == "Bearer" and answer.json["expires_in"] == 12600 and answer.json["scope"]
    assert basic.json["access_token"] != form.json["access_token"]


@pytest.mark.parametrize("client_id, client_secret", [("client", "wrong"), ("client", ""), ("", "secret")])
def test_wrong_credentials_are_refused(quiet, client_id, client_secret):
    for basic in (True, False):
        form = f"grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
        answer = quiet.ask_token(client_id, client_secret, form=form, basic=basic)
        assert answer.status == 401 and answer.json["error"] == "invalid_client"
        assert client_secret == "" or client_secret not in answer.body.decode()


def test_only_client_credentials_are_granted(quiet):
    assert quiet.ask_token(form="grant_type=password").status == 400
    assert quiet.ask_token(form="").status == 400


def test_data_needs_a_live_token(fresh):
    path = V2026["daily_consumption"]
    assert fresh.request("GET", path).status == 401
    assert fresh.get(path, token="0123").json["code"] == "900901"
    good = fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-03")
    assert good.status == 200
    fresh.control(expire_tokens=True)
    stale = fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-03")
    assert (stale.status, stale.json["code"]) == (401, "900901")
    fresh.renew()
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-03").status == 200
    fresh.control(today=day(TODAY, 1))  # a night is longer than 3 h 30
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-03").status == 401


# --- bodies ----------------------------------------------------------------------------------------


def test_v5_bodies_have_the_shape_of_the_captured_ones(quiet):
    body = quiet.measure("consumption_load_curve", CLIENT_0, "2026-09-29", "2026-10-01", "v5").json["meter_reading"]
    assert list(body) == ["usage_point_id", "start", "end", "quality", "reading_type", "interval_reading"]
    assert (body["usage_point_id"], body["start"], body["end"]) == (CLIENT_0, "2026-09-29", "2026-10-01")
    assert body["reading_type"] == {"unit": "W", "measurement_kind": "power", "aggregate": "average"}
    first, last = body["interval_reading"][0], body["interval_reading"][-1]
    assert list(first) == ["value", "date", "interval_length", "measure_type"]
    assert (first["date"], first["interval_length"]) == ("2026-09-29 00:30:00", "PT30M")
    assert isinstance(first["value"], str) and int(first["value"]) > 0
    assert last["date"] == "2026-10-01 00:00:00" and len(body["interval_reading"]) == 96


def test_2026_bodies_have_the_shape_of_the_captured_ones(quiet):
    expected = {  # before grandeur, physical quantity, unit, keys of a point
        "consumption_load_curve": ([], "PA", "W", ["v", "d", "p", "n", "iv", "ec"]),
        "daily_consumption": (["typeValeur"], "EA", "Wh", ["v", "d"]),
        "daily_consumption_max_power": ([], "PMA", "VA", ["v", "d"]),
    }
    for kind, (more, quantity, unit, keys) in expected.items():
        body = quiet.measure(kind, CLIENT_0, "2026-09-29", "2026-10-01").json
        step = [] if kind in CURVES else ["pas"]
        assert list(body) == ["idPrm", "etapeMetier", "periode", *more, "modeCalcul", *step, "grandeur", "contexte"]
        assert body["idPrm"] == CLIENT_0 and body["periode"] == {"dateDebut": "2026-09-29", "dateFin": "2026-10-01"}
        grandeur = body["grandeur"][0]
        assert list(grandeur) == ["grandeurMetier", "grandeurPhysique", "unite", "points", "calendrier"]
        assert (grandeur["grandeurMetier"], grandeur["grandeurPhysique"], grandeur["unite"]) == ("CONS", quantity, unit)
        assert list(grandeur["points"][0]) == keys


def test_production_is_named_so(quiet):
    body = quiet.measure("production_load_curve", PRODUCER, "2026-06-01", "2026-06-03").json
    assert body["grandeur"][0]["grandeurMetier"] == "PROD"


@pytest.mark.parametrize("kind", MEASURES)
def test_both_generations_tell_the_same_values(quiet, kind):
    old = quiet.measure(kind, BOTH, "2026-10-20", "2026-10-27", "v5")
    new = quiet.measure(kind, BOTH, "2026-10-20", "2026-10-27")
    assert points(old) == points(new) and len(points(old)) >= 7


@pytest.mark.parametrize("first", ["2026-03-26", "2026-06-10", "2026-10-22"])
@pytest.mark.parametrize("prm", [CLIENT_0, BOTH, "30000000000007", "30000000000008"])
def test_daily_energy_is_exactly_the_sum_of_the_curve(quiet, prm, first):
    minutes = {"PT30M": 30, "PT10M": 10}
    end = day(first, 7)
    total = sum(v * minutes[p] for _, v, p in points(quiet.measure("consumption_load_curve", prm, first, end)))
    assert total % 60 == 0
    assert total // 60 == sum(v for _, v, _ in points(quiet.measure("daily_consumption", prm, first, end)))


@pytest.mark.parametrize("api", APIS)
def test_autumn_repeats_two_labels_and_spring_lacks_them(quiet, api):
    autumn = [d for d, _, _ in points(quiet.measure("consumption_load_curve", CLIENT_0, "2026-10-25", "2026-10-27", api))]
    assert len(autumn) == 50 + 48
    # The hour from 02:00 to 03:00 occurs twice: its interval ends are 02:30, 02:00 (winter), 02:30, 03:00.
    assert autumn[3:8] == [f"2026-10-25 {t}:00" for t in ("02:00", "02:30", "02:00", "02:30", "03:00")]
    spring = [d for d, _, _ in points(quiet.measure("consumption_load_curve", CLIENT_0, "2026-03-29", "2026-03-31", api))]
    assert len(spring) == 46 + 48
    assert spring[2:5] == [f"2026-03-29 {t}:00" for t in ("01:30", "03:00", "03:30")]


def test_the_interval_may_change_inside_a_day(quiet):
    curve = points(quiet.measure("consumption_load_curve", "30000000000008", "2026-03-10", "2026-03-11"))
    assert [p for _, _, p in curve] == ["PT30M"] * 24 + ["PT10M"] * 72
    assert [curve[23][0], curve[24][0]] == ["2026-03-10 12:00:00", "2026-03-10 12:10:00"]


def test_the_peak_is_on_its_day_and_not_below_the_curve(quiet):
    curve = points(quiet.measure("consumption_load_curve", CLIENT_0, "2026-11-10", "2026-11-11"))
    (stamp, peak, _), = points(quiet.measure("daily_consumption_max_power", CLIENT_0, "2026-11-10", "2026-11-11"))
    assert re.fullmatch(r"2026-11-10 \d\d:\d\d:\d\d", stamp)
    assert peak >= max(v for _, v, _ in curve)


# --- clients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("prm", CONSUMERS)
def test_consumers_have_every_consumption_kind(quiet, api, prm):
    for kind in ("daily_consumption", "consumption_load_curve", "daily_consumption_max_power"):
        assert quiet.measure(kind, prm, "2026-11-13", "2026-11-20", api).status == 200


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("prm", PRODUCERS)
def test_producers_have_every_production_kind(quiet, api, prm):
    for kind in ("daily_production", "production_load_curve"):
        assert quiet.measure(kind, prm, "2026-11-13", "2026-11-20", api).status == 200


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind, prm", [
    ("daily_production", CLIENT_0), ("production_load_curve", NO_CURVE), ("daily_consumption", PRODUCER),
    ("consumption_load_curve", PRODUCER), ("daily_consumption_max_power", PRODUCER)])
def test_the_wrong_direction_is_refused(quiet, api, kind, prm):
    answer = quiet.measure(kind, prm, "2026-11-13", "2026-11-20", api)
    assert (answer.status, answer.code) == (400, "ADAM-ERR0069")


@pytest.mark.parametrize("api, code", [("v5", "no_data_found"), ("2026", "STM-ERR-0000014")])
def test_a_curve_that_is_not_activated_has_no_data_in_any_range(quiet, api, code):
    for first in ("2024-12-01", "2026-11-13"):
        answer = quiet.measure("consumption_load_curve", NO_CURVE, first, day(first, 7), api)
        assert (answer.status, answer.code) == (404, code)
    assert quiet.measure("daily_consumption", NO_CURVE, "2026-11-13", "2026-11-20", api).status == 200


@pytest.mark.parametrize("kind", ["daily_consumption", "consumption_load_curve", "daily_consumption_max_power"])
def test_client_4_has_holes_on_tuesdays_and_wednesdays(quiet, kind):
    answer = quiet.measure(kind, HOLES, "2026-11-09", "2026-11-16")  # from a Monday
    days = {"2026-11-09", "2026-11-12", "2026-11-13", "2026-11-14", "2026-11-15"}
    if kind == "consumption_load_curve":
        assert len(points(answer)) == 48 * len(days)
        # The midnight that ends Monday is labelled Tuesday; the one that ends Wednesday is missing.
        assert {d for d, _, _ in points(answer) if d.startswith(("2026-11-10", "2026-11-11"))} == {"2026-11-10 00:00:00"}
        assert "2026-11-12 00:00:00" not in {d for d, _, _ in points(answer)}
    else:
        assert {d[:10] for d, _, _ in points(answer)} == days
    assert quiet.measure(kind, HOLES, "2026-11-10", "2026-11-12").status == 404


def test_client_6_never_draws_and_feeds_in_one_interval(quiet):
    drawn = points(quiet.measure("consumption_load_curve", BOTH, "2026-06-15", "2026-06-22"))
    fed = points(quiet.measure("production_load_curve", BOTH, "2026-06-15", "2026-06-22"))
    assert [d for d, _, _ in drawn] == [d for d, _, _ in fed]
    assert all(c == 0 or p == 0 for (_, c, _), (_, p, _) in zip(drawn, fed))
    assert any(c for _, c, _ in drawn) and any(p for _, p, _ in fed)


@pytest.mark.parametrize("api, code", [("v5", "ADAM-DC-0008"), ("2026", "ADAM_DC_0008")])
def test_client_8_has_revoked_its_consent(quiet, api, code):
    answer = quiet.measure("daily_consumption", REFUSED, "2026-11-01", "2026-11-08", api)
    assert (answer.status, answer.code) == (403, code)


@pytest.mark.parametrize("api", APIS)
def test_the_population_ends_where_it_was_told_to(quiet, api):
    last = quiet.measure("daily_consumption", "30000000000019", "2026-11-01", "2026-11-08", api)
    beyond = quiet.measure("daily_consumption", "30000000000020", "2026-11-01", "2026-11-08", api)
    assert last.status == 200
    assert (beyond.status, beyond.code) == (404, "STM-ERR-0000019")


def test_values_depend_on_the_seed_alone(quiet):
    ask = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")
    with Sandbox("--quota", "none", "--today", TODAY) as same, \
            Sandbox("--quota", "none", "--today", TODAY, "--seed", "2") as other:
        assert points(same.measure(*ask)) == points(quiet.measure(*ask)) != points(other.measure(*ask))


# --- rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("prm, start, end", [
    (None, "2026-11-01", "2026-11-08"), (CLIENT_0, None, "2026-11-08"), (CLIENT_0, "2026-11-01", None),
    ("123", "2026-11-01", "2026-11-08"), (CLIENT_0, "01/11/2026", "2026-11-08"), (CLIENT_0, "2026-11-01", "2026-11-31"),
    (CLIENT_0, "2026-11-08", "2026-11-08"), (CLIENT_0, "2026-11-08", "2026-11-01"),
    (CLIENT_0, "2026-11-18", "2026-11-22")])
def test_a_wrong_request_is_invalid(quiet, api, prm, start, end):
    names = ("usage_point_id", "start", "end") if api == "v5" else ("pointId", "dateDebut", "dateFin")
    parameters = {name: value for name, value in zip(names, (prm, start, end)) if value is not None}
    answer = quiet.get((V5 if api == "v5" else V2026)["daily_consumption"], parameters)
    assert (answer.status, answer.code) == (400, "Invalid_request")


def test_one_day_is_enough_in_2026_and_too_short_in_v5(quiet):
    ask = ("daily_consumption", CLIENT_0, "2026-11-19", "2026-11-20")
    assert quiet.measure(*ask, "v5").code == "Invalid_request"
    assert len(points(quiet.measure(*ask))) == 1
    assert len(points(quiet.measure("daily_consumption", CLIENT_0, "2026-11-18", "2026-11-20", "v5"))) == 2


@pytest.mark.parametrize("api, code", [("v5", "ADAM-ERR0126"), ("2026", "ADAM-DC-0015")])
@pytest.mark.parametrize("kind, days", [("consumption_load_curve", 7), ("daily_consumption", 365),
                                        ("daily_consumption_max_power", 365)])
def test_a_range_has_a_longest_length(quiet, api, code, kind, days):
    longest = quiet.measure(kind, CLIENT_0, day(TODAY, -days), TODAY, api)
    longer = quiet.measure(kind, CLIENT_0, day(TODAY, -days - 1), TODAY, api)
    assert longest.status == 200
    assert (longer.status, longer.code) == (400, code)


@pytest.mark.parametrize("api, code", [("v5", "ADAM-ERR0125"), ("2026", "ADAM-DC-0016")])
@pytest.mark.parametrize("kind, deepest", [("consumption_load_curve", "2024-11-06"), ("daily_consumption", "2023-11-06")])
def test_history_ends_24_or_36_months_and_15_days_ago(quiet, api, code, kind, deepest):
    assert quiet.measure(kind, CLIENT_0, deepest, day(deepest, 2), api).status == 200
    beyond = quiet.measure(kind, CLIENT_0, day(deepest, -1), day(deepest, 1), api)
    assert (beyond.status, beyond.code) == (400, code)


@pytest.mark.parametrize("api", APIS)
def test_a_range_that_begins_before_activation_is_refused_whole(quiet, api):
    assert quiet.measure("daily_consumption", RECENT, "2025-06-17", "2025-06-24", api).status == 200
    answer = quiet.measure("daily_consumption", RECENT, "2025-06-16", "2025-06-24", api)
    assert (answer.status, answer.code) == (400, "ADAM-ERR0123")


@pytest.mark.parametrize("more", [{"mesuresPas": "P1M"}, {"grandeurPhysique": "EA"}, {"mesuresPas": ""}])
def test_2026_max_power_outside_its_specification_is_a_technical_error(quiet, more):
    answer = quiet.measure("daily_consumption_max_power", CLIENT_0, "2026-11-01", "2026-11-08", **more)
    assert (answer.status, answer.code) == (500, "technical_error")


def test_an_unknown_path_is_a_page_of_the_security_appliance(quiet):
    answer = quiet.get("/metering_data_dc/v4/daily_consumption")
    assert answer.status == 404 and answer.headers["Content-Type"].startswith("text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("api, other", [("v5", "2026"), ("2026", "v5")])
def test_a_generation_that_is_off_does_not_exist(api, other):
    with Sandbox("--api", api, "--quota", "none", "--today", TODAY) as sandbox:
        ask = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")
        assert sandbox.measure(*ask, api).status == 200
        assert sandbox.measure(*ask, other).status == 404


# --- quota -----------------------------------------------------------------------------------------


def throttled(answer):
    """The form in which a quota was refused."""
    assert answer.status == 429
    body = answer.json
    if body.get("message") == "SLA dépassé":
        return "sla"
    if body.get("error") == "429":
        assert re.fullmatch(r"Quota Q[34] reached  Call threshold allowed on 0?-?\d+:-?\d+:-?\d+",
                            body["error_description"])
        return body["error_description"][6:8].lower()
    assert body["code"] == "900804" and body["message"] == "Message throttled out"
    assert re.fullmatch(r"\d{4}-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d\+0000 UTC", body["nextAccessTime"])
    assert body["nextAccessTime"] in body["description"]
    return "wso2+retry" if "Retry-After" in answer.headers else "wso2"


def test_arrivals_beyond_the_quota_are_violations_and_all_count():
    with Sandbox("--quota", "5/1h", "--today", TODAY) as sandbox:
        ask = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")
        forms = [sandbox.measure(*ask) for _ in range(45)]
        assert [a.status for a in forms[:5]] == [200] * 5
        assert {throttled(a) for a in forms[5:]} == {"wso2", "wso2+retry", "sla"}
        stats = sandbox.stats()
        assert stats["violations"] == 40 and stats["errors"] == {"429": 40}
        assert stats["max_in_window"] == {"1h": 45}
        assert stats["requests"] == 46 and stats["ok"] == 6  # the token has a bucket of its own
        assert stats["tokens"] == 1


@pytest.mark.parametrize("quota, form", [("3/1h", "q4"), ("3/59s", "q3")])
def test_v5_counts_everything_in_one_bucket_and_alternates_its_forms(quota, form):
    with Sandbox("--api", "v5", "--quota", quota, "--today", TODAY) as sandbox:
        ask = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08", "v5")
        answers = [sandbox.measure(*ask) for _ in range(10)]  # and the token before them
        assert [a.status for a in answers[:2]] == [200, 200]
        assert [throttled(a) for a in answers[2:]] == ["wso2", form] * 4
        assert sandbox.stats()["violations"] == 8


CUSTOMERS_2026 = ["/situation_contrat_auto/v1", "/donnees_generales_auto/v1", "/synth_contrat_auto/v1",
                  "/comptage_auto/v1"]


def test_each_2026_family_has_a_bucket_of_its_own():
    with Sandbox("--quota", "1/1h", "--today", TODAY) as sandbox:
        assert sandbox.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08").status == 200
        assert sandbox.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08", "v5").status == 200
        assert [sandbox.get(f"{path}/{CLIENT_0}").status for path in CUSTOMERS_2026] == [200] * 4
        assert sandbox.stats()["violations"] == 0
        assert sandbox.measure("consumption_load_curve", CLIENT_0, "2026-11-01", "2026-11-08").status == 429
        assert sandbox.ask_token().status == 429
        assert sandbox.stats()["violations"] == 2


def test_the_audit_tells_requests_and_violations_of_each_api():
    def measured(sandbox, api="2026"):
        return sandbox.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08", api).status

    with Sandbox("--quota", "2/1h", "--today", TODAY) as sandbox:
        statuses = [measured(sandbox) for _ in range(4)]
        assert statuses == [200, 200, 429, 429] and measured(sandbox, "v5") == 200
        assert sandbox.get(f"/synth_contrat_auto/v1/{CLIENT_0}").status == 200
        sandbox.get("/nothing")
        one, stats = {"requests": 1, "violations": 0, "max_in_window": {"1h": 1}}, sandbox.stats()
        assert stats["by_api"] == {
            "v5": one, "oauth2": one, "synth_contrat_auto": one, "other": one,
            "mesure_synchrone_auto": {"requests": 4, "violations": 2, "max_in_window": {"1h": 4}}}
        assert (stats["violations"], stats["max_in_window"]) == (2, {"1h": 4})
        sandbox.control(quota="9/1h,9/1m")
        assert sandbox.stats()["by_api"]["oauth2"]["max_in_window"] == {"1h": 1, "1m": 0}
        sandbox.reset()
        assert sandbox.stats()["by_api"] == {}
    with Sandbox("--quota", "none", "--today", TODAY, "--api", "v5") as sandbox:
        assert measured(sandbox, "v5") == 200  # the token counts with it
        assert sandbox.stats()["by_api"] == {"v5": {"requests": 2, "violations": 0, "max_in_window": {}}}


@pytest.mark.hour
def test_next_access_time_is_the_end_of_the_hour():
    with Sandbox("--quota", "1/1h", "--today", TODAY, "--api", "v5") as sandbox:
        sandbox.ask_token()
        before = datetime.datetime.now(datetime.timezone.utc)
        text = sandbox.ask_token().json["nextAccessTime"]
        until = datetime.datetime.strptime(text, "%Y-%b-%d %H:%M:%S%z UTC")
        assert (until.minute, until.second) == (0, 0)
        assert until > before and until - before <= datetime.timedelta(hours=1, seconds=60)


def test_what_has_left_arrives_even_if_the_client_is_gone(fresh):
    token = fresh.token
    fresh.control(latency="300")
    with socket.create_connection((fresh.host, fresh.port)) as client:
        client.sendall(f"GET {V2026['daily_consumption']}?pointId={CLIENT_0}&dateDebut=2026-11-01&dateFin=2026-11-08 "
                       f"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    while (stats := fresh.stats())["requests"] < 2:  # ends with the time limit of the whole test run
        pass
    fresh.control(latency="0")
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08").status == 200
    stats = fresh.stats()
    assert stats["requests"] == 3 and stats["ok"] == 3


# --- stats -----------------------------------------------------------------------------------------


def test_days_count_once_per_generation_and_twice_are_told(fresh):
    fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-11")
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (10, 0)
    fresh.measure("daily_consumption", CLIENT_0, "2026-11-06", "2026-11-16")
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (15, 5)
    fresh.measure("daily_consumption", CLIENT_0, "2026-11-06", "2026-11-16", "v5")
    fresh.measure("daily_consumption_max_power", CLIENT_0, "2026-11-06", "2026-11-16")
    fresh.measure("daily_consumption", CLIENT_1, "2026-11-06", "2026-11-16")
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (45, 5)
    fresh.measure("daily_consumption", HOLES, "2026-11-09", "2026-11-16")  # two holes
    assert fresh.stats()["days_served"] == 50


def test_requests_are_ok_or_errors_and_reset_clears(fresh):
    fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")
    fresh.measure("daily_consumption", REFUSED, "2026-11-01", "2026-11-08")
    fresh.measure("daily_consumption", CLIENT_0, "2026-11-08", "2026-11-01")
    fresh.get("/nothing")
    stats = fresh.stats()
    assert stats["errors"] == {"400": 1, "403": 1, "404": 1} and stats["ok"] == 2
    assert stats["requests"] == stats["ok"] + sum(stats["errors"].values())
    assert stats["by_path"] == {"/oauth2/v3/token": 1, V2026["daily_consumption"]: 3, "other": 1}
    assert stats["in_flight_max"] == 1
    fresh.reset()
    stats = fresh.stats()
    assert (stats["requests"], stats["ok"], stats["errors"], stats["days_served"]) == (0, 0, {}, 0)
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08").status == 200
    assert fresh.stats()["days_served_twice"] == 0


def test_a_connection_is_kept_for_many_requests(quiet):
    connection = http.client.HTTPConnection(quiet.host, quiet.port, timeout=60)
    connection.connect()
    before = connection.sock
    for _ in range(20):
        connection.request("GET", V2026["daily_consumption"], headers={"Authorization": f"Bearer {quiet.token}"})
        assert connection.getresponse().read()
        assert connection.sock is before
    connection.close()


def test_many_requests_wait_at_once(fresh):
    token = fresh.token
    fresh.control(latency="200:100")
    clients = []
    for _ in range(200):
        client = socket.create_connection((fresh.host, fresh.port))
        client.sendall(f"GET {V2026['daily_consumption']}?pointId={CLIENT_0}&dateDebut=2026-11-01&dateFin=2026-11-08 "
                       f"HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        clients.append(client)
    for client in clients:
        with client, client.makefile("rb") as stream:
            assert stream.read().startswith(b"HTTP/1.1 200")
    assert fresh.stats()["ok"] == 201 and fresh.stats()["in_flight_max"] > 1


# --- faults ----------------------------------------------------------------------------------------

ASK = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")


def spoiled(sandbox, fault):
    """Turns one fault on for everything; what the next answer does to the statistics is checked at the end."""
    sandbox.renew()
    sandbox.control(faults={fault: 1})
    sandbox.reset()


def check_spoiled(sandbox, fault, count):
    stats = sandbox.stats()
    assert stats["errors"] == {fault: count} and stats["days_served"] == 0 and stats["ok"] == 0
    sandbox.control(faults={})
    assert sandbox.measure(*ASK).status == 200
    assert sandbox.stats()["days_served_twice"] == 0


def test_fault_error500(fresh):
    spoiled(fresh, "error500")
    assert (lambda a: (a.status, a.code))(fresh.measure(*ASK)) == (500, "technical_error")
    check_spoiled(fresh, "500", 1)


def test_fault_error502html(fresh):
    spoiled(fresh, "error502html")
    answer = fresh.measure(*ASK)
    assert answer.status == 502 and "html" in answer.headers["Content-Type"] and b"<html>" in answer.body
    check_spoiled(fresh, "502", 1)


def test_fault_reset(fresh):
    spoiled(fresh, "reset")
    with pytest.raises(ConnectionResetError):
        fresh.measure(*ASK)
    check_spoiled(fresh, "reset", 1)


def test_fault_timeout_holds_the_client_until_it_leaves(fresh):
    spoiled(fresh, "timeout")
    with pytest.raises(TimeoutError):
        fresh.request("GET", V2026["daily_consumption"], {"Authorization": f"Bearer {fresh.token}"}, timeout=0.2)
    check_spoiled(fresh, "timeout", 1)
    assert fresh.stop() == 0


def test_a_client_that_is_held_does_not_hinder_the_end(fresh):
    spoiled(fresh, "timeout")
    with socket.create_connection((fresh.host, fresh.port)) as client:
        client.sendall(f"GET {V2026['daily_consumption']} HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {fresh.token}\r\n\r\n".encode())
        while fresh.stats()["requests"] < 1:
            pass
        assert fresh.stop() == 0
        assert client.recv(1) == b""


def test_fault_truncate_breaks_off_or_looks_whole_in_turn(fresh):
    spoiled(fresh, "truncate")
    seen = []
    for _ in range(4):
        try:
            with pytest.raises(json.JSONDecodeError):
                assert fresh.measure(*ASK).json
            seen.append("short")
        except http.client.IncompleteRead as error:
            assert error.expected is not None and len(error.partial) > 0
            seen.append("broken off")
    assert sorted(seen[:2]) == ["broken off", "short"] and seen[:2] == seen[2:]
    check_spoiled(fresh, "truncate", 4)


def test_fault_throttle200(fresh):
    spoiled(fresh, "throttle200")
    answer = fresh.measure(*ASK)
    assert answer.status == 200 and answer.json["code"] == "900804"
    check_spoiled(fresh, "throttle200", 1)


@pytest.mark.parametrize("prm", [CLIENT_0, CLIENT_1])
def test_fault_wrongprm(fresh, prm):
    spoiled(fresh, "wrongprm")
    new = fresh.measure("daily_consumption", prm, "2026-11-01", "2026-11-08")
    old = fresh.measure("daily_consumption", prm, "2026-11-01", "2026-11-08", "v5")
    assert new.json["idPrm"] != prm and old.json["meter_reading"]["usage_point_id"] != prm
    check_spoiled(fresh, "wrongprm", 2)


def test_fault_garbage(fresh):
    spoiled(fresh, "garbage")
    answer = fresh.measure(*ASK)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    with pytest.raises(ValueError):
        answer.json
    check_spoiled(fresh, "garbage", 1)


def test_faults_repeat_with_the_seed():
    def statuses(seed):
        flags = ("--quota", "none", "--today", TODAY, "--seed", seed, "--fault", "error500=0.3", "--fault",
                 "error502html=0.3")
        with Sandbox(*flags) as sandbox:
            return [sandbox.measure(*ASK).status for _ in range(60)]
    once = statuses("5")
    assert set(once) == {200, 500, 502}
    assert once == statuses("5") != statuses("6")


def test_a_point_may_have_faults_of_its_own(fresh):
    fresh.control(point_faults={CLIENT_0: {"error500": 1}})
    assert fresh.measure(*ASK).status == 500
    assert fresh.measure("daily_consumption", CLIENT_1, "2026-11-01", "2026-11-08").status == 200
    fresh.control(point_faults={CLIENT_0: {}})
    assert fresh.measure(*ASK).status == 200


# --- control ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "", "[]", "{", '{"unknown": 1}', '{"latency": 5}', '{"latency": "x"}', '{"faults": {"fire": 1}}',
    '{"faults": {"reset": 2}}', '{"quota": "5"}', '{"today": "soon"}', '{"late_days": -1}', '{"late_days": 1.5}',
    '{"revoke": "12345678901234"}', '{"grant": ["1"]}', '{"refuse": {"12345678901234": "no"}}',
    '{"consent_start": {"12345678901234": 5}}', '{"unsubscribed": ["nothing"]}', '{"point_faults": {"1": {}}}', '{"close": 5}',
    '{"close": {"ms": 5, "form": "polite"}}', '{"expire_tokens": "yes"}'])
def test_bad_control_is_400_and_changes_nothing(fresh, body):
    before = fresh.request("GET", "/__sandbox/control").json
    if body.startswith('{"'):
        body = '{"late_days": 3, ' + body[1:]
    answer = fresh.request("POST", "/__sandbox/control", body=body)
    assert answer.status == 400 and answer.json["error"].strip()
    assert fresh.request("GET", "/__sandbox/control").json == before


@pytest.mark.hour
def test_control_changes_today_and_with_it_what_is_there(fresh):
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-20", "2026-11-22").status == 400
    fresh.control(today="2026-11-22")
    fresh.renew()
    assert len(points(fresh.measure("daily_consumption", CLIENT_0, "2026-11-20", "2026-11-22"))) == 2


@pytest.mark.hour
@pytest.mark.parametrize("kind", ["daily_consumption", "consumption_load_curve"])
def test_late_days_are_absent_and_then_there(fresh, kind):
    fresh.control(late_days=2)
    partly = points(fresh.measure(kind, CLIENT_0, "2026-11-17", TODAY))
    assert len(partly) == 2 * (48 if kind in CURVES else 1)
    assert fresh.measure(kind, CLIENT_0, "2026-11-19", TODAY).status == 404
    fresh.control(late_days=0)
    assert fresh.measure(kind, CLIENT_0, "2026-11-19", TODAY).status == 200


def test_consent_may_be_revoked_and_granted(fresh):
    fresh.control(revoke=[CLIENT_0], grant=[REFUSED])
    assert fresh.measure(*ASK).status == 403
    assert fresh.measure("daily_consumption", REFUSED, "2026-11-01", "2026-11-08").status == 200
    fresh.control(grant=[CLIENT_0])
    assert fresh.measure(*ASK).status == 200


@pytest.mark.parametrize("api", APIS)
def test_a_range_that_begins_before_the_consent_is_refused(fresh, api):
    fresh.control(consent_start={CLIENT_0: "2026-11-05"})
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-05", "2026-11-08", api).status == 200
    answer = fresh.measure("daily_consumption", CLIENT_0, "2026-11-04", "2026-11-08", api)
    assert (answer.status, answer.code) == (403, "ADAM-DC-0009")
    fresh.control(consent_start={CLIENT_0: None})
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-04", "2026-11-08", api).status == 200


@pytest.mark.parametrize("code, status, kinds", [
    ("ADAM-ERR0075", 400, ["consumption_load_curve"]), ("ADAM-ERR0061", 400, ["daily_consumption"]),
    ("ADAM-DC-0007", 403, ["daily_consumption", "consumption_load_curve"])])
def test_refusals_that_no_client_shows_are_made_by_control(fresh, code, status, kinds):
    fresh.control(refuse={CLIENT_0: code})
    for kind in kinds:
        answer = fresh.measure(kind, CLIENT_0, "2026-11-01", "2026-11-08", "v5")
        assert (answer.status, answer.code) == (status, code)
    if code == "ADAM-ERR0075":
        assert fresh.measure(*ASK).status == 200  # daily energy is no curve
    fresh.control(refuse={CLIENT_0: None})
    assert fresh.measure(kinds[0], CLIENT_0, "2026-11-01", "2026-11-08").status == 200


def test_an_api_that_is_not_subscribed_is_refused_for_every_point(fresh):
    fresh.control(unsubscribed=["mesure_synchrone_auto"])
    for prm in (CLIENT_0, CLIENT_1):
        answer = fresh.measure("daily_consumption", prm, "2026-11-01", "2026-11-08")
        assert (answer.status, answer.code) == (403, "900908")
    assert fresh.get(f"/situation_contrat_auto/v1/{CLIENT_0}").status == 200
    fresh.control(unsubscribed=[])
    assert fresh.measure(*ASK).status == 200


def test_apis_may_be_unsubscribed_from_the_start():
    paths = [f"{path}/{CLIENT_0}" for path in CUSTOMERS_2026]
    names = [path[1:].removesuffix("/v1") for path in CUSTOMERS_2026]
    with Sandbox("--quota", "none", "--today", TODAY, "--unsubscribed", f"{names[1]},{names[3]}") as sandbox:
        assert [sandbox.get(path).status for path in paths] == [200, 403, 200, 403]
        assert sandbox.get(paths[1]).json == {
            "code": "900908", "message": "Resource forbidden ",
            "description": "User is NOT authorized to access the Resource. API Subscription validation failed."}
        assert sandbox.request("GET", "/__sandbox/control").json["unsubscribed"] == [names[1], names[3]]
        assert sandbox.control(unsubscribed=[names[2]])["unsubscribed"] == [names[2]]
        assert [sandbox.get(path).status for path in paths] == [200, 200, 403, 200]


def test_control_changes_the_quota(fresh):
    assert fresh.control(quota="2/1h")["quota"] == "2/1h"
    assert [fresh.measure(*ASK).status for _ in range(3)] == [200, 200, 429]
    fresh.control(quota="none")
    assert fresh.measure(*ASK).status == 200


@pytest.mark.parametrize("form", ["wso2", "q4", "sla", "throttle200", "retry_after"])
def test_close_throttles_everything_in_the_form_asked_and_is_no_violation(fresh, form):
    fresh.renew()
    fresh.control(quota="1000/1h", close={"ms": 3600000, "form": form})
    for answer in (fresh.measure(*ASK), fresh.measure(*ASK, "v5"), fresh.ask_token()):
        if form == "throttle200":
            assert answer.status == 200 and answer.json["code"] == "900804"
        elif form == "retry_after":
            assert answer.status == 429 and 1 <= int(answer.headers["Retry-After"]) <= 3600
            assert "nextAccessTime" not in answer.json
        else:
            assert throttled(answer) == form
    assert fresh.stats()["violations"] == 0
    fresh.control(close={"ms": 0})
    assert fresh.measure(*ASK).status == 200


# --- limits ----------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(fresh):
    answer = fresh.request("POST", "/__sandbox/control", body=" " * (1 << 20) + "{}")
    assert answer.status == 413
    assert fresh.stats()["requests"] == 0


def test_headers_that_are_too_large_are_refused(quiet):
    answer = quiet.request("GET", "/__sandbox/stats", headers={"X-Large": "x" * 100000})
    assert answer.status in (413, 414, 431)


def test_the_simulator_survives_clients_that_break_off(fresh):
    token = fresh.token
    for length in (1, 20, 120):
        with socket.create_connection((fresh.host, fresh.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes with a reset
            client.sendall((f"GET {V2026['daily_consumption']} HTTP/1.1\r\nHost: x\r\n"
                            f"Authorization: Bearer {token}\r\n\r\n").encode()[:length])
    assert fresh.measure(*ASK).status == 200
    assert fresh.stop() == 0
