"""A Redis with a replica, watched by sentinels, whose masters die, fall silent, or are cut off from sentinels and replica while
programs still reach them, under a backfill and four workers at full quota: what holds of a cluster (test_cluster.py) holds here."""
import pytest
from load import Run, check, world_at
from sentinels import Sentinels

pytestmark = pytest.mark.slow


def kill(sentinels):
    lost = sentinels.kill()
    assert sentinels.wait_for_failover(lost) is not lost
    yield
    sentinels.start(lost)


def partition(sentinels):
    lost = sentinels.partition()
    assert sentinels.wait_for_failover(lost) is not lost
    yield
    sentinels.heal(lost)


def isolate(sentinels):
    lost = sentinels.isolate()
    assert sentinels.wait_for_failover(lost) is not lost
    yield
    sentinels.rejoin(lost)


def test_masters_fail_under_a_backfill_and_workers_and_nothing_is_lost():
    sentinels, fallen = Sentinels(), 0
    with world_at(sentinels) as world:
        run = Run(world)
        run.begin()
        for way in (kill, isolate, partition, isolate):
            sentinels.wait_until_whole()
            run.push()
            for _ in way(sentinels):
                if fallen == 0:
                    newcomer = run.send_for_another()  # who comes while the master is gone finds the new one
            run.goes_on()  # the new master has a replica, that acknowledges
            fallen += 1
        newcomer.wait_until(lambda: "takes jobs from" in newcomer.so_far())
        sentinels.wait_until_whole()
        run.end()
        check(world, run, fallen)
