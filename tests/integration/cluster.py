"""A real Redis Cluster for a test, on loopback: what class Redis offers (server.py), routed as a client of a cluster does,
and what a cluster can suffer.

    with Cluster() as cluster:                       # 3 masters with a replica each
        cluster.command("SET", "{a}:b", 1)
        lost = cluster.kill_master("{a}:b")
        cluster.wait_for_failover("{a}:b")
        cluster.start(lost)
        cluster.wait_until_whole()

A node can die (`kill`), stand still (`partition`), or, in a cluster that was made for it (`isolable=True`), be cut off from all
other nodes while programs still reach it (`isolate`). Every method may be called from any thread."""
import os
import random
import signal
import socket
import subprocess
import threading

from bus import Bus
from member import BUS, Group, Member, PortTaken, pause
from server import Connection, Redis, ReplyError
from slots import SLOTS, key_of, slot_of, split

NODE_TIMEOUT_MS = 1500  # a node that is silent for so long may be replaced: as short as a loaded machine allows
QUIET_TIMEOUT_MS = 15000  # where no failover is wanted, none comes because a machine is busy
PORTS = range(10000, 22000)  # below those that the kernel gives to clients, and with BUS too
FORM_TRIES = 20  # ports are taken by others between a look and the start
LOOKS = 9000  # at something that has to come, 10 ms apart
REPLICATED_MS = 2000  # for a replica to acknowledge what a test wrote
MIGRATE_MS = 10000
FIX_TRIES = 50
FIX_S = 60  # redis-cli has mended a slot by then
KEYS_AT_ONCE = 100  # of a slot that moves

