"""A worker lives on for the others while its connection to Redis waits for replicas."""
import pytest
from cluster import QUIET_TIMEOUT_MS, Cluster
from jobs import QUEUES, message, prm_of, push, replied, start_worker, workers
from world import World

JOBS = 600  # the workers accept 256 of them each, and more as they end
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
