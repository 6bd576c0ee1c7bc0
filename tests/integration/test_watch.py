"""What reads Redis for long while Redis comes to harm: releve status --watch shows its last picture, says since when Redis is
away, goes on by itself and ends when it is told to, whatever Redis does; what reads once ends with 4."""
import json
import os
import signal
import threading

import pytest
import terminal
from cluster import Cluster
from jobs import QUEUES, prm_of, push
from relay import Relay
from sentinels import Sentinels
from server import free_port
from world import World

NEW_SCREEN = "\x1b[H\x1b[J"
AWAY = "; nothing new is shown until it is back\n"
BACK = "releve: Redis: it is there again\n"
ABSENCES = {"is gone": lambda redis: redis.kill(), "stands still": lambda redis: redis.partition()}
LONG_S = 60  # far more than anything takes that comes at all
ENDS = [signal.SIGINT, signal.SIGTERM]


def looks(running):
    """What stood in the queue, look by look, by now."""
    lines = os.pread(running.out.fileno(), 1 << 20, 0).decode().splitlines(keepends=True)
    return [json.loads(line)["queues"]["normal"] for line in lines if line.endswith("\n")]


def watch(world, **settings):
    """A watching status that has looked."""
    watching = world.start("status", "--watch", "--json", **settings)
    watching.wait_until(lambda: looks(watching))
    return watching


def hears(running, number):
    """It has put something in the place of what that signal does by itself."""
    with open(f"/proc/{running.process.pid}/status") as file:
        caught = next(line.split()[1] for line in file if line.startswith("SigCgt:"))
    return int(caught, 16) >> (number - 1) & 1


def told_to_end(watching, number):
    watching.signal(number)
    return watching.end(timeout_s=20)


@pytest.mark.slow
def test_status_watch_goes_on_when_redis_was_killed_and_started_again():
    with World() as world:
        watching = watch(world)
        for jobs in (1, 2):
            world.redis.kill()
            watching.wait_until(lambda: watching.so_far().count(AWAY) == jobs)
            world.redis.start()
            push(world.redis, b"one")
            watching.wait_until(lambda: looks(watching)[-1] == jobs)
        ended = told_to_end(watching, signal.SIGINT)
        lines = ended.err.splitlines(keepends=True)
        assert ended.code == 0 and len(lines) == 4 and lines[1::2] == [BACK] * 2 and lines[0].endswith(AWAY), ended


@pytest.mark.slow
def test_status_watch_goes_on_when_redis_stood_still():
    with World() as world:
        watching = watch(world)
        world.redis.partition()
        watching.wait_until(lambda: AWAY in watching.so_far())
        world.redis.heal()
        watching.wait_until(lambda: BACK in watching.so_far())
        push(world.redis, b"one")
        watching.wait_until(lambda: looks(watching)[-1] == 1)
        assert told_to_end(watching, signal.SIGTERM).code == 0


@pytest.mark.slow
@pytest.mark.single("a screen is the same whatever Redis is")
def test_the_last_picture_stays_with_a_line_that_says_since_when_redis_is_away():
    with World() as world:
        push(world.redis, *[b"one"] * 7)
        env = {name: value for name, value in world.settings.items() if value is not None}
        watching = terminal.Terminal(("status", "--watch"), env, world.directory.name, 80, 12)
        watching.wait_for(lambda text: NEW_SCREEN in text and "normal 7" in text)
        world.redis.kill()
        watching.wait_for(lambda text: text.count(f"{NEW_SCREEN}AWAY    Redis for ") > 1)
        world.redis.start()
        push(world.redis, b"one")
        watching.wait_for(lambda text: "normal 8" in text and "workers" in text.split("normal 8")[-1])
        watching.process.send_signal(signal.SIGINT)
        code, text = watching.end()
        screens = [screen.splitlines() for screen in text.split(NEW_SCREEN)[1:]]
        away = [screen for screen in screens if screen[0].startswith("AWAY")]
        assert code == 0 and "AWAY" not in screens[-1][0], text
        for screen in away:
            assert len(screen) <= 11 and max(map(len, screen)) <= 80 and any("normal 7" in line for line in screen), screen


@pytest.mark.slow
@pytest.mark.single("sentinels of its own")
def test_status_watch_follows_sentinels_to_another_master():
    with Sentinels() as redis, World() as world:
        watching = watch(world, RELEVE_REDIS=redis.url)
        lost = redis.kill()
        redis.wait_for_failover(lost)
        push(redis, b"one")
        watching.wait_until(lambda: looks(watching)[-1] == 1)
        assert told_to_end(watching, signal.SIGINT).code == 0


@pytest.mark.slow
@pytest.mark.single("a cluster of its own, with replicas")
def test_status_watch_follows_a_cluster_to_another_master_of_the_queue():
    with Cluster() as redis, World() as world:
        watching = watch(world, RELEVE_REDIS=redis.url)
        redis.kill_master(QUEUES["normal"])
        redis.wait_for_failover(QUEUES["normal"])
        push(redis, b"one")
        watching.wait_until(lambda: looks(watching)[-1] == 1)
        assert told_to_end(watching, signal.SIGINT).code == 0


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("absence", ["is gone", pytest.param("stands still", marks=pytest.mark.slow)])
def test_status_watch_ends_when_it_is_told_to_also_while_redis_is_away(absence, number):
    with World() as world:
        watching = watch(world)
        ABSENCES[absence](world.redis)
        watching.wait_until(lambda: AWAY in watching.so_far())
        ended = told_to_end(watching, number)
        assert ended.code == 0 and "interrupted" not in ended.err, ended
        world.redis.heal()


@pytest.mark.parametrize("number", ENDS)
def test_what_has_shown_nothing_yet_is_interrupted(number):
    with World() as world:
        world.redis.partition()
        watching = world.start("status", "--watch")
        watching.wait_until(lambda: hears(watching, number))
        ended = told_to_end(watching, number)
        assert (ended.code, ended.out) == (130, "") and ended.err == f"releve: interrupted by {number.name}\n", ended
        world.redis.heal()


def test_where_redis_never_was_status_watch_ends_with_4():
    with World() as world:
        ended = world.run("status", "--watch", RELEVE_REDIS=f"redis://127.0.0.1:{free_port()}")
        assert ended.code == 4 and ended.err.startswith("releve: cannot connect to Redis"), ended


READERS = [("status",), ("export", "--prms", "prms", "--kind", "daily_consumption", "--format", "csv"), ("coverage", "--prms", "prms"), ("points",)]


class FirstQuestion:
    """For a relay: holds what is asked after the greeting, whose last word is PING, until it is `released`."""

    def __init__(self):
        self.greeted, self.asked, self.released = False, threading.Event(), threading.Event()

    def __call__(self, data):
        if self.greeted:
            self.asked.set()
            assert self.released.wait(LONG_S)
        self.greeted = self.greeted or b"PING" in data
        return True


@pytest.mark.slow
@pytest.mark.single("a relay in front of its socket")
@pytest.mark.parametrize("absence", ABSENCES)
@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_what_reads_once_ends_with_4_when_redis_goes_meanwhile(words, absence):
    with World() as world:
        world.write("prms", f"{prm_of(0)}\n")
        first = FirstQuestion()
        running = world.start(*words, RELEVE_REDIS=Relay(world.redis, first).url)
        assert first.asked.wait(LONG_S)
        ABSENCES[absence](world.redis)
        first.released.set()
        ended = running.end(timeout_s=40)
        assert ended.code == 4 and ended.err.startswith("releve: "), ended
        world.redis.heal()
