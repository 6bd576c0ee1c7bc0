"""Law 1 with real processes, a real Redis and the simulator's audit of arrivals: the quota is never exceeded, whoever
dies and whatever stands still; and nobody polls for it. The simulator is always given the quota of the program."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time

import pytest
from sandbox import releve_bin
from server import Connection, ReplyError
from world import World, clean_environment, is_sanitized

pytestmark = pytest.mark.long

LOOKS = 4000  # looks at something that is to happen, 20 ms apart
LOOK_S = 0.02
STILL_LOOKS = 80  # a counter that is the same so many looks long stands still
KIND = "consumption_load_curve"
WEEKS = 3  # requests of a usage point: its curve comes 7 days a request
START = "2026-10-29"  # so many weeks before the pretended day of World
FAMILY = "mesure_synchrone_auto"
FORMS = ("wso2", "q4", "sla", "throttle200", "retry_after")
THROTTLED = "upstream says that the quota is used up"  # a notice for each throttle answer


def choose(world, name, first, count):
    """The selection of `count` usage points of the simulator's population: WEEKS requests each."""
    return ("--prms", world.write(name, "".join(f"{30000000000000 + first + i}\n" for i in range(count))),
            "--kind", KIND, "--start", START)


def start(world, name, first, count, *flags, **settings):
    return world.start("backfill", *choose(world, name, first, count), *flags, **settings)


def wait_until(happened, *running):
    """Looks until it has happened; the processes named go on for as long."""
    for _ in range(LOOKS):
        if happened():
            return
        for one in running:
            assert not one.has_ended(0), f"ended before its middle: {one.end()}"
        select.select([], [], [], LOOK_S)
    raise AssertionError("it never happened")


def wait_until_still(count, *running):
    """Looks until a counter has stood still for STILL_LOOKS looks."""
    seen = [None, 0]

    def still():
        now = count()
        seen[:] = [now, seen[1] + 1] if now == seen[0] else [now, 0]
        return seen[1] >= STILL_LOOKS

    wait_until(still, *running)
    return seen[0]


def data_requests(world):
    """Requests for days: tokens, and a preflight, have buckets of their own in 2026."""
    by_path = world.sandbox.stats()["by_path"]
    return sum(count for path, count in by_path.items() if FAMILY in path or "metering_data" in path)


def preflights(world):
    return sum(count for path, count in world.sandbox.stats()["by_path"].items() if "subscribed_services" in path)


def ledgers(redis, family=FAMILY):
    """The keys of the ledgers of that family: one an application."""
    return sorted(key for key in redis.keys(f"releve:quota:{{{family}@*") if key.count(":") == 2)


def calls(redis, command="evalsha"):
    """How often clients called it: scripts do not call evalsha."""
    found = re.search(rf"cmdstat_{command}:calls=(\d+)", redis.command("INFO", "commandstats").decode())
    return int(found.group(1)) if found else 0


def assert_within_quota(world):
    stats = world.sandbox.stats()
    assert stats["violations"] == 0, stats
    for window, most in stats["max_in_window"].items():
        assert most <= limit_of(world.settings["RELEVE_QUOTA"], window), stats


def limit_of(quota, window):
    return next(int(limit) for limit, span in (part.split("/") for part in quota.split(",")) if span == window)


def assert_all_days(world, points):
    days = world.redis.days(kind=KIND).values()
    assert len(days) == points * WEEKS * 7
    assert all(b'"state":"complete"' in day for day in days)


# --- one quota for all ---------------------------------------------------------------------------------


def test_four_processes_stay_within_the_quota_together_and_fetch_everything():
    with World("--population", "200", quota="100/1s,240/3s") as world:
        running = [start(world, f"prms{i}", 30 * i, 30) for i in range(4)]
        for one in running:
            ended = one.end()
            assert ended.code == 0, ended
        assert data_requests(world) == 4 * 30 * WEEKS
        assert_within_quota(world)
        assert_all_days(world, 120)
        assert len(ledgers(world.redis)) == 1


