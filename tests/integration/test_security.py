"""What docs/security.md claims of the running program, and no other test looks at."""
import json
import socket
import ssl
import stat
import threading

import pytest
import tls
from server import Connection
from world import World

PRM, BROKEN = "22516914714270", "11453290002823"
DAY = ("--kind", "daily_consumption", "--start", "2026-11-01", "--end", "2026-11-01")


class Impostor:
    """A server with a certificate that nobody signed. Remembers what was said to it once TLS stood."""

    def __init__(self, directory):
        self.certificate, self.context = tls.self_signed(directory, "localhost")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.heard = 0, b""
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return  # closed
            self.connections += 1
            try:
                with self.context.wrap_socket(peer, server_side=True) as heard:
                    self.heard += heard.recv(4096)
                    heard.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except (ssl.SSLError, OSError):
                pass  # the peer did not like the certificate

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@pytest.fixture
def impostor(tmp_path):
    impostor = Impostor(tmp_path)
    yield impostor
    impostor.close()


def test_a_server_whose_certificate_nobody_signed_hears_nothing(impostor):
    with World() as world:
        running = world.start("backfill", "--prm", PRM, *DAY, RELEVE_UPSTREAM=f"https://localhost:{impostor.port}")
        running.wait_until(lambda: "certificate" in running.so_far())
        ended = world.interrupt(running)
    assert ended.code == 130 and "cannot be reached" in ended.err, ended
    assert impostor.connections >= 1 and impostor.heard == b""
    # It does speak to whoever trusts it.
    trusting = ssl.create_default_context(cafile=impostor.certificate)
    with socket.create_connection(("127.0.0.1", impostor.port)) as plain:
        with trusting.wrap_socket(plain, server_hostname="localhost") as trusted:
            trusted.sendall(b"hello")
            assert trusted.recv(4096).startswith(b"HTTP/1.1 200")
    assert impostor.heard == b"hello"


@pytest.mark.parametrize("level, whole", [("info", False), ("debug", True)])
def test_a_worker_names_usage_points_whole_at_debug_only(level, whole):
    with World() as world:
        world.sandbox.control(revoke=[BROKEN])
        for prm in (PRM, BROKEN):
            world.redis.command("LPUSH", "{releve}:jobs", json.dumps(
                {"prm": prm, "kind": "daily_consumption", "start": "2026-11-01", "end": "2026-11-01"}))
        ended = world.run("worker", "--drain", RELEVE_LOG=level)
        named = BROKEN if whole else "********" + BROKEN[-6:]
        assert ended.code == 0 and f"{named}: consumption is refused (" in ended.err, ended
        assert (BROKEN in ended.err) == whole, ended
        assert world.redis.days(PRM) != {}


@pytest.mark.single("an embedded one")
def test_an_embedded_redis_is_its_owners_alone(tmp_path):
    directory = tmp_path / "made" / "redis"
    with World("--latency", "20") as world:
        running = world.start("backfill", "--prm", PRM, RELEVE_REDIS=f"embedded:{directory}")
        world.wait_for(running, "requests", 2)
        for path in (directory.parent, directory, directory / "redis.sock"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
        connection = Connection(str(directory / "redis.sock"))
        assert connection.command("CONFIG", "GET", "port") == [b"port", b"0"]
        connection.close()
        world.interrupt(running)
