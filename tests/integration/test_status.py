"""releve status: what runs, what waits, how much of the quota is used, how fast it goes and how long it takes still."""
import json
import os
import re
import signal

import oracle
import pytest
import terminal
from jobs import FIRST_PRM, Results, dead, message, own_lists, prm_of, push, start_worker, waiting
from server import Redis
from world import TODAY, World

CLIENT_0, REVOKED = "22516914714270", "26584978546985"
DAILY = "daily_consumption"
ONE_DAY = {"start": "2026-10-05", "end": "2026-10-06"}
WEEK = {"start": "2026-10-05", "end": "2026-10-12"}
NEVER_MS = "60000"  # an answer that does not come in time


def look(world):
    return json.loads(world.run("status", "--json").out)


def look_until(running, world, there):
    """The first look at which that is there, while something runs."""
    looks = []

    def is_there():
        looks.append(look(world))
        return there(looks[-1])
    running.wait_until(is_there)
    return looks[-1]


@pytest.mark.hour
def test_status_shows_queues_workers_what_they_run_and_what_failed():
    with World("--population", "20", quota="100/1s") as world, Results(world.redis) as stream:
        worker = start_worker(world, "busy")
        push(world.redis, message(REVOKED, id="refused", **ONE_DAY), message(CLIENT_0, id="fine", **ONE_DAY), b"no job")
        assert sorted(result["id"] for result in stream.take(2)) == ["fine", "refused"]
        world.sandbox.control(latency=NEVER_MS)
        push(world.redis, message(prm_of(0), id="slow", **WEEK))
        worker.wait_until(lambda: world.redis.hash("{releve}:job:slow").get("state") == "running")
        push(world.redis, *(message(prm_of(i), **WEEK) for i in range(10)), to="low")
        worker.wait_until(lambda: waiting(world.redis, "low") == [])
        shown = json.loads(world.run("status", "--json").out)
        assert shown["queues"] == {"high": 0, "normal": 0, "low": 0, "dead": 1}
        one, = shown["workers"]
        assert re.fullmatch(r"busy\.[0-9a-f]{6}", one["name"]) and 0 <= one["age_ms"] < 15000 and one["jobs"] == 11
        assert {"id": "slow", "prm": prm_of(0), "kind": DAILY} in one["running"]
        assert shown["ended"] == {"done": 1, "failed": 1}
        failure, = shown["failures"]
        assert (failure["id"], failure["state"], failure["prm"]) == ("refused", "failed", REVOKED)
        assert failure["error"].startswith("ADAM") and str(oracle.paris_day_of(failure["finished_at"])) == TODAY
        measures = next(one for one in shown["quota"] if one["bucket"] == "mesure_synchrone_auto")
        assert measures["windows"][0]["limit"] == 100 and measures["windows"][0]["used"] >= 1
        text = world.run("status").out
        for words in (one["name"], "11 jobs", "slow", failure["error"], "is no JSON", "failed 1", "done 1", "of 100/1s"):
            assert words in text, text
        worker.signal(signal.SIGKILL)
        worker.end()
        push(world.redis, b"x", b"y")
        shown = json.loads(world.run("status", "--json").out)
        assert shown["queues"]["normal"] == 2 and shown["workers"][0]["jobs"] == 11  # nobody has missed it yet


def test_what_one_usage_point_fails_with_is_said_once():
    """Five kinds of one, and one of another."""
    kinds = [DAILY, "consumption_load_curve", "daily_consumption_max_power", "daily_production", "production_load_curve"]
    with World("--population", "1", quota="100/1s") as world, Results(world.redis) as stream:
        world.sandbox.control(point_faults={prm_of(0): {"error500": 1}})
        worker = start_worker(world, "busy")
        push(world.redis, *(message(REVOKED, kind=kind, **ONE_DAY) for kind in kinds * 3))  # more than are named
        stream.take(15)
        failed = re.findall(r"^failed  .*", world.run("status").out, re.MULTILINE)
        assert len(failed) == 1 and f" {REVOKED} 15 jobs: ADAM" in failed[0], failed
        assert [one["jobs"] for one in look(world)["failures"]] == [15]
        code, text = terminal.run(world, "status", columns=60)
        assert code == 0 and max(len(line) for line in text[text.index("failed  "):].splitlines()) <= 60, text
        push(world.redis, message(prm_of(1), kind=DAILY, **ONE_DAY))  # there is no such usage point
        stream.take(1)
        failed = re.findall(r"^failed  .*", world.run("status").out, re.MULTILINE)
        assert len(failed) == 2 and f" {prm_of(1)} {DAILY}: " in failed[0] and f" {REVOKED} 15 jobs: " in failed[1], failed
        world.interrupt(worker)


