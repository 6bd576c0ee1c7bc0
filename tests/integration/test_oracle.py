"""Every client, every kind, every day of the whole history, in both generations: what Redis holds after a backfill is,
byte for byte, what follows from the simulator's raw answers by arithmetic that shares no line with the program."""
import json
from datetime import date

import oracle
import pytest
from sandbox import CURVES, MEASURES, Sandbox
from world import TODAY, World

POPULATION = "20"
NO_CURVE, HOLES, BOTH, RECENT, REFUSED = ("32320647321714", "42900589957123", "12655648759651", "22315546958763",
                                          "26584978546985")
TEN_MINUTES, CHANGING = "30000000000007", "30000000000008"
CONSUMERS = ["22516914714270", "11453290002823", NO_CURVE, "12345678901234", HOLES, BOTH, "64975835695673",
             "63695879465986", RECENT, TEN_MINUTES, CHANGING]
SEARCHED = ["11453290002823", RECENT]  # whose activation lies within the history, or may
PRODUCERS = ["10284856584123", "24880057139941", BOTH]
PRMS = sorted({*CONSUMERS, *PRODUCERS, REFUSED})
SHORT_DAYS = ["2025-03-30", "2026-03-29"]  # in the history of the curves
LONG_DAYS = ["2025-10-26", "2026-10-25"]
APIS = ["2026", "v5"]
pytestmark = pytest.mark.slow


class Run:
    """A backfill of everything, and what came of it."""

    def __init__(self, api):
        selection = [word for prm in PRMS for word in ("--prm", prm)]
        # What is not subscribed is not asked for (test_preflight.py): here everything is.
        with World("--population", POPULATION, "--unsubscribed", "subscribed_services", quota="2000/1s", api=api) as world:
            self.ended = world.run("backfill", *selection)
            self.stats = world.sandbox.stats()
            self.days = world.redis.days()
            self.again, self.requests_again = world.requests_of("backfill", *selection)
            self.days_again = world.redis.days()
            self.keys = world.redis.keys("*")

    def of(self, prm, kind):
        prefix = f"releve:day:{{{prm}}}:{kind}:"
        return {key: value for key, value in self.days.items() if key.startswith(prefix)}

    def day(self, prm, kind, day):
        return json.loads(self.days[oracle.key(prm, kind, day)])


@pytest.fixture(scope="module")
def runs():
    return {api: Run(api) for api in APIS}


@pytest.fixture(scope="module")
def truth():
    """{api: {(prm, kind): {day: fields}}} from raw answers."""
    found = {}
    with Sandbox("--quota", "none", "--today", TODAY, "--population", POPULATION) as sandbox:
        for api in APIS:
            upstream = oracle.Upstream(sandbox, api)
            found[api] = {(prm, kind): oracle.expected_days(upstream, kind, prm, TODAY)
                          for prm in PRMS for kind in MEASURES}
            upstream.close()
    return found


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind", MEASURES)
def test_redis_holds_every_day_byte_for_byte_and_no_other(runs, truth, api, kind):
    for prm in PRMS:
        oracle.check(runs[api].of(prm, kind), truth[api][prm, kind], prm, kind, api, TODAY)


@pytest.mark.parametrize("api", APIS)
def test_there_is_no_day_of_anybody_else(runs, truth, api):
    wanted = {oracle.key(prm, kind, day) for (prm, kind), days in truth[api].items() for day in days}
    assert set(runs[api].days) == wanted
    assert {key.split(":")[1] for key in runs[api].keys} == {"counted", "counters", "day", "history", "job", "point", "processes", "quota",
                                                               "results", "upstream"}


def test_the_oracle_sees_the_whole_history_and_both_kinds_of_odd_days(truth):
    """What the comparison above is worth: how much it compares."""
    for days in truth.values():
        client_0 = days["22516914714270", "consumption_load_curve"]
        assert len(client_0) == 745 and min(client_0) == date(2024, 11, 4) and max(client_0) == date(2026, 11, 18)
        assert len(days["22516914714270", "daily_consumption"]) == 1111
        assert min(days["22516914714270", "daily_consumption"]) == date(2023, 11, 4)
        assert all(len(client_0[date.fromisoformat(day)]["values"]) == 46 for day in SHORT_DAYS)
        assert all(len(client_0[date.fromisoformat(day)]["values"]) == 50 for day in LONG_DAYS)
        ten = days[TEN_MINUTES, "consumption_load_curve"]
        assert [len(ten[date.fromisoformat(day)]["values"]) for day in SHORT_DAYS + LONG_DAYS] == [138, 138, 150, 150]
        assert len(days[CHANGING, "consumption_load_curve"][date(2026, 3, 10)]["points"]) == 24 + 72
        assert sum(len(some) for some in days.values()) == sum(
            len(days[prm, kind]) for prm in PRMS for kind in MEASURES) > 36000


