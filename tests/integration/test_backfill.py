"""releve backfill and plan against the simulator and a real Redis: what is interrupted, broken or late in between, the
end is right, nothing is asked twice, and the quota holds."""
import datetime
import json
import os
import re
import signal
import socket

import oracle
import pytest
import terminal
from sandbox import MEASURES, Sandbox
from server import prm_of_key, wait_for_end
from world import TODAY, World, is_sanitized

CLIENT_0, CLIENT_1, HOLES, RECENT, BOTH = ("22516914714270", "11453290002823", "42900589957123", "22315546958763",
                                           "12655648759651")
CURVE = "consumption_load_curve"
CURVE_REQUESTS, CURVE_DAYS = 107, 745
SOME_DAYS = ("--start", "2026-10-01", "--end", "2026-11-01")  # with the day of 25 hours
APIS = ["2026", "v5"]
ALL_CURVE = ("backfill", "--prm", CLIENT_0, "--kind", CURVE)
IN_FLIGHT = 16  # what --concurrency is without a flag


@pytest.fixture(scope="module")
def truth():
    """What upstream says, for the oracle: a simulator with neither quota nor faults."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "20") as sandbox:
        upstreams = {api: oracle.Upstream(sandbox, api) for api in APIS}

        def days(prm, kind, api="2026", first=None, end=None):
            return oracle.expected_days(upstreams[api], kind, prm, TODAY, first, end)
        yield days
        for upstream in upstreams.values():
            upstream.close()


def plan(world, *selection, **settings):
    ended = world.run("plan", *selection, "--json", **settings)
    assert ended.code == 0, ended
    return json.loads(ended.out)


def states(world, prm, kind):
    return {key[-10:]: json.loads(value)["state"] for key, value in world.redis.days(prm, kind).items()}


def check_audit(world):
    stats = world.sandbox.stats()
    assert stats["violations"] == 0 and stats["days_served_twice"] == 0, stats
    return stats


# --- interrupted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", APIS)
def test_an_interrupted_backfill_keeps_what_it_has_and_goes_on_from_there(truth, api):
    with World("--latency", "40:20", quota="200/1s", api=api) as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 30)
        ended = world.interrupt(running)
        assert ended.code == 130 and "interrupted by SIGINT" in ended.err, ended
        middle = check_audit(world)
        kept = world.redis.days(CLIENT_0, CURVE)
        assert len(kept) == middle["days_served"] and 0 < len(kept) < CURVE_DAYS
        left = plan(world, *ALL_CURVE[1:])
        assert left["days_known"] == len(kept) and left["days"] == CURVE_DAYS - len(kept)
        ended, requests = world.requests_of(*ALL_CURVE)
        assert ended.code == 0 and requests == left["requests"] + 1, ended  # and one token
        check_audit(world)
        stored = world.redis.days(CLIENT_0, CURVE)
        assert kept.items() <= stored.items()
        oracle.check(stored, truth(CLIENT_0, CURVE, api), CLIENT_0, CURVE, api, TODAY)


def test_a_second_signal_ends_it_at_once():
    with World(quota="200/1s") as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 5)
        world.sandbox.control(latency="60000")  # from here on, no answer comes in time
        world.wait_for(running, "in_flight_max", IN_FLIGHT // 2)
        running.signal(signal.SIGTERM)
        running.wait_until(lambda: "once more" in running.so_far())
        running.signal(signal.SIGTERM)
        ended = running.end(timeout_s=8)  # less than what is in flight would be given
        assert ended.code == 130 and "interrupted by SIGTERM" in ended.err, ended


@pytest.mark.slow
def test_a_killed_backfill_loses_at_most_what_was_in_flight(truth):
    with World("--latency", "40:20", quota="200/1s") as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 30)
        running.signal(signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
        kept = world.redis.days(CLIENT_0, CURVE)
        assert 0 < len(kept) < CURVE_DAYS
        ended = world.run(*ALL_CURVE)
        assert ended.code == 0, ended
        oracle.check(world.redis.days(CLIENT_0, CURVE), truth(CLIENT_0, CURVE), CLIENT_0, CURVE, "2026", TODAY)
        stats = world.sandbox.stats()
        assert stats["violations"] == 0
        assert stats["requests"] <= CURVE_REQUESTS + 2 + IN_FLIGHT
        assert stats["days_served_twice"] <= 7 * IN_FLIGHT


def test_redis_may_crash_and_come_back_in_mid_run(truth):
    with World("--latency", "40:20", quota="200/1s") as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 30)
        world.redis.kill()
        running.wait_until(lambda: "releve: Redis:" in running.so_far())
        world.redis.start()
        ended = running.end()
        assert ended.code == 0, ended
        if not world.redis.url.startswith("redis+cluster:"):  # which is back when it has been so for a second
            assert "Redis is back" in ended.err, ended
        check_audit(world)
        oracle.check(world.redis.days(CLIENT_0, CURVE), truth(CLIENT_0, CURVE), CLIENT_0, CURVE, "2026", TODAY)
        assert world.redis.command("XLEN", "{releve}:results") == 1


# --- faults --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("api", APIS)
def test_faults_leave_exactly_the_right_bytes(truth, api):
    rates = {"error500": 0.05, "error502html": 0.015, "reset": 0.015, "truncate": 0.015, "wrongprm": 0.015,
             "garbage": 0.015}
    flags = [word for name, rate in rates.items() for word in ("--fault", f"{name}={rate}")]
    prms = [CLIENT_0, CLIENT_1, HOLES, BOTH, "64975835695673", "63695879465986", "30000000000007", "30000000000008"]
    selection = [word for prm in prms for word in ("--prm", prm)]
    with World("--population", "20", "--seed", "1", *flags, quota="20/1s,1000/1h", api=api) as world:
        ended = world.run("backfill", *selection, "--kind", "all", *SOME_DAYS)
        assert ended.code == 0, ended
        stats = check_audit(world)
        assert sum(count for name, count in stats["errors"].items() if name not in ("400", "404")) >= 3, stats
        for prm in prms:
            for kind in MEASURES:
                oracle.check(world.redis.days(prm, kind), truth(prm, kind, api, "2026-10-01", "2026-11-01"), prm, kind,
                             api, TODAY)


@pytest.mark.parametrize("form", ["throttle200", *(pytest.param(form, marks=pytest.mark.slow)
                                                   for form in ("wso2", "q4", "sla", "retry_after"))])
def test_a_throttled_backfill_waits_and_loses_nothing(truth, form):
    # Of the form that names no time the windows of the quota do the waiting.
    error = "throttle200" if form == "throttle200" else "429"
    with World("--latency", "20", quota="100/500ms") as world:
        running = world.start("backfill", "--prm", CLIENT_0, "--kind", CURVE, "--start", "2025-11-01")
        world.wait_for(running, "ok", 20)

        def is_told():
            told = world.sandbox.stats()["errors"].get(error, 0) > 0
            if not told:  # on a busy machine nothing may have come meanwhile: closed once more
                world.sandbox.control(close={"ms": 300, "form": form})
            return told
        running.wait_until(is_told)
        ended = running.end()
        assert ended.code == 0 and "quota is used up" in ended.err, ended
        stats = check_audit(world)
        assert stats["errors"][error] <= 2 * IN_FLIGHT  # it may have been closed once more as the first was told
        oracle.check(world.redis.days(CLIENT_0, CURVE), truth(CLIENT_0, CURVE, first="2025-11-01"), CLIENT_0, CURVE,
                     "2026", TODAY)


@pytest.mark.slow
def test_one_broken_meter_stops_no_other_and_is_listed():
    broken = CLIENT_1
    with World(quota="100/1s") as world:
        world.sandbox.control(point_faults={broken: {"error500": 1}})
        running = world.start("backfill", "--prm", broken, "--prm", CLIENT_0, "--prm", BOTH, "--kind",
                              "daily_consumption", "--json", *SOME_DAYS)
        running.wait_until(lambda: len(world.redis.keys("releve:day:*")) == 62)  # the others, while it is still tried
        assert not running.has_ended(0)
        ended = running.end()
        assert ended.code == 1
        assert f"{broken} daily_consumption: 2026-10-01 to 2026-11-01 (excluded) failed" in ended.err, ended
        results = {result["prm"]: result for result in map(json.loads, ended.out.splitlines())}
        assert {prm: result["state"] for prm, result in results.items()} == {CLIENT_0: "done", BOTH: "done",
                                                                              broken: "failed"}
        failure, = results[broken]["failures"]
        assert (failure["start"], failure["end"], failure["code"]) == ("2026-10-01", "2026-11-01", "technical_error")
        assert 1 < results[broken]["requests"] <= 8 and results[broken]["failed"] == 31
        assert world.redis.days(broken) == {}
        check_audit(world)
        # And it is only for now: without the fault the same command fetches what is missing.
        world.sandbox.control(point_faults={broken: {}})
        ended, requests = world.requests_of("backfill", "--prm", broken, "--prm", CLIENT_0, "--kind",
                                            "daily_consumption", *SOME_DAYS)
        assert (ended.code, requests) == (0, 2) and len(world.redis.days(broken)) == 31


def test_tokens_that_expire_in_mid_run_are_renewed_once_for_all():
    with World("--latency", "40:20", quota="200/1s") as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 30)
        world.sandbox.control(expire_tokens=True)
        ended = running.end()
        assert ended.code == 0, ended
        stats = check_audit(world)
        assert stats["tokens"] == 2 and stats["by_path"]["/oauth2/v3/token"] == 2
        assert 1 <= stats["errors"]["401"] <= IN_FLIGHT
        assert stats["requests"] == CURVE_REQUESTS + 2 + 1 + stats["errors"]["401"]
        assert list(states(world, CLIENT_0, CURVE).values()) == ["complete"] * CURVE_DAYS


@pytest.mark.parametrize("api, code", [("2026", "ADAM_DC_0008"), pytest.param("v5", "ADAM-DC-0008", marks=pytest.mark.slow)])
def test_a_consent_that_is_revoked_in_mid_run_stops_that_usage_point_alone(api, code):
    selection = ("--prm", CLIENT_0, "--prm", CLIENT_1, "--kind", CURVE)
    with World("--latency", "40:20", quota="200/1s", api=api) as world:
        running = world.start("backfill", *selection)
        world.wait_for(running, "ok", 40)
        world.sandbox.control(revoke=[CLIENT_0])
        ended = running.end()
        assert ended.code == 1 and f"{CLIENT_0}: consumption is refused (" in ended.err, ended
        assert code.replace("_", "-") in ended.err.replace("_", "-")
        stats = check_audit(world)
        assert 1 <= stats["errors"]["403"] <= IN_FLIGHT
        kept = states(world, CLIENT_0, CURVE)
        assert 0 < len(kept) < CURVE_DAYS and set(kept.values()) == {"complete"}
        assert len(states(world, CLIENT_1, CURVE)) == CURVE_DAYS
        # It is remembered for a day, and costs nothing more; --refresh asks at once.
        ended, requests = world.requests_of("backfill", *selection)
        assert (ended.code, requests) == (1, 0)
        world.sandbox.control(grant=[CLIENT_0])
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", CURVE, "--refresh")
        assert ended.code == 0 and len(states(world, CLIENT_0, CURVE)) == CURVE_DAYS, ended


# --- thrift --------------------------------------------------------------------------------------------


@pytest.mark.hour
@pytest.mark.parametrize("kind", ["daily_consumption", CURVE])
def test_late_days_are_pending_and_fetched_when_their_time_has_come(kind):
    selection = ("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", "2026-11-10")
    with World() as world:
        world.sandbox.control(late_days=2)
        ended, _ = world.requests_of(*selection)
        first = states(world, CLIENT_0, kind)
        assert ended.code == 0
        assert [first.pop("2026-11-17"), first.pop("2026-11-18")] == ["pending", "pending"]
        assert len(first) == 7 and set(first.values()) == {"complete"}
        world.sandbox.control(late_days=0)
        ended, requests = world.requests_of(*selection)
        assert (ended.code, requests) == (0, 0)  # not before recheck_after
        world.sandbox.control(today="2026-11-21")
        ended, requests = world.requests_of(*selection, RELEVE_TODAY="2026-11-21")
        assert (ended.code, requests) == (0, 2), ended
        then = states(world, CLIENT_0, kind)
        assert len(then) == 11 and set(then.values()) == {"complete"}
        check_audit(world)


def on(world, today, *selection):
    """Runs it on that day, at the simulator too; returns how many requests it took, the token's not counted."""
    world.sandbox.control(today=today)
    ended, requests = world.requests_of(*selection, RELEVE_TODAY=today)
    assert ended.code == 0, ended
    return requests - 1 if requests else 0


