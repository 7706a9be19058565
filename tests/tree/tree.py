"""What the tests of the tree share: where it is, what is in it, how they end."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What each layer may include: the table of ARCHITECTURE.md.
LAYERS = {
    "base": [],
    "wire": ["base"],
    "store": ["base"],
    "scsi": ["store", "base"],
    "target": ["scsi", "base"],
    "iscsi": ["target", "scsi", "wire", "base"],
    "config": ["target", "scsi", "store", "base"],
    "control": ["config", "iscsi", "target", "scsi", "base"],
    "daemon": ["control", "config", "iscsi", "target", "scsi", "store", "wire", "base"],
    "initiator": ["wire", "base"],
    "dvt": ["initiator", "wire", "base"],
    "itgtctl": ["base"],
}


def files(*patterns):
    """The tree's own files that match, sorted."""
    return sorted(p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file())


def name(path):
    return str(path.relative_to(ROOT))


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def skip(reason):
    """End this test as not run, and say why."""
    print(f"skipped: {reason}")
    sys.exit(77)


def finish(faults, checked):
    """Tell all faults, or what was checked; the exit status follows."""
    for fault in faults:
        print(fault)
    if not checked:
        faults = ["nothing was checked"]
        print(faults[0])
    if not faults:
        print(checked)
    sys.exit(1 if faults else 0)