@pytest.mark.parametrize("api", APIS)
def test_holes_stay_holes_and_recent_ones_are_pending(runs, api):
    for kind in ("daily_consumption", "consumption_load_curve", "daily_consumption_max_power"):
        states = {key[-10:]: json.loads(value)["state"] for key, value in runs[api].of(HOLES, kind).items()}
        for day, state in states.items():
            closed = date.fromisoformat(day).weekday() in (1, 2)
            recent = day >= "2026-11-04"  # fifteen days
            assert state == ("complete" if not closed else "pending" if recent else "hole"), (kind, day)
        assert "recheck_after" in runs[api].day(HOLES, kind, "2026-11-18")
        assert "recheck_after" in runs[api].day(HOLES, kind, "2026-11-04")
        assert "recheck_after" not in runs[api].day(HOLES, kind, "2026-11-03")
    curve = [json.loads(value)["state"] for value in runs[api].of(NO_CURVE, "consumption_load_curve").values()]
    assert sorted(curve) == ["hole"] * 730 + ["pending"] * 15


@pytest.mark.parametrize("api", APIS)
def test_nothing_is_stored_where_there_is_nothing_to_know(runs, api):
    run = runs[api]
    assert not any(REFUSED in key for key in run.days)
    for prm in PRMS:
        for kind in MEASURES:
            exists = prm in (PRODUCERS if "production" in kind else CONSUMERS)
            assert bool(run.of(prm, kind)) == exists, (prm, kind)
    assert min(key[-10:] for key in run.days if RECENT in key) == "2025-06-17"  # its activation
    assert run.ended.code == 1 and "ADAM-DC-0008" in run.ended.err.replace("_", "-")


@pytest.mark.parametrize("api", APIS)
def test_the_energy_of_every_whole_curve_is_that_of_its_day(runs, api):
    compared = 0
    for curve, daily in (("consumption_load_curve", "daily_consumption"), ("production_load_curve", "daily_production")):
        for prm in PRMS:
            for name, value in runs[api].of(prm, curve).items():
                day = json.loads(value)
                if day["state"] != "complete":
                    continue
                if "points" in day:
                    watt_minutes = sum(length * watt for _, length, watt in day["points"])
                else:
                    watt_minutes = sum(day["values"]) * int(day["interval"][2:-1])
                assert watt_minutes == 60 * runs[api].day(prm, daily, day["date"])["value"], name
                compared += 1
    assert compared > 9000


def test_both_generations_yield_the_same_bytes_apart_from_source_and_moment(runs):
    def bare(value):
        day = json.loads(value)
        moments = [day.pop("source"), day.pop("fetched_at"), day.pop("recheck_after", "")]  # which follows from it
        text = value.decode()
        for moment in moments:
            text = text.replace(f'"{moment}"', "_") if moment else text
        return text

    new, old = runs["2026"].days, runs["v5"].days
    assert set(new) == set(old)
    assert [key for key in new if bare(new[key]) != bare(old[key])] == []


@pytest.mark.parametrize("api", APIS)
def test_the_quota_held_and_no_day_was_served_twice(runs, api):
    stats = runs[api].stats
    # v5 serves no day alone: where the search for an activation leaves a single day, its neighbour comes once more.
    assert stats["days_served_twice"] <= (len(SEARCHED) if api == "v5" else 0), stats
    assert stats["violations"] == 0 and stats["tokens"] == 1
    states = [json.loads(value)["state"] for value in runs[api].days.values()]
    assert stats["days_served"] == states.count("complete")
    assert set(states) == {"complete", "hole", "pending"}


@pytest.mark.parametrize("api", APIS)
def test_a_second_backfill_sends_nothing_and_changes_nothing(runs, api):
    assert runs[api].requests_again == 0
    assert runs[api].again.code == 1  # the refusal is remembered, and is still one
    assert runs[api].days_again == runs[api].days
