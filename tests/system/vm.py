"""A small virtual machine with the Linux initiator, that runs one shell script."""
import contextlib
import fcntl
import hashlib
import io
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

import target as itgtd

HERE = pathlib.Path(__file__).resolve().parent
RECIPE = HERE / "image.sh"
BOOT_TIMEOUT_S = 60


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "itgtd-tests"


@contextlib.contextmanager
def locked(path):
    """Hold a file's lock; the kernel drops it if this process dies."""
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_image(directory):
    """Run the recipe next to its place, then move it there: never a half image."""
    with tempfile.TemporaryDirectory(dir=directory.parent) as building:
        made = subprocess.run([RECIPE, building], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if made.returncode:
            print(made.stdout[-8000:])
            if os.environ.get("CI"):
                sys.exit("the virtual machine's image cannot be made")
            itgtd.skip("the virtual machine's image cannot be made here")
        os.chmod(building, 0o755)
        os.rename(building, directory)


def forget_old(parent):
    """Remove the images that no recipe has used for a month."""
    for old in parent.iterdir():
        if time.time() - old.stat().st_mtime > 30 * 86400:
            shutil.rmtree(old) if old.is_dir() else old.unlink()


def image():
    """The directory with the machine's disk, kernel and initrd; made at first need."""
    for tool in ("qemu-system-x86_64", "mmdebstrap", "genext2fs", "cpio"):
        if not shutil.which(tool):
            itgtd.skip(f"{tool} is not installed")
    if platform.machine() != "x86_64":
        itgtd.skip("the virtual machine is an x86-64 one")
    directory = cache() / hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:16]
    directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(f"{directory}.lock"):
        if not directory.is_dir():
            forget_old(directory.parent)
            make_image(directory)
        os.utime(directory)
    return directory


def write_job(path, job, environment, files=()):
    """The second disk: a tar file with the job, what it stands on, and these files of the host."""
    settings = "".join(f"{name}='{value}'\n" for name, value in environment.items())
    with tarfile.open(path, "w") as tar:
        for name in ("guest.sh", "initiator.sh"):
            tar.add(HERE / name, name)
        for file in files:
            tar.add(os.path.realpath(file), os.path.basename(file))
        for name, text in (("job", job), ("environment", settings)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))


# systemd as the first process runs the job as a service of its own.
SYSTEMD = 'first=/lib/systemd/systemd systemd.run="/bin/bash /mnt/guest.sh"'


def command(base, directory, systemd):
    """QEMU's command line. It emulates, so that it runs anywhere; ITGTD_TEST_ACCEL=kvm is faster."""
    def serial(name):
        return ["-chardev", f"file,id={name},path={directory}/{name}", "-serial", f"chardev:{name}"]

    def disk(path, options):
        return ["-drive", f"file={path},format=raw,if=virtio,{options}"]

    return ["qemu-system-x86_64", "-accel", os.environ.get("ITGTD_TEST_ACCEL", "tcg,thread=multi"),
            "-cpu", "max", "-smp", "2", "-m", "512", "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", f"{base}/vmlinuz", "-initrd", f"{base}/initrd",
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off " + (SYSTEMD if systemd else ""),
            *disk(f"{base}/root.ext2", "snapshot=on"), *disk(f"{directory}/job.tar", "readonly=on"),
            "-nic", "user,model=virtio-net-pci", *serial("console"), *serial("output")]


def run(job, timeout_s, files=(), systemd=False, **environment):
    """
    Run a shell script (set -eu) in a new machine, beside the files; its exit status and output.

    The names in environment are variables there. With systemd as the first process the
    machine has its own loopback, without it the host's. A machine that panics, hangs or
    stops early is told with the end of its console, as status None.
    """
    base = image()
    with itgtd.workdir() as directory:
        write_job(f"{directory}/job.tar", job, environment, files)
        output, console = pathlib.Path(directory, "output"), pathlib.Path(directory, "console")
        output.touch()
        console.touch()
        with subprocess.Popen(command(base, directory, systemd), stdin=subprocess.DEVNULL) as qemu:
            try:
                qemu.wait(BOOT_TIMEOUT_S + timeout_s)
                end = "the machine stopped early"
            except subprocess.TimeoutExpired:
                qemu.kill()
                end = f"no end within {timeout_s} s"
        output, console = output.read_text(errors="replace"), console.read_text(errors="replace")
    status = re.search(r"^exit status (\d+)\n\Z", output, re.M)
    if status:
        return int(status.group(1)), output
    return None, f"{output}\n{end}; its console:\n{console[-8000:]}"


def check(job, timeout_s, **environment):
    """Run a job that has to succeed; the test ends here if it does not."""
    status, output = run(job, timeout_s, **environment)
    if status != 0:
        sys.exit(output)
    return output


def portal(target):
    """What initiator.sh wants to know of a target."""
    return {"PORTAL": f"127.0.0.1:{target.port}", "IQN": target.iqn, "LUN": target.lun}
