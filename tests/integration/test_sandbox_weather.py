"""The simulator plays what clients of Enedis have met: facts of one direction, late days, other forms of errors and
bodies, a token endpoint that differs, and faults that hurt an answer on its way (docs/sandbox.md)."""
import collections
import http.client
import json
import socket

import pytest
from sandbox import CURVES, MEASURES, TODAY, V2026, Sandbox, points, presence

APIS = ("v5", "2026")
CONSUMPTION = ("daily_consumption", "consumption_load_curve", "daily_consumption_max_power")
PRODUCTION = ("daily_production", "production_load_curve")
CLIENT_0 = "22516914714270"
CLIENT_1 = "11453290002823"
NO_CURVE = "32320647321714"
BOTH = "12655648759651"
ASK = ("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08")
CURVE = ("consumption_load_curve", CLIENT_0, "2026-11-01", "2026-11-08")
AUTUMN = ("consumption_load_curve", CLIENT_0, "2026-10-25", "2026-10-26")


@pytest.fixture
def fresh():
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "40") as sandbox:
        yield sandbox


def said(answer):
    return answer.status, answer.code


def statuses(sandbox, kinds, prm=BOTH, first="2026-11-01", end="2026-11-08", api="2026"):
    return [sandbox.measure(kind, prm, first, end, api).status for kind in kinds]


# --- a direction of a usage point ------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_consumption_and_production_may_have_activations_of_their_own(fresh, api):
    fresh.control(activation={BOTH: {"consumption": "2024-01-22", "production": "2026-07-31"}})
    assert statuses(fresh, MEASURES, first="2026-07-31", end="2026-08-02", api=api) == [200] * 5
    assert statuses(fresh, CONSUMPTION, first="2026-07-30", end="2026-08-02", api=api) == [200] * 3
    for kind in PRODUCTION:
        assert said(fresh.measure(kind, BOTH, "2026-07-30", "2026-08-02", api)) == (400, "ADAM-ERR0123")
    assert said(fresh.measure("daily_consumption", BOTH, "2024-01-21", "2024-01-25", api)) == (400, "ADAM-ERR0123")
    assert fresh.measure("daily_consumption", BOTH, "2024-01-22", "2024-01-25", api).status == 200
    fresh.control(activation={BOTH: {"production": None}})
    assert statuses(fresh, PRODUCTION, first="2026-07-30", end="2026-08-02", api=api) == [200] * 2
    assert fresh.measure("daily_consumption", BOTH, "2024-01-21", "2024-01-25", api).status == 400
    fresh.control(activation={BOTH: None})
    assert fresh.measure("daily_consumption", BOTH, "2024-01-21", "2024-01-25", api).status == 200


def test_a_direction_may_be_refused_as_before_activation_for_every_range_until_it_is_not(fresh):
    fresh.control(activation={BOTH: {"production": "never"}})
    for first, end in (("2024-12-01", "2024-12-08"), ("2026-11-14", TODAY), ("2026-11-20", TODAY)):
        for kind in PRODUCTION:
            assert said(fresh.measure(kind, BOTH, first, end)) == (400, "ADAM-ERR0123")
    assert statuses(fresh, CONSUMPTION) == [200] * 3
    fresh.control(activation={BOTH: {"production": None}}, today="2026-11-22")
    fresh.renew()
    assert statuses(fresh, PRODUCTION) == [200] * 2


@pytest.mark.parametrize("api, codes", [("v5", ("ADAM-DC-0008", "ADAM-DC-0007")),
                                        ("2026", ("ADAM_DC_0008", "ADAM_DC_0007"))])
def test_refusals_may_concern_one_direction(fresh, api, codes):
    for name, status, code in (("ADAM-DC-0008", 403, codes[0]), ("ADAM-DC-0007", 403, codes[1]),
                               ("400 ADAM-DC-0007", 400, "ADAM-DC-0007"), ("ADAM-ERR0061", 400, "ADAM-ERR0061")):
        fresh.control(refuse={BOTH: {"production": name}})
        for kind in PRODUCTION:
            assert said(fresh.measure(kind, BOTH, "2026-11-01", "2026-11-08", api)) == (status, code)
        assert statuses(fresh, CONSUMPTION, api=api) == [200] * 3
        assert fresh.get(f"/situation_contrat_auto/v1/{BOTH}").status == 200
    fresh.control(refuse={BOTH: {"production": None}})
    assert statuses(fresh, MEASURES, api=api) == [200] * 5


