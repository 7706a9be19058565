"""
What a command costs in instructions (valgrind's callgrind counts them: the same number every time).

cost.txt keeps the figures; a change that makes one dearer by more than a twentieth fails here. Who means it
writes the new figure there, and says in the commit what it buys.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COST = os.environ["COST"]
KEPT = pathlib.Path(__file__).with_name("cost.txt")
FEW, MANY = 1024, 5 * 1024
KINDS = {"read": {}, "write": {"COST_WRITES": "1"}}
TOO_MUCH = 1.05


def instructions(commands, more):
    """All of a run."""
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as directory:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out", COST],
                             env=dict(os.environ, COST_COMMANDS=str(commands), **more),
                             capture_output=True, text=True, timeout=300)
    collected = re.search(r"Collected\s*:\s*(\d+)", run.stderr)
    if run.returncode or not collected:
        sys.exit(f"callgrind: {run.stdout}{run.stderr}")
    return int(collected[1])


def main():
    if not shutil.which("valgrind"):
        print("skipped: there is no valgrind")
        sys.exit(77)
    kept = dict(line.split() for line in KEPT.read_text().splitlines() if not line.startswith("#"))
    dearer = []
    for kind, more in KINDS.items():
        cost = (instructions(MANY, more) - instructions(FEW, more)) / (MANY - FEW)
        print(f"{kind}: {cost:.0f} instructions; kept: {kept[kind]}")
        if cost > TOO_MUCH * int(kept[kind]):
            dearer.append(kind)
    if dearer:
        sys.exit(f"dearer than {KEPT.name} says: {', '.join(dearer)}")


main()
