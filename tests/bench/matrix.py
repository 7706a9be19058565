"""What is measured, and what itgtd should reach: the workloads and the loop that runs them."""
import dataclasses
import json
import os
import re
import shutil
import subprocess

import peers

QUIET_S = 120  # a run that takes so much longer than it should hangs
SYSCALLS_TIME = "300ms"


@dataclasses.dataclass(frozen=True)
class Workload:
    """
    One row. `options` are itgt-load's. `metric` is what users see of it: "iops", "mb_s" or
    "p50" (less is better there). `goals` say for each other target what itgtd's metric and
    processor time for an I/O should be, as a multiple of that target's (None: nothing is asked).
    """

    name: str
    title: str
    options: tuple
    metric: str = "iops"
    goals: dict = dataclasses.field(default_factory=dict)
    without: tuple = ()  # targets that would take too long over it


def row(name, title, options, metric, tgt, istgt, floor, without=()):
    return Workload(name, title, tuple(options.split()), metric,
                    {"tgt": tgt, "istgt": istgt, "floor": floor}, without)


BUFFERED = (
    row("512-qd1", "512 B random read, depth 1", "-b 512 -q 1", "p50", (0.85, 0.75), (0.85, 0.75), (1.1, 1.15)),
    row("4k-qd1", "4 KiB random read, depth 1", "-q 1", "p50", (0.85, 0.75), (0.85, 0.75), (1.1, 1.15)),
    row("4k-read", "4 KiB random read, depth 32", "-q 32", "iops", (6, 0.17), (4, 0.17), (None, 1.5)),
    row("4k-single", "the same, one command a send", "-q 32 -1", "iops", (2.5, 0.30), (2, 0.30), (None, 1.25)),
    row("4k-write", "4 KiB random write, depth 32", "-q 32 -r 0", "iops", (4, 0.20), (2, 0.35), (None, 1.5)),
    row("4k-mixed", "4 KiB random 70/30, 4 x 32", "-s 4 -q 32 -r 70", "iops", (6, 0.16), (5, 0.17), (None, 1.5)),
    row("64k-read", "64 KiB sequential read", "-b 64K -S -q 16", "mb_s", (1.8, 0.50), (1.7, 0.45), (None, 1.25)),
    row("64k-write", "64 KiB sequential write", "-b 64K -S -q 16 -r 0", "mb_s",
        (1.8, 0.50), (1.7, 0.45), (None, 1.25)),
    row("1m-read", "1 MiB sequential read", "-b 1M -S -q 4", "mb_s", (1.4, 0.55), (1.5, 0.60), (None, 1.3)),
    row("1m-write", "1 MiB sequential write", "-b 1M -S -q 4 -r 0", "mb_s", (1.4, 0.55), (1.5, 0.60), (None, 1.3)),
    row("4k-digest", "4 KiB random read, data digest", "-q 32 --data-digest", "iops",
        (7, 0.12), (6, 0.15), (None, 1.5)),
    row("64k-digest", "64 KiB sequential read, data digest", "-b 64K -S -q 16 --data-digest", "mb_s",
        (4, 0.13), (4, 0.12), (None, 1.3)),
)
DIRECT = (
    row("4k-read", "4 KiB random read, depth 32", "-q 32", "iops", (1.6, 0.35), None, (0.85, 1.4)),
    row("4k-read-4", "4 KiB random read, 4 x 32", "-s 4 -q 32", "iops", (1.6, 0.35), None, (0.85, 1.4)),
    row("4k-write", "4 KiB random write, depth 32", "-q 32 -r 0", "iops", None, None, None),
    row("4k-qd1", "4 KiB random read, depth 1", "-q 1", "p50", None, None, None),
)
# A login at istgt takes a second.
SESSIONS = tuple(
    row(f"sessions-{n}", f"4 KiB random read, {n} x 4", f"-s {n} -q 4", "iops", None, None, None,
        ("istgt",) if n > 4 else ())
    for n in (1, 4, 16, 100))

