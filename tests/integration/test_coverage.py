"""releve coverage: each cell of the calendar is what Redis has of that day, on terminals of any width; gaps are what is missing
of what can be had; many usage points are a table."""
import datetime
import glob
import json
import os
import re
import select

import pytest
import terminal
from jobs import FIRST_PRM
from world import TODAY, World

HOLES, BOTH, RECENT, REVOKED = "42900589957123", "12655648759651", "11453290002823", "26584978546985"
CURVE, DAILY = "consumption_load_curve", "daily_consumption"
START, GONE = "2025-08-10", ("2026-03-01", "2026-03-02", "2026-05-10")
ACTIVATED = "2019-08-27"  # RECENT
DAY = datetime.timedelta(days=1)
CELLS = {"█": "complete", "▄": "partial", "·": "hole", "○": "pending", "×": "missing", "-": "cut"}
PLAIN = {"#": "complete", "+": "partial", ".": "hole", "o": "pending", "x": "missing", "-": "cut"}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@pytest.fixture(scope="module")
def filled():
    """Days of several states, three of them lost, and one of which half a value is left."""
    with World(quota="2000/1s") as world:
        assert world.run("backfill", "--prm", HOLES, "--prm", BOTH, "--prm", REVOKED, "--start", START).code == 1
        assert world.run("backfill", "--prm", RECENT).code == 0
        for date in GONE:
            world.redis.command("DEL", f"releve:day:{{{HOLES}}}:{CURVE}:{date}")
        partial = json.loads(world.redis.command("GET", f"releve:day:{{{HOLES}}}:{CURVE}:2026-06-01"))
        partial["state"], partial["values"][3] = "partial", None
        world.redis.command("SET", f"releve:day:{{{HOLES}}}:{CURVE}:2026-06-01", json.dumps(partial, separators=(",", ":")))
        yield world


def days_of(first, end):
    first, end = (datetime.date.fromisoformat(day) for day in (first, end))
    return [first + i * DAY for i in range((end - first).days)]


def states(world, prm, kind, first, end=TODAY):
    """{date: state}, as another reader of Redis has them."""
    stored = {key[-10:]: json.loads(day)["state"] for key, day in world.redis.days(prm, kind).items()}
    return {str(date): stored.get(str(date), "missing") for date in days_of(first, end)}


def read_calendar(text, first, meaning):
    """{date: state} of the cells that are drawn: block after block, a row a weekday."""
    rows = [line for line in text.splitlines() if re.match(rf"(?:{'|'.join(WEEKDAYS)})  ", line)]
    assert rows and len(rows) % 7 == 0
    found, date = {}, datetime.date.fromisoformat(first)
    for block in zip(*[iter(rows)] * 7):
        assert [row[:3] for row in block] == list(WEEKDAYS)
        for week in range(max(map(len, block)) - 5):
            for row in block:
                cell = row[5 + week:6 + week]
                if cell.strip():
                    assert WEEKDAYS[date.weekday()] == row[:3]
                    found[str(date)] = meaning[cell]
                    date += DAY
    return found


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
def test_each_cell_is_what_redis_has_of_that_day(filled, columns):
    code, text = terminal.run(filled, "coverage", "--prm", HOLES, "--kind", CURVE, "--start", START, columns=columns)
    assert code == 0 and "\x1b[31m" in text
    lines = terminal.ESCAPE.sub("", text).splitlines()
    assert max(terminal.width(line) for line in lines if not line.startswith(("complete", "missing"))) <= columns  # a sentence may wrap
    wanted = states(filled, HOLES, CURVE, START)
    assert set(wanted.values()) == {"complete", "partial", "hole", "pending", "missing"}
    assert read_calendar("\n".join(lines), START, CELLS) == wanted


