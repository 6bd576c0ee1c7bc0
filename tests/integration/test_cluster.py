"""A Redis Cluster of three masters with a replica each, of which slots move and masters die, fall silent, or are cut off from
the other nodes, under a backfill and four workers at full quota: no day is lost or wrong, every job has exactly one result, the
quota holds, and little is asked twice. A master that was replaced comes back as the replica of its successor, as a service
manager would have it: until then nobody acknowledges there.

    RELEVE_ROUNDS=20 /usr/bin/python3 -m pytest -s tests/integration/test_cluster.py     by hand; one round without"""
import collections
import os
import signal

import oracle
import pytest
from cluster import Cluster
from jobs import QUEUES, message, own_lists, prm_of, push, replied, results, start_worker, waiting, workers
from sandbox import Sandbox
from slots import slot_of
from world import TODAY, World

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("RELEVE_ROUNDS", "1"))
WORKERS, CONCURRENCY = 4, 4
BACKFILLED = 20  # usage points of the backfill, the first ones
QUEUED = 30  # usage points of the jobs
PUSHED = 36  # jobs for each thing that happens: the quota is used in full while it does, and some are left when the next one comes
MOVED_BESIDE = 100  # slots that move besides those that matter
CURVE, WEEKS_BACKFILLED = "consumption_load_curve", 30
QUOTA = "25/1s,200/10s"
DAYS_A_REQUEST = 7
FIRST_WEEK = oracle.date("2025-01-06")
BACKFILL_SPAN = (str(oracle.date(TODAY) - 7 * WEEKS_BACKFILLED * oracle.DAY), TODAY)


def span_of(batch):
    """Four weeks that no other batch of the same usage points has."""
    first = FIRST_WEEK + 28 * batch * oracle.DAY
    return str(first), str(first + 28 * oracle.DAY)


