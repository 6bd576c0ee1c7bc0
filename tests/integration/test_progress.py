"""What a backfill shows while it runs, on a pseudo-terminal, and what it says at its end."""
import os
import re
import signal

import pytest
import terminal
from jobs import FIRST_PRM
from server import Redis
from world import World

POINTS = 40
SUMMARY = re.compile(r"^(\d+) % of some (\d+) requests; (.+ so far)(?:, some (.+?) left.*)?$", re.MULTILINE)
UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
KINDS = ["daily_consumption", "consumption_load_curve", "daily_consumption_max_power", "daily_production", "production_load_curve"]
REVOKED, CLIENT_0, BOTH = "26584978546985", "22516914714270", "12655648759651"


def start(world, *words, columns=80, stdin=False):
    prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(POINTS)))
    env = {name: value for name, value in world.settings.items() if value is not None}
    return terminal.Terminal(("backfill", "--prms", prms, *words), env, world.directory.name, columns, stdin=stdin)


def stop(running):
    running.process.send_signal(signal.SIGINT)
    return running.end()


def seconds(duration):
    words = duration.split()
    return sum(int(number) * UNITS[unit] for number, unit in zip(words[::2], words[1::2]))


def drawings(text):
    return [terminal.ESCAPE.sub("", part).splitlines() for part in re.split(r"\r?\x1b\[\d+A\x1b\[J", text)]


@pytest.mark.parametrize("columns", [80, *(pytest.param(columns, marks=pytest.mark.slow) for columns in (60, 132))])
def test_what_is_drawn_fits_the_terminal_and_takes_its_own_place(columns):
    with World("--population", str(POINTS), "--latency", "20", quota="40/1s,800/1h") as world:
        running = start(world, "--start", "2026-08-01", columns=columns)
        running.wait_for(lambda text: len(SUMMARY.findall(terminal.ESCAPE.sub("", text))) > 6)
        code, text = stop(running)
        assert code == 130
        during = text[:text.index("releve: ending what is in flight")]
        blocks = [block for block in drawings(during) if block]
        for block in blocks:
            assert [line.split()[0] for line in block[:5]] == KINDS and len(block) == 8, block
            assert max(map(len, block)) <= columns, block
            assert re.search(r"^\d+ of 200 jobs, \d+ days, 0 failed, 0 repeated, 0 thrott", block[6]), block
            assert re.search(r"^\d+ requests, [\d.]+/s; (\d+ of 40/1s, \d+ of 800/1h|no answer from Redis$)", block[7]), block
        assert any("of 800/1h" in block[7] for block in blocks), blocks  # a busy machine's Redis does not always answer in time
        shares = [int(SUMMARY.search("\n".join(block)).group(1)) for block in blocks]
        assert shares == sorted(shares) and 0 <= shares[0] < shares[-1] <= 100
        rows = [row for row in terminal.Screen(during, columns).rows if row]
        assert not any(line.startswith(tuple(KINDS)) for line in rows), rows  # erased before the line


@pytest.mark.parametrize("columns", [20, pytest.param(30, marks=pytest.mark.slow)])
def test_a_block_that_wraps_takes_its_own_place_too(columns):
    """Narrower than what lines are made for: each takes several rows, and all of them are erased."""
    with World("--population", str(POINTS), "--latency", "20", quota="40/1s,800/1h") as world:
        running = start(world, "--start", "2026-08-01", columns=columns)
        running.wait_for(lambda text: text.count("\x1b[J") > 4)
        _, text = stop(running)
        rows = terminal.Screen(text[:text.index("releve: ending what is in flight")], columns).rows
        assert not any(row.strip() for row in rows), rows


def test_what_is_typed_does_not_tear_the_block():
    with World("--population", str(POINTS), "--latency", "20", quota="40/1s,800/1h") as world:
        running = start(world, "--start", "2026-08-01", stdin=True)
        running.wait_for(lambda text: "of 200 jobs" in text)
        for _ in range(3):
            os.write(running.side, b"what\n\n")
            had = len(drawings(running.text()))
            running.wait_for(lambda text: len(drawings(text)) > had + 1)
        text = running.text()
        assert "what" not in text
        rows = terminal.Screen(text[:text.rindex("\x1b[J")], 80).rows
        assert sum(row.startswith("daily_consumption ") for row in rows) <= 1, rows
        stop(running)


def test_the_time_that_is_left_counts_what_is_used_of_the_quota():
    """For 80 requests, 30 of them in ten minutes: it never says less than a window while one has to be waited for."""
    with World("--population", str(POINTS), "--unsubscribed", "subscribed_services,synth_contrat_auto", quota="100/1s,30/10m") as world:
        running = start(world, "--kind", "daily_consumption,daily_consumption_max_power", "--start", "2026-08-01")
        running.wait_for(lambda text: text.count("30 of 30/10m") > 3)
        _, text = stop(running)
        left = [seconds(match[3]) for match in SUMMARY.findall(terminal.ESCAPE.sub("", text))]
        assert len(left) > 3 and min(left) > 8 * 60 and max(left) <= 20 * 60, left


def test_tries_that_fail_are_no_progress():
    """Nobody listens there."""
    with World(quota="5/1s") as world:
        world.settings.update(RELEVE_UPSTREAM="http://127.0.0.1:9")
        running = start(world, "--start", "2026-08-01", "--kind", "daily_consumption")
        running.wait_for(lambda text: len(SUMMARY.findall(terminal.ESCAPE.sub("", text))) > 4)
        _, text = stop(running)
        assert {match[0] for match in SUMMARY.findall(terminal.ESCAPE.sub("", text))} == {"0"}, text


