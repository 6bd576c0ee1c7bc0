"""A Redis prefix belongs to one upstream: the days of two are never mixed unless somebody says --adopt."""
import json

import pytest
from sandbox import Sandbox
from world import TODAY, World

PRM = "22516914714270"
DAILY = "daily_consumption"
DAYS = ("--start", "2026-10-01", "--end", "2026-10-11")
LATER = ("--start", "2026-10-11", "--end", "2026-10-21")
SELECT = ("--prm", PRM, "--kind", DAILY)
SHOW = ("show", DAILY, "--prm", PRM)
BOUND = "{releve}:upstream"


@pytest.fixture(scope="module")
def other():
    """A second simulator, whose meters have read something else."""
    with Sandbox("--today", TODAY, "--quota", "none", "--seed", "7") as sandbox:
        yield sandbox


def bound(world):
    return (world.redis.command("GET", BOUND) or b"").decode()


def refusal(ended):
    """The one line of a command that was refused for its configuration."""
    assert ended.code == 2 and ended.out == "", ended
    assert ended.err.count("\n") == 1 and ended.err.endswith("\n"), ended
    return ended.err


def check_mismatch(world, ended, *, theirs, ours):
    """Where, whose it is, whose it is not, and what to do about it."""
    line = refusal(ended)
    for words in (world.redis.place, "prefix releve", theirs, ours, "RELEVE_UPSTREAM", "RELEVE_PREFIX", "--adopt"):
        assert words in line, f"{words} is not in {line}"


# --- two upstreams -------------------------------------------------------------------------------------


def test_a_second_simulator_is_refused_under_the_prefix_of_the_first(other):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        stored, before = world.redis.days(), other.stats()["requests"]
        for command in ("backfill", "plan", "enqueue"):
            check_mismatch(world, world.run(command, *SELECT, *LATER, RELEVE_UPSTREAM=other.url),
                           theirs=world.sandbox.url, ours=other.url)
        check_mismatch(world, world.run("worker", "--drain", RELEVE_UPSTREAM=other.url), theirs=world.sandbox.url,
                       ours=other.url)
        assert other.stats()["requests"] == before and world.redis.days() == stored
        assert world.redis.command("LLEN", "{releve}:jobs") == 0


def test_show_refuses_days_that_are_not_of_the_upstream_that_is_named(other):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        check_mismatch(world, world.run(*SHOW, *DAYS, RELEVE_UPSTREAM=other.url), theirs=world.sandbox.url,
                       ours=other.url)
        for settings in ({}, {"RELEVE_UPSTREAM": None}):  # of its own, and of anybody
            ended = world.run(*SHOW, *DAYS, **settings)
            assert ended.code == 0 and ended.out.count("complete") == 10, ended


def test_under_a_prefix_of_its_own_a_second_simulator_is_welcome(other):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        ended = world.run("backfill", *SELECT, *DAYS, RELEVE_UPSTREAM=other.url, RELEVE_PREFIX="other")
        assert ended.code == 0, ended
        ours = world.redis.values(world.redis.keys("releve:day:*")).values()
        theirs = world.redis.values(world.redis.keys("other:day:*")).values()
        assert len(ours) == len(theirs) == 10
        assert {json.loads(day)["value"] for day in ours} != {json.loads(day)["value"] for day in theirs}


def test_of_two_that_start_at_once_one_gets_the_prefix_and_the_other_is_refused(other):
    with World() as world:
        urls = [world.sandbox.url, other.url]
        running = [world.start("backfill", *SELECT, *DAYS, RELEVE_UPSTREAM=url) for url in urls]
        ended = [one.end() for one in running]
        assert sorted(one.code for one in ended) == [0, 2], ended
        winner = ended[0].code
        assert bound(world) == urls[0 if winner == 0 else 1]
        loser = 1 if winner == 0 else 0
        check_mismatch(world, ended[loser], theirs=urls[1 - loser], ours=urls[loser])
        assert len(world.redis.days()) == 10


# --- what is the same ----------------------------------------------------------------------------------