def jobs_of(batch):
    """[(id, usage point, span)]"""
    numbers = [PUSHED * batch + i for i in range(PUSHED)]
    return [(f"j{number}", prm_of(BACKFILLED + number % QUEUED), span_of(number // QUEUED % 20)) for number in numbers]


def move(cluster, key):
    """The slot of that key, and some beside it, go to the master that comes next: with their keys, which programs use."""
    source = cluster.master_of(key)
    masters = cluster.current_masters()
    to = masters[(masters.index(source) + 1) % len(masters)]
    cluster.move_slots(slot_of(key), slot_of(key), to)
    cluster.reshard(MOVED_BESIDE, source, to)
    assert cluster.master_of(key) is to


def kill(cluster, key):
    lost = cluster.kill_master(key)
    assert cluster.wait_for_failover(key) is not lost
    yield
    cluster.start(lost)


def partition(cluster, key):
    lost = cluster.partition_master(key)
    assert cluster.wait_for_failover(key) is not lost
    yield
    cluster.heal(lost)


def isolate(cluster, key):
    """The node goes on answering programs, and none of the others hears of it."""
    lost = cluster.isolate_master(key)
    assert cluster.wait_for_failover(key) is not lost
    yield
    cluster.rejoin(lost)


def key_of_bucket(redis):
    """Of the ledger that the days pass."""
    return min((key for key in redis.keys("releve:quota:*mesure*")), key=len)


KEY_OF_DAYS = oracle.key(prm_of(BACKFILLED), CURVE, FIRST_WEEK)


class Run:
    """A backfill, workers, and what they were given to do."""

    def __init__(self, world):
        self.world, self.pushed, self.batches, self.running = world, [], 0, []
        prms = world.write("prms.csv", "".join(f"{prm_of(i)}\n" for i in range(BACKFILLED)))
        self.backfill = world.start("backfill", "--prms", prms, "--kind", CURVE, "--start", BACKFILL_SPAN[0], "--end",
                                    BACKFILL_SPAN[1], "--concurrency", str(CONCURRENCY))

    def hire(self):
        self.running.append(start_worker(self.world, f"w{len(self.running)}", "--concurrency", str(CONCURRENCY)))

    def send_for_another(self):
        """The same, but nobody waits for it."""
        newcomer = self.world.start("worker", "--name", f"w{len(self.running)}", "--concurrency", str(CONCURRENCY))
        self.running.append(newcomer)
        return newcomer

    def push(self):
        """More to do; half of those that ask have a list for the reply."""
        jobs = jobs_of(self.batches)
        push(self.world.redis, *(message(prm, CURVE, id=name, start=start, end=end, **({"reply_to": "replies"} if i % 2 else {}))
                                 for i, (name, prm, (start, end)) in enumerate(jobs)))
        self.pushed += jobs
        self.batches += 1

    def goes_on(self, requests=10):
        """Until that many more have been answered than now: whatever happened, the work goes on by itself."""
        self.world.wait_for(self.running[0], "ok", self.world.sandbox.stats()["ok"] + requests)

    def wait_for_results(self):
        names = {name for name, _, _ in self.pushed}
        self.running[0].wait_until(lambda: names <= {result["id"] for result in results(self.world.redis)})

    def end(self):
        ended = self.backfill.end()
        assert ended.code == 0, ended
        self.wait_for_results()
        for one in self.running:
            one.signal(signal.SIGTERM)
        for one in self.running:
            ended = one.end()
            assert ended.code == 0, ended


@pytest.fixture(scope="module")
def truth():
    """{(usage point, first day, end): its days}, by the oracle."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", str(BACKFILLED + QUEUED)) as sandbox:
        upstream = oracle.Upstream(sandbox, "2026")
        found = {}

        def ask(prm, span):
            if (prm, span) not in found:
                found[prm, span] = oracle.expected_days(upstream, CURVE, prm, TODAY, *span)
            return found[prm, span]
        yield ask
        upstream.close()


def check_results(world, run):
    """One result for each job and for each usage point of the backfill, with everything obtained."""
    found = results(world.redis)
    names = [name for name, _, _ in run.pushed]
    ours = [result for result in found if result["id"] in set(names)]
    assert collections.Counter(result["id"] for result in ours) == dict.fromkeys(names, 1)
    others = collections.Counter(result["prm"] for result in found if result["id"] not in set(names))
    assert others == dict.fromkeys(map(prm_of, range(BACKFILLED)), 1)
    assert {(result["state"], result["failed"]) for result in found} == {("done", 0)}
    wanted = sum(i % 2 for i in range(PUSHED)) * run.batches
    assert replied(world.redis, "replies", wanted) == wanted
    assert own_lists(world.redis) == {} and workers(world.redis) == []
    assert all(waiting(world.redis, queue) == [] for queue in QUEUES)


def check_days(world, run, truth):
    """No day lost, none wrong, and none that nobody asked for."""
    spans = collections.defaultdict(set)
    for i in range(BACKFILLED):
        spans[prm_of(i)].add(BACKFILL_SPAN)
    for _, prm, span in run.pushed:
        spans[prm].add(span)
    for prm, wanted in spans.items():
        expected = {}
        for span in wanted:
            expected |= truth(prm, span)
        oracle.check(world.redis.days(prm), expected, prm, CURVE, "2026", TODAY)
    assert len(world.redis.days()) == sum(len(world.redis.days(prm)) for prm in spans)


def test_slots_move_and_masters_fail_under_a_backfill_and_workers_and_nothing_is_lost(truth):
    world = World("--population", str(BACKFILLED + QUEUED), "--latency", "30:60", quota=QUOTA)
    cluster = world.redis = Cluster(isolable=True)
    queue = QUEUES["normal"]
    with world:
        run = Run(world)
        for _ in range(WORKERS - 1):
            run.hire()
        run.push()
        run.running[0].wait_until(lambda: cluster.days())
        fallen = 0
        for _ in range(ROUNDS):
            for key in (queue, key_of_bucket(cluster), KEY_OF_DAYS):
                run.push()
                move(cluster, key)
                run.goes_on()
            for way, key in ((kill, queue), (partition, key_of_bucket(cluster)), (kill, KEY_OF_DAYS),
                             (isolate, key_of_bucket(cluster)), (partition, queue), (kill, key_of_bucket(cluster)),
                             (isolate, queue)):
                cluster.wait_until_whole()
                run.push()
                for _ in way(cluster, key):
                    if fallen == 0:
                        newcomer = run.send_for_another()  # who comes while a node is gone finds its way too
                run.goes_on()  # the new master has a replica again, that acknowledges
                fallen += 1
        newcomer.wait_until(lambda: "takes jobs from" in newcomer.so_far())
        cluster.wait_until_whole()
        run.end()
        stats = world.sandbox.stats()
        print(f"\n{fallen} masters fell under {len(run.pushed)} jobs: {stats['requests']} requests, {stats['days_served']} days, "
              f"{stats['days_served_twice']} of them twice, {stats['violations']} violations")
        check_results(world, run)
        check_days(world, run, truth)
        assert stats["violations"] == 0, stats
        # What was on its way when a master fell: each program has so many requests, and what came may be asked once more.
        assert stats["days_served_twice"] <= fallen * (WORKERS + 1) * CONCURRENCY * DAYS_A_REQUEST


def test_what_these_tests_write_themselves_outlives_every_node():
    """Else a loss would be theirs: nobody else writes here."""
    with Cluster() as cluster:
        wanted = {f"key:{{{i}}}": str(i).encode() for i in range(200)}
        for key, value in wanted.items():
            cluster.command("SET", key, value)
        key = min(wanted)
        move(cluster, key)
        for way in (kill, partition):
            cluster.wait_until_whole()
            for _ in way(cluster, key):
                cluster.command("SET", key, way.__name__)
            cluster.wait_until_whole()
            wanted[key] = way.__name__.encode()
            assert cluster.values(cluster.keys("key:*")) == wanted
