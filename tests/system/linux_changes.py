"""
LUNs are added, resized and removed while Linux uses the target: it sees each change without being told.

What the kernel makes of unit attentions are uevents; the rules that follow here are those of distributions.
The first block of LUN 0 is a letter box: what stands there asks the host for the next change.
"""
import concurrent.futures
import os
import subprocess
import sys
import time

import target as itgtd
import vm

ITGTCTL = os.environ["BUILD"] + "/src/itgtctl/itgtctl"

JOB = r"""
cat >/run/on-uevent <<'END'
#!/bin/busybox sh
case "$SDEV_UA" in
CAPACITY_DATA_HAS_CHANGED)
	echo 1 >"/sys$DEVPATH/rescan"
	;;
REPORTED_LUNS_DATA_HAS_CHANGED)
	host=${DEVPATH##*/}
	echo "- - -" >"/sys/class/scsi_host/host${host%%:*}/scan"
	for device in "/sys${DEVPATH%/*}"/*:*:*:*; do
		sg_turs "/dev/bsg/${device##*/}" || echo 1 >"$device/delete"
	done
	;;
esac
END
chmod 755 /run/on-uevent
busybox uevent /run/on-uevent &

tell() { printf '%-4096s' "$1" | dd of="$mail" bs=4096 oflag=direct status=none; }
await() {
	local -
	set +x
	for _ in $(seq 300); do
		for device in "$mail" ${one:+"/dev/$one"}; do # what is told comes with a command
			[ ! -b "$device" ] || dd if="$device" of=/dev/null bs=4096 count=1 iflag=direct status=none || true
		done
		if "$@"; then return 0; fi
		sleep 0.1
	done
	echo "never: $*" >&2
	return 1
}
find_one() {
	for one in /sys/class/iscsi_session/session*/device/target*/*:*:*:1/block/sd*; do
		one=${one##*/}
		if [ -b "/dev/$one" ]; then return 0; fi
	done
	return 1
}
has_sectors() { [ "$(cat "/sys/block/$one/size")" = "$1" ]; }
is_gone() { ! [ -e "/sys/block/$one" ]; }

discover
login
mail=$(disk 0)
one=
tell 1
await find_one
has_sectors 65536
tell 2
await has_sectors 131072
head -c 1M /dev/urandom >/run/want
dd if=/run/want of="/dev/$one" bs=1M seek=63 oflag=direct status=none
dd if="/dev/$one" bs=1M skip=63 iflag=direct status=none | cmp - /run/want
tell 3
await is_gone
tell 4
await find_one
dd if="/dev/$one" bs=1M skip=63 iflag=direct status=none | cmp - /run/want
logout
"""


def asks(disk, step):
    with open(disk, "rb") as letter:
        return letter.read(1) == str(step).encode()


def obey(target, socket, directory, job):
    """Make each change when the machine asks for it."""
    steps = (("add", "1", f"{directory}/one,size=32M"), ("resize", "1", "64M"), ("remove", "1"),
             ("add", "1", f"{directory}/one"))
    for number, (verb, *words) in enumerate(steps, 1):
        while not asks(f"{directory}/disk", number):
            if job.done():
                sys.exit(f"it ended before step {number}: {job.result()}")
            time.sleep(0.05)
        subprocess.run([ITGTCTL, "-s", socket, "lun", verb, target.iqn, *words], check=True)


def main():
    with itgtd.workdir() as directory:
        socket = f"{directory}/control.sock"
        with itgtd.Target("--serve", f"{directory}/disk,size=16M", "--control-socket", socket) as target, \
                concurrent.futures.ThreadPoolExecutor() as pool:
            job = pool.submit(vm.check, JOB, 150, **vm.portal(target))
            obey(target, socket, directory, job)
            print(job.result())


main()