def test_a_refusal_may_be_a_french_text_alone(fresh):
    fresh.control(refuse={BOTH: {"consumption": "not_authorized"}})
    answer = fresh.measure("daily_consumption", BOTH, "2026-11-01", "2026-11-08")
    assert said(answer) == (403, "403")
    assert answer.json["error_description"] == "Le client n'est pas autorisé pour le point demandé"
    assert statuses(fresh, PRODUCTION) == [200] * 2


def test_one_direction_may_be_refused_and_the_other_be_sick(fresh):
    fresh.control(refuse={BOTH: {"consumption": "400 ADAM-DC-0007"}},
                  point_faults={BOTH: {"production": {"error500": 1}}})
    assert said(fresh.measure("daily_consumption", BOTH, "2026-11-01", "2026-11-08")) == (400, "ADAM-DC-0007")
    assert said(fresh.measure("daily_production", BOTH, "2026-11-01", "2026-11-08")) == (500, "technical_error")
    assert fresh.measure(*ASK).status == 200
    fresh.control(refuse={BOTH: None}, point_faults={BOTH: {}})
    assert statuses(fresh, MEASURES) == [200] * 5


@pytest.mark.parametrize("api", APIS)
def test_a_usage_point_may_not_exist_at_all(fresh, api):
    fresh.control(refuse={BOTH: "no_such_point"})
    for kind in MEASURES:
        answer = fresh.measure(kind, BOTH, "2026-11-01", "2026-11-08", api)
        assert answer.status == 404 and answer.json["error_description"] == "PRM non existant"
    assert fresh.get(f"/situation_contrat_auto/v1/{BOTH}").status == 404
    fresh.control(refuse={BOTH: None})
    assert statuses(fresh, MEASURES, api=api) == [200] * 5


# --- days that come late ---------------------------------------------------------------------------


def test_a_day_that_is_named_appears_when_it_is_said(fresh):
    fresh.control(today="2026-03-30", late={"2026-03-29": 3}, point_late={CLIENT_1: {"2026-03-29": 4, "2026-03-27": 1}})
    seen = collections.defaultdict(list)
    for today in ("2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"):
        fresh.control(today=today)
        fresh.renew()
        for prm in (CLIENT_0, CLIENT_1):
            for kind in ("daily_consumption", "consumption_load_curve"):
                stamps = [d for d, _, _ in points(fresh.measure(kind, prm, "2026-03-28", "2026-03-30"))]
                seen[prm, kind].append(len([d for d in stamps if d > "2026-03-29 00:00:00" or d == "2026-03-29"]))
    assert seen[CLIENT_0, "daily_consumption"] == [0, 0, 1, 1]
    assert seen[CLIENT_1, "daily_consumption"] == [0, 0, 0, 1]
    assert seen[CLIENT_0, "consumption_load_curve"] == [0, 0, 46, 46]
    assert seen[CLIENT_1, "consumption_load_curve"] == [0, 0, 0, 46]


def test_a_range_of_late_days_alone_is_a_404_until_they_are_there(fresh):
    fresh.control(late={"2026-11-20": 2})
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-20", TODAY).status == 404
    fresh.control(late={})
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-20", TODAY).status == 200