@pytest.mark.slow
def test_an_outage_is_shown_and_no_time_left_while_it_lasts():
    """The worker's upstream is a port where nobody listens."""
    with World("--population", "5", quota="100/1s") as world:
        worker = world.start("worker", "--name", "lost", RELEVE_UPSTREAM="http://127.0.0.1:9")
        push(world.redis, *(message(prm_of(i), **WEEK) for i in range(5)))
        shown = look_until(worker, world, lambda shown: any(one.get("pulse", {}).get("away_ms", 0) > 0 for one in shown.get("workers", [])))
        assert "left_ms" not in shown and shown["requests_left"] > 0, shown
        text = world.run("status").out
        assert re.search(r"^outage  upstream has not served for [^;]+; (it is tried now|next try in .+)$", text, re.MULTILINE), text
        assert re.search(r"^left    \d+ requests under way or planned$", text, re.MULTILINE), text
        world.interrupt(worker)


@pytest.mark.slow
def test_what_no_replica_acknowledges_is_shown_and_no_time_left_while_it_lasts():
    """The replica stands still: permits and jobs wait, and what a worker says of itself does not."""
    with World("--population", "40", "--latency", "20", quota="5/1s", password="secret") as world, Redis() as replica:
        replica.follow(world.redis)
        settings = {"RELEVE_REDIS": world.redis.url + "?replicas=1"}
        worker = start_worker(world, "stalled", **settings)
        push(world.redis, *(message(prm_of(i), **WEEK) for i in range(40) for _ in range(2)))
        world.wait_for(worker, "requests", 3)
        replica.partition()
        try:
            shown = look_until(worker, world, lambda shown: shown["processes"]["redis_away"] > 0)
            assert "left_ms" not in shown and shown["requests_left"] > 0 and shown["processes"]["away"] == 0, shown
            assert shown["processes"]["redis_away_ms"] > 0 and shown["workers"][0]["pulse"]["redis_away_ms"] > 0, shown
            text = world.run("status", **settings).out
            assert re.search(r"^outage  Redis has not served for [^:]+: no replica of redis://\S+ acknowledges what is written: start what", text,
                             re.MULTILINE), text
            assert re.search(r"^left    \d+ requests under way or planned$", text, re.MULTILINE) and "jobs/min: some" not in text, text
        finally:
            replica.heal()
        shown = look_until(worker, world, lambda shown: shown["processes"]["redis_away"] == 0)
        assert "redis_why" not in shown["processes"] and shown["processes"]["redis_away_ms"] == 0, shown
        world.interrupt(worker)


@pytest.mark.slow
def test_a_worker_that_has_not_begun_is_shown_with_what_it_waits_for():
    """No replica acknowledges its number."""
    with World(password="secret") as world, Redis() as replica, Results(world.redis) as stream:
        replica.follow(world.redis)
        settings = {"RELEVE_REDIS": world.redis.url + "?replicas=1"}
        replica.partition()
        try:
            worker = world.start("worker", "--name", "early", **settings)
            shown = look_until(worker, world, lambda shown: shown["processes"]["redis_away"] > 0)
            one, = shown["starting"]
            assert re.fullmatch(r"early\.[0-9a-f]{6}", one["name"]) and one["pid"] == worker.process.pid and 0 <= one["age_ms"] < 30000
            assert one["starting"] is True and one["redis_away_ms"] > 0 and "acknowledges what is written" in one["redis_why"], one
            assert "workers" not in shown and "commands" not in shown and shown["processes"]["count"] == 1, shown
            text = world.run("status", **settings).out
            assert re.search(rf"^worker  {one['name']} \(pid {one['pid']}\): has not begun, heard [\d.]+ s ago$", text, re.MULTILINE), text
            assert re.search(r"^outage  Redis has not served for [^:]+: no replica of redis://\S+ acknowledges", text, re.MULTILINE), text
            assert "workers none" not in text, text
        finally:
            replica.heal()
        push(world.redis, message(CLIENT_0, id="first", **ONE_DAY))
        assert stream.one()["id"] == "first"
        begun = {"starting": None}  # what is so of no pulse that is there
        shown = look_until(worker, world, lambda shown: "starting" not in shown.get("workers", [{}])[0].get("pulse", begun))
        assert shown["workers"][0]["name"] == one["name"] and "starting" not in shown, shown
        world.interrupt(worker)
        assert world.redis.keys("{releve}:pulses") == set()


