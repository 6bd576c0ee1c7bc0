"""releve serve over real sockets: its metrics are what Prometheus takes and what was done, it tells no usage point, refuses
whoever should not ask, and outlives Redis and whoever misbehaves."""
import base64
import ctypes
import http.client
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

import pytest
from jobs import Results, message, prm_of, push, start_worker
from world import World, is_sanitized

CLIENT_0, HOLES, REVOKED = "22516914714270", "42900589957123", "26584978546985"
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
SAMPLE = re.compile(r'^(\w+)(?:\{([^}]*)\})? (\S+)$')
ANSWER_S = 60


class Served:
    """A service that runs in a world, and the way to it."""

    def __init__(self, world, *words, **settings):
        self.world = world
        self.running = world.start("serve", "--listen", "127.0.0.1:0", *words, **settings)
        self.running.wait_until(lambda: b"\n" in os.pread(self.running.out.fileno(), 1000, 0))
        self.line = os.pread(self.running.out.fileno(), 1000, 0).decode()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+) ", self.line)[1])

    def ask(self, path, method="GET", body=None, **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        connection.close()
        return found

    def metrics(self):
        """{(name, labels): value}"""
        status, _, text = self.ask("/metrics")
        assert status == 200, text
        samples = [((found[1], found[2] or ""), float(found[3])) for found in map(SAMPLE.match, text.splitlines()) if found]
        assert len(dict(samples)) == len(samples), "some stand there twice"
        return dict(samples)

    def raw(self, sent):
        """What comes back for these bytes until the service closes, which it does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S) as peer:
            answer = b""
            try:
                peer.sendall(sent)
                while part := peer.recv(65536):
                    answer += part
            except ConnectionError:  # closed before all was read
                pass
            return answer

    def see_what_is_new(self):
        """A look serves whoever asks within a second: asks until one has what is in Redis now."""
        self.world.redis.command("RPUSH", "{releve}:jobs:dead", b"a mark")
        marks = int(self.world.redis.command("LLEN", "{releve}:jobs:dead"))
        until(lambda: json.loads(self.ask("/v1/status")[2])["queues"]["dead"] == marks)

    def end(self):
        self.running.signal(signal.SIGTERM)
        ended = self.running.end()
        assert ended.code == 0, ended
        return ended


def until(there):
    deadline = time.monotonic() + ANSWER_S
    while not there():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.05)


def check_with_promtool(text):
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stderr == checked.stdout == "", checked


def test_metrics_are_what_prometheus_takes_and_what_was_done():
    with World(quota="100/1s,1000/1h") as world:
        served = Served(world)
        check_with_promtool(served.ask("/metrics")[2])  # nothing was done yet
        world.run("backfill", "--prm", CLIENT_0, "--prm", HOLES, "--prm", REVOKED, "--start", "2026-10-01")
        push(world.redis, b"no worker reads it", message(CLIENT_0, created_at="2026-11-19T00:00:00Z"), to="low")
        served.world.redis.command("LPUSH", "{releve}:jobs:dead", b"x")
        served.see_what_is_new()
        status, headers, text = served.ask("/metrics")
        assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        check_with_promtool(text)
        found, stats = served.metrics(), world.sandbox.stats()
        requests = {labels: value for (name, labels), value in found.items() if name == "releve_requests_total"}
        assert sum(requests.values()) == stats["requests"] == found["releve_upstream_request_duration_seconds_count", ""]
        assert requests['kind="token",verdict="token"'] == 1 and requests['kind="token",verdict="throttled"'] == 0
        states = {}
        for day in map(json.loads, world.redis.days().values()):
            label = f'kind="{day["kind"]}",state="{day["state"]}"'
            states[label] = states.get(label, 0) + 1
        assert {labels: value for (name, labels), value in found.items() if name == "releve_stored_total" and value > 0} == states
        assert found["releve_jobs_total", 'kind="daily_consumption",state="failed"'] == 1
        for labels in ('api="mesure_synchrone_auto",window="1h"', 'api="oauth2",window="1s"'):
            assert found["releve_quota_limit_requests", labels] == found["releve_quota_used_requests", labels] + found[
                "releve_quota_left_requests", labels]
        assert found["releve_quota_used_requests", 'api="oauth2",window="1h"'] == 1
        assert found["releve_queue_jobs", 'class="low"'] == 2 and found["releve_dead_messages", ""] == 2
        assert found["releve_workers", ""] == found["releve_commands", ""] == 0
        assert not any(prm in text for prm in (CLIENT_0, HOLES, REVOKED))
        served.end()


def test_for_how_long_redis_has_not_served_who_works_is_measured():
    with World() as world:
        served = Served(world)
        now = int(world.redis.command("TIME")[0])
        for name, ms in (("get.a", 0), ("get.b", 7000), ("get.c", 90000)):
            world.redis.command("HSET", "{releve}:pulses", name, f'{now}000 {{"command":"get","redis_away_ms":{ms},"redis_why":"x"}}')
        served.see_what_is_new()
        found = served.metrics()
        assert (found["releve_processes_redis_away", ""], found["releve_redis_away_seconds", ""]) == (2, 90)
        assert (found["releve_processes_away", ""], found["releve_upstream_away_seconds", ""]) == (0, 0)
        check_with_promtool(served.ask("/metrics")[2])
        served.end()


@pytest.mark.slow
def test_workers_and_the_age_of_what_waits_are_shown():
    with World("--population", "20", "--latency", "60000", quota="100/1s") as world:
        served = Served(world)
        push(world.redis, message(prm_of(4), created_at="2026-11-18T12:00:00Z"), to="high")
        until(lambda: served.metrics()["releve_queue_jobs", 'class="high"'] == 1)
        assert 86400 * 0.4 < served.metrics()["releve_queue_oldest_age_seconds", 'class="high"'] < 86400 * 1.6
        push(world.redis, *(message(prm_of(i)) for i in range(3)))
        worker = start_worker(world, "slow")
        until(lambda: served.metrics()["releve_requests_in_flight", ""] > 0)
        found = served.metrics()
        assert found["releve_workers", ""] == 1 and found["releve_jobs_held", ""] == 4 and found["releve_queue_jobs", 'class="high"'] == 0
        assert ("releve_queue_oldest_age_seconds", 'class="high"') not in found
        worker.signal(signal.SIGKILL)
        worker.end()
        until(lambda: served.metrics()["releve_workers", ""] == 0)  # its heart is not heard any more
        assert served.metrics()["releve_jobs_held", ""] == 4
        served.end()


def test_status_is_what_the_command_prints():
    with World(quota="100/1s,1000/1h") as world:
        world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption")
        served = Served(world)
        status, headers, body = served.ask("/v1/status")
        shown = json.loads(world.run("status", "--json").out)
        given = json.loads(body)
        for one in (shown, given):
            for bucket in one["quota"]:
                del bucket["next_ms"], bucket["windows"][0]["used"]  # of the last second
        assert (status, headers["content-type"]) == (200, "application/json") and given == shown
        served.end()


def test_the_windows_of_a_quota_stand_there_once_in_any_order():
    with World() as world:
        served = Served(world, RELEVE_QUOTA="1000/1h,5/1s,7/1s")
        found = served.metrics()  # in which nothing stands twice
        limits = {labels: value for (name, labels), value in found.items() if name == "releve_quota_limit_requests" and "oauth2" in labels}
        assert limits == {'api="oauth2",window="1h"': 1000, 'api="oauth2",window="1s"': 5}
        served.end()


def test_without_a_client_id_it_knows_no_quota():
    with World(quota="100/1s") as world:
        served = Served(world, CLIENT_ID=None, CLIENT_SECRET=None)
        text = served.ask("/metrics")[2]
        check_with_promtool(text)
        assert "releve_quota_used_requests{" not in text and "releve_workers 0" in text
        served.end()


@pytest.mark.parametrize("headers, method, path, body, status", [
    ({}, "GET", "/", None, 200), ({}, "HEAD", "/metrics", None, 200), ({}, "GET", "/metrics?x=1", None, 200),
    ({"Host": "localhost"}, "GET", "/metrics", None, 200), ({"Host": "[fd00::1]:80"}, "GET", "/metrics", None, 200),
    ({"Host": "[fd00::2]"}, "GET", "/metrics", None, 421), ({"Host": "LOCALHOST:1"}, "GET", "/metrics", None, 200),
    ({"Host": "[::1]:8752"}, "GET", "/metrics", None, 200), ({"Host": "metering.example"}, "GET", "/metrics", None, 200),
    ({"Host": "metering.example:443", "Origin": "https://metering.example:443"}, "GET", "/metrics", None, 200),
    ({"Host": "evil.example"}, "GET", "/metrics", None, 421), ({"Host": "localhost.evil.example"}, "GET", "/", None, 421),
    ({"Host": "localhost:80x"}, "GET", "/", None, 421), ({"Host": ""}, "GET", "/", None, 421),
    ({"Host": "localhost", "Origin": "http://evil.example"}, "GET", "/", None, 403), ({"Origin": "null"}, "GET", "/", None, 403),
    ({}, "POST", "/metrics", "x", 405), ({}, "DELETE", "/metrics", None, 405), ({}, "OPTIONS", "/metrics", None, 405),
    ({}, "GET", "/metrics", "a body", 413), ({}, "GET", "/nothing", None, 404), ({}, "GET", "/metrics/", None, 404),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, "GET", "/metrics", None, 403),
    ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, "GET", "/v1/events", None, 403),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, "GET", "/", None, 403),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, "GET", "/", None, 200),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, "GET", "/metrics", None, 403),
    ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, "GET", "/metrics", None, 200), ({"Sec-Fetch-Site": "none"}, "GET", "/metrics", None, 200),
    ({"Content-Length": "0"}, "GET", "/metrics", None, 200), ({}, "GET", "//metrics", None, 404), ({}, "GET", "/v1/../metrics", None, 404)])
def test_who_may_ask_and_how(guarded, headers, method, path, body, status):
    got, given, text = guarded.ask(path, method, body, **headers)
    assert got == status, (got, text)
    assert given["cache-control"] in ("no-store", "no-cache", "no-cache, private") and given["x-content-type-options"] == "nosniff"
    assert given["content-security-policy"].startswith("default-src 'none'") and "access-control-allow-origin" not in given
    assert (given.get("allow") == "GET, HEAD") == (status == 405)
    assert method == "HEAD" or text.endswith("\n"), text


@pytest.mark.parametrize("twice", [b"Host: localhost\r\nHost: evil.example\r\n", b"Host: localhost\r\nHost: localhost\r\n",
                                   b"Host: localhost\r\nContent-Length: 0\r\nContent-Length: 45\r\n",
                                   b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n"])
def test_a_header_that_decides_stands_there_once(guarded, twice):
    assert b" 400 " in guarded.raw(b"GET /metrics HTTP/1.1\r\n" + twice + b"Connection: close\r\n\r\n").split(b"\r\n")[0]


@pytest.mark.parametrize("line", [b"Content-Length : 42\r\n", b"Transfer-Encoding : chunked\r\n", b" Content-Length: 42\r\n", b"X: y\r Content-Length: 42\r\n",
                                  b"Content-Length: +42\r\n", b"Content-Length: 4 2\r\n", b"Transfer-Encoding: identity\r\n", b"X\x00: y\r\n"])
def test_a_request_that_others_may_frame_otherwise_is_not_followed_by_another(guarded, line):
    """A proxy in front could have read a body there, in which the second request stands."""
    answer = guarded.raw(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert re.match(rb"HTTP/1\.1 4\d\d ", answer) and b" 200 " not in answer and b" 404 " not in answer, answer[:1000]


@pytest.fixture(scope="module")
def guarded():
    with World() as world:
        served = Served(world, "--host", "metering.example", "--host", "[fd00::1]")
        yield served
        served.end()


def test_what_anybody_has_written_into_redis_comes_into_no_label():
    with World() as world:
        served = Served(world)
        for name, value in (("requests:token:token", "9" * 30), ("requests:x\"}\n:data", "1"), (f"jobs:{CLIENT_0}:done", "5"), ("granted:a\"b@1", "1"),
                            ("granted:oauth2@" + "a" * 100, "1"), ("granted:good@1a", "3"), ("upstream:99", "1"), ("x" * 500, "1"),
                            ("days:daily_consumption:hole", "-4"), ("days:daily_consumption:complete", "1e5")):
            world.redis.command("HSET", "{releve}:counters", name, value)
        now, _ = world.redis.command("TIME")
        world.redis.command("HSET", "{releve}:pulses", "a", f'{int(now) * 1000} {{"command":"x\\"}}","away_ms":"y","requests_in_flight":1e308,"retry_ms":1e999}}')
        world.redis.command("LPUSH", "{releve}:jobs:dead", '{"error":1e999}')
        world.redis.command("XADD", "{releve}:results", "*", "json", '{"state":"failed","prm":1e999,"error":{"x":1e999}}')
        world.redis.command("LPUSH", "{releve}:jobs:high", json.dumps({"created_at": "9999-99-99T00:00:00Z"}))
        text = served.ask("/metrics")[2]
        check_with_promtool(text)
        assert CLIENT_0 not in text and 'api="good",application="1a"} 3' in text and text.count("releve_permits_granted_total{") == 1
        world.redis.command("RPUSH", "{releve}:jobs:low", json.dumps({"created_at": "2026-11-18T12:00:00Z", "x": "y" * 20000}))  # no job
        served.see_what_is_new()
        assert "releve_queue_oldest_age_seconds{" not in served.ask("/metrics")[2]
        world.redis.command("DEL", "{releve}:counters")
        world.redis.command("SET", "{releve}:counters", "text")
        time_to_look_again_or_fail(served)
        served.end()


def time_to_look_again_or_fail(served):
    """A key of another type is Redis's refusal: 503, and it is served again when that is put right."""
    until(lambda: served.ask("/metrics")[0] == 503)
    assert served.ask("/metrics")[1]["retry-after"] == "5"
    served.world.redis.command("DEL", "{releve}:counters")
    until(lambda: served.ask("/metrics")[0] == 200)


@pytest.mark.slow
def test_it_outlives_a_redis_that_goes_away():
    with World() as world:
        served = Served(world)
        assert served.ask("/metrics")[0] == 200
        world.redis.kill()
        until(lambda: served.ask("/metrics")[0] == 503)
        world.redis.start()
        until(lambda: served.ask("/metrics")[0] == 200)
        ended = served.end()
        assert "releve: Redis: " in ended.err, ended


def trickle(peers):
    for peer in peers:
        try:
            peer.sendall(b"X: y\r\n")
        except OSError:  # the service has had enough
            pass


@pytest.mark.slow
def test_who_sends_little_at_a_time_holds_no_connection_for_ever():
    """More of them than there may be connections: their time is over, however often something comes."""
    with World() as world:
        served = Served(world)
        slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(520)]
        for peer in slow:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")

        def is_served():
            trickle(slow)
            try:
                return served.ask("/metrics")[0] == 200
            except OSError:  # there is no room yet
                return False
        until(is_served)
        for peer in slow:
            peer.close()
        served.end()


