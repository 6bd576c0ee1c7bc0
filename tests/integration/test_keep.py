"""RELEVE_KEEP: a day expires when it is older than its kind is kept, and what is older is never fetched, whoever asks.

Redis forgets by its own clock, so that today is the real one here, and does not change within a test."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import zoneinfo

import pytest
from jobs import Results, message, push, start_worker, waiting
from test_conso_served import Conso
from world import World

CLIENT_0, HOLES = "22516914714270", "42900589957123"
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
TODAY = datetime.datetime.now(PARIS).date()
CURVE, DAILY = "consumption_load_curve", "daily_consumption"
KEEP = {"RELEVE_KEEP": f"{CURVE}:40d"}
A_COMMAND = ("--prm", CLIENT_0, "--kind", CURVE)


def ago(days):
    return (TODAY - datetime.timedelta(days=days)).isoformat()


def expiry(day, kept):
    """One hour after the last day on which it is among so many: seconds since 1970."""
    end = datetime.date.fromisoformat(day) + datetime.timedelta(days=kept + 1)
    return int(datetime.datetime.combine(end, datetime.time(), PARIS).timestamp()) + 3600


def expiries(redis, prm, kind):
    """{day: when it expires; -1: never}"""
    return {key.rsplit(":", 1)[1]: redis.command("EXPIRETIME", key) for key in redis.days(f"*{prm}*", kind)}


def calls(redis, command):
    line = next((line for line in redis.command("INFO", "commandstats").decode().splitlines() if line.startswith(f"cmdstat_{command}:")), "calls=0,")
    return int(line.split("calls=")[1].split(",")[0])


def world():
    return World(today=TODAY.isoformat())


def test_a_day_expires_when_it_is_older_than_its_kind_is_kept():
    with world() as w:
        ended = w.run("backfill", "--prm", CLIENT_0, "--prm", HOLES, "--kind", f"{CURVE},{DAILY}", "--start", ago(60), **KEEP)
        assert ended.code == 0 and f"{CURVE}: RELEVE_KEEP keeps 40 days, so it begins on {ago(40)}\n" in ended.err, ended
        for prm in (CLIENT_0, HOLES):
            assert expiries(w.redis, prm, CURVE) == {ago(i): expiry(ago(i), 40) for i in range(1, 41)}
            assert expiries(w.redis, prm, DAILY) == {ago(i): -1 for i in range(1, 61)}
        states = {json.loads(text)["state"] for text in w.redis.days(f"*{HOLES}*", CURVE).values()}
        assert {"complete", "hole"} <= states, states  # each is written in a way of its own


def test_without_it_complete_days_are_one_mset_as_ever_and_never_expire():
    with world() as w:
        assert w.run("backfill", *A_COMMAND, "--start", ago(60), "--end", ago(20)).code == 0
        assert calls(w.redis, "mset") == 6 and len(w.redis.days(f"*{CLIENT_0}*", CURVE)) == 40  # of 7 days each
        assert set(expiries(w.redis, CLIENT_0, CURVE).values()) == {-1}


def test_what_is_older_is_in_no_plan_and_in_no_backfill():
    with world() as w:
        planned = json.loads(w.run("plan", *A_COMMAND, "--json", **KEEP).out)
        assert (planned["days"], planned["requests"]) == (40, 6)
        said = w.run("backfill", *A_COMMAND, "--json", **KEEP)
        assert said.code == 0 and w.sandbox.stats()["days_served"] == 40, said
        assert set(expiries(w.redis, CLIENT_0, CURVE)) == {ago(i) for i in range(1, 41)}
        again = json.loads(w.run("plan", *A_COMMAND, "--json", **KEEP).out)
        assert (again["days"], again["days_known"]) == (0, 40)
        nothing = w.run("plan", *A_COMMAND, "--start", ago(90), "--end", ago(41), **KEEP)
        assert nothing.code == 2 and nothing.err == (f"releve: --end {ago(41)}: RELEVE_KEEP and upstream keep nothing before {ago(40)} of what "
                                                     "was asked\n")


def test_a_day_that_has_expired_is_not_asked_for_again():
    with world() as w:
        assert w.run("backfill", *A_COMMAND, **KEEP).code == 0
        before = w.sandbox.stats()["days_served"]
        assert w.redis.command("DEL", f"releve:day:{{{CLIENT_0}}}:{CURVE}:{ago(40)}") == 1
        tomorrow = {**KEEP, "RELEVE_TODAY": ago(-1)}
        w.sandbox.control(today=ago(-1))
        for words in (("backfill", *A_COMMAND), ("get", CURVE, "--prm", CLIENT_0), ("enqueue", *A_COMMAND, "--missing")):
            assert w.run(*words, **tomorrow).code == 0
        assert not waiting(w.redis) and w.sandbox.stats()["days_served"] == before + 1  # the new one


def test_a_worker_cuts_what_is_older_whatever_a_message_says():
    with world() as w, Results(w.redis) as stream:
        worker = start_worker(w, **KEEP)
        push(w.redis, message(CLIENT_0, CURVE, id="all"))
        whole = stream.one()
        assert (whole["state"], whole["days"], whole["cut"] > 600) == ("done", 40, True), whole
        push(w.redis, message(CLIENT_0, CURVE, id="old", start=ago(90), end=ago(60)))
        old = stream.one()
        assert (old["state"], old["days"], old["cut"], old["requests"]) == ("failed", 0, 30, 0)
        assert old["error"] == (f"not-kept: days of this kind are kept for 40 days (RELEVE_KEEP), now from {ago(40)} on, and none of them "
                                "was asked for"), old
        push(w.redis, message(CLIENT_0, DAILY, id="other", start=ago(90), end=ago(60)))
        assert stream.one()["complete"] == 30
        worker.signal(15)
        assert worker.end().code == 0


def test_coverage_counts_no_gap_that_nobody_will_fill():
    with world() as w:
        assert w.run("backfill", *A_COMMAND, "--start", ago(10), **KEEP).code == 0
        shown = json.loads(w.run("coverage", *A_COMMAND, "--json", **KEEP).out)
        assert (shown["start"], shown["complete"] + shown["pending"] + shown["holes"], shown["missing"]) == (ago(40), 10, 30)
        shown = json.loads(w.run("coverage", *A_COMMAND, "--start", ago(60), "--json", **KEEP).out)
        assert (shown["start"], shown["missing"], shown["cut"]) == (ago(60), 30, 20)


def test_the_conso_api_queues_no_job_for_what_is_not_kept():
    with world() as w:
        served = Conso(w, CLIENT_0, **KEEP)
        status, _, body = served.get(CURVE, f"prm={CLIENT_0}&start={ago(60)}&end={ago(55)}")
        assert status == 400 and not waiting(w.redis, "high") and not w.redis.keys("*job*"), body


def test_an_old_day_that_is_stored_stays_and_is_shown_until_it_is_written_anew():
    with world() as w:
        assert w.run("backfill", *A_COMMAND, "--start", ago(60)).code == 0
        before = w.sandbox.stats()["requests"]
        assert w.run("backfill", *A_COMMAND, **KEEP).code == 0 and w.sandbox.stats()["requests"] == before
        assert set(expiries(w.redis, CLIENT_0, CURVE).values()) == {-1}
        assert len(w.run("show", CURVE, "--prm", CLIENT_0, "--format", "json", **KEEP).out.splitlines()) == 60
        assert w.run("backfill", *A_COMMAND, "--refresh", **KEEP).code == 0
        left = expiries(w.redis, CLIENT_0, CURVE)
        assert {day for day, at in left.items() if at == -1} == {ago(i) for i in range(41, 61)}


@pytest.mark.single("the command of the page, at a Unix socket")
def test_what_is_stored_gets_its_expiry_by_what_operations_says(tmp_path):
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs/operations.md").read_text()
    command, = re.findall(r"^```\n(redis-cli --scan .*?)^```$", page, re.MULTILINE | re.DOTALL)
    with world() as w:
        assert w.run("backfill", "--prm", CLIENT_0, "--kind", f"{CURVE},{DAILY}", "--start", ago(300)).code == 0
        (tmp_path / "redis-cli").write_text(f'#!/bin/sh\nexec /usr/bin/redis-cli -s {w.redis.socket} "$@"\n')
        (tmp_path / "redis-cli").chmod(0o755)
        subprocess.run(["bash", "-c", command], check=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TZ": "America/New_York"})
        assert expiries(w.redis, CLIENT_0, CURVE) == {ago(i): expiry(ago(i), 800) for i in range(1, 301)}
        assert set(expiries(w.redis, CLIENT_0, DAILY).values()) == {-1}


@pytest.mark.parametrize("keep, says", [
    ("800d", '"800d": no measure has that name'), (f"{CURVE}", "a number from 30 to 3660 and d for days"), (f"{CURVE}:800", "a number from 30 to 3660 and d for days"),
    ("curves:29d", "a number from 30 to 3660 and d for days"), ("curves:800d,", '"": no measure'), ("identity:90d", "no measure has that name")])
def test_what_is_no_such_setting_is_one_line_and_2(keep, says):
    with world() as w:
        for command in ("plan", "backfill", "worker", "coverage"):
            ended = w.run(command, *(A_COMMAND if command != "worker" else ()), RELEVE_KEEP=keep)
            assert ended.code == 2 and ended.err.count("\n") == 1 and ended.err.startswith("releve: RELEVE_KEEP: ") and says in ended.err, ended
