"""The gateway for private persons: who has no contract with Enedis gets the days of his own usage points with the token that it
gives him (docs/enedis.md, Conso API). The same simulator serves it."""
import base64
import json

import oracle
import pytest

from sandbox import MEASURES
from world import TODAY, World

CLIENT_0, BOTH, HOLES, REVOKED = "22516914714270", "12655648759651", "42900589957123", "26584978546985"
CURVE = "consumption_load_curve"
START = "2026-09-01"


def token_of(*prms):
    """A JWT as it is shown to a person; its signature is nobody's."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": list(prms), "iat": 1700000000}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2lnbmVk"


class Conso(World):
    def __init__(self, *flags, prms=(CLIENT_0, BOTH, HOLES), **more):
        super().__init__(*flags, **more)
        self.settings |= {"RELEVE_API": "conso", "CLIENT_ID": None, "CLIENT_SECRET": None, "CONSO_TOKEN": token_of(*prms)}


def backfill(world, prm, kinds, *more, code=0, **settings):
    ended = world.run("backfill", "--prm", prm, "--kind", kinds, "--start", START, "--json", *more, **settings)
    assert ended.code == code, ended
    return {result["kind"]: result for result in map(json.loads, ended.out.splitlines()) if "kind" in result}


@pytest.mark.parametrize("prm", [BOTH, HOLES])
def test_days_are_those_that_enedis_has(prm):
    with Conso() as world:
        backfill(world, prm, "all")
        upstream = oracle.Upstream(world.sandbox, "2026")
        for kind in MEASURES:
            expected = oracle.expected_days(upstream, kind, prm, TODAY, START)
            oracle.check(world.redis.days(prm, kind), expected, prm, kind, "2026", TODAY)
        upstream.close()


def test_no_token_is_asked_for_and_everything_counts_in_one_quota():
    with Conso(quota="20/1s") as world:
        backfill(world, CLIENT_0, "all")
        stats = world.sandbox.stats()
        assert stats["tokens"] == 0 and set(stats["by_api"]) == {"conso"} and stats["violations"] == 0
        planned = json.loads(world.run("plan", "--prm", HOLES, "--json").out)
        assert (planned["token_requests"], planned["activation_requests"]) == (0, 0)


def test_the_quota_is_modest_unless_another_one_is_said():
    with Conso() as world:
        said = world.run("plan", "--prm", CLIENT_0, RELEVE_QUOTA=None).out
        assert "1/1s,200/1h" in said, said


def test_a_usage_point_that_the_token_does_not_name_is_refused_and_the_other_is_not():
    with Conso(prms=(CLIENT_0,)) as world:
        ended = world.run("backfill", "--prm", CLIENT_0, "--prm", BOTH, "--kind", "daily_consumption", "--start", START)
        assert ended.code == 1 and f"{BOTH}: consumption is refused" in ended.err, ended
        assert len(world.redis.days(CLIENT_0)) > 70 and not world.redis.days(BOTH)


def test_what_enedis_says_is_understood_inside_the_words_of_the_gateway():
    with Conso(prms=(CLIENT_0, BOTH, REVOKED)) as world:
        world.sandbox.control(activation={BOTH: {"production": "2026-10-20"}})
        results = backfill(world, BOTH, "all")
        assert results["daily_production"]["cut"] == 49 and results["daily_production"]["state"] == "done"
        assert backfill(world, CLIENT_0, "production_load_curve")["production_load_curve"]["state"] == "not_applicable"
        assert backfill(world, REVOKED, CURVE, code=1)[CURVE]["failures"][0]["code"] == "ADAM-DC-0008"


@pytest.mark.parametrize("fault", ["error500", "error502html", "truncate", "garbage", "throttle200", "wrongprm"])
def test_weather_leaves_the_right_days(fault):
    with Conso() as world:
        if fault == "throttle200":
            world.settings["RELEVE_QUOTA"] = "100/1s"  # so that the door is closed for a second
        world.sandbox.control(faults={fault: 0.2})
        ended = world.run("backfill", "--prm", HOLES, "--kind", "daily_consumption", "--start", START)
        world.sandbox.control(faults={fault: 0})
        while ended.code == 1:
            ended = world.run("backfill", "--prm", HOLES, "--kind", "daily_consumption", "--start", START)
        upstream = oracle.Upstream(world.sandbox, "2026")
        expected = oracle.expected_days(upstream, "daily_consumption", HOLES, TODAY, START)
        upstream.close()
        oracle.check(world.redis.days(HOLES, "daily_consumption"), expected, HOLES, "daily_consumption", "2026", TODAY)


def test_a_token_that_is_refused_ends_it_with_3_and_is_not_tried_twice():
    with Conso() as world:
        ended, requests = world.requests_of("backfill", "--prm", CLIENT_0, "--kind", "all", "--start", START,
                                            CONSO_TOKEN="not.a-real.token")
        assert (ended.code, requests) == (3, 1) and "CONSO_TOKEN" in ended.err, ended
        assert "not.a-real.token" not in ended.err + ended.out


@pytest.mark.parametrize("settings, says", [
    ({"CONSO_TOKEN": None}, "CONSO_TOKEN"), ({"CONSO_TOKEN": "with blank"}, "CONSO_TOKEN"), ({"CONSO_TOKEN": "x" * 5000}, "CONSO_TOKEN"),
    ({"RELEVE_API": "Conso"}, "RELEVE_API"), ({"RELEVE_UPSTREAM": "conso", "RELEVE_API": "2026"}, "RELEVE_API")])
def test_a_wrong_setting_gets_one_line_and_2(settings, says):
    with Conso() as world:
        ended = world.run("backfill", "--prm", CLIENT_0, **settings)
        assert (ended.code, ended.out) == (2, "") and ended.err.count("\n") == 1 and says in ended.err, ended
        assert "with blank" not in ended.err and "xxxx" not in ended.err


def test_what_it_does_not_have_is_said_before_anything_is_asked():
    with Conso() as world:
        for words in (("backfill", "--prm", CLIENT_0, "--kind", "contracts"), ("get", "identity", "--prm", CLIENT_0),
                      ("consent", "--authorization", "7"), ("consent-url", "--duration", "P1Y")):
            ended, requests = world.requests_of(*words)
            assert ended.code == 2 and requests == 0 and "conso" in ended.err, ended


def test_the_token_stays_out_of_processes_and_redis():
    with Conso("--latency", "200") as world:
        token = world.settings["CONSO_TOKEN"]
        running = world.start("backfill", "--prm", CLIENT_0, "--kind", CURVE)
        world.wait_for(running, "ok", 2)
        with open(f"/proc/{running.process.pid}/environ", "rb") as file:
            assert token.encode() not in file.read()
        world.interrupt(running)
        for key in world.redis.keys("*"):
            if world.redis.command("TYPE", key) == b"string":
                assert token.encode() not in world.redis.command("GET", key)


def test_a_worker_and_a_queue_work_as_with_enedis():
    with Conso() as world:
        assert world.run("enqueue", "--prm", BOTH, "--kind", "daily_production", "--start", START).code == 0
        assert world.run("worker", "--drain").code == 0
        assert len(world.redis.days(BOTH, "daily_production")) > 70
