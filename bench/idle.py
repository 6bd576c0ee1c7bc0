#!/usr/bin/python3
"""What waiting costs, and how soon a start gets to work.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/idle.py [--seconds N] [--starts N]

A backfill and a worker that used up the hour's quota wait for its end: their CPU and context switches over a minute. And
from exec to the first byte of a request (for a token) on a socket in the upstream's place, over many starts.
"""
import argparse
import glob
import select
import socket
import statistics
import sys
import time

from figures import show
from jobs import message, prm_of, push, start_worker
from world import World

QUOTA = "5/1h"
LIMIT = 5
CPU_MAX_MS = 60  # a minute: a thousandth of a core
SWITCHES_MAX = 120  # a minute: two a second
FIRST_MAX_MS = 100
DAY = ("--kind", "daily_consumption", "--start", "2026-10-05", "--end", "2026-10-06")
POINTS = 50  # more than the quota lets in


def cpu_ms(running):
    """Of all its threads; finer than the ticks of /proc/PID/stat."""
    used_ns = 0
    for path in glob.glob(f"/proc/{running.process.pid}/task/*/schedstat"):
        with open(path) as file:
            used_ns += int(file.read().split()[0])
    return used_ns / 1e6


def switches(running):
    """Context switches so far, of its own will or not."""
    with open(f"/proc/{running.process.pid}/status") as file:
        return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)


def wait_for_quota(world):
    """A backfill and a worker, both with work left and no permit until the hour is over."""
    prms = world.write("prms", "".join(f"{prm_of(i)}\n" for i in range(POINTS)))
    backfill = world.start("backfill", "--prms", prms, *DAY)
    world.wait_for(backfill, "requests", LIMIT)
    backfill.wait_until(lambda: len(world.redis.keys("releve:day:*")) >= LIMIT - 1)  # all but the token brought a day
    worker = start_worker(world)
    push(world.redis, *(message(prm_of(POINTS + i), start="2026-10-05", end="2026-10-06") for i in range(POINTS)))
    worker.wait_until(lambda: world.redis.command("LLEN", "{releve}:jobs") == 0)
    return {"backfill": backfill, "worker": worker}


def measure_waiting(seconds):
    held = True
    with World("--population", str(2 * POINTS), quota=QUOTA) as world:
        waiting = wait_for_quota(world)
        begin = time.monotonic()
        before = {name: (cpu_ms(one), switches(one)) for name, one in waiting.items()}
        select.select([], [], [], seconds)
        for name, one in waiting.items():
            assert not one.has_ended(0), one.end()
            minutes = (time.monotonic() - begin) / 60
            cpu, count = cpu_ms(one) - before[name][0], switches(one) - before[name][1]
            held &= show(f"{name} that waits for the quota: CPU", cpu / minutes, "ms/min", CPU_MAX_MS)
            held &= show(f"{name} that waits for the quota: context switches", count / minutes, "/min", SWITCHES_MAX)
        stats = world.sandbox.stats()
        held &= show("violations", stats["violations"], "", 0)
    return held


def first_byte_ms(world, listener):
    """From exec to the first byte that comes."""
    begin = time.perf_counter()
    running = world.start("backfill", "--prm", prm_of(0), *DAY,
                          RELEVE_UPSTREAM=f"http://127.0.0.1:{listener.getsockname()[1]}", RELEVE_PREFIX="first")
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(60)
        connection.recv(1)
        taken = 1000 * (time.perf_counter() - begin)
        running.process.kill()
        running.end()
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of waiting")
    parser.add_argument("--starts", type=int, default=30)
    options = parser.parse_args()
    held = measure_waiting(options.seconds)
    with World() as world, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        taken = sorted(first_byte_ms(world, listener) for _ in range(options.starts))
    held &= show("exec to the first byte of a request: median", statistics.median(taken), "ms", FIRST_MAX_MS)
    show("exec to the first byte of a request: 95 of 100", taken[len(taken) * 95 // 100], "ms")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