@pytest.mark.hour
def test_what_never_came_becomes_a_hole_when_it_is_older_than_fifteen_days():
    selection = ("backfill", "--prm", HOLES, "--kind", "daily_consumption", "--start", "2026-11-16")
    closed = ["2026-11-17", "2026-11-18", "2026-11-24", "2026-11-25", "2026-12-01", "2026-12-02"]
    with World() as world:
        assert world.run(*selection).code == 0
        assert states(world, HOLES, "daily_consumption") == {"2026-11-16": "complete", "2026-11-17": "pending",
                                                             "2026-11-18": "pending"}
        # Each day's request takes along what may have changed: none of them costs a request of its own.
        assert on(world, "2026-11-21", *selection) == 1
        assert states(world, HOLES, "daily_consumption")["2026-11-18"] == "pending"
        assert on(world, "2026-12-03", *selection) == 1
        assert [states(world, HOLES, "daily_consumption")[day] for day in closed] == ["hole"] + ["pending"] * 5
        assert on(world, "2026-12-05", *selection) == 1
        assert [states(world, HOLES, "daily_consumption")[day] for day in closed] == ["hole"] * 2 + ["pending"] * 4
        assert on(world, "2026-12-05", *selection) == 0


@pytest.mark.hour
@pytest.mark.parametrize("kind", ["daily_consumption", CURVE])
def test_a_day_that_appears_late_is_found_and_costs_no_request_of_its_own(kind):
    selection = ("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", "2026-11-13")
    with World() as world:
        world.sandbox.control(late_days=5)
        assert world.run(*selection).code == 0
        assert states(world, CLIENT_0, kind) == {"2026-11-13": "complete"} | {
            f"2026-11-{day}": "pending" for day in range(14, 19)}
        world.sandbox.control(late_days=1)
        assert on(world, "2026-11-20", *selection) == 1
        assert [day for day, state in states(world, CLIENT_0, kind).items() if state == "pending"] == ["2026-11-19"]
        check_audit(world)


