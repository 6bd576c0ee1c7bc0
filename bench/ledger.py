#!/usr/bin/python3
"""What a permit costs Redis with a full hour in the ledger, and how large that ledger is.

    bench/ledger.py [--permits N]

Runs adapters/redis/ledger.lua in a redis-server of its own and reads the server's time from INFO commandstats. The clock
is passed in, so that an hour takes seconds: every permit granted is the one that just became due, so that the ledger
holds a whole hour all the time. Then what WAIT for a replica on this machine adds to the way there and back, side by side.
"""
import argparse
import os
import re
import statistics
import sys
import time

from figures import show
from server import Redis

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "adapters", "redis", "ledger.lua")
KEY = "releve:quota:{mesure_synchrone_auto@00000000}"
KEYS = [KEY + note for note in ("", ":closed", ":waiting", ":longest", ":windows", ":first", ":streak", ":node", ":forgotten")]
PROCESS = "3CkZ7_d"  # as long as the runtime's
LIFE_MS = 40000  # RELEVE_PERMIT_LIFE_MS
EPOCH_US = 1790000000000000
HOUR_MS = 3600000
PERMIT_US_MAX = 100  # issue 3: of the server's time
LEDGER_BYTES_MAX = 1100000  # issue 3: 1 MB, when the names of permits had no random part
WAIT_MS = 250  # RELEVE_REPLICAS_WAIT_MS


class Ledger:
    """A ledger under the quota 5/1s,`hourly`/1h."""

    def __init__(self, redis, hourly, node=""):
        self.redis, self.hourly, self.node = redis, hourly, node
        self.sha1 = redis.command("SCRIPT", "LOAD", open(SCRIPT).read())
        self.now_us, self.granted = EPOCH_US, 0

    def words(self, operation, permit, length_ms):
        return ("EVALSHA", self.sha1, len(KEYS), *KEYS, operation, PROCESS, permit, length_ms, self.now_us, f"{KEY}:due", self.node, "", "",
                5, 1000, self.hourly, HOUR_MS)

    def run(self, operation, permit="", length_ms=0):
        return self.redis.command(*self.words(operation, permit, length_ms))

    def next_permit(self):
        """Its id is as long as the runtime's."""
        self.now_us += (HOUR_MS + 2) * 1000 // self.hourly + 1
        self.granted += 1
        return f"{self.granted:x}"

    def fill(self):
        for _ in range(self.hourly):
            permit = self.next_permit()
            assert self.run("ask", permit, LIFE_MS) == 0
            self.run("settle", permit)

    def server_us(self, operation, each):
        """Server time of one call, in microseconds, over many of `each`, which calls nothing else than it."""
        self.redis.command("CONFIG", "RESETSTAT")
        each(operation)
        stats = self.redis.command("INFO", "commandstats").decode()
        return float(re.search(r"cmdstat_evalsha:.*usec_per_call=([\d.]+)", stats).group(1))


def measure(redis, hourly, permits):
    redis.command("FLUSHALL")
    ledger = Ledger(redis, hourly)
    ledger.fill()
    title = f"{hourly} in the ledger"

    def ask_and_settle(_):
        for _ in range(permits):
            permit = ledger.next_permit()
            assert ledger.run("ask", permit, LIFE_MS) == 0
            ledger.run("settle", permit)

    def ask_in_vain(operation):
        for i in range(permits):
            ledger.run(operation, f"f{i:04x}", LIFE_MS)

    both = 2 * ledger.server_us("ask and settle", ask_and_settle)
    entries = redis.command("ZCARD", KEY)
    assert hourly - 2 <= entries <= hourly + 2, entries
    bytes_used = redis.command("MEMORY", "USAGE", KEY, "SAMPLES", 0)
    held = show(f"{title}: a permit, asked for and settled", both, "us", PERMIT_US_MAX)
    while ledger.run("ask", ledger.next_permit(), LIFE_MS) == 0:
        ledger.now_us -= (HOUR_MS + 2) * 1000 // hourly  # until the window is full
    show(f"{title}: a refusal", ledger.server_us("ask", ask_in_vain), "us")
    held &= show(f"{title}: memory", bytes_used, "bytes", LEDGER_BYTES_MAX)
    return held


def way_us(ledger, waits):
    """A permit asked for, until the reply counts: with a WAIT right behind it, or without."""
    connection, permit = ledger.redis.connection, ledger.next_permit()
    begin = time.perf_counter()
    connection.send(*ledger.words("ask", permit, LIFE_MS))
    if waits:
        connection.send("WAIT", 1, WAIT_MS)
    assert connection.read() == 0
    if waits and connection.read() != 1:
        print("the replica was late", file=sys.stderr)
    took_us = (time.perf_counter() - begin) * 1e6
    ledger.run("settle", permit)
    return took_us


def measure_wait(permits):
    with Redis(password="bench") as redis, Redis() as replica:
        for server in (redis, replica):
            server.command("CONFIG", "SET", "appendonly", "no")
        redis.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        replica.command("CONFIG", "SET", "masterauth", "bench")
        replica.command("REPLICAOF", "127.0.0.1", redis.port)
        ledger = Ledger(redis, 1000, "a" * 40)
        ledger.fill()
        while redis.command("WAIT", 1, 1000) != 1:
            pass
        took = {False: [], True: []}
        for _ in range(permits):
            for waits in took:  # in turns: the machine is the same for both
                took[waits].append(way_us(ledger, waits))
    for waits, name in ((False, "without WAIT"), (True, "with WAIT")):
        show(f"a replica is there: a permit {name}, median", statistics.median(took[waits]), "us")
        show(f"a replica is there: a permit {name}, 99th percentile", sorted(took[waits])[len(took[waits]) * 99 // 100], "us")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--permits", type=int, default=5000, help="calls measured of each kind")
    permits = parser.parse_args().permits
    with Redis() as redis:
        redis.command("CONFIG", "SET", "appendonly", "no")  # the disk is not measured, and the hours fill faster
        held = [measure(redis, hourly, permits) for hourly in (1000, 10000)]
    measure_wait(permits)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