def test_together_they_get_the_whole_window_and_not_one_request_more():
    with World("--population", "200", quota="120/10m") as world:
        running = [start(world, f"prms{i}", 40 * i, 40) for i in range(4)]
        wait_until(lambda: data_requests(world) == 120, *running)
        late = start(world, "prms4", 160, 40)
        wait_until(lambda: world.sandbox.stats()["tokens"] == 5, late)
        ledger, = ledgers(world.redis)
        world.redis.command("DEL", f"{ledger}:waiting")  # what the last one refused was told
        more = start(world, "prms5", 160, 40)
        wait_until(lambda: world.sandbox.stats()["tokens"] == 6 and world.redis.command("EXISTS", f"{ledger}:waiting"), more)
        assert world.redis.command("ZCARD", ledger) == 120
        for one in [*running, late, more]:
            assert world.interrupt(one).code == 130
        assert data_requests(world) == 120
        assert_within_quota(world)


@pytest.mark.short
def test_two_applications_have_a_ledger_each():
    with World("--population", "60") as world:
        settings = {"RELEVE_QUOTA": "30/10m"}
        one = start(world, "one", 0, 20, CLIENT_ID="one", **settings)
        wait_until(lambda: data_requests(world) == 30, one)
        first, = ledgers(world.redis)
        wait_until(lambda: world.redis.command("EXISTS", f"{first}:waiting"), one)  # exhausted, and told so
        other = start(world, "other", 20, 10, CLIENT_ID="other", **settings).end()
        assert other.code == 0, other
        second, = set(ledgers(world.redis)) - {first}
        assert second.split("@")[0] == first.split("@")[0]
        assert world.redis.command("ZCARD", first) == world.redis.command("ZCARD", second) == 30
        assert data_requests(world) == 60
        assert world.interrupt(one).code == 130


# --- quotas that differ ---------------------------------------------------------------------------------


def test_of_two_processes_with_different_quotas_the_stricter_holds_for_both_and_it_is_said():
    with World("--population", "60", "--latency", "0:300", quota="20/2s") as world:
        strict = start(world, "strict", 0, 30)
        wait_until(lambda: data_requests(world) >= 20, strict)
        loose = start(world, "loose", 30, 30, RELEVE_QUOTA="200/1s,500/3s")
        ended = loose.end()
        assert ended.code == 0 and strict.end().code == 0
        assert ("RELEVE_QUOTA is 200/1s,500/3s here, and others who share this Redis, prefix and CLIENT_ID keep to 20/2s: "
                in ended.err), ended
        assert_within_quota(world)
        assert_all_days(world, 60)


# --- exact under jitter --------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_violation_with_jitter_with_answers_that_never_come_and_with_processes_that_are_killed():
    # A killed process leaves its permits in flight in the ledger for their whole life, 40 s: 4 x 8 of 200; so does
    # a request that is never answered, for the 30 s of its transfer.
    with World("--population", "90", "--latency", "0:1500", quota="80/1s,200/4s") as world:
        silent = {str(30000000000000 + 30 * i): {"timeout": 1} for i in (1, 2)}
        world.sandbox.control(point_faults=silent)
        selections = [(f"prms{i}", 30 * i, 30, "--concurrency", "8", "--progress", "always") for i in range(3)]
        running = [start(world, *selection) for selection in selections]
        for victim in (1, 2, 0, 0):
            sent = data_requests(world)
            wait_until(lambda: data_requests(world) >= sent + 25)
            running[victim].signal(signal.SIGKILL)
            assert running[victim].end().code == -signal.SIGKILL
            running[victim] = start(world, *selections[victim])
        # What else there was to fetch is there; those killed met silence before and after.
        wait_until(lambda: len(world.redis.keys(f"releve:day:*:{KIND}:*")) == (90 - len(silent)) * WEEKS * 7,
                   *running[1:])
        assert world.sandbox.stats()["errors"]["timeout"] > len(silent)
        world.sandbox.control(point_faults={prm: {} for prm in silent})
        for one in running:
            ended = one.end()
            assert ended.code == 0, ended
            if one is not running[0]:  # the others have waited for silence long enough for a line or two
                assert_names_usage(ended.err, world.settings["RELEVE_QUOTA"])
        assert_within_quota(world)
        assert_all_days(world, 90)


