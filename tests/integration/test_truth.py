"""What upstream says is believed of what it was said of, and no longer than it is true (docs/enedis.md, Directions,
Freshness and Field reports). The simulator plays each answer; what stands in Redis is compared with what it has."""
import json

import oracle
import pytest

from sandbox import presence
from world import TODAY, World

CLIENT_0, BOTH = "22516914714270", "12655648759651"
CURVE, PRODUCTION = "consumption_load_curve", "production_load_curve"
APIS = ["2026", "v5"]
START = "2026-09-01"
WORTH = {"complete": 1, "partial": 0.5, "pending": 0}


def backfill(world, prm, kinds, *more, start=START, code=0, **settings):
    ended = world.run("backfill", "--prm", prm, "--kind", kinds, "--start", start, "--json", *more, **settings)
    assert ended.code == code, ended
    return {result["kind"]: result for result in map(json.loads, ended.out.splitlines()) if "kind" in result}


def check(world, prm, kind, api, first=START, today=TODAY):
    """What is stored is what a plain simulator says, byte for byte."""
    upstream = oracle.Upstream(world.sandbox, api)
    expected = oracle.expected_days(upstream, kind, prm, today, first)
    upstream.close()
    oracle.check(world.redis.days(prm, kind), expected, prm, kind, api, today)


def states(world, prm, kind):
    return {key[-10:]: json.loads(value)["state"] for key, value in world.redis.days(prm, kind).items()}


def asked(world, prm):
    """Data requests about that usage point, by kind."""
    return world.sandbox.stats().get("requests_of", {}).get(prm, {})


# --- directions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_an_activation_is_of_one_direction_and_the_other_is_complete(api):
    with World(api=api) as world:
        world.sandbox.control(activation={BOTH: {"production": "2026-10-20"}})
        results = backfill(world, BOTH, "all")
        assert {kind: result["cut"] for kind, result in results.items()} == {
            "daily_consumption": 0, CURVE: 0, "daily_consumption_max_power": 0, "daily_production": 49, PRODUCTION: 49}
        assert min(states(world, BOTH, PRODUCTION)) == "2026-10-20"
        for kind in results:
            first = "2026-10-20" if "production" in kind else START
            check(world, BOTH, kind, api, first)
        assert world.requests_of("backfill", "--prm", BOTH, "--kind", "all", "--start", START)[1] == 0


@pytest.mark.parametrize("api", APIS)
def test_a_direction_that_refuses_its_newest_days_is_not_applicable_for_thirty_days(api):
    with World(api=api) as world:
        world.sandbox.control(activation={BOTH: {"production": "never"}}, watch=[BOTH])
        results = backfill(world, BOTH, "all")
        assert {results[kind]["state"] for kind in ("daily_production", PRODUCTION)} == {"not_applicable"}
        assert {result["cut"] for kind, result in results.items() if "production" not in kind} == {0}
        check(world, BOTH, CURVE, api)
        of_production = {kind: count for kind, count in asked(world, BOTH).items() if "production" in kind}
        assert sum(of_production.values()) == 2, of_production  # the range, and the newest days alone
        # Gone the next day: asked again after thirty days, or at once with --refresh.
        world.sandbox.control(activation={BOTH: {"production": None}})
        assert backfill(world, BOTH, PRODUCTION)[PRODUCTION]["state"] == "not_applicable"
        assert backfill(world, BOTH, PRODUCTION, "--refresh")[PRODUCTION]["state"] == "done"
        check(world, BOTH, PRODUCTION, api)
        world.redis.command("DEL", *world.redis.keys("releve:day:*production*"))
        assert backfill(world, BOTH, PRODUCTION)[PRODUCTION]["state"] == "done"  # taken back
        check(world, BOTH, PRODUCTION, api)


