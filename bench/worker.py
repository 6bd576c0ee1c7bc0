#!/usr/bin/python3
"""From LPUSH to the result in the stream, and what a worker needs of memory.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/worker.py [--jobs N] [--queued N]

A worker that is idle and has a token gets one job of one day after the other, each of another usage point. The time runs
from before LPUSH until a consumer that is blocked on XREAD has the result; upstream's round trip, as the simulator makes
it, is subtracted. Then the same for urgent jobs, one after the other, while the worker goes through a backlog of others.
Memory is the worker's peak (VmHWM) after so many jobs with a short and with a long queue behind them.
"""
import argparse
import statistics
import sys
import time

from figures import show
from jobs import Results, message, peak_kb, prm_of, push, start_worker
from world import World

DELAY_MAX_MS = 5  # at the median, beyond the round trip; issue 4
GROWTH_MAX = 10  # per cent, from the short queue to the long one; issue 4
MEMORY_MAX_KB = 40 * 1024  # issue 4
ROUND_TRIPS_MS = (0, 50)
WARM = 20  # jobs before those that count
DAY = {"start": "2026-10-05", "end": "2026-10-06"}
POINTS = 1000
SHORT = 1000  # jobs in the short queue, all of which are done


def stop(worker):
    worker.process.terminate()
    assert worker.end().code == 0


def delays(latency_ms, jobs):
    """Milliseconds from LPUSH to the result, one a job."""
    with World("--population", str(jobs + WARM), "--latency", str(latency_ms)) as world:
        worker = start_worker(world)
        taken = []
        with Results(world.redis) as stream:
            for i in range(jobs + WARM):
                begin = time.perf_counter()
                push(world.redis, message(prm_of(i), **DAY))
                stream.one()
                taken.append(1000 * (time.perf_counter() - begin))
        stop(worker)
        return taken[WARM:]


def delays_under_backlog(jobs, queued):
    """Milliseconds from LPUSH of an urgent job to the result in its reply list, with so many others queued before; and how
    many of these are left at the end: where none is, there was no backlog all the time."""
    with World("--population", str(queued + jobs)) as world:
        push(world.redis, *(message(prm_of(i), **DAY) for i in range(queued)))
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "releve:results") > 0)
        taken = []
        for i in range(jobs):
            begin = time.perf_counter()
            push(world.redis, message(prm_of(queued + i), reply_to="reply", **DAY), to="high")
            assert world.redis.command("BLPOP", "reply", 30) is not None
            taken.append(1000 * (time.perf_counter() - begin))
        left = world.redis.command("LLEN", "releve:jobs")
        stop(worker)
        return taken, left


def memory_kb(queued):
    """The peak of a worker that has done the first of so many jobs."""
    with World("--population", str(POINTS)) as world:
        push(world.redis, *(message(prm_of(i % POINTS), id=f"j{i}", **DAY) for i in range(queued)))
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "releve:results") >= SHORT)
        peak = peak_kb(worker)
        stop(worker)
        return peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=500, help="one after the other, at each round trip")
    parser.add_argument("--queued", type=int, default=1_000_000, help="in the long queue")
    parser.add_argument("--backlog", type=int, default=100_000, help="of other jobs, in front of the urgent ones")
    arguments = parser.parse_args()
    held = True
    for latency in ROUND_TRIPS_MS:
        beyond = sorted(taken - latency for taken in delays(latency, arguments.jobs))
        what = f"LPUSH to result, beyond {latency} ms upstream"
        held &= show(f"{what}: median", statistics.median(beyond), "ms", DELAY_MAX_MS)
        show(f"{what}: 95 of 100", beyond[len(beyond) * 95 // 100], "ms")
    urgent, left = delays_under_backlog(arguments.jobs, arguments.backlog)
    urgent.sort()
    what = f"an urgent job, {arguments.backlog} others queued"
    show(f"{what}: median", statistics.median(urgent), "ms")
    for per_cent in (95, 99):
        show(f"{what}: {per_cent} of 100", urgent[len(urgent) * per_cent // 100], "ms")
    show("  others left in the queue at the end", left, "jobs")
    few, many = memory_kb(SHORT), memory_kb(arguments.queued)
    held &= show(f"a worker's memory, {SHORT} jobs queued", few / 1024, "MB", MEMORY_MAX_KB / 1024)
    held &= show(f"a worker's memory, {arguments.queued} jobs queued", many / 1024, "MB", MEMORY_MAX_KB / 1024)
    held &= show("  growth", max(0, 100 * (many - few) / few), "%", GROWTH_MAX)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
