"""RELEVE_REDIS names another sort of Redis than answers there. A command says what was found and which form to use, in one line;
it ends with 2 where that cannot pass by itself, and with 4 where it can. What runs already waits."""
import contextlib
import signal
import subprocess

import pytest
from cluster import Cluster, free_ports
from jobs import start_worker
from member import Server
from sentinels import NAME, Sentinels
from slots import SLOTS
from world import World

pytestmark = pytest.mark.slow

DAYS = ("--prm", "22516914714270", "--kind", "daily_consumption", "--start", "2026-10-01", "--end", "2026-11-01")
COMMANDS = {"status": (), "doctor": (), "serve": ("--listen", "127.0.0.1:0"), "backfill": DAYS, "worker": (), "enqueue": DAYS}


@pytest.fixture(scope="module", name="world")
def a_world():
    with World() as world:
        yield world


@pytest.fixture(scope="module", name="cluster")
def a_cluster():
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module", name="watched")
def a_watched_redis():
    with Sentinels() as sentinels:
        yield sentinels


def line_of(ended, command):
    """What it says of Redis; `doctor` among its findings."""
    lines = [line for line in ended.out.splitlines() if line.startswith("bad ")] if command == "doctor" else ended.err.splitlines()
    assert len(lines) == 1, ended
    return lines[0]


def expect(world, commands, url, code, *said):
    for command in commands:
        ended = world.run(command, *COMMANDS[command], RELEVE_REDIS=url)
        assert ended.code == code, (command, url, ended)
        for text in said:
            assert text in line_of(ended, command), (command, url, ended)


def test_a_node_of_a_cluster_is_no_single_redis(world, cluster):
    for node in (cluster.nodes[0], cluster.nodes[-1]):  # a master and a replica
        expect(world, COMMANDS, f"redis://127.0.0.1:{node.port}", 2, "is a node of a cluster of 3 masters",
               f"write redis+cluster://127.0.0.1:{node.port}, and more of its nodes, in RELEVE_REDIS")
    url = f"redis://127.0.0.1:{cluster.nodes[0].port}"
    expect(world, ["status"], f"{url}?replicas=1", 2, "is a node of a cluster of 3 masters")
    expect(world, ["status"], f"{url}/3", 2, "is a node of a cluster, which has no database but 0")


def test_a_single_redis_is_no_cluster(world, watched):
    port = watched.nodes[0].port
    expect(world, COMMANDS, f"redis+cluster://127.0.0.1:{port}", 2, "is no node of a cluster but a single one",
           f"write redis://127.0.0.1:{port}, not redis+cluster://, in RELEVE_REDIS")


def test_a_sentinel_holds_no_data(world, watched):
    port = watched.watchers[0].port
    for scheme in ("redis", "redis+cluster"):
        expect(world, COMMANDS, f"{scheme}://127.0.0.1:{port}", 2, "is a sentinel, which holds no data",
               f"write redis+sentinel://127.0.0.1:{port}/NAME in RELEVE_REDIS")
    expect(world, ["status"], f"redis://127.0.0.1:{port}/3?replicas=1", 2, "is a sentinel, which holds no data")


def test_a_redis_is_no_sentinel(world, watched):
    port = watched.nodes[0].port
    expect(world, COMMANDS, f"redis+sentinel://127.0.0.1:{port}/{NAME}", 2,
           f"127.0.0.1:{port}: is no sentinel but a Redis, which is written redis://")


def test_a_name_that_no_sentinel_knows_is_said_with_those_that_they_know(world, watched):
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in watched.watchers)
    expect(world, COMMANDS, f"redis+sentinel://{hosts}/nosuch", 2, f"watches no master of that name but {NAME}")


def test_what_may_pass_by_itself_is_no_wrong_configuration(world, watched):
    replica, (nobody,) = watched.nodes[1], free_ports(1)
    expect(world, ["status", "backfill"], f"redis+cluster://127.0.0.1:{replica.port},127.0.0.1:{nobody}", 4, "none of the 2 nodes")
    expect(world, ["status", "backfill"], f"redis+sentinel://127.0.0.1:{watched.watchers[0].port},127.0.0.1:{nobody}/nosuch", 4,
           "Connection refused")
    expect(world, ["backfill"], f"redis://127.0.0.1:{replica.port}", 4, "is a replica: name its master in RELEVE_REDIS")


@contextlib.contextmanager
def alone(directory, lock, *flags):
    """A server that is in no group."""
    (port,) = free_ports(1)
    server = Server(port, str(directory), lock)
    server.launch(flags)
    try:
        server.wait()
        yield server
    finally:
        if server.process is not None:
            server.signal(signal.SIGKILL)


def test_a_worker_waits_while_a_sentinel_stands_where_its_redis_was(tmp_path, watched):
    with World() as world, alone(tmp_path, watched.lock) as redis:
        worker = start_worker(world, RELEVE_REDIS=f"redis://127.0.0.1:{redis.port}")
        redis.signal(signal.SIGKILL)
        (tmp_path / "sentinel.conf").write_text(f"port {redis.port}\nbind 127.0.0.1\n", encoding="ascii")
        redis.process = subprocess.Popen(["redis-server", str(tmp_path / "sentinel.conf"), "--sentinel"], stdout=subprocess.DEVNULL)
        redis.wait()
        worker.wait_until(lambda: int(redis.info("stats")["total_connections_received"]) > 3)  # one is of this test
        assert "Redis is back" not in worker.so_far()
        redis.signal(signal.SIGKILL)
        redis.launch([])
        redis.wait()
        worker.wait_until(lambda: "Redis is back" in worker.so_far())
        assert world.interrupt(worker).code == 0


def test_a_cluster_of_one_master_may_be_named_as_the_one_redis_that_it_is(tmp_path, watched):
    with World() as world, alone(tmp_path, watched.lock, "--cluster-enabled", "yes") as node:
        url = f"redis://127.0.0.1:{node.port}"
        expect(world, ["enqueue"], url, 4, "is a node of a cluster that does not serve: write redis+cluster://")
        assert node.command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1) == b"OK"
        Sentinels.wait_until(lambda: b"cluster_state:ok" in node.command("CLUSTER", "INFO"), "a cluster of one node")
        assert world.run("enqueue", *DAYS, RELEVE_REDIS=url).code == 0
