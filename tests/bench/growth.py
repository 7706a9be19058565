"""What itgtd costs as work grows: sessions, logical units, targets, idle initiators, neighbours."""
import os
import pathlib
import re
import statistics
import time
import urllib.request

import peers
import tables

MANY = 1000  # logical units, targets, logins
IDLE = 10000
RUNS = 5
COMMANDS = 10000
BUFFERS_MIB = 64
PAGE_S = 1.1  # a page of metrics is given to all who ask within a second
IQN = "iqn.2026-11.org.example:growth"
CONF = """state-directory = "{dir}"
max-connections = {connections}
buffer-memory = "{buffers}M"
metrics = "127.0.0.1:{metrics}"
portal-group "1" {{ listen = {{ "127.0.0.1:0" }} }}
"""
TARGET = """target "{iqn}{n}" {{
  portal-groups = {{ "1" }}
  auth-group = "no-authentication"
{luns}}}
"""
LUN = '  lun "{n}" {{ backend = "ram" size = "{size}" }}\n'


class Configured(peers.Itgtd):
    """itgtd with a configuration file: so many targets of so many logical units."""

    def __init__(self, name, how, targets=1, luns=1, is_tight=False):
        super().__init__(*how)
        self.is_tight = is_tight  # has little memory for data
        self.name = name
        self.targets = targets
        self.luns = luns

    def start(self, store, path, size):
        self.metrics = peers.free_port()
        parts = [CONF.format(dir=self.directory, connections=IDLE + 1000, metrics=self.metrics,
                             buffers=BUFFERS_MIB if self.is_tight else 256)]
        for n in range(self.targets):
            luns = "".join(LUN.format(n=i, size=f"{size >> 20}M") for i in range(self.luns))
            parts.append(TARGET.format(iqn=IQN, n=n, luns=luns))
        conf = self.directory / f"{self.name}.conf"
        conf.write_text("".join(parts))
        reader, writer = os.pipe()
        self.run(self.program, "-f", "-c", conf, "--ready-fd", writer, "--exit-with-parent", pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as pipe:
            line = pipe.readline()
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not port:
            raise peers.Failed(f"did not become ready: {peers.tail(self.log)}")
        self.url = f"iscsi://127.0.0.1:{port.group(1)}/{IQN}0/0"

    def memory_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+)", status, re.M).group(1))

    def turns(self):
        """How many turns of the loop took at most so many seconds: bound → number."""
        time.sleep(PAGE_S)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10) as page:
            text = page.read().decode()
        found = re.findall(r'^itgtd_loop_turn_seconds_bucket\{le="([^"]+)"\} (\d+)', text, re.M)
        return {float(bound): int(n) for bound, n in found}


def compare(bench, cases):
    """The ratio of each case's values to the first one's, in RUNS runs: name → ratios."""
    values = {name: [] for name, *_ in cases}
    for _ in range(RUNS):
        for name, peer, options, what in cases:
            result, _ = bench.load_once(peer, options)
            values[name].append(what(result))
    first = values[cases[0][0]]
    return {name: [a / b for a, b in zip(v, first)] for name, v in values.items()}


def cpu(result):
    return result["target_cpu"]["us_per_io"]


def small_p99(result):
    return result["jobs"][0]["latency_us"]["p99"]


def beside(bench, peer):
    """A reader of small blocks beside a stream of large writes: its p99 to that of a reader alone."""
    stream = ["--also", "-b", "1M", "-S", "-r", "0", "-q", "4"]
    got = compare(bench, [("alone", peer, ["-q", "1"], small_p99),
                          ("beside", peer, ["-q", "1", *stream], small_p99)])
    return tables.spread(got["beside"])


def lag(bench, peer):
    """The least bound, in ms, that 99 of 100 turns of the loop keep under small and large commands together."""
    before = peer.turns()
    bench.load_once(peer, ["-s", "4", "-q", "32", "-r", "70", "--also", "-b", "1M", "-S", "-r", "50", "-q", "4"])
    turns = {bound: n - before[bound] for bound, n in peer.turns().items()}
    return 1000 * min(bound for bound, n in turns.items() if n >= 0.99 * turns[float("inf")])


def measure(bench, how, floor, say):
    """All of it; a table: what, how much, what is aimed at."""
    targets = [floor, Configured("plain", how), Configured("luns", how, luns=MANY),
               Configured("targets", how, targets=MANY), Configured("idle", how),
               Configured("tight", how, is_tight=True)]
    _, plain, luns, many, idle, tight = targets
    rows = []

    def tell(what, figure, aim):
        say(f"  {what}: {figure} ({aim})")
        rows.append([what, figure, aim])

    try:
        for target in targets:
            target.start("ram", None, bench.size)
            bench.fill(target)
        four, hundred, deep = ["-s", "4", "-q", "32"], ["-s", "100", "-q", "32"], ["-q", "32"]
        got = compare(bench, [("4", plain, four, cpu), ("100", plain, hundred, cpu)])
        tell("CPU per I/O, 100 sessions to 4", tables.spread(got["100"]), "at most 1.3")
        got = compare(bench, [("plain", plain, deep, cpu), ("luns", luns, deep, cpu), ("targets", many, deep, cpu)])
        tell(f"CPU per I/O, {MANY} LUNs to 1", tables.spread(got["luns"]), "at most 1.05")
        tell(f"CPU per I/O, {MANY} targets to 1", tables.spread(got["targets"]), "at most 1.05")
        result, _ = bench.load_once(plain, ["-s", str(MANY), "-q", "1"])
        tell(f"login of {MANY} sessions, s", f"{result['login_s']:.2f}", "at most 2")
        memory = idle.memory_kib()
        result, _ = bench.load_once(idle, ["-q", "32", "--idle", str(IDLE)])
        alone = statistics.median(cpu(bench.load_once(idle, deep)[0]) for _ in range(RUNS))
        tell(f"memory of {IDLE} idle sessions, MiB", f"{(idle.memory_kib() - memory) / 1024:.0f}", "at most 256")
        tell(f"CPU per I/O beside {IDLE} idle sessions, to without", f"{cpu(result) / alone:.2f}", "1")
        tell("a turn of the loop under load, p99, ms", f"at most {lag(bench, plain):g}", "at most 1")
        memory = tight.memory_kib()
        bench.load_once(tight, ["-s", "100", "-q", str(COMMANDS // 100), "-b", "64K", "-r", "50"])
        tell(f"memory that {COMMANDS} commands of 64 KiB add, MiB", f"{(tight.memory_kib() - memory) / 1024:.0f}",
             f"at most 2 x {BUFFERS_MIB}, the buffers, and 32")
        # The load has one thread, too: what the floor shows is in part the load's own.
        tell("p99 of a small read beside a stream of 1 MiB writes, to alone",
             f"{beside(bench, plain)}; floor {beside(bench, floor)}", "at most 3")
    finally:
        for target in targets:
            target.stop()
    return tables.table(["as work grows", "itgtd", "aimed at"], rows)
