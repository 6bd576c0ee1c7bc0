"""Results on their way to reply lists: one that takes none is said and tried again, and it delays no other list."""
import signal
import time

import pytest
from cluster import Cluster
from jobs import message, prm_of, push, replied, results, start_worker
from world import World

pytestmark = pytest.mark.slow

CLIENT_0 = "22516914714270"
DAY = {"start": "2026-10-05", "end": "2026-10-06"}
JOBS = 30
MANY, FEW = 560, 5  # more than one worker has under way at a node
HOUR_MS = 3600 * 1000


def end(worker):
    worker.signal(signal.SIGTERM)
    ended = worker.end()
    assert ended.code == 0, ended
    return ended


def make_text(redis):
    redis.command("SET", "bad", "mine")


def may_not_write(redis):
    redis.command("ACL", "SETUSER", "default", "resetkeys", "~releve:*", "~{releve}:*", "~{*}:releve:replied:*", "~good")


SPOILT = {
    "of another type": (make_text, lambda redis: redis.command("DEL", "bad"), "bad holds a string instead of a list"),
    "not its user's": (may_not_write, lambda redis: redis.command("ACL", "SETUSER", "default", "~*"), "does not let its user do this"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_reply_list_that_takes_nothing_is_said_once_and_gets_its_results_when_it_is_put_right(name):
    spoil, put_right, said = SPOILT[name]
    with World() as world:
        spoil(world.redis)
        worker = start_worker(world)
        push(world.redis, *(message(CLIENT_0, id=f"j{i}", reply_to="bad", **DAY) for i in range(JOBS)))
        push(world.redis, message(CLIENT_0, id="j", reply_to="good", **DAY))
        worker.wait_until(lambda: "the reply list bad takes nothing" in worker.so_far())
        lines = [line for line in worker.so_far().splitlines() if "reply list" in line]
        assert len(lines) == 1 and said in lines[0] and "tried again" in lines[0] and "dropped after 24 h" in lines[0], lines
        assert world.redis.command("LLEN", "good") == 1 and len(results(world.redis)) == JOBS + 1
        assert world.redis.command("XLEN", "{releve}:replies") == JOBS
        put_right(world.redis)
        assert replied(world.redis, "bad", JOBS) == JOBS
        worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:replies") == 0)
        assert "dropped: " not in end(worker).err


def test_a_result_that_its_list_did_not_take_for_a_day_is_dropped_and_said():
    with World() as world:
        make_text(world.redis)
        now = int(time.time()) * 1000
        for age_h in (25, 1):
            world.redis.command("XADD", "{releve}:replies", f"{now - age_h * HOUR_MS}-0", "list", "bad", "id", "x", "json", "{}")
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:replies") == 1)
        worker.wait_until(lambda: "reply list bad" in worker.so_far())
        lines = [line for line in end(worker).err.splitlines() if "reply list bad" in line]
        assert len([line for line in lines if "dropped: " in line and "{releve}:results" in line]) == 1, lines
        assert world.redis.command("GET", "bad") == b"mine"


def test_many_results_that_no_list_takes_keep_none_behind_them():
    with World() as world:
        make_text(world.redis)
        old_ms = int(time.time()) * 1000 - HOUR_MS
        world.redis.command("EVAL", """for i = 1, 15000 do
            redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. i, 'list', i <= 14995 and 'bad' or 'good', 'id', i, 'json', '{}')
        end""", 1, "{releve}:replies", old_ms)
        worker = start_worker(world)
        worker.wait_until(lambda: world.redis.command("LLEN", "good") == 5)
        end(worker)


def lose_replica(cluster, master):
    cluster.kill(cluster.replicas_of(master)[0])


def lose_shard(cluster, master):
    lose_replica(cluster, master)
    cluster.kill(master)


def stop_shard(cluster, master):
    """Silent: what is sent there is kept, and its connection looks sound for 10 s."""
    lose_replica(cluster, master)
    cluster.partition(master)


@pytest.mark.single("a cluster of its own")
@pytest.mark.parametrize("lose", [lose_replica, lose_shard, stop_shard])
def test_a_shard_that_takes_no_replies_delays_no_list_elsewhere(lose):
    world = World("--population", "60", quota="2000/1s")
    cluster = world.redis = Cluster()
    with world:
        cluster.command("CONFIG", "SET", "cluster-require-full-coverage", "no")  # the other shards go on
        home = cluster.master_of("{releve}:jobs")
        lost, healthy = [node for node in cluster.current_masters() if node is not home]
        away = next(f"a{i}" for i in range(100) if cluster.master_of(f"a{i}") is lost)
        there = next(f"b{i}" for i in range(100) if cluster.master_of(f"b{i}") is healthy)
        prm = next(prm_of(i) for i in range(60) if cluster.master_of(f"x{{{prm_of(i)}}}") is healthy)
        world.run("backfill", "--prm", prm, "--kind", "daily_consumption")
        worker = start_worker(world)
        lose(cluster, lost)
        for target, count in ((away, MANY), (there, FEW)):
            before = len(results(cluster))
            push(cluster, *(message(prm, id=f"{target}.{i}", reply_to=target, **DAY) for i in range(count)))
            worker.wait_until(lambda: len(results(cluster)) == before + count)
        worker.wait_until(lambda: cluster.command("LLEN", there) == FEW)
        cluster.heal()
        for node in cluster.nodes:
            if not node.is_live:
                cluster.start(node)
        cluster.wait_until_whole()
        assert replied(cluster, away, MANY) == MANY
        worker.wait_until(lambda: cluster.command("XLEN", "{releve}:replies") == 0)
        assert (cluster.command("LLEN", away), cluster.command("LLEN", there)) == (MANY, FEW)
        end(worker)