AGAIN = {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY"}  # said while something is under way
TO_ALL = {"CONFIG", "ACL", "SCRIPT", "CLIENT", "MONITOR", "PING", "BGSAVE", "BGREWRITEAOF", "FLUSHALL", "FLUSHDB", "SAVE",
          "DBSIZE", "INFO", "KEYS", "PUBSUB", "TIME", "SCAN"}  # name no key
REPLICAS_TOO = {"CONFIG", "ACL"}  # a replica that becomes master has to know too


def free_ports(count):
    """Such that the bus port of each is free as well."""
    found = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        if is_free(port) and is_free(port + BUS):
            found.append(port)
            if len(found) == count:
                return found
    raise AssertionError("no free ports")


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as redis-server does
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def merge(replies):
    """What masters said to the same command, as one server would say it."""
    first = replies[0]
    if isinstance(first, int):
        return sum(replies)
    if isinstance(first, list):
        return [one for reply in replies for one in reply]
    return b"".join(replies) if isinstance(first, bytes) and b"\n" in first else first


def merge_figures(replies):
    """INFO: what counts is summed up, line by line and field by field; the rest is as the first says."""
    lines = {}
    for line in b"".join(replies).decode().splitlines():
        name, _, value = line.partition(":")
        lines.setdefault(name, []).append(value)
    return "".join(f"{name}:{sum_fields(values)}\r\n" for name, values in lines.items() if name and name[0] != "#").encode()


def sum_fields(values):
    fields = [[field.rpartition("=") for field in value.split(",")] for value in values]
    if len({tuple(name for name, _, _ in one) for one in fields}) > 1:
        return values[0]
    return ",".join(f"{name}{sign}{sum_numbers([one[i][2] for one in fields])}" for i, (name, sign, _) in enumerate(fields[0]))


def sum_numbers(texts):
    return sum(map(int, texts)) if all(text.isdigit() for text in texts) else texts[0]


def merge_channels(replies):
    """PUBSUB NUMSUB: the same channels in each reply."""
    return [word if i % 2 == 0 else sum(reply[i] for reply in replies) for i, word in enumerate(replies[0])]


class Cluster(Group):
    """Running servers; every write is on disk before it is answered. What a test itself writes by `command` is also on a
    replica before that returns, where there is one: so no failover loses it."""

    def __init__(self, masters=3, replicas=1, node_timeout_ms=NODE_TIMEOUT_MS, isolable=False):
        self.masters, self.replicas = masters, replicas
        self.flags = ["--cluster-node-timeout", str(node_timeout_ms), "--cluster-replica-validity-factor", "0",
                      "--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0"]
        self.lock = threading.RLock()
        self.bus = Bus() if isolable else None
        self.nodes, self.owners, self.followers = [], {}, {}  # owners: {slot: node}; followers: {node: its replicas}

    def __enter__(self):
        if self.bus is not None:
            self.bus.__enter__()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        if self.bus is not None:
            self.bus.__exit__()

    @property
    def servers(self):
        return self.nodes

    @property
    def url(self):
        """Names the nodes that were masters at the beginning."""
        nodes = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:self.masters])
        return f"redis+cluster://{nodes}?replicas={min(self.replicas, 1)}"

    @property
    def place(self):
        """How the program calls it in what it says."""
        return f"127.0.0.1:{self.nodes[0].port}"

    def url_of(self, user, password):
        """For a user that was made by ACL SETUSER."""
        return self.url.replace("//", f"//{user}:{password}@")

    # --- to begin and to end -----------------------------------------------------------------------

    def form(self):
        for attempt in range(FORM_TRIES):
            ports = free_ports(self.masters * (1 + self.replicas))
            self.nodes = [Member(port, os.path.join(self.directory, f"{attempt}.{port}"), self.lock) for port in ports]
            for node in self.nodes if self.bus is not None else []:
                node.announced_bus = self.bus.relay(node.id, node.port + BUS)
            for number, node in enumerate(self.nodes):
                node.prepare(self.nodes, number, self.masters)
                node.launch(self.flags)
            try:
                for node in self.nodes:
                    node.wait()
            except PortTaken:
                self.end()
                continue
            self.wait_until_whole()
            return self
        raise AssertionError("others take every port")

    # --- what happens to nodes ---------------------------------------------------------------------

    def kill(self, node=None):
        """Ends a node as a crash would, or all of them; `start` brings it back with what it had."""
        for one in self._those(node):
            if one.process is not None:
                one.signal(signal.SIGKILL)

    def start(self, node=None):
        """Comes back as what it was, or as a replica of the node that replaced it."""
        for one in self._those(node):
            one.launch(self.flags)
        for one in self._those(node):
            one.wait()
        if node is None:
            self.wait_until_whole()
        return self

    def partition(self, node=None):
        """It stands still, and keeps its connections: for others it is silent."""
        for one in self._those(node):
            one.signal(signal.SIGSTOP)

    def heal(self, node=None):
        for one in self._those(node):
            if one.process is not None:
                one.signal(signal.SIGCONT)

    def isolate(self, node):
        """No other node reaches it, nor it another one; its replicas do not hear from it. Programs go on speaking to it."""
        with self.lock:
            self.bus.cut(node.id)
            node.is_isolated = True
            node.command("ACL", "SETUSER", "default", "-psync", "-sync", "-replconf")
            node.command("CLIENT", "KILL", "TYPE", "replica")

    def rejoin(self, node):
        with self.lock:
            node.command("ACL", "SETUSER", "default", "+psync", "+sync", "+replconf")
            node.is_isolated = False
            self.bus.mend(node.id)

    def _those(self, node):
        return self.nodes if node is None else [node]

    def kill_master(self, of_key):
        """Kills the node that has the key, and returns it."""
        with self.lock:
            node = self.master_of(of_key)
            self.kill(node)
            return node

    def partition_master(self, of_key):
        with self.lock:
            node = self.master_of(of_key)
            self.partition(node)
            return node

    def isolate_master(self, of_key):
        with self.lock:
            node = self.master_of(of_key)
            self.isolate(node)
            return node

    # --- who has what ------------------------------------------------------------------------------

    def live(self):
        """Those that belong to the cluster just now."""
        return [node for node in self.nodes if node.is_live and not node.is_isolated]

    def views(self):
        """{node: how it sees all} of those that live and answer."""
        found = {}
        for node in self.live():
            try:
                found[node] = node.view()
            except OSError:  # ended since
                continue
        return found

    def _learn(self):
        """Believes each node of itself, and of two that claim a slot the one with the higher epoch."""
        views = self.views()
        claims = sorted(((view.epoch, node.id, node, view) for node, view in views.items() if view.is_master))
        owners = {slot: node for _, _, node, view in claims for slot in view.slots}
        with self.lock:
            self.owners = owners
            self.followers = {node: followers_of(node, views) for node in views}
        return owners

    def owner(self, slot):
        """The node that has that slot, as soon as one lives that does."""
        found = self.wait_until(lambda: self._learn().get(slot), f"an owner of slot {slot}")
        return found

    def master_of(self, key):
        return self.owner(slot_of(key))

    def current_masters(self):
        return sorted(set(self._learn().values()), key=lambda node: node.port)

    def replicas_of(self, node):
        return followers_of(node, self.views())

    def shard_of_days(self):
        """A master that has neither the queue nor a quota that was asked for: what is on the others needs nothing of it."""
        needed = [self.master_of(key) for key in ["{releve}:jobs", *self.keys("releve:quota:*")]]
        return next(master for master in self.current_masters() if master not in needed)

    # --- to wait for a state -----------------------------------------------------------------------

    def wait_until(self, there, what):
        for _ in range(LOOKS):
            found = there()
            if found:
                return found
            pause()
        raise AssertionError(f"never came: {what}: {self.describe()}")

    def describe(self):
        return "; ".join(f"{node} {'master' if view.is_master else 'replica'} of {len(view.slots)} slots, failing for it: "
                         f"{sorted(name[:6] for name in view.failing)}" for node, view in self.views().items())

    def wait_for_failover(self, of_key):
        """Until another node than one that is down has the key, and every node that lives says so and is well."""
        slot = slot_of(of_key)

        def replaced():
            if slot not in self._learn():
                return False
            names = {self._owner_seen_by(node, slot) for node in self.live()}
            return names == {self.owners[slot].port} and self._all_say_ok()
        self.wait_until(replaced, f"a failover of slot {slot}")
        return self.owners[slot]

    def _owner_seen_by(self, node, slot):
        try:
            return next((master[1] for first, last, master, *_ in node.command("CLUSTER", "SLOTS") if first <= slot <= last), None)
        except OSError:
            return None

    def _all_say_ok(self):
        try:
            return all(b"cluster_state:ok" in node.command("CLUSTER", "INFO") for node in self.live())
        except OSError:
            return False

    def is_whole(self):
        """Every node lives, none believes that another is gone, all agree, and every replica has what its master has."""
        views = self.views()
        if len(views) < len(self.nodes) or any(view.failing for view in views.values()) or not self._all_say_ok():
            return False
        if len({tuple(sorted(view.masters.items(), key=str)) for view in views.values()}) > 1:
            return False
        own = {(node.port, slot) for node, view in views.items() if view.is_master for slot in view.slots}
        if len(own) != SLOTS or any(seen_slots(node) != own for node in views):
            return False
        masters = [node for node, view in views.items() if view.slots]
        return len(masters) == self.masters and all(self._is_replicated(node, views) for node in masters)

    def _is_replicated(self, master, views):
        replicas = followers_of(master, views)
        return len(replicas) == self.replicas and self._have_all_of(master, replicas)

    @staticmethod
    def _have_all_of(master, replicas):
        """Whether they have what the master had written when this was called."""
        offset = int(master.info("replication")["master_repl_offset"])
        said = [node.info("replication") for node in replicas]
        return all(one["role"] == "slave" and one["master_link_status"] == "up" and one["master_sync_in_progress"] == "0"
                   and int(one["slave_repl_offset"]) >= offset for one in said)

    def wait_until_whole(self):
        def whole():
            try:
                return self.is_whole()
            except (OSError, KeyError, ReplyError):  # one changes just now
                return False
        self.wait_until(whole, "a whole cluster")
        self._learn()

    # --- slots that move ---------------------------------------------------------------------------

    def move_slots(self, first, last, to):
        """Moves [first, last] with their keys to that node, while programs go on."""
        for slot in range(first, last + 1):
            self._move_slot(slot, to)
        self.wait_until(lambda: self._have_all_of(to, self.replicas_of(to)), f"replicas of {to}")

    def reshard(self, count, source, to):
        """Moves the first so many slots of `source`, and returns them."""
        slots = sorted(source.view().slots)[:count]
        for slot in slots:
            self._move_slot(slot, to)
        self.wait_until(lambda: self._have_all_of(to, self.replicas_of(to)), f"replicas of {to}")
        return slots

    def _move_slot(self, slot, to):
        source = self.owners.get(slot) or self.owner(slot)
        if source is to:
            return
        to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE):
            source.command("MIGRATE", "127.0.0.1", to.port, "", 0, MIGRATE_MS, "KEYS", *keys)
        others = [node for node, view in self.known_masters() if node not in (source, to)]
        for node in (to, source, *others):
            node.command("CLUSTER", "SETSLOT", slot, "NODE", to.id)
        with self.lock:
            self.owners[slot] = to

    def half_move(self, slot, to):
        """Half of its keys are at that node, and the slot is not: `move_slots` ends it. Returns those keys."""
        source = self.owner(slot)
        to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        keys = source.command("CLUSTER", "GETKEYSINSLOT", slot, source.command("CLUSTER", "COUNTKEYSINSLOT", slot) // 2)
        source.command("MIGRATE", "127.0.0.1", to.port, "", 0, MIGRATE_MS, "KEYS", *keys)
        return keys

    def fix(self):
        """Ends what was left half moved, as an operator does: when all nodes are there, and what was replaced is a replica. Of a key
        that two nodes have, one copy stays."""
        self.wait_until(lambda: len(self.known_masters()) == self.masters, "no master without slots")
        said = []
        for _ in range(FIX_TRIES):
            place = f"127.0.0.1:{self.current_masters()[0].port}"
            ended = [subprocess.run(["redis-cli", "--cluster", *words], capture_output=True, timeout=FIX_S)
                     for words in (("fix", place, "--cluster-replace"), ("check", place))]
            said = [(one.returncode, one.stdout.decode()[-1000:]) for one in ended]
            if all(code == 0 for code, _ in said):
                break
        else:
            raise AssertionError(f"slots stay open: {said}")
        self.wait_until_whole()

    def known_masters(self):
        return [(node, view) for node, view in self.views().items() if view.is_master]

    # --- what class Redis offers -------------------------------------------------------------------

    def command(self, *words, db=0):
        """One command's reply: bytes, int, list or None."""
        assert db == 0, "a cluster has one database"
        name = str(words[0]).upper()
        if name in TO_ALL:
            return self._spread(name, words)
        parts = split(words)
        if len(parts) == 1:
            return self._route(slot_of(key_of(words)), words)
        replies = [(places, self._route(slot_of(part[1]), part)) for places, part in parts]
        if name == "MGET":
            values = {place: value for places, reply in replies for place, value in zip(places, reply)}
            return [values[place] for place in range(len(values))]
        return merge([reply for _, reply in replies])

    def _spread(self, name, words):
        assert name != "SCAN", "use keys()"
        nodes = self.live() if name in REPLICAS_TOO else self.current_masters()
        replies = [node.command(*words) for node in nodes]
        if name in ("TIME", "ACL") or [str(word).upper() for word in words[:2]] == ["CONFIG", "GET"]:
            return replies[0]
        return {"PUBSUB": merge_channels, "INFO": merge_figures}.get(name, merge)(replies)

    def _route(self, slot, words):
        asked, said = None, "no node has it"
        for _ in range(LOOKS):
            node = asked or self.owners.get(slot)
            try:
                if node is not None:
                    with self.lock:
                        return self._replicated(node, node.command(*words, asking=asked is not None))
            except ReplyError as refusal:
                asked, said = self._redirected(slot, refusal), refusal
                continue
            except OSError as error:
                said = error
            asked = None
            self._learn()
            pause()
        raise AssertionError(f"{words[0]} in slot {slot} is never answered: {said}: {self.describe()}")

    def _redirected(self, slot, refusal):
        """The node to ask once, None where another look at the owner is due. Raises what is no redirection."""
        kind, _, rest = str(refusal).partition(" ")
        if kind in ("ASK", "MOVED"):
            node = next(one for one in self.nodes if one.port == int(rest.rsplit(":", 1)[1]))
            if kind == "ASK":
                return node
            with self.lock:
                self.owners[slot] = node
            pause()
            return None
        if kind not in AGAIN:
            raise refusal
        self._learn()
        pause()
        return None

    def _replicated(self, node, reply):
        """Waits for a replica that has what was just written over this connection; where nothing was, this is nothing."""
        if any(replica.is_live for replica in self.followers.get(node, [])):
            node.command("WAIT", 1, REPLICATED_MS)
        return reply

    def connect(self, key):
        """A connection of one's own to the node that has the key: the caller closes it."""
        return Connection(self.master_of(key).port)

    def keys(self, pattern, db=0):
        assert db == 0, "a cluster has one database"
        found = set()
        for node in self.current_masters():
            cursor = b"0"
            while True:
                cursor, some = node.command("SCAN", cursor, "MATCH", pattern, "COUNT", 5000)
                found.update(key.decode() for key in some)
                if cursor == b"0":
                    break
        return found

    def values(self, keys, db=0):
        """{key: bytes} of string keys."""
        keys = sorted(keys)
        return dict(zip(keys, self.command("MGET", *keys, db=db))) if keys else {}

    hash, days = Redis.hash, Redis.days


def followers_of(master, views):
    """The nodes that say that they replicate that one."""
    return [node for node, view in views.items() if view.masters[node.id] == master.id]


def seen_slots(node):
    """{(port of the owner, slot)} as that node says."""
    return {(master[1], slot) for first, last, master, *_ in node.command("CLUSTER", "SLOTS") for slot in range(first, last + 1)}
