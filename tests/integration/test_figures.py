"""What commands say of themselves, how long they ran and what they sent, where Redis was away meanwhile: the time is that from
start to end, whoever was waited for, and the requests are those that the simulator and the ledger counted."""
import datetime
import json
import re
import signal
import time

import pytest
from cluster import Cluster
from jobs import message, prm_of, push, results, start_worker, workers
from server import Redis
from world import World

pytestmark = pytest.mark.slow

POINTS = 20
KIND, SPAN = "consumption_load_curve", ("2026-10-01", "2026-11-19")  # seven requests for each usage point
QUOTA = "25/1s,5000/1h"  # the ledger remembers all requests of a test
MISSED_S = 5  # replicas that are away are spoken of when they have been for so long
RUN = re.compile(r"^(?:(\d+) min )?([\d.]+) s, (\d+) requests \(([\d.]+)/s\), 0 repeated, 0 throttled$", re.MULTILINE)
SO_FAR = re.compile(r"; (\d+) s so far")
GONE, BACK = "until it is back", "Redis is back"  # nothing is sent, or what needs a node of a cluster waits


def world_of_points(outage=None):
    """With the Redis that suffers that outage."""
    world = World("--population", str(POINTS), "--latency", "30:30", quota=QUOTA)
    if outage is fail_over:
        world.redis = Cluster()
    return world


def start_backfill(world, *words, **settings):
    prms = world.write("prms", "".join(f"{prm_of(i)}\n" for i in range(POINTS)))
    return world.start("backfill", "--prms", prms, "--kind", KIND, "--start", SPAN[0], "--end", SPAN[1], *words,
                       **settings)


def permits(redis):
    """How many the ledger has counted, of all buckets."""
    return sum(redis.command("ZCARD", key) for key in redis.keys("releve:quota:*") if redis.command("TYPE", key) == b"zset")


def seconds_of(found):
    """[the least, the most] that it may have been: short runs have tenths, others are cut to seconds."""
    said = 60 * int(found.group(1) or 0) + float(found.group(2))
    return (said - 0.05, said + 0.05) if "." in found.group(2) else (said, said + 1)


class Clock:
    """Around a run of the program: it began after the first moment, and ended before the last one."""

    def __init__(self):
        self.began = time.monotonic()
        self.worked = []

    def works(self):
        """The program was seen at work now."""
        self.worked.append(time.monotonic())

    def check(self, ended, before=0.0):
        """`before`: s that it had run when it was first seen at work, at least."""
        whole = time.monotonic() - self.began
        assert ended.code == 0, ended
        found = RUN.search(ended.out)
        assert found, ended
        least, most = seconds_of(found)
        seen = before + self.worked[-1] - self.worked[0]
        assert seen <= most and least <= whole, (seen, found.group(0), whole)
        return int(found.group(3)), float(found.group(4)), least, most


def check_requests(world, said):
    requests, rate, least, most = said
    stats = world.sandbox.stats()
    assert requests == stats["requests"] == permits(world.redis) and stats["violations"] == 0, (said, stats)
    assert requests / most - 0.05 <= rate <= requests / least + 0.05, said


def stand_still(redis):
    redis.partition()
    yield
    redis.heal()


def restart(redis):
    redis.kill()
    yield
    redis.start()


def fail_over(cluster):
    """Of the master that has the ledger of measures."""
    key = min((key for key in cluster.keys("releve:quota:*mesure*")), key=len)
    lost = cluster.kill_master(key)
    cluster.wait_for_failover(key)
    yield
    cluster.start(lost)


@pytest.mark.single("it has servers of its own")
@pytest.mark.parametrize("outage", [stand_still, restart, fail_over])
def test_a_backfill_counts_the_time_of_an_outage_and_each_of_its_requests_once(outage):
    with world_of_points(outage) as world:
        clock = Clock()
        running = start_backfill(world)
        world.wait_for(running, "ok", 40)
        clock.works()
        for _ in outage(world.redis):
            running.wait_until(lambda: GONE in running.so_far())
        ok = world.sandbox.stats()["ok"]
        world.wait_for(running, "ok", ok + 20)
        clock.works()
        check_requests(world, clock.check(running.end()))


