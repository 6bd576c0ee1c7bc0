"""releve get: one answer now, through cache and quota."""
import json
import signal

import pytest
from jobs import FIRST_PRM
from world import World

CLIENT_0, REVOKED, NO_CURVE = "22516914714270", "26584978546985", "32320647321714"
DAYS = ("--start", "2026-11-01", "--end", "2026-11-11")
FORMATS = ["pretty", "json", "csv"]


def get(world, kind, prm, *more, **settings):
    """(how it ended, how many requests that took)"""
    return world.requests_of("get", kind, "--prm", prm, *more, **settings)


@pytest.mark.parametrize("api", ["2026", "v5"])
@pytest.mark.parametrize("kind, requests", [("daily_consumption", 1), ("consumption_load_curve", 2)])
def test_what_redis_lacks_is_fetched_once_and_printed_as_show_does(api, kind, requests):
    with World(api=api) as world:
        first, sent = get(world, kind, CLIENT_0, *DAYS, "--format", "json")
        assert first.code == 0 and first.err == "" and sent == requests + 1, first  # and the token
        assert [json.loads(day)["date"][8:] for day in first.out.splitlines()] == [f"{day:02}" for day in range(1, 11)]
        for form in FORMATS:
            again, sent = get(world, kind, CLIENT_0, *DAYS, "--format", form)
            shown = world.run("show", kind, "--prm", CLIENT_0, *DAYS, "--format", form)
            assert (again.code, again.out, again.err, sent) == (0, shown.out, "", 0), again


def test_a_refresh_asks_for_known_days_again():
    with World() as world:
        get(world, "daily_consumption", CLIENT_0, *DAYS)
        assert get(world, "daily_consumption", CLIENT_0, *DAYS, "--refresh")[1] == 2


def test_one_answer_does_not_wait_for_a_backfill():
    with World("--population", "400", quota="10/1s") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(400)))
        backfill = world.start("backfill", "--prms", prms, "--kind", "daily_consumption", *DAYS)
        world.wait_for(backfill, "requests", 20)
        answer = get(world, "daily_consumption", CLIENT_0, *DAYS)[0]
        assert answer.code == 0 and answer.out.count("\n") == 1 + 10, answer
        assert not backfill.has_ended(0)
        assert world.interrupt(backfill).code == 130


def test_what_is_refused_is_said_and_ends_with_1():
    with World() as world:
        ended, _ = get(world, "daily_consumption", REVOKED, *DAYS, "--format", "json")
        assert ended.code == 1 and ended.out == "" and "ADAM-DC-0008" in ended.err, ended


def test_what_a_usage_point_does_not_have_is_no_failure():
    with World() as world:
        ended, _ = get(world, "daily_production", CLIENT_0, *DAYS)
        assert ended.code == 0 and ended.out == "" and "nothing is stored of these days: " in ended.err, ended


def test_what_is_known_is_printed_where_the_rest_cannot_be_fetched():
    with World() as world:
        get(world, "daily_consumption", CLIENT_0, *DAYS)
        ended = world.run("get", "daily_consumption", "--prm", CLIENT_0, "--start", "2026-10-01", "--end", "2026-11-11",
                          "--format", "csv", CLIENT_SECRET="wrong")
        states = [line.rsplit(",", 1)[1] for line in ended.out.splitlines()[1:]]
        assert states == ["missing"] * 31 + ["complete"] * 10
        assert ended.code == 3 and "refuses the credentials" in ended.err, ended


@pytest.mark.slow
def test_one_that_is_interrupted_prints_no_part_of_an_answer():
    with World() as world:
        get(world, "daily_consumption", CLIENT_0, *DAYS)
        world.sandbox.control(point_faults={CLIENT_0: {"timeout": 1}})
        running = world.start("get", "daily_consumption", "--prm", CLIENT_0, "--start", "2026-10-01")
        world.wait_for(running, "in_flight_max", 1)
        running.wait_until(lambda: world.sandbox.stats()["requests"] == 3 + 1)
        running.signal(signal.SIGINT)
        ended = running.end()
        assert ended.code == 130 and ended.out == "" and "the same command goes on from there" in ended.err, ended


@pytest.mark.parametrize("words, says", [
    ((), "give --prm PRM or --prms FILE"),
    (("dayly", "--prm", CLIENT_0), 'KIND "dayly": unknown (did you mean daily?)'),
    (("daily_consumption",), "give --prm PRM or --prms FILE"),
    (("all", "--prm", CLIENT_0, "--format", "csv"), "different columns"),
    (("identity", "--prm", CLIENT_0, "--format", "csv"), "a document is no table"),
    (("daily_consumption", "--prm", CLIENT_0, "--format", "xml"), "say pretty, json or csv"),
])
def test_a_wrong_command_line_ends_with_2_and_one_line(words, says):
    with World() as world:
        ended = world.run("get", *words)
        assert ended.code == 2 and ended.out == "" and ended.err.count("\n") == 1 and says in ended.err, ended


def test_yesterday_is_a_day():
    with World() as world:
        ended, _ = get(world, "consumption_load_curve", CLIENT_0, "--start", "yesterday", "--format", "json")
        day, = (json.loads(line) for line in ended.out.splitlines())
        assert day["date"] == "2026-11-18" and day["state"] == "complete"
        for words in (("--start", "yesterday", "--end", "yesterday"), ("--start", "yesterday", "--end", "today"), ("--start", "2026-11-18")):
            assert world.run("show", "consumption_load_curve", "--prm", CLIENT_0, *words, "--format", "json").out == ended.out
        ended = world.run("get", "daily_consumption", "--prm", CLIENT_0, "--start", "tomorrow")
        assert ended.code == 2 and "yesterday or today" in ended.err
