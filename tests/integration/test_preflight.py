"""Before the first jobs begin, 2026 is asked who has which kinds, for up to 1000 usage points at once: what is not there costs no
request of the measures' quota, and is believed absent for a day (docs/design.md, Preflight)."""
import json

import pytest

from jobs import prm_of
from world import TODAY, World

SERVICES, MEASURING = "subscribed_services", "mesure_synchrone_auto"
DAY = ("--start", "2026-11-01", "--end", "2026-11-02")
CONSUMED = {"daily_consumption", "consumption_load_curve", "daily_consumption_max_power"}
PRODUCED = {"daily_production", "production_load_curve"}
REVOKED, PRODUCER = "26584978546985", "24880057139941"


def arrivals(world, api):
    return world.sandbox.stats()["by_api"].get(api, {"requests": 0})["requests"]


def words(world, points, kinds="all", days=DAY):
    prms = world.write("prms", "".join(f"{prm}\n" for prm in points))
    return ("--prms", prms, "--kind", kinds, *days)


def backfill(world, points, *more, code=0, **settings):
    """{(prm, kind): result}"""
    ended = world.run("backfill", *words(world, points), "--json", *more, **settings)
    assert ended.code == code, ended
    results = [json.loads(line) for line in ended.out.splitlines()]
    return {(result["prm"], result["kind"]): result for result in results if "kind" in result}


def ordinary(count):
    return [prm_of(number) for number in range(count)]


@pytest.mark.slow
def test_a_thousand_usage_points_are_asked_about_with_one_request_and_what_is_not_there_costs_none():
    points = ordinary(1000)
    with World("--population", "1000") as world:
        results = backfill(world, points)
        assert arrivals(world, SERVICES) == 1 and arrivals(world, MEASURING) == 3 * 1000
        assert world.sandbox.stats()["errors"] == {}
        states = {kind: {results[prm, kind]["state"] for prm in points} for kind in CONSUMED | PRODUCED}
        assert states == {**dict.fromkeys(CONSUMED, {"done"}), **dict.fromkeys(PRODUCED, {"not_applicable"})}
        assert {results[prm, kind]["error"].split(":")[0] for prm in points for kind in PRODUCED} == {"no-service"}
        ended, requests = world.requests_of("backfill", *words(world, points))
        assert ended.code == 0 and requests == 0, ended


def test_what_is_told_holds_from_the_first_job_on():
    """Redis knows the scripts that jobs begin with already, and not that which keeps what was told."""
    points = ordinary(12)
    with World("--population", "12") as world:
        assert world.run("plan", *words(world, points)).code == 0
        backfill(world, points)
        assert arrivals(world, MEASURING) == 3 * 12


def test_more_than_a_thousand_take_one_request_a_thousand():
    with World("--population", "1500") as world:
        assert world.run("backfill", *words(world, ordinary(1500), "daily_production")).code == 0
        assert (arrivals(world, SERVICES), arrivals(world, MEASURING)) == (2, 0)


