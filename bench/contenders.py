"""The programs that bench/pipeline.py runs in turns: releve, the two peers, and the floors. Each does one whole run of a
row against the same simulator and the same Redis, and is measured from outside: its time, its CPU, its memory, Redis's
time and the simulator's.

The peers count neither their start nor their imports, which is in their favour; of the others all is counted, from exec
to exit.
"""
import dataclasses
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from figures import TESTS
from jobs import FIRST_PRM, cpu_s
from sandbox import V5, V2026, releve_bin
from server import wait_for_end
from world import clean_environment

BENCH = os.path.join(TESTS, "..", "..", "bench")
PEERS = os.path.join(BENCH, "peers")
LOOK_S = 0.02  # between two looks at a process's memory
RUN_S = 600  # a run that takes longer has gone wrong
NPM_S = 300
NO_HALF_HOURS = (7, 8)  # last digits of usage points with other intervals
WINDOW_DAYS = {"consumption_load_curve": 7, "daily_consumption": 365}
SCRIPTS = ("eval", "evalsha", "exec")  # commands whose time holds that of others
ALONE = ("mset", "hdel")  # what releve sends beside its scripts


@dataclasses.dataclass(frozen=True)
class Row:
    """What is fetched: so many whole windows of so many usage points."""
    api: str
    kind: str
    in_flight: int
    points: int
    windows: int
    end: str
    all_intervals: bool = False

    @property
    def days(self):
        return self.windows * WINDOW_DAYS[self.kind]

    @property
    def start(self):
        return str(datetime.date.fromisoformat(self.end) - datetime.timedelta(days=self.days))

    @property
    def dates(self):
        first = datetime.date.fromisoformat(self.start)
        return [str(first + datetime.timedelta(days=i)) for i in range(self.days)]

    @property
    def requests(self):
        return self.points * self.windows

    @property
    def prms(self):
        found, number = [], FIRST_PRM
        while len(found) < self.points:
            if self.all_intervals or number % 10 not in NO_HALF_HOURS:
                found.append(str(number))
            number += 1
        return found

    @property
    def title(self):
        what = {"consumption_load_curve": "7 days of a load curve", "daily_consumption": "365 days of energy"}[self.kind]
        return f"{what}, {self.api}, {self.in_flight} in flight"

    def urls(self, base):
        """Every request, as the peers make it."""
        path = {"v5": V5, "2026": V2026}[self.api][self.kind]
        names = ("usage_point_id", "start", "end") if self.api == "v5" else ("pointId", "dateDebut", "dateFin")
        edges = [*self.dates, self.end][::WINDOW_DAYS[self.kind]]
        return [f"{base}{path}?{urllib.parse.urlencode(dict(zip(names, (prm, start, end))))}"
                for prm in self.prms for start, end in reversed(list(zip(edges, edges[1:])))]


@dataclasses.dataclass
class Sample:
    """One run. Times are in seconds."""
    contender: str
    row: Row
    requests: int
    days: int
    wall_s: float
    cpu_s: float
    redis_commands_s: float
    redis_cpu_s: float
    simulator_cpu_s: float
    peak_kb: int

    @property
    def figures(self):
        """What the table shows, by name."""
        each = 1e6 / self.requests
        return {"requests_per_s": self.requests / self.wall_s, "days_per_s": self.days / self.wall_s,
                "cpu_us": each * self.cpu_s, "redis_commands_us": each * self.redis_commands_s,
                "redis_cpu_us": each * self.redis_cpu_s, "simulator_cpu_us": each * self.simulator_cpu_s,
                "peak_mb": self.peak_kb / 1024}


class Ended:
    """A program that ran to its end: what it said and what it took."""

    def __init__(self, command, env, cwd):
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            begin = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=cwd)
            self.peak_kb = watch(process.pid, begin + RUN_S)
            self.wall_s = time.perf_counter() - begin
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            self.out, err_text = out.read(), err.read()
        self.cpu_s = usage.ru_utime + usage.ru_stime
        assert process.returncode == 0, f"{command[:2]} ended with {process.returncode}: {err_text[-2000:]}"


def watch(pid, until):
    """Waits for its end; returns its peak in kB. (`ru_maxrss` holds that of whoever started it too.)"""
    pidfd, peak_kb = os.pidfd_open(pid), 0
    try:
        while not wait_for_end(pidfd, LOOK_S):
            assert time.perf_counter() < until, f"still running after {RUN_S} s"
            with open(f"/proc/{pid}/status") as file:
                peak_kb = next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), peak_kb)
    finally:
        os.close(pidfd)
    return peak_kb


def redis_cpu_s(redis):
    text = redis.command("INFO", "cpu").decode()
    return sum(float(number) for number in re.findall(r"used_cpu_(?:sys|user):([\d.]+)", text))


def redis_commands_s(redis, requests):
    """Scripts and transactions, whose time holds that of their commands, and what comes alone. Where the latter is in a script
    too, it counts twice: the figure is a little too high then."""
    text = redis.command("INFO", "commandstats").decode()
    found = [(int(calls), int(usec)) for name, calls, usec in re.findall(r"cmdstat_(\w+):calls=(\d+),usec=(\d+)", text)
             if name in SCRIPTS + ALONE]
    assert sum(calls for calls, _ in found) >= requests, f"fewer commands than requests: {text}"
    return sum(usec for _, usec in found) / 1e6


