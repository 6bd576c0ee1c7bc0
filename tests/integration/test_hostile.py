"""releve serve among clients that mean harm: hundreds that are slow, that do not read and that hold streams, garbage and wrong
requests as fast as they go, and good requests that cost much, in a loop. A worker beside it finishes its jobs, everybody who
asks in earnest is answered, and what was taken is given back. Nothing here is timed."""
import datetime
import hashlib
import json
import os
import random
import select
import socket
import subprocess
import threading
import time

import pytest
from jobs import Results, message, peak_kb, prm_of, push, start_worker
from sandbox import releve_bin
from test_serve import ANSWER_S, Served, basic, until
from world import RUN_S, World, is_sanitized

# The load is the same in every build, and what it would show of our own code the fuzz target shows under sanitizers.
pytestmark = pytest.mark.skipif(is_sanitized(), reason="the load is for the release build; sanitizers have tests/fuzz/fuzz_request.c")

JOBS = 200
SLOW = 200  # clients that say or read little or nothing
SENDERS = 48  # connections that send garbage at once
GARBAGE = 30000  # requests of it in all
ENDLESS = 10**9  # requests that nobody waits for
READERS = 60  # of large answers, who do not read
MEMORY_KB_MAX = 110 * 1024  # of serve; 64 MB of answers that nobody reads, and what it needs itself
TOKEN = "a-token-of-one-usage-point"
POINT, OTHER = "22516914714270", "30000000000000"
BUILD = os.path.join(os.path.dirname(os.path.realpath(releve_bin())), "..", "..")
HOST = b"Host: localhost\r\n"


def descriptors(running):
    return len(os.listdir(f"/proc/{running.process.pid}/fd"))


def answer_in_the_end(served, path, **headers):
    """Five seconds are not long on a slow machine: who is told to come again does so."""
    deadline = time.monotonic() + RUN_S
    while (answer := served.ask(path, **headers))[0] == 503:
        assert time.monotonic() < deadline, path
    return answer


def write_tokens(world, *prms):
    path = world.write("tokens", f"{hashlib.sha256(TOKEN.encode()).hexdigest()} {' '.join(prms)}\n")
    os.chmod(path, 0o600)
    return path


# --- what they send ------------------------------------------------------------------------------------------------------


