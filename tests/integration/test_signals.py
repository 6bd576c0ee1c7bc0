"""A signal that comes before a command has begun its work: one line, the usual exit code, nothing left behind."""
import errno
import os
import signal

import pytest
from world import World

PRM = "22516914714270"
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