@pytest.mark.slow
def test_who_is_slow_or_talks_nonsense_keeps_nobody_from_an_answer():
    with World() as world:
        served = Served(world)
        slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(200)]
        try:
            for peer in slow:
                peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
            assert served.ask("/metrics")[0] == 200
            for sent in (b"\x00" * 1000, b"GET\r\n\r\n", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n", os.urandom(4096),
                         b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n", b"GET /metrics HTTP/9.9\r\nHost: localhost\r\n\r\n",
                         b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                         b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"\r\n" * 5000,
                         b"GET %00%ff/../%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
                answer = served.raw(sent)
                assert answer == b"" or re.match(rb"HTTP/1\.[01] (4\d\d|505) ", answer), (sent[:60], answer[:100])
            assert served.ask("/metrics")[0] == 200
        finally:
            for peer in slow:
                peer.close()
        served.end()


def calls(world):
    """Of scripts, that Redis has had."""
    return int(re.search(rb"cmdstat_evalsha:calls=(\d+)", world.redis.command("INFO", "commandstats"))[1])


def test_a_look_that_fails_is_not_taken_again_for_each_who_asks():
    with World() as world:
        served = Served(world)
        world.redis.command("SET", "{releve}:counters", "text")
        until(lambda: served.ask("/metrics")[0] == 503)
        before = calls(world)
        began = time.monotonic()
        for _ in range(500):
            served.ask("/metrics")
        looks = 2 + (time.monotonic() - began)  # one a second
        assert calls(world) - before < looks * 40
        served.end()


def test_who_waits_when_it_ends_is_told():
    """Redis stands still: all of them wait, one has gone away."""
    with World() as world:
        served = Served(world)
        world.redis.partition()
        try:
            peers = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(21)]
            for peer in peers:
                peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            peers[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            peers[0].close()
            assert served.ask("/")[0] == 200  # behind them: they have arrived
            served.running.signal(signal.SIGTERM)
            for peer in peers[1:]:
                answer = peer.recv(10000)
                assert answer.startswith(b"HTTP/1.1 503 ") and (b"The service ends." in answer or b"Redis does not answer" in answer), answer
            ended = served.running.end()
            assert ended.code == 0, ended
        finally:
            world.redis.heal()


def test_who_waits_is_answered_when_redis_goes_on():
    with World() as world:
        served = Served(world)
        world.redis.partition()
        peer = socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S)
        peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert served.ask("/")[0] == 200
        world.redis.heal()
        assert re.match(rb"HTTP/1\.1 (200|503) ", peer.recv(10000))
        until(lambda: served.ask("/metrics")[0] == 200)
        peer.close()
        served.end()


