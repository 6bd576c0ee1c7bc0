"""Redis is full, read-only, without its disk or its replicas, stands still, restarts, cuts connections: what was acknowledged
stays, nothing is sent whose answer could not be stored, a line says what to do, and the work goes on by itself."""
import collections
import json
import os
import re
import signal

import pytest
from jobs import Results, message, own_lists, prm_of, push, replied, results, start_worker, waiting
from server import Redis, free_port
from slots import tag_of
from world import World

pytestmark = pytest.mark.slow

DAILY = "daily_consumption"
JOBS, CONCURRENCY = 120, 4
SPAN = {"start": "2026-10-05", "end": "2026-10-12"}
STILL_LOOKS = 200  # as often the same figure, 3 ms apart: nothing moves any more
CUTS = 20


class Weather:
    """Something that Redis suffers, how it is put right, and the words that tell people what to do."""

    def __init__(self, words, begin, end):
        self.words, self.begin, self.end = words, begin, end


def config(name, value):
    return lambda redis: redis.command("CONFIG", "SET", name, value)


def lose_disk(redis):
    """Its snapshots fail: where they go, something else lies."""
    os.mkdir(os.path.join(redis.directory, "dump.rdb"))
    config("save", "3600 1000000")(redis)
    redis.command("BGSAVE")
    while b"rdb_last_bgsave_status:err" not in redis.command("INFO", "persistence"):
        pass


def find_disk(redis):
    os.rmdir(os.path.join(redis.directory, "dump.rdb"))
    redis.command("BGSAVE")
    while b"rdb_last_bgsave_status:ok" not in redis.command("INFO", "persistence"):
        pass


REFUSALS = {
    "full": Weather("is full: raise maxmemory", config("maxmemory", "1"), config("maxmemory", "0")),
    "read-only": Weather("is a replica: name its master", lambda redis: redis.command("REPLICAOF", "127.0.0.1", "1"),
                         lambda redis: redis.command("REPLICAOF", "NO", "ONE")),
    "without its disk": Weather("cannot write to its disk: make room", lose_disk, find_disk),
    "without replicas": Weather("has too few replicas: bring them back", config("min-replicas-to-write", "1"),
                                config("min-replicas-to-write", "0")),
}
OF_ONE_SERVER = {"read-only": "REPLICAOF, which a cluster does not take", "without its disk": "its directory"}
GONE = "until it is back"  # nothing is sent, or what needs a node of a cluster waits
ABSENCES = {
    "standing still": Weather(GONE, lambda redis: redis.partition(), lambda redis: redis.heal()),
    "restarted": Weather(GONE, lambda redis: redis.kill(), lambda redis: redis.start()),
}


def weathers(names):
    """As parameters of a test."""
    return [pytest.param(name, marks=pytest.mark.single(OF_ONE_SERVER[name]) if name in OF_ONE_SERVER else ()) for name in names]


def wait_until_still(running, look):
    seen = [None, 0]

    def still():
        now = look()
        seen[:] = [now, seen[1] + 1] if now == seen[0] else [now, 0]
        return seen[1] >= STILL_LOOKS
    running.wait_until(still)
    return seen[0]


def name_of(i):
    return f"j{i}"


def push_all(world):
    push(world.redis, *(message(prm_of(i), id=name_of(i), reply_to="replies", **SPAN) for i in range(JOBS)))


def check_each_once(world, found):
    """Every job has one result, and what it says is stored is stored."""
    assert collections.Counter(result["id"] for result in found) == dict.fromkeys(map(name_of, range(JOBS)), 1)
    assert len(results(world.redis)) == replied(world.redis, "replies", JOBS) == JOBS
    for result in found:
        assert len(world.redis.days(result["prm"], DAILY)) == result["complete"] + result["holes"], result
    assert own_lists(world.redis) == {} and waiting(world.redis) == [] and world.sandbox.stats()["violations"] == 0


