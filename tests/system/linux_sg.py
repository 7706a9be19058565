"""
sg3_utils decode what the disk says without a complaint, dm-multipath knows the better of
two paths, and fstrim gives space back to the host.
"""
import os
import re
import sys

import target as itgtd
import vm

IQN = "iqn.2026-11.org.example:sg"
CONFIG = """
state-directory = "{directory}/state"
control-socket  = "{directory}/control.sock"
portal-group "1" {{ listen = {{ "127.0.0.1:0" }} }}
portal-group "2" {{ listen = {{ "127.0.0.1:0" }} }}
target "{iqn}" {{
  portal-groups = {{ "1", "2" }}
  alua-states   = {{ "1:optimized", "2:non-optimized" }}
  lun "0" {{ path = "{directory}/disk"    size = "64M"  soft-threshold = 99 }}
  lun "1" {{ path = "{directory}/trimmed" size = "128M" }}
  lun "2" {{ path = "{directory}/full"    size = "128M" }}
}}
"""

# say COMMAND ...: run it, show what it says, and end the job when that is a complaint.
SG = r"""
complaints='warn|unexpected|malformed|truncat|too short|unrecogni|abnormal|unknown|invalid|illegal'
say() {
	echo "== $*"
	"$@" >/run/said 2>&1 || { echo "exit status $?"; cat /run/said; exit 1; }
	cat /run/said
	if grep -v 'mapped (or unknown)' /run/said | grep -iE "$complaints"; then
		echo "$*: complains"
		exit 1
	fi
}

# The device of LUN $1 through the session of portal $2.
path() {
	for s in /sys/class/iscsi_session/session*; do
		c=$(echo "$s"/device/connection*/iscsi_connection/connection*)
		[ "$(cat "$c/persistent_port")" = "$2" ] || continue
		for b in "$s"/device/target*/*:*:*:"$1"/block/sd*; do
			[ -e "$b" ] && echo "/dev/${b##*/}"
		done
	done
}

discover
iscsiadm -m node -T "$IQN" --login
for lun in 0 1 2; do disk $lun; done
for i in $(seq 100); do
	a=$(path 0 "$PORT1") b=$(path 0 "$PORT2")
	[ -b "$a" ] && [ -b "$b" ] && break
	sleep 0.1
done
set +x
say sg_inq "$a"
say sg_vpd --all "$a"
say sg_opcodes "$a"
say sg_opcodes --rctd "$a"
say sg_opcodes --tmf --repd "$a"
say sg_luns "$a"
say sg_readcap --long "$a"
say sg_logs --all "$a"
say sg_logs --page=lbp "$a"
say sg_modes --all --all "$a"
say sg_requests "$a"
say sg_turs --num=3 "$a"
say sg_rtpg --decode "$a"
say sg_senddiag --selftest=0 --test "$a"
say sg_read_buffer --mode=echo_desc "$a"
say sg_verify --lba=0 --count=64 "$a"
say sg_sync "$a"

dd if=/dev/urandom of=/run/old bs=512 count=1 2>/dev/null
dd if=/dev/urandom of=/run/new bs=512 count=1 2>/dev/null
dd if=/run/old of="$a" bs=512 oflag=direct 2>/dev/null
cat /run/old /run/new >/run/both
say sg_compare_and_write --in=/run/both --lba=0 --num=1 --xferlen=1024 "$a"
dd if="$b" of=/run/is bs=512 count=1 iflag=direct 2>/dev/null
cmp /run/is /run/new
status=0
sg_compare_and_write --in=/run/both --lba=0 --num=1 --xferlen=1024 "$a" || status=$?
[ $status = 14 ] # miscompare

say sg_write_same --lba=2048 --num=2048 --in=/run/new --xferlen=512 "$a"
say sg_get_lba_status --lba=2048 "$a"
grep -q 'mapped' /run/said
say sg_unmap --lba=2048 --num=2048 --force "$a"
say sg_get_lba_status --lba=2048 "$a"
grep -q 'deallocated' /run/said
# Reserved blocks, where the file system of the disk has them.
say sg_vpd --page=lbpv "$a"
if grep -q 'ANC_SUP): 1' /run/said; then
	say sg_unmap --anchor --lba=2048 --num=1024 --force "$a"
	say sg_write_same --16 --unmap --anchor --lba=3072 --num=1024 --ndob "$a"
	say sg_get_lba_status --lba=2048 "$a"
	grep -q 'blocks: *2048 *anchored' /run/said
fi
say sg_write_same --16 --unmap --lba=0 --num=2048 --ndob "$a"

say sg_persist --out --register --param-sark=0xabc "$a"
say sg_persist --in --read-keys "$a"
say sg_persist --out --reserve --param-rk=0xabc --prout-type=5 "$a"
say sg_persist --in --read-reservation "$a"
say sg_persist --in --read-full-status "$a"
say sg_persist --in --report-capabilities "$a"
status=0
sg_dd if=/dev/zero of="$b" bs=512 count=1 oflag=sgio >/run/said 2>&1 || status=$?
grep -qi 'reservation conflict' /run/said || { cat /run/said; exit 1; }
say sg_persist --out --clear --param-rk=0xabc "$a"
sg_turs "$b" || true # it is told of that

printf 'disk of the test' >/run/name
say sg_ident --set "$a" </run/name
say sg_ident "$a"
grep -q 'disk of the test' /run/said

say sg_stpg --active "$a" # non-optimized
say sg_rtpg --decode "$a"
say sg_stpg --optimized "$a"
say sg_format --format --quick --wait "$a"
say sg_sanitize --overwrite --zero --quick --wait "$a"
say sg_sanitize --block --quick --wait "$a"
say sg_sanitize --fail --quick --wait "$a"
set -x
"""

