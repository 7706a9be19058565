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
FILES = ["sbin/itgtd", "bin/itgtctl", "bin/itgt-dvt", "share/bash-completion/completions/itgtctl",
         "share/man/man1/itgt-dvt.1", "share/man/man8/itgtd.8", "share/man/man8/itgtctl.8", "share/man/man5/itgtd.conf.5",
         "lib/systemd/system/itgtd.service", "lib/systemd/system/itgtd@.service", "lib/systemd/system/itgtd.socket",
         "lib/sysusers.d/itgtd.conf", "lib/tmpfiles.d/itgtd.conf", "share/doc/itgtd/README.md",
         "share/doc/itgtd/LICENSE", "share/doc/itgtd/examples/itgtd.conf"]


def install(build, root, prefix):
    # CMake keeps a list of what it has installed in the build directory.
    done = subprocess.run(["cmake", "--install", build, "--prefix", prefix], env=dict(os.environ, DESTDIR=str(root)),
                          capture_output=True, text=True)
    if done.returncode:
        yield f"cmake --install --prefix {prefix}: {done.stderr}"


# The units of the daemon → the arguments that they start it with, and the file among them.
UNITS = {"itgtd.service": ("-f -c {etc}/itgtd.conf", "{etc}/itgtd.conf"),
         "itgtd@.service": ("-f -c {etc}/itgtd/%i.conf --control-socket %t/itgtd-%i/control.sock "
                            "--state-directory %S/itgtd-%i", None)}
EXPOSURE_MAX = 2.0  # of 10: what systemd-analyze security says of a unit


def unit_faults(root, prefix):
    """The units start the program that is there with the configuration that is there."""
    below = root / prefix[1:] / "lib"
    program, etc = f"{prefix}/sbin/itgtd", PREFIXES[prefix]
    if not (root / program[1:]).is_file():
        yield f"{prefix}: the units name {program}, which is not installed"
    for name, (switches, conf) in UNITS.items():
        text = (below / "systemd/system" / name).read_text()
        line = re.search(r"^ExecStart=(.*)$", text, re.M).group(1)
        wanted = f"{program} {switches}".format(etc=etc)
        if line != wanted:
            yield f"{prefix}: {name}: ExecStart={line}, and not {wanted}"
        if conf and not (root / conf.format(etc=etc)[1:]).is_file():
            yield f"{prefix}: {name} names {conf}, which is not installed"
        user = re.search(r"^User=(\w+)$", text, re.M).group(1)
        if f"u {user} " not in (below / "sysusers.d/itgtd.conf").read_text():
            yield f"{prefix}: {name}: nobody makes the user {user}"
        if f"d {etc}/itgtd 0750 root {user} -" not in (below / "tmpfiles.d/itgtd.conf").read_text():
            yield f"{prefix}: {name}: nobody makes {etc}/itgtd"


def systemd_faults(root, prefix):
    """systemd finds nothing wrong in the units, and little that they may do beyond their work."""
    units = [root / prefix[1:] / "lib/systemd/system" / name for name in (*UNITS, "itgtd.socket")]
    for unit in units:  # what it runs has to be there
        unit.write_text(unit.read_text().replace(f"={prefix}/", f"={root}{prefix}/"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    if done.returncode or done.stderr:
        yield f"systemd-analyze verify: {done.returncode}: {done.stderr}"
    for unit in units[:len(UNITS)]:
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True,
                              text=True)
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        if not level or float(level.group(1)) > EXPOSURE_MAX:
            yield f"{unit.name}: {level.group(0) if level else done.stderr}, more than {EXPOSURE_MAX}"


def prefix_faults(build, prefix):
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as name:
        root = pathlib.Path(name)
        yield from install(build, root, prefix)
        for file in FILES:
            if not (root / prefix[1:] / file).is_file():
                yield f"{prefix}: {file} is not installed"
        yield from unit_faults(root, prefix)
        if shutil.which("systemd-analyze"):
            yield from systemd_faults(root, prefix)
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
        print("skipped: systemd-analyze is not installed: the units are not verified")
    faults = [fault for prefix in PREFIXES for fault in prefix_faults(build, prefix)]
    tree.finish(faults, f"{len(FILES)} files are installed with {len(PREFIXES)} prefixes")


main()
