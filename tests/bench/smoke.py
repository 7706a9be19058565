"""The instruments work: itgt-load verifies what itgtd and the floor keep, and sees what is lost."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import target as itgtd  # noqa: E402

LOAD = os.environ["ITGT_LOAD"]
FLOOR = os.environ["ITGT_FLOOR"]
MIXED = ["--time", "2s", "--warm-up", "0", "--verify", "--read", "50", "--sessions", "2",
         "--also", "--block", "64K", "--read", "50", "--depth", "8", "--single"]
DIGESTS = ["--time", "1s", "--warm-up", "0", "--verify", "--read", "50", "--block", "1M", "--depth", "4",
           "--sequential", "--header-digest", "--data-digest"]


def load(url, *options, succeeds=True, stream="stderr"):
    result = subprocess.run([LOAD, *options, url], capture_output=True, text=True, timeout=120)
    print(f"{' '.join(options)}\n{result.stdout}{result.stderr}", flush=True)
    if (result.returncode == 0) != succeeds:
        sys.exit(f"itgt-load ended with {result.returncode}")
    return getattr(result, stream)


def verify(name, url):
    print(f"==== {name}")
    load(url, *MIXED)
    load(url, *DIGESTS)


POLLING = """
busy-poll = 10000
portal-group "1" { listen = { "127.0.0.1:0" } }
target "iqn.2026-11.org.itgtd:demo" { lun "0" { backend = "ram" size = "64M" } }
"""


def sleeps(pid):
    """How often it has gone to sleep so far."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M)[1])


def is_asleep(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "S"


def busy_poll(directory):
    """One command after the other: it stays awake between them, and sleeps when no more come."""
    print("==== busy-poll")
    path = pathlib.Path(directory) / "poll.conf"
    path.write_text(POLLING)
    with itgtd.Target("-c", str(path)) as target:
        # On one core they take turns, and nobody has to sleep.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(target.process.pid, cores[:1])
        os.sched_setaffinity(0, cores[-1:])
        before = sleeps(target.process.pid)
        url = f"iscsi://127.0.0.1:{target.port}/iqn.2026-11.org.itgtd:demo/0"
        out = load(url, "--time", "500ms", "--warm-up", "0", "--depth", "1", "--json", stream="stdout")
        os.sched_setaffinity(0, cores)
        ios = json.loads(out)["jobs"][0]["ios"]
        slept = sleeps(target.process.pid) - before
        if ios < 10 or slept > ios / 10:
            sys.exit(f"it went to sleep {slept} times in {ios} commands")
        end = time.monotonic() + 30
        while not is_asleep(target.process.pid):
            if time.monotonic() > end:
                sys.exit("it never sleeps again")


def main():
    with itgtd.workdir() as directory:
        busy_poll(directory)
        for name, spec in (("ram", "ram,size=128M"),
                           ("direct", f"{directory}/direct.img,size=128M"),
                           ("cached", f"{directory}/cached.img,size=128M,io=cached")):
            with itgtd.Target("--serve", spec) as target:
                verify(f"itgtd, {name}", target.urls[0])
    # A store that keeps nothing: verification that finds nothing wrong there finds nothing anywhere.
    with itgtd.Target("--serve", "null,size=128M") as target:
        print("==== itgtd, null")
        if "wrong data" not in load(target.urls[0], *MIXED, succeeds=False):
            sys.exit("itgt-load failed, but not over data")
    with subprocess.Popen([FLOOR, "--store", "ram", "--size", "128M"], stdout=subprocess.PIPE, text=True) as floor:
        try:
            verify("floor", floor.stdout.readline().split()[1])
        finally:
            floor.terminate()


main()
