"""A key of releve's that holds something of another type: one line names it and says how to put it right, a command ends
with 4, and a worker goes on where it can and by itself when the key is put right."""
import json
import re

import pytest
from jobs import Results, message, own_lists, push, start_worker, waiting, workers
from world import World

CLIENT_0, HOLES, REVOKED = "22516914714270", "42900589957123", "26584978546985"
DAILY = "daily_consumption"
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}
ONE_DAY_FLAGS = ("--prm", CLIENT_0, "--kind", DAILY, "--start", "2026-10-05", "--end", "2026-10-06")
QUOTA = "1000/1s"  # without one there is no ledger


def ledger(world):
    """The key of the bucket that measures come from."""
    assert world.run("backfill", *ONE_DAY_FLAGS).code == 0
    key, = (key for key in world.redis.keys("releve:quota:{mesure*") if world.redis.command("TYPE", key) == b"zset")
    return key


def spoil(redis, key):
    """Makes it a key of a type that releve does not have there, and says which."""
    redis.command("DEL", key)
    if redis_type(key) == "string":
        redis.command("LPUSH", key, "x")
        return "list"
    redis.command("SET", key, "x")
    return "string"


def redis_type(key):
    return "string" if re.search(r":quota:[^:]+:(?!windows)\w+$", key) else "another"


def names(text, key, held):
    return re.search(rf"{re.escape(key)} holds a {held} instead of a \w+ \(.+\): RENAME or DEL it", text)


@pytest.mark.slow
def test_a_backfill_whose_ledger_has_a_wrong_type_ends_with_4_and_names_the_key():
    with World(quota=QUOTA) as world:
        key = ledger(world)
        running = {}
        for i, note in enumerate(("", ":closed", ":longest", ":windows")):
            spoilt = (key + note).replace("releve:", f"p{i}:", 1)
            held = spoil(world.redis, spoilt)
            running[spoilt, held] = world.start("backfill", *ONE_DAY_FLAGS, RELEVE_PREFIX=f"p{i}")
        for (spoilt, held), one in running.items():
            ended = one.end()
            assert ended.code == 4, ended
            assert names(ended.err.splitlines()[-1], spoilt, held), ended
            assert world.redis.command("TYPE", spoilt) == held.encode()  # and nothing was put right behind its owner's back


@pytest.mark.slow
def test_a_backfill_whose_claims_have_a_wrong_type_ends_with_4_and_obtains_the_rest():
    with World() as world:
        key = f"releve:claim:{{{CLIENT_0}}}:{DAILY}"
        spoil(world.redis, key)
        ended = world.start("backfill", *ONE_DAY_FLAGS, "--prm", HOLES).end()
        assert ended.code == 4 and names(ended.err, key, "string"), ended
        assert len(world.redis.days()) == 1


def count_lines(running, words):
    return sum(words in line for line in running.so_far().splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("note", ["", ":closed", ":longest", ":windows"])
def test_a_worker_names_a_ledger_of_a_wrong_type_and_goes_on_when_it_is_put_right(note):
    with World(quota=QUOTA) as world, Results(world.redis) as stream:
        key = ledger(world) + note
        held = spoil(world.redis, key)
        worker = start_worker(world)
        push(world.redis, message(HOLES, id="j", **ONE_DAY))
        worker.wait_until(lambda: count_lines(worker, key) >= 2)  # said again after a while
        assert names(worker.so_far(), key, held), worker.so_far()
        world.redis.command("DEL", key)
        assert stream.one()["state"] == "done"
        worker.signal(15)
        assert worker.end().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("key", ["{releve}:workers:dead", "{releve}:workers"])
def test_a_worker_that_cannot_join_says_so_and_joins_when_it_can(key):
    with World() as world, Results(world.redis) as stream:
        spoil(world.redis, key)
        worker = world.start("worker", "--name", "w")
        push(world.redis, message(CLIENT_0, id="j", **ONE_DAY))
        worker.wait_until(lambda: names(worker.so_far(), key, "string"))
        world.redis.command("DEL", key)
        assert stream.one()["state"] == "done"
        worker.signal(15)
        assert worker.end().code == 0 and own_lists(world.redis) == {}


@pytest.mark.slow
def test_a_worker_whose_beats_are_refused_works_on_and_is_not_lost():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        spoil(world.redis, "{releve}:workers:dead")
        worker.wait_until(lambda: names(worker.so_far(), "{releve}:workers:dead", "string"))
        push(world.redis, message(CLIENT_0, id="j", **ONE_DAY))
        assert stream.one()["state"] == "done"
        world.redis.command("DEL", "{releve}:workers:dead")
        worker.signal(15)
        assert worker.end().code == 0 and workers(world.redis) == []


@pytest.mark.slow
@pytest.mark.parametrize("key, others", [("{releve}:jobs:high", ("normal", "low")), ("{releve}:jobs", ("high", "low")),
                                         ("{releve}:jobs:low", ("high", "normal"))])
def test_a_queue_of_a_wrong_type_keeps_no_other_queue_from_being_done(key, others):
    with World() as world, Results(world.redis) as stream:
        spoil(world.redis, key)
        worker = start_worker(world)
        for queue in others:
            push(world.redis, message(CLIENT_0, id=queue, **ONE_DAY), to=queue)
        assert sorted(result["id"] for result in stream.take(2)) == sorted(others)
        worker.wait_until(lambda: names(worker.so_far(), key, "string"))
        world.redis.command("DEL", key)
        world.redis.command("LPUSH", key, message(CLIENT_0, id="late", **ONE_DAY))
        assert stream.one()["id"] == "late"
        worker.signal(15)
        assert worker.end().code == 0


@pytest.mark.slow
def test_results_of_a_wrong_type_are_named_and_written_when_they_can_be():
    with World() as world:
        spoil(world.redis, "{releve}:results")
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="j", reply_to="r", **ONE_DAY))
        worker.wait_until(lambda: names(worker.so_far(), "{releve}:results", "string"))
        world.redis.command("DEL", "{releve}:results")
        worker.wait_until(lambda: world.redis.command("LLEN", "r") == 1)
        worker.signal(15)
        assert worker.end().code == 0


