"""The way of a message from its queue into a worker's list and back: it goes back to where it came from, it is judged before
it is sent, and it is found by somebody whoever dies at whichever moment."""
import json
import signal

import pytest
from jobs import QUEUES, Results, message, own_lists, prm_of, push, start_worker, waiting, workers
from world import World

CLIENT_0 = "22516914714270"
MANY = 20000  # jobs: they are not all there before something happens
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}


def end(running):
    running.signal(signal.SIGTERM)
    ended = running.end()
    assert ended.code == 0, ended


def blocked(redis):
    """How many clients wait for messages."""
    return sum(b" cmd=blmove " in line for line in redis.command("CLIENT", "LIST").splitlines())


def start_enqueue(world, count):
    """A job for each usage point."""
    prms = world.write("prms", "".join(f"{prm_of(i)}\n" for i in range(count)))
    return world.start("enqueue", "--prms", prms, "--kind", "daily_consumption", "--start", ONE_DAY["start"])


def check_order(world, ended):
    """They wait in the order in which they were given; how many are there."""
    found = [json.loads(text) for text in waiting(world.redis)]
    assert [job["prm"] for job in found] == [prm_of(i) for i in range(len(found))]
    printed = ended.out.split()
    assert printed == [job["id"] for job in found[:len(printed)]]
    return len(found)


def test_jobs_are_queued_in_their_order_where_redis_does_not_know_the_script():
    with World() as world:
        world.redis.command("SCRIPT", "FLUSH")
        ended = start_enqueue(world, 200).end()
        assert check_order(world, ended) == 200 and ended.code == 0, ended