def test_other_spellings_of_one_address_are_the_same_upstream():
    with World() as world:
        host, port = world.sandbox.host, world.sandbox.port
        assert world.run("backfill", *SELECT, *DAYS, RELEVE_UPSTREAM=f"HTTP://{host}:0{port}//").code == 0
        assert bound(world) == world.sandbox.url
        for url in (f"http://{host}:{port}/", f"Http://{host}:{port}"):
            ended = world.run("plan", *SELECT, *DAYS, "--json", RELEVE_UPSTREAM=url)
            assert ended.code == 0 and json.loads(ended.out)["days_known"] == 10, ended


@pytest.mark.parametrize("stored, said", [
    ("https://example.org", ["https://example.org:443", "https://EXAMPLE.org/", "HTTPS://example.ORG:0443//"]),
    ("http://[::1]/gate/Way", ["http://[::1]:80/gate/Way", "http://[::1]:/gate/Way/"]),
    ("production", ["https://gw.ext.prod.api.enedis.fr/", "https://GW.ext.prod.api.enedis.fr:443"]),
    ("https://gw.ext.prod-sandbox.api.enedis.fr", ["sandbox"]),
    ("sandbox", ["https://gw.ext.prod-sandbox.api.enedis.fr"]),
])
def test_a_prefix_is_found_to_be_of_an_upstream_however_that_is_spelled(stored, said):
    with World() as world:
        world.redis.command("SET", BOUND, stored)
        for url in said:
            assert world.run("plan", *SELECT, *DAYS, RELEVE_UPSTREAM=url).code == 0, url


@pytest.mark.parametrize("stored, said, ours", [
    ("http://127.0.0.1:8750", "http://localhost:8750", "http://localhost:8750"),
    ("http://127.0.0.1:8750", "http://127.0.0.1:8751", "http://127.0.0.1:8751"),
    ("http://example.org", "https://example.org", "https://example.org"),
    ("http://example.org/A", "http://example.org/a", "http://example.org/a"),
    ("http://example.org:443", "https://example.org:443", "https://example.org"),
    ("production", "sandbox", "sandbox"),
    ("production", "https://gw.ext.prod.api.enedis.fr.example.org", "https://gw.ext.prod.api.enedis.fr.example.org"),
])
def test_what_may_be_another_upstream_is_another_one(stored, said, ours):
    with World() as world:
        world.redis.command("SET", BOUND, stored)
        check_mismatch(world, world.run("plan", *SELECT, *DAYS, RELEVE_UPSTREAM=said), theirs=stored, ours=ours)


@pytest.mark.parametrize("stored", ["https://" + "b" * 248, "other"])
def test_the_longest_address_is_one_and_the_line_about_it_is_whole(stored):
    longest = "https://" + "a" * 248
    with World() as world:
        world.redis.command("SET", "{" + "p" * 48 + "}:upstream", longest)
        assert world.run("plan", *SELECT, *DAYS, RELEVE_UPSTREAM=longest, RELEVE_PREFIX="p" * 48).code == 0
        world.redis.command("SET", "{" + "p" * 48 + "}:upstream", stored)
        line = refusal(world.run("plan", *SELECT, *DAYS, RELEVE_UPSTREAM=longest, RELEVE_PREFIX="p" * 48))
        assert line.endswith(("worker --adopt\n", "RELEVE_PREFIX\n")) and "p" * 48 in line
        assert "at most 256 bytes" in refusal(world.run("plan", *SELECT, *DAYS, RELEVE_UPSTREAM=longest + "a"))


@pytest.mark.single("a port and a user")
def test_who_may_read_days_only_can_show_them_without_an_upstream():
    with World(password="any") as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        world.redis.command("ACL", "SETUSER", "reader", "on", ">pw", "%R~releve:day:*", "+@read", "+@connection")
        ended = world.run(*SHOW, *DAYS, RELEVE_REDIS=f"redis://reader:pw@127.0.0.1:{world.redis.port}",
                          RELEVE_UPSTREAM=None)
        assert ended.code == 0 and ended.out.count("complete") == 10, ended


# --- --adopt -------------------------------------------------------------------------------------------