def test_many_who_ask_at_once_share_a_look():
    with World() as world:
        served = Served(world)
        served.ask("/metrics")
        peers = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(300)]
        before = calls(world)
        for peer in peers:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = [b"".join(iter(lambda: peer.recv(65536), b"")) for peer in peers]
        assert {answer.split(b" ")[1] for answer in answers} <= {b"200", b"503"} and answers[0].split(b" ")[1] == b"200"
        assert calls(world) - before < 150  # a look is a dozen calls
        served.end()


@pytest.mark.parametrize("words, said", [
    (("--listen", "0.0.0.0:8752"), "--password-file says who may ask"), (("--listen", "[::]:1"), "--password-file says who may ask"),
    (("--listen", "example.org:1"), "no address"), (("--listen", "127.0.0.1"), "write HOST:PORT"), (("--listen", "127.0.0.1:99999"), "write HOST:PORT"),
    (("--host", "a:1"), "with no port"), (("--host", ""), "a name of letters"), (("--host", "[::g]"), "IPv6 in brackets"), (("--port", "1"), "unknown option --port")])
def test_a_wrong_command_line_is_refused(words, said):
    with World() as world:
        ended = world.run("serve", *words)
        assert ended.code == 2 and said in ended.err and len(ended.err.splitlines()) == 1, ended


