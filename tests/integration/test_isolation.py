"""A shard of a Redis Cluster is away, as a whole or with its replica only: what is about usage points there waits, all others are
served, and when it is back everything is done (law 5). Also where a worker begins just then. What goes on is seen meanwhile."""
import json
import os
import signal

import pytest
from cluster import Cluster
from jobs import Results, message, prm_of, push, start_worker
from test_serve import Served, until
from world import World

pytestmark = pytest.mark.slow

QUOTA = "2000/1s"  # what waits is not the quota
ELSEWHERE = "other"  # a client whose quota of measures is not on the shard of the queue
KIND, DAY, NEXT = "daily_consumption", "2026-09-01", "2026-09-02"


@pytest.mark.parametrize("replicas, count, named", [
    pytest.param(1, 600, {}, id="its replica"), pytest.param(0, 1500, {}, id="all of it"),
    pytest.param(0, 1500, {"priority": "low"}, id="all of it, jobs name another class than their queue")])
def test_a_shard_that_is_away_delays_its_own_usage_points_only(replicas, count, named):
    world = World("--population", str(count), quota=QUOTA)
    cluster = world.redis = Cluster(replicas=replicas)
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", "--prm", prm_of(0), "--kind", KIND).code == 0
        shard = cluster.shard_of_days()
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


def lose(cluster, shard, end):
    """Ends or stops the shard as a whole, and waits until the others know that nobody serves its slots."""
    nodes = [*cluster.replicas_of(shard), shard]
    for node in nodes:
        end(node)
    cluster.wait_until(lambda: all(shard.id in view.failing for view in cluster.views().values()), "a shard that is known to be away")
    return nodes


@pytest.mark.parametrize("end, back", [(Cluster.kill, Cluster.start), (Cluster.partition, Cluster.heal)], ids=["dead", "silent"])
def test_a_worker_that_begins_while_a_shard_is_away_serves_the_others(end, back):
    world = World("--population", "40", quota=QUOTA)
    cluster = world.redis = Cluster(replicas=1)
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", "--prm", prm_of(0), "--kind", KIND).code == 0
        shard = cluster.shard_of_days()
        jobs = {f"j{i}": prm_of(i) for i in range(1, 40)}
        absent = {job for job, prm in jobs.items() if cluster.master_of(f"{{{prm}}}") is shard}
        assert len(absent) > 5
        push(cluster, *(message(prm, KIND, id=job, start=DAY, end=NEXT) for job, prm in jobs.items()))
        with Results(cluster) as results:
            results.one()  # of the backfill
            lost = lose(cluster, shard, lambda node: end(cluster, node))
            worker = start_worker(world)
            assert {result["id"] for result in results.take(len(jobs) - len(absent))} == set(jobs) - absent
            said = worker.so_far()
            assert said.count("its slots wait until it is back or replaced") == 1 and f":{shard.port}" in said, said
            for node in lost:
                back(cluster, node)
            assert {result["id"] for result in results.take(len(absent))} == absent
        worker.wait_until(lambda: worker.so_far().count("Redis is back") == 1)
        world.interrupt(worker)
        assert world.sandbox.stats()["days_served_twice"] == 0


def test_a_worker_that_begins_without_the_shard_of_a_quota_does_what_needs_no_request():
    world = World("--population", "40", quota=QUOTA)
    cluster = world.redis = Cluster(replicas=0)
    with world, Results(cluster) as results:
        world.settings["CLIENT_ID"] = ELSEWHERE
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", "--prm", prm_of(0), "--kind", KIND).code == 0
        quota, = cluster.keys("releve:quota:{mesure_synchrone_auto@*}")
        shard = cluster.master_of(quota)
        known, asked, *_ = [prm for prm in map(prm_of, range(1, 40)) if cluster.master_of(f"{{{prm}}}") is not shard]
        assert world.run("backfill", "--prm", known, "--kind", KIND).code == 0
        push(cluster, message(asked, KIND, id="asked", start=DAY, end=NEXT), message(known, KIND, id="known", start=DAY, end=NEXT))
        results.take(2)  # of the backfills
        lose(cluster, shard, cluster.kill)
        worker = start_worker(world)
        assert results.one()["id"] == "known"
        cluster.start(shard)
        assert results.one()["id"] == "asked"
        world.interrupt(worker)


def test_a_worker_that_begins_while_a_replica_of_the_queue_is_away_is_seen():
    world = World(quota=QUOTA)
    cluster = world.redis = Cluster(replicas=1)
    with world, Results(cluster) as results:
        push(cluster, message(prm_of(0), KIND, id="j"))
        replica, = cluster.replicas_of(cluster.master_of("{releve}:jobs"))
        cluster.kill(replica)
        worker = world.start("worker", "--name", "early")
        worker.wait_until(lambda: "redis_why" in json.loads(world.run("status", "--json").out)["processes"])
        early, = json.loads(world.run("status", "--json").out)["starting"]
        assert early["name"].startswith("early.") and "no replica of " in early["redis_why"], early
        cluster.start(replica)
        assert results.one()["id"] == "j"
        world.interrupt(worker)