def wrong_requests():
    """Requests that are wrong in one way each, and garbage; many are followed by another on the same connection."""
    def get(path=b"/metrics", headers=b"", version=b"1.1", method=b"GET"):
        return method + b" " + path + b" HTTP/" + version + b"\r\n" + HOST + headers + b"\r\n"
    noise = random.Random(1)
    bearer = b"Authorization: Bearer nobody-has-this\r\n"
    return [
        noise.randbytes(300), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise.randbytes(200), b"\r\n" * 50, b"GET\r\n\r\n", b"\x00" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", get(version=b"9.9"), get(version=b"1.0"), get(method=b"POST"), get(method=b"PUT"), get(method=b"DELETE"),
        get(method=b"OPTIONS"), get(method=b"TRACE"), get(method=b"X" * 3000), b"GET /metrics HTTP/1.1\r\n\r\n", get(headers=b"X: " + b"y" * 30000 + b"\r\n"),
        get(headers=b"X: y\r\n" * 900), get(headers=HOST), get(headers=b"Content-Length: 0\r\nContent-Length: 5\r\n"), get(headers=b"Content-Length: -1\r\n"),
        get(headers=b"Content-Length: 99999999999999999999\r\n"), get(headers=b"Content-Length : 5\r\n"), get(headers=b"X : y\r\n"),
        get(headers=b"Origin: http://evil.example\r\n"), get(headers=b"Sec-Fetch-Site: cross-site\r\n"), b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        get(method=b"POST", headers=b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", get(headers=b"Transfer-Encoding: chunked\r\n") + b"ffffffffffffffff\r\n",
        get(method=b"POST", headers=b"Expect: 100-continue\r\nContent-Length: 1000000\r\n"), get(headers=b"Expect: a-miracle\r\n"), get(b"/%00"), get(b"/metrics%00"),
        get(b"/%zz%"), get(b"/%ff%fe/../%2e%2e/etc/passwd"), get(b"/" + b"a/" * 3000), get(b"/v1/points/%ff"), get(b"/v1/points/1"), get(b"/v1/points?" + b"limit=5&" * 900),
        get(b"/v1/points?limit=99999999999999999999"), get(b"/v1/points?search=%27%22%3c"), get(b"/v1/points/" + POINT.encode() + b"/days/none/2026-11-01"),
        get(b"http://localhost/nothing"), get(b"http://evil.example/metrics"), get(b"*"), get(b"/metrics#x"), b"GET /metrics\r\n\r\n", b"GET  /metrics  HTTP/1.1\r\n" + HOST + b"\r\n",
        get(b"/api/daily_consumption?prm=" + POINT.encode() + b"&start=2026-10-01&end=2026-10-02", bearer), get(b"/api/daily_consumption"), get(b"/api/x?" + b"a&" * 2000, bearer),
        get(headers=b"Authorization: " + basic("guess").encode() + b"\r\n"), get(headers=b"Authorization: Basic " + b"A" * 4000 + b"\r\n"), get(headers=b"X: y\r\n z\r\n"),
        get(b"/nothing") * 20, get(method=b"HEAD", path=b"/nothing") * 20]


def start_storm(world, port, requests, count, connections):
    """Sends so many of them in turn, over so many connections, as fast as they are answered (bench/storm.c)."""
    files = [world.write(f"request-{i}", request) for i, request in enumerate(requests)]
    return subprocess.Popen([os.path.join(BUILD, "bench", "storm"), str(port), str(count), str(connections), *files], stdout=subprocess.PIPE, text=True)


def hold(port, number):
    """A client that says nothing, half of something, or asks and does not read."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    peer.connect(("127.0.0.1", port))
    peer.setblocking(False)
    peer.send([b"", b"GET /metrics HTTP/1.1\r\nHost: local", b"GET /v1/events HTTP/1.1\r\n" + HOST + b"\r\n",
               (b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n") * 20][number % 4])
    return peer


class Crowd:
    """Threads that go on until they are told to end; what failed in one fails the test."""

    def __init__(self):
        self.threads, self.over, self.failures = [], threading.Event(), []

    def add(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except BaseException as failure:  # shown by end()
                self.failures.append(failure)
        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


def trickle(crowd, port):
    """The slow ones: each that still may sends a byte, and who was thrown out comes again."""
    peers = [hold(port, i) for i in range(SLOW)]
    while not crowd.over.wait(0.2):
        for i, peer in enumerate(peers):
            try:
                peer.send(b"X")
            except BlockingIOError:
                pass
            except OSError:
                peer.close()
                peers[i] = hold(port, i)
    for peer in peers:
        peer.close()


def ask_for_much(crowd, served):
    while not crowd.over.is_set():
        assert served.ask("/v1/points?limit=20")[0] in (200, 503)


# --- the tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_and_those_who_ask_in_earnest_go_on_among_hundreds_who_mean_harm():
    with World("--population", str(JOBS)) as world:
        served = Served(world, "--token-file", write_tokens(world, POINT))
        worker = start_worker(world)
        assert served.ask("/metrics")[0] == 200
        before = descriptors(served.running)
        crowd = Crowd()
        crowd.add(trickle, crowd, served.port)
        for _ in range(4):
            crowd.add(ask_for_much, crowd, served)
        storm = start_storm(world, served.port, wrong_requests(), GARBAGE, SENDERS)
        with Results(world.redis) as stream:
            push(world.redis, *(message(prm_of(i), start="2026-11-01", end="2026-11-08") for i in range(JOBS)))
            assert {result["state"] for result in stream.take(JOBS)} == {"done"}
            for path in ("/", "/metrics", "/v1/status", f"/v1/points/{prm_of(0)}/days/daily_consumption/2026-11-02"):
                assert answer_in_the_end(served, path)[0] == 200, path
            wanted = f"/api/daily_consumption?prm={POINT}&start=2026-10-01&end=2026-10-08"
            answer = answer_in_the_end(served, wanted, Authorization=f"Bearer {TOKEN}")
            assert answer[0] == 200 and len(json.loads(answer[2])["interval_reading"]) == 7, answer
            assert stream.one()["state"] == "done"
        said, _ = storm.communicate(timeout=RUN_S)
        assert storm.returncode == 0 and said.startswith(f"{GARBAGE} requests, "), said
        crowd.end()
        for path in ("/", "/metrics", "/v1/status", "/v1/points?limit=20"):
            assert answer_in_the_end(served, path)[0] == 200, path
        until(lambda: descriptors(served.running) <= before)
        worker.process.terminate()
        assert worker.end().code == 0
        assert peak_kb(served.running) < MEMORY_KB_MAX
        served.end()


@pytest.mark.slow
def test_answers_that_nobody_reads_take_little_memory():
    with World() as world:
        served = Served(world)
        point = [[minute, 5, 1000] for minute in range(0, 1440, 5)]
        stored = []
        for i in range(400):
            date = (datetime.date(2025, 1, 1) + datetime.timedelta(i)).isoformat()
            stored += [f"releve:day:{{{POINT}}}:consumption_load_curve:{date}", json.dumps(
                {"prm": POINT, "kind": "consumption_load_curve", "date": date, "state": "complete", "unit": "W", "points": point, "quality": None,
                 "source": "2026", "fetched_at": "2026-11-19T08:00:00Z"}, separators=(",", ":"))]
        world.redis.command("MSET", *stored)
        path = f"/v1/points/{POINT}/days/consumption_load_curve?start=2025-01-01&end=2026-02-05"
        assert len(served.ask(path)[2]) > 1_000_000
        readers = []
        for _ in range(READERS):
            readers.append(hold(served.port, 0))
            readers[-1].send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for reader in readers:  # each is answered, or told to come again
            assert select.select([reader], [], [], ANSWER_S)[0]
        assert served.ask("/metrics")[0] == 200
        for reader in readers:
            reader.close()
        assert peak_kb(served.running) < MEMORY_KB_MAX
        served.end()


@pytest.mark.slow
def test_a_loop_of_what_costs_much_keeps_nobody_from_what_costs_little():
    """300 who ask for pages of usage points, again and again: metrics, a day and the Conso API have room of their own, and are
    answered while the others go on."""
    with World("--population", "30") as world:
        days = ("--kind", "daily_consumption", "--start", "2026-11-01")
        assert world.run("backfill", *(word for i in range(30) for word in ("--prm", prm_of(i))), "--prm", POINT, *days).code == 0
        served = Served(world, "--token-file", write_tokens(world, POINT))
        storm = start_storm(world, served.port, [b"GET /v1/points?limit=20 HTTP/1.1\r\n" + HOST + b"\r\n"], ENDLESS, 300)
        try:
            for _ in range(3):
                assert answer_in_the_end(served, "/metrics")[0] == 200
                assert answer_in_the_end(served, f"/v1/points/{prm_of(3)}/days/daily_consumption/2026-11-02")[0] == 200
                status, _, body = answer_in_the_end(served, f"/api/daily_consumption?prm={POINT}&start=2026-11-01&end=2026-11-08",
                                                    Authorization=f"Bearer {TOKEN}")
                assert status == 200, body
            assert storm.poll() is None
        finally:
            storm.kill()
            storm.communicate()
        served.end()


def test_a_token_of_one_usage_point_queues_a_few_jobs_at_once():
    with World() as world:
        served = Served(world, "--token-file", write_tokens(world, POINT))
        peers = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(40)]
        for i, peer in enumerate(peers):
            peer.sendall(f"GET /api/daily_consumption?prm={POINT}&start=2026-{1 + i // 20:02}-{1 + i % 20:02}&end=2026-06-01 HTTP/1.1\r\nHost: localhost\r\n"
                         f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        told = 0
        while told < 32:
            ready, _, _ = select.select(peers, [], [], ANSWER_S)
            assert ready, f"{told} were told that it is too much"
            for peer in ready:
                answer = peer.recv(65536)
                assert answer.startswith(b"HTTP/1.1 503 "), answer
                peers.remove(peer)
                told += 1
        until(lambda: world.redis.command("LLEN", "{releve}:jobs:high") >= 8)
        assert world.redis.command("LLEN", "{releve}:jobs:high") == 8 and len(peers) == 8
        served.end()
