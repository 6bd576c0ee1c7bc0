"""releve bench measures, says what it saw in a table or as JSON, and leaves nothing behind, however it ends. How large the
figures are is no matter here, but for those that no machine may change: no violation of the quota, and no day lost."""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import tempfile

import pytest
from sandbox import Sandbox, releve_bin
from server import END_S, wait_for_end
from world import Running, clean_environment

SMALL = ("--quota", "50/1s", "--requests", "40", "--population", "5", "--latency", "5")
ENDLESS = ("--quota", "2/1h", "--requests", "40", "--population", "5", "--latency", "5")
REVOKED = "26584978546985"
CREDENTIALS = {"CLIENT_ID": "client", "CLIENT_SECRET": "secret"}
CALL_DAYS = 7


class Place:
    """A temporary directory for releve bench, by which everything that it starts is known."""

    def __init__(self):
        self.directory, self.cwd = (tempfile.TemporaryDirectory(prefix=f"releve-{name}-") for name in ("place", "cwd"))
        self.path = self.directory.name
        self.env = {**clean_environment(), "TMPDIR": self.path}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cwd.cleanup()
        self.directory.cleanup()

    def processes(self):
        """{pid: command line} of all that it started, and itself while it runs. Redis writes over its environment, and
        is known by where it is."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    ours = f"TMPDIR={self.path}".encode() in file.read().split(b"\0")
                if ours or os.readlink(f"/proc/{pid}/cwd").startswith(self.path):
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        found[int(pid)] = file.read().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has ended meanwhile
        return found

    def check_nothing_is_left(self):
        assert self.processes() == {}
        assert os.listdir(self.path) == []


class Bench(Place):
    def __init__(self, *flags, **settings):
        super().__init__()
        self.running = Running(["bench", *flags], {**self.env, **settings}, self.cwd.name)

    def __exit__(self, *_):
        if self.running.process.returncode is None:
            self.running.process.kill()
            self.running.process.wait(END_S)
        super().__exit__()

    def wait_for_workers(self):
        """The pidfds of all processes, by pid, once workers run."""
        self.running.wait_until(lambda: any(" worker --drain" in line for line in self.processes().values()))
        return {pid: os.pidfd_open(pid) for pid in self.processes()}


def run(*flags, **settings):
    """How it ended; nothing is left then."""
    with Bench(*flags, **settings) as bench:
        ended = bench.running.end()
        bench.check_nothing_is_left()
        return ended


def wait_for_all(pidfds):
    for pidfd in pidfds.values():
        assert wait_for_end(pidfd), "a process stays"
        os.close(pidfd)


# --- what it says ----------------------------------------------------------------------------------------


@pytest.mark.hour
@pytest.mark.parametrize("api", ["2026", "v5"])
def test_a_small_run_says_as_json_what_was_seen(api):
    ended = run(*SMALL, "--json", RELEVE_API=api)
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    assert found["upstream"] == "the simulator" and found["quota"] == "50/1s"
    assert (found["workers"], found["latency_ms"], found["jitter_ms"], found["usage_points"]) == (1, 5, 0, 5)
    assert found["requests"] >= 40 and (found["violations"], found["throttled"], found["days_lost"]) == (0, 0, 0)
    assert found["days"] == 40 * CALL_DAYS
    window, = found["windows"]
    assert (window["limit"], window["ms"], window["share"]) == (50, 1000, None) and 0 < window["most"] <= 50
    assert min(found[name] for name in ("seconds", "requests_per_s", "cpu_ms_per_request", "peak_kb")) > 0


def test_workers_share_a_quota_of_two_windows_and_the_table_has_a_line_for_each():
    ended = run("--quota", "20/1s,30/2s", "--requests", "45", "--latency", "5:10", "--workers", "2")
    assert ended.code == 0, ended
    assert re.search(r"^requests +45  of 45 usage points, to the simulator$", ended.out, re.MULTILINE)
    for window, limit in (("1s", 20), ("2s", 30)):
        line = re.search(rf"^most in a window of {window} +(\d+)  of {limit} allowed; ([\d.]+) % of the safe optimum",
                         ended.out, re.MULTILINE)
        assert line and 0 < int(line.group(1)) <= limit and float(line.group(2)) > 0, ended
    assert re.search(r"^violations +0$", ended.out, re.MULTILINE) and re.search(r"^days lost +0  of 315$", ended.out,
                                                                              re.MULTILINE)
    assert re.fullmatch(r"releve: 45 requests .*\n", ended.err), "no line is drawn where there is no terminal"


def test_without_a_quota_there_are_requests_a_second_and_no_windows():
    ended = run("--quota", "none", "--requests", "200", "--latency", "0", "--json")
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    assert found["requests"] == 200 and found["windows"] == [] and found["days_lost"] == 0


def test_on_a_terminal_a_line_shows_how_far_it_is():
    with Place() as place:
        ours, theirs = pty.openpty()
        process = subprocess.Popen([releve_bin(), "bench", *ENDLESS], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=theirs, env=place.env, cwd=place.cwd.name)
        os.close(theirs)
        seen = b""
        try:
            while b"2 of 40 requests" not in seen:
                seen += os.read(ours, 4096)  # fails once nobody is there to write
            process.send_signal(signal.SIGINT)
            assert process.wait(END_S) == 130
        finally:
            process.kill()  # what it started goes with it
        os.close(ours)
        assert re.search(rb"\r\x1b\[K2 of 40 requests, [\d.]+/s; at most 2 of 2/1h", seen), seen
        place.check_nothing_is_left()


# --- how it ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(number):
    with Bench(*ENDLESS) as bench:
        pidfds = bench.wait_for_workers()
        bench.running.signal(number)
        ended = bench.running.end()
        assert (ended.code, ended.out) == (130, ""), ended
        assert ended.err.splitlines()[1:] == [f"releve: interrupted by {number.name}"]
        bench.check_nothing_is_left()
        wait_for_all(pidfds)


def test_killed_it_takes_everything_with_it():
    with Bench(*ENDLESS) as bench:
        pidfds = bench.wait_for_workers()
        bench.running.signal(signal.SIGKILL)
        wait_for_all(pidfds)
        bench.check_nothing_is_left()


def test_a_second_signal_ends_it_at_once_and_the_rest_ends_by_itself():
    with Bench(*ENDLESS) as bench:
        pidfds = bench.wait_for_workers()
        redis, = (pid for pid, line in bench.processes().items() if line.startswith("redis-server"))
        workers = [pid for pid, line in bench.processes().items() if " worker " in line]
        os.kill(redis, signal.SIGSTOP)
        bench.running.signal(signal.SIGTERM)
        assert all(wait_for_end(pidfds[pid]) for pid in workers)
        bench.running.signal(signal.SIGTERM)
        assert bench.running.end().code == 130
        assert redis in bench.processes()
        os.kill(redis, signal.SIGCONT)
        wait_for_all(pidfds)
        bench.check_nothing_is_left()


def test_a_simulator_that_is_gone_ends_it():
    with Bench(*ENDLESS) as bench:
        bench.wait_for_workers()
        simulator, = (pid for pid, line in bench.processes().items() if " sandbox " in line)
        os.kill(simulator, signal.SIGKILL)
        ended = bench.running.end()
        assert ended.code == 1 and "releve: bench: releve sandbox ended with 137" in ended.err, ended
        bench.check_nothing_is_left()


def test_without_a_redis_server_it_ends_with_4():
    ended = run(*SMALL, PATH="/nowhere")
    assert ended.code == 4 and "no redis-server in PATH" in ended.err.splitlines()[-1], ended


@pytest.mark.parametrize("flags, word", [
    (("--quota", "5"), "quota"), (("--workers", "0"), "--workers"), (("--workers", "65"), "--workers"),
    (("--latency", "fast"), "--latency"), (("--population", "x"), "--population"), (("--requests", "-1"), "--requests"),
    (("--requests", "501", "--population", "5"), "500 requests at most"), (("--upstream", "production"), "--prms"),
    (("--prms", "/dev/null"), "/dev/null"), (("--quick",), "--quick"), (("now",), "now"), (("--quota",), "--quota"),
])
def test_a_wrong_command_line_gets_one_line_and_2(flags, word):
    ended = run(*flags)
    assert (ended.code, ended.out) == (2, "") and ended.err.count("\n") == 1 and word in ended.err, ended


# --- another upstream ------------------------------------------------------------------------------------------


def elsewhere(points, *flags, **settings):
    """(How it ended, what arrived) at a simulator that stands for any other upstream."""
    with Sandbox("--quota", "50/1s", "--population", "5") as sandbox, tempfile.NamedTemporaryFile("w") as prms:
        prms.write("".join(f"{prm}\n" for prm in points))
        prms.flush()
        ended = run("--upstream", sandbox.url, "--prms", prms.name, "--quota", "50/1s", "--json", *flags,
                    **{**CREDENTIALS, **settings})
        return ended, sandbox.stats(), sandbox.url


def test_another_upstream_is_asked_by_name_and_what_only_it_knows_is_not_said():
    ended, stats, url = elsewhere([30000000000000, 30000000000001], "--requests", "10")
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    assert found["upstream"] == url and found["violations"] is None and found["throttled"] is None
    assert found["requests"] == stats["by_api"]["mesure_synchrone_auto"]["requests"] == 10 and found["days_lost"] == 0
    assert "cost that upstream's quota" in ended.err.splitlines()[1], ended


def test_days_that_were_refused_are_lost_and_it_ends_with_1():
    ended, _, _ = elsewhere([30000000000000, REVOKED], "--requests", "10")
    assert ended.code == 1 and json.loads(ended.out)["days_lost"] == 5 * CALL_DAYS, ended


def test_an_upstream_that_cannot_be_reached_is_named_while_it_waits():
    with tempfile.NamedTemporaryFile("w") as prms, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen: connections are refused
        prms.write("30000000000000\n")
        prms.flush()
        with Bench("--upstream", f"http://127.0.0.1:{nobody.getsockname()[1]}", "--prms", prms.name, "--quota", "50/1s",
                   "--requests", "2", **CREDENTIALS) as bench:
            bench.running.wait_until(lambda: "upstream cannot be reached" in bench.running.so_far())
            bench.running.signal(signal.SIGINT)
            assert bench.running.end().code == 130
            bench.check_nothing_is_left()


def test_credentials_that_are_refused_end_it_with_3():
    ended, _, _ = elsewhere([30000000000000], "--requests", "2", CLIENT_SECRET="wrong")
    assert ended.code == 3 and "refuses the credentials" in ended.err and ended.out == "", ended