@pytest.mark.parametrize("api, days", [("2026", ["2026-11-05"]), ("v5", ["2026-11-04", "2026-11-05"])])
@pytest.mark.parametrize("kind", ["daily_consumption", CURVE])
def test_one_day_is_one_request_and_v5_brings_the_day_before_along(truth, api, days, kind):
    with World(api=api) as world:
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", "2026-11-05",
                                            "--end", "2026-11-05")
        assert (ended.code, requests) == (0, 2), ended
        expected = truth(CLIENT_0, kind, api, days[0], "2026-11-06")
        oracle.check(world.redis.days(), expected, CLIENT_0, kind, api, TODAY)
        assert world.requests_of("backfill", "--prm", CLIENT_0, "--kind", kind, "--start", days[0], "--end",
                                 "2026-11-06")[1] == 0


@pytest.mark.parametrize("first, days, requests", [("2026-11-01", 8, 2), ("2026-10-25", 15, 3), ("2026-11-02", 7, 1)])
def test_v5_asks_no_day_twice_where_one_would_be_left_alone(first, days, requests):
    selection = ("--prm", CLIENT_0, "--kind", CURVE, "--start", first, "--end", "2026-11-09")
    with World(api="v5") as world:
        assert plan(world, *selection)["requests"] == requests
        ended, sent = world.requests_of("backfill", *selection)
        assert (ended.code, sent) == (0, requests + 1)
        assert check_audit(world)["days_served"] == days == len(world.redis.days())


@pytest.mark.hour
def test_unless_another_day_is_pretended_the_last_one_is_yesterday_in_paris():
    with World(today=None) as world:
        yesterday = oracle.paris_today() - oracle.DAY
        start = str(yesterday - oracle.DAY)
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", "--start", start)
        assert ended.code == 0, ended
        assert f"releve:day:{{{CLIENT_0}}}:daily_consumption:{yesterday}" in world.redis.days()


@pytest.mark.hour
@pytest.mark.parametrize("api", APIS)
def test_plan_says_how_many_requests_backfill_will_send(api):
    kinds = ("--kind", f"daily_consumption,{CURVE},daily_consumption_max_power")
    selection = ("--prm", CLIENT_0, "--prm", HOLES, *kinds)
    with World(api=api) as world:
        forecast = plan(world, *selection)
        assert world.sandbox.stats()["requests"] == 0 and world.redis.days() == {}
        assert forecast["usage_points"] == 2 and forecast["jobs"] == 6
        assert forecast["requests"] == 2 * (CURVE_REQUESTS + 4 + 4) and forecast["days"] == 2 * (CURVE_DAYS + 2 * 1111)
        ended, requests = world.requests_of("backfill", *selection)
        assert forecast["activation_requests"] == (2 if api == "2026" else 0)
        assert ended.code == 0 and requests == forecast["requests"] + forecast["activation_requests"] + 1
        again = plan(world, *selection)
        assert (again["requests"], again["days"], again["days_known"]) == (0, 0, forecast["days"])
        assert world.requests_of("backfill", *selection)[1] == 0
        check_audit(world)


