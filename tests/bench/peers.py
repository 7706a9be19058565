"""The targets that are compared: each started on the loopback, on one core, with large bursts."""
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import time

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
BURSTS = {"MaxRecvDataSegmentLength": 262144, "FirstBurstLength": 262144, "MaxBurstLength": 1048576}


class Failed(Exception):
    """A target did not start, and why."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, log):
    """Until something listens there."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"does not listen on port {port}: {tail(log)}")


def tail(path):
    try:
        return path.read_text(errors="replace")[-2000:].strip()
    except OSError:
        return ""


class Peer:
    """
    A target. `stores` says with which stores it can be compared: "ram", "tmpfs" and
    "cached" (a file in the page cache), "direct" (O_DIRECT on a disk).
    """

    name = ""
    stores = ()
    load_options = ()  # what itgt-load needs to get along with it

    def __init__(self, directory, cpu, before):
        self.before = before  # a command that runs another with a priority, or nothing
        self.directory = pathlib.Path(directory)
        self.cpu = cpu
        self.process = None
        self.url = ""

    @property
    def pid(self):
        return self.process.pid

    def missing(self):
        """Why it cannot be run here, or None."""
        return None

    def start(self, store, path, size):
        """Serve a disk of size bytes: the file path, or (store "ram") memory, if it can do that."""
        raise NotImplementedError

    def run(self, *command, **options):
        self.log = self.directory / f"{self.name}.log"
        with open(self.log, "wb") as log:
            # It ends with this program, however that ends.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self.before, "taskset", "-c",
                                             str(self.cpu), *map(str, command)],
                                            stdin=subprocess.DEVNULL, stderr=log,
                                            **{"stdout": log, **options})

    def wait_url(self, pipe):
        readable, _, _ = select.select([pipe], [], [], START_TIMEOUT_S)
        line = pipe.readline() if readable else ""
        found = re.search(r"iscsi://\S+", line)
        if not found:
            raise Failed(f"did not become ready: {tail(self.log)}")
        self.url = found.group(0)

    def stop(self):
        if not self.process or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Itgtd(Peer):
    name = "itgtd"
    stores = ("ram", "tmpfs", "cached", "direct")

    def __init__(self, directory, cpu, before, program, options=()):
        super().__init__(directory, cpu, before)
        self.program = program
        self.options = options  # more of the command line

    def start(self, store, path, size):
        spec = {"ram": f"ram,size={size}", "direct": f"{path},io=direct"}.get(store, f"{path},io=cached")
        reader, writer = os.pipe()
        self.run(self.program, "--serve", spec, "--portal", "127.0.0.1:0", "--ready-fd", writer,
                 "--exit-with-parent", *self.options, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as pipe:
            self.wait_url(pipe)


class Floor(Peer):
    name = "floor"
    stores = ("ram", "tmpfs", "cached", "direct")

    def __init__(self, directory, cpu, before, program):
        super().__init__(directory, cpu, before)
        self.program = program

    def start(self, store, path, size):
        kind = {"ram": "ram", "direct": "aio"}.get(store, "file")
        self.run(self.program, "--store", kind, "--file", path, "--size", size,
                 stdout=subprocess.PIPE, text=True)
        self.wait_url(self.process.stdout)


class Tgt(Peer):
    """tgtd, told what to do by tgtadm. Beside memory it is given a file on tmpfs."""

    name = "tgt"
    stores = ("ram", "tmpfs", "cached", "direct")
    iqn = "iqn.2026-11.org.example:tgt"

    def missing(self):
        if os.geteuid() != 0:
            return "tgtd wants root"
        return None if shutil.which("tgtd") and shutil.which("tgtadm") else "the package tgt is not installed"

    def adm(self, *words):
        command = ["tgtadm", "-C", str(self.control), "--lld", "iscsi", *map(str, words)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise Failed(f"{' '.join(command)}: {result.stderr.strip()}")

    def start(self, store, path, size):
        port = free_port()
        self.control = port % 30000  # the number of its control socket: any that nobody else has
        self.run("tgtd", "-f", "-C", self.control, "--iscsi", f"portal=127.0.0.1:{port}")
        wait_for_port(port, self.process, self.log)
        self.adm("--op", "new", "--mode", "target", "--tid", 1, "-T", self.iqn)
        for key, value in {**BURSTS, "InitialR2T": "No", "ImmediateData": "Yes", "MaxOutstandingR2T": 8,
                           "HeaderDigest": "None,CRC32C", "DataDigest": "None,CRC32C"}.items():
            self.adm("--op", "update", "--mode", "target", "--tid", 1, "-n", key, "-v", value)
        self.adm("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "-b", path,
                 "--bstype", "aio" if store == "direct" else "rdwr")
        self.adm("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
        self.url = f"iscsi://127.0.0.1:{port}/{self.iqn}/1"


ISTGT_CONF = """
[Global]
  NodeBase "iqn.2026-11.org.example"
  PidFile {dir}/istgt.pid
  AuthFile {dir}/istgt.auth
  MediaDirectory {dir}
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod None
  MaxSessions 255
  MaxConnections 4
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength {FirstBurstLength}
  MaxBurstLength {MaxBurstLength}
  MaxRecvDataSegmentLength {MaxRecvDataSegmentLength}
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  Portal UC1 127.0.0.1:{control_port}
  Netmask 127.0.0.0/8
[PortalGroup1]
  Portal DA1 127.0.0.1:{port}
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.0/8
[LogicalUnit1]
  TargetName istgt
  TargetAlias "bench"
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod None
  UseDigest Auto
  UnitType Disk
  QueueDepth 255
  LUN0 Storage {path} {size}
"""


class Istgt(Peer):
    """It knows no InitialR2T=No, and its R2Ts tell a StatSN that may be old."""

    name = "istgt"
    stores = ("ram", "tmpfs", "cached")
    load_options = ("--lenient",)

    def missing(self):
        return None if shutil.which("istgt") else "the package istgt is not installed"

    def start(self, store, path, size):
        port = free_port()
        conf = self.directory / "istgt.conf"
        conf.write_text(ISTGT_CONF.format(dir=self.directory, port=port, path=path,
                                          control_port=free_port(),
                                          size=f"{size >> 20}MB", **BURSTS))
        auth = self.directory / "istgt.auth"
        auth.write_text("")
        auth.chmod(0o600)
        self.run("istgt", "-D", "-c", conf)
        wait_for_port(port, self.process, self.log)
        self.url = f"iscsi://127.0.0.1:{port}/iqn.2026-11.org.example:istgt/0"
