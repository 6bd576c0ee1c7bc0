"""releve dead: what could not be a job is listed, shown, put back into its queue, or dropped."""
import datetime
import hashlib
import json
import os
import re

import pytest
import terminal
from cluster import Cluster
from jobs import message, push, results, start_worker, waiting
from oracle import PARIS
from world import TODAY, World

CLIENT_0 = "22516914714270"
DAILY = "daily_consumption"
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}
STRANGE = '{"prm":"\x1b[31m","kind":"x"}'


def burials(redis):
    return redis.command("LRANGE", "{releve}:jobs:dead", 0, -1)


def id_of(burial):
    return hashlib.sha1(burial).hexdigest()[:12]


def bury(world, *messages, to="normal"):
    """Workers find them in a queue."""
    there = len(burials(world.redis))
    worker = start_worker(world, "reader")
    push(world.redis, *messages, to=to)
    worker.wait_until(lambda: len(burials(world.redis)) == there + len(messages))
    world.interrupt(worker)


@pytest.fixture
def world():
    with World() as world:
        bury(world, b"one", b'{"prm":"1","kind":"all"}', to="low")
        bury(world, STRANGE.encode(), "é".encode(), b"x" * 5000)
        yield world


@pytest.mark.hour
def test_they_are_listed_newest_first_and_nothing_of_them_steers_a_terminal(world):
    lines = world.run("dead").out.splitlines()
    assert [line[:12] for line in lines] == [id_of(burial) for burial in burials(world.redis)]
    fields = re.fullmatch(r"[0-9a-f]{12}  (\S+)  low     is no JSON  one", lines[-1])
    assert fields and datetime.datetime.fromisoformat(fields[1]).astimezone(PARIS).date().isoformat() == TODAY, lines
    assert all(line.isprintable() for line in lines) and '\\u001b[31m' in "".join(lines)
    for columns in (60, 80):
        code, text = terminal.run(world, "dead", columns=columns)
        shown = text.splitlines()
        assert code == 0 and max(map(len, shown)) <= columns and shown[-1] == "5 messages; releve dead show ID has all of one"
        assert [line[:12] for line in shown[:-1:2]] == [line[:12] for line in lines] and shown[-2] == "  one", shown


def test_json_has_each_as_it_stands_with_its_id(world):
    given = [json.loads(line) for line in world.run("dead", "list", "--json").out.splitlines()]
    assert given == [{"id": id_of(burial), **json.loads(burial)} for burial in burials(world.redis)]
    assert [one["raw"] for one in given if "whole" not in one] == [STRANGE, '{"prm":"1","kind":"all"}', "one"]
    assert [one["whole"] for one in given if "whole" in one] == [False, False]


def test_one_is_shown_whole(world):
    burial = burials(world.redis)[-2]
    ended = world.run("dead", "show", id_of(burial))
    fields = dict(re.findall(r"^(\w+) +(.*)$", ended.out, re.MULTILINE))
    expected = json.loads(burial)
    assert fields == {"id": id_of(burial), "at": expected["at"], "queue": "low", "error": expected["error"],
                      "raw": expected["raw"]}
    long = next(burial for burial in burials(world.redis) if b"xxx" in burial)
    ended = world.run("dead", "show", id_of(burial), id_of(long), "0123456789ab")
    assert ended.code == 1 and "(not all of it: cut, or" in ended.out and "no dead message has the id 0123456789ab" in ended.err


def test_what_was_put_right_is_put_back_and_becomes_its_job():
    """A key of another type under its id made it no job."""
    with World() as world:
        world.redis.command("SET", "{releve}:job:mine", "something else")
        bury(world, message(CLIENT_0, id="mine", **ONE_DAY), b"nonsense", to="high")
        world.redis.command("DEL", "{releve}:job:mine")
        mine = next(burial for burial in burials(world.redis) if b"mine" in burial)
        ended = world.run("dead", "requeue", id_of(mine))
        assert ended.code == 0 and ended.out == f"{id_of(mine)} is in its queue again\n", ended
        assert waiting(world.redis, "high") == [message(CLIENT_0, id="mine", **ONE_DAY)] and len(burials(world.redis)) == 1
        assert world.run("worker", "--drain").code == 0
        result, = results(world.redis)
        assert (result["id"], result["state"]) == ("mine", "done") and len(burials(world.redis)) == 1


