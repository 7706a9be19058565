# shellcheck shell=bash
# The first process of the virtual machine, or what systemd runs there: makes it ready, runs
# the job, tells its output and exit status on the second serial line, and powers off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

# What systemd has done already where it is the first process.
mount_all() {
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t tmpfs run /run
	mount -t tmpfs tmp /tmp
	mkdir -p /run/lock
}

# The daemon listens on the host's 127.0.0.1, and that is the address which discovery
# returns. So 127.0.0.1 has to be the host here: the loopback device stays down, and
# QEMU's user network takes what is sent to that address to the host's loopback.
reach_host() {
	echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
	echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
	ip address add 10.0.2.15/24 dev eth0
	ip link set eth0 up
	ip route add 127.0.0.1/32 via 10.0.2.2 dev eth0
}

if [ $$ = 1 ]; then mount_all; fi
modprobe -a virtio_net iscsi_tcp sd_mod crc32c-intel 2>/dev/null
echo 'InitiatorName=iqn.2026-11.org.itgtd:guest' >/etc/iscsi/initiatorname.iscsi
if [ $$ = 1 ]; then
	reach_host
	iscsid
else
	systemctl start iscsid
fi

stty -F /dev/ttyS1 raw -echo
(
	cd /mnt
	. ./environment
	. ./initiator.sh
	set -euxo pipefail
	. ./job
) >/dev/ttyS1 2>&1 </dev/null
printf '\nexit status %d\n' $? >/dev/ttyS1
sync
busybox poweroff -f
