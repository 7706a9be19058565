"""The instruments work: itgt-load verifies what itgtd and the floor keep, and sees what is lost."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import target as itgtd  # noqa: E402

LOAD = os.environ["ITGT_LOAD"]
FLOOR = os.environ["ITGT_FLOOR"]
MIXED = ["--time", "2s", "--warm-up", "0", "--verify", "--read", "50", "--sessions", "2",
         "--also", "--block", "64K", "--read", "50", "--depth", "8", "--single"]
DIGESTS = ["--time", "1s", "--warm-up", "0", "--verify", "--read", "50", "--block", "1M", "--depth", "4",
           "--sequential", "--header-digest", "--data-digest"]


def load(url, *options, succeeds=True):
    result = subprocess.run([LOAD, *options, url], capture_output=True, text=True, timeout=120)
    print(f"{' '.join(options)}\n{result.stdout}{result.stderr}", flush=True)
    if (result.returncode == 0) != succeeds:
        sys.exit(f"itgt-load ended with {result.returncode}")
    return result.stderr


def verify(name, url):
    print(f"==== {name}")
    load(url, *MIXED)
    load(url, *DIGESTS)


def main():
    with itgtd.workdir() as directory:
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
