"""Before deep history, 2026 is asked when a usage point was activated: for a request that costs nothing of what measures may
spend. So no range is refused as too early (docs/enedis.md, Directions)."""
import json

import oracle
import pytest

from sandbox import MEASURES
from world import TODAY, World

CLIENT_0, BOTH, LATE, CONSUMER = "22516914714270", "12655648759651", "11453290002823", "30000000000001"
CURVE, PRODUCTION = "consumption_load_curve", "production_load_curve"
CONSUMED = f"daily_consumption,{CURVE},daily_consumption_max_power"
SYNTHESIS, MEASURING = "synth_contrat_auto", "mesure_synchrone_auto"
DAYS = {"consumption": "2026-03-07", "production": "2026-09-20"}


def backfill(world, *words, code=0):
    ended = world.run("backfill", *words, "--json")
    assert ended.code == code, ended
    return {(result["prm"], result["kind"]): result for result in map(json.loads, ended.out.splitlines()) if "kind" in result}


def arrivals(world):
    """{API: requests that arrived}"""
    return {api: count["requests"] for api, count in world.sandbox.stats()["by_api"].items()}


def fewest(kind, first):
    """The requests that the days from `first` to yesterday take."""
    longest = 7 if kind in (CURVE, PRODUCTION) else 365
    first = max(oracle.date(first), oracle.history(kind, oracle.date(TODAY)))
    return -(-(oracle.date(TODAY) - first).days // longest)


def check(world, prm, kind):
    upstream = oracle.Upstream(world.sandbox, "2026")
    expected = oracle.expected_days(upstream, kind, prm, TODAY)
    upstream.close()
    oracle.check(world.redis.days(prm, kind), expected, prm, kind, "2026", TODAY)


def test_the_whole_history_of_a_self_consumer_costs_no_request_that_is_refused():
    with World() as world:
        world.sandbox.control(activation={BOTH: DAYS})
        results = backfill(world, "--prm", BOTH, "--kind", "all")
        assert len(results) == len(MEASURES) and {result["state"] for result in results.values()} == {"done"}
        stats = world.sandbox.stats()
        assert stats["errors"] == {}, stats
        assert arrivals(world)[SYNTHESIS] == 1
        assert arrivals(world)[MEASURING] == sum(
            fewest(kind, DAYS["production" if "production" in kind else "consumption"]) for kind in MEASURES)
        for kind in MEASURES:
            check(world, BOTH, kind)


def test_what_was_told_is_remembered_by_direction_with_where_it_is_from():
    with World() as world:
        world.sandbox.control(activation={BOTH: DAYS})
        backfill(world, "--prm", BOTH, "--kind", CURVE)
        fields = world.redis.command("HGETALL", f"releve:point:{{{BOTH}}}")
        facts = {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}
        for direction, day in DAYS.items():
            assert facts[f"{direction}:activation_first"] == day
            assert facts[f"{direction}:activation_from"] == "contracts"
        before = arrivals(world)
        results = backfill(world, "--prm", BOTH, "--kind", PRODUCTION)
        assert results[BOTH, PRODUCTION]["requests"] == fewest(PRODUCTION, DAYS["production"])
        assert arrivals(world)[SYNTHESIS] == before[SYNTHESIS]
        record = json.loads(world.run("points", "--prm", BOTH, "--json").out)
        assert record["directions"]["production"]["activation"]["first"] == DAYS["production"]


def test_plan_counts_those_requests_apart_and_backfill_sends_as_many():
    with World("--population", "5") as world:
        selection = ("--prm", CLIENT_0, "--prm", CONSUMER, "--prm", BOTH, "--kind", CONSUMED)
        planned = json.loads(world.run("plan", *selection, "--json").out)
        assert planned["activation_requests"] == 3
        shown = world.run("plan", *selection).out
        assert [line.split() for line in shown.splitlines() if line.startswith("activation")] == [["activation", "3"]]
        backfill(world, *selection)
        sent = arrivals(world)
        assert (sent[SYNTHESIS], sent[MEASURING]) == (planned["activation_requests"], planned["requests"])
        again = json.loads(world.run("plan", *selection, "--json").out)
        assert (again["activation_requests"], again["requests"]) == (0, 0)


def test_an_api_that_is_not_subscribed_is_asked_once_and_days_are_searched_for():
    with World("--population", "5", "--unsubscribed", SYNTHESIS) as world:
        ended = world.run("backfill", "--prm", LATE, "--prm", CLIENT_0, "--prm", CONSUMER, "--kind", CONSUMED,
                          "--progress", "never")
        assert ended.code == 0 and ended.err.count(SYNTHESIS) == 1, ended
        assert arrivals(world)[SYNTHESIS] == 1
        check(world, LATE, CURVE)


@pytest.mark.parametrize("told", [
    {"consumption": "2024-01-01"},  # too early: refused by days, which count more
    {"consumption": "never"}, {"consumption": "2027-01-01"}])
def test_what_is_told_wrongly_loses_no_day(told):
    with World() as world:
        world.sandbox.control(activation={BOTH: DAYS}, told_activation={BOTH: told})
        results = backfill(world, "--prm", BOTH, "--kind", CURVE)
        assert results[BOTH, CURVE]["state"] == "done"
        check(world, BOTH, CURVE)
        assert world.requests_of("backfill", "--prm", BOTH, "--kind", CURVE)[1] == 0


def test_what_is_told_too_late_is_corrected_by_days_after_thirty_days():
    with World() as world:
        world.sandbox.control(activation={BOTH: DAYS}, told_activation={BOTH: {"consumption": "2026-09-01"}})
        backfill(world, "--prm", BOTH, "--kind", CURVE)
        assert min(key[-10:] for key in world.redis.days(BOTH, CURVE)) == "2026-09-01"
        later = "2026-12-24"
        world.sandbox.control(today=later)
        ended = world.run("backfill", "--prm", BOTH, "--kind", CURVE, RELEVE_TODAY=later)
        assert ended.code == 0 and min(key[-10:] for key in world.redis.days(BOTH, CURVE)) == DAYS["consumption"], ended


@pytest.mark.parametrize("fault", ["error500", "error502html", "truncate", "garbage", "throttle200", "reset"])
def test_where_that_api_fails_the_history_is_whole_all_the_same(fault):
    with World() as world:
        world.sandbox.control(activation={BOTH: DAYS}, point_faults={BOTH: {fault: 1}})
        world.sandbox.control(point_faults={BOTH: {"consumption": {}, "production": {}}})  # so of documents only
        results = backfill(world, "--prm", BOTH, "--kind", CURVE)
        assert results[BOTH, CURVE]["state"] == "done"
        check(world, BOTH, CURVE)
        assert arrivals(world)[SYNTHESIS] <= 2


def test_a_history_of_one_request_and_v5_do_without():
    for api, start in (("2026", "2026-11-12"), ("v5", "2026-01-01")):
        with World(api=api) as world:
            backfill(world, "--prm", CLIENT_0, "--kind", CURVE, "--start", start)
            assert SYNTHESIS not in arrivals(world)


def test_its_quota_is_its_own():
    with World("--population", "40", quota="20/1s,60/1h") as world:
        points = [str(30000000000000 + i) for i in range(12)]
        selection = [word for prm in points for word in ("--prm", prm)]
        backfill(world, *selection, "--kind", "daily_consumption")
        stats = world.sandbox.stats()
        assert stats["violations"] == 0
        assert arrivals(world)[SYNTHESIS] == 12 and arrivals(world)[MEASURING] == 4 * 12