@pytest.mark.hour
@pytest.mark.parametrize("api", APIS)
def test_an_activation_that_was_learned_makes_the_plan_exact(api):
    selection = ("--prm", RECENT, "--kind", CURVE)
    with World(api=api) as world:
        assert world.run("backfill", *selection).code == 0
        check_audit(world)
        world.redis.command("DEL", *world.redis.keys("releve:day:*"))
        forecast = plan(world, *selection)
        assert (forecast["requests"], forecast["days"]) == (75, 520)  # from 2025-06-17 on
        ended, requests = world.requests_of("backfill", *selection)
        assert ended.code == 0 and requests == 75 + 1
        assert min(states(world, RECENT, CURVE)) == "2025-06-17" and len(states(world, RECENT, CURVE)) == 520


@pytest.mark.hour
def test_plan_says_the_time_that_the_quota_imposes():
    with World() as world:
        selection = ("--prm", CLIENT_0, "--kind", CURVE)
        assert plan(world, *selection, RELEVE_QUOTA="10/1s")["seconds"] == pytest.approx(10, abs=1)  # 107 requests
        assert plan(world, *selection, RELEVE_QUOTA="100/1s,50/1h")["seconds"] == pytest.approx(2 * 3600, abs=10)
        assert "2 h 00 min" in world.run("plan", *selection, RELEVE_QUOTA="100/1s,50/1h").out


@pytest.mark.parametrize("api", ["2026", "v5"])
def test_plan_remarks_on_what_is_open_and_fits_80_columns(api):
    with World(quota="100/1s", api=api) as world:
        remarks = ("The least is for", "first day", "Documents may")

        def remarked(*words):
            code, out = terminal.run(world, "plan", "--prm", CLIENT_0, *words)
            assert code == 0 and max(map(len, out.splitlines())) <= 80, out
            return [remark in " ".join(out.split()) for remark in remarks]
        assert remarked("--kind", "all") == [True, True, False]
        assert remarked("--kind", "contracts") == [False, False, True]
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption").code == 0
        world.redis.command("DEL", f"releve:day:{{{CLIENT_0}}}:daily_consumption:2026-10-01")
        assert remarked("--kind", "daily_consumption") == [False, False, False]


def test_plan_tells_what_is_refused_from_what_is_known():
    with World() as world:
        selection = ("--prm", BOTH, "--prm", CLIENT_0, *SOME_DAYS)
        ten_days = ("--start", "2026-10-01", "--end", "2026-10-11")
        assert world.run("backfill", "--prm", BOTH, "--kind", CURVE, *ten_days).code == 0
        world.sandbox.control(refuse={BOTH: {"consumption": "ADAM-DC-0007"}, CLIENT_0: "no_such_point"})
        assert world.run("backfill", *selection).code == 1
        forecast = plan(world, *selection)
        assert {name: forecast[name] for name in ("requests", "days", "days_known", "days_refused")} == {
            "requests": 0, "days": 0, "days_known": 10 + 2 * 31, "days_refused": 21 + 2 * 31 + 5 * 31}, forecast
        assert forecast["kinds"][CURVE] == {"jobs": 2, "requests": 0, "requests_least": 0, "days": 0, "days_known": 10,
                                            "days_refused": 21 + 31, "days_not_applicable": 0, "bytes": 0, "bytes_there": 10 * 589}
        since = {prm: world.redis.hash(f"releve:point:{{{prm}}}")[f"{fact}_at"]
                 for prm, fact in ((BOTH, "consumption:refused"), (CLIENT_0, "point:unknown"))}
        assert forecast["refused_count"] == 2 and [
            (one["prm"], one["direction"], one["code"], one["since"]) for one in forecast["refused"]] == [
            (BOTH, "consumption", "ADAM-DC-0007", since[BOTH]), (CLIENT_0, None, "404", since[CLIENT_0])]
        text = world.run("plan", *selection).out
        assert [line.split()[1:] for line in text.splitlines() if line.startswith("all ")] == [
            ["10", "72", str(forecast["days_refused"] + forecast["days_not_applicable"]), "0", "0"]], text
        assert (forecast["days_not_applicable"] > 0) == ("of kinds that a usage point does not have)" in text), text
        said = [line for line in text.splitlines() if " is refused (" in line]
        assert [line.partition(" (")[0] for line in said] == [f"{BOTH}: consumption is refused",
                                                              f"{CLIENT_0}: the usage point is refused"], text
        assert said[0].endswith(memory(world, BOTH, "consumption:refused", 1)), text


def test_plan_names_some_of_many_that_are_refused_and_counts_all():
    with World("--population", "30") as world:
        selection = [word for i in range(30) for word in ("--prm", str(30000000000000 + i))]
        world.sandbox.control(revoke=selection[1::2])
        assert world.run("backfill", *selection, "--kind", "daily_consumption", *SOME_DAYS).code == 1
        forecast = plan(world, *selection, *SOME_DAYS)
        assert forecast["refused_count"] == 30 and len(forecast["refused"]) == 24
        text = world.run("plan", *selection, *SOME_DAYS).out
        assert text.count(" is refused (") == 24 and "and 6 more" in text, text


@pytest.mark.hour
def test_refresh_asks_again():
    selection = ("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", *SOME_DAYS)
    with World() as world:
        assert world.requests_of(*selection)[1] == 2
        assert world.requests_of(*selection)[1] == 0
        before = world.redis.days()
        ended, requests = world.requests_of(*selection, "--refresh", RELEVE_TODAY="2026-11-18")
        assert (ended.code, requests) == (0, 2)
        assert world.sandbox.stats()["days_served_twice"] == 31
        after = world.redis.days()
        assert {str(oracle.paris_day_of(json.loads(value)["fetched_at"])) for value in after.values()} == {"2026-11-18"}
        assert {key: value.rpartition(b",")[0] for key, value in after.items()} == {
            key: value.rpartition(b",")[0] for key, value in before.items()}  # all but the moment