class Contender:
    """`stores`: it leaves days in Redis, under a prefix that is its name."""
    stores = True

    def __init__(self, name):
        self.name = name

    def missing(self):
        """What it lacks to run here, as a sentence; None where it can."""

    def run(self, world, row):
        """One run of a row, in an empty Redis, where the days stay until the next one."""
        world.redis.command("FLUSHALL")
        world.redis.command("CONFIG", "RESETSTAT")
        world.sandbox.reset()
        simulator_before, redis_before = cpu_s(world.sandbox), redis_cpu_s(world.redis)
        ended = Ended(self.command(world, row), self.environment(world, row), world.directory.name)
        redis_s = redis_commands_s(world.redis, row.requests) if self.stores else 0
        redis_process_s = redis_cpu_s(world.redis) - redis_before
        simulator_s = cpu_s(world.sandbox) - simulator_before
        wall_s, own_s = self.times(ended)
        self.check(world, row)
        return Sample(self.name, row, row.requests, row.points * row.days, wall_s, own_s, redis_s, redis_process_s,
                      simulator_s, ended.peak_kb)

    def times(self, ended):
        return ended.wall_s, ended.cpu_s

    def check(self, world, row):
        """It did its work: every window was asked for, every day is there."""
        served = world.sandbox.stats()["days_served"]
        assert served >= row.points * row.days, f"{self.name}: {served} days were served"
        if self.stores:
            there = world.redis.command("EVAL", "return #redis.call('KEYS', ARGV[1])", 0, f"{self.name}:day:*")
            assert there == row.points * row.days, f"{self.name}: {there} days are stored"

    def days(self, world, row, points):
        """{(prm, date): what is stored, without the moment} of the first usage points."""
        keys = {f"{self.name}:day:{{{prm}}}:{row.kind}:{date}": (prm, date) for prm in row.prms[:points] for date in row.dates}
        found = {}
        for key, text in world.redis.values(keys).items():
            found[keys[key]] = json.loads(text)
            found[keys[key]].pop("fetched_at")
        return found


class Releve(Contender):
    """The program itself; or another build of it, to be compared."""

    def __init__(self, name="releve", program=None):
        super().__init__(name)
        self.program = os.path.abspath(program or releve_bin())

    def command(self, world, row):
        prms = world.write("prms", "".join(f"{prm}\n" for prm in row.prms))
        return [self.program, "backfill", "--prms", prms, "--kind", row.kind, "--start", row.start, "--end", row.end,
                "--concurrency", str(row.in_flight), "--progress", "never"]

    def environment(self, world, row):
        return {**clean_environment(), **world.settings, "RELEVE_API": row.api, "RELEVE_QUOTA": "none",
                "RELEVE_PREFIX": self.name}


class Floor(Contender):
    """bench/floor.c: `fetch` throws the bodies away, `parse` parses them first."""
    stores = False

    def __init__(self, work):
        super().__init__({"fetch": "transfer floor", "parse": "parse floor"}[work])
        self.work = work
        self.program = os.path.join(os.path.dirname(os.path.realpath(releve_bin())), "..", "..", "bench", "floor")

    def missing(self):
        return None if os.path.exists(self.program) else f"{self.program} is not built: meson option -Dtests=true"

    def command(self, world, row):
        urls = world.write("urls", "".join(f"{url}\n" for url in row.urls(world.sandbox.url)))
        return [self.program, self.work, urls, str(row.in_flight)]

    def environment(self, world, row):
        return {**clean_environment(), "TOKEN": world.sandbox.renew()}


class Peer(Contender):
    def command(self, world, row):
        prms = world.write("prms", "".join(f"{prm}\n" for prm in row.prms))
        return [*self.program(), "--upstream", world.sandbox.url, "--redis", world.redis.socket, "--prefix", self.name,
                "--prms", prms, "--kind", row.kind, "--api", row.api, "--start", row.start, "--end", row.end,
                "--in-flight", str(row.in_flight)]

    def environment(self, world, row):
        return {**clean_environment(), **{name: world.settings[name] for name in ("CLIENT_ID", "CLIENT_SECRET")}}

    def times(self, ended):
        said = json.loads(ended.out)
        return said["seconds"], said["cpu_s"]


class PythonPeer(Peer):
    def missing(self):
        ended = subprocess.run(["/usr/bin/python3", "-c", "import aiohttp, hiredis, redis.asyncio, uvloop"], capture_output=True,
                               stdin=subprocess.DEVNULL, text=True)
        return f"{ended.stderr.splitlines()[-1]}: python3-aiohttp, python3-hiredis, python3-redis, python3-uvloop" if ended.returncode else None

    def program(self):
        return ["/usr/bin/python3", os.path.join(PEERS, "peer.py")]


class NodePeer(Peer):
    """Its packages are installed once, beside the build."""

    def __init__(self, name):
        super().__init__(name)
        self.folder = os.path.join(os.path.dirname(os.path.realpath(releve_bin())), "..", "..", "bench", "node")

    def missing(self):
        if shutil.which("node") is None or shutil.which("npm") is None:
            return "there is no node or no npm: nodejs, npm"
        os.makedirs(self.folder, exist_ok=True)
        for name in ("peer.mjs", "package.json"):
            shutil.copy(os.path.join(PEERS, "node", name), self.folder)
        ended = subprocess.run(
            ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=NPM_S)
        return f"npm install: {ended.stderr.splitlines()[0]}" if ended.returncode else None

    def program(self):
        return ["node", os.path.join(self.folder, "peer.mjs")]
