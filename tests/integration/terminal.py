"""A pseudo-terminal of some size, and what a program writes to it."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata

from sandbox import releve_bin

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
END_S = 110  # a command that does not end by then is a failed test


def resize(fd, columns, rows=24):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def width(line):
    """How many columns of a terminal it takes."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
               for letter in ESCAPE.sub("", line))


def take_terminal():
    """Of a new session: its standard input is its terminal, as in a shell."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """The program with its output on a terminal."""

    def __init__(self, words, env, cwd, columns=80, rows=24, stdin=False):
        self.side, other = pty.openpty()
        resize(self.side, columns, rows)
        self.process = subprocess.Popen([releve_bin(), *words], stdin=other if stdin else subprocess.DEVNULL, stdout=other,
                                        stderr=other, env={"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}, cwd=cwd,
                                        start_new_session=True, preexec_fn=take_terminal if stdin else None)
        os.close(other)
        self.written = b""

    def read(self, timeout_s):
        """Takes what is there within that time; False at the end."""
        if not select.select([self.side], [], [], timeout_s)[0]:
            return True
        try:
            part = os.read(self.side, 65536)
        except OSError:  # the other side is closed
            part = b""
        self.written += part
        return part != b""

    def wait_for(self, there):
        """Reads until that is true of what was written so far."""
        until = time.monotonic() + END_S
        while not there(self.text()):
            assert self.read(0.1) and time.monotonic() < until, self.text()[-2000:]

    def text(self):
        return self.written.decode(errors="replace").replace("\r\n", "\n")

    def end(self):
        """(exit code, all that was written)"""
        until = time.monotonic() + END_S
        while self.read(1):
            assert time.monotonic() < until, "it does not end"
        code = self.process.wait(timeout=END_S)
        os.close(self.side)
        return code, self.text()


def run(world, *words, columns=80, **settings):
    """Runs it on a terminal: (exit code, what it wrote, with escapes)"""
    env = {name: value for name, value in {**world.settings, **settings}.items() if value is not None}
    return Terminal(words, env, world.directory.name, columns).end()


class Screen:
    """What stands on a terminal that has no last row: text, ends of lines, cursor up, erasure down."""

    def __init__(self, text, columns):
        self.rows, self.row, self.column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if part == "\n":
                self.go(self.row + 1, 0)
            elif part == "\r":
                self.column = 0
            elif part.startswith("\x1b") and part.endswith("A"):
                self.go(max(0, self.row - int(part[2:-1] or 1)), self.column)
            elif part.startswith("\x1b") and part.endswith("J"):
                self.rows[self.row:] = [self.rows[self.row][:self.column]]
            elif not part.startswith("\x1b"):
                for letter in part:
                    if self.column == columns:
                        self.go(self.row + 1, 0)
                    self.rows[self.row] = self.rows[self.row][:self.column] + letter
                    self.column += 1

    def go(self, row, column):
        self.rows += [""] * (row + 1 - len(self.rows))
        self.row, self.column = row, column
