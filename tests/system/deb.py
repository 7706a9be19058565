"""The Debian package, made of the build under test."""
import os
import pathlib
import shutil
import subprocess
import sys

import target as itgtd

BUILD = os.environ.get("BUILD", str(itgtd.ROOT / "build/release"))


def run(*command, **more):
    """A command that has to succeed: its output."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-8000:]}")
    return done.stdout


def make(directory):
    """Build the package in the directory: its path."""
    for tool in ("cpack", "dpkg-shlibdeps"):
        if not shutil.which(tool):
            itgtd.skip(f"{tool} is not installed")
    run("cpack", "--config", f"{BUILD}/CPackConfig.cmake", "-G", "DEB", "-B", directory)
    packages = list(pathlib.Path(directory).glob("*.deb"))
    if len(packages) != 1:
        sys.exit(f"cpack made {packages}, and not one package")
    return packages[0]
