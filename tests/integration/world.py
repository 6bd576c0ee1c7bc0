"""A simulator, a Redis, and the program between them.

    with World("--quota", "2000/1s") as world:
        world.run("backfill", "--prm", "22516914714270")
        world.redis.days()
"""
import os
import signal
import subprocess
import tempfile

from sandbox import Sandbox, releve_bin
from server import END_S, Redis, wait_for_end
from shared_cluster import Borrowed, is_wanted

TODAY = "2026-11-19"  # a Thursday: Tuesday and Wednesday are J-2 and J-1
RUN_S = 110  # a command that does not end by then is a failed test
TRIES = 20000  # looks at something that has to come, 3 ms apart
OURS = ("RELEVE_", "CLIENT_", "XDG_DATA_HOME")  # what the tester's environment must not bring in


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def is_sanitized():
    """Sanitizers cost memory: how much the program needs is measured without them."""
    with open(releve_bin(), "rb") as program:
        return b"__asan_init" in program.read()


class Ended:
    """What a run of the program came to."""

    def __init__(self, code, out, err, usage):
        self.code, self.out, self.err, self.usage = code, out, err, usage

    def __repr__(self):
        return f"<exit {self.code}\nstdout: {self.out[-2000:]}\nstderr: {self.err[-2000:]}>"


class Running:
    """The program while it runs. Its output goes to files: nobody has to empty a pipe."""

    def __init__(self, arguments, env, cwd, stdin=None):
        self.out, self.err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        with open(stdin or os.devnull, "rb") as source:
            self.process = subprocess.Popen([releve_bin(), *arguments], stdin=source, stdout=self.out,
                                            stderr=self.err, env=env, cwd=cwd)
        self.pidfd = os.pidfd_open(self.process.pid)

    def signal(self, number):
        self.process.send_signal(number)

    def has_ended(self, timeout_s):
        return wait_for_end(self.pidfd, timeout_s)

    def wait_until(self, there):
        """Looks until it is there, while the program runs."""
        for _ in range(TRIES):
            if there():
                return
            assert not self.has_ended(0.003), f"ended before its middle: {self.end()}"
        raise AssertionError(f"what was waited for never came: {self.so_far()[-2000:]}")

    def watch_memory(self):
        """Its peak in kB, once it has ended. (`usage` has that of whoever started it too.)"""
        peak_kb = 0
        while not self.has_ended(0.001):
            with open(f"/proc/{self.process.pid}/status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        peak_kb = int(line.split()[1])
        return peak_kb

    def so_far(self):
        """What stands on stderr by now."""
        return os.pread(self.err.fileno(), 1 << 20, 0).decode()

    def end(self, timeout_s=RUN_S):
        if not self.has_ended(timeout_s):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {timeout_s} s: {self.so_far()[-2000:]}")
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        os.close(self.pidfd)
        for file in (self.out, self.err):
            file.seek(0)
        out, err = self.out.read(), self.err.read()
        self.out.close()
        self.err.close()
        return Ended(self.process.returncode, out, err, usage)


class World:
    """Flags are those of the simulator. Redis is one server or a cluster (shared_cluster.py); with a password, one
    server. The program gets the simulator's own quota, so that no violation is excused. With
    `today=None` both have the real day."""

    def __init__(self, *flags, quota="none", api="2026", today=TODAY, password=None):
        self.sandbox = Sandbox(*(["--today", today] if today else []), "--quota", quota, *flags)
        self.redis = Borrowed() if is_wanted() and password is None else Redis(password)
        self.settings = {"RELEVE_QUOTA": quota, "RELEVE_API": api, "RELEVE_TODAY": today, "CLIENT_ID": "client",
                         "CLIENT_SECRET": "secret"}
        self.running = []

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="releve-cwd-")
        self.sandbox.start()
        self.redis.__enter__()
        self.settings.update(RELEVE_UPSTREAM=self.sandbox.url, RELEVE_REDIS=self.redis.url)
        return self

    def __exit__(self, failure, *_):
        for running in self.running:
            if running.process.returncode is None:
                running.process.kill()
                running.process.wait(END_S)
        self.redis.__exit__()
        code = self.sandbox.stop()
        self.directory.cleanup()
        assert failure is not None or code == 0, f"the simulator ended with {code}"

    def start(self, *arguments, stdin=None, **settings):
        """Starts the program; settings are environment variables, None takes one away."""
        env = {**clean_environment(), **self.settings, **settings}
        running = Running(arguments, {name: value for name, value in env.items() if value is not None},
                          self.directory.name, stdin)
        self.running.append(running)
        return running

    def run(self, *arguments, stdin=None, **settings):
        return self.start(*arguments, stdin=stdin, **settings).end()

    def write(self, name, data):
        """A file in the program's current directory."""
        path = os.path.join(self.directory.name, name)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return path

    def wait_for(self, running, counter, least):
        """Waits until a counter of the simulator has come so far, while the program runs."""
        running.wait_until(lambda: self.sandbox.stats()[counter] >= least)

    def requests_of(self, *arguments, **settings):
        """Runs it to its end: (how it ended, how many requests that took)."""
        before = self.sandbox.stats()["requests"]
        ended = self.run(*arguments, **settings)
        return ended, self.sandbox.stats()["requests"] - before

    def interrupt(self, running):
        assert not running.has_ended(0), f"ended before it was interrupted: {running.end()}"
        running.signal(signal.SIGINT)
        return running.end()