@pytest.mark.parametrize("kind", ["daily_consumption", "consumption_load_curve"])
def test_tardy_and_partial_days_are_a_function_that_a_test_can_know(kind):
    settings = {"tardy": {"rate": 0.4, "days_max": 6}, "partial": {"rate": 0.5, "days_max": 5}}
    expected, seen = {}, {}
    days = [f"2026-06-{n:02}" for n in range(2, 16)]
    with Sandbox("--quota", "none", "--population", "3", "--seed", "9") as sandbox:
        sandbox.control(**settings)
        for today in ("2026-06-16", "2026-06-18", "2026-06-21"):
            sandbox.control(today=today)
            sandbox.renew()
            for prm in ("30000000000000", "30000000000001"):
                for first, end in (("2026-06-02", "2026-06-09"), ("2026-06-09", "2026-06-16")):
                    answer = sandbox.measure(kind, prm, first, end)
                    for stamp, _, length in points(answer) if answer.status == 200 else []:
                        date = stamp[:10] if length is None or not stamp.endswith("00:00:00") else None
                        seen[today, prm, date] = seen.get((today, prm, date), 0) + (date is not None)
                for date in days:
                    share = presence(9, prm, kind, date, today, **settings)
                    whole = 47 if kind in CURVES else 1  # the midnight that ends a day is not counted here
                    if share > 0:
                        expected[today, prm, date] = whole if share == 1 else 24
    seen = {key: count for key, count in seen.items() if key[2] in days}
    assert seen == expected
    counts = collections.Counter(expected.values())
    assert len(counts) == (2 if kind in CURVES else 1) and len(expected) < 3 * 2 * len(days)


def test_a_partial_day_may_be_asked_again_and_a_complete_one_not(fresh):
    fresh.control(partial={"rate": 1, "days_max": 2})
    yesterday = ("consumption_load_curve", CLIENT_0, "2026-11-20", TODAY)
    assert len(points(fresh.measure(*yesterday))) == len(points(fresh.measure(*yesterday))) == 24
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (1, 0)
    fresh.control(today="2026-11-22")
    fresh.renew()
    assert len(points(fresh.measure(*yesterday))) == 48
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (1, 0)
    fresh.measure(*yesterday)
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (1, 1)


# --- ranges that are refused -----------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_an_end_of_today_may_be_refused_as_too_young(fresh, api):
    fresh.control(end_today_refused=True)
    answer = fresh.measure("daily_consumption", CLIENT_0, "2026-11-14", TODAY, api)
    assert said(answer) == (400, "Invalid_request")
    assert answer.json["error_description"] == "The end date parameter must be earlier than the current date"
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-14", "2026-11-20", api).status == 200
    fresh.control(end_today_refused=False)
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-14", TODAY, api).status == 200


@pytest.mark.parametrize("api, code", [("v5", "ADAM-ERR0126"), ("2026", "ADAM-DC-0015")])
def test_the_longest_range_may_be_a_day_shorter(fresh, api, code):
    fresh.control(call_days_less=1)
    for kind, end, shorter, first in (("consumption_load_curve", "2026-11-08", "2026-11-07", "2026-11-01"),
                                      ("daily_consumption", "2026-11-01", "2026-10-31", "2025-11-01")):
        refused = fresh.measure(kind, CLIENT_0, first, end, api)
        assert said(refused) == (400, code) and "less than" in refused.json["error_description"]
        assert fresh.measure(kind, CLIENT_0, first, shorter, api).status == 200
    fresh.control(call_days_less=0)
    assert fresh.measure(*CURVE, api).status == 200


# --- forms of errors -------------------------------------------------------------------------------


BEFORE = ("daily_consumption", BOTH, "2024-01-01", "2024-01-08")  # its activation is set to a later day
NOTHING = ("consumption_load_curve", NO_CURVE, "2026-11-01", "2026-11-08")
FRENCH = {404: "Pas de mesure trouvée pour ce point",
          400: "La date de début demandée est antérieure à la date de dernière mise en service du point"}


@pytest.mark.parametrize("form", ["classic", "libelle", "list", "list200", "doubled", "french"])
def test_errors_come_in_every_form_that_was_met(fresh, form):
    fresh.control(error_form=form, activation={BOTH: "2025-01-01"})
    before, nothing = fresh.measure(*BEFORE), fresh.measure(*NOTHING)
    text = "The requested period cannot be anterior to the meter's last activation date"
    assert (before.status, nothing.status) == ((200, 200) if form == "list200" else (400, 404))
    if form in ("list", "list200"):
        assert before.json == [{"code": "ADAM-ERR0123", "message": text}]
        assert nothing.json == [{"code": "STM-ERR-0000014", "message": FRENCH[404]}]
    elif form == "libelle":
        assert before.json == {"code": "ADAM-ERR0123", "libelle": FRENCH[400]}
        assert nothing.json == {"code": "SGT404", "libelle": FRENCH[404]}
    elif form == "french":
        assert before.json == {"error": "400", "error_description": FRENCH[400]}
        assert nothing.json == {"error": "404", "error_description": FRENCH[404]}
    else:
        assert before.json == {"error": "ADAM_ADAM-ERR0123" if form == "doubled" else "ADAM-ERR0123",
                               "error_description": text}
        assert nothing.code == "STM-ERR-0000014"
    assert fresh.stats()["errors"] == {"400": 1, "404": 1}  # under 200 as well
    assert fresh.measure(*ASK).status == 200
    fresh.control(error_form="classic")
    assert said(fresh.measure(*BEFORE)) == (400, "ADAM-ERR0123")


