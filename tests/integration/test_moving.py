"""What docs/moving.md tells people to do keeps all that was paid for."""
import contextlib
import os
import pathlib
import re
import select
import subprocess

import pytest
from cluster import Cluster
from jobs import message, push
from server import END_S, Connection, Redis, free_port
from world import World, clean_environment

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/moving.md").read_text()
EXAMPLES = dict(re.findall(r"^<!-- example: (\S+) -->\n```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CLIENT_0, REVOKED = "22516914714270", "26584978546985"
LOOKS, LOOK_S = 6000, 0.01  # at something that has to come
SELECT = ("--prm", CLIENT_0, "--prm", REVOKED, "--kind", "daily", "--start", "2026-10-01")


def old_name(key):
    """As 0.1.0 called it."""
    return key.replace("{", "").replace("}", "")


def on_a_port(world):
    """Its Redis, which redis-cli can name then: its URL knows no Unix socket."""
    world.redis.kill()
    world.redis.port = free_port()
    return world.redis.start()


@pytest.fixture
def world():
    with World() as world:
        on_a_port(world)
        yield world


def wait_until(there):
    for _ in range(LOOKS):
        if there():
            return
        select.select([], [], [], LOOK_S)
    raise AssertionError("never came")


@contextlib.contextmanager
def sentinel(folder):
    """Watches nothing yet; its port."""
    port = free_port()
    path = os.path.join(folder, f"sentinel-{port}.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"port {port}\nbind 127.0.0.1\ndir {folder}\n")
    process = subprocess.Popen(["redis-server", path, "--sentinel"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port))
        yield port
    finally:
        process.kill()
        process.wait(END_S)


def listens(port):
    try:
        Connection(port).close()
        return True
    except OSError:
        return False


def what_a_master_has(redis):
    """Nothing as long as it is none; sentinels cut its connections when they promote it."""
    redis.connection = None
    try:
        return everything(redis) if redis.command("ROLE")[0] == b"master" else {}
    except OSError:
        return {}


def seen_by(port):
    """What a sentinel says of the master that it watches."""
    flat = Connection(port).command("SENTINEL", "MASTER", "releve")
    return dict(zip(flat[::2], flat[1::2]))


@pytest.mark.single("0.1.0 knew no cluster")
def test_names_of_0_1_0_are_refused_until_they_are_renamed_and_then_nothing_is_asked_again(world):
    redis = world.redis
    assert world.run("backfill", *SELECT).code == 1
    push(redis, message(CLIENT_0, id="waits", start="2026-10-01", end="2026-10-03"))
    assert world.run("enqueue", "--missing", "--prm", CLIENT_0, "--kind", "daily_consumption", "--start", "2026-09-01").code == 0
    keys, days = redis.keys("*"), redis.days()
    for key in keys:
        redis.command("RENAME", key, old_name(key))
    for command in (("backfill", *SELECT), ("worker", "--drain"), ("plan", *SELECT)):
        ended, requests = world.requests_of(*command)
        assert (ended.code, requests) == (2, 0) and "docs/moving.md" in ended.err, ended
    assert redis.keys("*") == {old_name(key) for key in keys}
    for _ in range(2):  # it may be repeated
        subprocess.run(["bash", "-c", EXAMPLES["rename.sh"]], check=True,
                       env={**clean_environment(), "REDIS_URL": f"redis://127.0.0.1:{redis.port}"})
        assert redis.keys("*") == keys and redis.days() == days
    ended, requests = world.requests_of("backfill", *SELECT)
    assert (ended.code, requests) == (1, 0), ended
    assert world.run("worker", "--drain").code == 0 and redis.hash("{releve}:job:waits")["state"] == "done"


def run_page(name, folder, **settings):
    """An example of the page as it stands there; its standard output."""
    ended = subprocess.run(["bash", "-c", EXAMPLES[name]], cwd=folder, env={**clean_environment(), **settings},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert ended.returncode == 0, f"{name}: {ended.stdout[-2000:]}\n{ended.stderr}"
    return ended.stdout


def place(node):
    return f"127.0.0.1:{node.port}"


def value(redis, key):
    """A key's value, in an order of its own where it has none; else as Redis serializes it."""
    kind = redis.command("TYPE", key)
    if kind == b"hash":
        return redis.hash(key)
    return scores(redis, key) if kind == b"zset" else redis.command("DUMP", key)


def everything(redis):
    """{key: (its value, whether it expires)}"""
    return {key: (value(redis, key), redis.command("PTTL", key) > 0) for key in redis.keys("*")}


def fill(world):
    """Days, a refusal, a ledger, and work that waits; what coverage says then."""
    assert world.run("backfill", *SELECT).code == 1
    push(world.redis, message(CLIENT_0, id="waits", reply_to="replies", start="2026-10-01", end="2026-10-03"))
    world.redis.command("LPUSH", "app:reply", "unread")
    return world.run("coverage", "--json", *SELECT).out


def check_that_nothing_is_asked_again(world, coverage):
    ended, requests = world.requests_of("backfill", *SELECT)
    assert (ended.code, requests) == (1, 0), ended
    assert world.run("coverage", "--json", *SELECT).out == coverage
    ended, requests = world.requests_of("worker", "--drain")
    assert (ended.code, requests) == (0, 0), ended


def scores(redis, ledger):
    flat = redis.command("ZRANGE", ledger, 0, -1, "WITHSCORES")
    return dict(zip(flat[::2], map(int, flat[1::2])))


def ledger_of(redis):
    """The one that the days pass."""
    return min((key for key in redis.keys("releve:quota:*mesure*")), key=len)


def use(world, redis, url):
    """The program has that one for its Redis from now on."""
    world.settings["RELEVE_REDIS"], world.redis = url, redis


@pytest.mark.slow
@pytest.mark.single("moves from one Redis")
def test_one_redis_moves_to_a_cluster_and_back_and_nothing_is_asked_again():
    with World(quota="100/1s,1000/1h") as world:
        old, first_url = on_a_port(world), world.settings["RELEVE_REDIS"]
        coverage = fill(world)
        before, ledger = everything(old), ledger_of(old)
        permits = scores(old, ledger)
        assert permits
        with Cluster() as cluster:
            said = run_page("cluster.sh", world.directory.name, OLD=place(old), CLUSTER=place(cluster.nodes[0]))
            there = {key: found for key, found in everything(cluster).items() if not key.endswith(":node")}
            assert there == before
            notes = [key for key in cluster.keys("*") if key.endswith(":node")]
            assert ledger + ":node" in notes
            assert said == f"{len(before) + len(notes)} keys there, {len(before) + len(notes)} here\n"
            run_page("cluster.sh", world.directory.name, OLD=place(old), CLUSTER=place(cluster.nodes[0]))  # it may be repeated
            try:
                use(world, cluster, cluster.url)
                check_that_nothing_is_asked_again(world, coverage)
                assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily", "--start", "2026-09-28").code == 0
                later = scores(cluster, ledger)
                assert {permit: later[permit] for permit in permits} == {name: at + 1_000_000 for name, at in permits.items()}
                cluster.wait_until_whole()
                coverage, there = world.run("coverage", "--json", *SELECT).out, everything(cluster)
                old.command("FLUSHALL")
                said = run_page("back.sh", world.directory.name, NEW=place(old),
                                CLUSTER=place(cluster.current_masters()[0]))
                assert said == f"{len(there)}\n" and everything(old) == there
            finally:
                use(world, old, first_url)
            check_that_nothing_is_asked_again(world, coverage)


@pytest.mark.slow
@pytest.mark.single("moves from one Redis")
def test_one_redis_gets_replicas_and_sentinels_and_what_it_has_outlives_it():
    with World(quota="100/1s,1000/1h") as world, contextlib.ExitStack() as stack:
        old, coverage = on_a_port(world), fill(world)
        replica = Redis()
        replica.port = free_port()
        stack.enter_context(replica)
        sentinels = [stack.enter_context(sentinel(world.directory.name)) for _ in range(3)]
        run_page("sentinels.sh", world.directory.name, MASTER=place(old), REPLICAS=place(replica),
                 SENTINELS=" ".join(f"127.0.0.1:{port}" for port in sentinels))
        for port in sentinels:  # each knows the others and the replica before the master goes
            wait_until(lambda port=port: (seen_by(port)[b"num-slaves"], seen_by(port)[b"num-other-sentinels"]) == (b"1", b"2"))
        url = f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in sentinels)}/releve"
        world.settings["RELEVE_REDIS"] = url
        assert world.run("backfill", *SELECT).code == 1
        before = everything(old)
        old.kill()
        held = {}
        wait_until(lambda: held.update(what_a_master_has(replica)) or held)
        assert {key: found for key, found in held.items() if key in before} == before
        world.settings["RELEVE_REDIS"] = url + "?replicas=0"  # nobody else is left
        check_that_nothing_is_asked_again(world, coverage)
        for port in sentinels:
            Connection(port).command("SENTINEL", "REMOVE", "releve")
        world.settings["RELEVE_REDIS"] = f"redis://{place(replica)}"
        check_that_nothing_is_asked_again(world, coverage)
