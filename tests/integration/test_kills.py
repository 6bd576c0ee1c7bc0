"""Workers die at random moments in mid backfill, again and again: no day is lost or wrong, every job has exactly one
result, and little is asked twice.

    RELEVE_KILLS=1000 /usr/bin/python3 -m pytest -s tests/integration/test_kills.py     by hand; 50 kills without"""
import collections
import os
import random
import select
import signal

import oracle
import pytest
from jobs import Results, message, own_lists, prm_of, push, replied, results, start_worker, waiting, workers
from sandbox import Sandbox
from server import prm_of_key, wait_for_end
from world import TODAY, World

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("RELEVE_KILLS", "50"))
SEED = int(os.environ.get("RELEVE_SEED", "1"))
POINTS = 200
WORKERS = 4
DAILY, CURVE = "daily_consumption", "consumption_load_curve"
WEEKS = 4 if KILLS <= 50 else 52  # of load curve: at every kill there is work
CURVE_SPAN = {"start": str(oracle.date(TODAY) - 7 * WEEKS * oracle.DAY), "end": TODAY}
DAYS_A_REQUEST = {DAILY: 365, CURVE: 7}
PAUSE_MAX_S = 0.6  # between two kills
TAKEN_OVER_S = 60  # the last that was killed is missed after 15 s; its claims and its permits end by themselves


def chunks(kind):
    """The least number of requests of a job: its days by the longest range, the newest first."""
    days = 7 * WEEKS if kind == CURVE else (oracle.date(TODAY) - oracle.history(kind, oracle.date(TODAY))).days
    return -(-days // DAYS_A_REQUEST[kind])


def requests_of_data(stats):
    return stats["by_api"]["mesure_synchrone_auto"]["requests"]


class Fleet:
    """Workers of which one after the other is killed, and replaced at once."""

    def __init__(self, world, concurrency):
        self.world, self.concurrency, self.started = world, concurrency, 0
        self.running = [self._start() for _ in range(WORKERS)]
        self.chance, self.kills = random.Random(SEED), 0

    def _start(self):
        self.started += 1
        return self.world.start("worker", "--name", f"w{self.started}", "--concurrency", str(self.concurrency))

    def kill_one(self):
        """At a moment that has nothing to do with what it does: starting, taking a job, asking, storing, ending."""
        select.select([], [], [], self.chance.uniform(0, PAUSE_MAX_S))
        at = self.chance.randrange(WORKERS)
        victim = self.running[at]
        assert not victim.has_ended(0), f"it ended by itself: {victim.end()}"
        victim.signal(signal.SIGKILL)
        self.running[at] = self._start()
        assert victim.end().code == -signal.SIGKILL
        self.kills += 1

    def end(self):
        for one in self.running:
            one.signal(signal.SIGTERM)
        for one in self.running:
            ended = one.end()
            assert ended.code == 0, ended


@pytest.fixture(scope="module")
def truth():
    """Every day of every usage point, by the oracle."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", str(POINTS)) as sandbox:
        upstream = oracle.Upstream(sandbox, "2026")
        yield {(prm_of(i), kind): oracle.expected_days(upstream, kind, prm_of(i), TODAY, *(
            CURVE_SPAN.values() if kind == CURVE else ())) for i in range(POINTS) for kind in (DAILY, CURVE)}
        upstream.close()


def check_results(world, names):
    """One result for each job, with everything obtained."""
    found = results(world.redis)
    assert collections.Counter(result["id"] for result in found) == dict.fromkeys(names, 1)
    assert {(result["state"], result["failed"]) for result in found} == {("done", 0)}
    assert replied(world.redis, "replies", len(names)) == len(names)
    assert own_lists(world.redis) == {} and all(waiting(world.redis, queue) == [] for queue in ("high", "normal", "low"))


def check_days(world, truth):
    """No day lost, none wrong, and none that nobody asked for."""
    held = collections.defaultdict(dict)
    for key, text in world.redis.days().items():
        held[prm_of_key(key), key.split(":")[3]][key] = text
    assert set(held) == set(truth)
    for (prm, kind), expected in truth.items():
        oracle.check(held[prm, kind], expected, prm, kind, "2026", TODAY)


# A request of a worker that was killed counts for 40 s: so many kills leave room within these.
@pytest.mark.slow
@pytest.mark.parametrize("concurrency, quota, latency", [(1, "120/1s" if KILLS <= 50 else "300/1s", "20:40"),
                                                         (16, "2000/1s", "200:600")])
def test_workers_that_are_killed_at_random_lose_nothing_and_repeat_little(truth, concurrency, quota, latency):
    least = POINTS * (chunks(DAILY) + chunks(CURVE))
    with World("--population", str(POINTS), "--latency", latency, quota=quota) as world:
        jobs = [(kind, i) for i in range(POINTS) for kind in (DAILY, CURVE)]
        fleet, pushed = Fleet(world, concurrency), 0
        while fleet.kills < KILLS:
            # What a dead worker held waits until it is missed. So there is always something new for the others.
            upto = len(jobs) * (fleet.kills + 1) // KILLS
            push(world.redis, *(message(prm_of(i), kind, id=f"{kind}.{i}", reply_to="replies",
                                        **(CURVE_SPAN if kind == CURVE else {})) for kind, i in jobs[pushed:upto]))
            pushed = upto
            fleet.kill_one()
        names = [f"{kind}.{i}" for kind, i in jobs]
        before_the_end = len(results(world.redis))
        with Results(world.redis, TAKEN_OVER_S) as stream:
            stream.take(len(names))
        fleet.end()
        stats = world.sandbox.stats()
        requests = requests_of_data(stats)
        repeated = requests - least
        print(f"\n{fleet.kills} kills of workers with {concurrency} requests in flight, {before_the_end} of {len(names)} jobs "
              f"done at the last one: {requests} requests, least {least}, {repeated} repeated ({repeated / fleet.kills:.2f} a kill), "
              f"{stats['days_served_twice']} days served twice, {stats['violations']} violations")
        assert before_the_end < len(names), "the work ended before the killing"
        check_results(world, names)
        check_days(world, truth)
        assert workers(world.redis) == []
        assert stats["violations"] == 0, stats
        assert 0 <= repeated <= fleet.kills * concurrency
        assert stats["days_served_twice"] <= repeated * max(DAYS_A_REQUEST.values())