@pytest.mark.short
def test_a_request_in_flight_counts_as_if_it_had_not_arrived_yet():
    with World("--population", "40", "--latency", "0:300", quota="40/1s,30/10m") as world:
        silent = 3
        world.sandbox.control(point_faults={str(30000000000000 + i): {"timeout": 1} for i in range(silent)})
        running = start(world, "prms", 0, 40)
        wait_until(lambda: data_requests(world) == 30, running)
        assert world.sandbox.stats()["errors"]["timeout"] == silent
        ledger, = ledgers(world.redis)

        def ahead():  # entries whose moment is still to come
            seconds, microseconds = world.redis.command("TIME")
            return world.redis.command("ZCOUNT", ledger, int(seconds) * 10**6 + int(microseconds), "+inf")

        wait_until(lambda: ahead() == silent, running)
        running.signal(signal.SIGKILL)
        assert running.end().code == -signal.SIGKILL
        assert ahead() == silent


def test_no_violation_when_redis_stands_still_for_seconds():
    with World("--population", "60", "--latency", "0:300", quota="60/1s,120/3s") as world:
        running = [start(world, f"prms{i}", 30 * i, 30) for i in range(2)]
        wait_until(lambda: data_requests(world) >= 40, *running)
        world.redis.partition()
        still = wait_until_still(lambda: data_requests(world), *running)
        assert still < 60 * WEEKS  # in its middle, and nothing is sent without a permit
        world.redis.heal()
        for one in running:
            ended = one.end()
            assert ended.code == 0, ended
        assert_within_quota(world)
        assert_all_days(world, 60)


# --- persistent ----------------------------------------------------------------------------------------


LOSSES = {"emptied": lambda redis: redis.command("FLUSHALL"),
          "its ledger dropped": lambda redis: [redis.command("DEL", key) for key in redis.keys("releve:quota:*")]}


FORGOTTEN = f"Redis has forgotten what was sent under the quota {FAMILY}@"


@pytest.mark.slow  # the longest window and the 40 s of a permit
@pytest.mark.waits
@pytest.mark.parametrize("loss", LOSSES)
def test_what_redis_forgets_of_the_quota_is_noticed_and_waited_for(loss):
    """Two processes go on where a Redis has lost what they sent; each request that they sent counts on at the gateway."""
    with World("--population", "40", "--latency", "20:40", quota="1000/1s,30/10s") as world:
        running = [start(world, f"{i}.txt", 10 * i, 10, "--concurrency", "4") for i in range(2)]
        wait_until(lambda: data_requests(world) >= 12, *running)
        LOSSES[loss](world.redis)
        ended = [one.end() for one in running]
        stats, said = world.sandbox.stats(), "".join(one.err for one in ended)
        assert [one.code for one in ended] == [0, 0], said
        assert data_requests(world) >= 2 * 10 * WEEKS and stats["violations"] == 0, (stats, said)
        assert FORGOTTEN in said, said


@pytest.mark.parametrize("loss", LOSSES)
def test_whoever_waits_for_the_next_permit_notices_too_what_redis_forgets(loss):
    """It asks for nothing before that permit is due. One that starts after the loss knows nothing of it, and is held back."""
    with World("--population", "60", quota="30/10m") as world:
        first = start(world, "first", 0, 40)
        wait_until(lambda: data_requests(world) == 30, first)
        ledger, = ledgers(world.redis)
        wait_until(lambda: world.redis.command("EXISTS", f"{ledger}:waiting") and in_flight(world.redis) == 0, first)
        LOSSES[loss](world.redis)
        wait_until(lambda: FORGOTTEN in first.so_far(), first)
        wait_until(lambda: world.redis.command("PTTL", f"{ledger}:closed") > 600000, first)
        wait_until(lambda: len(closed_keys(world.redis)) == 3, first)  # of tokens and of preflights too
        second = start(world, "second", 40, 20)
        wait_until(lambda: world.redis.keys("releve:quota:*:waiting"), second)
        for one in (first, second):
            assert world.interrupt(one).code == 130
        assert data_requests(world) == 30 and world.sandbox.stats()["tokens"] == 1
        assert_within_quota(world)


