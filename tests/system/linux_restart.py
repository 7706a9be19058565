"""The daemon is stopped, and killed, while fio writes: the Linux initiator comes back and no byte is lost."""
import concurrent.futures
import os
import sys
import time

import target as itgtd
import vm

MEBI = 1 << 20
WRITE_MEBI = 96

JOB = f"""
discover
login
fio --name=verify --filename="$(disk "$LUN")" --direct=1 --ioengine=libaio --iodepth=32 --bs=16k \\
	--rw=randwrite --size={WRITE_MEBI}M --verify=crc32c --verify_fatal=1 --verify_dump=0 --minimal >/run/fio
logout
"""


def written(disk):
    return os.stat(disk).st_blocks * 512


def restart(target, disk, job):
    """When a third is written stop the daemon, after another third kill it; each time it comes back."""
    for part, end in ((1, target.stop), (2, target.kill)):
        while written(disk) < WRITE_MEBI * MEBI * part // 3:
            if job.done():
                sys.exit(f"fio ended before part {part}: {job.result()}")
            time.sleep(0.05)
        end()
        time.sleep(1)
        target.start()


def main():
    with itgtd.workdir() as directory:
        disk = f"{directory}/disk"
        with itgtd.Target("--serve", f"{disk},size={WRITE_MEBI}M") as target, \
                concurrent.futures.ThreadPoolExecutor() as pool:
            job = pool.submit(vm.check, JOB, 150, **vm.portal(target))
            restart(target, disk, job)
            print(job.result())


main()
