"""releve forget: nothing that names the usage point stays under the prefix, and nothing else changes. Everything in Redis is
looked through, whatever its type."""
import contextlib
import json
import os
import pty
import signal
import subprocess
import threading

import pytest
from cluster import QUIET_TIMEOUT_MS, Cluster
from jobs import QUEUES, dead, message, own_lists, push, results, start_worker, waiting, workers
from relay import Relay
from sandbox import DOCUMENTS, releve_bin
from server import END_S
from slots import slot_of
from world import World, clean_environment

A, B, C = "42900589957123", "22516914714270", "26584978546985"  # A has no production, C has revoked its consent
DAILY = "daily_consumption"
KINDS = "daily_consumption,daily_consumption_max_power,consumption_load_curve,daily_production"
SOME_DAYS = ("--start", "2026-10-01", "--end", "2026-11-01")
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}
SILENT = {A: {"timeout": 1}, B: {"timeout": 1}}  # no answer comes
MANY = 5000  # more than a step looks at
READS = {b"string": ("GET",), b"list": ("LRANGE", 0, -1), b"hash": ("HGETALL",), b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
         b"stream": ("XRANGE", "-", "+")}


def flatten(value):
    return b"\n".join(map(flatten, value)) if isinstance(value, list) else value


def everything(redis):
    """{key: what it holds}, of every type there is."""
    assert redis.command("INFO", "keyspace").count(b":keys=") <= 1, "of one database only"
    found = {}
    for key in redis.keys("*"):
        if ":replied:" in key:  # it goes by itself
            continue
        name, *rest = READS[redis.command("TYPE", key)]
        held = redis.command(name, key, *rest)
        if held:  # a stream is there when nothing is left in it
            found[key] = held
    return found


def naming(redis, prm):
    """The keys that name it, in themselves or in what they hold."""
    return sorted(key for key, value in everything(redis).items() if prm.encode() in flatten([key.encode(), value]))


def forget(world, *prms, **settings):
    return world.run("forget", *(word for prm in prms for word in ("--prm", prm)), "--yes", **settings)


def put_days(redis, prm, count):
    """Days of a usage point, far more than a calendar has: what is in them does not matter here."""
    for start in range(0, count, 1000):
        pairs = (("releve:day:{%s}:%s:%d" % (prm, DAILY, i), "{}") for i in range(start, min(start + 1000, count)))
        redis.command("MSET", *(word for pair in pairs for word in pair))


# --- what goes and what stays ---------------------------------------------------------------------------------


def fill(world):
    """Days of several kinds, facts, a refusal, jobs that ended, waiting ones, dead letters; a list of another program."""
    redis = world.redis
    assert world.run("backfill", "--prm", A, "--prm", B, "--prm", C, "--kind", KINDS, *SOME_DAYS).code == 1
    for prm in (A, B):
        push(redis, message(prm, ["daily_consumption", "daily_consumption_max_power"], id=f"several-{prm}",
                            reply_to="replies", start="2026-10-30", end="2026-11-05"))
        push(redis, json.dumps({"prm": int(prm), "kind": "all"}).encode(), f"no JSON: {prm}".encode(), to="high")
    assert world.run("worker", "--drain").code == 0
    redis.command("DEL", "replies")  # they are not releve's
    for prm in (A, B):
        assert world.run("enqueue", "--prm", prm, *SOME_DAYS, "--priority", "low").code == 0
        push(redis, message(prm, "all", id=f"waits-{prm}", reply_to=f"for:{prm}"))
    assert world.run("backfill", "--prm", A, "--prm", B, "--kind", ",".join(DOCUMENTS)).code == 0
    assert dead(redis) and results(redis) and waiting(redis) and waiting(redis, "low")


def without(prm, held):
    """What may be left: of lists and streams, the entries that do not name it."""
    left = {}
    for key, value in held.items():
        if key.startswith(("{releve}:jobs", "{releve}:results")):
            value = [entry for entry in value if prm.encode() not in flatten(entry)]
        elif prm.encode() in flatten([key.encode(), value]):
            continue
        if value:
            left[key] = value
    return left


