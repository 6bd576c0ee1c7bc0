"""What a program sends to a Redis server goes through here, so that a test can hold it or have something happen meanwhile."""
import contextlib
import os
import socket
import tempfile
import threading


class Relay:
    """Stands between the program and Redis. `see` gets what the program sends, and says whether it goes on to Redis."""

    def __init__(self, redis, see):
        self.redis, self.see = redis, see
        self.path = os.path.join(tempfile.mkdtemp(dir=redis.directory), "relay.sock")
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            ours, _ = self.server.accept()
            theirs = socket.socket(socket.AF_UNIX)
            theirs.connect(self.redis.socket)
            threading.Thread(target=self.pass_on, args=(ours, theirs, self.see), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(theirs, ours, lambda data: True), daemon=True).start()

    @staticmethod
    def pass_on(source, sink, see):
        try:
            while data := source.recv(1 << 20):
                if see(data):
                    sink.sendall(data)
        except OSError:
            pass  # one of them is gone
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    @property
    def url(self):
        return f"unix://{self.path}"