def test_an_activation_that_was_wrong_is_corrected_for_one_request_after_thirty_days():
    with World() as world:
        world.sandbox.control(activation={CLIENT_0: "2026-10-20"}, watch=[CLIENT_0])
        assert backfill(world, CLIENT_0, CURVE)[CURVE]["cut"] == 49
        world.sandbox.control(activation={CLIENT_0: None})
        before = sum(asked(world, CLIENT_0).values())
        assert backfill(world, CLIENT_0, CURVE)[CURVE]["cut"] == 49  # believed
        assert sum(asked(world, CLIENT_0).values()) == before
        later = "2026-12-20"
        world.sandbox.control(today=later)
        assert backfill(world, CLIENT_0, CURVE, RELEVE_TODAY=later)[CURVE]["cut"] == 0
        assert min(states(world, CLIENT_0, CURVE)) == START
        # Where it was right, one request confirms it.
        world.redis.command("FLUSHALL")
        world.sandbox.control(today=TODAY, activation={CLIENT_0: "2026-10-20"})
        backfill(world, CLIENT_0, CURVE)
        world.sandbox.control(today=later)
        before = asked(world, CLIENT_0)[CURVE]
        assert backfill(world, CLIENT_0, CURVE, RELEVE_TODAY=later)[CURVE]["cut"] == 49
        weeks = -(-(oracle.date(later) - oracle.date(TODAY)).days // 7)
        assert asked(world, CLIENT_0)[CURVE] - before == weeks + 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("refusal", ["ADAM-DC-0008", "ADAM-DC-0007", "400 ADAM-DC-0007", "not_authorized"])
def test_a_refusal_stops_its_direction_only(api, refusal):
    with World(api=api) as world:
        world.sandbox.control(refuse={BOTH: {"production": refusal}}, watch=[BOTH])
        results = backfill(world, BOTH, "all", code=1)
        assert {kind: result["state"] for kind, result in results.items()} == {
            "daily_consumption": "done", CURVE: "done", "daily_consumption_max_power": "done",
            "daily_production": "failed", PRODUCTION: "failed"}
        check(world, BOTH, CURVE, api)
        assert sum(count for kind, count in asked(world, BOTH).items() if "production" in kind) == 1
        before = sum(asked(world, BOTH).values())
        backfill(world, BOTH, "all", code=1)
        assert sum(asked(world, BOTH).values()) == before  # remembered for a day


def test_consumption_that_is_refused_leaves_production_and_a_sick_production_leaves_consumption():
    with World() as world:
        world.sandbox.control(refuse={BOTH: {"consumption": "400 ADAM-DC-0007"}})
        results = backfill(world, BOTH, "all", code=1)
        assert results[PRODUCTION]["state"] == "done" and results[CURVE]["state"] == "failed"
        world.redis.command("FLUSHALL")
        world.sandbox.control(refuse={BOTH: None}, point_faults={BOTH: {"production": {"error500": 1}}}, watch=[BOTH])
        world.sandbox.reset()
        results = backfill(world, BOTH, "all", code=1)
        assert results[CURVE]["state"] == "done" and results[PRODUCTION]["state"] == "failed"
        check(world, BOTH, CURVE, "2026")
        assert sum(count for kind, count in asked(world, BOTH).items() if "production" in kind) <= 8


@pytest.mark.parametrize("api", APIS)
def test_a_usage_point_that_does_not_exist_costs_one_request(api):
    with World(api=api) as world:
        world.sandbox.control(refuse={CLIENT_0: "no_such_point"})
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", "all", "--start", START)
        assert (ended.code, requests) == (1, 2), ended


# --- ranges -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind", [CURVE, "daily_consumption"])
def test_an_end_that_is_too_recent_costs_one_request_and_yesterday_waits(api, kind):
    with World(api=api) as world:
        plain = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", START)[1]
        world.redis.command("FLUSHALL")
        world.sandbox.control(end_today_refused=True)
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", START)
        assert ended.code == 0 and requests <= plain + 1, ended
        assert max(states(world, CLIENT_0, kind)) == "2026-11-17"
        assert set(states(world, CLIENT_0, kind).values()) == {"complete"}
        world.sandbox.control(end_today_refused=False)
        assert world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", START)[1] == 2
        check(world, CLIENT_0, kind, api)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind", [CURVE, "daily_consumption"])
def test_a_young_day_that_an_answer_leaves_out_of_its_range_is_not_there_yet(api, kind):
    with World(api=api) as world:
        world.sandbox.control(late_days=3, body_forms=["short_range"], watch=[CLIENT_0, "12655648759651"])
        results = backfill(world, CLIENT_0, kind, start="2026-10-20")
        assert results[kind]["pending"] == 3 and results[kind]["failed"] == 0
        assert asked(world, CLIENT_0)[kind] == (1 if kind == "daily_consumption" else -(-29 // 7))
        both = ["short_range", "empty200"]  # nothing at all is there of what is asked
        world.sandbox.control(body_forms=both)
        results = backfill(world, "12655648759651", kind, start="2026-11-17")
        assert results[kind]["pending"] == 2 and sum(asked(world, "12655648759651").values()) <= 1
        world.sandbox.control(late_days=0)
        backfill(world, CLIENT_0, kind, "--refresh", start="2026-11-10")
        check(world, CLIENT_0, kind, api, "2026-10-20")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind", [CURVE, "daily_consumption"])
def test_where_the_longest_range_is_refused_one_day_less_is_asked(api, kind):
    with World(api=api) as world:
        world.sandbox.control(call_days_less=1)
        start = START if kind == CURVE else "2025-01-01"
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", start)
        days = (oracle.date(TODAY) - oracle.date(start)).days
        longest = 6 if kind == CURVE else 364
        assert ended.code == 0 and requests <= 1 + 16 + -(-days // longest) + (api == "v5"), ended
        world.sandbox.control(call_days_less=0)
        check(world, CLIENT_0, kind, api, start)


# --- forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("form", ["list", *(pytest.param(form, marks=pytest.mark.slow) for form in ("libelle", "list200", "doubled", "french"))])
def test_errors_mean_the_same_in_every_form(api, form):
    no_curve, recent = "32320647321714", "22315546958763"
    with World(api=api) as world:
        world.sandbox.control(error_form=form)
        results = backfill(world, no_curve, f"{CURVE},daily_production")
        assert results[CURVE]["complete"] == 0 and results[CURVE]["holes"] == 64 and results[CURVE]["failed"] == 0
        assert backfill(world, recent, CURVE, start="2025-06-01")[CURVE]["cut"] == 16
        backfill(world, "26584978546985", CURVE, code=1)
        world.sandbox.control(error_form="classic")
        check(world, recent, CURVE, api, "2025-06-17")


@pytest.mark.parametrize("api", APIS)
def test_good_bodies_are_read_in_every_form(api):
    with World(api=api) as world:
        world.sandbox.control(body_forms=["octet_stream", "milliseconds", "empty200"], pace={CLIENT_0: "PT1H"})
        backfill(world, CLIENT_0, f"{CURVE},daily_consumption,daily_consumption_max_power")
        backfill(world, "32320647321714", CURVE)
        assert set(states(world, "32320647321714", CURVE).values()) == {"hole", "pending"}
        world.sandbox.control(body_forms=[], pace={CLIENT_0: "PT60M"})
        for kind in (CURVE, "daily_consumption", "daily_consumption_max_power"):
            check(world, CLIENT_0, kind, api)


@pytest.mark.parametrize("api", APIS)
def test_an_autumn_hour_that_comes_once_is_missing_and_not_in_the_wrong_place(api):
    with World(api=api) as world:
        world.sandbox.control(body_forms=["autumn_once"])
        backfill(world, CLIENT_0, CURVE)
        lost = json.loads(world.redis.days(CLIENT_0, CURVE)[f"releve:day:{{{CLIENT_0}}}:{CURVE}:2026-10-25"])
        world.redis.command("FLUSHALL")
        world.sandbox.control(body_forms=[])
        backfill(world, CLIENT_0, CURVE)
        whole = json.loads(world.redis.days(CLIENT_0, CURVE)[f"releve:day:{{{CLIENT_0}}}:{CURVE}:2026-10-25"])
        assert (whole["state"], lost["state"]) == ("complete", "partial") and len(lost["values"]) == 50
        differ = [i for i in range(50) if lost["values"][i] != whole["values"][i]]
        # Labels 02:00 and 02:30 end the intervals from 01:30 and 02:00 on, in summer and again in winter time.
        assert differ == [3, 4, 5, 6] and {lost["values"][i] for i in differ} == {None}


@pytest.mark.parametrize("api", APIS)
def test_credentials_are_sent_in_the_body_where_basic_is_refused(api):
    with World(api=api) as world:
        world.sandbox.control(token_form="body")
        backfill(world, CLIENT_0, CURVE)
        assert world.sandbox.stats()["errors"].get("401") == 1


@pytest.mark.parametrize("answer, requests", [("no_access_token", 3), ("garbage", 3), ("not_found", 1)])
def test_a_token_endpoint_that_answers_nonsense_is_asked_at_most_three_times(answer, requests):
    with World() as world:
        world.sandbox.control(token_answer=answer)
        ended, sent = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", CURVE, "--start", START)
        assert (ended.code, sent) == (1, requests), ended
        assert ended.err.count("asked again in") == sent - 1, ended  # what is announced happens
        assert "token" in ended.err.splitlines()[-1], ended


# --- freshness ----------------------------------------------------------------------------------------------


@pytest.mark.hour
def test_days_that_come_late_or_in_part_are_complete_in_the_end():
    """A daily run of the last 23 days, over 40 days: late and partial days are looked for until they are whole."""
    start, weather = oracle.date("2026-10-01"), {"tardy": {"rate": 0.3, "days_max": 12},
                                                 "partial": {"rate": 0.3, "days_max": 9}}
    with World("--seed", "7", today=str(start)) as world:
        world.sandbox.control(**weather, watch=[CLIENT_0])
        seen = set()
        for number in range(40):
            today = str(start + number * oracle.DAY)
            world.sandbox.control(today=today)
            backfill(world, CLIENT_0, CURVE, start=str(oracle.date(today) - 23 * oracle.DAY), RELEVE_TODAY=today)
            stored = states(world, CLIENT_0, CURVE)
            seen |= set(stored.values())
            there = {day: presence(7, CLIENT_0, CURVE, day, today, **weather) for day in stored}
            # Nothing is stored that was not there, and of yesterday all that is there.
            assert all(WORTH[state] <= there[day] for day, state in stored.items())
            yesterday = str(oracle.date(today) - oracle.DAY)
            assert WORTH[stored[yesterday]] == there[yesterday]
        assert seen == {"complete", "partial", "pending"}
        settled = [state for day, state in stored.items() if oracle.date(day) < oracle.date(today) - 22 * oracle.DAY]
        assert len(settled) == 40 and set(settled) == {"complete"}
        # One request a morning, and one a week for what no morning's request could take along.
        assert asked(world, CLIENT_0)[CURVE] <= 40 + 40 // 7 + 1 + 3, asked(world, CLIENT_0)