@pytest.mark.parametrize("page", [1, 7, 44, 45])
def test_pages_are_read_to_the_end(page):
    with World("--population", "11") as world:
        world.sandbox.control(services_page=page)
        backfill(world, ordinary(11))
        services = 11 * 4  # three sorts of measures, and registers
        assert arrivals(world, SERVICES) == -(-services // page)
        assert arrivals(world, MEASURING) == 3 * 11


def test_it_is_believed_for_a_day_and_what_was_there_is_not_asked_about_again():
    points = ordinary(12)
    with World("--population", "12") as world:
        backfill(world, points)
        for today, asked in (("2026-11-20", 1), ("2026-11-20", 1), ("2026-11-21", 2)):
            world.sandbox.control(today=today)
            before = arrivals(world, MEASURING)
            results = backfill(world, points, RELEVE_TODAY=today)
            assert arrivals(world, SERVICES) == 1 + asked and arrivals(world, MEASURING) == before
            assert {results[prm, kind]["state"] for prm in points for kind in PRODUCED} == {"not_applicable"}
        world.sandbox.control(today="2026-11-25")
        world.run("backfill", *words(world, points, "daily_consumption,consumption_load_curve"), RELEVE_TODAY="2026-11-25")
        assert arrivals(world, SERVICES) == 3


def test_who_has_everything_asks_for_nothing_and_needs_no_upstream():
    points = ordinary(12)
    with World("--population", "12") as world:
        assert world.run("backfill", *words(world, points, "daily_consumption")).code == 0
        for prm in points:  # as an earlier release left it
            world.redis.command("DEL", f"releve:point:{{{prm}}}")
        ended, requests = world.requests_of("backfill", *words(world, points, "daily_consumption"))
        assert ended.code == 0 and requests == 0, ended


@pytest.mark.slow
def test_where_upstream_is_gone_who_has_nothing_to_ask_ends_well():
    points = ordinary(12)
    with World("--population", "12") as world:
        backfill(world, points)
        world.settings["RELEVE_TODAY"] = "2026-11-25"  # what was told is asked again, and cannot be
        world.settings["RELEVE_UPSTREAM"] = "http://127.0.0.1:1"
        ended = world.run("backfill", *words(world, points, "daily_consumption,production_load_curve"), "--adopt")
        assert ended.code == 1 and "cannot be reached" in ended.err, ended  # production has to be asked, and cannot
        ended = world.run("backfill", *words(world, points, "daily_consumption"))
        assert ended.code == 0, ended


def test_few_usage_points_and_a_refresh_do_without():
    with World("--population", "12") as world:
        backfill(world, ordinary(9))
        assert arrivals(world, SERVICES) == 0
        results = backfill(world, ordinary(12), "--refresh")
        assert arrivals(world, SERVICES) == 0
        assert results[prm_of(11), "daily_production"]["error"].startswith("ADAM-ERR0069")


def test_where_it_is_not_subscribed_each_is_asked_and_nothing_is_asked_twice():
    points = ordinary(12)
    with World("--population", "12", "--unsubscribed", SERVICES) as world:
        results = backfill(world, points)
        assert arrivals(world, SERVICES) == 1 and arrivals(world, MEASURING) == 5 * 12
        assert {results[prm, kind]["error"].split(":")[0] for prm in points for kind in PRODUCED} == {"ADAM-ERR0069"}
        assert world.requests_of("backfill", *words(world, points))[1] == 0


def test_of_whom_nothing_is_told_nothing_is_concluded():
    """Revoked, and unknown: measures say so themselves."""
    points = [*ordinary(10), REVOKED, "30000000000099"]
    with World("--population", "10") as world:
        results = backfill(world, points, code=1)
        assert results[REVOKED, "daily_consumption"]["failures"][0]["code"] == "ADAM-DC-0008"
        assert results["30000000000099", "daily_consumption"]["failures"][0]["code"] == "STM-ERR-0000019"


def test_what_has_come_before_is_asked_whatever_is_subscribed():
    points = [*ordinary(11), PRODUCER]
    with World("--population", "11") as world:
        backfill(world, points)
        assert backfill(world, points)[PRODUCER, "daily_production"]["state"] == "done"
        world.sandbox.control(activation={PRODUCER: {"production": "never"}}, today="2026-11-21")
        days = ("--start", "2026-11-01", "--end", "2026-11-10")
        ended = world.run("backfill", *words(world, points, "daily_production", days), "--json", RELEVE_TODAY="2026-11-21")
        result = next(one for one in map(json.loads, ended.out.splitlines()) if one.get("prm") == PRODUCER)
        assert result["requests"] > 0 and result["state"] != "not_applicable", result


def test_plan_counts_no_request_for_what_is_not_there():
    points = ordinary(12)
    with World("--population", "12") as world:
        backfill(world, points)
        later = ("--start", "2026-11-01", "--end", "2026-11-04")
        planned = json.loads(world.run("plan", *words(world, points, "all", later), "--json").out)
        before = arrivals(world, MEASURING)
        assert world.run("backfill", *words(world, points, "all", later)).code == 0
        assert planned["requests"] == arrivals(world, MEASURING) - before == 3 * 12


@pytest.mark.parametrize("command", ["plan", "enqueue"])
def test_plan_and_enqueue_ask_where_they_are_told_to(command):
    points = ordinary(12)
    with World("--population", "12") as world:
        ended, requests = world.requests_of(command, *words(world, points))
        assert ended.code == 0 and requests == 0, ended
        ended, requests = world.requests_of(command, *words(world, points), "--preflight", "--json")
        assert ended.code == 0 and requests == 2 and arrivals(world, SERVICES) == 1, ended  # the token, and it
        if command == "plan":
            assert json.loads(ended.out)["requests"] == 3 * 12
        else:
            ended = world.run("worker", "--drain")
            assert ended.code == 0 and arrivals(world, MEASURING) == 3 * 12, ended


@pytest.mark.parametrize("command", ["plan", "enqueue"])
def test_who_says_so_is_heard_for_one_usage_point_and_with_a_redis_of_ones_own(command, tmp_path):
    with World("--population", "1") as world:
        selection = ("--prm", prm_of(0), "--kind", "all", *DAY)
        ended, requests = world.requests_of(command, *selection, "--preflight", RELEVE_REDIS=f"embedded:{tmp_path}")
        assert ended.code == 0 and requests == 2 and arrivals(world, SERVICES) == 1, ended
        planned = json.loads(world.run("plan", *selection, "--json", RELEVE_REDIS=f"embedded:{tmp_path}").out)
        assert planned["requests"] == 3


@pytest.mark.parametrize("api", ["v5", "conso"])
def test_an_interface_that_has_none_is_said(api):
    with World(api=api) as world:
        ended = world.run("plan", "--prm", REVOKED, "--preflight", CONSO_TOKEN="a.b.c")
        assert (ended.code, ended.out) == (2, "") and "--preflight" in ended.err, ended


@pytest.mark.parametrize("command", ["plan", "enqueue"])
def test_a_preflight_needs_what_every_request_needs(command):
    with World("--population", "12") as world:
        ended = world.run(command, *words(world, ordinary(12)), "--preflight", CLIENT_SECRET="wrong")
        assert ended.code == 3 and world.redis.keys("{releve}:jobs*") == set(), ended
        ended = world.run(command, *words(world, ordinary(12)), "--preflight", CLIENT_SECRET=None)
        assert ended.code == 2 and "CLIENT_SECRET" in ended.err, ended


def test_a_curve_that_is_not_recorded_costs_no_request():
    client, curve = "32320647321714", "consumption_load_curve"
    with World("--population", "11") as world:
        world.sandbox.control(watch=[client])
        result = backfill(world, [*ordinary(11), client])[client, curve]
        assert (result["state"], result["requests"]) == ("not_applicable", 0), result
        assert curve not in world.sandbox.stats()["requests_of"][client]
        assert backfill(world, [client], "--refresh")[client, curve]["state"] == "done"  # holes


def test_v5_has_no_such_request():
    with World("--population", "12", api="v5") as world:
        backfill(world, ordinary(12))
        assert world.sandbox.stats()["by_path"].get("/subscribed_services/v1", 0) == 0


def test_the_table_counts_it_and_the_fact_has_its_moment():
    with World("--population", "12") as world:
        ended = world.run("backfill", *words(world, ordinary(12)))
        rows = {line.split()[0]: line.split()[-1] for line in ended.out.splitlines() if line.strip()}
        assert (rows["preflight"], rows["token"]) == ("1", "1"), ended
        kinds, at = world.redis.command("HMGET", f"releve:point:{{{prm_of(3)}}}", "point:services_kinds", "point:services_at")
        assert set(kinds.decode().split(",")) == CONSUMED | {"index_consumption"} and at.decode().startswith(TODAY[:8])
        known = json.loads(world.run("points", "--prm", prm_of(3), "--json").out)["kinds"]
        assert {kind for kind in known if known[kind]["unserved"]} == PRODUCED | {"index_production"}
        fact = known["daily_production"]["unserved"]
        assert (fact["since"], fact["believed"], fact["code"]) == (at.decode(), True, "no-service"), fact
        assert "no-service" in world.run("points", "--prm", prm_of(3)).out