def test_all_are_put_back_where_they_came_from_but_what_is_not_all_there(world):
    kept = [burial for burial in burials(world.redis) if b'"whole":false' in burial]
    ended = world.run("dead", "requeue", "--all")
    assert ended.code == 1 and len(re.findall(r"is in its queue again$", ended.out, re.MULTILINE)) == 3
    assert sorted(re.findall(r"^releve: (\w{12}): what is kept of it is not all", ended.err, re.MULTILINE)) == sorted(map(id_of, kept))
    assert sorted(waiting(world.redis, "low")) == sorted((b"one", b'{"prm":"1","kind":"all"}'))
    assert waiting(world.redis) == [STRANGE.encode()] and burials(world.redis) == kept


def test_what_was_too_long_is_not_put_back_without_its_end():
    """Redis keeps the beginning of it only, so that no worker is sent all of it."""
    with World() as world:
        sizes = [5000, 16384, 16385, 20000, 100000]
        bury(world, *(b"x" * size for size in sizes))
        found = [json.loads(burial) for burial in burials(world.redis)][::-1]
        assert [one.get("whole") for one in found] == [False] * len(sizes)
        assert [one["error"] for one in found] == [
            "is no JSON" if size <= 16384 else f"a message of {size} bytes: at most 16384" for size in sizes]
        ended = world.run("dead", "requeue", "--all")
        assert ended.code == 1 and waiting(world.redis) == [] and len(burials(world.redis)) == len(sizes), ended


def test_equal_ones_share_an_id_and_some_of_many_are_dropped():
    with World() as world:
        texts = [json.dumps({"raw": f"m{i % 301}", "error": "is no JSON", "queue": "normal", "at": "2026-11-19T09:00:00Z"},
                            separators=(",", ":")) for i in range(602)]
        world.redis.command("RPUSH", "{releve}:jobs:dead", *texts)
        gone = [texts[7], texts[300]]
        ended = world.run("dead", "drop", *(id_of(text.encode()) for text in gone))
        assert ended.code == 0 and len(ended.out.splitlines()) == 4, ended
        assert burials(world.redis) == [text.encode() for text in texts if text not in gone]


@pytest.mark.slow
def test_what_comes_back_while_all_are_put_back_is_left_alone():
    """Workers bury them again meanwhile: each is put back once."""
    with World() as world:
        texts = [json.dumps({"raw": f"m{i}", "error": "is no JSON", "queue": "normal", "at": "2026-11-19T09:00:00Z"}) for i in range(3000)]
        world.redis.command("RPUSH", "{releve}:jobs:dead", *texts)
        start_worker(world, "reader")
        ended = world.run("dead", "requeue", "--all")
        assert ended.code == 0 and len(ended.out.splitlines()) == 3000
        world.running[0].wait_until(lambda: len(burials(world.redis)) == 3000)
        assert sorted(json.loads(burial)["raw"] for burial in burials(world.redis)) == sorted(f"m{i}" for i in range(3000))


def test_options_may_stand_before_the_words(world):
    burial = burials(world.redis)[0]
    assert json.loads(world.run("dead", "--json", "show", id_of(burial)).out)["id"] == id_of(burial)
    assert json.loads(world.run("dead", "--json", "show", id_of(burial).upper()).out)["id"] == id_of(burial)
    assert world.run("dead", "requeue", "--queue", "low", id_of(burials(world.redis)[-1])).code == 0
    assert world.run("dead", "drop", "--yes", id_of(burial)).code == 0 and len(burials(world.redis)) == 3


