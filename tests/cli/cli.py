"""What the tests of the command line share: running itgtd, and waiting for what it says."""
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import tempfile
import unittest

ITGTD = os.environ["ITGTD"]
LIMIT_S = 30

RAM = ("--serve", "ram,size=1M", "--portal", "127.0.0.1:0")


def run(*args, **more):
    """Run itgtd to its end: (exit code, standard output, standard error)."""
    out = subprocess.run([ITGTD, *args], capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                         **more)
    return out.returncode, out.stdout, out.stderr


class Lines:
    """The lines of a pipe, each waited for at most LIMIT_S."""

    def __init__(self, fd):
        self.fd, self.rest, self.seen = fd, b"", []

    def next(self):
        """The next line without its end; None when the pipe has ended."""
        while b"\n" not in self.rest:
            if not select.select([self.fd], [], [], LIMIT_S)[0]:
                raise TimeoutError(f"nothing more was said after {self.seen}")
            chunk = os.read(self.fd, 65536)
            if not chunk:
                return None
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        self.seen.append(line.decode())
        return self.seen[-1]

    def until(self, pattern):
        """Read to the line that matches: the match."""
        while True:
            line = self.next()
            if line is None:
                raise EOFError(f"never said: {pattern}; said: {self.seen}")
            match = re.search(pattern, line)
            if match:
                return match

    def to_the_end(self):
        while self.next() is not None:
            pass
        return self.seen


class Daemon:
    """A running itgtd. Waits until it is ready; its port, and what it says, are at hand."""

    def __init__(self, *args, before=(), **more):
        reader, writer = os.pipe()
        self.process = subprocess.Popen([*before, ITGTD, *args], stderr=writer, stdin=subprocess.DEVNULL, **more)
        os.close(writer)
        self.said = Lines(reader)
        self.ready = self.said.until("^itgtd: ready: ").string
        self.ports = [int(port) for port in re.findall(r"[\d\]]:(\d+)", self.ready)]

    def end(self, number=signal.SIGTERM):
        """Send a signal and wait: the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        return self.process.wait(LIMIT_S)

    def wait_a_little(self):
        """Its exit code; None when it has not ended within 50 ms."""
        try:
            return self.process.wait(0.05)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.said.fd)


def connect(port, host="127.0.0.1"):
    return socket.create_connection((host, port), LIMIT_S)


class Case(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="itgtd-test-")
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)

    def write(self, name, text):
        """A file in the directory: its path."""
        path = self.dir / name
        path.write_text(text)
        return str(path)


def main():
    unittest.main(verbosity=2)  # so that it tells the reason of what it skips
