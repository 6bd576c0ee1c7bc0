#!/usr/bin/python3
"""What grows with the number of usage points, and how: time, CPU and memory of a plan, of a backfill that asks one day of
each, and of the same backfill when all is known. At 1, 10 and 100 times the work, with the exponent.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/growth.py [--points N]

An exponent of 1 is linear: ten times the work, ten times the time. It is taken between 10 and 100 times, where what every
start costs no longer counts.
"""
import argparse
import math
import sys

from contenders import Ended, redis_cpu_s
from figures import show
from jobs import prm_of
from sandbox import releve_bin
from world import World, clean_environment

TIMES = (1, 10, 100)
IN_FLIGHT = "64"
DAY = ("--kind", "daily_consumption", "--start", "2026-10-05", "--end", "2026-10-06")
EXPONENT_MAX = 1.1  # nothing above linear, issue 9; a tenth for noise and n log n


class Step:
    """One command at one size."""

    def __init__(self, world, arguments):
        before = redis_cpu_s(world.redis)
        ended = Ended([releve_bin(), *arguments], {**clean_environment(), **world.settings}, world.directory.name)
        self.cpu_s, self.wall_s, self.peak_mb = ended.cpu_s, ended.wall_s, ended.peak_kb / 1024
        self.redis_s = redis_cpu_s(world.redis) - before


def measure(points):
    """{command: Step} with so many usage points."""
    with World("--population", str(points)) as world:
        world.redis.command("CONFIG", "SET", "appendonly", "no")
        prms = ("--prms", world.write("prms", "".join(f"{prm_of(i)}\n" for i in range(points))))
        backfill = ("backfill", *prms, *DAY, "--concurrency", IN_FLIGHT, "--progress", "never")
        steps = {"plan": Step(world, ("plan", *prms, *DAY)), "backfill": Step(world, backfill)}
        assert len(world.redis.keys("releve:day:*")) == points
        before = world.sandbox.stats()["requests"]
        steps["backfill of what is known"] = Step(world, backfill)
        assert world.sandbox.stats()["requests"] == before
        return steps


def exponent(figures):
    least = 1e-6  # what is shorter than a clock can tell is no nothing
    return math.log(max(figures[-1], least) / max(figures[-2], least), TIMES[-1] / TIMES[-2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1000, help="usage points at 1 time the work")
    options = parser.parse_args()
    sizes = [options.points * times for times in TIMES]
    runs = [measure(points) for points in sizes]
    held = True
    for command in runs[0]:
        steps = [run[command] for run in runs]
        for points, step in zip(sizes, steps):
            show(f"{command}, {points} usage points: time", step.wall_s, "s")
            show(f"{command}, {points} usage points: CPU each", 1e6 * step.cpu_s / points, "us")
            show(f"{command}, {points} usage points: peak memory", step.peak_mb, "MB")
        for what, figures in (("CPU", [step.cpu_s for step in steps]), ("Redis's CPU", [step.redis_s for step in steps]),
                              ("peak memory", [step.peak_mb for step in steps])):
            held &= show(f"{command}: exponent of {what}", exponent(figures), "", EXPONENT_MAX)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