# --- forms of bodies -------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_a_good_body_may_be_labelled_octet_stream(fresh, api):
    usual = fresh.measure(*ASK, api)
    fresh.control(body_forms=["octet_stream"])
    strange = fresh.measure(*ASK, api)
    assert strange.headers["Content-Type"] == "application/octet-stream" and strange.body == usual.body
    assert fresh.measure("daily_production", CLIENT_0, "2026-11-01", "2026-11-08", api).headers["Content-Type"] == \
        "application/json"


@pytest.mark.parametrize("api", APIS)
def test_stamps_may_have_milliseconds(fresh, api):
    peak = ("daily_consumption_max_power", *CURVE[1:])
    usual = [points(fresh.measure(*ask, api)) for ask in (CURVE, peak, ASK)]
    fresh.control(body_forms=["milliseconds"])
    strange = [points(fresh.measure(*ask, api)) for ask in (CURVE, peak, ASK)]
    for with_time in (0, 1):
        assert strange[with_time] == [(d + ".000", v, p) for d, v, p in usual[with_time]]
    assert strange[2] == usual[2]  # a day alone


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("spelled", ["PT60M", "PT1H"])
def test_an_hourly_meter_spells_its_interval_in_two_ways(fresh, api, spelled):
    fresh.control(pace={CLIENT_0: spelled})
    curve = points(fresh.measure(*AUTUMN, api="2026")) if api == "2026" else points(
        fresh.measure("consumption_load_curve", CLIENT_0, "2026-10-24", "2026-10-26", "v5"))[24:]
    assert len(curve) == 25 and {p for _, _, p in curve} == {spelled}
    assert [d[11:] for d, _, _ in curve[:4]] == ["01:00:00", "02:00:00", "02:00:00", "03:00:00"]
    energy = points(fresh.measure("daily_consumption", *AUTUMN[1:]))
    assert sum(v for _, v, _ in curve) == energy[0][1]
    fresh.control(pace={CLIENT_0: None})
    assert {p for _, _, p in points(fresh.measure(*CURVE, api))} == {"PT30M"}


@pytest.mark.parametrize("api", APIS)
def test_a_range_without_data_may_be_an_empty_list_under_200(fresh, api):
    fresh.control(body_forms=["empty200"])
    answer = fresh.measure(*NOTHING, api)
    assert answer.status == 200 and points(answer) == []
    body = answer.json.get("meter_reading", answer.json)
    assert NO_CURVE in (body.get("idPrm"), body.get("usage_point_id"))
    assert fresh.stats()["days_served"] == 0
    fresh.control(body_forms=[])
    assert fresh.measure(*NOTHING, api).status == 404


@pytest.mark.parametrize("api", APIS)
def test_a_body_may_name_a_range_that_ends_with_what_is_published(fresh, api):
    def named(end):
        body = fresh.measure("daily_consumption", CLIENT_0, "2026-11-10", end, api).json
        inside = body.get("meter_reading", body.get("periode"))
        return tuple(inside.get(old, inside.get(new)) for old, new in (("start", "dateDebut"), ("end", "dateFin")))

    fresh.control(body_forms=["short_range"], late_days=3)
    assert named(TODAY) == ("2026-11-10", "2026-11-18")
    assert named("2026-11-14") == ("2026-11-10", "2026-11-14")
    fresh.control(body_forms=[])
    assert named(TODAY) == ("2026-11-10", TODAY)


