"""libreleve as another program meets it: installed, found with pkg-config, linked with examples/embed.c, and run.

What the example prints is compared with what Redis holds."""
import json
import os
import pathlib
import subprocess
import tempfile

import pytest
from sandbox import releve_bin
from server import Redis
from world import TODAY, World, clean_environment, is_sanitized

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(releve_bin()).resolve().parents[2]
EXAMPLE = ROOT / "examples/embed.c"
OTHERS = ["libuv", "libcurl", "hiredis", "libcjson"]  # what libreleve.a is linked with
PRM = "22516914714270"
FIRST, END = "2026-11-02", "2026-11-09"
STRICT = ["-std=gnu11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
RUN_S = 60


class Installed:
    """`meson install` into a folder of its own, and the example built there in both ways."""

    def __init__(self, folder):
        self.root = folder
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder], check=True,
                       capture_output=True)
        found, = folder.rglob("releve.pc")
        self.libraries = found.parents[1]
        self.headers = self.libraries  # of the same prefix, wherever that is
        while not (self.headers / "include/releve").is_dir():
            self.headers = self.headers.parent
        self.headers /= "include"
        self.env = {**clean_environment(), "PKG_CONFIG_PATH": str(found.parent), "PKG_CONFIG_SYSROOT_DIR": str(folder),
                    "LD_LIBRARY_PATH": str(self.libraries), "CLIENT_ID": "client", "CLIENT_SECRET": "secret"}

    def flags(self, *arguments, env=None):
        return subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=True,
                              env=env or self.env).stdout.split()

    def compile(self, name, flags, source=EXAMPLE):
        program = self.root / name
        sanitizers = ["-fsanitize=address,undefined"] if is_sanitized() else []
        done = subprocess.run([os.environ.get("CC", "cc"), *STRICT, *sanitizers, "-o", program, source, *flags],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return program

    def shared(self, name="embed", source=EXAMPLE):
        return self.compile(name, self.flags("--cflags", "--libs", "releve"), source)

    def static(self):
        others = self.flags("--cflags", "--libs", *OTHERS, env=clean_environment())
        return self.compile("embed-static", [f"-I{self.headers}", self.libraries / "libreleve.a", *others, "-pthread"])


@pytest.fixture(scope="module")
def installed():
    with tempfile.TemporaryDirectory(prefix="releve-installed-") as folder:
        yield Installed(pathlib.Path(folder))


@pytest.fixture(scope="module")
def shared(installed):
    if not list(installed.libraries.glob("libreleve.so*")):
        pytest.skip("built without a shared library")
    return installed.shared()


def run(program, installed, *arguments, **settings):
    env = {**installed.env, **settings}
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=RUN_S,
                          env={name: value for name, value in env.items() if value is not None})


def printed_days(out):
    """{(kind, date): JSON} of what the example printed."""
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return {(day["kind"], day["date"]): line for day, line in ((json.loads(line), line) for line in lines)}


def stored_days(world):
    return {tuple(key.split(":")[3:5]): value.decode() for key, value in world.redis.days(PRM).items()}


def check_run(program, installed):
    with World() as world:
        ended = run(program, installed, world.sandbox.url, world.redis.url, PRM, FIRST, END, TODAY)
        assert ended.returncode == 0 and "embed:" not in ended.stderr, ended
        assert sorted(line for line in ended.stdout.splitlines() if "requests" in line) == [
            "consumption_load_curve done: 7 days complete, 0 holes, 0 pending, 0 failed; 1 requests",
            "daily_consumption done: 7 days complete, 0 holes, 0 pending, 0 failed; 1 requests"]
        days = printed_days(ended.stdout)
        assert len(days) == 14 and days == stored_days(world)
        assert json.loads(days["daily_consumption", FIRST])["unit"] == "Wh"
        # What is known is not asked for again, and read all the same.
        before = world.sandbox.stats()["requests"]
        again = run(program, installed, world.sandbox.url, world.redis.url, PRM, FIRST, END, TODAY)
        assert again.returncode == 0 and printed_days(again.stdout) == days, again
        assert world.sandbox.stats()["requests"] == before


def test_the_installed_library_runs_in_another_program(shared, installed):
    check_run(shared, installed)


def test_the_archive_runs_in_another_program(installed):
    if not (installed.libraries / "libreleve.a").exists():
        pytest.skip("built without a static library")
    check_run(installed.static(), installed)


def test_pkg_config_names_what_the_archive_needs(installed):
    named = installed.flags("--print-requires", "--print-requires-private", "releve")
    assert set(OTHERS) <= set(named)


