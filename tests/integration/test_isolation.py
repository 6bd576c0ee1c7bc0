"""A shard of a Redis Cluster is away, as a whole or with its replica only: what is about usage points there waits, all others are
served, and when it is back everything is done (law 5)."""
import pytest
from cluster import Cluster
from jobs import Results, message, prm_of, push, start_worker
from world import World

pytestmark = pytest.mark.slow

QUOTA = "2000/1s"  # what waits is not the quota
KIND, DAY, NEXT = "daily_consumption", "2026-09-01", "2026-09-02"


def shard_of_days(cluster):
    """A master that has neither the queue nor a quota: what is on the others needs nothing of it."""
    needed = [cluster.master_of(key) for key in ["{releve}:jobs", *cluster.keys("releve:quota:*")]]
    return next(master for master in cluster.current_masters() if master not in needed)


@pytest.mark.parametrize("replicas, count, named", [
    pytest.param(1, 600, {}, id="its replica"), pytest.param(0, 1500, {}, id="all of it"),
    pytest.param(0, 1500, {"priority": "low"}, id="all of it, jobs name another class than their queue")])
def test_a_shard_that_is_away_delays_its_own_usage_points_only(replicas, count, named):
    world = World("--population", str(count), quota=QUOTA)
    cluster = world.redis = Cluster(replicas=replicas)
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", "--prm", prm_of(0), "--kind", KIND).code == 0
        shard = shard_of_days(cluster)
        jobs = {f"j{i}": prm_of(i) for i in range(1, count)}
        absent = {job for job, prm in jobs.items() if cluster.master_of(f"{{{prm}}}") is shard}
        assert len(absent) > 100
        start_worker(world)
        lost = cluster.replicas_of(shard)[0] if replicas else shard
        cluster.kill(lost)
        with Results(cluster) as results:
            results.one()  # of the backfill
            push(cluster, *(message(prm, KIND, id=job, start=DAY, end=NEXT, **named) for job, prm in jobs.items()))
            assert {result["id"] for result in results.take(len(jobs) - len(absent))} == set(jobs) - absent
            cluster.start(lost)
            assert {result["id"] for result in results.take(len(absent))} == absent
        assert world.sandbox.stats()["days_served_twice"] == 0
