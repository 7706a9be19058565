"""fio writes at depth 32 through the Linux initiator and reads back exactly what it wrote."""
import target as itgtd
import vm

JOB = """
discover
login
device=$(disk "$LUN")
for pattern in 'randwrite --bs=4k --size=32M' 'write --bs=1M --size=96M' 'randwrite --bsrange=512-256k --size=64M'; do
	fio --name=verify --filename="$device" --direct=1 --ioengine=libaio --iodepth=32 \
		--verify=crc32c --verify_fatal=1 --verify_dump=0 --randrepeat=1 --minimal --rw=$pattern >/run/fio
done
logout
"""


def main():
    with itgtd.workdir() as directory, itgtd.Target("--serve", f"{directory}/disk,size=256M") as target:
        print(vm.check(JOB, 150, **vm.portal(target)))


main()
