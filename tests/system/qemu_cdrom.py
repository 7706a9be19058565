"""A PC's firmware finds the cdrom LUN, reads its El Torito catalog, and boots from it; QEMU only passes the commands on."""
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import target as itgtd

HELLO = b"booted from the disc"
EXIT = 0x10  # written to QEMU's exit device, which makes 2 n + 1 of it

# 16-bit code that writes a text to the serial line and ends the machine, wherever it is loaded.
CODE = bytes.fromhex("fc 0e 1f"           # cld; push cs; pop ds
                     "e8 00 00 5e"        # call +0; pop si
                     "83 c6 16"           # add si, text - pop
                     "ba f8 03"           # mov dx, 3f8h
                     "ac 84 c0 74 03"     # lodsb; test al, al; jz +3
                     "ee eb f8"           # out dx, al; jmp lodsb
                     "b0 10 e6 f4"        # mov al, EXIT; out f4h, al
                     "f4 eb fd")          # hlt; jmp hlt


def make_image(directory):
    """An image that boots CODE, as installers' images do: El Torito, without emulation."""
    tree = pathlib.Path(directory, "tree")
    tree.mkdir()
    tree.joinpath("boot").write_bytes((CODE + HELLO + b"\0").ljust(2048, b"\0"))
    image = f"{directory}/boot.iso"
    subprocess.run(["genisoimage", "-quiet", "-o", image, "-b", "boot", "-no-emul-boot", "-boot-load-size", "4",
                    "-c", "catalog", tree], check=True)
    return image


def boot(url, serial):
    """Run a PC with that disc alone; its exit status."""
    machine = ["qemu-system-x86_64", "-accel", os.environ.get("ITGTD_TEST_ACCEL", "tcg"), "-m", "64", "-nodefaults",
               "-display", "none", "-no-reboot", "-serial", f"file:{serial}",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-device", "virtio-scsi-pci",
               "-drive", f"file={url},if=none,id=disc,format=raw,readonly=on",
               "-device", "scsi-block,drive=disc,bootindex=0"]
    return subprocess.run(machine, stdin=subprocess.DEVNULL, timeout=120, check=False).returncode


def main():
    for tool in ("genisoimage", "qemu-system-x86_64"):
        if not shutil.which(tool):
            itgtd.skip(f"{tool} is not installed")
    if platform.machine() != "x86_64":
        itgtd.skip("the firmware is an x86 PC's")
    with itgtd.workdir() as directory:
        serial = pathlib.Path(directory, "serial")
        with itgtd.Target("--serve", f"cdrom,path={make_image(directory)}") as target:
            status = boot(target.urls[0], serial)
        said = serial.read_bytes()
    if status != 2 * EXIT + 1 or said != HELLO:
        sys.exit(f"the machine ended with {status} and said {said!r}")


main()
