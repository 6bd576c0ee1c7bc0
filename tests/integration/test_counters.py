"""What processes have counted is in Redis when they have ended, for metrics: it is what arrived at upstream and what was stored."""
import collections
import json
import pathlib

import pytest

from jobs import Results, message, prm_of, push, start_worker
from world import World

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT_0, HOLES, PRODUCER, REVOKED = "22516914714270", "42900589957123", "24880057139941", "26584978546985"
SELECTION = ("--prm", CLIENT_0, "--prm", HOLES, "--prm", PRODUCER, "--prm", REVOKED, "--start", "2026-10-01")


def counters(world):
    return {name: int(count) for name, count in world.redis.hash("{releve}:counters").items()}


def total(counts, what):
    return sum(count for name, count in counts.items() if name.startswith(what + ":") and name != what + ":us")


def days_by_state(world):
    stored = collections.Counter()
    for key, day in world.redis.days().items():
        stored[f"days:{key.split(':')[3]}:{json.loads(day)['state']}"] += 1
    return stored


def test_a_backfill_leaves_what_it_asked_and_what_it_got():
    with World(quota="100/1s,1000/1h") as world:
        ended = world.run("backfill", *SELECTION, "--kind", "all,contracts", "--json")
        counts, stats = counters(world), world.sandbox.stats()
        assert total(counts, "requests") == total(counts, "upstream") == stats["requests"]
        assert total(counts, "granted") >= stats["requests"] and any(name.startswith("granted:mesure_synchrone_auto@") for name in counts)
        assert counts["requests:token:token"] == stats["tokens"] == 1
        assert sum(count for name, count in counts.items() if name.endswith(":direction_refused")) == stats["errors"]["403"] > 0
        assert counts["upstream:us"] > 0 and total(counts, "redis") > stats["requests"] and counts["redis:us"] > 0
        stored = {name: count for name, count in counts.items() if name.startswith("days:") and "contracts" not in name}
        assert stored == dict(days_by_state(world))
        jobs = collections.Counter(f"jobs:{job['kind']}:{job['state']}" for job in map(json.loads, ended.out.splitlines()))
        assert {name: count for name, count in counts.items() if name.startswith("jobs:")} == dict(jobs)
        assert all(prm not in name for prm in SELECTION[1:8:2] for name in counts)


def test_processes_add_to_what_others_have_counted():
    with World("--population", "3", quota="100/1s") as world, Results(world.redis) as stream:
        assert world.run("backfill", "--prm", prm_of(0), "--kind", "daily_consumption", "--start", "2026-10-01").code == 0
        before = counters(world)
        worker = start_worker(world, "second")
        push(world.redis, *(message(prm_of(i), start="2026-10-01", end="2026-11-01") for i in (1, 2)))
        stream.take(2)
        world.interrupt(worker)
        after = counters(world)
        assert after["jobs:daily_consumption:done"] == before["jobs:daily_consumption:done"] + 2 == 3
        assert all(after[name] >= count for name, count in before.items())
        assert total(after, "requests") == world.sandbox.stats()["requests"]


@pytest.mark.slow
def test_throttles_and_failures_are_counted_as_what_they_were():
    with World(quota="100/1s") as world:
        world.sandbox.control(point_faults={CLIENT_0: {"error500": 0.5}})
        world.run("backfill", "--prm", CLIENT_0, "--kind", "curves", "--start", "2026-06-01")
        failed = sum(count for name, count in counters(world).items() if name.startswith("requests:") and name.endswith(":transient"))
        assert failed == world.sandbox.stats()["errors"]["500"] > 0


def test_a_throttle_is_counted():
    with World(quota="100/1s") as world:
        def throttles():
            errors = world.sandbox.stats()["errors"]
            return errors.get("429", 0) + errors.get("throttle200", 0)
        world.sandbox.control(faults={"throttle200": 1})
        running = world.start("backfill", "--prm", CLIENT_0, "--kind", "consumption_load_curve", "--start", "2026-10-01")
        running.wait_until(lambda: throttles() > 0)
        world.interrupt(running) # it waits for up to an hour
        counted = sum(count for name, count in counters(world).items() if name.startswith("requests:") and name.endswith(":throttled"))
        assert counted == throttles() > 0


def test_what_is_said_again_as_its_reply_was_lost_counts_once():
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption").code == 0
        before = counters(world)
        key, = world.redis.keys("{releve}:counted:*")
        assert 0 < int(world.redis.command("TTL", key)) <= 3600
        number, script = int(world.redis.command("GET", key)), (ROOT / "adapters/redis/pulse.lua").read_text()
        for said, counted in ((number, 0), (number - 1, 0), (number + 1, 5), (number + 1, 5), (number + 2, 10)):
            world.redis.command("EVAL", script, 4, "{releve}:pulses", "{releve}:counters", key, "{releve}:history",
                                    "backfill.x", "", 30000, 256, said, 3600, 600, 144, "jobs:x:done", 5)
            assert counters(world).get("jobs:x:done", 0) == counted, said
        assert {name: count for name, count in counters(world).items() if name != "jobs:x:done"} == before


def test_what_somebody_else_has_put_there_stays_and_hurts_nobody():
    with World(quota="100/1s") as world:
        world.redis.command("HSET", "{releve}:counters", "requests:token:token", "many", "mine", "yes")
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption").code == 0
        kept = world.redis.hash("{releve}:counters")
        assert (kept["requests:token:token"], kept["mine"]) == ("many", "yes") and int(kept["requests:daily_consumption:data"]) > 0
        world.redis.command("DEL", "{releve}:counters")
        world.redis.command("SET", "{releve}:counters", "text")
        assert world.run("backfill", "--prm", HOLES, "--kind", "daily_consumption").code == 0
        assert world.redis.command("GET", "{releve}:counters") == b"text"


def test_the_history_has_the_last_day_in_slots_and_nothing_older():
    """A slot of ten minutes each; what is older than a day goes with the first count of a new slot."""
    with World(quota="100/1s") as world:
        world.redis.command("HSET", "{releve}:history", "1:granted:measures@0", "7", "1:", "0", "nonsense", "x")
        assert world.run("backfill", "--prm", HOLES, "--kind", "daily", "--start", "2026-10-01").code == 0
        counts, history = counters(world), world.redis.hash("{releve}:history")
        assert not any(field.startswith(("1:", "nonsense")) for field in history)
        summed = collections.Counter()
        for field, count in history.items():
            slot, _, name = field.partition(":")
            assert abs(int(slot) - int(world.redis.command("TIME")[0]) // 600) <= 1
            summed[name] += int(count)
        jobs = collections.Counter()
        for name, count in counts.items():
            if name.startswith("jobs:"):
                jobs["jobs:" + name.split(":")[2]] += int(count)
        granted = {name: count for name, count in counts.items() if name.startswith("granted:")}
        assert dict(summed) == {"": 0, **granted, **jobs} and jobs
        assert 0 < int(world.redis.command("TTL", "{releve}:history")) <= 145 * 600
