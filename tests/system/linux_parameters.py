"""Whatever the Linux initiator negotiates for bursts and digests, fio reads what it wrote."""
import target as itgtd
import vm

JOB = """
# What a session or connection has agreed on: agreed session initial_r2t
agreed() {
	cat /sys/class/iscsi_"$1"/"$1"*/"$2"
}

# Log in with these settings, see that they were agreed on, and use the disk.
use() {
	set_param node.session.iscsi.InitialR2T "$1"
	set_param node.session.iscsi.ImmediateData "$2"
	set_param node.session.iscsi.FirstBurstLength "$3"
	set_param node.session.iscsi.MaxBurstLength "$4"
	set_param 'node.conn[0].iscsi.MaxRecvDataSegmentLength' "$5"
	set_param 'node.conn[0].iscsi.HeaderDigest' "$6"
	set_param 'node.conn[0].iscsi.DataDigest' "$7"
	login
	[ "$(agreed session initial_r2t)" = "$([ "$1" = Yes ] && echo 1 || echo 0)" ]
	[ "$(agreed session immediate_data)" = "$([ "$2" = Yes ] && echo 1 || echo 0)" ]
	[ "$(agreed session first_burst_len)" -le "$3" ]
	[ "$(agreed session max_burst_len)" -le "$4" ]
	[ "$(agreed connection header_digest)" = "$([ "$6" = CRC32C ] && echo 1 || echo 0)" ]
	[ "$(agreed connection data_digest)" = "$([ "$7" = CRC32C ] && echo 1 || echo 0)" ]
	fio --name=verify --filename="$(disk "$LUN")" --direct=1 --ioengine=libaio --iodepth=16 \\
		--rw=randwrite --bsrange=4k-512k --size=8M --verify=crc32c --verify_fatal=1 \\
		--verify_dump=0 --minimal >/run/fio
	logout
}

discover
# InitialR2T, ImmediateData, first burst, longest burst, longest segment, digests of header and data
use No  Yes 262144 1048576 262144 None   None
use No  No  262144 1048576 262144 None   None
use Yes Yes 262144 1048576 262144 None   None
use Yes No  262144 1048576 262144 None   None
use No  Yes 512    512     512    None   None
use Yes No  512    512     512    None   None
use No  No  4096   8192    65536  None   None
use Yes Yes 4096   8192    65536  None   None
use No  Yes 65536  262144  8192   CRC32C None
use Yes Yes 65536  65536   65536  None   CRC32C
use No  Yes 262144 1048576 262144 CRC32C CRC32C
use Yes No  4096   4096    4096   CRC32C CRC32C
"""


def main():
    with itgtd.workdir() as directory, itgtd.Target("--serve", f"{directory}/disk,size=64M") as target:
        print(vm.check(JOB, 170, **vm.portal(target)))


main()