def strike(world, weather):
    """The weather comes in the middle of the work, stays until nothing moves any more, and goes: (worker, results)."""
    worker = start_worker(world, "w", "--concurrency", str(CONCURRENCY))
    push_all(world)
    world.wait_for(worker, "ok", 20)
    weather.begin(world.redis)
    sent = world.sandbox.stats()["requests"]
    worker.wait_until(lambda: weather.words in worker.so_far())
    still = wait_until_still(worker, lambda: world.sandbox.stats()["requests"])
    assert still < JOBS, "it was over before the weather came"
    assert still - sent <= CONCURRENCY, "sent although Redis takes nothing"
    weather.end(world.redis)
    with Results(world.redis) as stream:
        return worker, stream.take(JOBS)


def world_of_jobs():
    return World("--population", str(JOBS), "--latency", "30:30", quota="2000/1s")


@pytest.mark.waits
@pytest.mark.parametrize("name", weathers([*REFUSALS, *ABSENCES]))
def test_the_work_waits_for_redis_and_goes_on_when_it_is_well(name):
    with world_of_jobs() as world:
        worker, found = strike(world, {**REFUSALS, **ABSENCES}[name])
        check_each_once(world, found)
        assert [result for result in found if result["state"] != "done"] == []  # also those that were just to begin
        assert len(world.redis.days(kind=DAILY)) == 7 * JOBS
        if name in REFUSALS:  # what came just then was kept, and stored later
            stats = world.sandbox.stats()
            assert stats["days_served_twice"] == 0 and stats["days_served"] == 7 * JOBS, stats
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0


def test_a_backfill_under_which_redis_fills_up_ends_with_4_and_goes_on_when_it_is_started_again():
    full = REFUSALS["full"]
    with world_of_jobs() as world:
        prms = world.write("prms.csv", "".join(f"{prm_of(i)}\n" for i in range(JOBS)))
        command = ("backfill", "--prms", prms, "--kind", DAILY, "--start", SPAN["start"], "--end", SPAN["end"],
                   "--concurrency", str(CONCURRENCY))
        running = world.start(*command)
        world.wait_for(running, "ok", 20)
        full.begin(world.redis)
        ended = running.end()
        assert ended.code == 4 and full.words in ended.err.splitlines()[-1], ended
        stored = len(world.redis.days())
        assert 0 < stored < 7 * JOBS
        full.end(world.redis)
        assert world.run(*command).code == 0 and len(world.redis.days()) == 7 * JOBS


def start_drain(world):
    """Somebody waits for it: it is to end by itself."""
    running = world.start("worker", "--drain", "--concurrency", str(CONCURRENCY))
    world.wait_for(running, "ok", 20)
    return running


def check_rest_is_done(world):
    """What comes next finds every job that has no result, and ends it."""
    worker = start_worker(world, "next")
    worker.wait_until(lambda: len(results(world.redis)) >= JOBS)
    check_each_once(world, results(world.redis))
    assert len(world.redis.days(kind=DAILY)) == 7 * JOBS
    worker.signal(signal.SIGTERM)
    assert worker.end().code == 0


@pytest.mark.waits
@pytest.mark.parametrize("name", weathers(REFUSALS))
def test_a_drain_that_redis_refuses_ends_with_4_and_its_jobs_are_left_for_others(name):
    weather = REFUSALS[name]
    with world_of_jobs() as world:
        push_all(world)
        running = start_drain(world)
        weather.begin(world.redis)
        ended = running.end()
        assert ended.code == 4 and weather.words in ended.err.splitlines()[-1], ended
        assert len(results(world.redis)) < JOBS
        weather.end(world.redis)
        check_rest_is_done(world)


def test_a_drain_that_redis_refuses_for_a_moment_goes_on_to_its_end():
    full = REFUSALS["full"]
    with world_of_jobs() as world:
        push_all(world)
        running = start_drain(world)
        full.begin(world.redis)
        running.wait_until(lambda: full.words in running.so_far())
        full.end(world.redis)
        assert running.end().code == 0
        check_each_once(world, results(world.redis))


