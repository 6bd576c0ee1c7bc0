"""What is said where a node of a Redis Cluster is away."""
import pytest
from cluster import Cluster
from jobs import start_worker
from world import World

pytestmark = pytest.mark.slow


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
