"""The daily duty: `releve enqueue --missing` queues what is to be asked now and nothing else, with a real worker behind it;
and the units that run it each morning."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from jobs import own_lists, prm_of, results, start_worker, waiting
from sandbox import MEASURES, releve_bin
from world import TODAY, World, is_sanitized

CLIENT_0, HOLES, REVOKED, BOTH = "22516914714270", "42900589957123", "26584978546985", "12655648759651"
DAILY, CURVE = "daily_consumption", "consumption_load_curve"
SINCE = ("--start", "2026-11-01")
TOMORROW, DAY_AFTER = "2026-11-20", "2026-11-21"
NOTHING_IS_SENT = dict(CLIENT_ID=None, CLIENT_SECRET=None, RELEVE_UPSTREAM=None)  # what enqueue has to do without


def said(jobs, days, settled, ended=0):
    return (f"releve: {jobs} job{'' if jobs == 1 else 's'} queued for {days} day{'' if days == 1 else 's'}; "
            f"{settled} series with nothing to ask now, {ended} with a job of an earlier --missing that has not ended\n")


def enqueue(world, *arguments, today=TODAY):
    """What it queued, and its line."""
    ended, requests = world.requests_of("enqueue", "--missing", *arguments, RELEVE_TODAY=today, **NOTHING_IS_SENT)
    assert ended.code == 0 and requests == 0, ended
    return ended.out.split(), ended.err


def work(world, today=TODAY):
    """All that is queued; returns the results that came."""
    known = len(results(world.redis))
    world.sandbox.control(today=today)
    ended = world.run("worker", "--drain", RELEVE_TODAY=today)
    assert ended.code == 0, ended
    return results(world.redis)[known:]


def spans(redis, queue="normal"):
    return [(job["prm"], job["kind"], job["start"], job["end"]) for job in map(json.loads, waiting(redis, queue))]


@pytest.mark.hour
def test_the_first_day_queues_all_the_second_run_nothing_and_tomorrow_its_day():
    with World() as world:
        world.write("points", f"{CLIENT_0}\n{BOTH}\n")
        duty = ("--prms", "points", "--kind", "all")
        ids, line = enqueue(world, *duty)
        assert len(ids) == len(set(ids)) == 10 and line.startswith("releve: 10 jobs queued for "), line
        assert [json.loads(text)["id"] for text in waiting(world.redis)] == ids
        first = work(world)
        assert sorted(result["id"] for result in first) == sorted(ids)
        # Everything is known now: also that the one has no production.
        assert enqueue(world, *duty) == ([], said(0, 0, 10))
        ids, line = enqueue(world, *duty, today=TOMORROW)
        yesterday = {(prm, kind, TODAY, TOMORROW) for prm, kind in [*((BOTH, kind) for kind in MEASURES), *(
            (CLIENT_0, kind) for kind in MEASURES if "production" not in kind)]}
        assert set(spans(world.redis)) == yesterday and (len(ids), line) == (8, said(8, 8, 2))
        second = work(world, TOMORROW)
        assert {result["state"] for result in second} == {"done"} and sum(result["requests"] for result in second) == 8
        assert enqueue(world, *duty, today=TOMORROW) == ([], said(0, 0, 10))


@pytest.mark.hour
def test_two_runs_in_a_row_queue_a_job_once_and_so_do_two_at_once():
    with World() as world:
        duty = ("--prm", CLIENT_0, "--prm", BOTH, "--kind", DAILY, *SINCE)
        running = [world.start("enqueue", "--missing", *duty, **NOTHING_IS_SENT) for _ in range(4)]
        printed = [id for one in running for id in one.end().out.split()]
        assert len(printed) == 2 and len(waiting(world.redis)) == 2
        assert enqueue(world, *duty) == ([], said(0, 0, 0, 2))
        # The next morning too, while yesterday's jobs wait; they are of another class or not.
        assert enqueue(world, *duty, "--priority", "high", today=TOMORROW) == ([], said(0, 0, 0, 2))
        assert waiting(world.redis, "high") == []


def test_a_job_that_runs_is_not_queued_again():
    with World("--latency", "60000") as world:
        duty = ("--prm", CLIENT_0, "--kind", DAILY, *SINCE)
        enqueue(world, *duty)
        worker = start_worker(world)
        worker.wait_until(lambda: waiting(world.redis) == [] and list(own_lists(world.redis).values()) != [])
        assert enqueue(world, *duty) == ([], said(0, 0, 0, 1))


@pytest.mark.hour
def test_the_job_reaches_from_the_first_day_that_is_missing_to_the_last():
    with World() as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", DAILY, *SINCE).code == 0
        world.redis.command("DEL", *(f"releve:day:{{{CLIENT_0}}}:{DAILY}:2026-11-{day:02}" for day in (4, 5, 9)))
        ended = world.run("enqueue", "--missing", "--json", "--priority", "low", "--reply-to", "replies", "--prm", CLIENT_0,
                          "--kind", DAILY, *SINCE)
        printed, queued = json.loads(ended.out), json.loads(waiting(world.redis, "low")[0])
        assert ended.err == said(1, 3, 0) and printed.items() <= queued.items()
        assert (printed["start"], printed["end"], queued["reply_to"]) == ("2026-11-04", "2026-11-10", "replies")
        result, = work(world)
        assert (result["days"], result["complete"], result["requests"]) == (6, 6, 1)


@pytest.mark.hour
def test_a_hole_is_not_asked_and_a_pending_day_when_it_is_due():
    duty = ("--prm", HOLES, "--kind", DAILY, "--start", "2026-10-01")
    with World() as world:
        enqueue(world, *duty)
        result, = work(world)
        assert result["holes"] > 0 and result["pending"] > 0, result
        assert enqueue(world, *duty) == ([], said(0, 0, 1))
        pending = [key[-10:] for key, day in world.redis.days(HOLES, DAILY).items() if b'"state":"pending"' in day]
        # What is not there yet is due two days later, and becomes a hole when it is old; a hole is never due.
        assert len(enqueue(world, *duty, today=DAY_AFTER)[0]) == 1
        (_, _, start, end), = spans(world.redis)
        assert start in pending and end == DAY_AFTER


@pytest.mark.hour
def test_days_that_failed_are_queued_again_by_the_next_run():
    duty = ("--prm", CLIENT_0, "--kind", DAILY, "--start", "2026-11-12")
    with World() as world:
        world.sandbox.control(point_faults={CLIENT_0: {"absurd": 1}})  # a day of it makes no sense: it is tried three times
        first, _ = enqueue(world, *duty)
        result, = work(world)
        assert (result["state"], result["failed"]) == ("partial", 1)
        world.sandbox.control(point_faults={CLIENT_0: {}})
        again, line = enqueue(world, *duty)
        assert len(again) == 1 and again != first and line == said(1, 1, 0)
        result, = work(world)
        assert (result["id"], result["state"], result["complete"]) == (again[0], "done", 1)


@pytest.mark.hour
def test_what_is_refused_is_not_queued_until_it_is_believed_no_more():
    duty = ("--prm", REVOKED, "--kind", DAILY, "--start", "2026-11-12")
    with World() as world:
        enqueue(world, *duty)
        assert work(world)[0]["error"].startswith("ADAM-DC-0008")
        assert enqueue(world, *duty) == ([], said(0, 0, 1))
        assert len(enqueue(world, *duty, today=DAY_AFTER)[0]) == 1


def test_documents_are_queued_when_their_day_is_over():
    duty = ("--prm", CLIENT_0, "--kind", "contracts,addresses")
    with World() as world:
        assert len(enqueue(world, *duty)[0]) == 2
        assert {result["state"] for result in work(world)} == {"done"}
        assert enqueue(world, *duty) == ([], said(0, 0, 2))
        world.redis.command("DEL", f"releve:doc:{{{CLIENT_0}}}:addresses")
        assert len(enqueue(world, *duty)[0]) == 1


def test_missing_and_refresh_exclude_each_other():
    with World() as world:
        ended = world.run("enqueue", "--missing", "--refresh", "--prm", CLIENT_0)
        assert ended.code == 2 and "--missing" in ended.err and "--refresh" in ended.err and ended.out == "", ended


def test_a_note_of_a_job_that_is_gone_or_of_another_type_keeps_nobody():
    duty = ("--prm", CLIENT_0, "--kind", DAILY, *SINCE)
    note = f"{{releve}}:missing:{CLIENT_0}:{DAILY}"
    with World() as world:
        first, = enqueue(world, *duty)[0]
        assert world.redis.command("GET", note) == f"{{releve}}:job:{first}".encode()
        assert world.redis.command("TTL", note) == pytest.approx(30 * 24 * 3600, abs=60)
        world.redis.command("DEL", f"{{releve}}:job:{first}")  # as when nobody took it for 30 days
        assert len(enqueue(world, *duty)[0]) == 1
        world.redis.command("DEL", note)
        world.redis.command("LPUSH", note, "mine")
        ended = world.run("enqueue", "--missing", *duty)
        assert ended.code == 4 and f"{note} holds a list instead of a string" in ended.err, ended
        world.redis.command("DEL", note)
        assert world.run("forget", "--prm", CLIENT_0, "--yes").code == 0 and world.redis.keys(f"*{CLIENT_0}*") == set()


def test_forget_erases_the_note_of_the_latest_job():
    with World() as world:
        enqueue(world, "--prm", CLIENT_0, "--prm", BOTH, "--kind", DAILY, *SINCE)
        assert world.run("forget", "--prm", CLIENT_0, "--yes").code == 0
        assert world.redis.keys("{releve}:missing:*") == {f"{{releve}}:missing:{BOTH}:{DAILY}"}


@pytest.mark.slow
@pytest.mark.skipif(is_sanitized(), reason="sanitizers cost memory")
def test_thousands_of_series_are_looked_at_in_little_memory():
    count = 600
    with World() as world:
        prms = world.write("points", "\n".join(map(prm_of, range(count))))
        running = world.start("enqueue", "--missing", "--prms", prms, "--kind", "all", **NOTHING_IS_SENT)
        peak_kb = running.watch_memory()
        ended = running.end()
        assert ended.code == 0 and len(ended.out.split()) == 5 * count, ended
        assert peak_kb < 64 * 1024, peak_kb
        assert enqueue(world, "--prms", prms, "--kind", "all") == ([], said(0, 0, 0, 5 * count))
        assert sorted(json.loads(text)["prm"] for text in waiting(world.redis)) == sorted(5 * list(map(prm_of, range(count))))


# --- the units -----------------------------------------------------------------------------------------

BUILD = pathlib.Path(releve_bin()).parent
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "adapters/cli"


def systemd_analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, env={**os.environ, "TZ": "UTC"})
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def units(tmp_path):
    """As they are installed, with the program where it is."""
    for unit in ("releve-worker@.service", "releve-daily.service", "releve-serve.service"):
        text = (BUILD / unit).read_text()
        program = re.search(r"^ExecStart=(\S+)", text, re.MULTILINE)[1]
        assert program.endswith("/bin/releve") and "@" not in program
        (tmp_path / unit).write_text(text.replace(program, releve_bin()))
    shutil.copy(SOURCE / "releve-daily.timer", tmp_path)
    return tmp_path


def test_systemd_finds_no_fault_in_the_units(units):
    for unit in ("releve-worker@.service", "releve-daily.service", "releve-serve.service", "releve-daily.timer"):
        code, _, err = systemd_analyze("verify", "--man=no", str(units / unit))
        about = [line for line in err.splitlines() if "releve" in line]
        assert code == 0 and about == [], err


def test_a_fault_in_a_unit_is_found(units):
    timer = units / "releve-daily.timer"
    timer.write_text(timer.read_text().replace("08:45 Europe/Paris", "8h45"))
    code, _, err = systemd_analyze("verify", "--man=no", str(timer))
    assert code != 0 or "releve-daily.timer" in err, err


@pytest.mark.parametrize("base, next_", [("2026-07-02 00:00 UTC", "2026-07-02 06:45:00"), ("2026-12-02 00:00 UTC", "2026-12-02 07:45:00")])
def test_the_timer_comes_at_a_quarter_to_nine_in_paris_in_summer_and_in_winter(base, next_):
    when = re.search(r"^OnCalendar=(.+)$", (SOURCE / "releve-daily.timer").read_text(), re.MULTILINE)[1]
    code, out, err = systemd_analyze("calendar", "--base-time", base, when)
    assert code == 0 and next_ in out, out + err


def test_what_the_daily_unit_starts_queues_the_list_that_it_gets():
    text = (BUILD / "releve-daily.service").read_text()
    _, *arguments = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)[1].split()
    with World() as world:
        points = world.write("points", f"# mine\n{CLIENT_0}\n{BOTH}\n")
        ended = world.run(*arguments, stdin=points, **NOTHING_IS_SENT)
        assert ended.code == 0 and len(ended.out.split()) == len(waiting(world.redis)) == 10, ended