def test_two_backfills_of_the_same_days_at_once_share_the_quota():
    selection = ("backfill", "--prm", CLIENT_0, "--kind", CURVE, "--start", "2026-05-01")
    with World("--latency", "20:20", quota="50/1s") as world:
        both = [world.start(*selection) for _ in range(2)]
        assert [running.end().code for running in both] == [0, 0]
        stats = world.sandbox.stats()
        assert stats["violations"] == 0 and stats["days_served"] == 202
        assert set(states(world, CLIENT_0, CURVE).values()) == {"complete"}
        assert world.requests_of(*selection)[1] == 0


# --- what goes in and comes out --------------------------------------------------------------------------


@pytest.mark.hour
def test_json_lines_the_job_hash_and_the_result_stream_agree():
    with World() as world:
        ended = world.run("backfill", "--prm", HOLES, "--prm", RECENT, "--prm", "26584978546985", "--kind",
                          "daily_consumption,daily_production", "--json")
        assert ended.code == 1
        results = {result["id"]: result for result in map(json.loads, ended.out.splitlines())}
        assert len(results) == 6
        stream = [json.loads(fields[1]) for _, fields in world.redis.command("XRANGE", "{releve}:results", "-", "+")]
        assert len(stream) == 6 and {result["id"]: result for result in stream} == results
        for result in results.values():
            stored = world.redis.hash(f"{{releve}}:job:{result['id']}")
            wanted = {name: "" if value is None else str(value) for name, value in result.items()
                      if name not in ("id", "failures")}
            assert json.loads(stored.pop("result")) == result
            assert stored == wanted
            ttl = world.redis.command("TTL", f"{{releve}}:job:{result['id']}")
            assert 7 * 86400 - 60 < ttl <= 7 * 86400
        by_job = {(result["prm"], result["kind"]): result for result in results.values()}
        assert {job: result["state"] for job, result in by_job.items()} == {
            (HOLES, "daily_consumption"): "done", (HOLES, "daily_production"): "not_applicable",
            (RECENT, "daily_consumption"): "done", (RECENT, "daily_production"): "not_applicable",
            ("26584978546985", "daily_consumption"): "failed", ("26584978546985", "daily_production"): "failed"}
        holes = by_job[HOLES, "daily_consumption"]
        assert (holes["days"], holes["complete"], holes["holes"], holes["pending"]) == (1111, 793, 313, 5)
        assert holes["error"] is None and holes["failures"] == []
        recent = by_job[RECENT, "daily_consumption"]
        assert (recent["days"], recent["cut"]) == (520, 1111 - 520)
        failure, = by_job["26584978546985", "daily_consumption"]["failures"]
        assert (failure["start"], failure["end"]) == ("2023-11-04", TODAY)


def test_a_usage_point_that_is_given_twice_counts_once():
    with World() as world:
        path = world.write("points", f"{CLIENT_0}\n{CLIENT_1}\n{CLIENT_0}\n")
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--prms", path, "--kind",
                                            "daily_consumption,daily_consumption", *SOME_DAYS)
        assert (ended.code, requests) == (0, 3), ended
        assert "2 duplicates among the usage points" in ended.err
        assert world.redis.command("XLEN", "{releve}:results") == 2


@pytest.mark.parametrize("text", [
    f"{CLIENT_0}\n{CLIENT_1}",
    f"# ours\n\n{CLIENT_0} # the first\n  {CLIENT_1}  \n",
    f"prm,name\r\n{CLIENT_0},Zoé\r\n\r\n{CLIENT_1},\"a, b\"\r\n",
    f"\ufeffusage_point_id;town\r\n\"{CLIENT_0}\";Brest\r\n\"{CLIENT_1}\";Lyon\r\n",
    f"\ufeff{CLIENT_0}\n{CLIENT_1}\n",
    f"PRM\n{CLIENT_0}\t1\n{CLIENT_1}\t2\n"])
@pytest.mark.parametrize("by", ["name", "stdin"])
def test_files_of_usage_points_may_look_as_they_do_in_the_wild(text, by):
    with World() as world:
        path = world.write("points.csv", text)
        words = ("--prms", path) if by == "name" else ("--prms", "-")
        ended = world.run("backfill", *words, "--kind", "daily_consumption", "--start", "2026-11-01", "--end",
                          "2026-11-03", stdin=path)
        assert ended.code == 0, ended
        assert {prm_of_key(key) for key in world.redis.days()} == {CLIENT_0, CLIENT_1}


@pytest.mark.slow
@pytest.mark.parametrize("quota", ["20000/1s", "none"])
def test_thousands_of_usage_points_fit_into_little_memory(quota):
    count = 3000
    with World("--population", str(count), quota=quota) as world:
        path = world.write("points", "".join(f"{30000000000000 + i}\n" for i in range(count)))
        running = world.start("backfill", "--prms", "-", "--kind", "daily_consumption", "--start", "2026-11-05",
                              "--end", "2026-11-06", stdin=path)
        peak_kb = running.watch_memory()
        ended = running.end()
        assert ended.code == 0, ended
        stats = check_audit(world)
        assert stats["requests"] == count + 1 + 3 and stats["days_served"] == count == len(world.redis.days())
        assert world.redis.command("XLEN", "{releve}:results") == count
        if not is_sanitized():
            assert 0 < peak_kb < 40 * 1024


# --- which Redis -----------------------------------------------------------------------------------------


@pytest.mark.single("a port, a password and a database")
def test_a_redis_over_tcp_with_a_password_and_a_database():
    with World(password="a password: @/%") as world:
        url = f"redis://:a%20password%3A%20%40%2F%25@127.0.0.1:{world.redis.port}/2"
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", *SOME_DAYS, RELEVE_REDIS=url)
        assert ended.code == 0, ended
        assert len(world.redis.days(db=2)) == 31 and world.redis.keys("*") == set()


@pytest.mark.single("a Unix socket")
def test_a_redis_on_a_unix_socket_with_a_prefix_of_ones_own():
    with World() as world:
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", *SOME_DAYS,
                          RELEVE_REDIS=f"unix://{world.redis.socket}", RELEVE_PREFIX="our-own")
        assert ended.code == 0, ended
        assert len(world.redis.keys("our-own:day:*")) == 31
        assert all(key.startswith(("our-own:", "{our-own}:")) for key in world.redis.keys("*"))