def test_nothing_names_a_forgotten_usage_point_and_all_else_is_as_it_was():
    with World() as world:
        redis = world.redis
        fill(world)
        before = everything(redis)
        days, several = len(redis.days(A)), len(naming(redis, A))
        assert days > 60 and several > days + 5 and f"releve:point:{{{A}}}" in before
        ended = forget(world, A)
        assert ended.code == 0 and naming(redis, A) == [], ended
        assert everything(redis) == without(A, before)
        assert redis.days(B) == {key: value for key, value in before.items() if key.startswith(f"releve:day:{{{B}}}:")} != {}
        assert ended.out == (f"{A}: erased {days} days, 4 documents, 15 jobs, 8 queue entries, 10 results, "
                             "what was learned of it\n")  # of 8 kinds fetched, 2 in one message, 5 that wait
        assert len(ended.err.splitlines()) == 1 and "BGREWRITEAOF" in ended.err, ended


def test_json_is_one_document_and_a_second_run_finds_nothing():
    with World() as world:
        redis = world.redis
        assert world.run("backfill", "--prm", A, "--prm", B, "--kind", DAILY, *SOME_DAYS).code == 0
        days = {prm: len(redis.days(prm)) for prm in (A, B)}
        flags = ("forget", "--prm", B, "--prm", A, "--prm", B, "--yes", "--json")
        for erased, jobs in (days, 1), ({A: 0, B: 0}, 0):
            ended = world.run(*flags)
            assert ended.code == 0, ended
            assert json.loads(ended.out) == {"points": [
                {"prm": prm, "days": erased[prm], "documents": 0, "jobs": jobs, "messages": 0, "results": jobs,
                 "facts": 0, "claims": 0, "left": 0} for prm in (B, A)]}
        assert naming(redis, A) == naming(redis, B) == []
        ended = forget(world, A)
        assert (ended.code, ended.out) == (0, f"{A}: erased nothing\n")
        assert redis.place in ended.err and "prefix releve, holds nothing of this" in ended.err, ended


def escaped(prm):
    return "".join(f"\\u{ord(digit):04x}" for digit in prm)


FORMS = [message(A, id="plain"), b'{"prm":%s,"kind":"all"}' % A.encode(), b"<prm>%s</prm>" % A.encode(),
         b'{"prm":"%s","kind":"none"}' % escaped(A).encode(), b'{"prm":"%s %s.%s-%s_%s","kind":"all"}' % (
             A[:2].encode(), A[2:5].encode(), A[5:8].encode(), A[8:11].encode(), A[11:].encode()),
         b"\xff\x00" + A.encode(), message(B, id=f"beside-{A}"), message(B, reply_to=f"for:{A}", id="c"),
         b'["%s","%s"]' % (B.encode(), A.encode())]
OTHERS = [message(B, id="other"), b"nonsense", A[:13].encode(), f"{A[:7]},{A[7:]}".encode(), b"", b'{"prm":"x"}']


@pytest.mark.parametrize("queue", ["{releve}:jobs:high", "{releve}:jobs", "{releve}:jobs:low", "{releve}:jobs:high:moving",
                                   "{releve}:jobs:moving", "{releve}:jobs:low:moving", "{releve}:jobs:dead"])
def test_in_a_list_goes_what_names_it_in_any_form_and_the_others_keep_their_order(queue, world):
    mixed = [text for pair in zip(FORMS, OTHERS * 2) for text in pair]
    world.redis.command("RPUSH", queue, *mixed)
    ended = forget(world, A)
    assert ended.code == 0 and ended.out == f"{A}: erased {len(FORMS)} queue entries\n", ended
    assert world.redis.command("LRANGE", queue, 0, -1) == (OTHERS * 2)[:len(FORMS)]


@pytest.fixture(scope="module")
def one_world():
    with World() as world:
        yield world


@pytest.fixture
def world(one_world):
    one_world.redis.command("FLUSHALL")
    return one_world


@pytest.fixture
def world_of_one_server():
    with World() as world:
        yield world