STORES = {
    "ram": ("memory (a file on tmpfs for those that cannot)", BUFFERED + SESSIONS),
    "tmpfs": ("a file on tmpfs", BUFFERED),
    "cached": ("a file in the page cache", BUFFERED),
    "direct": ("a file on a disk, O_DIRECT", DIRECT),
}


class Bench:
    """Runs workloads against targets, in turn, and keeps what itgt-load says."""

    def __init__(self, load, client_cpu, before, time, warm_up, size, say):
        self.before = before
        self.load = load
        self.client_cpu = client_cpu
        self.time = time
        self.warm_up = warm_up
        self.size = size
        self.say = say
        self.records = []  # one dictionary for each run

    def command(self, peer, options, time, warm_up):
        return [*self.before, "taskset", "-c", str(self.client_cpu), self.load, "--json", "--quiet", "--pid", str(peer.pid),
                "--time", time, "--warm-up", warm_up, *peer.load_options, *options, peer.url]

    def load_once(self, peer, options, time=None, warm_up=None, prefix=()):
        command = [*prefix, *self.command(peer, options, time or self.time, warm_up or self.warm_up)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=QUIET_S)
        if done.returncode:
            raise peers.Failed(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout), done.stderr

    def fill(self, peer):
        """Write everything once, so that nobody reads what was never there."""
        self.load_once(peer, ["-b", "1M", "-S", "-r", "0", "-q", "4"], time="2s", warm_up="0")

    def measure(self, peer, store, workload, run):
        if peer.name in workload.without:
            return
        try:
            result, _ = self.load_once(peer, workload.options)
        except (peers.Failed, subprocess.TimeoutExpired) as fault:
            self.say(f"  {peer.name}: {fault}")
            return
        job = result["jobs"][0]
        self.records.append({
            "store": store, "workload": workload.name, "peer": peer.name, "run": run,
            "iops": job["iops"], "mb_s": job["mb_s"], **job["latency_us"],
            "cpu_us": result["target_cpu"]["us_per_io"],
            "user_us": result["target_cpu"]["user_us_per_io"],
            "system_us": result["target_cpu"]["system_us_per_io"],
            "cores": result["target_cpu"]["cores"], "load_cores": result["load_cpu"]["cores"],
        })

    def run_store(self, store, workloads, targets, runs):
        """All workloads, `runs` times; in each run another target is the first."""
        for run in range(runs):
            for workload in workloads:
                for i in range(len(targets)):
                    self.measure(targets[(run + i) % len(targets)], store, workload, run)
                self.say(f"  run {run + 1}/{runs}: {workload.title}: {self.line(store, workload, run)}")

    def line(self, store, workload, run):
        """One run of a workload in short."""
        unit = {"iops": "IOPS", "mb_s": "MB/s", "p50": "us"}[workload.metric]
        return ", ".join(f"{r['peer']} {r[workload.metric]:.0f} {unit} {r['cpu_us']:.2f} us"
                         for r in self.records
                         if (r["store"], r["workload"], r["run"]) == (store, workload.name, run))

    def syscalls(self, peer, workload):
        """System calls of the target for an I/O, counted by perf; None where perf may not."""
        if not shutil.which("perf") or peer.name in workload.without:
            return None
        prefix = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", str(peer.pid), "--"]
        try:
            result, said = self.load_once(peer, workload.options, time=SYSCALLS_TIME, warm_up="0", prefix=prefix)
        except (peers.Failed, subprocess.TimeoutExpired):
            return None
        count = re.search(r"^(\d+),,raw_syscalls", said, re.M)
        ios = result["jobs"][0]["ios"]
        return int(count.group(1)) / ios if count and ios else None


def make_file(path, size):
    """A file all of whose blocks are there."""
    block = os.urandom(1 << 20)
    with open(path, "wb") as f:
        for _ in range(size >> 20):
            f.write(block)
        f.flush()
        os.fsync(f.fileno())
