"""
What a file promises holds on each file system: reserved space is there when nothing else is,
and a copy inside the target shares its blocks where that can be.
"""
import contextlib
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys

import target as itgtd

MIB = 1 << 20
SIZE = 320 * MIB  # of a file system; XFS wants 300 MiB at least
DISK = 48 * MIB

# Name, how it is made, whether it reserves, whether it shares.
SYSTEMS = [
    ("ext4", ["mkfs.ext4", "-q", "-m", "0"], True, False),
    ("xfs", ["mkfs.xfs", "-q", "-m", "reflink=1"], True, True),
    ("btrfs", ["mkfs.btrfs", "-q"], False, True),
]
STORE_TESTS = ["unit_store_space", "unit_store_file"]
IS_FULL = "on a file system that is full"  # said by a test that could fill it


def run(*command, **environment):
    """Run a command: all it said; the test ends if it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120, check=False, env={**os.environ, **environment})
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


@contextlib.contextmanager
def mounted(directory, name, make):
    """A file system of its own, in a file: the path that it is mounted on."""
    image, path = pathlib.Path(directory, f"{name}.image"), pathlib.Path(directory, name)
    image.touch()
    os.truncate(image, SIZE)
    run(*make, image)
    path.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, path], capture_output=True, text=True, check=False)
    if done.returncode:
        itgtd.skip(f"no {name} can be mounted here: {done.stderr.strip()}")
    try:
        yield path
    finally:
        run("umount", path)


def taken(path):
    """Bytes that the file system has given away."""
    os.sync()
    space = os.statvfs(path)
    return (space.f_blocks - space.f_bfree) * space.f_frsize


def check_store(path, reserves):
    for test in STORE_TESTS:
        output = run(f"{os.environ['BUILD']}/tests/unit/{test}", TMPDIR=str(path))
        if test == "unit_store_space" and (IS_FULL in output) != reserves:
            sys.exit(f"whether space can be reserved should be {reserves}:\n{output}")


def check_copy(path, shares):
    """QEMU has the target copy (EXTENDED COPY): how much of the file system does that take?"""
    one, two, before = path / "one", path / "two", path / "before"
    one.write_bytes(os.urandom(DISK))
    shutil.copyfile(one, before)
    with itgtd.Target("--serve", str(one), "--serve", f"{two},size={DISK}") as target:
        start = taken(path)
        run("qemu-img", "convert", "-C", "-n", "-f", "raw", "-O", "raw", *target.urls)
        more = taken(path) - start
        # What is written to the one afterwards is not in the other.
        run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 1M", target.urls[0])
    print(f"{path.name}: a copy of {DISK // MIB} MiB takes {more / MIB:.1f} MiB")
    if (more < DISK // 8) != shares:
        sys.exit(f"whether it shares its blocks should be {shares}")
    if not filecmp.cmp(two, before, shallow=False):
        sys.exit("the copy is another one")
    if filecmp.cmp(one, before, shallow=False):
        sys.exit("the source was not written")


def main():
    if os.geteuid() != 0:
        itgtd.skip("mounting a file system takes root")
    for tool in ("qemu-img", "qemu-io", "mount", *(make[0] for _, make, _, _ in SYSTEMS)):
        if not shutil.which(tool):
            itgtd.skip(f"{tool} is not installed")
    with itgtd.workdir() as directory:
        for name, make, reserves, shares in SYSTEMS:
            with mounted(directory, name, make) as path:
                check_store(path, reserves)
                check_copy(path, shares)


main()