def test_a_letter_that_a_worker_buried_goes_in_whatever_form_it_came():
    with World() as world:
        push(world.redis, *FORMS[1:6], *OTHERS[1:])
        assert world.run("worker", "--drain").code == 0
        assert len(dead(world.redis)) == 5 + len(OTHERS) - 1
        assert forget(world, A).code == 0
        assert [raw for raw, _ in dead(world.redis)] == [text.decode() for text in OTHERS[1:]]


def test_what_names_two_that_are_forgotten_counts_for_both_and_goes_once(world):
    push(world.redis, f"{A} {B}".encode(), message(C))
    ended = forget(world, A, B)
    assert (ended.code, ended.out) == (0, f"{A}: erased 1 queue entry\n{B}: erased 1 queue entry\n"), ended
    assert waiting(world.redis) == [message(C)]


def test_of_a_prefix_only_its_own_keys_go(world):
    keys = {f"{prefix}:day:{{{A}}}:{DAILY}:2026-10-05": b"{}" for prefix in ("other", "releve2", "releve:sub", "x:releve")}
    for key, value in {**keys, f"releve:day:{{{A}}}:{DAILY}:2026-10-05": b"{}", f"mine:{A}": b"x"}.items():
        world.redis.command("SET", key, value)
    assert forget(world, A).code == 0
    assert everything(world.redis) == {**keys, f"mine:{A}": b"x"}


def test_it_needs_no_upstream_and_takes_a_prefix_of_another_one():
    with World() as world:
        assert world.run("backfill", "--prm", A, "--kind", DAILY, *SOME_DAYS).code == 0
        assert forget(world, A, RELEVE_UPSTREAM="production").code == 0
        assert forget(world, A, RELEVE_UPSTREAM=None, CLIENT_ID=None, CLIENT_SECRET=None).code == 0
        assert naming(world.redis, A) == []


@pytest.mark.single("an embedded one")
def test_an_embedded_redis_forgets_too(tmp_path):
    redis = f"embedded:{tmp_path}"
    with World() as world:
        assert world.run("backfill", "--prm", A, "--kind", DAILY, *SOME_DAYS, RELEVE_REDIS=redis).code == 0
        assert forget(world, A, RELEVE_REDIS=redis).out.startswith(f"{A}: erased 31 days")
        shown = world.run("show", DAILY, "--prm", A, *SOME_DAYS, "--format", "json", RELEVE_REDIS=redis)
        assert (shown.code, shown.out) == (0, "")


def test_a_redis_that_is_full_can_still_forget(world):
    put_days(world.redis, A, 10)
    push(world.redis, message(A), message(B))
    world.redis.command("CONFIG", "SET", "maxmemory", "1")
    try:
        assert forget(world, A).code == 0
    finally:
        world.redis.command("CONFIG", "SET", "maxmemory", "0")
    assert naming(world.redis, A) == [] and waiting(world.redis) == [message(B)]


@pytest.mark.single("its file")
def test_a_rewritten_file_does_not_name_it_any_more():
    """docs/operations.md, Erasing a usage point: what is left, and until when."""
    def files():
        found = b""
        for place, _, names in os.walk(redis.directory):
            for name in (name for name in names if ".aof" in name):
                with open(os.path.join(place, name), "rb") as file:
                    found += file.read()
        return found

    with World() as world:
        redis = world.redis
        redis.command("CONFIG", "SET", "rdbcompression", "no")
        fill(world)
        assert forget(world, A).code == 0 and A.encode() in files()
        redis.command("DEL", "{releve}:results")
        redis.command("BGREWRITEAOF")
        while b"aof_rewrite_in_progress:1" in redis.command("INFO", "persistence"):
            pass
        assert A.encode() not in files() and B.encode() in files()


# --- many, and broken off --------------------------------------------------------------------------------------


def test_many_keys_and_messages_go_in_steps(world):
    redis = world.redis
    put_days(redis, A, MANY)
    put_days(redis, B, MANY)
    ours, theirs = ([message(prm, id=str(i)) for i in range(MANY)] for prm in (A, B))
    push(redis, *(text for pair in zip(ours, theirs) for text in pair))
    days = redis.days(B)
    redis.command("CONFIG", "RESETSTAT")
    ended = forget(world, A)
    assert ended.code == 0 and ended.out == f"{A}: erased {MANY} days, {MANY} queue entries\n", ended
    assert waiting(redis) == theirs and redis.days(B) == days and naming(redis, A) == []
    calls = {line.split(b":")[0]: int(line.split(b"calls=")[1].split(b",")[0])
             for line in redis.command("INFO", "commandstats").splitlines() if b"calls=" in line}
    assert calls[b"cmdstat_scan"] >= 2 * 2 * MANY // 500 and calls[b"cmdstat_lrange"] >= 2 * 2 * MANY // 200