def test_a_port_that_is_taken_and_a_redis_that_is_not_there_are_said():
    with World() as world:
        served = Served(world)
        ended = world.run("serve", "--listen", f"127.0.0.1:{served.port}")
        assert ended.code == 2 and "is another one running?" in ended.err, ended
        served.end()
        ended = world.run("serve", "--listen", "127.0.0.1:0", RELEVE_REDIS="redis://127.0.0.1:9")
        assert ended.code == 4 and "cannot connect to Redis" in ended.err, ended


# --- rules and dashboard -----------------------------------------------------------------------------------------------

def rule_cases():
    """(alert, what is measured each minute, whether it fires in the end)"""
    def requests(kind, verdict):
        return f'releve_requests_total{{job="releve",instance="a",kind="{kind}",verdict="{verdict}"}}'

    def jobs(state):
        return f'releve_jobs_total{{job="releve",instance="a",kind="contracts",state="{state}"}}'

    def of(name, labels=""):
        return f'{name}{{job="releve",instance="a"{labels}}}'
    waits, idle = {of("releve_queue_jobs", ',class="low"'): "5x100"}, {of("releve_queue_jobs", ',class="low"'): "0x100"}
    slow = {f'releve_redis_command_duration_seconds_bucket{{job="releve",instance="a",le="{le}"}}': series
            for le, series in (("0.512", "0+90x100"), ("1.024", "0+100x100"), ("+Inf", "0+100x100"))}
    quick = {name.replace('le="0.512"', 'le="0.001"'): "0+100x100" for name in slow}
    yield from (
        ("ReleveRedisAway", {of("up"): "0x100"}, True), ("ReleveRedisAway", {of("up"): "1x100"}, False),
        ("ReleveNoWorker", {**waits, of("releve_workers"): "0x100"}, True), ("ReleveNoWorker", {**waits, of("releve_workers"): "1x100"}, False),
        ("ReleveNoWorker", {**idle, of("releve_workers"): "0x100"}, False),
        ("ReleveQueueStands", {of("releve_queue_oldest_age_seconds", ',class="high"'): "0+60x100"}, True),
        ("ReleveQueueStands", {of("releve_queue_oldest_age_seconds", ',class="high"'): "300x100"}, False),
        ("ReleveRedisDoesNotServe", {of("releve_redis_away_seconds"): "0+60x100"}, True),
        ("ReleveRedisDoesNotServe", {of("releve_redis_away_seconds"): "12x100"}, False),
        ("ReleveUpstreamAway", {of("releve_upstream_away_seconds"): "0+60x100"}, True),
        ("ReleveUpstreamAway", {of("releve_upstream_away_seconds"): "60x100"}, False),
        ("ReleveThrottled", {requests("curves", "throttled"): "0x50 2x50"}, True), ("ReleveThrottled", {requests("curves", "throttled"): "0x50 1x50"}, False),
        ("ReleveCredentialsRefused", {requests("token", "credentials_refused"): "0x50 1x50"}, True),
        ("ReleveCredentialsRefused", {requests("token", "credentials_refused"): "3x100"}, False),
        ("ReleveApiRefused", {requests("contracts", "api_refused"): "0x80 1x20"}, True),
        ("ReleveApiRefused", {requests("contracts", "api_refused"): "1x100"}, False),
        ("ReleveJobsFail", {jobs("failed"): "0+1x100", jobs("done"): "0+3x100"}, True), ("ReleveJobsFail", {jobs("failed"): "0+1x100", jobs("done"): "0+30x100"}, False),
        ("ReleveDeadMessages", {of("releve_dead_messages"): "0x80 1x20"}, True), ("ReleveDeadMessages", {of("releve_dead_messages"): "10000x100"}, True),
        ("ReleveDeadMessages", {of("releve_dead_messages"): "7x100"}, False),
        ("ReleveRedisSlow", slow, True), ("ReleveRedisSlow", quick, False))