@pytest.mark.parametrize("start", ["2025-08-04", "2025-08-10", "2025-08-26", "2025-08-31"])
def test_a_month_stands_above_its_first_week(filled, start):
    """The first one only where it has room."""
    text = filled.run("coverage", "--prm", BOTH, "--kind", DAILY, "--start", start, LC_ALL="C").out
    first = datetime.date.fromisoformat(start)
    for header, year in re.findall(r"^((20\d\d) .*[A-Z].*)$", text, re.MULTILINE):
        begin = max(first, datetime.date(int(year), 1, 1))
        monday = begin - begin.weekday() * DAY
        months = {match[0]: match.start() - 5 for match in re.finditer(r"[A-Z][a-z][a-z]", header)}
        without = begin.day > 7
        assert len(months) == (5 if year == "2025" else 11) - without, header
        for i, (name, week) in enumerate(months.items(), int(without)):
            month = datetime.date(int(year), begin.month + i, 1)
            assert name == month.strftime("%b") and week == max(0, (month - monday).days // 7), header


def test_without_colours_and_letters_it_is_ascii(filled):
    ended = filled.run("coverage", "--prm", HOLES, "--kind", CURVE, "--start", START, LC_ALL="C")
    assert ended.code == 0 and ended.out.isascii() and "\x1b" not in ended.out
    assert read_calendar(ended.out, START, PLAIN) == states(filled, HOLES, CURVE, START)


def test_gaps_are_named(filled):
    text = filled.run("coverage", "--prm", HOLES, "--kind", CURVE, "--start", START).out
    counts = list(states(filled, HOLES, CURVE, START).values())
    assert (f"complete {counts.count('complete')}, partial 1, holes {counts.count('hole')}, pending {counts.count('pending')}, "
            "missing 3\nmissing: 2026-03-01 to 2026-03-02, 2 days\n         2026-05-10\n") in text


def test_days_before_the_activation_are_no_gap(filled):
    """Ten years are more than one look of Redis."""
    shown, = (json.loads(line) for line in filled.run("coverage", "--prm", RECENT, "--kind", DAILY, "--start", "2018-01-01", "--json").out.splitlines())
    wanted = states(filled, RECENT, DAILY, "2018-01-01")
    before = [day for day in wanted if day < ACTIVATED]
    missing = [day for day, state in wanted.items() if state == "missing" and day >= ACTIVATED]
    assert shown["cut"] == len(before) and shown["missing"] == len(missing) and shown["complete"] == len(filled.redis.days(RECENT, DAILY))
    assert shown["gaps"] == [{"start": ACTIVATED, "end": str(datetime.date.fromisoformat(missing[-1]) + DAY)}]
    text = filled.run("coverage", "--prm", RECENT, "--kind", DAILY, "--start", "2018-01-01", LC_ALL="C").out
    assert read_calendar(text, "2018-01-01", PLAIN) == {day: "cut" if day in set(before) else state for day, state in wanted.items()}


def test_json_has_every_gap_of_every_series(filled):
    lines = [json.loads(line) for line in filled.run("coverage", "--json").out.splitlines()]
    assert [(line["prm"], line["kind"]) for line in lines] == [
        (prm, kind) for prm in sorted((HOLES, BOTH, RECENT, REVOKED))
        for kind in (DAILY, CURVE, "daily_consumption_max_power", "daily_production", "production_load_curve")]
    for line in lines:
        wanted = states(filled, line["prm"], line["kind"], line["start"], line["end"])
        missing = [str(day) for gap in line["gaps"] for day in days_of(gap["start"], gap["end"])]
        assert missing == [day for day, state in wanted.items() if state == "missing"] and line["end"] == TODAY
        counts = list(wanted.values())
        assert [line[name] for name in ("complete", "partial", "holes", "pending", "missing")] == [
            counts.count(name) for name in ("complete", "partial", "hole", "pending", "missing")]
        assert (line["refused"] is None) == (line["prm"] != REVOKED and (line["prm"] == BOTH or "production" not in line["kind"])), line
    assert {line["refused"]["code"] for line in lines if line["prm"] == REVOKED} == {"ADAM-DC-0008"}


def test_several_are_a_table(filled):
    text = filled.run("coverage").out
    assert max(map(len, text.splitlines())) <= 80
    lines = [json.loads(line) for line in filled.run("coverage", "--json").out.splitlines()]
    for line in lines:
        last = ("refused" if line["prm"] == REVOKED else "n/a") if line["refused"] else str(line["missing"])
        assert re.search(rf"^{line['prm']} {line['kind']} +{line['complete']} +{line['partial']} +{line['holes']} +{line['pending']} +{last}$",
                         text, re.MULTILINE), (line, text)
    curves = [line for line in lines if line["kind"] == CURVE]
    open_ = [line for line in curves if not line["refused"]]
    known = sum(line[name] for line in curves for name in ("complete", "partial", "holes"))
    missing = sum(line["missing"] for line in open_)
    pending = sum(line["pending"] for line in curves)
    assert re.search(rf"^{CURVE} +4 +{sum(line['missing'] > 0 for line in open_)} +1 +{sum(line['complete'] for line in curves)} +{missing} +{pending} "
                     rf"+{known * 100 // (known + missing + pending)} %$", text, re.MULTILINE), text


def test_of_many_only_those_with_gaps_are_named():
    with World("--population", "60", quota="2000/1s") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(60)))
        span = ("--kind", DAILY, "--start", "2026-10-01", "--end", "2026-11-01")
        assert world.run("backfill", "--prms", prms, *span).code == 0
        gone = [str(FIRST_PRM + i) for i in (7, 41)]
        for prm in gone:
            world.redis.command("DEL", f"releve:day:{{{prm}}}:{DAILY}:2026-10-09")
        requests = world.sandbox.stats()["requests"]
        text = world.run("coverage", *span).out
        assert re.search(rf"^{DAILY} +60 +2 +0 +1858 +2 +0 +99 %$", text, re.MULTILINE), text
        assert re.findall(r"^\d{14}", text, re.MULTILINE) == gone
        text = world.run("coverage", "--prms", prms, "--kind", CURVE).out  # of which nothing is there: 40 have a line
        assert len(re.findall(r"^\d{14}", text, re.MULTILINE)) == 40 and "(20 more with gaps; --json has all)" in text
        assert world.sandbox.stats()["requests"] == requests


