"""A file system that runs full: QEMU is told so, reads go on, and space that is given back serves again."""
import os
import shutil
import subprocess
import sys

import target as itgtd

MIB = 1 << 20


def in_own_namespace():
    """Run this again as root of a mount namespace of its own, where a small file system can be made."""
    if os.environ.get("ITGTD_TEST_NAMESPACE"):
        return
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        itgtd.skip("no mount namespace can be made here")
    os.environ["ITGTD_TEST_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-rm", sys.executable, *sys.argv])


def qemu_io(url, command):
    """One command of qemu-io: whether it went well, and what it said."""
    done = subprocess.run(["qemu-io", "-f", "raw", "-t", "none", "-c", command, url], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    return done.returncode == 0 and "rror" not in done.stdout, done.stdout


def expect(url, command, good, text=""):
    well, said = qemu_io(url, command)
    if well != good or text not in said:
        sys.exit(f"{command}: expected {'good' if good else 'a failure'} {text!r}, got:\n{said}")


def main():
    if not shutil.which("qemu-io"):
        itgtd.skip("qemu-io (package qemu-utils) is not installed")
    in_own_namespace()
    with itgtd.workdir() as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", directory])
        if mounted.returncode:
            itgtd.skip("no file system can be mounted here")
        disk = f"{directory}/disk,size=64M,soft-threshold=75"
        with itgtd.Target("--serve", disk) as target:
            url = target.urls[0]
            expect(url, "write -P 0x11 0 8M", True)
            expect(url, "write -P 0x22 8M 6M", True)
            expect(url, "write -P 0x33 16M 16M", False, "No space left")
            expect(url, "read -P 0x11 0 8M", True)
            expect(url, "read -P 0x22 8M 6M", True)
            expect(url, "discard 0 8M", True)
            expect(url, "read -P 0 0 8M", True)
            expect(url, "write -P 0x44 32M 4M", True)
            expect(url, "read -P 0x44 32M 4M", True)
            log = target.log_tail()
            if log.count("soft threshold reached") != 1:
                sys.exit(f"the soft threshold is not told once:\n{log}")
        subprocess.run(["umount", directory], check=True)


main()