@pytest.mark.slow
def test_one_process_that_is_away_silences_no_other():
    with World("--population", "40", "--unsubscribed", "subscribed_services,synth_contrat_auto", quota="100/1s,20/1h") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(40)))
        running = world.start("backfill", "--prms", prms, "--kind", f"{DAILY},daily_consumption_max_power", "--start", "2026-08-01")
        look_until(running, world, lambda shown: [one["requests"] for one in shown.get("commands", [])] == [22])
        now, _ = world.redis.command("TIME")
        world.redis.command("HSET", "{releve}:pulses", "get.x", f'{int(now) * 1000} {{"command":"get","away_ms":61000,"retry_ms":5000}}')
        text = world.run("status").out
        assert "outage  for 1 of 2 processes: upstream has not served for 1 min 01 s; next try in 5 s" in text, text
        assert re.search(r"^left    60 requests under way or planned: at least ", text, re.MULTILINE) and "left_ms" in look(world), text
        world.redis.command("HSET", "{releve}:pulses", "get.y", f'{int(now) * 1000} {{"command":"get","redis_away_ms":2000,"redis_why":"all is lost"}}')
        text = world.run("status").out
        assert "outage  for 1 of 3 processes: Redis has not served for 2 s: all is lost\n" in text and "left_ms" in look(world), text
        world.interrupt(running)


@pytest.mark.slow
def test_a_running_backfill_is_shown_and_gone_when_it_has_ended():
    """A quarter of its 80 requests are within the window: the others take three more of them."""
    with World("--population", "40", "--unsubscribed", "subscribed_services,synth_contrat_auto", quota="100/1s,20/1h") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(40)))
        running = world.start("backfill", "--prms", prms, "--kind", f"{DAILY},daily_consumption_max_power", "--start", "2026-08-01")
        shown = look_until(running, world, lambda shown: [one["requests"] for one in shown.get("commands", [])] == [22])  # 20 of measures
        command, = shown["commands"]
        assert (command["command"], command["pid"], command["jobs_wanted"]) == ("backfill", running.process.pid, 80)
        assert 0 <= command["age_ms"] < 30000 and command["jobs_ended"] + command["jobs_under_way"] == 80
        assert command["requests_left"] == shown["requests_left"] == 60
        assert 2 * 3600 * 1000 < shown["left_ms"] <= 3 * 3600 * 1000
        text = world.run("status").out
        assert re.search(rf"^command backfill \(pid {running.process.pid}\): 26 % of some 82 requests, [\d.]+/s; 20 of 80 jobs; \S+$",
                         text, re.MULTILINE), text
        assert re.search(r"^left    60 requests under way or planned: at least 2 h \d\d min, until .*\d\d:\d\d$", text, re.MULTILINE), text
        world.interrupt(running)
        assert "commands" not in look(world) and world.redis.keys("{releve}:pulses") == set()


def test_a_backfill_that_was_killed_is_not_shown_for_long():
    with World("--latency", NEVER_MS) as world:
        running = world.start("backfill", "--prm", prm_of(0), "--kind", DAILY)
        look_until(running, world, lambda shown: "commands" in shown)
        running.signal(signal.SIGKILL)
        running.end()
        assert 0 < world.redis.command("PTTL", "{releve}:pulses") <= 30000
        name, = world.redis.command("HKEYS", "{releve}:pulses")
        said = world.redis.command("HGET", "{releve}:pulses", name)
        at, _, text = said.partition(b" ")
        world.redis.command("HSET", "{releve}:pulses", name, b"%d %s" % (int(at) - 31000, text))  # half a minute later
        assert "commands" not in look(world)


@pytest.mark.slow
def test_a_worker_says_how_fast_it_is_and_what_waits_takes_a_time():
    with World("--population", "400", "--latency", "20", quota="20/1s") as world:
        worker = start_worker(world, "fast")
        push(world.redis, *(message(prm_of(i), **WEEK) for i in range(400)), *(message(prm_of(i), **WEEK) for i in range(400)))
        shown = look_until(worker, world, lambda shown: shown["workers"][0].get("pulse", {}).get("rate", {}).get("jobs_per_minute", 0) > 0)
        pulse = shown["workers"][0]["pulse"]
        assert "commands" not in shown and pulse["command"] == "worker" and "jobs_wanted" not in pulse
        assert 0 < pulse["rate"]["requests_per_second"] <= 21 and pulse["rate"]["jobs_per_minute"] <= 21 * 60
        text = world.run("status").out
        assert re.search(r"^worker  fast\S+: \d+ jobs, [\d.]+ requests/s, [\d.]+ jobs/min, heard [\d.]+ s ago$", text, re.MULTILINE), text
        found = re.search(r"^jobs    (\d+) waiting or held, ([\d.]+)/min: some .+, until .*\d\d:\d\d$", text, re.MULTILINE)
        assert found and 0 < int(found[1]) <= 800 and float(found[2]) > 0, text


