"""What is installed finds itself: below DESTDIR, with any prefix, and never over somebody's configuration."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import tree

# prefix → where its configuration is
PREFIXES = {"/usr": "/etc", "/usr/local": "/usr/local/etc", "/opt/itgtd": "/opt/itgtd/etc"}

# Below the prefix; with CMAKE_INSTALL_… as GNUInstallDirs sets them.
FILES = ["sbin/itgtd", "bin/itgtctl", "share/man/man8/itgtd.8", "share/man/man8/itgtctl.8", "share/man/man5/itgtd.conf.5",
         "lib/systemd/system/itgtd.service", "lib/sysusers.d/itgtd.conf", "share/doc/itgtd/README.md",
         "share/doc/itgtd/LICENSE", "share/doc/itgtd/examples/itgtd.conf"]


def install(build, root, prefix):
    # CMake keeps a list of what it has installed in the build directory.
    done = subprocess.run(["cmake", "--install", build, "--prefix", prefix], env=dict(os.environ, DESTDIR=str(root)),
                          capture_output=True, text=True)
    if done.returncode:
        yield f"cmake --install --prefix {prefix}: {done.stderr}"


def unit_faults(root, prefix):
    """The unit starts the program that is there with the configuration that is there."""
    path = root / prefix[1:] / "lib/systemd/system/itgtd.service"
    text = path.read_text()
    words = re.search(r"^ExecStart=(.*)$", text, re.M).group(1).split()
    wanted = [f"{prefix}/sbin/itgtd", "-f", "-c", f"{PREFIXES[prefix]}/itgtd.conf"]
    if words != wanted:
        yield f"{prefix}: ExecStart={' '.join(words)}, and not {' '.join(wanted)}"
    for word in (words[0], words[-1]):
        if not (root / word[1:]).is_file():
            yield f"{prefix}: the unit names {word}, which is not installed"
    user = re.search(r"^User=(\w+)$", text, re.M).group(1)
    if f"u {user} " not in (root / prefix[1:] / "lib/sysusers.d/itgtd.conf").read_text():
        yield f"{prefix}: nobody makes the user {user}"
    if shutil.which("systemd-analyze"):
        path.write_text(text.replace(words[0], f"{root}{words[0]}"))  # what it runs has to be there
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True)
        if done.returncode or done.stderr:
            yield f"systemd-analyze verify: {done.returncode}: {done.stderr}"
        path.write_text(text)


def prefix_faults(build, prefix):
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as name:
        root = pathlib.Path(name)
        yield from install(build, root, prefix)
        for file in FILES:
            if not (root / prefix[1:] / file).is_file():
                yield f"{prefix}: {file} is not installed"
        yield from unit_faults(root, prefix)
        conf = root / PREFIXES[prefix][1:] / "itgtd.conf"
        conf.write_text("# somebody's own\n")
        yield from install(build, root, prefix)
        if conf.read_text() != "# somebody's own\n":
            yield f"{prefix}: an installation overwrites {conf}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    if not shutil.which("systemd-analyze"):
        print("skipped: systemd-analyze is not installed: the unit is not verified")
    faults = [fault for prefix in PREFIXES for fault in prefix_faults(build, prefix)]
    tree.finish(faults, f"{len(FILES)} files are installed with {len(PREFIXES)} prefixes")


main()
