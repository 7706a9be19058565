"""sg_xcopy and ddpt have the target copy inside a disk and between disks; the bytes arrive, and only once."""
import hashlib
import pathlib

import target as itgtd
import vm

MIB = 1 << 20
JOB = """
discover
login
one=$(disk 0)
two=$(disk 1)
three=$(disk 2)
modprobe sg
# The generic device of a disk: the tools find it by links that udev would make.
sg() {
	echo /dev/"$(ls /sys/block/"${1#/dev/}"/device/scsi_generic)"
}
sg_one=$(sg "$one")
sg_two=$(sg "$two")
sg_three=$(sg "$three")

# What the tools ask of a target that copies.
sg_copy_results --params "$one"
sg_vpd --page=tpc "$one"
sg_inq "$one" | grep -F '3PC=1'

# LUN 0 to LUN 1, at other places.
sg_xcopy if="$sg_one" of="$sg_two" bs=512 count=20480 skip=2048 seek=4096
# LUN 1 to LUN 2, from file to memory.
ddpt if="$sg_two" of="$sg_three" iflag=xcopy bs=512 count=20480 skip=4096
# Inside LUN 0.
ddpt if="$sg_one" of="$sg_one" iflag=xcopy bs=512 count=8192 skip=2048 seek=65536

# The sum of so many MiB of a disk from that MiB on.
sum() {
	dd if="$1" bs=1M skip="$2" count="$3" iflag=direct status=none | sha256sum
}
[ "$(sum "$two" 2 10)" = "$(sum "$one" 1 10)" ]
[ "$(sum "$three" 0 10)" = "$(sum "$one" 1 10)" ]
[ "$(sum "$one" 32 4)" = "$(sum "$one" 1 4)" ]
logout
"""


def main():
    with itgtd.workdir() as directory:
        source = bytearray(64 * MIB)
        for at in range(0, len(source), 4096):
            source[at:at + 32] = hashlib.sha256(at.to_bytes(8, "big")).digest()
        pathlib.Path(directory, "one").write_bytes(source)
        specs = (f"{directory}/one", f"{directory}/two,size=64M", "ram,size=64M")
        serve = [word for spec in specs for word in ("--serve", spec)]
        with itgtd.Target(*serve) as target:
            print(vm.check(JOB, 150, **vm.portal(target)))
        two = pathlib.Path(directory, "two").read_bytes()
        assert two[2 * MIB:12 * MIB] == source[MIB:11 * MIB], "LUN 1 does not hold what LUN 0 does"
        assert not any(two[:2 * MIB]) and not any(two[12 * MIB:]), "bytes arrived beside their place"


main()