def test_processes_that_redis_gave_one_number_are_two():
    """It counts from 1 again where it has forgotten; names of permits and claims are made of that number."""
    with World("--population", "40", "--latency", "300") as world:
        first = start(world, "prms", 0, 40)
        wait_until(lambda: data_requests(world) >= 4, first)
        world.redis.command("DEL", "{releve}:processes")
        second = start(world, "prms", 0, 40)
        for one in (first, second):
            ended = one.end()
            assert ended.code == 0, ended
        assert world.redis.command("GET", "{releve}:processes") == b"1"
        assert world.sandbox.stats()["days_served_twice"] == 0
        assert_within_quota(world)
        assert_all_days(world, 40)


def test_starting_again_grants_no_second_burst():
    with World("--population", "40", quota="30/4s") as world:
        first = start(world, "prms", 0, 20)
        wait_until(lambda: data_requests(world) == 30, first)
        assert world.interrupt(first).code == 130
        world.redis.kill()  # and neither does the crash of Redis
        world.redis.start()
        ended = start(world, "prms", 0, 20).end()
        assert ended.code == 0, ended
        assert_within_quota(world)
        assert_all_days(world, 20)
        assert data_requests(world) == 20 * WEEKS


@pytest.mark.single("an embedded one")
def test_the_ledger_of_an_embedded_redis_outlives_its_server():
    with World("--population", "40", quota="30/10m") as world, tempfile.TemporaryDirectory(prefix="releve-e-") as place:
        settings = {"RELEVE_REDIS": f"embedded:{place}"}
        first = start(world, "prms", 0, 20, **settings)
        wait_until(lambda: data_requests(world) == 30, first)
        assert world.interrupt(first).code == 130
        socket = os.path.join(place, "redis.sock")
        wait_until(lambda: not answers(socket))
        tokens = world.sandbox.stats()["tokens"]
        second = start(world, "prms", 0, 20, **settings)
        wait_until(lambda: answers(socket) and world.sandbox.stats()["tokens"] > tokens, second)
        with contextlib.closing(Connection(socket)) as redis:
            keys = [key.decode() for key in redis.command("KEYS", f"releve:quota:{{{FAMILY}@*")]
            ledger, = [key for key in keys if key.count(":") == 2]
            assert redis.command("ZCARD", ledger) == 30
            wait_until(lambda: redis.command("EXISTS", f"{ledger}:waiting"), second)  # who asks is refused
        assert world.interrupt(second).code == 130
        assert data_requests(world) == 30
        assert_within_quota(world)
        wait_until(lambda: not answers(socket))


def answers(path):
    try:
        with contextlib.closing(Connection(path)) as redis:
            return redis.command("PING") == b"PONG"
    except (OSError, ReplyError):  # not there, or still reading its file
        return False


# --- closed doors --------------------------------------------------------------------------------------

SLOTS = 8  # --concurrency of those that find the door closed
# Each slot may have a request on its way when the door closes, and finds out by its answer; and each process may have
# asked for a permit before it knew.
CLOSED_REQUESTS_MAX = SLOTS + 1


def throttled(world):
    errors = world.sandbox.stats()["errors"]
    return errors.get("429", 0) + errors.get("throttle200", 0)


def closed_keys(redis):
    return redis.keys("releve:quota:*:closed")


@pytest.mark.parametrize("form", FORMS)
def test_a_throttle_answer_closes_the_bucket_for_everybody_and_fails_nothing(form):
    with World("--population", "40", "--latency", "60:120", quota="200/1s,400/2s") as world:
        running = [start(world, f"prms{i}", 12 * i, 12, "--concurrency", str(SLOTS), RELEVE_LOG="debug")
                   for i in range(2)]
        # From then on both ask for days only: a preflight that is throttled is no request for days.
        wait_until(lambda: data_requests(world) >= 20 and preflights(world) == 2)
        world.sandbox.control(close={"ms": 200, "form": form})
        notices = 0
        for one in running:
            ended = one.end()
            assert ended.code == 0, ended
            notices += ended.err.count(THROTTLED)
            assert "tried again" not in ended.err and "failed" not in ended.err, ended
        assert 1 <= throttled(world) <= 2 * CLOSED_REQUESTS_MAX
        assert notices == throttled(world)
        assert data_requests(world) == 24 * WEEKS + throttled(world)  # each asked again, and nothing else
        assert_within_quota(world)
        assert_all_days(world, 24)


