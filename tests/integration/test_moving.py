"""What docs/moving.md tells people to do keeps all that was paid for."""
import pathlib
import re
import subprocess

import pytest
from jobs import message, push
from server import free_port
from world import World, clean_environment

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/moving.md").read_text()
EXAMPLES = dict(re.findall(r"^<!-- example: (\S+) -->\n```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CLIENT_0, REVOKED = "22516914714270", "26584978546985"
SELECT = ("--prm", CLIENT_0, "--prm", REVOKED, "--kind", "daily", "--start", "2026-10-01")


def old_name(key):
    """As 0.1.0 called it."""
    return key.replace("{", "").replace("}", "")


@pytest.fixture
def world():
    with World() as world:
        world.redis.stop()
        world.redis.port = free_port()  # redis-cli's URL knows no Unix socket
        world.redis.start()
        yield world


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