@pytest.mark.slow
@pytest.mark.skipif(is_sanitized(), reason="it runs in one build: the rules are no C")
def test_each_rule_fires_when_it_should_and_not_when_it_should_not(tmp_path):
    cases, rules = list(rule_cases()), (DOCS / "alerts.yml").read_text()
    assert {(alert, fires) for alert, _, fires in cases} == {(alert, fires) for alert in re.findall(r"alert: (\w+)", rules) for fires in (True, False)}
    for alert, series, fires in cases:
        test = {"rule_files": [str(DOCS / "alerts.yml")], "evaluation_interval": "1m", "tests": [
            {"interval": "1m", "input_series": [{"series": name, "values": values} for name, values in series.items()],
             "promql_expr_test": [{"expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})', "eval_time": "95m",
                                   "exp_samples": [{"labels": "{}", "value": 1}] if fires else []}]}]}
        path = tmp_path / "case.yml"
        path.write_text(json.dumps(test))  # JSON is YAML
        done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
        assert done.returncode == 0, (alert, fires, done.stdout + done.stderr)


def expressions():
    dashboard = json.loads((DOCS / "grafana.json").read_text())
    yield from (target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    yield from re.findall(r"expr: (?:>-\n)?(.+?)\n +(?:for|labels):", (DOCS / "alerts.yml").read_text(), re.DOTALL)


def test_rules_dashboard_and_page_name_what_there_is():
    checked = subprocess.run(["promtool", "check", "rules", DOCS / "alerts.yml"], capture_output=True, text=True)
    assert checked.returncode == 0 and "SUCCESS" in checked.stdout, checked
    with World() as world:
        served = Served(world)
        text = served.ask("/metrics")[2]
        served.end()
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    labels = {(name, value) for name, value in re.findall(r'(\w+)="([^"]*)"', text)}
    for expression in expressions():
        used = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\breleve_\w+", expression)}
        assert used <= there, used - there
        for name, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', expression):
            assert name == "job" or all((name, one) in labels for one in value.split("|")), (name, value)
    page = (DOCS / "metrics.md").read_text()
    assert {name for name in there if name not in page} <= {"releve_quota_used_requests", "releve_quota_left_requests"}


# --- the password ------------------------------------------------------------------------------------------------

RIGHT = "corrèct horse"


libcrypt = ctypes.CDLL("libcrypt.so.1")
libcrypt.crypt.restype = ctypes.c_char_p


def hash_of(password, setting):
    return libcrypt.crypt(password.encode(), setting.encode()).decode() + "\n"


def write_secret(world, text, mode=0o600):
    path = world.write("hash", text)
    os.chmod(path, mode)
    return path


def basic(password, name="anybody"):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("setting", ["$y$j9T$9k2SGpmF0Hv8GdYUJj7Zc1$", "$6$saltsalt$", "$2b$06$abcdefghijklmnopqrstuu"])
def test_whoever_asks_has_to_give_the_password(setting):
    with World() as world:
        served = Served(world, "--password-file", write_secret(world, hash_of(RIGHT, setting)))
        for path in ("/", "/metrics", "/v1/status", "/nothing"):
            status, headers, _ = served.ask(path)
            assert status == 401 and headers["www-authenticate"] == 'Basic realm="releve", charset="UTF-8"'
        for wrong in (basic("wrong"), basic(""), basic(RIGHT + "x"), basic("x" * 5000), "Basic", "Basic %%%", "Bearer " + RIGHT, "Basic " + "A" * 400):
            assert served.ask("/metrics", Authorization=wrong)[0] == 401, wrong
        for name in ("anybody", "", "prometheus"):
            assert served.ask("/metrics", Authorization=basic(RIGHT, name))[0] == 200
        assert served.ask("/metrics", Authorization=basic("wrong"))[0] == 401
        assert served.ask("/metrics", Authorization=basic(RIGHT))[0] == 200
        assert served.ask("/metrics", Authorization=basic(RIGHT), Host="evil.example")[0] == 421
        ended = served.end()
        assert RIGHT not in ended.out + ended.err


def test_who_guesses_keeps_nobody_out_who_has_asked_before():
    with World() as world:
        served = Served(world, "--password-file", write_secret(world, hash_of(RIGHT, "$6$saltsalt$")))
        assert served.ask("/metrics", Authorization=basic(RIGHT))[0] == 200
        guess = f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic('wrong')}\r\nConnection: close\r\n\r\n".encode()
        peers = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(40)]
        for peer in peers:
            peer.sendall(guess)
        assert served.ask("/metrics", Authorization=basic(RIGHT))[0] == 200  # while they wait
        first = peers[0].recv(1000)
        assert first.startswith(b"HTTP/1.1 401"), first
        late = peers[-1].recv(1000)
        assert late.startswith(b"HTTP/1.1 503") and b"Retry-After" in late, late  # a few are checked, the others told at once
        served.end()  # in the middle of a check, or of the wait behind it
        for peer in peers:
            peer.close()


