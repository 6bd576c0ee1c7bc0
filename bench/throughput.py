#!/usr/bin/python3
"""How much of a scaled quota two and four processes reach together, against one process by the same rule.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/throughput.py [--requests N] [--quota Q] [--processes N,N...] [--latency MS:JITTER_MS]

Real processes, real sockets, a redis-server of its own and the simulator, which audits every arrival. Each run fetches one
day of so many usage points that each is one request. The rate is taken between the moment when the first burst is over
(one limit of the shortest window has arrived) and the moment when one limit is left, so that neither start nor end of a
process counts. The safe optimum is limit / (window + mean round trip): a permit occupies its window from its grant on.
"""
import argparse
import math
import re
import select
import sys
import time

from figures import show
from world import World

RATIO_MIN = 97  # per cent, issue 3
SECOND_MIN = 99  # per cent of the safe optimum, where the round trip is known and one window counts; issue 3
LOOK_S = 0.01
CONCURRENCY = "128"


class Run:
    """One backfill by `processes` processes on disjoint usage points."""

    def __init__(self, arguments, processes):
        self.arguments, self.processes = arguments, processes
        quota = arguments.quota
        self.limit = int(quota.split("/")[0])
        with World("--population", str(arguments.requests), "--latency", arguments.latency, quota=quota) as world:
            self.running = [self._start(world, i) for i in range(processes)]
            self.looks = [(time.monotonic(), 0)]
            while self.looks[-1][1] < arguments.requests:
                self._look(world)
            ended = [one.end() for one in self.running]
            assert all(one.code == 0 for one in ended), ended
            stats = world.sandbox.stats()
            self.violations = stats["violations"]
            self.days = len(world.redis.keys("releve:day:*"))
            self.cpu_s = sum(one.usage.ru_utime + one.usage.ru_stime for one in ended)
            found = re.search(r"cmdstat_evalsha:calls=(\d+),usec=(\d+)", world.redis.command("INFO", "commandstats").decode())
            self.script_calls, self.script_s = int(found.group(1)), int(found.group(2)) / 1e6

    def _start(self, world, number):
        count = self.arguments.requests // self.processes
        prms = "".join(f"{30000000000000 + number * count + i}\n" for i in range(count))
        return world.start("backfill", "--prms", world.write(f"prms{number}", prms), "--kind", "consumption_load_curve",
                           "--start", "2026-11-10", "--end", "2026-11-11", "--concurrency", CONCURRENCY)

    def _look(self, world):
        arrived = world.sandbox.stats()["by_api"].get("mesure_synchrone_auto", {"requests": 0})["requests"]
        self.looks.append((time.monotonic(), arrived))
        assert any(not one.has_ended(0) for one in self.running) or arrived >= self.arguments.requests, "it stopped short"
        select.select([], [], [], LOOK_S)

    @property
    def rate(self):
        """Arrivals a second, start and end left out."""
        begin = next(look for look in self.looks if look[1] >= self.limit)
        end = next(look for look in self.looks if look[1] >= self.arguments.requests - self.limit)
        return (end[1] - begin[1]) / (end[0] - begin[0])


def read_numbers(text):
    return tuple(int(number) for number in text.split(","))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=12000, help="in each run")
    parser.add_argument("--quota", default="500/1s,10000/20s")
    parser.add_argument("--processes", type=read_numbers, default=(2, 4), metavar="N,N...", help="beside one; 2,4")
    parser.add_argument("--latency", default="0:300")
    arguments = parser.parse_args()
    arguments.requests -= arguments.requests % math.lcm(*arguments.processes)
    one = Run(arguments, 1)
    runs = [one] + [Run(arguments, processes) for processes in arguments.processes]
    fixed, jitter = (int(number) for number in arguments.latency.split(":"))
    held, bound = True, SECOND_MIN if arguments.quota.count(",") == 0 and jitter == 0 else RATIO_MIN
    optimum = one.limit / (1 + (fixed + jitter / 2) / 1000)
    title = f"{arguments.quota}, latency {arguments.latency} ms"
    print(f"{title}, {arguments.requests} requests", flush=True)
    for run in runs:
        what = f"  {run.processes} process{'es' if run.processes > 1 else ''}"
        show(f"{what}: arrivals", run.rate, "/s")
        held &= show(f"{what}: of the safe optimum, {optimum:.4g}/s", 100 * run.rate / optimum, "%", bound, False)
        show(f"{what}: ledger and job scripts", run.script_calls / arguments.requests, "/request")
        show(f"{what}: server time", 1e6 * run.script_s / arguments.requests, "us/request")
        show(f"{what}: CPU", 1e6 * run.cpu_s / arguments.requests, "us/request")
    for run in runs[1:]:
        held &= show(f"  {run.processes} processes against one", 100 * run.rate / one.rate, "%", RATIO_MIN, False)
    held &= show("  violations", sum(run.violations for run in runs), "", 0)
    held &= show("  days that are not stored", len(runs) * arguments.requests - sum(run.days for run in runs), "", 0)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
