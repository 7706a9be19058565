"""QEMU's tools copy a file system onto the target and back byte for byte, and find the patterns they wrote."""
import filecmp
import shutil
import subprocess
import sys

import target as itgtd

TREE = "/usr/include/linux"  # real files that are on every machine that builds

# qemu-io's commands, each after those above it; the device is 64 MiB.
PATTERNS = [
    ("one block", ["write -P 0x11 0 4k", "read -P 0x11 0 4k"]),
    ("the last block", ["write -P 0x22 67104768 4k", "read -P 0x22 67104768 4k"]),
    ("a burst of many R2Ts", ["write -P 0x33 1M 16M", "read -P 0x33 1M 16M"]),
    ("FUA and a flush", ["write -f -P 0x44 32M 128k", "flush", "read -P 0x44 32M 128k"]),
    ("parts of blocks", ["write -P 0x55 33554944 1536", "read -P 0x55 33554944 1536",
                         "read -P 0x44 33556480 4k", "read -P 0x44 32M 512"]),
    ("zeroes", ["write -z 2M 1M", "read -P 0 2M 1M", "read -P 0x33 1M 1M", "read -P 0x33 3M 1M"]),
    ("zeroes, unmapped", ["write -z -u 5M 1M", "read -P 0 5M 1M", "read -P 0x33 4M 1M"]),
    ("discard", ["discard 8M 1M", "read -P 0x33 7M 1M", "read -P 0x33 9M 1M"]),
    ("several at once", ["aio_write -P 0x66 40M 1M", "aio_write -P 0x77 41M 1M", "aio_write -P 0x88 42M 1M",
                         "aio_flush", "read -P 0x66 40M 1M", "read -P 0x77 41M 1M", "read -P 0x88 42M 1M"]),
]


def tool(*command):
    """Run a tool; the test ends with what it said if it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def check_copy(image, url, back):
    tool("qemu-img", "convert", "-n", "-t", "none", "-f", "raw", "-O", "raw", image, url)
    tool("qemu-img", "compare", "-f", "raw", "-F", "raw", image, url)
    tool("qemu-img", "convert", "-f", "raw", "-O", "raw", url, back)
    if not filecmp.cmp(image, back, shallow=False):
        sys.exit(f"what came back from {url} differs")
    tool("e2fsck", "-f", "-n", back)


def check_patterns(url):
    for what, commands in PATTERNS:
        words = [word for command in commands for word in ("-c", command)]
        tool("qemu-io", "-f", "raw", *words, url)
        print(f"{what}: ok")


def main():
    for name in ("qemu-img", "qemu-io", "mke2fs", "e2fsck"):
        if not shutil.which(name):
            itgtd.skip(f"{name} is not installed")
    with itgtd.workdir() as directory:
        image, back = f"{directory}/image", f"{directory}/back"
        tool("mke2fs", "-q", "-t", "ext4", "-d", TREE, image, "192M")
        for store in (f"{directory}/disk", "ram"):
            for block_size in 512, 4096:
                options = f"block-size={block_size}"
                with itgtd.Target("--serve", f"{store},size=192M,{options}",
                                  "--serve", f"{store.replace('disk', 'small')},size=64M,{options}") as target:
                    print(f"{store.removeprefix(directory)} {options}")
                    check_copy(image, target.urls[0], back)
                    check_patterns(target.urls[1])


main()
