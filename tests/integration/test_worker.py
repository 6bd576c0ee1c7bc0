"""releve worker and releve enqueue: what other services push into Redis is done once, whoever dies, stands still or is
told to end, and they read days and results as docs/redis.md says."""
import json
import re
import signal

import oracle
import pytest
from jobs import (Results, cpu_s, dead, message, own_lists, peak_kb, prm_of, push, replied, results, start_worker, waiting,
                  workers)
from sandbox import MEASURES, Sandbox
from world import TODAY, World, is_sanitized

pytestmark = pytest.mark.long

CLIENT_0, PRODUCTION, REVOKED, HOLES = "22516914714270", "24880057139941", "26584978546985", "42900589957123"
CURVE, DAILY = "consumption_load_curve", "daily_consumption"
WEEK = {"start": "2026-10-05", "end": "2026-10-12"}
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}
NEVER_MS = "60000"  # an answer that does not come in time
PREFETCH = {"high": 128, "normal": 256, "low": 128}
HELD_MAX = sum(PREFETCH.values())
TAKEN_OVER_S = 40  # dead after 15 s without a beat, found at most a beat of 5 s later, and done
KEEP_S = 7 * 24 * 3600


@pytest.fixture(scope="module")
def truth():
    """What upstream says, for the oracle: a simulator with neither quota nor faults."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "200") as sandbox:
        upstream = oracle.Upstream(sandbox, "2026")
        yield lambda kind, prm, **span: oracle.expected_days(upstream, kind, prm, TODAY, span.get("start"),
                                                             span.get("end"))
        upstream.close()


def check_days(world, truth, kind, prm, **span):
    oracle.check(world.redis.days(prm, kind), truth(kind, prm, **span), prm, kind, "2026", TODAY)


def end(running):
    """Told to end, a worker ends well."""
    running.signal(signal.SIGTERM)
    ended = running.end()
    assert ended.code == 0, ended
    return ended


def ids(found):
    return sorted(result["id"] for result in found)


def wait_until_still(look, running):
    """Looks until it has been the same for some hundred looks; returns it."""
    seen = [None, 0]

    def still():
        now = look()
        seen[:] = [now, seen[1] + 1] if now == seen[0] else [now, 0]
        return seen[1] >= 200
    running.wait_until(still)
    return seen[0]


# --- what a producer and a consumer see ----------------------------------------------------------------


@pytest.mark.short
def test_the_simplest_message_brings_every_day_and_one_result(truth):
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        world.redis.command("LPUSH", "{releve}:jobs", f'{{"prm":"{CLIENT_0}","kind":"{DAILY}"}}')
        result = stream.one()
        check_days(world, truth, DAILY, CLIENT_0)
        days = truth(DAILY, CLIENT_0)
        assert result["state"] == "done" and result["error"] is None and result["failures"] == []
        assert (result["prm"], result["kind"]) == (CLIENT_0, DAILY)
        assert (result["start"], result["end"]) == (str(min(days)), TODAY)
        assert result["days"] == result["complete"] == len(days)
        assert (result["partial"], result["holes"], result["failed"]) == (0, 0, 0)
        assert result["requests"] == world.sandbox.stats()["requests"] - 2  # and one token, and when it was activated
        assert re.fullmatch(r"[0-9a-f]{24}", result["id"])
        assert list(own_lists(world.redis)) == [] and waiting(world.redis) == []
        end(worker)


@pytest.mark.hour
def test_the_hash_of_a_job_holds_the_fields_of_its_result_for_seven_days():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(HOLES, id="holes", **WEEK))
        result = stream.one()
        held = world.redis.hash("{releve}:job:holes")
        assert json.loads(held.pop("result")) == result
        del result["id"], result["failures"]
        assert result.pop("error") is None and held.pop("error") == ""
        assert held == {name: str(value) for name, value in result.items()}
        assert held["state"] == "done" and held["holes"] == "2" and held["complete"] == "5"
        assert KEEP_S - 60 <= world.redis.command("TTL", "{releve}:job:holes") <= KEEP_S
        end(worker)


def test_a_consumer_that_is_woken_by_a_result_finds_all_its_days():
    count = 60
    with World("--population", str(count), "--latency", "0:20") as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, *(message(prm_of(i), CURVE, id=f"j{i}", start="2026-10-01", end="2026-10-25")
                            for i in range(count)))
        found = 0
        while found < count:
            for result in map(json.loads, stream.read()):
                keys = [f"releve:day:{{{result['prm']}}}:{CURVE}:2026-10-{day:02}" for day in range(1, 25)]
                assert world.redis.command("EXISTS", *keys) == 24 == result["complete"], result
                found += 1
        end(worker)


@pytest.mark.short
def test_the_list_of_reply_to_gets_the_bytes_of_the_stream():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="x", reply_to="my:replies", **ONE_DAY))
        assert world.redis.command("BLPOP", "my:replies", 25) == [b"my:replies", *stream.read()]
        end(worker)


def test_a_reply_list_that_is_no_list_keeps_nobody_from_the_result():
    with World() as world, Results(world.redis) as stream:
        world.redis.command("SET", "my:text", "mine")
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="x", reply_to="my:text", **ONE_DAY))
        assert stream.one()["state"] == "done"
        assert world.redis.command("GET", "my:text") == b"mine"
        end(worker)


def test_one_message_of_all_kinds_is_a_job_for_each():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(PRODUCTION, "all", id="x", reply_to="all", **WEEK))
        found = {result["id"]: result["state"] for result in stream.take(len(MEASURES))}
        assert found == {f"x:{kind}": "done" if "production" in kind else "not_applicable" for kind in MEASURES}
        assert replied(world.redis, "all", len(MEASURES)) == len(MEASURES)
        end(worker)


@pytest.mark.hour
@pytest.mark.short
def test_a_job_says_queued_then_running_then_how_it_ended():
    with World("--latency", NEVER_MS) as world:
        ended = world.run("enqueue", "--prm", REVOKED, "--kind", DAILY, "--start", "2026-10-05", "--end", "2026-10-06")
        job, = ended.out.split()
        assert world.redis.hash(f"{{releve}}:job:{job}")["state"] == "queued"
        world.sandbox.control(latency="200")
        with Results(world.redis) as stream:
            worker = start_worker(world)
            worker.wait_until(lambda: world.redis.hash(f"{{releve}}:job:{job}")["state"] == "running")
            result = stream.one()
            assert (result["id"], result["state"]) == (job, "failed")
            assert result["error"].startswith("ADAM") and result["failures"][0]["code"] in result["error"]
            assert world.redis.hash(f"{{releve}}:job:{job}")["state"] == "failed"
            end(worker)


def test_days_that_upstream_cannot_serve_cost_no_request():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, start="2010-01-01", end="2010-02-01"), message(CLIENT_0, start="2030-01-01"))
        for result in stream.take(2):
            state = "failed" if result["error"].startswith("beyond-history") else "done"
            assert (result["state"], result["days"], result["requests"]) == (state, 0, 0)
        assert world.sandbox.stats()["requests"] == 0
        end(worker)


# --- releve enqueue ------------------------------------------------------------------------------------


def test_thousands_of_jobs_from_a_file_wait_in_its_order_and_their_ids_are_printed():
    count = 5000
    with World() as world:
        prms = [prm_of(i) for i in range(count)]
        ended = world.run("enqueue", "--prms", world.write("prms", "\n".join(prms)), "--kind", DAILY,
                          CLIENT_ID=None, CLIENT_SECRET=None, RELEVE_UPSTREAM=None)
        assert ended.code == 0, ended
        printed = ended.out.split()
        queued = [json.loads(text) for text in waiting(world.redis)]
        assert len(set(printed)) == count
        assert {job["id"]: job["prm"] for job in queued} == dict(zip(printed, prms))
        assert sorted(job["prm"] for job in queued) == prms
        # Many are on their way at once; the first of the file are the first all the same.
        assert [job["prm"] for job in queued] == prms
        assert world.sandbox.stats()["requests"] == 0


@pytest.mark.single("its password")
def test_a_worker_that_begins_anew_waits_for_a_redis_that_does_not_take_it():
    """It was declared dead, and meanwhile there is a password."""
    with World() as world:
        worker = start_worker(world)
        world.redis.command("CONFIG", "SET", "requirepass", "sesam")  # who is connected stays so
        world.redis.command("DEL", "{releve}:workers")
        worker.wait_until(lambda: "; it begins anew in 10 s" in worker.so_far())
        world.redis.command("CONFIG", "SET", "requirepass", "")
        push(world.redis, message(CLIENT_0, DAILY, **ONE_DAY))
        worker.wait_until(lambda: len(results(world.redis)) == 1)
        end(worker)


@pytest.mark.hour
def test_enqueue_says_what_it_was_told():
    with World() as world:
        ended = world.run("enqueue", "--prm", CLIENT_0, "--kind", f"{DAILY},{CURVE}", "--start", "2026-10-05", "--end",
                          "2026-10-12", "--priority", "high", "--reply-to", "replies", "--refresh", "--json")
        assert ended.code == 0, ended
        printed = [json.loads(line) for line in ended.out.splitlines()]
        queued = [json.loads(text) for text in waiting(world.redis, "high")]
        assert waiting(world.redis) == waiting(world.redis, "low") == []
        assert [job["kind"] for job in printed] == [DAILY, CURVE]
        for job, said in zip(queued, printed):
            assert said.items() <= job.items()
            assert (job["start"], job["end"], job["priority"]) == ("2026-10-05", "2026-10-12", "high")
            assert job["reply_to"] == "replies" and job["refresh"] is True


@pytest.mark.parametrize("arguments, says", [
    (("--prm", "123"), "14 digits"), (("--prm", CLIENT_0, "--kind", "gas"), "gas"),
    (("--prm", CLIENT_0, "--priority", "urgent"), "urgent"), (("--prm", CLIENT_0, "--reply-to", "a b"), "a b"),
    (("--prm", CLIENT_0, "--start", "2026-10-05", "--end", "2026-10-04"), "2026-10-05"),
    (("--prm", CLIENT_0, "--start", "2026-02-30"), "2026-02-30"), ((), "--prm"), (("--prms", "prms"), "line 3001"),
    (("--prm", CLIENT_0, "--nonsense"), "--nonsense"),
])
def test_bad_input_is_refused_before_anything_is_queued(arguments, says):
    with World() as world:
        world.write("prms", "".join(f"{prm_of(i)}\n" for i in range(3000)) + "no usage point\n")
        ended = world.run("enqueue", *arguments)
        assert ended.code == 2 and ended.out == "" and says in ended.err, ended
        assert world.redis.keys("*") == set()


def test_enqueue_without_a_redis_says_so():
    with World() as world:
        ended = world.run("enqueue", "--prm", CLIENT_0, RELEVE_REDIS="unix:///nowhere/redis.sock")
        assert ended.code == 4 and "/nowhere/redis.sock" in ended.err and ended.out == "", ended


# --- one effect ----------------------------------------------------------------------------------------


@pytest.mark.short
def test_a_known_id_is_not_run_again_and_whoever_asks_gets_the_same_result():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="x", **WEEK))
        first, = stream.read()
        requests = world.sandbox.stats()["requests"]
        push(world.redis, message(CLIENT_0, id="x", reply_to="again", **WEEK))
        push(world.redis, message(CLIENT_0, CURVE, id="x", reply_to="other", start="2026-01-01"))  # the id counts
        assert world.redis.command("BLPOP", "again", 25) == [b"again", first]
        assert world.redis.command("BLPOP", "other", 25) == [b"other", first]
        assert world.sandbox.stats()["requests"] == requests
        assert len(results(world.redis)) == 1 and own_lists(world.redis) == {}
        end(worker)


@pytest.mark.parametrize("count", [1, 2])
def test_a_known_id_that_is_under_way_is_not_run_twice_and_both_get_the_result(count):
    with World("--latency", NEVER_MS) as world, Results(world.redis) as stream:
        running = [start_worker(world, f"w{i}") for i in range(count)]
        world.sandbox.control(latency="700")
        push(world.redis, message(CLIENT_0, id="x", reply_to="first", **WEEK))
        running[0].wait_until(lambda: world.redis.hash("{releve}:job:x").get("state") == "running")
        push(world.redis, message(CLIENT_0, id="x", reply_to="second", **WEEK), message(CLIENT_0, id="x", **WEEK))
        running[0].wait_until(lambda: waiting(world.redis) == [])
        text, = stream.read()
        for name in ("first", "second"):
            assert world.redis.command("BLPOP", name, 25) == [name.encode(), text]
            assert world.redis.command("LLEN", name) == 0
        assert len(results(world.redis)) == 1 and own_lists(world.redis) == {}
        assert world.sandbox.stats()["by_path"]["/oauth2/v3/token"] == 1 == world.sandbox.stats()["requests"] - 1
        for one in running:
            end(one)


@pytest.mark.parametrize("kind, spans", [
    (CURVE, [WEEK, WEEK, WEEK]),
    (CURVE, [{"start": f"2026-10-{a:02}", "end": f"2026-10-{b:02}"} for a, b in ((1, 16), (5, 23), (9, 12))]),
    (DAILY, [{"start": "2023-12-01"}, {"start": "2024-06-01"}, {"start": "2026-01-01"}]),
], ids=["same", "overlapping", "years"])
@pytest.mark.short
def test_across_workers_a_day_is_fetched_once(truth, kind, spans):
    points = 20
    with World("--population", str(points), "--latency", "0:60") as world, Results(world.redis) as stream:
        running = [start_worker(world, f"w{i}") for i in range(3)]
        push(world.redis, *(message(prm_of(i), kind, id=f"j{i}.{n}", **span) for i in range(points)
                            for n, span in enumerate(spans)))
        found = stream.take(points * len(spans))
        assert {result["state"] for result in found} == {"done"}
        assert all(result["complete"] == result["days"] > 0 for result in found)
        stats = world.sandbox.stats()
        assert stats["days_served_twice"] == 0, stats
        whole = {"start": min(span["start"] for span in spans), "end": max(span.get("end", TODAY) for span in spans)}
        for i in (0, points - 1):
            check_days(world, truth, kind, prm_of(i), **whole)
        for one in running:
            end(one)


# --- bad jobs ------------------------------------------------------------------------------------------

BAD = [(b"", "is no JSON"), (b"hello", "is no JSON"), (b"{", "is no JSON"), (b"\x00\x01\xfe\xff" * 100, "is no JSON"),
       (message(CLIENT_0) + b"x", "is no JSON"), (message(CLIENT_0) + b"\0", "is no JSON"), (b"[]", "is no JSON object"),
       (b"null", "is no JSON object"), (b"{}", "prm"), (message("123"), "prm"), (message(CLIENT_0, "gas"), "kind"),
       (b'{"prm":%s,"kind":"%s"}' % (CLIENT_0.encode(), DAILY.encode()), "prm"), (message(CLIENT_0, []), "kind"),
       (message(CLIENT_0, ["gas", DAILY]), "kind"), (message(CLIENT_0, id="a b"), "id"),
       (message(CLIENT_0, id="x" * 500), "id"), (message(CLIENT_0, priority="urgent"), "priority"),
       (message(CLIENT_0, reply_to="x" * 300), "reply_to"), (message(CLIENT_0, start="tomorrow"), "start"),
       (message(CLIENT_0, start="2026-10-02", end="2026-10-01"), "start is after end"),
       (b"[" * 16000, "nested deeper"), (b'{"a":' * 3000, "nested deeper"), (b"[" * 1000000, "1000000 bytes"),
       (b"\xff" * 5000000, "5000000 bytes"), (message(CLIENT_0, id="x\0y"), "is no JSON")]


@pytest.mark.parametrize("queue", ["high", "low"])
def test_a_message_that_is_no_job_is_buried_with_its_reason_and_stops_nobody(queue):
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        for raw, _ in BAD:
            push(world.redis, raw, to=queue)
        push(world.redis, message(CLIENT_0, id="good", **ONE_DAY), to=queue)
        assert stream.one()["id"] == "good"
        buried = dead(world.redis)
        assert len(buried) == len(BAD)
        # Almost in their order: until Redis knows the script, some overtake others.
        expected = sorted(("".join(chr(byte) if 0 < byte < 127 else "?" for byte in raw[:4096]), why) for raw, why in BAD)
        for (raw, why), (kept, said) in zip(expected, sorted(buried)):
            assert kept == raw and why in said, (raw[:80], said)
        shown = json.loads(world.run("status", "--json").out)
        assert shown["queues"]["dead"] == len(BAD) and shown["dead"][0] == buried[-1][1]
        text = world.run("status").out
        assert f"dead {len(BAD)}" in text and buried[-1][1] in text
        assert own_lists(world.redis) == {} and worker.so_far().count("moved to the dead ones") == len(BAD)
        end(worker)


@pytest.mark.hour
def test_a_job_of_which_upstream_can_serve_no_day_says_so():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="old", start="2010-01-01", end="2010-02-01"))
        old = stream.one()
        assert (old["id"], old["state"], old["days"], old["failures"]) == ("old", "failed", 0, [])
        assert old["error"] == ("beyond-history: upstream has days of this kind from 2023-11-04 to 2026-11-18 only, and none of them "
                                "was asked for"), old
        push(world.redis, message(CLIENT_0, id="new", start=TODAY))
        new = stream.one()
        assert (new["state"], new["days"]) == ("done", 0) and new["error"].startswith("not-yet: "), new
        end(worker)


def test_a_misspelt_field_is_said_and_a_producers_own_is_not():
    with World(quota="100/1s") as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="a", strat="2026-10-05", end="2026-10-06"), message(CLIENT_0, id="b", customer=7, **ONE_DAY))
        stream.take(2)
        worker.signal(signal.SIGTERM)
        said = [line for line in worker.end().err.splitlines() if "which is ignored" in line]
        assert len(said) == 1 and 'a job has the field "strat", which is ignored: did its producer mean start?' in said[0], said


def test_a_log_says_what_was_done_and_what_was_taken_over():
    with World("--population", "40", quota="2/3s") as world, Results(world.redis) as stream:
        first = start_worker(world)
        push(world.redis, *(message(prm_of(i), id=f"j{i}", **ONE_DAY) for i in range(36)), message(REVOKED, id="no", **ONE_DAY))
        stream.take(4)
        first.signal(signal.SIGKILL)
        first.end()
        held = sum(len(jobs) for jobs in own_lists(world.redis).values())
        second = start_worker(world)
        second.wait_until(lambda: f"releve: {held} jobs of workers that died or stood still are back in their queues\n" in second.so_far())
        done = len(stream.take(2))
        log = end(second).err
        found = re.search(r"releve: in all: (\d+) jobs ended, [01] of them failed or partial; (\d+) requests; \d+ jobs under way", log)
        assert found and int(found[1]) >= done and held > 20, log


@pytest.mark.slow
def test_a_log_says_every_minute_what_was_done_and_what_is_waited_for():
    with World("--population", "60", "--unsubscribed", "subscribed_services,synth_contrat_auto", quota="5/1s,20/1h") as world:
        worker = start_worker(world)
        push(world.redis, *(message(prm_of(i), **ONE_DAY) for i in range(40)))
        worker.wait_until(lambda: world.sandbox.stats()["requests"] >= 20)  # the hour is full
        stricter = world.start("backfill", "--prm", prm_of(50), "--kind", "daily_consumption", RELEVE_QUOTA="4/1s,20/1h")
        worker.wait_until(lambda: "releve: in the last " in worker.so_far())
        line, = [line for line in worker.so_far().splitlines() if "in the last " in line]
        assert re.search(r": \d+ jobs ended, 0 of them failed or partial; 2\d requests; \d+ jobs under way; "
                         r"quota 0 of 5/1s, 20 of 20/1h, next permit in 5\d min", line), line
        worker.wait_until(lambda: "releve: RELEVE_QUOTA is 5/1s,20/1h here" in worker.so_far())
        assert "keep to 4/1s: " in worker.so_far()
        assert world.interrupt(stricter).code == 130
        end(worker)


@pytest.mark.hour
@pytest.mark.short
def test_a_dead_message_says_when_and_where_and_whoever_waits_is_told():
    with World() as world:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, "gas", id="mine", reply_to="replies"), to="low")
        push(world.redis, b'{"reply_to":"replies"', to="high")
        answer = json.loads(world.redis.command("BLPOP", "replies", 60)[1])
        assert (answer["id"], answer["state"], answer["prm"], answer["failures"]) == ("mine", "failed", None, [])
        assert answer["error"].startswith("no-job: kind") and ": say daily_consumption" in answer["error"], answer
        worker.wait_until(lambda: world.redis.command("LLEN", "{releve}:jobs:dead") == 2)
        buried = {one["queue"]: one for one in map(json.loads, world.redis.command("LRANGE", "{releve}:jobs:dead", 0, -1))}
        assert set(buried) == {"low", "high"} and {str(oracle.paris_day_of(one["at"])) for one in buried.values()} == {TODAY}
        assert world.redis.command("LLEN", "replies") == 0
        end(worker)


def test_a_message_of_200_mb_is_buried_without_being_sent_to_the_worker():
    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        before = peak_kb(worker)
        size = 200_000_000
        push(world.redis, b"{" + b"7" * (size - 1), to="high")
        push(world.redis, message(CLIENT_0, id="good", **ONE_DAY), to="high")
        assert stream.one()["id"] == "good"
        worker.wait_until(lambda: world.redis.command("LLEN", "{releve}:jobs:dead") == 1)
        (raw, why), = dead(world.redis)
        assert raw == "{" + "7" * 4095 and f"a message of {size} bytes" in why and own_lists(world.redis) == {}
        assert peak_kb(worker) < before + 20_000  # it is judged in Redis
        end(worker)


def test_a_result_that_cannot_be_written_is_not_lost():
    with World() as world:
        world.redis.command("SET", "{releve}:results", "no stream")
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, id="x", reply_to="replies", **ONE_DAY))
        worker.wait_until(lambda: "cannot store a job's result" in worker.so_far())
        assert sum(map(len, own_lists(world.redis).values())) == 1  # it keeps the job, and takes no other for it
        world.redis.command("DEL", "{releve}:results")
        worker.wait_until(lambda: world.redis.command("LLEN", "replies") == 1)
        end(worker)
        assert own_lists(world.redis) == {} and waiting(world.redis) == []
        assert ids(results(world.redis)) == ["x"] and world.redis.command("LLEN", "replies") == 1
        assert world.sandbox.stats()["days_served_twice"] == 0


# --- bounds and order ----------------------------------------------------------------------------------


@pytest.mark.parametrize("members, held", [({}, PREFETCH["normal"]), ({"priority": "high"}, PREFETCH["normal"]),
                                           ({"kind": "all"}, PREFETCH["normal"] + len(MEASURES) - 1)])
def test_a_worker_holds_no_more_than_its_prefetch_whatever_class_and_kinds_are_named(members, held):
    with World("--latency", NEVER_MS, "--population", "3000") as world:
        push(world.redis, *(message(prm_of(i), **{"kind": DAILY, **members, **ONE_DAY}) for i in range(3000)))
        worker = start_worker(world)
        worker.wait_until(lambda: any(len(jobs) >= PREFETCH["normal"] for jobs in own_lists(world.redis).values()))
        taken = wait_until_still(lambda: [len(jobs) for jobs in own_lists(world.redis).values()], worker)
        assert PREFETCH["normal"] <= taken[0] <= held, taken
        worker.signal(signal.SIGTERM)
        worker.wait_until(lambda: "once more" in worker.so_far())
        worker.signal(signal.SIGTERM)  # what is in flight never ends
        assert worker.end().code == 0
        queue = "high" if "priority" in members else "normal"
        assert len(waiting(world.redis, queue)) >= PREFETCH["normal"] and own_lists(world.redis) == {}


def test_high_goes_first_and_low_still_moves():
    count = 60
    with World("--population", str(3 * count)) as world, Results(world.redis) as stream:
        for n, queue in enumerate(("low", "normal", "high")):
            push(world.redis, *(message(prm_of(n * count + i), id=f"{queue}{i}", **ONE_DAY) for i in range(count)),
                 to=queue)
        worker = start_worker(world, "w", "--concurrency", "1")
        order = [re.sub(r"\d", "", result["id"]) for result in stream.take(3 * count)]
        position = {queue: max(i for i, one in enumerate(order) if one == queue) for queue in ("high", "normal", "low")}
        assert position["high"] < position["normal"] < position["low"] == 3 * count - 1, order
        # Of ten permits each class with work gets one at least. What went before the first of high, it had not arrived yet.
        while_high = order[order.index("high"):position["high"]]
        assert count // 12 <= while_high.count("low") <= count // 4, order
        assert count // 12 <= while_high.count("normal") <= count // 4, order
        end(worker)


def measure_peak(world, queued, done):
    """The peak memory in kB of a worker that has done so many of the jobs queued."""
    world.redis.command("FLUSHALL")
    world.run("doctor")
    texts = [message(prm_of(i % 1000), id=f"j{i}", start=f"2026-{1 + i // 1000 % 10:02}-10", end=f"2026-{1 + i // 1000 % 10:02}-11")
             for i in range(queued)]
    push(world.redis, *texts)
    worker = start_worker(world)
    worker.wait_until(lambda: world.redis.command("XLEN", "{releve}:results") >= done)
    peak = peak_kb(worker)
    end(worker)
    return peak


@pytest.mark.slow
def test_a_million_jobs_in_the_queue_leave_a_workers_memory_where_it_was():
    with World("--population", "1000") as world:
        few, many = (measure_peak(world, queued, 1000) for queued in (1000, 1_000_000))
        assert world.redis.command("LLEN", "{releve}:jobs") > 900_000
        if not is_sanitized():
            assert many <= 1.1 * few and many <= 40 * 1024, (few, many)


@pytest.mark.slow
def test_an_idle_worker_sleeps():
    def calls():
        """What clients sent, and what scripts did for them; ZSCORE is how this test looks, and the worker (vigil.h)."""
        found = re.findall(r"cmdstat_([a-z|]+):calls=(\d+)", world.redis.command("INFO", "commandstats").decode())
        return {name: int(count) for name, count in found if name not in ("zscore", "info")}

    with World() as world, Results(world.redis) as stream:
        worker = start_worker(world)
        push(world.redis, message(CLIENT_0, **ONE_DAY))
        stream.one()
        name, = workers(world.redis)
        beats = []

        def beaten(times):
            at = world.redis.command("ZSCORE", "{releve}:workers", name)
            if at not in beats:
                beats.append(at)
            return len(beats) > times
        worker.wait_until(lambda: beaten(1))
        before, cpu = calls(), cpu_s(worker)
        worker.wait_until(lambda: beaten(4))  # three beats of 5 s
        after, used = calls(), cpu_s(worker) - cpu
        sent = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
        waits = sent.pop("blmove", 0)
        assert waits <= 3 and sent.pop("client|reply", 0) == waits  # one for each queue, every 20 s
        assert 6 <= sent.pop("evalsha") <= 3 + 4 + 3  # beats, what it says of itself as often, and one behind each wait
        assert sum(sent.values()) <= (3 + 4 + 3) * 6, sent  # within the scripts
        assert used <= 0.05
        end(worker)


# --- life cycle ----------------------------------------------------------------------------------------


def test_told_to_end_a_worker_ends_what_is_in_flight_and_gives_the_rest_back_in_order():
    counts = {"high": 40, "normal": 150, "low": 40}
    with World("--population", "100", "--latency", "30:30") as world:
        pushed = {queue: [f"{queue}{i}" for i in range(count)] for queue, count in counts.items()}
        for queue, names in pushed.items():
            push(world.redis, *(message(prm_of(i % 100), id=name, start=f"2026-0{1 + i // 100}-{5 + 5 * len(queue) % 20:02}",
                                        end=f"2026-0{1 + i // 100}-{6 + 5 * len(queue) % 20:02}")
                                for i, name in enumerate(names)), to=queue)
        worker = start_worker(world, "w", "--concurrency", "4")
        world.wait_for(worker, "ok", 30)
        end(worker)
        done = ids(results(world.redis))
        stats = world.sandbox.stats()
        assert len(world.redis.days()) == stats["days_served"] and stats["days_served_twice"] == 0
        left = {queue: [json.loads(text)["id"] for text in waiting(world.redis, queue)] for queue in pushed}
        assert 20 <= len(done) < sum(counts.values())
        for queue, names in pushed.items():
            assert left[queue] == [name for name in names if name not in done]
        assert own_lists(world.redis) == {} and workers(world.redis) == []
        states = {world.redis.hash(f"{{releve}}:job:{job}").get("state", "queued") for jobs in left.values() for job in jobs}
        assert states == {"queued"}
        # And whoever comes next does them.
        assert world.run("worker", "--drain").code == 0
        assert ids(results(world.redis)) == sorted(name for names in pushed.values() for name in names)
        assert world.sandbox.stats()["days_served_twice"] == 0


def test_drain_ends_when_the_queues_are_empty_and_never_before():
    with World("--population", "50") as world:
        assert world.run("worker", "--drain").code == 0
        assert world.sandbox.stats()["requests"] == 0
        for i in range(15):  # a single job is taken, and the queue found empty, at the same moment
            world.redis.command("SCRIPT", "FLUSH")
            push(world.redis, message(prm_of(i), id=f"j{i}", **ONE_DAY), to=("high", "normal", "low")[i % 3])
            ended = world.run("worker", "--drain")
            assert ended.code == 0, ended
            assert len(results(world.redis)) == i + 1, ended
        for queue in ("high", "normal", "low"):
            push(world.redis, *(message(prm_of(i), id=f"{queue}{i}", **WEEK) for i in range(50)), to=queue)
        push(world.redis, b"no job")
        assert world.run("worker", "--drain").code == 0
        assert len(results(world.redis)) == 15 + 150 and len(dead(world.redis)) == 1
        assert workers(world.redis) == [] and own_lists(world.redis) == {}


@pytest.mark.parametrize("name", ["a b", "", "é", "x" * 65])
def test_a_name_of_a_worker_is_short_and_plain(name):
    with World() as world:
        ended = world.run("worker", "--name", name)
        assert ended.code == 2 and "--name" in ended.err, ended


def test_redis_may_crash_twice_under_running_workers(truth):
    count = 240
    with World("--population", "100", "--latency", "30:30") as world:
        running = [start_worker(world, f"w{i}", "--concurrency", "4") for i in range(3)]
        names = [f"j{i}" for i in range(count)]
        push(world.redis, *(message(prm_of(i % 100), CURVE, id=name, reply_to="replies",
                                    start=f"2026-0{1 + i // 100}-05", end=f"2026-0{1 + i // 100}-12")
                            for i, name in enumerate(names)))
        for crash in (1, 2):
            world.wait_for(running[0], "ok", 60 * crash)
            world.redis.kill()
            for one in running:
                one.wait_until(lambda: one.so_far().count("until it is back") >= crash)
            sent = world.sandbox.stats()["requests"]
            still = wait_until_still(lambda: world.sandbox.stats()["requests"], running[0])
            assert still - sent <= 4 * 3
            world.redis.start()
            for one in running:
                one.wait_until(lambda: one.so_far().count("Redis is back") >= crash)
        with Results(world.redis) as stream:
            found = stream.take(count)
        assert ids(found) == sorted(names) and {result["state"] for result in found} == {"done"}
        assert replied(world.redis, "replies", count) == count
        assert own_lists(world.redis) == {} and waiting(world.redis) == []
        stats = world.sandbox.stats()
        assert stats["violations"] == 0 and stats["days_served_twice"] == 0, stats
        for prm in (prm_of(0), prm_of(99)):
            stored = world.redis.days(prm, CURVE)
            expected = truth(CURVE, prm, start="2026-01-05", end="2026-01-12") | truth(
                CURVE, prm, start="2026-02-05", end="2026-02-12")
            if prm == prm_of(0):
                expected |= truth(CURVE, prm, start="2026-03-05", end="2026-03-12")
            oracle.check(stored, expected, prm, CURVE, "2026", TODAY)
        for one in running:
            end(one)


# --- those that die, and those that seem to ------------------------------------------------------------


@pytest.mark.slow
def test_the_jobs_of_a_worker_that_was_killed_are_done_by_another(truth):
    count = 40
    with World("--population", str(count), "--latency", NEVER_MS) as world:
        victim = start_worker(world, "victim")
        world.sandbox.control(latency="300")
        push(world.redis, *(message(prm_of(i), CURVE, id=f"j{i}", **WEEK) for i in range(count)))
        world.wait_for(victim, "requests", 3)
        victim.signal(signal.SIGKILL)
        victim.end()
        lost = len(next(iter(own_lists(world.redis).values())))
        assert lost > 0
        world.sandbox.control(latency="0")
        heir = start_worker(world, "heir")
        with Results(world.redis, TAKEN_OVER_S) as stream:
            assert ids(stream.take(count)) == sorted(f"j{i}" for i in range(count))
        assert own_lists(world.redis) == {} and [name.split(".")[0] for name in workers(world.redis)] == ["heir"]
        stats = world.sandbox.stats()
        assert stats["violations"] == 0 and stats["requests"] <= count + 2 + 16, stats
        for i in range(0, count, 13):
            check_days(world, truth, CURVE, prm_of(i), **WEEK)
        end(heir)


@pytest.mark.slow
def test_a_worker_that_stood_still_until_it_was_dead_does_no_harm(truth):
    count = 60
    with World("--population", str(2 * count), "--latency", "300") as world:
        sleeper, heir = (start_worker(world, name) for name in ("sleeper", "heir"))
        push(world.redis, *(message(prm_of(i), CURVE, id=f"j{i}", reply_to="replies", **WEEK) for i in range(count)))
        world.wait_for(sleeper, "requests", 10)
        sleeper.signal(signal.SIGSTOP)
        slept = next(len(jobs) for name, jobs in own_lists(world.redis).items() if name.startswith("sleeper"))
        assert slept > 0
        # What is pushed now may be moved into the sleeper's list, whose connection still waits.
        push(world.redis, *(message(prm_of(count + i), CURVE, id=f"j{count + i}", reply_to="replies", **WEEK)
                            for i in range(count)))
        with Results(world.redis, TAKEN_OVER_S) as stream:
            assert ids(stream.take(2 * count)) == sorted(f"j{i}" for i in range(2 * count))
        before = world.sandbox.stats()["requests"]
        sleeper.signal(signal.SIGCONT)
        sleeper.wait_until(lambda: sleeper.so_far().count("takes jobs from") == 2)
        assert "was silent for so long" in sleeper.so_far()
        assert len(results(world.redis)) == 2 * count == replied(world.redis, "replies", 2 * count)
        # It works again, alone; and those that it had were not asked for once more.
        end(heir)
        push(world.redis, message(prm_of(0), id="after", **ONE_DAY))
        with Results(world.redis) as stream:
            found = stream.take(2 * count + 1)
        assert found[-1]["id"] == "after"
        assert world.sandbox.stats()["requests"] - before <= 1 + 1  # its new session's token
        assert own_lists(world.redis) == {} and world.sandbox.stats()["violations"] == 0
        for i in range(0, 2 * count, 17):
            check_days(world, truth, CURVE, prm_of(i), **WEEK)
        end(sleeper)


@pytest.mark.slow
def test_a_worker_that_was_dead_and_forgotten_gives_back_what_it_took_on_waking_up():
    with World("--latency", "300") as world:
        sleeper, heir = (start_worker(world, name) for name in ("sleeper", "heir"))
        push(world.redis, *(message(CLIENT_0, kind, id=kind, **WEEK) for kind in MEASURES for _ in (1, 2)))
        sleeper.wait_until(lambda: len(own_lists(world.redis)) == 2)
        for name in workers(world.redis):
            if name.startswith("sleeper"):
                world.redis.command("ZREM", "{releve}:workers", name)
        with Results(world.redis, TAKEN_OVER_S) as stream:
            assert ids(stream.take(len(MEASURES))) == sorted(MEASURES)
        sleeper.wait_until(lambda: "was silent for so long" in sleeper.so_far())
        heir.wait_until(lambda: own_lists(world.redis) == {})
        for one in (sleeper, heir):
            end(one)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["{releve}:workers", "{releve}:workers:dead"])
def test_however_many_workers_die_at_once_the_jobs_of_all_are_done(key):
    count = 50  # a machine that lost its power; long ago, perhaps, as nobody was there to miss them
    with World("--population", str(count)) as world:
        for i in range(count):
            world.redis.command("ZADD", key, 1 + i, f"dead{i}")
            world.redis.command("LPUSH", f"{{releve}}:worker:dead{i}:jobs", message(prm_of(i), id=f"j{i}", **ONE_DAY))
        worker = start_worker(world)
        with Results(world.redis, TAKEN_OVER_S) as stream:
            assert ids(stream.take(count)) == sorted(f"j{i}" for i in range(count))
        assert own_lists(world.redis) == {}
        end(worker)


@pytest.mark.slow
def test_drain_waits_for_what_a_worker_left_that_died_when_no_other_ran():
    """It may also live, and come back: that Redis was away looks the same. That is waited for, and then its jobs are done."""
    with World() as world:
        world.redis.command("ZADD", "{releve}:workers", 1, "dead")
        world.redis.command("LPUSH", "{releve}:worker:dead:jobs", message(prm_of(0), id="left", **ONE_DAY))
        assert world.run("worker", "--drain").code == 0
        assert ids(results(world.redis)) == ["left"]
        assert own_lists(world.redis) == {} and workers(world.redis) == []


# --- status --------------------------------------------------------------------------------------------
