"""A backfill and four workers at full quota, for tests in which what they share fails under them; and what has to have come of it:
no day lost or wrong, one result a job, the quota kept, little asked twice."""
import collections
import signal

import oracle
from jobs import QUEUES, message, own_lists, prm_of, push, replied, results, start_worker, waiting, workers
from sandbox import Sandbox
from world import TODAY, World

WORKERS, CONCURRENCY = 4, 4
BACKFILLED = 20  # usage points of the backfill, the first ones
QUEUED = 30  # usage points of the jobs
PUSHED = 36  # jobs for each thing that happens: the quota is used in full while it does, and some are left when the next one comes
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


def world_at(redis):
    """What shares that Redis."""
    world = World("--population", str(BACKFILLED + QUEUED), "--latency", "30:60", quota=QUOTA)
    world.redis = redis
    return world


class Run:
    """A backfill, workers, and what they were given to do."""

    def __init__(self, world):
        self.world, self.pushed, self.batches, self.running = world, [], 0, []
        prms = world.write("prms.csv", "".join(f"{prm_of(i)}\n" for i in range(BACKFILLED)))
        self.backfill = world.start("backfill", "--prms", prms, "--kind", CURVE, "--start", BACKFILL_SPAN[0], "--end",
                                    BACKFILL_SPAN[1], "--concurrency", str(CONCURRENCY))

    def begin(self):
        """All but one worker, and days are coming."""
        for _ in range(WORKERS - 1):
            self.hire()
        self.push()
        self.running[0].wait_until(self.world.redis.days)

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

    def push_again(self, number):
        """A job for the days of that one, which has ended."""
        name, prm, (start, end) = self.pushed[number]
        push(self.world.redis, message(prm, CURVE, id=f"{name}-again", start=start, end=end))
        self.pushed.append((f"{name}-again", prm, (start, end)))

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


def key_of_bucket(redis):
    """Of the ledger that the days pass."""
    return min((key for key in redis.keys("releve:quota:*mesure*")), key=len)


KEY_OF_DAYS = oracle.key(prm_of(BACKFILLED), CURVE, FIRST_WEEK)


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


def check_days(world, run):
    """No day lost, none wrong, and none that nobody asked for."""
    spans = collections.defaultdict(set)
    for i in range(BACKFILLED):
        spans[prm_of(i)].add(BACKFILL_SPAN)
    for _, prm, span in run.pushed:
        spans[prm].add(span)
    with Sandbox("--quota", "none", "--today", TODAY, "--population", str(BACKFILLED + QUEUED)) as sandbox:
        upstream = oracle.Upstream(sandbox, "2026")
        for prm, wanted in spans.items():
            expected = {}
            for span in wanted:
                expected |= oracle.expected_days(upstream, CURVE, prm, TODAY, *span)
            oracle.check(world.redis.days(prm), expected, prm, CURVE, "2026", TODAY)
        upstream.close()
    assert len(world.redis.days()) == sum(len(world.redis.days(prm)) for prm in spans)


def check(world, run, fallen, hidden=0):
    """That so many masters fell made no difference, but for so many days that nobody could see for a while."""
    stats = world.sandbox.stats()
    print(f"\n{fallen} masters fell under {len(run.pushed)} jobs: {stats['requests']} requests, {stats['days_served']} days, "
          f"{stats['days_served_twice']} of them twice, {stats['violations']} violations")
    check_results(world, run)
    check_days(world, run)
    assert stats["violations"] == 0, stats
    # What was on its way when a master fell: each program has so many requests, and what came may be asked once more.
    assert stats["days_served_twice"] <= fallen * (WORKERS + 1) * CONCURRENCY * DAYS_A_REQUEST + hidden