@pytest.mark.slow
def test_jobs_are_queued_in_their_order_where_the_script_is_forgotten_meanwhile():
    with World() as world:
        running = start_enqueue(world, MANY)
        for least in (100, MANY // 2):
            running.wait_until(lambda: world.redis.command("LLEN", QUEUES["normal"]) >= least)
            world.redis.command("SCRIPT", "FLUSH")
        ended = running.end()
        assert check_order(world, ended) == MANY and ended.code == 0, ended


def test_jobs_that_were_queued_before_the_connection_was_cut_are_the_first_ones():
    with World() as world:
        running = start_enqueue(world, MANY)
        running.wait_until(lambda: world.redis.command("LLEN", QUEUES["normal"]) >= 100)
        world.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        ended = running.end()
        assert check_order(world, ended) >= 100 and ended.code == 4, ended


@pytest.mark.waits
@pytest.mark.slow
@pytest.mark.parametrize("queue", ["high", "normal", "low"])
@pytest.mark.parametrize("text", [message(CLIENT_0, id="x", **ONE_DAY), b"no job", b""])
def test_what_a_dead_worker_took_and_did_not_read_goes_back_to_the_queue_it_came_from(queue, text):
    """It has no priority of its own that would say which."""
    with World() as world:
        victim = start_worker(world, "victim")
        victim.wait_until(lambda: blocked(world.redis) == 3)
        victim.signal(signal.SIGSTOP)
        push(world.redis, text, to=queue)  # Redis gives it to the worker all the same
        assert waiting(world.redis, queue) == [] and [len(jobs) for jobs in own_lists(world.redis).values()] == [1]
        victim.signal(signal.SIGKILL)
        victim.end()
        monitor = world.redis.connect(QUEUES[queue])
        monitor.command("MONITOR")
        heir = start_worker(world, "heir")
        given_back = b""
        while b'"RPUSH"' not in given_back:
            given_back = monitor.read()
        assert given_back.endswith(f'"RPUSH" "{QUEUES[queue]}" {json.dumps(text.decode())}'.encode()), given_back
        monitor.close()
        end(heir)


@pytest.mark.slow
def test_a_worker_that_was_forgotten_and_dies_on_waking_up_leaves_nothing_behind():
    with World() as world:
        sleeper = start_worker(world, "sleeper")
        sleeper.wait_until(lambda: blocked(world.redis) == 3)
        sleeper.signal(signal.SIGSTOP)
        name, = workers(world.redis)
        world.redis.command("ZREM", "{releve}:workers", name)  # dead for more than a minute, its list empty: forgotten
        texts = [message(CLIENT_0, id=f"j{i}", **ONE_DAY) for i in range(3)]
        world.redis.command("LPUSH", "{releve}:jobs:moving", *texts[:2])  # of others that died so
        push(world.redis, texts[2])  # its BLMOVE still stands
        assert own_lists(world.redis) == {} and waiting(world.redis) == texts
        sleeper.signal(signal.SIGKILL)
        sleeper.end()
        heir = start_worker(world, "heir")
        with Results(world.redis) as stream:
            assert len(stream.take(3)) == 3
        assert own_lists(world.redis) == {} and world.redis.keys("{releve}:jobs*") == set()
        end(heir)


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_wakes_up_forgotten_leaves_nothing_behind():
    with World() as world:
        sleeper = start_worker(world, "sleeper")
        sleeper.wait_until(lambda: blocked(world.redis) == 3)
        sleeper.signal(signal.SIGSTOP)
        name, = workers(world.redis)
        sleeper.wait_until(lambda: blocked(world.redis) == 0)  # Redis has ended its waits
        world.redis.command("ZREM", "{releve}:workers", name)
        push(world.redis, *(message(CLIENT_0, id=f"j{i}", **ONE_DAY) for i in range(100)))
        sleeper.signal(signal.SIGCONT)
        sleeper.wait_until(lambda: len(waiting(world.redis)) < 100 or "silent" in sleeper.so_far())
        sleeper.signal(signal.SIGKILL)
        sleeper.end()
        # It may have begun anew by then, under a name that is known. No list is anybody else's.
        known = {one.decode() for key in ("workers", "workers:dead")
                 for one in world.redis.command("ZRANGE", f"{{releve}}:{key}", 0, -1)}
        assert set(own_lists(world.redis)) <= known
        heir = start_worker(world, "heir")
        with Results(world.redis) as stream:
            assert len(stream.take(100)) == 100
        heir.wait_until(lambda: own_lists(world.redis) == {} and world.redis.keys("{releve}:jobs*") == set())
        end(heir)


def test_what_was_left_on_its_way_by_a_dead_worker_is_done_by_the_next():
    with World() as world:
        for i in range(3):
            world.redis.command("LPUSH", "{releve}:jobs:high:moving", message(CLIENT_0, id=f"moving{i}", **ONE_DAY))
        push(world.redis, message(CLIENT_0, id="waiting", **ONE_DAY), to="high")
        assert json.loads(world.run("status", "--json").out)["queues"]["high"] == 4
        assert world.run("worker", "--drain", "--concurrency", "1").code == 0
        ids = [json.loads(fields[1])["id"] for _, fields in world.redis.command("XRANGE", "{releve}:results", "-", "+")]
        assert sorted(ids) == ["moving0", "moving1", "moving2", "waiting"] and world.redis.keys("{releve}:jobs*") == set()


@pytest.mark.slow
def test_a_message_that_was_cut_and_not_buried_is_buried_by_another_with_its_length():
    with World() as world:
        world.redis.command("ZADD", "{releve}:workers", 1, "a")
        world.redis.command("RPUSH", "{releve}:worker:a:jobs", b"high 300000000\n" + b"7" * 4096)
        heir = start_worker(world, "heir")
        heir.wait_until(lambda: world.redis.command("LLEN", "{releve}:jobs:dead") == 1)
        buried = json.loads(world.redis.command("LINDEX", "{releve}:jobs:dead", 0))
        assert buried["raw"] == "7" * 4096 and "a message of 300000000 bytes" in buried["error"]
        assert own_lists(world.redis) == {} and world.redis.keys("{releve}:jobs*") == {"{releve}:jobs:dead"}
        end(heir)


@pytest.mark.slow
def test_a_worker_that_may_not_skip_replies_says_so_and_does_not_crash():
    with World() as world:
        world.redis.command("ACL", "SETUSER", "w", "on", ">pw", "~*", "&*", "+@all", "-client|reply")
        worker = start_worker(world, RELEVE_REDIS=world.redis.url_of("w", "pw"))
        worker.wait_until(lambda: "does not let its user do this" in worker.so_far())
        push(world.redis, message(CLIENT_0, id="x", **ONE_DAY))
        world.redis.command("ACL", "SETUSER", "w", "+client|reply")
        with Results(world.redis) as stream:
            assert stream.one()["id"] == "x"
        end(worker)


@pytest.mark.slow
def test_a_worker_that_hears_from_its_queue_that_it_was_forgotten_leaves_its_jobs_to_others():
    """It beats no more from then on; so whoever tells it has to see to its list."""
    with World("--latency", "60000") as world:
        worker = start_worker(world, "forgotten")
        push(world.redis, message(CLIENT_0, id="held", **ONE_DAY))
        worker.wait_until(lambda: world.redis.hash("{releve}:job:held").get("state") == "running"
                          and blocked(world.redis) == 3)
        name, = workers(world.redis)
        world.redis.command("ZREM", "{releve}:workers", name)
        push(world.redis, b"wakes it", to="high")
        worker.wait_until(lambda: "was silent for so long" in worker.so_far())
        assert world.redis.command("ZSCORE", "{releve}:workers:dead", name) is not None
        worker.signal(signal.SIGKILL)
        worker.end()
        world.sandbox.control(latency="0")
        world.redis.command("DEL", f"releve:claim:{{{CLIENT_0}}}:daily_consumption")
        heir = start_worker(world, "heir")
        with Results(world.redis) as stream:
            assert stream.one()["id"] == "held"
        end(heir)