def test_a_kind_that_no_service_is_of_is_no_gap():
    """As upstream told it in a preflight, before anything was asked."""
    with World(quota="2000/1s") as world:
        assert world.run("plan", "--preflight", "--prm", "22516914714270").code == 0
        lines = [json.loads(line) for line in world.run("coverage", "--prm", "22516914714270", "--json").out.splitlines()]
        assert [line["kind"] for line in lines if line["refused"]] == ["daily_production", "production_load_curve"]
        ended = world.run("show", "daily_production", "--prm", "22516914714270")
        assert ended.code == 0 and "there is no daily_production" in ended.err, ended


def test_what_cannot_be_shown_is_said():
    with World() as world:
        ended = world.run("coverage")
        assert ended.code == 0 and ended.out == "" and "no usage point is known" in ended.err
        ended = world.run("coverage", "--prm", BOTH, "--kind", "contracts")
        assert ended.code == 2 and "contracts is a document, which has no days" in ended.err
        ended = world.run("coverage", "--prm", BOTH, "--start", "2026-10-02", "--end", "2026-10-01")
        assert ended.code == 2 and "no day lies" in ended.err


def has_connected(process):
    """It has a socket, and so a loop."""
    for path in glob.glob(f"/proc/{process.pid}/fd/*"):
        try:
            if os.readlink(path).startswith("socket:"):
                return True
        except FileNotFoundError:  # closed meanwhile
            pass
    return False


def slowly(world, look):
    """Runs `look` while Redis stands still for longer than a look may be silent: counted from when it has connected."""
    world.redis.partition()
    try:
        running = look()
        while not has_connected(running.process):
            assert running.process.poll() is None
            select.select([], [], [], 0.01)
        select.select([], [], [], 1.2)
    finally:
        world.redis.heal()
    return running.end()


@pytest.mark.parametrize("words", [("coverage",), ("verify",), ("plan",), ("export", "--format", "csv", "--out", "archive"),
                                   ("enqueue", "--missing"), pytest.param(("coverage", "--json"), marks=pytest.mark.slow)])
def test_a_look_that_takes_long_says_how_far_it_is_and_leaves_nothing_of_it(words):
    with World() as world:
        words += ("--prms", world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(20))))
        words += () if words[0] == "verify" else ("--kind", "daily_consumption")
        env = {name: value for name, value in world.settings.items() if value is not None}
        code, text = slowly(world, lambda: terminal.Terminal(words, env, world.directory.name, columns=200))
        assert code == 0 and re.search(r"read: \d+ %, \d+ of 20\r\x1b\[K", text), text
        rows = terminal.Screen(text, 200).rows
        assert not any("read: " in row for row in rows) and all(re.match(r"[0-9a-f]{24}$|releve: |$", row) for row in rows
                                                                if words[0] == "enqueue"), rows
        quiet = slowly(world, lambda: world.start(*words))
        assert quiet.code == 0 and "read: " not in quiet.err + quiet.out