def test_adopt_gives_the_prefix_to_the_upstream_that_is_named_and_keeps_the_days(other):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        before = world.redis.days()
        ended = world.run("backfill", *SELECT, *LATER, "--adopt", RELEVE_UPSTREAM=other.url)
        assert ended.code == 0, ended
        line, = (line for line in ended.err.splitlines() if "adopted" in line)
        for words in ("prefix releve", world.sandbox.url, other.url):
            assert words in line, line
        assert bound(world) == other.url
        assert before.items() < world.redis.days().items() and len(world.redis.days()) == 20
        check_mismatch(world, world.run("backfill", *SELECT, *DAYS), theirs=other.url, ours=world.sandbox.url)


@pytest.mark.parametrize("days", [DAYS, ("--start", TODAY)])
def test_adopt_is_done_where_nothing_is_left_to_fetch_too(other, days):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        before = other.stats()["requests"]
        ended = world.run("backfill", *SELECT, *days, "--adopt", RELEVE_UPSTREAM=other.url)
        assert ended.code == 0 and bound(world) == other.url, ended
        assert other.stats()["requests"] == before


def test_adopt_says_nothing_where_there_is_nothing_to_adopt():
    with World() as world:
        for _ in range(2):  # nobody's, and one's own
            ended = world.run("backfill", *SELECT, *DAYS, "--adopt")
            assert ended.code == 0 and "adopted" not in ended.err, ended
            assert bound(world) == world.sandbox.url


def test_a_worker_adopts_too(other):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        ended = world.run("worker", "--drain", "--adopt", RELEVE_UPSTREAM=other.url)
        assert ended.code == 0 and "adopted" in ended.err and bound(world) == other.url, ended
        assert world.run("worker", "--drain", RELEVE_UPSTREAM=other.url).code == 0


@pytest.mark.parametrize("command", ["backfill", "worker"])
def test_the_help_of_adopt_says_what_it_costs(command):
    with World() as world:
        text = world.run(command, "--help").out
        for words in ("--adopt", "mixed", "RELEVE_PREFIX"):
            assert words in text, text


# --- data of earlier releases, and of nobody -----------------------------------------------------------


@pytest.mark.parametrize("stored", ["other", "", "https://user:a-password@example.org", "\x1b[31mred", "x" * 5000])
def test_a_prefix_whose_upstream_was_not_recorded_waits_for_a_word(stored):
    with World() as world:
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        world.redis.command("SET", BOUND, stored)
        for command in (("backfill", *SELECT, *DAYS), ("plan", *SELECT, *DAYS), (*SHOW, *DAYS)):
            ended = world.run(*command)
            check_mismatch(world, ended, theirs="not recorded", ours=world.sandbox.url)
            assert "a-password" not in ended.err and "\x1b" not in ended.err
        ended = world.run("backfill", *SELECT, *DAYS, "--adopt")
        assert ended.code == 0 and "a-password" not in ended.err and "\x1b" not in ended.err, ended
        assert bound(world) == world.sandbox.url
        assert world.run(*SHOW, *DAYS).code == 0


# --- status --------------------------------------------------------------------------------------------


def test_status_says_whose_the_prefix_is_and_never_refuses(other):
    with World() as world:
        assert json.loads(world.run("status", "--json").out)["upstream"] is None
        assert world.run("backfill", *SELECT, *DAYS).code == 0
        ended = world.run("status")
        assert ended.code == 0 and f"of {world.sandbox.url}" in ended.out and ended.err == "", ended
        ended = world.run("status", "--json", RELEVE_UPSTREAM=other.url)
        assert ended.code == 0 and json.loads(ended.out)["upstream"] == world.sandbox.url, ended
        for words in (world.sandbox.url, other.url, "RELEVE_UPSTREAM"):
            assert words in ended.err, ended
        world.redis.command("SET", BOUND, "https://user:a-password@example.org")
        ended = world.run("status", "--json")
        assert ended.code == 0 and json.loads(ended.out)["upstream"] == "unknown", ended
        assert "a-password" not in ended.err
