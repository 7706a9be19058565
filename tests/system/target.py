"""The daemon under test: started on a free port of the loopback, stopped, and judged."""
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ITGTD = os.environ.get("ITGTD", str(ROOT / "build/release/src/daemon/itgtd"))
READY_TIMEOUT_S = 20
STOP_TIMEOUT_S = 30


def skip(reason):
    """End this test as not run, and say why."""
    print(f"skipped: {reason}")
    sys.exit(77)


def workdir():
    """A directory for this run on a real file system (/tmp may be memory: no O_DIRECT)."""
    return tempfile.TemporaryDirectory(prefix="itgtd-test-", dir="/var/tmp")


class Target:
    """
    A running itgtd: `with Target("--serve", "ram,size=64M") as target: ...`.

    Its arguments are the daemon's own; a free port is added, unless a configuration
    file (-c) names some. `port` is that port, `ports` are all, `urls` are the LUNs' (with --serve), `iqn`
    and `lun` are those of the first.
    Leaving the block stops the daemon: anything but a clean end raises.
    """

    def __init__(self, *args):
        self.command = [ITGTD, *args, "--exit-with-parent"]
        self.port = 0

    def __enter__(self):
        self.start()
        return self

    def start(self):
        """Start it; another time, on the same port."""
        if not os.access(ITGTD, os.X_OK):
            skip(f"there is no {ITGTD}")
        reader, writer = os.pipe()
        self.log = tempfile.TemporaryFile(mode="w+")
        portal = [] if "-c" in self.command else ["--portal", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen([*self.command, *portal, "--ready-fd", str(writer)],
                                        pass_fds=[writer], stdin=subprocess.DEVNULL, stderr=self.log)
        os.close(writer)
        line = self._ready_line(reader)
        self.urls = re.findall(r"iscsi://\S+", line)
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not port:
            self.process.kill()
            self._fail("did not become ready")
        self.port = int(port.group(1))
        self.ports = [int(number) for number in re.findall(r"127\.0\.0\.1:(\d+)", line)]
        self.iqn, self.lun = self.urls[0].split("/")[3:5] if self.urls else ("", "0")

    def _ready_line(self, reader):
        with os.fdopen(reader) as pipe:
            readable, _, _ = select.select([pipe], [], [], READY_TIMEOUT_S)
            return pipe.readline() if readable else ""

    def alive(self):
        return self.process.poll() is None

    def log_lines(self, text):
        """The lines of its log so far that have text in them."""
        return [line for line in self._log().splitlines() if text in line]

    def log_tail(self):
        return self._log()[-8000:]

    def _log(self):
        # Where the daemon writes stays as it is: that position is shared.
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode(errors="replace")

    def threads(self):
        """What each thread of it waits in and has used: tells a lost command from a slow one."""
        lines = []
        for task in sorted(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()):
            ticks = task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[11:13]
            lines.append(f"thread {task.name}: in {task.joinpath('wchan').read_text()}, ticks {'+'.join(ticks)}")
        return "\n".join(lines)

    def kill(self):
        """End it as a crash would, without a word to anybody."""
        self.process.kill()
        self.process.wait()

    def __exit__(self, kind, *_):
        if kind and self.alive():
            self.kill()
        elif not kind:
            self.stop()

    def stop(self):
        """End it as a service manager would; it has to leave with status 0."""
        if not self.alive():
            self._fail("ended before it was told to")
        self.process.terminate()
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self._fail(f"did not stop within {STOP_TIMEOUT_S} s")
        if status != 0:
            self._fail("did not stop cleanly")

    def _fail(self, what):
        status = self.process.wait()
        print(f"{' '.join(self.command)}\n{what}, status {status}; its log:\n{self.log_tail()}")
        sys.exit(f"itgtd {what}")
