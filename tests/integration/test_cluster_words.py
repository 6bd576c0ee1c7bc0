"""What is said where a Redis Cluster is not there yet, and where a node of it is away."""
import shutil
import subprocess
import tempfile

import pytest
from cluster import Cluster, free_ports
from jobs import start_worker
from member import pause
from server import START_TRIES, Connection
from slots import SLOTS
from world import World

pytestmark = pytest.mark.slow


class Uncreated:
    """A redis-server that would be a node of a cluster, before `redis-cli --cluster create`."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="releve-test-")
        self.port = free_ports(1)[0]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory, "--save", "",
             "--cluster-enabled", "yes"], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        for _ in range(START_TRIES):
            try:
                self.connection = Connection(self.port)
                return self
            except ConnectionRefusedError:
                pause()
        raise AssertionError("it does not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory)

    @property
    def url(self):
        return f"redis+cluster://127.0.0.1:{self.port}?replicas=0"

    def create(self):
        assert self.connection.command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1) == b"OK"


@pytest.mark.parametrize("command", ["doctor", "status"])
def test_whoever_asks_what_is_wrong_hears_that_the_cluster_was_not_created(command):
    with World() as world, Uncreated() as node:
        ended = world.run(command, RELEVE_REDIS=node.url)
        assert ended.code == 4 and "is in no cluster" in ended.out + ended.err, ended
        assert ended.err.count("waits for Redis, ") == 1, ended


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_what_runs_on_says_what_it_waits_for_and_begins_when_the_cluster_is_created(command):
    with World() as world, Uncreated() as node:
        flags = ["--listen", "127.0.0.1:0"] if command == "serve" else []
        running = world.start(command, *flags, RELEVE_REDIS=node.url)
        running.wait_until(lambda: "waits for Redis, " in running.so_far())
        assert "is in no cluster" in running.so_far() and "redis-cli --cluster create" in running.so_far()
        node.create()
        if command == "worker":
            running.wait_until(lambda: "takes jobs from" in running.so_far())
        assert running.so_far().count("waits for Redis, ") == 1


def test_a_worker_says_which_node_is_away_and_that_its_slots_wait():
    world = World()
    cluster = world.redis = Cluster(masters=3, replicas=0)
    with world:
        worker = start_worker(world)
        lost = cluster.nodes[1]
        cluster.kill(lost)
        worker.wait_until(lambda: "until it is back" in worker.so_far())
        assert f"127.0.0.1:{lost.port}" in worker.so_far() and "its slots wait until it is back or replaced" in worker.so_far()
        assert "nothing is sent" not in worker.so_far()
        cluster.start(lost)
        worker.wait_until(lambda: "Redis is back" in worker.so_far())