def servers_in(directory):
    """The pids of processes named redis-server whose current directory that is."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                if file.read().startswith("redis-server") and os.readlink(f"/proc/{pid}/cwd") == directory:
                    found.append(int(pid))
        except OSError:  # it has ended, or is somebody else's
            pass
    return found


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.single("an embedded one")
def test_an_embedded_redis_serves_two_backfills_at_once_and_leaves_nothing_running():
    with World("--latency", "40", quota="100/1s") as world:
        directory = os.path.realpath(os.path.join(world.directory.name, "data"))
        embedded = {"RELEVE_REDIS": f"embedded:{directory}"}
        both = [world.start("backfill", "--prm", prm, "--kind", CURVE, "--start", "2025-11-19", **embedded)
                for prm in (CLIENT_0, CLIENT_1)]
        world.wait_for(both[0], "ok", 20)
        server, = servers_in(directory)
        watched = [os.pidfd_open(server), os.pidfd_open(parent_of(server))]
        assert [running.end().code for running in both] == [0, 0]
        check_audit(world)
        for pidfd in watched:
            assert wait_for_end(pidfd), "the server or its keeper is still there"
            os.close(pidfd)
        assert servers_in(directory) == []
        # What they wrote is there, for the next one that names the same directory.
        assert plan(world, "--prm", CLIENT_0, "--prm", CLIENT_1, "--kind", CURVE, "--start", "2025-11-19",
                    **embedded)["requests"] == 0
        for server in servers_in(directory):  # that of the plan: on its way out
            try:
                pidfd = os.pidfd_open(server)
            except ProcessLookupError:  # it is gone already
                continue
            assert wait_for_end(pidfd)
            os.close(pidfd)


# --- what it will cost -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prms", [(CLIENT_0,), (BOTH,), pytest.param((CLIENT_0, BOTH, "24880057139941", HOLES), marks=pytest.mark.slow)])
def test_a_plan_says_the_least_and_the_most_and_what_is_sent_lies_between(prms):
    selection = [word for prm in prms for word in ("--prm", prm)]
    with World(quota="2000/1s") as world:
        planned = plan(world, *selection)
        more = planned["token_requests"] + planned["activation_requests"]
        _, sent = world.requests_of("backfill", *selection)
        assert planned["requests_least"] + more <= sent <= planned["requests"] + more, (planned, sent)
        assert planned["requests_least"] == 2 * len(prms) and planned["seconds_least"] <= planned["seconds"]
        after = plan(world, *selection)
        assert (after["requests_least"], after["requests"]) == (0, 0)


def test_of_usage_points_whose_services_will_be_asked_for_a_plan_promises_nothing():
    """All of these withdraw alone: of feed-in not one request is sent, as the preflight says so."""
    with World("--population", "30", quota="2000/1s") as world:
        prms = [str(30000000000000 + i) for i in range(30) if i % 10 == 0 or i % 10 in (3, 4, 6, 7)]
        selection = [word for prm in prms for word in ("--prm", prm)]
        planned = plan(world, *selection, "--start", "2026-10-01")
        _, sent = world.requests_of("backfill", *selection, "--start", "2026-10-01")
        assert len(prms) >= 10 and planned["requests_least"] == 0 < sent <= planned["requests"], (planned, sent)


def test_where_a_kind_is_known_there_is_no_range():
    with World(quota="2000/1s") as world:
        world.run("backfill", "--prm", BOTH, "--start", "2026-11-10")
        planned = plan(world, "--prm", BOTH)
        assert planned["requests_least"] == planned["requests"] > 200
        assert "-" not in world.run("plan", "--prm", BOTH).out.splitlines()[1]


# --- what is shown ---------------------------------------------------------------------------------------


def test_without_a_terminal_the_table_is_on_stdout_and_stderr_has_no_control_characters():
    with World() as world:
        ended = world.run("backfill", "--prm", HOLES, "--kind", "daily_consumption,daily_production")
        assert ended.code == 0
        assert "793 +313 holes +5 soon" in ended.out and "not applicable" in ended.out
        assert "\x1b" not in ended.out + ended.err and "\r" not in ended.out + ended.err


def rows(ended):
    """The table of usage points: {(usage point, kind): what it came to}."""
    return {tuple(words[:2]): " ".join(words[2:]) for line in ended.out.splitlines()
            if re.match(r"\d{14} ", line) and (words := line.split())}


@pytest.mark.parametrize("form, code", [("french", "HTTP 403"), ("classic", "ADAM-DC-0008"), ("libelle", "ADAM-DC-0008")])
def test_a_refusal_in_the_table_is_no_count_of_days(form, code):
    with World() as world:
        world.sandbox.control(error_form=form, revoke=[CLIENT_1])
        ended = world.run("backfill", "--prm", CLIENT_1, "--prm", CLIENT_0, *SOME_DAYS)
        assert ended.code == 1
        assert rows(ended) == {(CLIENT_1, "all"): f"refused ({code})", (CLIENT_0, "daily_consumption"): "31",
                               (CLIENT_0, CURVE): "31", (CLIENT_0, "daily_consumption_max_power"): "31",
                               (CLIENT_0, "production"): "not applicable"}, ended


@pytest.mark.parametrize("quota", ["none", "100/1s,10000/1h"])
def test_while_only_sick_meters_are_left_the_progress_says_so_and_promises_no_time(quota):
    with World(quota=quota) as world:
        world.sandbox.control(point_faults={prm: {"error500": 1} for prm in (CLIENT_1, HOLES)})
        running = world.start("backfill", "--prm", CLIENT_1, "--prm", HOLES, "--prm", CLIENT_0, "--kind",
                              f"daily_consumption,{CURVE},daily_production", "--progress", "always", *SOME_DAYS)
        said = "2 usage points that fail are left, tried again for less than a minute\n"
        running.wait_until(lambda: said in running.so_far())
        shown = world.interrupt(running).err
        assert "; ;" not in shown and " 0 s left" not in shown, shown
        block = shown[:shown.index(said)].splitlines()[-6:]  # three kinds, and all in three lines
        assert re.fullmatch(r"\d+ % of some \d+ requests; \d+ s so far", block[3]), block
        assert " of 9 jobs, " in block[4] and block[5].startswith(f"{block[5].split()[0]} requests, "), block
        assert all(line.endswith(" days") and len(terminal.ESCAPE.sub("", line)) <= 80 for line in block[:3]), block


def test_a_command_names_usage_points_whole_in_its_notices_too():
    with World() as world:
        world.sandbox.control(point_faults={CLIENT_1: {"error500": 1}})
        running = world.start("backfill", "--prm", CLIENT_1, "--kind", CURVE, *SOME_DAYS)
        running.wait_until(lambda: "paused for" in running.so_far())
        assert f"releve: {CLIENT_1} {CURVE}: fails again and again, paused for" in world.interrupt(running).err


def requests_row(ended):
    """{row of the table of kinds: its requests, of a range the most}."""
    return {words[0]: int(words[-1].split("-")[-1]) for line in ended.out.splitlines()
            if (words := line.split()) and words[0] in (*MEASURES, "activation", "token", "all")}


def test_the_totals_of_requests_are_what_upstream_counts():
    with World() as world:
        selection = ("--prm", CLIENT_0, "--kind", f"daily_consumption,{CURVE}", *SOME_DAYS)
        forecast = plan(world, *selection)
        wanted = {"daily_consumption": 1, CURVE: 5, "activation": 1, "token": 1, "all": 8}
        assert (forecast["requests"], forecast["token_requests"]) == (6, 1)
        assert requests_row(world.run("plan", *selection)) == wanted
        ended, requests = world.requests_of("backfill", *selection)
        assert requests_row(ended) == wanted and requests == 8, ended
        ended, requests = world.requests_of("backfill", *selection)
        assert requests_row(ended) == {"daily_consumption": 0, CURVE: 0, "all": 0} and requests == 0, ended
        assert plan(world, *selection)["token_requests"] == 0
        ended, requests = world.requests_of("backfill", *selection, "--refresh", CLIENT_SECRET="wrong")
        assert requests_row(ended) == {"daily_consumption": 0, CURVE: 0, "token": 2, "all": 2} and requests == 2, ended


def test_the_totals_of_an_interrupted_run_are_what_upstream_counts_too():
    with World("--latency", "40:20", quota="200/1s") as world:
        running = world.start(*ALL_CURVE)
        world.wait_for(running, "ok", 30)
        ended = world.interrupt(running)
        sent = requests_row(ended)
        assert sent["token"] == 1 and sent["all"] == sent[CURVE] + 2 == world.sandbox.stats()["requests"], ended


def test_days_that_are_cut_are_shown():
    with World() as world:
        world.sandbox.control(activation={CLIENT_1: "2026-11-10", CLIENT_0: "2026-10-15"})
        ended = world.run("backfill", "--prm", CLIENT_1, "--prm", CLIENT_0, "--kind", "daily_consumption", *SOME_DAYS)
        assert rows(ended) == {(CLIENT_1, "daily_consumption"): "0 +31 cut", (CLIENT_0, "daily_consumption"): "17 +14 cut"}
        assert "cut: before the activation" in ended.out, ended


def refusals(ended):
    """The lines on stderr that say what is refused, or not there."""
    return [line for line in ended.err.splitlines() if " is refused (" in line or "there is no " in line]


def memory(world, prm, fact, days):
    """How it is said of what stands in Redis since when that is remembered, and until when."""
    since = datetime.datetime.fromisoformat(world.redis.hash(f"releve:point:{{{prm}}}")[f"{fact}_at"])
    since, until = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (since, since + days * oracle.DAY))
    return (f"; remembered since {since}, not asked again before {until}; backfill --refresh --prm {prm} asks at once, "
            "also for known days")


def test_a_refused_usage_point_takes_one_line_a_direction_and_not_one_a_kind():
    with World() as world:
        world.sandbox.control(revoke=[CLIENT_0], refuse={CLIENT_1: "no_such_point"}, error_form="french")
        ended = world.run("backfill", "--prm", CLIENT_0, "--prm", CLIENT_1, *SOME_DAYS)
        lines = sorted(refusals(ended))
        assert ended.code == 1 and [line.partition(" (")[0] for line in lines] == [
            f"releve: {CLIENT_1}: the usage point is refused", f"releve: {CLIENT_0}: consumption is refused",
            f"releve: {CLIENT_0}: production is refused"], ended
        shown = world.run("status").out
        assert shown.count(" 5 jobs: HTTP 403: ") == shown.count(" 5 jobs: HTTP 404: ") == 1 and ": 40" not in shown, shown
        assert all("HTTP 40" in line and "for 24 h" in line and "--refresh" in line for line in lines), ended
        assert all("remembered" not in line for line in lines) and "failed" not in ended.err, ended


def test_a_remembered_refusal_says_so_and_how_to_ask_at_once():
    with World() as world:
        selection = ("backfill", "--prm", CLIENT_0, "--kind", f"{CURVE},daily_consumption", *SOME_DAYS)
        world.sandbox.control(revoke=[CLIENT_0])
        assert rows(world.run(*selection)) == {(CLIENT_0, "all"): "refused (ADAM-DC-0008)"}
        ended, requests = world.requests_of(*selection)
        line, = refusals(ended)
        assert requests == 0 and rows(ended) == {(CLIENT_0, "all"): "refused before (ADAM-DC-0008)"}, ended
        assert line.endswith(memory(world, CLIENT_0, "consumption:refused", 1)), line
        world.sandbox.control(grant=[CLIENT_0])
        ended = world.run(*selection, "--refresh")
        assert ended.code == 0 and refusals(ended) == [], ended


def test_what_is_remembered_of_a_kind_that_a_usage_point_lacks_says_so_too():
    with World() as world:
        world.sandbox.control(activation={BOTH: {"production": "never"}})
        selection = ("backfill", "--prm", BOTH, "--prm", CLIENT_0, "--kind", "daily_production", "--start", "2026-10-01")
        for wanted in ("not applicable", "not applicable, as before", "not applicable, as before"):
            ended = world.run(*selection)
            assert ended.code == 0 and set(rows(ended).values()) == {wanted} and refusals(ended) == [], ended
            assert ("--refresh" in ended.out) == ("before" in wanted), ended


def test_a_worker_says_a_refusal_in_one_line_and_names_nobody():
    with World() as world:
        world.sandbox.control(revoke=[CLIENT_0])
        assert world.run("enqueue", "--prm", CLIENT_0, *SOME_DAYS).code == 0
        ended = world.run("worker", "--drain")
        assert sorted(line.partition(" (")[0] for line in refusals(ended)) == [
            f"releve: ********{CLIENT_0[-6:]}: {direction} is refused" for direction in ("consumption", "production")]
        assert CLIENT_0 not in ended.err and "--refresh" not in ended.err, ended


@pytest.mark.parametrize("kind, says, fact, days", [
    ("consumption_load_curve", "consumption is refused (ADAM-DC-0008: ", "consumption:refused", 1),
    ("daily_consumption", "consumption is refused (ADAM-DC-0008: ", "consumption:refused", 1),
    ("daily_production", "there is no production (ADAM-ERR0123: ", "production:absent", 30)])
def test_show_says_of_which_direction_what_is_remembered(kind, says, fact, days):
    with World() as world:
        world.sandbox.control(refuse={BOTH: {"consumption": "ADAM-DC-0008"}}, activation={BOTH: {"production": "never"}})
        world.run("backfill", "--prm", BOTH, "--start", "2026-10-01")
        ended = world.run("show", kind, "--prm", BOTH)
        assert ended.code == 0 and ended.err.startswith(f"releve: nothing is stored of these days: {says}"), ended
        assert ended.err.endswith(memory(world, BOTH, fact, days) + "\n"), ended


@pytest.mark.parametrize("refusal, says, fact, days", [
    ("no_such_point", "the usage point is refused (", "point:unknown", 1),
    (None, "there is no production_load_curve (ADAM-ERR0069: ", "production_load_curve:absent", 30)])
def test_show_says_what_is_remembered_of_a_usage_point_and_of_a_kind(refusal, says, fact, days):
    with World() as world:
        world.sandbox.control(refuse={CLIENT_0: refusal})
        world.run("backfill", "--prm", CLIENT_0, "--kind", "production_load_curve", *SOME_DAYS)
        ended = world.run("show", "production_load_curve", "--prm", CLIENT_0)
        assert ended.err.startswith(f"releve: nothing is stored of these days: {says}"), ended
        assert memory(world, CLIENT_0, fact, days) in ended.err, ended


def test_what_is_refused_in_the_middle_is_told_from_what_failed():
    with World() as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", CURVE, *SOME_DAYS).code == 0
        world.sandbox.control(error_form="french", refuse={CLIENT_0: {"consumption": "ADAM-DC-0008"}},
                              unsubscribed=["mesure_synchrone_auto"])
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", f"{CURVE},daily_production", "--start", "2026-09-01",
                          "--end", "2026-11-01")
        assert rows(ended) == {(CLIENT_0, CURVE): "31 +30 refused", (CLIENT_0, "daily_production"): "refused (900908)"}, ended


def test_the_tables_fit_a_terminal_of_eighty_columns():
    prms = [CLIENT_0, CLIENT_1, HOLES, RECENT, BOTH, "24880057139941", "26584978546985", "32320647321714"]
    selection = [word for prm in prms for word in ("--prm", prm)]
    with World() as world:
        world.sandbox.control(refuse={CLIENT_1: "no_such_point"})
        ended = world.run("backfill", *selection, "--start", "2026-05-01")
        assert ended.code == 1 and len(rows(ended)) > len(prms), ended
        assert max(len(line) for line in ended.out.splitlines()) <= 80, ended.out


@pytest.mark.hour
def test_show_gives_back_what_was_fetched():
    with World() as world:
        words = ("--prm", CLIENT_0, "--start", "2026-10-24", "--end", "2026-10-27")
        assert world.run("backfill", *words, "--kind", CURVE).code == 0
        before = world.sandbox.stats()["requests"]
        ended = world.run("show", CURVE, *words, "--format", "json")
        assert ended.code == 0 and world.sandbox.stats()["requests"] == before
        stored = [value for _, value in sorted(world.redis.days().items())]
        assert ended.out.encode().splitlines() == stored


def test_a_refresh_that_is_answered_ends_a_remembered_refusal():
    with World() as world:
        selection = ("--prm", CLIENT_0, "--kind", "daily_consumption")
        world.sandbox.control(revoke=[CLIENT_0])
        assert world.run("backfill", *selection, "--start", "2026-10-01", "--end", "2026-10-01").code == 1
        world.sandbox.control(grant=[CLIENT_0])
        ended, requests = world.requests_of("backfill", *selection, "--start", "2026-10-01", "--end", "2026-10-01")
        assert (ended.code, requests) == (1, 0), ended  # remembered
        assert world.run("backfill", *selection, "--start", "2026-10-01", "--end", "2026-10-01", "--refresh").code == 0
        ended = world.run("backfill", *selection, "--start", "2026-10-02", "--end", "2026-10-04")
        assert ended.code == 0, ended
        assert len(world.redis.keys("releve:day:*")) == 3


@pytest.mark.slow
def test_a_redis_that_says_nothing_is_waited_for_and_named():
    with socket.socket() as listener, World() as world:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        ended = world.run("backfill", "--prm", CLIENT_0, *SOME_DAYS, "--progress", "always", RELEVE_REDIS=url)
        assert ended.code == 4 and "no answer within" in ended.err and url in ended.err