def test_the_doubled_labels_of_the_autumn_night_may_come_once(fresh):
    both = points(fresh.measure(*AUTUMN))
    summer, winter = both[3:5], both[5:7]
    assert [d for d, _, _ in summer] == [d for d, _, _ in winter]
    fresh.control(body_forms=["autumn_once"])
    kept = set()
    for number in range(10):
        prm = f"3000000000{number:04}"
        fresh.control(body_forms=[])
        whole = points(fresh.measure(AUTUMN[0], prm, *AUTUMN[2:]))
        fresh.control(body_forms=["autumn_once"])
        lost = points(fresh.measure(AUTUMN[0], prm, *AUTUMN[2:]))
        doubled = [p for p in whole if p[0][11:13] == "02"]
        assert [d for d, _, _ in lost] == sorted({d for d, _, _ in whole}) and len(lost) == len(whole) - len(doubled) / 2
        remaining = [p for p in lost if p[0][11:13] == "02"]
        assert remaining in (doubled[:len(doubled) // 2], doubled[len(doubled) // 2:])
        kept.add(remaining == doubled[:len(doubled) // 2])
    assert kept == {True, False}  # nobody can know which of the two hours it is
    assert len(points(fresh.measure(*CURVE))) == 7 * 48
    assert len(points(fresh.measure("consumption_load_curve", CLIENT_0, "2026-03-29", "2026-03-30"))) == 46


# --- the token endpoint ----------------------------------------------------------------------------


FORM = "grant_type=client_credentials&client_id=client&client_secret=secret"


@pytest.mark.parametrize("form, basic, body", [("both", 200, 200), ("basic", 200, 401), ("body", 401, 200)])
def test_the_token_endpoint_may_take_one_form_of_credentials_only(fresh, form, basic, body):
    fresh.control(token_form=form)
    assert fresh.ask_token().status == basic
    assert fresh.ask_token(basic=False, form=FORM).status == body
    assert fresh.stats()["tokens"] == (basic, body).count(200)


@pytest.mark.parametrize("answer, status", [("no_access_token", 200), ("garbage", 200), ("not_found", 404)])
def test_the_token_endpoint_may_answer_something_else(fresh, answer, status):
    fresh.control(token_answer=answer)
    wrong = fresh.ask_token()
    assert wrong.status == status and fresh.stats()["tokens"] == 0
    if answer == "no_access_token":
        assert "access_token" not in wrong.json
    else:
        with pytest.raises(ValueError):
            wrong.json
    fresh.control(token_answer="good")
    assert fresh.ask_token().json["access_token"]


# --- faults on the way -----------------------------------------------------------------------------


def under(sandbox, fault, **more):
    """One fault on every answer, from now on."""
    sandbox.renew()
    sandbox.control(faults={fault: 1}, **more)
    sandbox.reset()


def check_spoiled(sandbox, fault, count):
    stats = sandbox.stats()
    assert stats["errors"] == {fault: count} and stats["ok"] == 0 and stats["days_served"] == 0
    sandbox.control(faults={})
    assert sandbox.measure(*ASK).status == 200
    assert sandbox.stats()["days_served_twice"] == 0


def check_disturbed(sandbox, fault, count, days):
    """Such days count once, and whoever asks for them again did nothing wrong; the next time they are known."""
    stats = sandbox.stats()
    assert stats["disturbed"] == {fault: count} and stats["ok"] == count and stats["errors"] == {}
    assert (stats["days_served"], stats["days_served_twice"]) == (days, 0)


def raw(sandbox, ask):
    """Everything that comes back over a socket until it ends; whether it was reset."""
    kind, prm, first, end = ask
    received = b""
    with socket.create_connection((sandbox.host, sandbox.port), timeout=60) as client:
        client.sendall(f"GET {V2026[kind]}?pointId={prm}&dateDebut={first}&dateFin={end} HTTP/1.1\r\nHost: x\r\n"
                       f"Connection: close\r\nAuthorization: Bearer {sandbox.token}\r\n\r\n".encode())
        try:
            while piece := client.recv(65536):
                received += piece
        except ConnectionResetError:
            return received, True
    return received, False


def split(received):
    head, _, body = received.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return headers, body


def test_fault_cut_resets_the_connection_in_mid_body(fresh):
    whole = fresh.measure(*CURVE).body
    under(fresh, "cut")
    received, reset = raw(fresh, CURVE)
    headers, body = split(received)
    assert reset and int(headers["Content-Length"]) == len(whole)
    assert body == whole[:len(whole) // 2]
    check_spoiled(fresh, "cut", 1)


def test_fault_wronglength_says_too_much_and_too_little_in_turn(fresh):
    whole = fresh.measure(*ASK).body
    under(fresh, "wronglength")
    lengths = []
    for _ in range(4):
        received, reset = raw(fresh, ASK)
        headers, body = split(received)
        assert body == whole and not reset
        lengths.append(int(headers["Content-Length"]))
    assert sorted(lengths[:2]) == [len(whole) // 2, len(whole) + 100] and lengths[:2] == lengths[2:]
    check_spoiled(fresh, "wronglength", 4)


def test_what_a_wrong_length_does_not_announce_is_in_front_of_the_next_answer(fresh):
    whole = fresh.measure(*ASK).body
    under(fresh, "wronglength")
    ask = (f"GET {V2026[ASK[0]]}?pointId={CLIENT_0}&dateDebut={ASK[2]}&dateFin={ASK[3]} HTTP/1.1\r\nHost: x\r\n"
           f"Authorization: Bearer {fresh.token}\r\n\r\n").encode()
    for _ in range(2):  # one of two
        with socket.create_connection((fresh.host, fresh.port), timeout=60) as client, client.makefile("rb") as stream:
            client.sendall(ask)
            head = b"".join(iter(stream.readline, b"\r\n")) + b"\r\n"
            length = int(split(head)[0]["Content-Length"])
            if length > len(whole):
                continue
            assert length == len(whole) // 2
            assert stream.read(length) == whole[:length]
            assert stream.read(len(whole) - length) == whole[length:]
            fresh.control(faults={})
            client.sendall(ask)
            assert stream.readline().startswith(b"HTTP/1.1 200")
            while fresh.stats()["days_served"] < 7:  # ends with the time limit of the whole test run
                pass
            break
    else:
        raise AssertionError("no length was too small")
    for twice in (0, 0, 7):  # nobody is blamed for asking again what came behind the litter
        stats = fresh.stats()
        assert stats["days_served"] == 7 and stats["days_served_twice"] == twice
        assert fresh.measure(*ASK).status == 200


def test_fault_endless_goes_on_until_the_client_leaves_and_hinders_nobody(fresh):
    whole = len(fresh.measure(*ASK).body)
    under(fresh, "endless")
    connection = http.client.HTTPConnection(fresh.host, fresh.port, timeout=60)
    connection.request("GET", V2026["daily_consumption"], headers={"Authorization": f"Bearer {fresh.token}"})
    stream = connection.getresponse()
    assert len(stream.read(1 << 20)) == 1 << 20 > whole
    fresh.control(faults={})
    assert fresh.measure(*ASK).status == 200
    assert len(stream.read(1 << 20)) == 1 << 20
    stream.close()
    connection.close()
    stats = fresh.stats()
    assert stats["errors"] == {"endless": 1} and stats["days_served"] == 7
    assert fresh.stop() == 0


def test_fault_slow_sends_pieces_and_hinders_nobody(fresh):
    whole = fresh.measure(*CURVE).body
    under(fresh, "slow", slow_ms=600000)
    held = [http.client.HTTPConnection(fresh.host, fresh.port, timeout=60) for _ in range(3)]
    streams = []
    for connection in held:
        connection.request("GET", V2026[CURVE[0]] + f"?pointId={CLIENT_0}&dateDebut={CURVE[2]}&dateFin={CURVE[3]}",
                           headers={"Authorization": f"Bearer {fresh.token}"})
        streams.append(connection.getresponse())
    assert all(int(stream.headers["Content-Length"]) == len(whole) for stream in streams)
    assert fresh.stats()["in_flight_max"] == 3 and fresh.stats()["days_served"] == 0
    fresh.control(slow_ms=20)  # for those that come now
    assert fresh.measure(*CURVE).body == whole
    check_disturbed(fresh, "slow", 4, 7)
    assert fresh.stop() == 0  # with the three that still wait
    for stream, connection in zip(streams, held):
        stream.close()
        connection.close()


def test_fault_duplicate_gives_every_point_twice(fresh):
    whole = points(fresh.measure(*CURVE))
    under(fresh, "duplicate")
    assert points(fresh.measure(*CURVE)) == [p for p in whole for _ in range(2)]
    check_disturbed(fresh, "duplicate", 1, 7)
    fresh.reset()
    assert len(points(fresh.measure(*AUTUMN))) == 100
    check_disturbed(fresh, "duplicate", 1, 0)  # four equal labels: nobody can keep that day


@pytest.mark.parametrize("ask, days", [(CURVE, 7), (ASK, None)])
def test_fault_missing_leaves_points_out_and_the_same_ones_again(fresh, ask, days):
    whole = points(fresh.measure(*ask))
    under(fresh, "missing")
    fewer = points(fresh.measure(*ask))
    assert 0 < len(fewer) < len(whole) and [p for p in whole if p in fewer] == fewer
    assert points(fresh.measure(*ask)) == fewer
    check_disturbed(fresh, "missing", 2, days or len(fewer))
    fresh.control(faults={})
    fresh.measure(*ask)
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (7, 0)
    fresh.measure(*ask)
    assert (fresh.stats()["days_served"], fresh.stats()["days_served_twice"]) == (7, 7)


def test_fault_unsorted_shuffles_but_leaves_doubled_labels_in_order(fresh):
    whole = points(fresh.measure(*AUTUMN))
    for _ in range(5):
        under(fresh, "unsorted")
        shuffled = points(fresh.measure(*AUTUMN))
        assert shuffled != whole and sorted(shuffled) == sorted(whole)
        for label in ("2026-10-25 02:00:00", "2026-10-25 02:30:00"):
            assert [p for p in shuffled if p[0] == label] == [p for p in whole if p[0] == label]
        check_disturbed(fresh, "unsorted", 1, 1)


@pytest.mark.parametrize("api", APIS)
def test_fault_extraday_adds_a_day_before_or_behind(fresh, api):
    wide = {p[0]: p for p in points(fresh.measure("daily_consumption", CLIENT_0, "2026-10-31", "2026-11-09", api))}
    under(fresh, "extraday")
    extra = set()
    for _ in range(12):
        answer = points(fresh.measure(*ASK, api))
        assert [wide[d] for d, _, _ in answer] == answer and len(answer) == 8
        extra |= {d for d, _, _ in answer} - {f"2026-11-{n:02}" for n in range(1, 8)}
    assert extra == {"2026-10-31", "2026-11-08"}
    check_disturbed(fresh, "extraday", 12, 7)
    fresh.reset()
    last = points(fresh.measure("daily_consumption", CLIENT_0, "2026-11-19", TODAY, api))
    assert [d for d, _, _ in last] == ["2026-11-18", "2026-11-19", "2026-11-20"]  # nothing of today is there


def test_fault_absurd_gives_one_value_that_cannot_be(fresh):
    whole = fresh.measure(*ASK).json["grandeur"][0]["points"]
    under(fresh, "absurd")
    values = set()
    for _ in range(5):
        strange = fresh.measure(*ASK).json["grandeur"][0]["points"]
        wrong = [(a, b) for a, b in zip(whole, strange) if a != b]
        assert len(wrong) == 1 and wrong[0][0]["d"] == wrong[0][1]["d"]
        values.add(wrong[0][1]["v"])
    assert values == {"-5", "1e300", "abc", "99999999999999999999", "12.5.3"}
    fresh.reset()
    fresh.measure(*ASK)
    check_disturbed(fresh, "absurd", 1, 6)


def test_a_fault_without_anything_to_change_is_none(fresh):
    fresh.control(faults={name: 0 for name in ("slow", "missing")} | {"duplicate": 1})
    assert fresh.measure(*NOTHING).status == 404
    assert fresh.get(f"/situation_contrat_auto/v1/{CLIENT_0}").status == 200
    assert fresh.stats()["disturbed"] == {}


def test_faults_may_be_given_by_flag():
    with Sandbox("--quota", "none", "--today", TODAY, "--fault", "duplicate=1") as sandbox:
        assert len(points(sandbox.measure(*ASK))) == 14


# --- what control says, and what it counts ---------------------------------------------------------


def test_control_tells_what_is_on(fresh):
    changes = {"late": {"2026-11-20": 3}, "tardy": {"rate": 0.25, "days_max": 4}, "partial": {"rate": 1, "days_max": 2},
               "end_today_refused": True, "call_days_less": 2, "error_form": "list", "slow_ms": 5,
               "body_forms": ["milliseconds", "autumn_once"], "token_form": "body", "token_answer": "garbage"}
    assert changes.items() <= fresh.control(**changes).items()
    off = {"late": {}, "tardy": None, "partial": None, "end_today_refused": False, "call_days_less": 0,
           "error_form": "classic", "slow_ms": 3000, "body_forms": [], "token_form": "both", "token_answer": "good"}
    assert off.items() <= fresh.control(**off).items()


@pytest.mark.parametrize("change", [
    {"activation": {BOTH: "soon"}}, {"activation": {BOTH: {"both": None}}}, {"activation": {"1": None}},
    {"activation": [BOTH]}, {"told_activation": {BOTH: "soon"}}, {"activation": {BOTH: {"production": 5}}}, {"refuse": {BOTH: {"production": "no"}}},
    {"refuse": {BOTH: {"production": "no_such_point"}}}, {"refuse": {BOTH: {"all": None}}}, {"refuse": {BOTH: ""}},
    {"point_faults": {BOTH: {"production": 1}}}, {"point_faults": {BOTH: {"production": {}, "reset": 1}}},
    {"late": {"soon": 3}}, {"late": {"2026-11-20": 0}}, {"late": {"2026-11-20": 1.5}}, {"late": []},
    {"late": {f"2026-11-{n:02}": 2 for n in range(1, 18)}}, {"point_late": {BOTH: {"2026-11-20": 367}}},
    {"tardy": {"rate": 0.5}}, {"tardy": {"rate": 2, "days_max": 3}}, {"tardy": {"rate": 1, "days_max": 1}},
    {"partial": 1}, {"partial": {"rate": 1, "days_max": 3, "more": 1}}, {"end_today_refused": 1},
    {"call_days_less": 6}, {"call_days_less": -1}, {"error_form": "german"}, {"error_form": None}, {"body_forms": "empty200"},
    {"body_forms": ["empty"]}, {"token_form": "header"}, {"token_answer": True}, {"slow_ms": 600001},
    {"pace": {BOTH: "PT5M"}}, {"pace": {BOTH: 30}}, {"watch": {BOTH: True}}, {"watch": ["1"]}])
def test_bad_control_is_400_and_changes_nothing(fresh, change):
    before = fresh.request("GET", "/__sandbox/control").json
    answer = fresh.request("POST", "/__sandbox/control", body=json.dumps({"late_days": 3} | change))
    assert answer.status == 400 and answer.json["error"].startswith("control: ")
    assert fresh.request("GET", "/__sandbox/control").json == before
    assert statuses(fresh, MEASURES) == [200] * 5


def test_requests_of_watched_points_are_counted_by_kind(fresh):
    assert "requests_of" not in fresh.stats()
    fresh.control(watch=[CLIENT_0, BOTH], point_faults={BOTH: {"error500": 1}})
    fresh.measure(*ASK)
    fresh.measure(*ASK, "v5")
    fresh.measure("daily_production", BOTH, "2026-11-01", "2026-11-08")
    fresh.measure("daily_consumption", CLIENT_1, "2026-11-01", "2026-11-08")
    fresh.get(f"/situation_contrat_auto/v1/{BOTH}")
    fresh.get(V2026["daily_consumption"], {"pointId": CLIENT_0}, token="stale")
    assert fresh.stats()["requests_of"] == {CLIENT_0: {"daily_consumption": 3},
                                            BOTH: {"daily_production": 1, "customer": 1}}
    fresh.reset()
    assert fresh.stats()["requests_of"] == {CLIENT_0: {}, BOTH: {}}
