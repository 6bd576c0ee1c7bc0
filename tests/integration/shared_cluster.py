"""What a World has for Redis, by RELEVE_TEST_REDIS: one server without it; with `cluster` a cluster, and tests that are about
one server are skipped; with `mixed` a cluster too, but for those tests, which have one server as ever. As a cluster takes seconds
to form, the tests of a pytest process take turns with it: each gets it empty and as it was at first, and one that was left
unwell is not used again."""
import os

from cluster import QUIET_TIMEOUT_MS, Cluster
from server import ReplyError

MODES = ("", "cluster", "mixed")
idle = []  # clusters of this process that nobody uses now
of_one_server = False  # whether the test that runs now is


def mode():
    return os.environ.get("RELEVE_TEST_REDIS", "")


def begin_test(is_of_one_server):
    global of_one_server
    of_one_server = is_of_one_server


def is_wanted():
    """Whether a World that is made now has a cluster."""
    return mode() != "" and not of_one_server


class SharedCluster(Cluster):
    """Masters only, as nothing fails here but all at once: test_cluster.py has replicas."""

    def __init__(self):
        super().__init__(masters=3, replicas=0, node_timeout_ms=QUIET_TIMEOUT_MS)
        self.was_ended = False

    def kill(self, node=None):
        self.was_ended = True
        super().kill(node)

    def form(self):
        super().form()
        self.settings = {node: self._settings_of(node) for node in self.nodes}
        return self

    @staticmethod
    def _settings_of(node):
        flat = node.command("CONFIG", "GET", "*")
        return dict(zip(flat[::2], flat[1::2]))

    def clean(self):
        """Nothing of the test before is left: keys, scripts, figures, settings, users, who listens and who waits."""
        for node in self.nodes:
            node.command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")
            node.command("CLIENT", "UNPAUSE")
            now = self._settings_of(node)
            for name, value in self.settings[node].items():
                if now[name] != value:
                    node.command("CONFIG", "SET", name, value)
            others = [user for user in node.command("ACL", "USERS") if user != b"default"]
            if others:
                node.command("ACL", "DELUSER", *others)
            for kind in ("normal", "pubsub"):
                node.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
            node.command("FLUSHALL")
            node.command("SCRIPT", "FLUSH")
            node.command("CONFIG", "RESETSTAT")

    def is_fit(self):
        """Whether the next test can have it, which it is made ready for here."""
        if self.was_ended or not all(node.is_live and node.process.poll() is None for node in self.nodes):
            return False
        try:
            self.clean()
            return self.is_whole()
        except (OSError, ReplyError):  # a password was set, or worse
            return False


class Borrowed:
    """A cluster for one World: with another World beside it in the same test, that gets another one."""

    def __enter__(self):
        self.cluster = idle.pop() if idle else SharedCluster().__enter__()
        return self

    def __exit__(self, *_):
        self.cluster.heal()
        if self.cluster.is_fit():
            idle.append(self.cluster)
        else:
            self.cluster.__exit__()

    def __getattr__(self, name):
        return getattr(self.cluster, name)


def end_all():
    while idle:
        idle.pop().__exit__()
