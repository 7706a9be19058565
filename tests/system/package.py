"""The Debian package: lintian accepts it, and it holds all that is installed, where Debian has it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import deb
import target as itgtd

# Beside what `cmake --install` brings: its name there → in the package, None for nowhere.
MOVED = {"usr/lib/systemd/": "lib/systemd/", "usr/share/doc/itgtd/LICENSE": None}
ADDED = {"usr/share/doc/itgtd/copyright", "usr/share/doc/itgtd/changelog.Debian.gz"}
CONTROL = {"control", "conffiles", "md5sums", "postinst", "postrm", "prerm"}
NEEDED = ["systemd | systemd-standalone-sysusers", "systemd | systemd-standalone-tmpfiles", "libc6", "libev4"]


def below(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def in_package(name):
    """Where a file of an installation is in the package."""
    for old, new in MOVED.items():
        if name.startswith(old):
            return new and name.replace(old, new, 1)
    return f"{name}.gz" if name.startswith("usr/share/man/") else name


def content_faults(package, directory):
    deb.run("cmake", "--install", deb.BUILD, "--prefix", "/usr", env=dict(os.environ, DESTDIR=f"{directory}/installed"))
    deb.run("dpkg-deb", "-x", package, f"{directory}/unpacked")
    wanted = {in_package(name) for name in below(pathlib.Path(directory, "installed"))} - {None} | ADDED
    there = below(pathlib.Path(directory, "unpacked"))
    yield from (f"the package lacks {name}" for name in sorted(wanted - there))
    yield from (f"the package has {name}, which nobody asked for" for name in sorted(there - wanted))
    for line in deb.run("dpkg-deb", "-c", package).splitlines():
        mode, owner = line.split()[:2]
        if owner != "root/root" or mode not in ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"):
            yield f"odd owner or mode: {line}"


def control_faults(package, directory):
    control = pathlib.Path(directory, "control")
    deb.run("dpkg-deb", "-e", package, control)
    if below(control) != CONTROL:
        yield f"its control files are {sorted(below(control))}, and not {sorted(CONTROL)}"
    if (control / "conffiles").read_text() != "/etc/itgtd.conf\n":
        yield f"its conffiles are {(control / 'conffiles').read_text()}"
    depends = deb.run("dpkg-deb", "-f", package, "Depends")
    yield from (f"it does not depend on {word}: {depends}" for word in NEEDED if word not in depends)
    version = deb.run("dpkg-deb", "-f", package, "Version").strip()
    newest = re.match(r"itgtd \((\S+)\)", (itgtd.ROOT / "package/changelog").read_text()).group(1)
    daemon = deb.run(itgtd.ITGTD, "--version").split()[1]
    if not version == newest or not version.startswith(f"{daemon}-"):
        yield f"it is {version}, its changelog begins with {newest}, the daemon says {daemon}"


def lintian_faults(package):
    if not shutil.which("lintian"):
        itgtd.skip("lintian is not installed")
    # As root it only warns that it is not meant to be.
    root = ["--allow-root"] if os.geteuid() == 0 else []
    done = subprocess.run(["lintian", *root, "--fail-on", "error", package], capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        yield f"lintian: status {done.returncode}\n{done.stderr}"


def main():
    with itgtd.workdir() as directory:
        package = deb.make(f"{directory}/made")
        faults = [*content_faults(package, directory), *control_faults(package, directory), *lintian_faults(package)]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