@pytest.mark.parametrize("form", ["wso2", "q4", "retry_after"])
def test_an_absurd_time_closes_for_the_longest_window(form):
    with World("--population", "10", "--latency", "60:120", quota="100/500ms,200/1s") as world:
        world.sandbox.control(close={"ms": 24 * 3600 * 1000, "form": form})
        running = start(world, "prms", 0, 10)
        wait_until(lambda: closed_keys(world.redis), running)
        key, = closed_keys(world.redis)
        assert world.redis.command("PTTL", key) <= 1000
        world.sandbox.control(close={"ms": 0})
        ended = running.end()
        assert ended.code == 0, ended
        assert ended.err.count(THROTTLED) == throttled(world) >= 1
        assert_all_days(world, 10)


def test_while_it_is_closed_nobody_else_sends_and_nobody_polls():
    # v5: everything, tokens included, is one bucket. An answer without a time closes it for the longest window.
    with World("--population", "40", "--latency", "60:120", "--api", "v5", quota="200/1s,400/4s", api="v5") as world:
        first = start(world, "first", 0, 20, "--concurrency", str(SLOTS))
        wait_until(lambda: data_requests(world) >= 10, first)
        world.sandbox.control(close={"ms": 500, "form": "sla"})
        wait_until(lambda: closed_keys(world.redis), first)
        closed, = closed_keys(world.redis)
        channel = closed.replace(":closed", ":due")
        second = start(world, "second", 20, 20, "--concurrency", str(SLOTS))
        wait_until(lambda: world.redis.command("PUBSUB", "NUMSUB", channel)[1] == 2, first, second)
        before = calls(world.redis), switches(first) + switches(second)
        assert world.redis.command("PTTL", closed) > 0
        while world.redis.command("PTTL", closed) > 0:
            after = calls(world.redis), switches(first) + switches(second)
            sent = world.sandbox.stats()
            if world.redis.command("PTTL", closed) > 0:
                assert sent["tokens"] == 1  # the second waits before its very first request
                # What was in flight settles its permit, closes the bucket, and asks once more; the second reads what
                # is known of its 20 usage points and asks once.
                assert after[0] - before[0] <= 3 * CLOSED_REQUESTS_MAX + 20 + 1 + SCRIPT_LOADS_MAX
                # Some wake-ups for each of these, nothing for the passing of time.
                assert after[1] - before[1] <= 10 * (3 * CLOSED_REQUESTS_MAX + 20)
            select.select([], [], [], LOOK_S)
        for one in (first, second):
            ended = one.end()
            assert ended.code == 0, ended
            assert one is first or THROTTLED not in ended.err
        assert 1 <= throttled(world) <= CLOSED_REQUESTS_MAX
        assert_within_quota(world)


# --- no polling ----------------------------------------------------------------------------------------

SCRIPT_LOADS_MAX = 2 * 32  # a script that Redis does not know yet is sent again by all that were on their way


def switches(running):
    """How often the process has gone to sleep."""
    with open(f"/proc/{running.process.pid}/status") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M).group(1))


def test_one_request_costs_a_handful_of_redis_commands_however_long_it_waits():
    points, processes = 20, 2
    requests = points * processes * WEEKS
    with World("--population", "40", "--latency", "0:300", quota="30/1s") as world:
        running = [start(world, f"prms{i}", points * i, points) for i in range(processes)]
        ended = [one.end() for one in running]
        assert [one.code for one in ended] == [0] * processes, ended
        # A request: its permit is asked for and settled, and its days are claimed. When a permit becomes due each process asks: one has it, asks
        # for the next at once, and is refused like the others; once more where a timer was a moment early. A job: what
        # is known of it, and its end.
        most = requests * (4 + processes) + 2 * points * processes + SCRIPT_LOADS_MAX
        assert calls(world.redis) <= most
        # And the process: so many sleeps a request (a socket opened, written, read and closed, four replies of Redis,
        # news of earlier permits), whatever the wait.
        for one in ended:
            assert one.usage.ru_nvcsw <= 40 * points * WEEKS
            if not is_sanitized():
                assert one.usage.ru_utime + one.usage.ru_stime <= 0.01 * points * WEEKS  # s of CPU a request
        assert_within_quota(world)