FSTRIM = """
set +x
for lun in 1 2; do
	device=$(path $lun "$PORT1")
	mkfs.ext4 -q -E nodiscard "$device"
	mount "$device" /media
	dd if=/dev/urandom of=/media/data bs=1M count=80 2>/dev/null
	sync
	rm /media/data
	sync
	[ $lun = 2 ] || fstrim -v /media
	umount /media
done
set -x
"""

MULTIPATH = r"""
/lib/systemd/systemd-udevd --daemon
udevadm trigger
udevadm settle
modprobe dm_multipath
cat >/etc/multipath.conf <<'END'
defaults {
	find_multipaths no
	prio alua
	path_grouping_policy group_by_prio
	user_friendly_names yes
	checker_timeout 5
}
blacklist {
	devnode "^vd"
}
END
multipathd
for i in $(seq 100); do
	multipath -ll >/run/paths 2>&1
	[ "$(grep -c 'prio=' /run/paths)" = 6 ] && break
	sleep 0.2
done
cat /run/paths
[ "$(grep -c 'prio=50' /run/paths)" = 3 ]
[ "$(grep -c 'prio=10 status=enabled' /run/paths)" = 3 ]
grep -q "hwhandler='1 alua'" /run/paths
m=$(multipathd show paths format '%d %m' | awk -v d="${a#/dev/}" '$1 == d { print $2 }')
dd if=/run/both of=/dev/mapper/$m bs=1024 oflag=direct conv=notrunc
multipath -ll $m | grep 'prio=50 status=active'
iscsiadm -m node -T "$IQN" -p "127.0.0.1:$PORT1" --logout
dd if=/dev/mapper/$m of=/run/is bs=1024 count=1 iflag=direct
cmp /run/is /run/both
multipathd shutdown
"""


def blocks(path):
    return os.stat(path).st_blocks


def main():
    with itgtd.workdir() as directory:
        config = f"{directory}/itgtd.conf"
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(directory=directory, iqn=IQN))
        with itgtd.Target("-c", config) as target:
            first, second = target.ports
            output = vm.check(SG + FSTRIM + MULTIPATH, 170, PORTAL=f"127.0.0.1:{first}", IQN=IQN,
                              LUN="0", PORT1=str(first), PORT2=str(second))
        print(output)
        trimmed, full = blocks(f"{directory}/trimmed"), blocks(f"{directory}/full")
        print(f"512-byte blocks on the host: {trimmed} trimmed, {full} not")
        if full < 80 * 2048 or trimmed > full / 8:
            sys.exit("fstrim gave nothing back")
        if not re.search(r"disk of the test", output):
            sys.exit("the identifying information is gone")


main()
