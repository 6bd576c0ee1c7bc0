"""Workers live on for each other while Redis waits for replicas, and when it was away."""
import select

import pytest
from cluster import QUIET_TIMEOUT_MS, Cluster
from jobs import QUEUES, message, prm_of, push, replied, start_worker, workers
from world import World

JOBS = 600  # the workers accept 256 of them each, and more as they end
AWAY_S = 20  # longer than a worker may be silent
STILL_S = 30
BEAT_S = 5
BEATS = 5  # of each worker, 5 s apart: it is dead after 15 s without one


@pytest.mark.slow
def test_workers_whose_queue_has_lost_its_replica_are_not_taken_for_dead():
    """Each message that names a reply list is accepted with an acknowledgement, over the connection that beats."""
    world = World("--population", str(JOBS), quota="2000/1s")
    cluster = world.redis = Cluster(node_timeout_ms=QUIET_TIMEOUT_MS)
    with world:
        running, _ = start_worker(world, "worker-a"), start_worker(world, "worker-b")
        names = workers(cluster)
        master = cluster.master_of(QUEUES["normal"])
        replica, = cluster.replicas_of(master)
        cluster.kill(replica)
        # At its master only: elsewhere the test itself waits for a replica.
        push(master, *(message(prm_of(i), start="2026-10-01", end="2026-10-02", reply_to="mine") for i in range(JOBS)))
        beats = {name: set() for name in names}

        def all_have_beaten():
            assert master.command("ZRANGE", "{releve}:workers:dead", 0, -1) == []
            for name, seen in beats.items():
                seen.add(master.command("ZSCORE", "{releve}:workers", name))
            return all(len(seen) > BEATS for seen in beats.values())

        running.wait_until(all_have_beaten)
        cluster.start(replica)
        assert replied(cluster, "mine", JOBS) == JOBS
        assert sorted(workers(cluster)) == sorted(names)


@pytest.mark.slow
@pytest.mark.single("it stands still as a whole")
def test_beats_do_not_pile_up_while_redis_is_away():
    """A heap of them would keep everything else of that connection waiting, and in the end from being sent at all."""
    with World() as world:
        world.redis.command("CONFIG", "SET", "slowlog-max-len", 100000)
        world.redis.command("CONFIG", "SET", "slowlog-log-slower-than", 0)
        worker = start_worker(world)
        name, = workers(world.redis)

        def beats():
            """All that Redis has heard so far."""
            return sum(b"beat" in words and name.encode() in words for _, _, _, words, *_ in world.redis.command("SLOWLOG", "GET", -1))

        worker.wait_until(lambda: beats() > 0)
        world.redis.partition()
        select.select([], [], [], STILL_S)
        world.redis.heal()
        score = world.redis.command("ZSCORE", "{releve}:workers", name)
        worker.wait_until(lambda: world.redis.command("ZSCORE", "{releve}:workers", name) != score)
        assert beats() < STILL_S / BEAT_S
        world.interrupt(worker)


@pytest.mark.slow
@pytest.mark.single("it is killed, and started again with what it had")
def test_workers_that_were_silent_together_as_redis_was_away_are_not_taken_for_dead():
    """Whoever comes back first must not bury the others; nor must one that joins before they are back."""
    with World() as world:
        running = [start_worker(world, f"worker-{i}") for i in range(3)]
        names = workers(world.redis)
        before = {name: world.redis.command("ZSCORE", "{releve}:workers", name) for name in names}
        world.redis.kill()
        select.select([], [], [], AWAY_S)
        world.redis.start()
        running.append(start_worker(world, "new"))
        last = {name: before[name] for name in names}
        beats = dict.fromkeys(names, 0)

        def all_have_beaten_until_somebody_may_be_buried_again():
            assert world.redis.command("ZRANGE", "{releve}:workers:dead", 0, -1) == []
            for name in names:
                score = world.redis.command("ZSCORE", "{releve}:workers", name)
                assert score is not None
                beats[name] += score != last[name]
                last[name] = score
            return min(beats.values()) >= BEATS and not world.redis.command("EXISTS", "{releve}:workers:silence")

        running[0].wait_until(all_have_beaten_until_somebody_may_be_buried_again)
        assert all("silent for so long" not in worker.so_far() for worker in running)
        for worker in running:
            world.interrupt(worker)