@pytest.mark.single("a relay in front of its socket")
def test_interrupted_halfway_the_same_command_erases_the_rest(world_of_one_server):
    world = world_of_one_server

    def holds_back_second_step(data):
        at = data.find(b"\r\n$1\r\n0\r\n$5\r\nerase\r\n")  # a script without a key
        if at >= 0 and b"erase\r\n$0\r\n" not in data:
            held.set()
            return False
        return True

    held = threading.Event()
    relay = Relay(world.redis, holds_back_second_step)
    put_days(world.redis, A, MANY)
    push(world.redis, message(A))
    running = world.start("forget", "--prm", A, "--yes", RELEVE_REDIS=relay.url)
    running.wait_until(held.is_set)
    ended = world.interrupt(running)
    assert (ended.code, ended.out) == (130, ""), ended
    assert ended.err == "releve: interrupted by SIGINT: what was erased is gone; the same command erases the rest\n"
    left = len(world.redis.days(A))
    assert 0 < left < MANY and waiting(world.redis) == []
    ended = forget(world, A)
    assert (ended.code, ended.out) == (0, f"{A}: erased {left} days\n") and naming(world.redis, A) == [], ended


@pytest.mark.single("a relay in front of its socket")
def test_a_redis_that_goes_away_halfway_ends_it_with_4(world_of_one_server):
    world = world_of_one_server

    def cut(data):
        if b"\r\nerase\r\n" in data:
            raise OSError
        return True

    put_days(world.redis, A, 3)
    ended = forget(world, A, RELEVE_REDIS=Relay(world.redis, cut).url)
    assert ended.code == 4 and ended.out == "" and len(ended.err.splitlines()) == 1, ended
    assert forget(world, A, RELEVE_REDIS="unix:///nowhere.sock").code == 4


# --- somebody works on it ---------------------------------------------------------------------------------------


def refused(ended):
    assert (ended.code, ended.out) == (1, "") and len(ended.err.splitlines()) == 1, ended
    return ended.err


def lasting(redis):
    """What no time changes: neither heartbeats nor claims."""
    return {key: value for key, value in everything(redis).items()
            if key != "{releve}:workers" and not key.startswith("releve:claim:")}


def test_while_a_worker_has_a_job_of_it_nothing_is_erased_and_the_list_of_a_dead_one_goes():
    with World() as world:
        redis = world.redis
        put_days(redis, A, 3)
        world.sandbox.control(point_faults=SILENT)
        worker = start_worker(world, "w")
        push(redis, message(A, id="a", **ONE_DAY), message(B, id="b", **ONE_DAY))
        worker.wait_until(lambda: [len(held) for held in own_lists(redis).values()] == [2] and
                          world.sandbox.stats()["requests"] >= 2)
        before = lasting(redis)
        said = refused(forget(world, A))
        assert f"{A}: workers have 1 of its jobs" in said and "stop the workers" in said
        assert lasting(redis) == before
        # It is killed, and nobody takes its jobs over.
        worker.signal(signal.SIGKILL)
        worker.end()
        name, = workers(redis)
        redis.command("ZADD", "{releve}:workers", "XX", 0, name)
        redis.command("DEL", f"releve:claim:{{{A}}}:{DAILY}")
        ended = forget(world, A)
        assert (ended.code, ended.out) == (0, f"{A}: erased 3 days, 1 job, 1 queue entry\n"), ended
        assert naming(redis, A) == [] and [json.loads(text)["id"] for text in own_lists(redis)[name]] == ["b"]


