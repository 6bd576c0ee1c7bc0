#!/usr/bin/python3
"""From LPUSH to the result in the stream, and what a worker needs of memory.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/worker.py [--jobs N] [--queued N] [--backlog N]

A worker that is idle and has a token gets one job of one day after the other, each of another usage point. The time runs
from before LPUSH until a consumer that is blocked on XREAD has the result. Upstream's round trip is subtracted: what the
simulator takes for the same day, in the same run, on a connection that stays open, with no program between (the median).
Then the same for urgent jobs, one after the other, while the worker goes through a backlog of others, at 1, 10 and 100
times the backlog. Memory is the worker's peak (VmHWM) after so many jobs with a short and with a long queue behind them.
"""
import argparse
import statistics
import sys
import time

from figures import show
from growth import TIMES, exponent
from jobs import Results, message, peak_kb, prm_of, push, start_worker
from oracle import Upstream
from world import World

DELAY_MAX_MS = 5  # at the median, beyond the round trip; issue 4
GROWTH_MAX = 10  # per cent, from the short queue to the long one; issue 4
MEMORY_MAX_KB = 40 * 1024  # issue 4
EXPONENT_MAX = 0.1  # of an urgent job's time by the backlog: it grows with nothing but noise
ROUND_TRIPS_MS = (0, 50)
WARM = 20  # jobs before those that count
DAY = {"start": "2026-10-05", "end": "2026-10-06"}
POINTS = 1000
SHORT = 1000  # jobs in the short queue, all of which are done


def round_trip_ms(world, jobs):
    """The median of what the simulator takes for a day, with a client that does nothing else."""
    upstream, taken = Upstream(world.sandbox, "2026"), []
    for i in range(jobs):
        begin = time.perf_counter()
        status, _ = upstream.ask("daily_consumption", prm_of(i), DAY["start"], DAY["end"])
        taken.append(1000 * (time.perf_counter() - begin))
        assert status == 200
    upstream.close()
    return statistics.median(taken)


def stop(worker):
    worker.process.terminate()
    assert worker.end().code == 0


def delays(latency_ms, jobs):
    """Milliseconds from LPUSH to the result beyond upstream's round trip, one a job; and that round trip."""
    with World("--population", str(jobs + WARM), "--latency", str(latency_ms)) as world:
        upstream_ms = round_trip_ms(world, jobs)
        worker = start_worker(world)
        taken = []
        with Results(world.redis) as stream:
            for i in range(jobs + WARM):
                begin = time.perf_counter()
                push(world.redis, message(prm_of(i), **DAY))
                stream.one()
                taken.append(1000 * (time.perf_counter() - begin))
        stop(worker)
        return [ms - upstream_ms for ms in taken[WARM:]], upstream_ms


def delays_under_backlog(jobs, queued):
    """Milliseconds from LPUSH of an urgent job to the result in its reply list, with so many others queued before; and how
    many of these are left at the end: where none is, there was no backlog all the time."""
    with World("--population", str(queued + jobs)) as world:
        push(world.redis, *(message(prm_of(i), **DAY) for i in range(queued)))
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:results") > 0)
        taken = []
        for i in range(jobs):
            begin = time.perf_counter()
            push(world.redis, message(prm_of(queued + i), reply_to="reply", **DAY), to="high")
            assert world.redis.command("BLPOP", "reply", 30) is not None
            taken.append(1000 * (time.perf_counter() - begin))
        left = world.redis.command("LLEN", "{releve}:jobs")
        stop(worker)
        return taken, left


def memory_kb(queued):
    """The peak of a worker that has done the first of so many jobs."""
    with World("--population", str(POINTS)) as world:
        push(world.redis, *(message(prm_of(i % POINTS), id=f"j{i}", **DAY) for i in range(queued)))
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:results") >= SHORT)
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
        beyond, upstream_ms = delays(latency, arguments.jobs)
        beyond.sort()
        what = f"LPUSH to result, beyond {latency} ms upstream"
        show(f"upstream's round trip, of {latency} ms: median", upstream_ms, "ms")
        held &= show(f"{what}: median", statistics.median(beyond), "ms", DELAY_MAX_MS)
        show(f"{what}: 95 of 100", beyond[len(beyond) * 95 // 100], "ms")
    medians = []
    for times in reversed(TIMES):
        queued = arguments.backlog // times
        urgent, left = delays_under_backlog(max(1, arguments.jobs // 5), queued)
        urgent.sort()
        medians.append(statistics.median(urgent))
        what = f"an urgent job, {queued} others queued"
        show(f"{what}: median", medians[-1], "ms")
        for per_cent in (95, 99):
            show(f"{what}: {per_cent} of 100", urgent[len(urgent) * per_cent // 100], "ms")
        show("  others left in the queue at the end", left, "jobs")
    held &= show("urgent jobs: exponent of the median", exponent(medians), "", EXPONENT_MAX)
    few, many = memory_kb(SHORT), memory_kb(arguments.queued)
    held &= show(f"a worker's memory, {SHORT} jobs queued", few / 1024, "MB", MEMORY_MAX_KB / 1024)
    held &= show(f"a worker's memory, {arguments.queued} jobs queued", many / 1024, "MB", MEMORY_MAX_KB / 1024)
    held &= show("  growth", max(0, 100 * (many - few) / few), "%", GROWTH_MAX)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
