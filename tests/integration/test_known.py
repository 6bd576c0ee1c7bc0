"""A day that is known counts for a job when a replica has it: a result that rests on it is lost in no failover (laws 3 and 4). Each
replica that is away here is one of a shard that has days only."""
import contextlib

import pytest
from cluster import Cluster
from jobs import Results, message, prm_of, push, results, start_worker
from world import World

pytestmark = pytest.mark.slow

COUNT = 40  # usage points: some are on each shard
KIND, FIRST, END = "daily_consumption", "2026-09-01", "2026-09-03"
SPAN = ("--kind", KIND, "--start", FIRST, "--end", END)
MISSED = "acknowledges what is written"


@contextlib.contextmanager
def world_without_a_replica():
    """Yields (world, usage point, master, replica): nobody has a copy of what the master of the usage point is told."""
    world = World("--population", str(COUNT), quota="2000/1s")
    cluster = world.redis = Cluster()
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", "--prm", prm_of(0), *SPAN).code == 0
        master = cluster.shard_of_days()
        prm = next(prm_of(i) for i in range(1, COUNT) if cluster.master_of(f"{{{prm_of(i)}}}") is master)
        replica, = cluster.replicas_of(master)
        cluster.kill(replica)
        yield world, prm, master, replica


def days_at(master, prm):
    return master.command("KEYS", f"releve:day:{{{prm}}}:*")


def fail_over(cluster, prm, master, replica):
    """The master dies with what only it has, and the replica that was away takes its place."""
    cluster.kill(master)
    cluster.start(replica)
    cluster.wait_for_failover(f"{{{prm}}}")


def test_a_backfill_that_is_said_again_ends_with_4_as_long_as_no_replica_has_the_days():
    with world_without_a_replica() as (world, prm, master, replica):
        command = ("backfill", "--prm", prm, *SPAN)
        assert world.run(*command).code == 4 and len(days_at(master, prm)) == 2
        asked = world.sandbox.stats()["requests"]
        again = world.run(*command)
        assert again.code == 4 and MISSED in again.err.splitlines()[-1], again
        assert world.sandbox.stats()["requests"] == asked  # they are known, and that is not asked again
        assert world.run("show", KIND, "--prm", prm, *SPAN[2:]).code == 0  # who only looks does not wait
        fail_over(world.redis, prm, master, replica)
        world.redis.start(master)
        world.redis.wait_until_whole()
        assert len(world.redis.days(prm)) == 0
        assert world.run(*command).code == 0 and len(world.redis.days(prm)) == 2


def test_a_job_of_days_that_another_one_stores_has_no_result_before_a_replica_has_them():
    with world_without_a_replica() as (world, prm, master, replica):
        cluster = world.redis
        worker = start_worker(world)
        push(cluster, message(prm, KIND, id="first", start=FIRST, end=END))
        worker.wait_until(lambda: days_at(master, prm))
        push(cluster, message(prm, KIND, id="second", start=FIRST, end=END))
        worker.wait_until(lambda: cluster.command("HGET", "{releve}:job:second", "state") == b"running")
        worker.wait_until(lambda: MISSED in worker.so_far())  # 5 s after the first try
        assert [result for result in results(cluster) if result["prm"] == prm] == []
        worker.process.kill()
        worker.end()
        fail_over(cluster, prm, master, replica)
        assert len(cluster.days(prm)) == 0
        cluster.start(master)
        cluster.wait_until_whole()
        start_worker(world, "next")
        with Results(cluster) as stream:
            assert {result["id"] for result in stream.take(3)} >= {"first", "second"}
        assert len(cluster.days(prm)) == 2
