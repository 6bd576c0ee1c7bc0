"""A producer and a consumer of jobs, as other services would write them: lists, a stream, nothing of the program's own."""
import json
import os
import select

QUEUES = {"high": "{releve}:jobs:high", "normal": "{releve}:jobs", "low": "{releve}:jobs:low"}
PUSH_AT_ONCE = 1000  # messages in one LPUSH
READ_AT_ONCE = 1000
REPLY_LOOKS, REPLY_LOOK_S = 6000, 0.01
FIRST_PRM = 30000000000000  # of the simulator's population


def prm_of(number):
    return str(FIRST_PRM + number)


def message(prm, kind="daily_consumption", **members):
    """A job as a producer writes it."""
    return json.dumps({"prm": str(prm), "kind": kind, **members}).encode()


def push(redis, *messages, to="normal"):
    """The first message is taken first."""
    for i in range(0, len(messages), PUSH_AT_ONCE):
        redis.command("LPUSH", QUEUES[to], *messages[i:i + PUSH_AT_ONCE])


def waiting(redis, queue="normal"):
    """The messages that wait, the next one first."""
    return redis.command("LRANGE", QUEUES[queue], 0, -1)[::-1]


def dead(redis):
    """[(raw, error)], the oldest first."""
    found = [json.loads(text) for text in redis.command("LRANGE", "{releve}:jobs:dead", 0, -1)]
    return [(one["raw"], one["error"]) for one in reversed(found)]


def results(redis):
    """Every result, in the order of the stream."""
    return [json.loads(fields[1]) for _, fields in redis.command("XRANGE", "{releve}:results", "-", "+")]


class Results:
    """Blocks on the result stream with a connection of its own: a consumer that wakes up for each new entry."""

    def __init__(self, redis, timeout_s=60):
        self.connection, self.last, self.timeout_s = redis.connect("{releve}:results"), "0", timeout_s
        self.connection.socket.settimeout(timeout_s + 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def read(self, at_most=READ_AT_ONCE):
        """The next entries, at least one: bytes of JSON."""
        answer = self.connection.command("XREAD", "COUNT", at_most, "BLOCK", self.timeout_s * 1000, "STREAMS",
                                         "{releve}:results", self.last)
        assert answer is not None, f"no result within {self.timeout_s} s"
        (_, entries), = answer
        self.last = entries[-1][0]
        return [fields[1] for _, fields in entries]

    def take(self, count):
        """So many results, and not one more of those that are there."""
        found = []
        while len(found) < count:
            found += [json.loads(text) for text in self.read()]
        assert len(found) == count, f"{len(found)} results instead of {count}"
        return found

    def one(self):
        found, = self.take(1)
        return found


def start_worker(world, name="worker", *flags, **settings):
    """A worker that has joined."""
    running = world.start("worker", "--name", name, *flags, **settings)
    running.wait_until(lambda: "takes jobs from" in running.so_far())
    return running


def replied(redis, name, count):
    """How many results the reply list has, when it has so many: they follow the stream, after 20 s at most where a worker died."""
    for _ in range(REPLY_LOOKS):
        if redis.command("LLEN", name) >= count:
            break
        select.select([], [], [], REPLY_LOOK_S)
    return redis.command("LLEN", name)


def own_lists(redis):
    """{worker: what is in its list}: jobs, and messages that are not read yet behind a line of their own."""
    return {key.split(":")[2]: redis.command("LRANGE", key, 0, -1) for key in redis.keys("{releve}:worker:*:jobs")}


def workers(redis):
    return [name.decode() for name in redis.command("ZRANGE", "{releve}:workers", 0, -1)]


def peak_kb(running):
    """The most memory that the process has had so far."""
    with open(f"/proc/{running.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def cpu_s(running):
    with open(f"/proc/{running.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