def test_a_drain_that_begins_while_a_shard_is_away_ends_without_a_job():
    """Somebody waits for its end: it does not hold what it cannot do."""
    world = World(quota=QUOTA)
    cluster = world.redis = Cluster(replicas=0)
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        push(cluster, message(prm_of(0), KIND, id="j"))
        shard = next(one for one in cluster.current_masters() if one is not cluster.master_of("{releve}:jobs"))
        lose(cluster, shard, cluster.kill)
        ended = world.run("worker", "--drain")
        assert ended.code == 4 and f":{shard.port}" in ended.err, ended
        assert cluster.command("LLEN", "{releve}:jobs") == 1


def looks_of(watching):
    lines = os.pread(watching.out.fileno(), 1 << 20, 0).decode().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.fixture
def shaky():
    """A world whose cluster has data, and the shard of it that may go away."""
    world = World("--population", "40", quota=QUOTA)
    cluster = world.redis = Cluster(replicas=0)
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        assert world.run("backfill", *(word for i in range(9) for word in ("--prm", prm_of(i))), "--kind", KIND, "--start", DAY).code == 0
        push(cluster, b"one")
        yield world, cluster.shard_of_days()


@pytest.mark.parametrize("end, back", [(Cluster.kill, Cluster.start), (Cluster.partition, Cluster.heal)], ids=["dead", "silent"])
def test_status_shows_what_is_there_while_a_shard_is_away(shaky, end, back):
    world, shard = shaky
    cluster, address = world.redis, f"127.0.0.1:{shard.port}"
    watching = world.start("status", "--watch", "--json")
    watching.wait_until(lambda: looks_of(watching))
    assert "nodes_away" not in looks_of(watching)[-1]
    lose(cluster, shard, lambda node: end(cluster, node))
    push(cluster, b"two")
    watching.wait_until(lambda: looks_of(watching)[-1].get("nodes_away") == [address] and looks_of(watching)[-1]["queues"]["normal"] == 2)
    ended = world.run("status", "--json")
    shown = json.loads(ended.out)
    assert ended.code == 0 and shown["queues"]["normal"] == 2 and shown["nodes_away"] == [address], ended
    assert ended.err.count("\n") == 1 and address in ended.err, ended
    assert [one["bucket"] for one in shown["quota"]].count("mesure_synchrone_auto") == 1 and len(shown["quota"]) < len(looks_of(watching)[0]["quota"])
    ended = world.run("status")
    assert ended.code == 0 and f"away    Redis at {address}" in ended.out and "queues  waiting: high 0, normal 2" in ended.out, ended
    back(cluster, shard)
    watching.wait_until(lambda: "nodes_away" not in looks_of(watching)[-1] and watching.so_far().endswith("it is there again\n"))
    watching.signal(signal.SIGTERM)
    ended = watching.end()
    assert ended.code == 0 and f"{address} " in ended.err, ended
    assert end is not Cluster.kill or "nothing new is shown" not in ended.err, ended  # one that is silent may be waited for at first


def test_status_ends_with_4_while_the_shard_of_the_queue_is_away(shaky):
    world, _ = shaky
    shard = world.redis.master_of("{releve}:jobs")
    lose(world.redis, shard, world.redis.kill)
    ended = world.run("status")
    assert ended.code == 4 and f":{shard.port}" in ended.err and ended.out == "", ended


def days_of(served, prm):
    return served.ask(f"/v1/points/{prm}/days/{KIND}?start={DAY}")


@pytest.mark.parametrize("end, back", [(Cluster.kill, Cluster.start), (Cluster.partition, Cluster.heal)], ids=["dead", "silent"])
def test_the_service_answers_what_is_there_while_a_shard_is_away(shaky, end, back):
    world, shard = shaky
    cluster, address = world.redis, f"127.0.0.1:{shard.port}"
    absent = [prm for prm in map(prm_of, range(9)) if cluster.master_of(f"{{{prm}}}") is shard]
    there = [prm for prm in map(prm_of, range(9)) if prm not in absent]
    running = Served(world)
    assert absent and {days_of(running, prm)[0] for prm in absent + there} == {200}
    lose(cluster, shard, lambda node: end(cluster, node))
    for served in running, Served(world):
        until(lambda: json.loads(served.ask("/v1/status")[2]).get("nodes_away") == [address])
        assert served.metrics()["releve_queue_jobs", 'class="normal"'] == 1
        until(lambda: days_of(served, absent[0])[2].find(" is away") > 0)
        until(lambda: days_of(served, there[0])[0] == 200)  # what was asked of it when it went may be waited for at first
        for refused in absent[0], absent[-1]:
            status, headers, _ = days_of(served, refused)
            assert (status, headers["retry-after"]) == (503, "5")
            assert served.ask("/v1/points")[0] == 503
            assert {days_of(served, prm)[0] for prm in there} == {200} == {served.ask(f"/v1/points/{there[0]}")[0]}
            assert {served.ask("/v1/history")[0], served.ask("/metrics")[0]} == {200}
    back(cluster, shard)
    until(lambda: days_of(running, absent[0])[0] == 200 == running.ask("/v1/points")[0])
    until(lambda: "nodes_away" not in json.loads(running.ask("/v1/status")[2]))
