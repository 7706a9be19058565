"""
The image: Containerfile is built by buildah, and what it says is run as the user that it says, without any capability. The
disk that it serves is written to and read, it is healthy, and it ends as it should.
"""
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys

import deb
import target as itgtd
import vm

# No registry is asked: what Debian's own image has is made of Debian's packages.
BASE = "docker.io/library/debian:bookworm-slim"
MAKE_BASE = ["mmdebstrap", "--quiet", "--variant=apt", "--include=passwd", "--aptopt=APT::Install-Recommends \"false\"",
             "bookworm"]
IMAGE = "localhost/itgtd"
STORAGE_MAX = 4 << 30  # bytes of layers kept for the next time
NO_CAPABILITY = "0" * 16


class Buildah:
    """buildah with a storage of its own; RUN and run are a chroot with namespaces, which takes no container engine."""

    def __init__(self, directory, driver):
        self.words = ["buildah", "--root", f"{directory}/root", "--runroot", f"{directory}/run", "--storage-driver", driver]

    def __call__(self, *args, **more):
        return deb.run(*self.words, *args, **more).strip()

    def run(self, container, user, command):
        """The words that run a command in the container."""
        return [*self.words, "run", "--isolation", "chroot", "--user", user, "--cap-drop", "all", container, "--", *command]


def storage():
    """A buildah that works here, with what is left of the last time, unless that has grown too large."""
    for tool in ("buildah", "mmdebstrap", "qemu-io"):
        if not shutil.which(tool):
            itgtd.skip(f"{tool} is not installed")
    directory = vm.cache() / "containers"
    directory.mkdir(exist_ok=True)
    if int(deb.run("du", "-sxB1", directory).split()[0]) > STORAGE_MAX:
        for mount in directory.glob("*/root/overlay"):  # it stays mounted on itself
            subprocess.run(["umount", "--recursive", mount], capture_output=True)
        shutil.rmtree(directory)
    for driver in ("overlay", "vfs"):
        buildah = Buildah(directory / driver, driver)
        tried = subprocess.run([*buildah.words, "from", "--name", "try", "scratch"], capture_output=True, text=True)
        mounted = tried.returncode == 0 and subprocess.run([*buildah.words, "mount", "try"], capture_output=True).returncode == 0
        subprocess.run([*buildah.words, "rm", "try"], capture_output=True)
        if mounted:
            print(f"built and run by buildah with chroot isolation and {driver}")
            return buildah
    itgtd.skip(f"buildah cannot make containers here: {tried.stderr.strip()[-300:]}")


def make_base(buildah, directory):
    """The image that Containerfile begins with."""
    label = hashlib.sha256(" ".join(MAKE_BASE).encode()).hexdigest()[:16]
    if label in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        return
    deb.run(*MAKE_BASE, f"{directory}/base.tar")
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, f"{directory}/base.tar", "/")
    buildah("commit", "--quiet", "--rm", container, BASE)
    buildah("tag", BASE, f"localhost/itgtd-base:{label}")


def build(buildah):
    """The image of Containerfile: its configuration."""
    print(buildah("build", "--isolation", "chroot", "--pull-never", "--layers", "--force-rm", "--format", "docker", "--file",
                  "Containerfile", "--tag", IMAGE, ".", cwd=itgtd.ROOT)[-300:])
    return json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]


def descendant(pid, name):
    """The process of that name below this one."""
    parents = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            found, rest = re.fullmatch(r"\d+ \((.*)\) \S (\d+) .*", status.read_text(), re.S).groups()
        except OSError:
            continue  # it has ended
        parents[int(status.parent.name)] = found, int(rest)
    for child, (found, parent) in parents.items():
        while found.startswith(name) and parent > 1:
            if parent == pid:
                return child
            parent = parents.get(parent, ("", 0))[1]
    sys.exit(f"there is no {name} below {pid}")


def privilege_faults(pid, user):
    status = dict(re.findall(r"^(\w+):\s+(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M))
    for line in ("Uid", "Gid"):
        if set(status[line].split()) != {user.split(":")[line == "Gid"]}:
            yield f"it runs with {line} {status[line]}, and not as {user}"
    # In the bounding set buildah keeps what itself needs to become that user.
    yield from (f"it has capabilities: {line} {status[line]}" for line in ("CapInh", "CapPrm", "CapEff", "CapAmb")
                if status[line] != NO_CAPABILITY)


def config_faults(config):
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"]):
        yield f"its user is {config['User']}, and no number that runAsNonRoot could know"
    if list(config["ExposedPorts"]) != ["3260/tcp"]:
        yield f"its ports are {config['ExposedPorts']}"
    if config["Healthcheck"]["Test"][:2] != ["CMD", "itgtctl"]:
        yield f"its health is checked by {config['Healthcheck']['Test']}"
    if "--serve" not in config["Cmd"]:
        yield f"without arguments it does {config['Cmd']}"


def run_faults(buildah, container, config):
    """Start it as an engine would, but on a free port of the loopback, which buildah shares with it."""
    command = [*config["Entrypoint"], *config["Cmd"][:config["Cmd"].index("--portal")], "--portal", "127.0.0.1:0"]
    with subprocess.Popen(buildah.run(container, config["User"], command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        url = None
        while not url:
            line = process.stdout.readline()
            if not line:
                sys.exit(f"it ended with {process.wait()} before it was ready")
            url = re.search(r"itgtd: ready: (iscsi://\S+)$", line)
        pid = descendant(process.pid, "itgtd")
        yield from privilege_faults(pid, config["User"])
        deb.run(*buildah.run(container, config["User"], config["Healthcheck"]["Test"][1:]))
        print(deb.run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 4M", "-c", "read -P 0x5a 1M 4M", url.group(1)))
        os.kill(pid, getattr(signal, config["StopSignal"]))
        process.stdout.read()
        if process.wait(itgtd.STOP_TIMEOUT_S):
            yield f"it ended with {process.returncode}"
    sick = subprocess.run(buildah.run(container, config["User"], config["Healthcheck"]["Test"][1:]), capture_output=True)
    if sick.returncode == 0:
        yield "it is healthy after its end"


def recipe_faults():
    """What the page gives itgtd to do are arguments that it takes."""
    text = (itgtd.ROOT / "doc/container.md").read_text().replace("\\\n", "")
    commands = re.findall(r"^    docker run .* itgtd +(--\S.*)$", text, re.M)
    commands += [" ".join(json.loads(words)) for words in re.findall(r'^ *args: (\[".*"\])$', text, re.M)]
    for words in commands:
        done = subprocess.run([itgtd.ITGTD, "--check", *shlex.split(words)], capture_output=True, text=True)
        if done.returncode:
            yield f"doc/container.md: itgtd {words}: {done.stderr}"
    if len(commands) < 3:
        yield f"doc/container.md: only {commands} are found"


def main():
    vm.cache().mkdir(parents=True, exist_ok=True)
    with itgtd.workdir() as directory, vm.locked(vm.cache() / "containers.lock"):
        buildah = storage()
        make_base(buildah, directory)
        config = build(buildah)
        container = buildah("from", "--pull-never", IMAGE)
        try:
            faults = [*config_faults(config), *run_faults(buildah, container, config), *recipe_faults()]
            deb.run(*buildah.run(container, config["User"], ["itgtd", "--check"]))
            deb.run(*buildah.run(container, config["User"], ["sh", "-c", "! command -v gcc"]))
        finally:
            buildah("rm", container)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


main()
