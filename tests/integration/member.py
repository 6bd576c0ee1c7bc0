"""A redis-server that is one of several: its process and what it says of itself (Server); and one of a cluster (Member,
cluster.py), with how it sees the others."""
import os
import secrets
import select
import shutil
import signal
import subprocess
import tempfile

from server import END_S, START_TRIES, Connection, ReplyError, wait_for_end
from slots import SLOTS

BUS = 10000  # the other nodes reach it at its port and this
COMMAND_S = 10  # a node that neither stands still nor is dead has answered by then


class PortTaken(Exception):
    """Somebody else listens where this node was to."""


class View:
    """What one node says of all: the lines of CLUSTER NODES."""

    def __init__(self, text):
        self.masters, self.failing, self.me = {}, set(), None
        for line in text.splitlines():
            name, _, flags, master, _, _, epoch, link, *held = line.split()
            flags = flags.split(",")
            self.masters[name] = None if master == "-" else master
            if {"fail", "fail?", "handshake", "noaddr"} & set(flags) or link != "connected":
                self.failing.add(name)
            if "myself" in flags:
                self.me, self.epoch, self.slots = name, int(epoch), slots_in(held)

    @property
    def is_master(self):
        return self.masters[self.me] is None


def slots_in(held):
    """The slots of a line of CLUSTER NODES, without those that are on their way."""
    found = set()
    for span in held:
        if not span.startswith("["):
            first, _, last = span.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    return found


class Server:
    """At a port of loopback; every write is on disk before it is answered. It can be killed, stopped and started again."""

    def __init__(self, port, directory, lock):
        self.port, self.directory, self.lock = port, directory, lock
        self.process, self.connection, self.stands_still, self.is_isolated = None, None, False, False

    def __repr__(self):
        return f"<{self.port}>"

    @property
    def is_live(self):
        return self.process is not None and not self.stands_still

    # --- the process -------------------------------------------------------------------------------

    def arguments(self):
        """Its own, beside those that all have."""
        return []

    def launch(self, flags):
        """Does not wait for it: see `wait`."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory, "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--daemonize", "no", *self.arguments(), *flags],
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.stands_still = False

    def wait(self):
        """Until it answers; raises PortTaken where it ended instead."""
        pidfd = os.pidfd_open(self.process.pid)
        try:
            for _ in range(START_TRIES):
                if self._answers():
                    return
                if wait_for_end(pidfd, 0.01):
                    self._reap()
                    raise PortTaken(f"the server at {self.port} ended as it started")
        finally:
            os.close(pidfd)
        raise AssertionError(f"the server at {self.port} does not answer")

    def _answers(self):
        try:
            return self.command("PING") == b"PONG" and self.info("server")["process_id"] == str(self.process.pid)
        except (OSError, ReplyError):  # not there yet, still reading its file, or another one that listens there
            self.forget()
            return False

    def signal(self, number):
        """With the lock: no command is under way then, so that none is left in doubt."""
        with self.lock:
            if number == signal.SIGCONT:
                self.stands_still = False
            elif number == signal.SIGSTOP:
                self.stands_still = True
            else:
                self.forget()
            self.process.send_signal(number)
            if number not in (signal.SIGCONT, signal.SIGSTOP):
                self._reap()

    def _reap(self):
        self.process.wait(END_S)
        self.process, self.stands_still = None, False

    # --- what it says ------------------------------------------------------------------------------

    def forget(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def command(self, *words, asking=False):
        """One command's reply, of this node and no other."""
        with self.lock:
            if not self.is_live:
                raise ConnectionError(f"{self} is down")
            try:
                if self.connection is None:
                    self.connection = Connection(self.port)
                    self.connection.socket.settimeout(COMMAND_S + longest_block_s(words))
                if asking:
                    self.connection.command("ASKING")
                return self.connection.command(*words)
            except OSError:
                self.forget()
                raise

    def info(self, section):
        """{field: text} of INFO."""
        lines = self.command("INFO", section).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


class Group:
    """Servers of a test in a directory that goes with them: `form` starts `servers`, as it does again where a port was taken."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="releve-test-")
        try:
            return self.form()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.directory)

    def end(self):
        """Nothing is left to be written: the directory goes too."""
        for server in self.servers:
            if server.process is not None:
                server.signal(signal.SIGKILL)


class Member(Server):
    def __init__(self, port, directory, lock):
        super().__init__(port, directory, lock)
        self.id, self.announced_bus = secrets.token_hex(20), port + BUS  # where the others find its bus

    def __repr__(self):
        return f"<{self.port} {self.id[:6]}>"

    def prepare(self, nodes, number, masters):
        """Its nodes.conf, as if it had been a member for long: node i < masters has the i-th part of the slots, the
        others replicate them in turn."""
        os.makedirs(self.directory)
        lines = []
        for i, node in enumerate(nodes):
            role, master, epoch = ("master", "-", i + 1) if i < masters else ("slave", nodes[i % masters].id, i % masters + 1)
            slots = f" {SLOTS * i // masters}-{SLOTS * (i + 1) // masters - 1}" if i < masters else ""
            lines.append(f"{node.id} 127.0.0.1:{node.port}@{node.announced_bus} {'myself,' if i == number else ''}{role} {master} "
                         f"0 0 {epoch} connected{slots}\n")
        with open(os.path.join(self.directory, "nodes.conf"), "w", encoding="ascii") as file:
            file.writelines([*lines, f"vars currentEpoch {masters} lastVoteEpoch 0\n"])

    def arguments(self):
        return ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
                "--cluster-announce-bus-port", str(self.announced_bus)]

    def view(self):
        return View(self.command("CLUSTER", "NODES").decode())


def longest_block_s(words):
    """How long a command of a list may rightly take."""
    name = str(words[0]).upper()
    return float(words[-1]) if name in ("BLPOP", "BRPOP", "BLMOVE") else 0


def pause():
    """Between two looks at something that has to come."""
    select.select([], [], [], 0.01)