MISSED = "what is written: start what is missing"


class Replicated:
    """A Redis of the world's, and a replica of it; the program is told to wait for that."""

    def __init__(self, world):
        self.world, self.replica = world, Redis()

    def __enter__(self):
        self.replica.__enter__()
        self.world.redis.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        port = free_port()
        self.world.redis.command("CONFIG", "SET", "port", port)
        self.replica.command("REPLICAOF", "127.0.0.1", port)
        while b"slave0:" not in (said := self.world.redis.command("INFO", "replication")) or b"state=online" not in said:
            pass
        self.world.settings["RELEVE_REDIS"] = self.world.redis.url + "?replicas=1"
        return self.replica

    def __exit__(self, *_):
        self.replica.heal()
        self.replica.__exit__()


@pytest.mark.single("replicas of its own")
@pytest.mark.parametrize("command", [("backfill", "--prm", prm_of(1), "--kind", DAILY, "--start", SPAN["start"]),
                                     ("get", DAILY, "--prm", prm_of(1), "--start", SPAN["start"]), ("worker", "--drain")])
def test_where_fewer_replicas_are_there_than_wanted_whoever_is_waited_for_ends_with_4(command):
    with world_of_jobs() as world:
        push_all(world)
        ended = world.run(*command, RELEVE_REDIS=world.redis.url + "?replicas=3")
        assert ended.code == 4 and "not all 3 replicas" in ended.err and MISSED in ended.err.splitlines()[-1], ended
        assert world.sandbox.stats()["requests"] == 0


@pytest.mark.single("replicas of its own")
def test_a_worker_waits_for_the_replicas_that_are_wanted_and_then_works():
    with world_of_jobs() as world, Replicated(world) as replica:
        replica.partition()
        push_all(world)
        worker, drain = world.start("worker"), world.start("worker", "--drain")
        assert drain.end().code == 4  # by then it has waited as long as anybody does
        assert MISSED in worker.so_far() and len(results(world.redis)) == 0
        replica.heal()
        worker.wait_until(lambda: len(results(world.redis)) == JOBS)
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0


@pytest.mark.single("replicas of its own")
def test_a_drain_under_which_the_replica_goes_ends_with_4_and_its_jobs_are_left_for_others():
    with world_of_jobs() as world, Replicated(world) as replica:
        push_all(world)
        running = start_drain(world)
        replica.partition()
        ended = running.end()
        assert ended.code == 4 and MISSED in ended.err.splitlines()[-1], ended
        assert len(results(world.redis)) < JOBS
        replica.heal()
        check_rest_is_done(world)


@pytest.mark.single("replicas of its own")
@pytest.mark.parametrize("for_a_moment", [True, False])
def test_a_backfill_under_which_the_replica_goes_ends_with_4_unless_it_comes_back(for_a_moment):
    with world_of_jobs() as world, Replicated(world) as replica:
        prms = world.write("prms.csv", "".join(f"{prm_of(i)}\n" for i in range(JOBS)))
        command = ("backfill", "--prms", prms, "--kind", DAILY, "--start", SPAN["start"], "--end", SPAN["end"],
                   "--concurrency", str(CONCURRENCY))
        running = world.start(*command)
        world.wait_for(running, "ok", 20)
        replica.partition()
        if for_a_moment:
            running.wait_until(lambda: MISSED in running.so_far())
            replica.heal()
        ended = running.end()
        if not for_a_moment:
            assert ended.code == 4 and MISSED in ended.err.splitlines()[-1], ended
            assert 0 < len(world.redis.days()) < 7 * JOBS
            replica.heal()
            ended = world.run(*command)
        assert ended.code == 0 and len(world.redis.days()) == 7 * JOBS, ended
        assert world.sandbox.stats()["violations"] == 0