BEAT_S = 5  # RELEVE_PULSE_MS, RELEVE_VIGIL_MS


def test_a_process_without_permits_sleeps():
    with World("--population", "40", quota="30/10m") as world:
        running = start(world, "prms", 0, 40)
        wait_until(lambda: data_requests(world) == 30, running)
        ledger, = ledgers(world.redis)
        wait_until(lambda: world.redis.command("EXISTS", f"{ledger}:waiting"), running)
        wait_until_still(lambda: calls(world.redis), running)
        before = calls(world.redis), switches(running), time.monotonic()
        wait_until_still(lambda: data_requests(world), running)  # some seconds
        after = calls(world.redis), switches(running), time.monotonic()
        # Every 5 s it says what it does, and looks for its three witnesses (vigil.h), which may be on nodes of their own.
        beats = (after[2] - before[2]) // BEAT_S + 1
        assert after[0] - before[0] <= beats
        assert after[1] - before[1] <= beats * (2 + 1 + 3)
        assert world.interrupt(running).code == 130


# --- shown ---------------------------------------------------------------------------------------------


def assert_names_usage(text, quota):
    """Every progress line says how much of each window is used, never more than its limit; some say it with numbers."""
    named = 0
    for window in quota.split(","):
        used = [int(number) for number in re.findall(rf"\b(\d+) of {re.escape(window)}\b", text)]
        assert all(number <= int(window.split("/")[0]) for number in used), text
        named += len(used) > 0
    assert named == quota.count(",") + 1, text


def test_progress_names_what_is_used_of_each_window_and_when_the_next_permit_is_due():
    with World("--population", "40", quota="100/1s,30/10m") as world:
        terminal, theirs = pty.openpty()
        process = subprocess.Popen([releve_bin(), "backfill", *choose(world, "prms", 0, 40)],
                                   stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, stderr=theirs,
                                   env={**clean_environment(), **world.settings}, cwd=world.directory.name)
        os.close(theirs)
        try:
            text = ""
            for _ in range(LOOKS):
                if "30 of 30/10m" in text and "next permit in 9 min" in text:
                    break
                assert select.select([terminal], [], [], 60)[0], text
                text += os.read(terminal, 65536).decode()
            assert_names_usage(text, world.settings["RELEVE_QUOTA"])
            assert re.search(r"30 of 30/10m, next permit in 9 min", text), text
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            os.close(terminal)
        assert process.returncode == 130


# --- who gets the next permit --------------------------------------------------------------------------


def in_flight(redis):
    """Permits that are granted and whose requests have not been answered yet: recorded as later than now."""
    seconds, micros = map(int, redis.command("TIME"))
    return sum(redis.command("ZCOUNT", key, seconds * 1000000 + micros + 1000000, "+inf") for key in ledgers(redis))


def test_somebody_who_waits_for_one_day_gets_the_next_permit_during_a_deep_backfill_of_thousands():
    with World("--population", "3000", quota="2/2s") as world:
        deep = start(world, "deep", 0, 3000)
        wait_until(lambda: data_requests(world) >= 3, deep)
        for day in ("2026-11-02", "2026-11-03", "2026-11-04"):
            high = world.start("backfill", "--prm", "22516914714270", "--kind", "daily_consumption", "--priority", "high",
                               "--start", day, "--end", day)
            # The ledger keeps the next permit for it, and what was granted before has arrived.
            kept = [f"{key}:first" for key in ledgers(world.redis)]
            wait_until(lambda: any(world.redis.command("EXISTS", key) for key in kept) and in_flight(world.redis) == 0, deep)
            before = data_requests(world)
            assert high.end().code == 0
            # Its own, and what else of the same window left by the time that we look.
            assert data_requests(world) <= before + 2
        deep.signal(signal.SIGINT)
        assert deep.end().code == 130
        assert_within_quota(world)
