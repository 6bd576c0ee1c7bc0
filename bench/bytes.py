#!/usr/bin/python3
"""What a day takes in Redis, kind by kind: all memory that the server used for it, key and tables included.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/bytes.py [--points N]
"""
import argparse
import re
import sys

from figures import show
from jobs import prm_of
from world import World

# The figures of adapters/cli/day_size.c, README.md and docs/redis.md come from here.
ORDINARY = (0, 1, 2, 3, 4, 5, 6, 9)  # last digits of the simulator's usage points that record each half hour
PRODUCERS = ("10284856584123", "24880057139941", "12655648759651")
CURVES = ("consumption_load_curve", "production_load_curve")
KINDS = ("daily_consumption", "daily_consumption_max_power", "daily_production", "index_consumption")
PACES = ("PT30M", "PT10M", "PT60M")


def used(redis):
    return int(re.search(r"used_memory:(\d+)", redis.command("INFO", "memory").decode()).group(1))


def backfill(world, kind, *selection):
    """(days, bytes that are used) once all but the days is gone."""
    ended = world.run("backfill", "--kind", kind, "--concurrency", "64", *selection)
    assert ended.code == 0, ended
    days = world.redis.keys("releve:day:*")
    world.redis.command("DEL", *world.redis.keys("*") - days)
    return len(days), used(world.redis)


def measure(kind, count, pace="PT30M"):
    """Bytes a day, beyond what the server needs for a single one."""
    prms = [prm_of(i) for i in range(10 * count) if i % 10 in ORDINARY][:count]
    if "production" in kind:
        prms = PRODUCERS
    with World("--population", str(10 * count + 10)) as world:
        world.redis.command("CONFIG", "SET", "appendonly", "no")
        world.sandbox.control(pace={prm: pace for prm in prms})
        file = world.write("prms", "".join(f"{prm}\n" for prm in prms))
        one, before = backfill(world, kind, "--prm", prms[0], "--start", "2026-10-05", "--end", "2026-10-06")
        all_days, after = backfill(world, kind, "--prms", file)
        return (after - before) / (all_days - one)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=40, help="usage points, whole history (3, of what is produced)")
    count = parser.parse_args().points
    for kind in KINDS:
        show(f"a day of {kind}", measure(kind, count), "bytes")
    for kind in CURVES:
        for pace in PACES:
            show(f"a day of {kind}, {pace}", measure(kind, count, pace), "bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