@pytest.mark.single("replicas of its own")
@pytest.mark.parametrize("missing", [(), ("--missing",)])
def test_an_enqueue_that_no_replica_acknowledges_names_the_jobs_that_may_be_there(missing):
    with world_of_jobs() as world, Replicated(world) as replica:
        replica.partition()
        command = ("enqueue", "--prm", prm_of(1), "--prm", prm_of(2), "--kind", DAILY, "--start", SPAN["start"], *missing)
        ended = world.run(*command)
        queued = [json.loads(text)["id"] for text in waiting(world.redis)]
        assert ended.code == 4 and ended.out == "" and len(queued) == 2, ended
        assert re.findall(r"^releve: job (\S+) was sent, and may be in the queue$", ended.err, re.MULTILINE) == queued, ended
        replica.heal()
        again = world.run(*command, "--missing")
        assert again.code == 0 and len(waiting(world.redis)) == (2 if missing else 4), again


PUT_ASIDE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('RENAME', KEYS[1], KEYS[2])
end
redis.call('SET', KEYS[1], 'x')
"""


def aside(key):
    """Where what it held goes: in a cluster, to the same slot."""
    return f"aside:{{{tag_of(key)}}}"


def spoil(redis, pattern):
    """The key of that pattern, or that it will be, holds something of another type; what it held lies aside."""
    key = min(redis.keys(pattern), key=len, default=pattern)
    redis.command("EVAL", PUT_ASIDE, 2, key, aside(key))
    return key


def put_right(redis, key):
    redis.command("DEL", key)
    if redis.command("EXISTS", aside(key)):
        redis.command("RENAME", aside(key), key)


@pytest.mark.waits
@pytest.mark.parametrize("pattern", ["releve:quota:{mesure*", "{releve}:results"])
def test_a_drain_that_a_key_of_another_type_stops_ends_with_4_and_names_it(pattern):
    with world_of_jobs() as world:
        push_all(world)
        running = start_drain(world)
        key = spoil(world.redis, pattern)
        ended = running.end()
        assert ended.code == 4 and f"{key} holds a string" in ended.err.splitlines()[-1], ended
        put_right(world.redis, key)
        assert len(results(world.redis)) < JOBS
        check_rest_is_done(world)


def test_a_drain_of_which_one_queue_cannot_be_read_empties_the_others_and_ends_with_4():
    with world_of_jobs() as world:
        push_all(world)
        key = spoil(world.redis, "{releve}:jobs:low")
        ended = start_drain(world).end()
        assert ended.code == 4 and f"{key} holds a string" in ended.err.splitlines()[-1], ended
        check_each_once(world, results(world.redis))


@pytest.mark.waits
@pytest.mark.parametrize("name", weathers(REFUSALS))
def test_a_worker_says_the_remedy_no_more_than_once_in_10_s_for_each_operation(name):
    with world_of_jobs() as world:
        worker = start_worker(world)
        REFUSALS[name].begin(world.redis)
        said = REFUSALS[name].words
        worker.wait_until(lambda: worker.so_far().count("cannot beat: ") >= 3)
        lines = collections.Counter(line for line in worker.so_far().splitlines() if said in line)
        beats = world.redis.command("INFO", "commandstats")  # each of 5 s, of which the first write is refused
        refused_beats = sum(map(int, re.findall(rb"cmdstat_(?:zadd|set):.*rejected_calls=(\d+)", beats)))
        assert len(lines) <= 4, lines  # beating, and a queue each
        for line, count in lines.items():
            assert count <= refused_beats // 2 + 1, (line, count, refused_beats)
        REFUSALS[name].end(world.redis)
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0


def test_connections_that_are_cut_again_and_again_lose_and_double_nothing():
    with world_of_jobs() as world:
        worker = start_worker(world, "w", "--concurrency", str(CONCURRENCY))
        push_all(world)
        for cut in range(1, CUTS + 1):
            world.wait_for(worker, "ok", cut * JOBS // (2 * CUTS))
            world.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with Results(world.redis) as stream:
            found = stream.take(JOBS)
        check_each_once(world, found)
        assert {result["state"] for result in found} == {"done"}
        assert world.sandbox.stats()["days_served_twice"] == 0
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0