def test_a_message_that_a_worker_has_not_read_yet_counts_as_one_of_its_jobs(world):
    seconds, _ = world.redis.command("TIME")
    world.redis.command("ZADD", "{releve}:workers", int(seconds) * 1000 + 100000, "w")
    text = message(A)
    world.redis.command("LPUSH", "{releve}:worker:w:jobs", b"normal %d\n" % len(text) + text)
    assert "workers have 1 of its jobs" in refused(forget(world, A))


def test_while_a_backfill_asks_for_its_days_nothing_is_erased():
    with World() as world:
        put_days(world.redis, A, 3)
        world.sandbox.control(point_faults=SILENT)
        running = world.start("backfill", "--prm", A, "--kind", DAILY, *SOME_DAYS)
        running.wait_until(lambda: world.redis.keys(f"releve:claim:{{{A}}}:*"))
        assert f"{A}: its days are being asked for" in refused(forget(world, A))
        assert len(world.redis.days(A)) == 3
        running.signal(signal.SIGKILL)
        running.end()
        world.redis.command("DEL", f"releve:claim:{{{A}}}:{DAILY}")
        world.redis.command("HSET", f"releve:claim:{{{A}}}:{DAILY}", "1.1", "20000 20001 1000000000000")  # that has run out
        world.redis.command("DEL", "{releve}:pulses")  # half a minute later
        ended = forget(world, A)
        assert (ended.code, ended.out) == (0, f"{A}: erased 3 days, 1 job, 1 claim\n"), ended


@pytest.mark.single("a relay in front of its socket")
def test_what_comes_while_it_is_erased_is_said_and_counts_as_not_done(world_of_one_server):
    world = world_of_one_server

    def bring_days_back(data):
        if b"\r\nerase\r\n" in data:
            erasing.set()
        elif b"\r\nlook\r\n" in data and erasing.is_set() and not back:
            back.append(True)
            connection = world.redis.connect()
            connection.command("SET", f"releve:day:{{{A}}}:{DAILY}:2026-10-05", "{}")
            connection.close()
        return True

    erasing, back = threading.Event(), []
    put_days(world.redis, A, 3)
    relay = Relay(world.redis, bring_days_back)
    ended = world.run("forget", "--prm", A, "--yes", "--json", RELEVE_REDIS=relay.url)
    assert ended.code == 1 and f"{A}: 1 day came while it was erased" in ended.err, ended
    point, = json.loads(ended.out)["points"]
    assert (point["days"], point["left"]) == (3, 1)


# --- asking -----------------------------------------------------------------------------------------------------


