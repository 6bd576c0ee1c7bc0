"""How much Redis a selection takes: releve plan says it, and a server that is then filled agrees."""
import json
import re

import pytest
from jobs import prm_of
from world import World

KINDS = {"daily_consumption": 317, "daily_consumption_max_power": 397, "daily_production": 314, "index_consumption": 765,
         "consumption_load_curve": 589, "production_load_curve": 521}  # bench/bytes.py
ORDINARY = [prm_of(i) for i in range(40) if i % 10 not in (7, 8)]  # of the simulator: those record each half hour


def plan(world, *words, **settings):
    ended = world.run("plan", *words, "--json", **settings)
    assert ended.code == 0, ended
    return json.loads(ended.out)


def test_what_days_take_is_said_kind_by_kind():
    with World() as world:
        kinds = ("--kind", ",".join([*KINDS, "identity"]), "--prm", prm_of(0), "--start", "2026-10-01", "--end", "2026-10-11")
        said = plan(world, *kinds)
        assert {kind: total["bytes"] for kind, total in said["kinds"].items()} == {**{kind: 10 * each for kind, each in KINDS.items()}, "identity": 0}
        assert said["bytes"] == 10 * sum(KINDS.values()) and said["bytes_there"] == 0 and said["keep_days"] == {}
        shown = " ".join(world.run("plan", *kinds).out.split())
        assert "In Redis its days take 29 kB at most, a load curve counted as of PT30M; those that are there already take 0 bytes." in shown


def test_what_is_there_is_not_reckoned_again():
    with World("--population", "1") as world:
        one = ("--prm", prm_of(0), "--kind", "daily_consumption", "--start", "2026-10-01")
        assert world.run("backfill", *one, "--end", "2026-10-05").code == 0
        said = plan(world, *one, "--end", "2026-10-11")
        assert (said["bytes_there"], said["bytes"]) == (4 * 317, 6 * 317)
        assert "In Redis" not in world.run("plan", *one, "--end", "2026-10-05").out


def test_days_that_expire_take_a_little_more_and_are_fewer():
    with World() as world:
        said = plan(world, "--prm", prm_of(0), "--kind", "curves,daily_consumption", RELEVE_KEEP="consumption_load_curve:100d")
        assert said["kinds"]["consumption_load_curve"]["bytes"] == 100 * (589 + 45)
        assert said["keep_days"] == {"consumption_load_curve": 100}
        shown = world.run("plan", "--prm", prm_of(0), "--kind", "curves", RELEVE_KEEP="daily:900d,consumption_load_curve:100d").out
        assert "RELEVE_KEEP consumption_load_curve:100d: what is older is not asked for.\n" in shown


@pytest.mark.slow
def test_a_server_that_is_filled_takes_what_was_said():
    """Within a tenth: a table of Redis may just have doubled, and the server needs something for itself."""
    with World("--population", "40") as world:
        world.redis.command("CONFIG", "SET", "appendonly", "no")
        words = ("--prms", world.write("prms", "".join(f"{prm}\n" for prm in ORDINARY)), "--kind", "consumption")
        assert world.run("backfill", "--prm", prm_of(0), "--kind", "daily_consumption", "--start", "2026-10-01", "--end", "2026-10-02").code == 0
        said = plan(world, *words)["bytes"]
        before = int(re.search(rb"used_memory:(\d+)", world.redis.command("INFO", "memory"))[1])
        assert world.run("backfill", *words, "--concurrency", "64").code == 0
        world.redis.command("DEL", *world.redis.keys("*") - set(world.redis.days()))
        after = int(re.search(rb"used_memory:(\d+)", world.redis.command("INFO", "memory"))[1])
        assert 0.9 * said < after - before < 1.1 * said, (said, after - before)