def test_while_upstream_is_away_the_next_try_is_said_and_no_end():
    """Nobody listens there; the quota would allow all requests in an hour."""
    with World(quota="100/1s,30/1h") as world:
        world.settings.update(RELEVE_UPSTREAM="http://127.0.0.1:9")
        running = start(world, "--start", "2026-08-01", "--kind", "daily_consumption")
        away = re.compile(r"^upstream has not served for [^;]+; (it is tried now|next try in .+)\s*$", re.MULTILINE)
        running.wait_for(lambda text: away.search(terminal.ESCAPE.sub("", text)))
        _, text = stop(running)
        blocks = [block for block in drawings(text) if any(away.match(line) for line in block)]
        assert blocks and not any(" left, until" in "\n".join(block) for block in blocks), blocks


@pytest.mark.slow
def test_while_no_replica_acknowledges_that_is_said_and_no_end():
    """Reads are answered meanwhile: how much of the quota is used is known."""
    with World("--population", str(POINTS), "--latency", "20", quota="5/1s,3000/1h", password="secret") as world, Redis() as replica:
        replica.follow(world.redis)
        world.settings["RELEVE_REDIS"] = world.redis.url + "?replicas=1"
        running = start(world, "--start", "2026-08-01", "--kind", "daily_consumption")
        running.wait_for(lambda text: " left, until" in text)
        replica.partition()
        try:
            away = re.compile(r"^Redis has not served for \S+ s\s*$", re.MULTILINE)
            running.wait_for(lambda text: len(away.findall(terminal.ESCAPE.sub("", text))) > 1)
        finally:
            replica.heal()
        _, text = stop(running)
        blocks = [block for block in drawings(text) if any(away.match(line) for line in block)]
        assert blocks and not any(" left, until" in "\n".join(block) for block in blocks), blocks


@pytest.mark.slow
def test_without_a_terminal_it_is_a_line_now_and_then():
    with World("--population", str(POINTS), "--latency", "20", quota="10/1s") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(POINTS)))
        running = world.start("backfill", "--prms", prms, "--start", "2026-08-01")
        running.wait_until(lambda: " of some " in running.so_far())
        line = [line for line in running.so_far().splitlines() if " of some " in line][0]
        assert re.search(r"^releve: \d+ % of some \d+ requests; .* so far, some .* left, until .*; \d+ of 200 jobs, \d+ days, 0 failed, "
                         r"0 repeated, 0 throttled; \d+ requests, [\d.]+/s; \d+ of 10/1s", line), line
        world.interrupt(running)


@pytest.mark.slow
def test_the_end_says_how_long_it_took_and_what_it_cost():
    with World(quota="100/1s") as world:
        world.sandbox.control(point_faults={BOTH: {"error500": 0.5}})
        ended = world.run("backfill", "--prm", CLIENT_0, "--prm", BOTH, "--prm", REVOKED, "--start", "2026-11-01")
        last = ended.out.rstrip("\n").splitlines()[-1]
        found = re.fullmatch(r"(.+), (\d+) requests \(([\d.]+)/s\), (\d+) repeated, 0 throttled", last)
        stats = world.sandbox.stats()
        assert found and int(found[2]) == stats["requests"] and int(found[4]) == stats["errors"]["500"] > 0, (last, stats)


def test_a_usage_point_that_is_refused_is_no_heap_of_failed_days():
    with World(quota="100/1s") as world:
        ended = world.run("backfill", "--prm", CLIENT_0, "--prm", REVOKED)
        assert ended.code == 1
        heading, *rows = [line.split() for line in ended.out.splitlines() if re.match(r"kind +jobs|daily_consumption  |all  ", line)]
        assert "failed" not in heading and "refused" in heading, ended.out
        refused = {row[0]: row[heading.index("refused")] for row in rows if len(row) == len(heading)}
        assert refused["daily_consumption"] == "1" and refused["all"] == "5", ended.out
        assert "(refused and n/a: jobs, of one usage point and kind each; the rest: days)" in ended.out


def test_of_many_usage_points_the_end_says_where_to_look():
    with World("--population", str(POINTS), quota="2000/1s") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(POINTS)))
        ended = world.run("backfill", "--prms", prms, "--kind", "daily_consumption", "--start", "2026-11-01")
        assert f"({POINTS} usage points: releve points says what is known of each)" in ended.out, ended


@pytest.mark.parametrize("prms, explained", [
    ([CLIENT_0], []), (["42900589957123"], ["holes", "soon"]), (["42900589957123", CLIENT_0], ["holes", "soon"])])
def test_the_table_explains_the_words_that_stand_in_it_and_no_other(prms, explained):
    with World(quota="100/1s") as world:
        points = [word for prm in prms for word in ("--prm", prm)]
        ended = world.run("backfill", *points, "--kind", "daily_consumption", "--start", "2026-10-01")
        assert ended.code == 0 and re.findall(r"^\(([^:]+): ", ended.out, re.MULTILINE) == explained, ended


def test_a_wait_for_a_quota_that_is_not_shown_is_said():
    """That of the token: upstream has closed it, and that of measures is open."""
    with World(quota="100/1s") as world:
        world.sandbox.control(close={"ms": 60000, "form": "wso2"})
        prms = world.write("prms", f"{CLIENT_0}\n")
        env = {name: value for name, value in world.settings.items() if value is not None}
        words = ("backfill", "--prms", prms, "--kind", "daily_consumption,contracts", "--start", "2026-11-01")
        running = terminal.Terminal(words, env, world.directory.name)
        running.wait_for(lambda text: re.search(r"^nothing is sent for .+: the quota", terminal.ESCAPE.sub("", text), re.MULTILINE))
        stop(running)