def test_other_machines_reach_it_with_a_password_only():
    with World() as world:
        path = write_secret(world, hash_of(RIGHT, "$6$saltsalt$"))
        running = world.start("serve", "--listen", "0.0.0.0:0", "--password-file", path)
        running.wait_until(lambda: b"\n" in os.pread(running.out.fileno(), 1000, 0))
        port = int(re.search(rb"http://0\.0\.0\.0:(\d+) ", os.pread(running.out.fileno(), 1000, 0))[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
        connection.request("GET", "/metrics", headers={"Authorization": basic(RIGHT)})
        assert connection.getresponse().status == 200
        connection.close()
        running.signal(signal.SIGTERM)
        ended = running.end()
        assert ended.code == 0 and "put TLS in front of it" in ended.err, ended


@pytest.mark.parametrize("text, mode, said", [
    ("secret\n", 0o600, "is no hash"), ("", 0o600, "is no hash"), ("$1$abc$qNt27TTM8hAT4rsVqSfVx/\n", 0o600, "is no hash"), ("$y$\n", 0o600, "is no hash"),
    (hash_of("x", "$6$saltsalt$"), 0o644, "others may read it: chmod 600"), (None, 0o600, "No such file")])
def test_a_password_file_that_is_none_is_refused(text, mode, said):
    with World() as world:
        path = write_secret(world, text, mode) if text is not None else "nowhere"
        ended = world.run("serve", "--listen", "127.0.0.1:0", "--password-file", path)
        assert ended.code == 2 and said in ended.err and len(ended.err.splitlines()) == 1, ended
        assert not text or text.strip() not in ended.err
