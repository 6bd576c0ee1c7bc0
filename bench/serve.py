#!/usr/bin/python3
"""How many requests releve serve answers, and how a worker fares meanwhile.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/serve.py [--requests N] [--connections N]

bench/storm.c asks over some dozens of connections, one after the other on each: the status, a stored day, garbage (the wrong
requests of tests/integration/test_hostile.py), and garbage while a worker goes through a backlog. CPU is that of serve
(/proc, in steps of 10 ms), by request. Sender, serve, Redis, the simulator and the worker share the machine.
"""
import argparse
import os
import re
import subprocess
import sys

from figures import show
from jobs import cpu_s, message, peak_kb, prm_of, push, start_worker
from test_hostile import wrong_requests
from test_serve import Served
from world import World

GARBAGE_MIN = 10_000  # requests a second, while a worker works
STORM = os.path.join(os.path.dirname(os.path.realpath(os.environ["RELEVE_BIN"])), "..", "..", "bench", "storm")
DAY = "2026-11-02"
JOBS = 20_000  # more than the worker does meanwhile


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def storm(world, served, requests, arguments, what, bound=None):
    """Shows what that many of these requests came to."""
    files = [world.write(f"request-{i}", request) for i, request in enumerate(requests)]
    before = cpu_s(served.running)
    said = subprocess.run([STORM, str(served.port), str(arguments.requests), str(arguments.connections), *files],
                          check=True, capture_output=True, text=True).stdout
    count, _, good, seconds = re.match(r"(\d+) requests, (\d+) answers, (\d+) of them good, ([\d.]+) s", said).groups()
    held = show(f"{what}: requests", int(count) / float(seconds), "/s", bound, at_most=False)
    show("  of them good answers", 100 * int(good) / int(count), "%")
    show("  CPU of serve", 1e6 * (cpu_s(served.running) - before) / int(count), "µs each")
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000, help="of each sort; of days 1 in 100 of them")
    parser.add_argument("--connections", type=int, default=48)
    arguments = parser.parse_args()
    with World("--population", "1000") as world:
        assert world.run("backfill", "--prm", prm_of(0), "--kind", "daily_consumption", "--start", "2026-11-01").code == 0
        served = Served(world)
        storm(world, served, [get("/v1/status")], arguments, "status")
        few = argparse.Namespace(requests=max(10, arguments.requests // 100), connections=8)
        storm(world, served, [get(f"/v1/points/{prm_of(0)}/days/daily_consumption/{DAY}")], few, "a stored day")
        storm(world, served, wrong_requests(), arguments, "garbage")
        push(world.redis, *(message(prm_of(i % 1000), id=f"j{i}", start=DAY, end="2026-11-03", refresh=True) for i in range(JOBS)))
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:results") > 0)
        done = world.redis.command("XLEN", "{releve}:results")
        held = storm(world, served, wrong_requests(), arguments, "garbage, while a worker works", GARBAGE_MIN)
        show("  jobs that it did meanwhile", world.redis.command("XLEN", "{releve}:results") - done, "jobs")
        show("serve: peak memory", peak_kb(served.running) / 1024, "MB")
        worker.process.terminate()
        worker.end()
        served.end()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
