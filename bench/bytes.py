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

PACES = {"PT30M": (0, 1, 2, 3, 4, 5, 6, 9), "PT10M": (7,)}  # last digits of the simulator's usage points


def used(redis):
    return int(re.search(r"used_memory:(\d+)", redis.command("INFO", "memory").decode()).group(1))


def backfill(world, kind, *selection):
    """(days, bytes that are used) once all but the days is gone."""
    ended = world.run("backfill", "--kind", kind, "--concurrency", "64", *selection)
    assert ended.code == 0, ended
    days = world.redis.keys("releve:day:*")
    world.redis.command("DEL", *world.redis.keys("*") - days)
    return len(days), used(world.redis)


def measure(kind, prms):
    """Bytes a day, beyond what the server needs for a single one."""
    with World("--population", str(10 * len(prms) + 10)) as world:
        world.redis.command("CONFIG", "SET", "appendonly", "no")
        file = world.write("prms", "".join(f"{prm}\n" for prm in prms))
        one, before = backfill(world, kind, "--prm", prms[0], "--start", "2026-10-05", "--end", "2026-10-06")
        all_days, after = backfill(world, kind, "--prms", file)
        return (after - before) / (all_days - one)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=40, help="usage points, whole history")
    count = parser.parse_args().points
    prms = {pace: [prm_of(i) for i in range(10 * count) if i % 10 in digits][:count] for pace, digits in PACES.items()}
    for kind in ("daily_consumption", "daily_consumption_max_power", "index_consumption"):
        show(f"a day of {kind}", measure(kind, prms["PT30M"]), "bytes")
    for pace, mine in prms.items():
        show(f"a day of consumption_load_curve, {pace}", measure("consumption_load_curve", mine), "bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