def test_all_are_dropped_when_that_is_confirmed(world):
    ended = world.run("dead", "drop", "--all")
    assert ended.code == 2 and "say --yes" in ended.err and len(burials(world.redis)) == 5
    for answer, code, left in ((b"n\n", 130, 5), (b"y\n", 0, 0)):
        env = {name: value for name, value in world.settings.items() if value is not None}
        asked = terminal.Terminal(("dead", "drop", "--all"), env, world.directory.name, stdin=True)
        asked.wait_for(lambda text: "Drop 5 dead messages for good? [y/N]" in text)
        world.redis.command("LPUSH", "{releve}:jobs:dead", b"buried meanwhile")  # not meant
        os.write(asked.side, answer)
        assert asked.end()[0] == code and len(burials(world.redis)) == left + 1
        world.redis.command("LPOP", "{releve}:jobs:dead")
    code, text = terminal.Terminal(("dead", "drop", "--all"), env, world.directory.name, stdin=True).end()
    assert code == 0 and "[y/N]" not in text and "no dead messages" in text
    ended = world.run("dead", "drop", "--all", "--yes")
    assert ended.code == 0 and "no dead messages" in ended.err


def test_what_anybody_has_written_there_can_be_seen_and_dropped():
    with World() as world:
        for text in (b"\xff\x9b31m", b"[1]", b'{"raw":{"a":[[[[[[1]]]]]]}}', b'{"raw":7}', b'{"raw":"\xc2\x9b"}', b"\x00", b'{"raw":"a","id":"spoof"}'):
            world.redis.command("RPUSH", "{releve}:jobs:dead", text)
        for words in (("dead",), ("dead", "--json"), ("dead", "show", *map(id_of, burials(world.redis)))):
            ended = world.run(*words)
            assert ended.code == 0 and ended.out.replace("\n", "").isascii() and ended.out.replace("\n", "").isprintable(), ended
        assert len(world.run("dead").out.splitlines()) == 7
        shown = [json.loads(line) for line in world.run("dead", "--json").out.splitlines()]
        assert [one["id"] for one in shown] == [id_of(burial) for burial in burials(world.redis)]
        assert '"spoof"' not in world.run("dead", "--json").out
        assert world.run("dead", "requeue", id_of(b"[1]")).code == 1 and waiting(world.redis) == []
        assert world.run("dead", "drop", "--all", "--yes").code == 0 and burials(world.redis) == []


@pytest.mark.parametrize("words, said", [
    (("lst",), 'did you mean list'), (("show",), "say which"), (("show", "12"), "is no id"), (("requeue",), "say which"),
    (("drop", "0123456789ab", "--all"), "say which"), (("list", "0123456789ab"), "has all of them"), (("--all",), "--all is for requeue and drop"),
    (("show", "0123456789ab", "--queue", "low"), "--queue is for requeue"), (("requeue", "--all", "--queue", "gas"), "high, normal or low"),
    (("requeue", "--all", "--yes"), "--yes is for drop"), (("drop", "--all", "--json"), "--json is for list and show")])
def test_a_wrong_command_line_is_refused(words, said):
    with World() as world:
        ended = world.run("dead", *words)
        assert ended.code == 2 and said in ended.err and len(ended.err.splitlines()) == 1, ended


@pytest.mark.slow
@pytest.mark.parametrize("command", [("drop", "--all", "--yes"), ("requeue", "--all")])
def test_what_no_replica_has_of_it_does_not_end_well(command):
    world = World()
    world.redis = Cluster()
    with world:
        bury(world, b"one", b"two")
        master = world.redis.master_of("{releve}:jobs:dead")
        replica, = world.redis.replicas_of(master)
        world.redis.partition(replica)
        ended = world.run("dead", *command)
        assert ended.code == 4 and f"no replica of redis://127.0.0.1:{master.port} acknowledges" in ended.err, ended
        world.redis.heal(replica)
        world.redis.wait_until_whole()
        left = len(burials(world.redis)) + len(waiting(world.redis))
        assert world.run("dead", *command).code == 0 and left == (0 if "drop" in command else 2)