def test_dead_jobs_of_a_wrong_type_keep_no_good_job_from_being_done():
    with World() as world, Results(world.redis) as stream:
        spoil(world.redis, "{releve}:jobs:dead")
        worker = start_worker(world)
        push(world.redis, b"no job", message(CLIENT_0, id="j", **ONE_DAY))
        assert stream.one()["id"] == "j"
        worker.wait_until(lambda: names(worker.so_far(), "{releve}:jobs:dead", "string"))
        assert sum(map(len, own_lists(world.redis).values())) == 1  # it is not lost
        worker.signal(15)
        assert worker.end().code == 0 and waiting(world.redis) == [b"no job"]


def test_what_a_usage_point_is_known_by_may_be_of_a_wrong_type():
    with World() as world:
        key = f"releve:point:{{{REVOKED}}}"
        spoil(world.redis, key)
        ended = world.run("backfill", "--prm", REVOKED, "--kind", DAILY)
        assert ended.code == 1 and names(ended.err, key, "string"), ended


@pytest.mark.slow
def test_a_list_of_a_dead_worker_that_is_no_list_keeps_nobody_from_taking_over_the_others():
    with World() as world, Results(world.redis) as stream:
        for name in ("a", "b"):
            world.redis.command("ZADD", "{releve}:workers", 1, name)
        spoil(world.redis, "{releve}:worker:a:jobs")
        world.redis.command("LPUSH", "{releve}:worker:b:jobs", message(CLIENT_0, id="j", **ONE_DAY))
        worker = start_worker(world)
        assert stream.one()["id"] == "j"
        worker.wait_until(lambda: names(worker.so_far(), "{releve}:worker:a:jobs", "string"))
        assert count_lines(worker, "{releve}:worker:a:jobs") == 1
        worker.signal(15)
        assert worker.end().code == 0


@pytest.mark.slow
def test_what_cannot_go_back_to_its_queue_stays_where_it_is_and_is_not_doubled():
    with World() as world, Results(world.redis) as stream:
        spoil(world.redis, "{releve}:jobs")
        world.redis.command("ZADD", "{releve}:workers", 1, "a")
        for queue in ("normal", "high"):
            world.redis.command("RPUSH", "{releve}:worker:a:jobs", message(CLIENT_0, id=queue, priority=queue, **ONE_DAY))
        worker = start_worker(world)
        assert stream.one()["id"] == "high"
        worker.wait_until(lambda: names(worker.so_far(), "{releve}:jobs", "string"))
        assert [json.loads(text)["id"] for text in own_lists(world.redis)["a"]] == ["normal"]
        world.redis.command("DEL", "{releve}:jobs")
        assert stream.one()["id"] == "normal" and own_lists(world.redis) == {}
        worker.signal(15)
        assert worker.end().code == 0


def test_what_could_not_be_queued_can_be_queued_again():
    with World() as world:
        spoil(world.redis, "{releve}:jobs")
        ended = world.run("enqueue", *ONE_DAY_FLAGS)
        assert ended.code == 4 and names(ended.err, "{releve}:jobs", "string"), ended
        assert world.redis.keys("{releve}:job:*") == set()
        world.redis.command("DEL", "{releve}:jobs")
        assert world.run("enqueue", *ONE_DAY_FLAGS).code == 0 and len(waiting(world.redis)) == 1


def test_what_status_is_told_may_be_of_a_wrong_type():
    """Nothing depends on it: neither a command nor a worker says a word."""
    with World() as world:
        spoil(world.redis, "{releve}:pulses")
        ended = world.run("backfill", *ONE_DAY_FLAGS)
        assert ended.code == 0 and "pulses" not in ended.err and len(world.redis.days()) == 1, ended


def test_dead_names_a_list_of_a_wrong_type():
    with World() as world:
        spoil(world.redis, "{releve}:jobs:dead")
        ended = world.run("dead")
        assert ended.code == 4 and names(ended.err, "{releve}:jobs:dead", "string"), ended


@pytest.mark.parametrize("key", ["{releve}:jobs:high", "{releve}:jobs:dead", "{releve}:workers", "{releve}:results", "{releve}:pulses"])
def test_status_names_a_key_of_a_wrong_type(key):
    with World() as world:
        spoil(world.redis, key)
        ended = world.run("status", "--json")
        assert ended.code == 4 and names(ended.err, key, "string"), ended