def on_terminal(world, typed, *flags):
    """With a pseudo-terminal as standard input and error: (exit code, what stood on it, standard output)."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([releve_bin(), "forget", *flags], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
                               env={**clean_environment(), **world.settings}, cwd=world.directory.name)
    os.close(theirs)
    seen = b""
    try:
        while b"[y/N] " not in seen:
            seen += os.read(ours, 4096)  # fails once nobody is there to write
        os.write(ours, typed)
        out, _ = process.communicate(timeout=END_S)
        with contextlib.suppress(OSError):  # it has ended
            while piece := os.read(ours, 4096):
                seen += piece
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, seen.decode(), out.decode()


@pytest.mark.parametrize("typed", [b"y\n", b"YES\n"])
def test_on_a_terminal_it_says_what_goes_and_asks(world, typed):
    put_days(world.redis, A, 3)
    push(world.redis, message(A))
    code, seen, out = on_terminal(world, typed, "--prm", A, "--prm", B)
    assert (code, out) == (0, f"{A}: erased 3 days, 1 queue entry\n{B}: erased nothing\n"), seen
    assert f"  {A}  3 days, 1 queue entry\r\n  {B}  nothing\r\nErase all of it for good? [y/N] " in seen
    assert "prefix releve, holds of\r\n" in seen and naming(world.redis, A) == []


@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"yesterday\n", b"\x04"])
def test_any_other_answer_erases_nothing(world, typed):
    put_days(world.redis, A, 3)
    code, seen, out = on_terminal(world, typed, "--prm", A)
    assert (code, out) == (130, "") and seen.endswith("releve: nothing was erased\r\n"), seen
    assert len(world.redis.days(A)) == 3


def test_without_a_terminal_it_wants_yes_and_says_so_before_it_speaks_to_redis(world):
    put_days(world.redis, A, 3)
    for redis in (world.redis.url, "unix:///nowhere.sock"):
        ended = world.run("forget", "--prm", A, RELEVE_REDIS=redis)
        assert (ended.code, ended.out) == (2, "") and len(ended.err.splitlines()) == 1 and "--yes" in ended.err, ended
    assert len(world.redis.days(A)) == 3


@pytest.mark.parametrize("flags, says", [
    (("--yes",), "--prm PRM"), (("--prm", "1234", "--yes"), "14 digits"), ((A, "--yes"), f"--prm {A}"),
    (("--prm", A, "--yes", "--kind", DAILY), "--kind"),
    ([word for i in range(101) for word in ("--prm", f"{i:014}")] + ["--yes"], "at most 100 ")])
def test_what_is_no_command_line_ends_with_2(world, flags, says):
    ended = world.run("forget", *flags)
    assert (ended.code, ended.out) == (2, "") and says in ended.err and len(ended.err.splitlines()) == 1, ended


# --- keys of a wrong type ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["{releve}:jobs", "{releve}:jobs:low:moving", "{releve}:jobs:dead", "{releve}:results",
                                 "{releve}:job:x", "{releve}:worker:w:jobs", "{releve}:workers"])
def test_a_key_that_cannot_be_looked_through_is_named_before_anything_is_erased(world, key):
    put_days(world.redis, A, 3)
    if key == "{releve}:workers":
        world.redis.command("LPUSH", "{releve}:worker:w:jobs", message(A))
    world.redis.command("SET", key, f"x {A}")
    ended = forget(world, A)
    assert ended.code == 4 and ended.out == "" and len(ended.err.splitlines()) == 1, ended
    assert f"{key} holds a string instead of a " in ended.err and "RENAME or DEL it" in ended.err, ended
    assert len(world.redis.days(A)) == 3
    world.redis.command("DEL", key)
    assert forget(world, A).code == 0 and naming(world.redis, A) == []


def test_what_has_its_name_goes_whatever_it_holds(world):
    for key in (f"releve:point:{{{A}}}", f"releve:claim:{{{A}}}:{DAILY}", f"releve:doc:{{{A}}}:addresses"):
        world.redis.command("SET", key, "x")
    world.redis.command("LPUSH", f"releve:day:{{{A}}}:{DAILY}:2026-10-05", "x")
    assert forget(world, A).code == 0 and everything(world.redis) == {}


def test_a_backfill_that_waits_for_the_quota_is_not_forgotten():
    """Nobody knows whose days it will ask for: what can be erased is, and the end says that they may come back."""
    with World("--unsubscribed", "subscribed_services,synth_contrat_auto", quota="100/1s,6/1h") as world:
        running = world.start("backfill", "--prm", A, "--kind", "consumption_load_curve", "--start", "2026-08-01")
        world.wait_for(running, "days_served", 20)
        running.wait_until(lambda: world.redis.keys("{releve}:pulses") and not world.redis.keys("releve:claim:*"))
        ended = world.run("forget", "--prm", A, "--yes")
        assert ended.code == 1 and "erased" in ended.out and "1 command fetches days now" in ended.err, ended
        world.interrupt(running)
        assert world.run("forget", "--prm", A, "--yes").code == 0


# --- a slot that is on its way ----------------------------------------------------------------------------------


def world_of_cluster():
    """Whatever RELEVE_TEST_REDIS says."""
    world = World()
    world.redis = Cluster(node_timeout_ms=QUIET_TIMEOUT_MS)
    return world


def half_move(cluster):
    """Half of the days of A are at another master, and their slot has its old one; returns what ends that."""
    put_days(cluster, A, 1000)
    slot = slot_of(f"{{{A}}}")
    to = next(node for node in cluster.current_masters() if node is not cluster.owner(slot))
    cluster.half_move(slot, to)
    return lambda: cluster.move_slots(slot, slot, to)


def looks(cluster):
    """How often somebody asked who serves what."""
    figures = [node.info("commandstats").get("cmdstat_cluster|slots", "calls=0,") for node in cluster.nodes]
    return sum(int(one.split(",")[0].removeprefix("calls=")) for one in figures)


@pytest.mark.slow
def test_keys_of_a_slot_that_is_half_moved_are_waited_for():
    with world_of_cluster() as world:
        end_move = half_move(world.redis)
        before = looks(world.redis)
        running = world.start("forget", "--prm", A, "--yes", "--json")
        running.wait_until(lambda: looks(world.redis) >= before + 4)  # the first one is to find the nodes
        end_move()
        ended = running.end()
        assert ended.code == 0 and json.loads(ended.out)["points"][0]["days"] == 1000, ended
        assert naming(world.redis, A) == []


@pytest.mark.slow
def test_a_slot_that_stays_half_moved_is_an_error_that_says_so():
    with world_of_cluster() as world:
        end_move = half_move(world.redis)
        ended = forget(world, A)
        assert ended.code == 4 and "slots of the Redis Cluster are being moved, and their keys are at two nodes" in ended.err, ended
        assert len(naming(world.redis, A)) == 1000  # it had not begun to erase
        end_move()
        assert forget(world, A).code == 0 and naming(world.redis, A) == []


# --- replicas ---------------------------------------------------------------------------------------------------


QUEUE, FACTS = QUEUES["high"], f"releve:point:{{{B}}}"  # of two shards; what is erased first there
SHARDS = pytest.mark.parametrize("where", [QUEUE, FACTS])


@contextlib.contextmanager
def world_with_replicas():
    world = World()
    world.redis = Cluster()
    with world:
        fill(world)
        push(world.redis, message(B), to="high")
        yield world


def stop_replica(cluster, where):
    """It hears nothing of what its master is told; returns both."""
    master = cluster.master_of(where)
    replica, = cluster.replicas_of(master)
    cluster.partition(replica)
    return master, replica


def is_erased(cluster, where):
    return B.encode() not in flatten(cluster.command("LRANGE", where, 0, -1) if where == QUEUE else cluster.command("KEYS", where))


@pytest.mark.slow
@SHARDS
def test_what_no_replica_has_erased_is_not_called_erased(where):
    with world_with_replicas() as world:
        master, replica = stop_replica(world.redis, where)
        ended = forget(world, B)
        assert ended.code == 4 and ended.out == "" and f"no replica of redis://127.0.0.1:{master.port} acknowledges" in ended.err, ended
        world.redis.heal(replica)
        world.redis.wait_until_whole()
        assert forget(world, B).code == 0 and naming(world.redis, B) == []


@pytest.mark.slow
@SHARDS
def test_what_was_erased_stays_so_when_the_master_dies_right_after(where):
    """Its replica stands still while it is erased: it is waited for, and what is erased in several tries counts once."""
    with world_with_replicas() as world:
        cluster = world.redis
        days = len(cluster.days(B))
        master, replica = stop_replica(cluster, where)
        running = world.start("forget", "--prm", B, "--yes", "--json")
        running.wait_until(lambda: is_erased(cluster, where))
        cluster.heal(replica)
        ended = running.end()
        cluster.kill(master)
        assert ended.code == 0 and json.loads(ended.out)["points"][0]["days"] == days, ended
        cluster.wait_for_failover(where)
        assert naming(cluster, B) == [] and naming(cluster, A)


@pytest.mark.slow
@SHARDS
def test_what_no_replica_has_erased_is_not_called_erased_when_it_is_said_again_either(where):
    """At the master nothing of it is left then, and its replica has all of it."""
    world = World()
    world.redis = cluster = Cluster()
    with world:
        if where == QUEUE:
            push(cluster, message(B), to="high")
        else:
            cluster.command("HSET", where, "point:unknown_at", "x")
        master, replica = stop_replica(cluster, where)
        for _ in range(3):
            ended = forget(world, B)
            assert ended.code == 4 and ended.out == "" and f"no replica of redis://127.0.0.1:{master.port} acknowledges" in ended.err, ended
            assert is_erased(cluster, where)
        cluster.heal(replica)
        cluster.wait_until_whole()
        ended = forget(world, B)
        assert (ended.code, ended.out) == (0, f"{B}: erased nothing\n") and naming(cluster, B) == [], ended
