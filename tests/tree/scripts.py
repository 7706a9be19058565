"""shellcheck finds nothing in the scripts, and scripts/setup installs what is missing, as whom it has to."""
import pathlib
import shutil
import subprocess
import tempfile

import tree

# What scripts/setup finds instead of the system's own: a machine that lacks cmake.
STUBS = {
    "dpkg-query": 'shift 3; for p; do [ "$p" = "$LACKS" ] || echo "installed $p "; done; exit 1',
    "id": 'echo "$TEST_UID"',
    "sudo": 'echo "sudo $*" >>"$LOG"; unset DEBIAN_FRONTEND; "$@"',
    "apt-get": 'echo "apt-get $* as ${DEBIAN_FRONTEND-nobody}" >>"$LOG"',
}
INSTALL = ["apt-get -q update as noninteractive", "apt-get -q install -y --no-install-recommends cmake as noninteractive"]


def shell_scripts():
    """The tree's files that a shell reads."""
    for path in tree.files("scripts/*", ".ci/*", "package/*", "tests/**/*.sh"):
        if path.suffix == ".sh" or path.read_text().startswith("#!/bin/sh\n"):
            yield path


def setup(args=(), lacks="", uid="0", without=()):
    """Run scripts/setup on such a machine: (exit status, what it printed, what it ran)."""
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as name:
        directory = pathlib.Path(name)
        for program in ("sed", "tr"):
            (directory / program).symlink_to(shutil.which(program))
        for stub, text in STUBS.items():
            if stub not in without:
                (directory / stub).write_text(f"#!/bin/sh\n{text}\n")
                (directory / stub).chmod(0o755)
        log = directory / "log"
        (directory / "env").symlink_to(shutil.which("env"))
        environment = {"PATH": name, "LACKS": lacks, "TEST_UID": uid, "LOG": str(log)}
        done = subprocess.run(["/bin/sh", tree.ROOT / "scripts/setup", *args], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout, log.read_text().splitlines() if log.exists() else []


def setup_faults():
    as_user = [word for line in INSTALL for word in
               ("sudo env DEBIAN_FRONTEND=noninteractive " + line.removesuffix(" as noninteractive"), line)]
    rows = [
        ("all is there", {}, (0, "all packages are there", [])),
        ("root", {"lacks": "cmake"}, (0, "installing: cmake\n", INSTALL)),
        ("a user with sudo", {"lacks": "cmake", "uid": "1000"}, (0, "installing with sudo: cmake\n", as_user)),
        ("a user without", {"lacks": "cmake", "uid": "1000", "without": ["sudo"]}, (1, "takes root or sudo: cmake", [])),
        ("what only tests need", {"lacks": "mandoc"}, (0, "installing: mandoc\n", None)),
        ("it is not built with", {"lacks": "mandoc", "args": ["--build-only"]}, (0, "all packages are there", [])),
        ("another system", {"without": ["apt-get"]}, (1, "this is not Debian", [])),
        ("wrong usage", {"args": ["--fast"]}, (2, "usage: ", [])),
    ]
    for what, machine, (status, words, ran) in rows:
        got = setup(**machine)
        if got[0] != status or words not in got[1] or (ran is not None and got[2] != ran):
            yield f"scripts/setup: {what}: {got}"


def usage_faults():
    """Who asks how scripts/test is used does not get half an hour of it."""
    for word in ("--help", "unit"):
        done = subprocess.run([tree.ROOT / "scripts/test", word], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if done.returncode != 2 or not done.stdout.startswith("usage: scripts/test"):
            yield f"scripts/test {word}: {done.returncode}, {done.stdout[:200]}"


def main():
    scripts = list(shell_scripts())
    faults = list(setup_faults()) + list(usage_faults())
    if shutil.which("shellcheck"):
        out = tree.run("shellcheck", "--exclude=SC1091", *map(str, scripts))
        faults += [out.stdout] if out.returncode else []
    else:
        print("skipped: shellcheck is not installed")
    tree.finish(faults, scripts and f"{len(scripts)} scripts are sound")


main()