def test_what_anybody_writes_as_a_pulse_neither_steers_the_terminal_nor_counts():
    with World(quota="100/1s") as world:
        second = int(world.redis.command("TIME")[0])
        for i, text in enumerate(('{"command":"z","requests_left":-3,"jobs_ended":1e300,"pid":"x"}', '{"command":"a\\u001b[31mX","host":"\\u009bX"}',
                                  '{"command":"big","requests_left":1e30}', "[]", '{"command":7}', "nonsense")):
            world.redis.command("HSET", "{releve}:pulses", f"p{i}", f"{second}000 {text}")
        ended = world.run("status")
        assert ended.code == 0 and "\x1b" not in ended.out and "\x9b" not in ended.out and not re.search(r"[ :]-\d", ended.out), ended
        assert len(re.findall("^command ", ended.out, re.MULTILINE)) == 3
        assert look(world)["requests_left"] == 10**12


def test_a_worker_that_ends_leaves_nothing_of_what_it_said():
    with World() as world:
        worker = start_worker(world, "short")
        look_until(worker, world, lambda shown: "pulse" in shown["workers"][0])
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0 and world.redis.keys("{releve}:pulses") == set()


@pytest.mark.slow
def test_status_watch_fits_a_terminal_and_each_worker_keeps_its_place():
    with World("--latency", NEVER_MS) as world:
        names = [start_worker(world, name) and name for name in ("cc", "aa", "bb")]
        second = int(world.redis.command("TIME")[0]) + 20
        said = {"command": "backfill", "host": "a-host.with.a.long.name.example", "pid": 1234567, "requests": 123456, "requests_left": 654321,
                "jobs_ended": 12345, "jobs_wanted": 54321, "rate": {"ms": 900000, "requests_per_second": 4.8, "jobs_per_minute": 7}}
        world.redis.command("HSET", "{releve}:pulses", "backfill.x", f"{second}000 {json.dumps(said)}")
        push(world.redis, *(message(prm_of(i), id=f"j{i}", **WEEK) for i in range(300)), *[b"no job"] * 30)
        wait_until = world.running[0].wait_until
        wait_until(lambda: sum(len(jobs) for jobs in own_lists(world.redis).values()) > 40 and len(dead(world.redis)) == 30)
        env = {name: value for name, value in world.settings.items() if value is not None}
        watching = terminal.Terminal(("status", "--watch"), env, world.directory.name, 80, 12)
        watching.wait_for(lambda text: text.count("\x1b[H\x1b[J") > 2)
        watching.process.send_signal(signal.SIGINT)
        code, text = watching.end()
        looks = text.split("\x1b[H\x1b[J")[1:-1]
        assert code == 0 and len(looks) >= 2
        for look in looks:
            lines = look.splitlines()
            assert len(lines) <= 11 and max(map(len, lines)) <= 80, look
            assert re.search(r"^queues  waiting: high 0, normal \d+, low 0; held by workers: \d+; dead 30$", look, re.MULTILINE), look
            assert any("command backfill (pid 1234567): 15 % of some 777777 requests, 4.8/s; 12345 of 54" in line for line in lines), look
            assert [line[8:10] for line in lines if line.startswith("worker ")] == sorted(names), look
            assert re.fullmatch(r"\(\d+ more lines: releve status\)", lines[-1]), look


def test_status_watch_looks_again_until_it_is_interrupted():
    with World() as world:
        watching = world.start("status", "--watch", "--json")
        def shows(words):
            return words in os.pread(watching.out.fileno(), 1 << 20, 0)
        watching.wait_until(lambda: shows(b'"normal":0'))
        push(world.redis, b"one")
        watching.wait_until(lambda: shows(b'"normal":1'))
        watching.signal(signal.SIGINT)
        ended = watching.end()
        assert ended.code == 0, ended
        looks = [json.loads(line)["queues"]["normal"] for line in ended.out.splitlines()]
        assert len(looks) >= 2 and sorted(looks) == looks and looks[-1] == 1