def status(world):
    ended = world.run("status", "--json")
    assert ended.code == 0, ended
    return json.loads(ended.out)


def at_work(world, running, whom):
    """What releve status says of the only one of them, as soon as it does."""
    found = []

    def said():
        found[:] = status(world)[whom]
        return found
    running.wait_until(said)
    assert len(found) == 1, found
    return found[0]


def moment(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Follower:
    """A replica of a server that is there and not yet seen by it."""

    def __init__(self, master):
        self.master, self.redis = master, Redis(master.password)

    def __enter__(self):
        self.redis.__enter__()
        return self

    def __exit__(self, *_):
        self.redis.__exit__()

    def follow(self):
        self.redis.command("CONFIG", "SET", "masterauth", self.master.password)
        self.redis.command("REPLICAOF", "127.0.0.1", self.master.port)


def test_a_backfill_counts_the_time_for_which_it_waited_before_its_first_request():
    with World("--population", str(POINTS), "--latency", "30:30", quota=QUOTA, password="secret") as world:
        with Follower(world.redis) as follower:
            clock = Clock()
            running = start_backfill(world, "--progress", "always", RELEVE_REDIS=f"{world.redis.url}?replicas=1")
            running.wait_until(lambda: GONE in running.so_far())  # it has waited for MISSED_S
            assert world.sandbox.stats()["requests"] == 0
            clock.works()
            follower.follow()
            world.wait_for(running, "ok", 100)
            clock.works()
            began = at_work(world, running, "commands")["began_at"]
            ended = running.end()
            check_requests(world, clock.check(ended, MISSED_S))
            assert moment(results(world.redis)[0]["created_at"]) - moment(began) >= MISSED_S - 1, "seconds that are over"
            assert all(int(seconds) >= MISSED_S for seconds in SO_FAR.findall(ended.err)), ended.err


def test_a_worker_that_began_anew_counts_all_that_it_did():
    with world_of_points() as world:
        worker = start_worker(world, "w")
        for number in range(2):
            push(world.redis, message(prm_of(number), KIND, start=SPAN[0], end=SPAN[1]))
            worker.wait_until(lambda: len(results(world.redis)) == number + 1)
            if number == 0:  # as if it had been silent for long
                name, = workers(world.redis)
                world.redis.command("ZREM", "{releve}:workers", name)
                worker.wait_until(lambda: worker.so_far().count("takes jobs from") == 2)
        worker.signal(signal.SIGTERM)
        ended = worker.end()
        requests = world.sandbox.stats()["requests"]
        said = [line for line in ended.err.splitlines() if "in all: " in line]
        assert len(said) == 1 and f"in all: 2 jobs ended, 0 of them failed or partial; {requests} requests;" in said[0], ended


@pytest.mark.single("it has servers of its own")
@pytest.mark.parametrize("outage", [stand_still, restart, fail_over])
def test_what_a_worker_and_status_say_is_right_after_an_outage(outage):
    with world_of_points(outage) as world:
        worker = start_worker(world, "w")
        push(world.redis, *(message(prm_of(i), KIND, start=SPAN[0], end=SPAN[1]) for i in range(POINTS)))
        world.wait_for(worker, "ok", 40)
        for _ in outage(world.redis):
            worker.wait_until(lambda: GONE in worker.so_far())
        worker.wait_until(lambda: len(results(world.redis)) == POINTS)
        requests = world.sandbox.stats()["requests"]
        assert requests == permits(world.redis)
        worker.wait_until(lambda: at_work(world, worker, "workers")["pulse"].get("jobs_ended") == POINTS)
        pulse = at_work(world, worker, "workers")["pulse"]
        assert (pulse["requests"], pulse["requests_left"], pulse["repeated"]) == (requests, 0, 0), pulse
        worker.signal(signal.SIGTERM)
        ended = worker.end()
        assert f"in all: {POINTS} jobs ended, 0 of them failed or partial; {requests} requests" in ended.err, ended
        counted = world.redis.hash("{releve}:counters")
        assert sum(int(count) for name, count in counted.items() if name.startswith("requests:")) == requests, counted
