"""A real redis-server for a test, and just enough of its protocol to ask what is in it.

    with Redis() as redis:                        # Unix socket in a directory of its own
    with Redis(password="secret") as redis:       # TCP on a free port
        redis.command("GET", "releve:day:{...}:...")
"""
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile

START_TRIES = 2000  # looks at a server that starts, 10 ms apart at most
END_S = 20  # a server that does not end by then is a failed test


def wait_for_end(pidfd, timeout_s=END_S):
    """True once the process of that pidfd has ended."""
    return bool(select.select([pidfd], [], [], timeout_s)[0])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prm_of_key(key):
    """The usage point that a key is of: releve:day:{<prm>}:..."""
    return key.partition("{")[2].partition("}")[0]


class Redis:
    """A running server; every write is on disk before it is answered, so that it survives `kill`."""

    def __init__(self, password=None):
        self.password = password
        self.port = free_port() if password else 0
        self.process = None
        self.connection = None

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="releve-test-")  # pytest's own may be too long for a socket
        self.socket = os.path.join(self.directory, "redis.sock")
        return self.start()

    def __exit__(self, *_):
        self.kill()  # nothing is left to be written; and a replica that writes its first file refuses to end otherwise
        shutil.rmtree(self.directory)

    @property
    def url(self):
        if self.password:
            return f"redis://:{self.password}@127.0.0.1:{self.port}"
        return f"unix://{self.socket}"

    @property
    def place(self):
        """How the program calls it in what it says."""
        return self.socket

    def url_of(self, user, password):
        """For a user that was made by ACL SETUSER."""
        return f"unix://{user}:{password}@{self.socket}"

    def start(self):
        flags = ["--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.socket, "--dir", self.directory,
                 "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no"]
        if self.password:
            flags += ["--requirepass", self.password]
        self.process = subprocess.Popen(["redis-server", *flags], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        pidfd = os.pidfd_open(self.process.pid)
        try:
            for _ in range(START_TRIES):
                if self._answers():
                    return self
                assert not wait_for_end(pidfd, 0.01), "redis-server did not start"
        finally:
            os.close(pidfd)
        raise AssertionError("redis-server does not answer")

    def _answers(self):
        try:
            return self.command("PING") == b"PONG"
        except (OSError, ReplyError):  # not there yet, or still reading its file
            self._forget()
            return False

    def _forget(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def kill(self):
        """Ends it as a crash would; `start` brings it back with what it had."""
        self._forget()
        if self.process is not None:
            self.process.kill()
            self.process.wait(END_S)
        self.process = None

    def partition(self):
        """It stands still: what is sent to it gets no answer until `heal`."""
        self.process.send_signal(signal.SIGSTOP)

    def heal(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def follow(self, master):
        """Becomes the replica of a master with a password, and has all that it has."""
        master.command("CONFIG", "SET", "repl-diskless-sync-delay", 0)
        self.command("CONFIG", "SET", "masterauth", master.password)
        self.command("REPLICAOF", "127.0.0.1", master.port)
        while master.command("WAIT", 1, 1000) < 1:
            pass

    def connect(self, _key=None):
        """A connection of one's own, to block or to listen on: the caller closes it."""
        connection = Connection(self.socket)
        if self.password:
            connection.command("AUTH", self.password)
        return connection

    # --- the protocol (RESP2) ----------------------------------------------------------------------

    def command(self, *words, db=0):
        """One command's reply: bytes, int, list or None."""
        if self.connection is None:
            self.connection = self.connect()
        if db != self.connection.db:
            self.connection.command("SELECT", db)
            self.connection.db = db
        return self.connection.command(*words)

    def keys(self, pattern, db=0):
        found, cursor = set(), b"0"
        while True:
            cursor, some = self.command("SCAN", cursor, "MATCH", pattern, "COUNT", 5000, db=db)
            found.update(key.decode() for key in some)
            if cursor == b"0":
                return found

    def values(self, keys, db=0):
        """{key: bytes} of string keys."""
        keys, found = sorted(keys), {}
        for i in range(0, len(keys), 500):
            batch = keys[i:i + 500]
            found.update(zip(batch, self.command("MGET", *batch, db=db)))
        return found

    def hash(self, key):
        flat = self.command("HGETALL", key)
        return {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2])}

    def days(self, prm="*", kind="*", db=0):
        """{key: bytes} of the days that are stored."""
        return self.values(self.keys(f"releve:day:{{{prm}}}:{kind}:*", db), db)


class ReplyError(Exception):
    """Redis refused."""


class Connection:
    """To the socket at a path, or to a port of loopback."""

    def __init__(self, place):
        if isinstance(place, int):
            self.socket = socket.create_connection(("127.0.0.1", place), 30)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(30)
            self.socket.connect(place)
        self.stream = self.socket.makefile("rb")
        self.db = 0

    def close(self):
        self.stream.close()
        self.socket.close()

    def command(self, *words):
        self.send(*words)
        return self.read()

    def send(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))

    def read(self):
        """The next reply; after MONITOR or SUBSCRIBE, the next piece of news."""
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise ReplyError(text.decode())
        if kind == b"+":
            return text
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if int(text) < 0 else self.stream.read(int(text) + 2)[:-2]
        return None if int(text) < 0 else [self.read() for _ in range(int(text))]
