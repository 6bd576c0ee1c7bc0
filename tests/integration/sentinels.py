"""One Redis with replicas and three sentinels for a test, on loopback: what class Redis offers (server.py), at whoever is master,
and what can happen to a master.

    with Sentinels() as sentinels:                  # a master, a replica
        sentinels.command("SET", "a", 1)
        lost = sentinels.kill()
        sentinels.wait_for_failover(lost)
        sentinels.start(lost)
        sentinels.wait_until_whole()                # a dead master comes back as a replica, some 10 s later

Every method may be called from any thread."""
import collections
import os
import signal
import subprocess
import threading

from cluster import FORM_TRIES, LOOKS, REPLICATED_MS, free_ports
from member import Group, PortTaken, Server, pause
from server import Redis, ReplyError

NAME = "releve"
WATCHERS, QUORUM = 3, 2
DOWN_AFTER_MS = 1500  # as short as a loaded machine allows
FAILOVER_TIMEOUT_MS = 6000
USER, PASSWORD = "sentinel", "watch"  # theirs at the Redis, so that they can be kept away alone
AGAIN = {"READONLY", "LOADING", "MASTERDOWN"}  # said while something is under way


class Sentinel(Server):
    def prepare(self, master):
        os.makedirs(self.directory)
        with open(self.file, "w", encoding="ascii") as file:
            file.write(f"port {self.port}\nbind 127.0.0.1\ndir {self.directory}\n"
                       f"sentinel monitor {NAME} 127.0.0.1 {master.port} {QUORUM}\n"
                       f"sentinel auth-user {NAME} {USER}\nsentinel auth-pass {NAME} {PASSWORD}\n"
                       f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
                       f"sentinel failover-timeout {NAME} {FAILOVER_TIMEOUT_MS}\n")

    @property
    def file(self):
        return os.path.join(self.directory, "sentinel.conf")

    def launch(self, _flags):
        self.process = subprocess.Popen(["redis-server", self.file, "--sentinel"], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def master_port(self):
        return int(self.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1])

    def sees_all(self, replicas):
        """Whether it knows everybody, and misses nobody."""
        flat = self.command("SENTINEL", "MASTER", NAME)
        master = dict(zip(flat[::2], flat[1::2]))
        known = [dict(zip(one[::2], one[1::2])) for one in self.command("SENTINEL", "REPLICAS", NAME)]
        return (master[b"flags"] == b"master" and int(master[b"num-other-sentinels"]) == WATCHERS - 1
                and [one[b"flags"] for one in known] == [b"slave"] * replicas)


class Sentinels(Group):
    """Every write is on disk before it is answered. What a test itself writes by `command` is also on a replica before that
    returns, where there is one."""

    def __init__(self, replicas=1):
        self.replicas, self.lock = replicas, threading.RLock()
        self.nodes, self.watchers = [], []

    @property
    def servers(self):
        return [*self.watchers, *self.nodes]

    @property
    def url(self):
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.watchers)}/{NAME}?replicas={self.replicas}"

    def form(self):
        for attempt in range(FORM_TRIES):
            ports = free_ports(1 + self.replicas + WATCHERS)
            place = os.path.join(self.directory, str(attempt))
            self.nodes = [Server(port, f"{place}.{port}", self.lock) for port in ports[WATCHERS:]]
            self.watchers = [Sentinel(port, f"{place}.{port}", self.lock) for port in ports[:WATCHERS]]
            try:
                for node in self.nodes:
                    os.makedirs(node.directory)
                    self.start(node, *(["--replicaof", "127.0.0.1", str(self.nodes[0].port)] if node is not self.nodes[0] else []))
                for one in self.watchers:
                    one.prepare(self.nodes[0])
                    one.launch([])
                for one in self.watchers:
                    one.wait()
            except PortTaken:
                self.end()
                continue
            self.wait_until_whole()
            return self
        raise AssertionError("others take every port")

    # --- what happens to a master ------------------------------------------------------------------

    def kill(self):
        """Ends it as a crash would, and returns it."""
        return self._strike(lambda node: node.signal(signal.SIGKILL))

    def start(self, node, *flags):
        """Where it was a master that died, it believes so until the sentinels tell it otherwise."""
        node.launch(["--repl-diskless-sync-delay", "0", "--user", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all", *flags])
        node.wait()

    def partition(self):
        """It stands still, for everybody."""
        return self._strike(lambda node: node.signal(signal.SIGSTOP))

    @staticmethod
    def heal(node):
        node.signal(signal.SIGCONT)

    def isolate(self):
        """Neither sentinels nor replicas reach it. Programs go on speaking to it."""
        def cut(node):
            node.is_isolated = True
            node.command("ACL", "SETUSER", USER, "-@all")
            node.command("ACL", "SETUSER", "default", "-psync", "-sync", "-replconf")
            node.command("CLIENT", "KILL", "USER", USER)
            node.command("CLIENT", "KILL", "TYPE", "replica")
        return self._strike(cut)

    def rejoin(self, node):
        with self.lock:
            node.command("ACL", "SETUSER", USER, "+@all")
            node.command("ACL", "SETUSER", "default", "+psync", "+sync", "+replconf")
            node.is_isolated = False

    def _strike(self, deed):
        with self.lock:
            node = self.master()
            deed(node)
            return node

    # --- to wait for a state -----------------------------------------------------------------------

    def master(self):
        """The node that most sentinels name."""
        ports = collections.Counter(one.master_port() for one in self.watchers)
        port, votes = ports.most_common(1)[0]
        return next(node for node in self.nodes if node.port == port) if votes >= QUORUM else None

    @staticmethod
    def wait_until(there, what):
        for _ in range(LOOKS):
            try:
                if there():
                    return
            except (OSError, KeyError, ReplyError):  # one changes just now
                pass
            pause()
        raise AssertionError(f"never came: {what}")

    def wait_for_failover(self, lost):
        def replaced():
            node = self.master()
            return node not in (None, lost) and node.command("ROLE")[0] == b"master"
        self.wait_until(replaced, f"a master instead of {lost}")
        return self.master()

    def wait_until_whole(self):
        def whole():
            master = self.master()
            offset, others = int(master.info("replication")["master_repl_offset"]), [node for node in self.nodes if node is not master]
            said = [node.info("replication") for node in others]
            return (all(one["role"] == "slave" and one["master_link_status"] == "up" and one["master_port"] == str(master.port)
                        and int(one["slave_repl_offset"]) >= offset for one in said)
                    and all(one.sees_all(self.replicas) for one in self.watchers))
        self.wait_until(whole, "a master with its replicas, watched by all")

    # --- what class Redis offers -------------------------------------------------------------------

    def command(self, *words, db=0):
        assert db == 0, "not needed yet"
        said = "nobody is master"
        for _ in range(LOOKS):
            try:
                with self.lock:
                    node = self.master()
                    if node is not None:
                        reply = node.command(*words)
                        if any(other.is_live for other in self.nodes if other is not node):
                            node.command("WAIT", 1, REPLICATED_MS)
                        return reply
            except ReplyError as refusal:
                if str(refusal).partition(" ")[0] not in AGAIN:
                    raise
                said = refusal
            except OSError as error:
                said = error
            pause()
        raise AssertionError(f"{words[0]} is never answered: {said}")

    keys, values, hash, days = Redis.keys, Redis.values, Redis.hash, Redis.days
