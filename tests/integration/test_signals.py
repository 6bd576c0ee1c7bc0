"""A signal ends a command: before it has begun its work, with one line, the usual exit code and nothing left behind; and
while upstream hangs, without leaving the ledger more to count than what may still be on its way."""
import errno
import os
import signal

import pytest
from jobs import message, prm_of, push, start_worker
from world import World

PRM = "22516914714270"
HANGING = 3  # requests that upstream never answers
WAY_US = 2_000_000  # a request that was broken off may still be on its way for so long
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def usual_signals():
    """Children begin with what they would have at a prompt, also where the tests run in the background."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS[1:]}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Fifo:
    """A file that the program waits for while it reads its input: it has begun nothing then."""

    def __init__(self, world, name):
        self.path = os.path.join(world.directory.name, name)
        self.fd = None
        os.mkfifo(self.path)

    def has_reader(self):
        """True once the program has opened it."""
        try:
            self.fd = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO, error
        return self.fd is not None


def signalled(world, number, *arguments, reads):
    """How it ended after that signal, which came while it read that file."""
    fifo = Fifo(world, reads)
    running = world.start(*arguments)
    running.wait_until(fifo.has_reader)
    running.signal(number)
    ended = running.end(timeout_s=20)
    os.close(fifo.fd)
    return ended


@pytest.mark.parametrize("number", SIGNALS)
def test_a_backfill_that_is_interrupted_before_it_begins_says_its_line_and_ends_with_130(number):
    with World() as world:
        ended = signalled(world, number, "backfill", "--prms", "points", reads="points")
        assert ended.code == 130 and ended.out == "", ended
        assert ended.err == (f"releve: interrupted by {number.name}: what was fetched is kept, and the same command "
                             "goes on from there\n")
        assert world.redis.keys("*") == set()


@pytest.mark.parametrize("command", ["plan", "enqueue"])
def test_other_commands_say_that_they_were_interrupted_and_end_with_130(command):
    with World() as world:
        ended = signalled(world, signal.SIGINT, command, "--prms", "points", reads="points")
        assert (ended.code, ended.out, ended.err) == (130, "", "releve: interrupted by SIGINT\n"), ended


def test_a_worker_that_is_told_to_end_before_it_begins_ends_well():
    with World() as world:
        ended = signalled(world, signal.SIGTERM, "worker", reads=".env")
        assert (ended.code, ended.out) == (0, ""), ended
        assert ended.err == ("releve: interrupted by SIGTERM: what was fetched is kept, and jobs that were not done are "
                             "back in their queues\n")


def test_what_ignores_a_hang_up_from_the_start_goes_on_ignoring_it():
    """As under nohup."""
    with World() as world:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        fifo = Fifo(world, "points")
        running = world.start("plan", "--prms", "points")
        running.wait_until(fifo.has_reader)
        running.signal(signal.SIGHUP)
        os.write(fifo.fd, f"{PRM}\n".encode())
        os.close(fifo.fd)
        ended = running.end(timeout_s=20)
        assert ended.code == 0 and "daily_consumption" in ended.out, ended


def test_what_ignores_a_hang_up_works_to_its_end_when_one_comes():
    with World("--latency", "20:0") as world:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        running = world.start("backfill", "--prm", PRM, "--kind", "consumption_load_curve", "--start", "2026-01-01",
                              "--concurrency", "1")
        world.wait_for(running, "requests", 3)
        running.signal(signal.SIGHUP)
        ended = running.end()
        assert ended.code == 0 and world.sandbox.stats()["days_served"] == 322, ended


def test_what_a_shell_lets_ignore_interrupts_ends_by_one_all_the_same():
    """In the background, where there is no job control."""
    with World() as world:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ended = signalled(world, signal.SIGINT, "plan", "--prms", "points", reads="points")
        assert (ended.code, ended.err) == (130, "releve: interrupted by SIGINT\n"), ended


# --- while upstream hangs -------------------------------------------------------------------------------


def ledger_us(redis):
    """For how long each permit still counts, by Redis's own clock."""
    keys = [key for key in redis.keys("releve:quota:*") if redis.command("TYPE", key) == b"zset"]
    scores = [float(word) for key in keys for word in redis.command("ZRANGE", key, 0, -1, "WITHSCORES")[1::2]]
    seconds, us = redis.command("TIME")
    return [score - int(seconds) * 1_000_000 - int(us) for score in scores]


def start_hanging(world, command):
    """The program, with that many requests that are not answered and a token that came."""
    points = [prm_of(i) for i in range(HANGING)]
    world.sandbox.control(point_faults={prm: {"timeout": 1} for prm in points})
    if command == "worker":
        running = start_worker(world)
        push(world.redis, *(message(prm, start="2026-10-05", end="2026-10-12") for prm in points))
    else:
        prms = world.write("prms.csv", "".join(f"{prm}\n" for prm in points))
        running = world.start("backfill", "--prms", prms, "--kind", "daily_consumption", "--start", "2026-10-05", "--end",
                              "2026-10-12")
    world.wait_for(running, "requests", HANGING + 1)
    waiting = ledger_us(world.redis)
    assert len(waiting) == HANGING + 1 and sum(left > WAY_US for left in waiting) == HANGING, waiting
    return running


def hanging_world():
    return World("--population", str(HANGING), quota="100/1h")


CODES = {"worker": 0, "backfill": 130}


@pytest.mark.slow
def test_a_worker_that_drains_and_is_interrupted_says_so_by_its_exit_code():
    with hanging_world() as world:
        world.sandbox.control(point_faults={prm_of(0): {"timeout": 1}})
        push(world.redis, message(prm_of(0), start="2026-10-05", end="2026-10-12"))
        running = world.start("worker", "--drain")
        world.wait_for(running, "requests", 2)
        running.signal(signal.SIGTERM)
        ended = running.end()
        assert ended.code == 130 and "are back in their queues" in ended.err, ended


@pytest.mark.parametrize("command", CODES)
def test_a_second_signal_leaves_no_more_in_the_ledger_than_what_may_be_on_its_way(command):
    with hanging_world() as world:
        running = start_hanging(world, command)
        running.signal(signal.SIGTERM)
        running.wait_until(lambda: "ending what is in flight" in running.so_far())
        running.signal(signal.SIGTERM)
        assert running.end().code == CODES[command]
        left = ledger_us(world.redis)
        assert len(left) == HANGING + 1 and max(left) <= WAY_US, left


@pytest.mark.slow
@pytest.mark.parametrize("command", CODES)
def test_what_hangs_when_the_time_to_end_is_over_counts_for_no_longer_than_it_may_be_on_its_way(command):
    with hanging_world() as world:
        running = start_hanging(world, command)
        running.signal(signal.SIGTERM)
        assert running.end().code == CODES[command]
        left = ledger_us(world.redis)
        assert len(left) == HANGING + 1 and max(left) <= WAY_US, left


ABSENCES = {"stands still": lambda redis: redis.partition(), "is gone": lambda redis: redis.kill()}


@pytest.mark.parametrize("absence", ABSENCES)
@pytest.mark.parametrize("command", CODES)
def test_a_redis_that_does_not_answer_keeps_nobody_who_is_told_twice(command, absence):
    with hanging_world() as world:
        running = start_hanging(world, command)
        ABSENCES[absence](world.redis)
        running.signal(signal.SIGTERM)
        running.wait_until(lambda: "ending what is in flight" in running.so_far())
        running.signal(signal.SIGTERM)
        assert running.end().code == CODES[command]
        world.redis.heal()