def test_it_says_that_the_credentials_are_refused(shared, installed):
    with World() as world:
        ended = run(shared, installed, world.sandbox.url, world.redis.url, PRM, FIRST, END, TODAY,
                    CLIENT_SECRET="wrong")
        assert ended.returncode == 3 and "refuses the credentials" in ended.stderr, ended
        assert printed_days(ended.stdout) == {}


def test_it_says_that_there_is_no_redis(shared, installed):
    ended = run(shared, installed, "http://127.0.0.1:1", "unix:///nowhere/redis.sock", PRM, FIRST, END)
    assert ended.returncode == 4 and "/nowhere/redis.sock" in ended.stderr, ended


@pytest.mark.parametrize("name, settings, upstream, redis", [
    ("client_secret", {"CLIENT_SECRET": None}, "http://127.0.0.1:1", "unix:///redis.sock"),
    ("upstream", {}, "ftp://nowhere", "unix:///redis.sock"),
    ("redis", {}, "http://127.0.0.1:1", "embedded"),
])
def test_a_wrong_option_is_named_and_nothing_is_left(shared, installed, name, settings, upstream, redis):
    ended = run(shared, installed, upstream, redis, PRM, FIRST, END, **settings)
    assert ended.returncode == 2 and ended.stderr.startswith(f"embed: {name}: "), ended


def test_days_that_upstream_does_not_serve_are_no_job(shared, installed):
    with Redis() as redis:
        ended = run(shared, installed, "http://127.0.0.1:1", redis.url, PRM, "2010-01-01", "2010-02-01", TODAY)
        assert ended.returncode == 2 and "no day of it is one that upstream serves" in ended.stderr, ended


# --- engines at awkward moments ------------------------------------------------------------------------------

JOBS = 40  # of engines.c


@pytest.fixture(scope="module")
def engines(installed, shared):
    return installed.shared("engines", ROOT / "tests/integration/engines.c")


def play(program, installed, what, *flags):
    """(what each engine counted, the simulator's own account)."""
    with World("--population", str(JOBS), *flags) as world:
        ended = run(program, installed, world.sandbox.url, world.redis.url, what, TODAY)
        assert ended.returncode == 0, ended
        found = [json.loads(line) for line in ended.stdout.splitlines()]
        assert all(one["late"] == 0 and one["closed"] == 1 and one["left"] == 0 for one in found), found
        return found, world.sandbox.stats()


def test_two_engines_on_one_loop_ask_for_no_day_twice(engines, installed):
    found, stats = play(engines, installed, "two")
    assert [(one["accepted"], one["ended"], one["stopped"]) for one in found] == [(JOBS, JOBS, 0)] * 2
    assert stats["days_served_twice"] == 0 and stats["violations"] == 0


def test_after_a_drain_each_job_has_come_back_once(engines, installed):
    (one,), _ = play(engines, installed, "drain", "--latency", "20")
    assert one["ended"] + one["given_back"] == one["accepted"] == JOBS and one["given_back"] > 0 and one["idle"] > 0, one


def test_a_drain_before_it_is_ready_gives_all_back(engines, installed):
    (one,), stats = play(engines, installed, "drain-at-once")
    assert one["given_back"] == one["accepted"] == JOBS and one["idle"] > 0 and one["ready"] == 0, one
    assert stats["requests"] == 0


def test_closed_in_the_middle_it_calls_nobody_but_who_reads(engines, installed):
    (one,), _ = play(engines, installed, "close", "--latency", "20")
    assert 0 < one["ended"] < JOBS and one["given_back"] == 0 and one["idle"] == 0, one


@pytest.mark.parametrize("what, ready", [("close-at-once", 0), ("close-in-ready", 1)])
def test_closed_at_the_beginning_it_calls_nobody(engines, installed, what, ready):
    (one,), _ = play(engines, installed, what)
    assert (one["ready"], one["ended"], one["given_back"], one["idle"]) == (ready, 0, 0, 0), one


@pytest.mark.slow
def test_who_looks_sees_that_upstream_is_away(engines, installed):
    """Nobody listens there: it is tried some times, and each time the next try is known."""
    with World() as world:
        ended = run(engines, installed, "http://127.0.0.1:9", world.redis.url, "away", TODAY)
        one = json.loads(ended.stdout)
        assert one["stopped"] == 1 and one["away"] > 1 and one["given_back"] == JOBS, one


def test_more_jobs_than_may_wait_are_refused(engines, installed):
    found = run(engines, installed, "http://127.0.0.1:1", "unix:///nowhere/redis.sock", "full", TODAY)
    one = json.loads(found.stdout)
    assert one["accepted"] == one["given_back"] == 16384 and one["stopped"] == 1 and one["left"] == 0, one
