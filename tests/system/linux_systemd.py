"""
The package under systemd: it installs, its service starts, and a Linux initiator with verified I/O sees no error when the
service is reloaded, restarted, killed or upgraded; then it is removed, and purged.
"""
import deb
import target as itgtd
import vm

IQN = "iqn.2026-11.org.itgtd:systemd"

JOB = r"""
PS4='+ $SECONDS s: '

conf() {
	echo "portal-group 1 { listen = { $1 } }"
	echo "target $2 { auth-group = no-authentication"
	for lun in $3; do
		echo "lun $lun { path = /srv/itgtd/disk$lun size = 24M io = cached }"
	done
	echo '}'
}

# The command fails, as it should ("! command" alone would fail nothing).
not() {
	if "$@"; then return 1; fi
}

# Until what is said holds.
await() {
	local -
	set +x
	for _ in $(seq 600); do
		if "$@"; then return 0; fi
		sleep 0.1
	done
	echo "never: $*" >&2
	return 1
}

writes() {
	awk '{ print $5 }' "/sys/block/${disk##*/}/stat"
}

has_written() {
	[ "$(writes)" -gt "$1" ]
}

# The initiator's writes come through again.
flows() {
	await has_written $(($(writes) + 50))
}

# Of the service, or of another unit.
main_pid() {
	systemctl show -P MainPID "${1-itgtd}"
}

# The initiator's session, as the daemon has numbered it.
sid() {
	itgtctl --json session list | grep -o '"sid": *[0-9]*'
}

has_lun() {
	itgtctl lun show "$IQN" "$1" >/dev/null 2>&1
}

has_come_back() {
	systemctl is-active -q itgtd && [ "$(main_pid)" != "$1" ]
}

# Write and verify, again and again.
verify() {
	until [ -e /run/enough ]; do
		fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio --iodepth=8 --bs=16k \
			--rw=randwrite --size=8M --verify=crc32c --verify_fatal=1 --verify_dump=0 --minimal >/run/fio
	done
}

# Connect, again and again.
connect() {
	local -
	set +x
	until [ -e /run/enough ]; do
		: </dev/tcp/127.0.0.1/3260
		echo >>/run/connected
		sleep 0.05
	done
}

# What the daemon has said, for whoever reads of a failure.
trap 'journalctl --no-pager --output cat --unit "itgtd*" | tail -n 60' EXIT

: installed, it runs, as its user and at every boot
dpkg --force-unsafe-io --install "$PACKAGE"
systemctl is-active itgtd
systemctl is-enabled itgtd
[ "$(stat -c %U "/proc/$(main_pid)")" = itgtd ]
itgtctl status
test -d /etc/itgtd

: the socket is an option, and keeps the port
[ "$(systemctl is-enabled itgtd.socket)" = disabled ]
mkdir /srv/itgtd
mount -t tmpfs -o uid=itgtd,gid=itgtd,mode=750 disks /srv/itgtd
conf '"0.0.0.0:3260", "[::]:3260"' "$IQN" 0 >/etc/itgtd.conf
systemctl stop itgtd
systemctl enable --now itgtd.socket itgtd
systemctl is-active itgtd.socket itgtd
journalctl -u itgtd | grep 'ready: 1 target'
journalctl -u itgtd | not grep 'is no portal'

: one more daemon
conf 127.0.0.1:3261 "$IQN-lab" 1 >/etc/itgtd/lab.conf
systemctl start itgtd@lab
itgtctl -s /run/itgtd-lab/control.sock target list | grep "$IQN-lab"
test -d /var/lib/itgtd-lab

: an initiator at work while all sorts of things happen to the service
discover
login
disk=$(disk 0)
verify &
verifying=$!
connect &
connecting=$!
flows
session=$(sid)
pid=$(main_pid)
conf '"0.0.0.0:3260", "[::]:3260"' "$IQN" '0 2' >/etc/itgtd.conf
systemctl reload itgtd
await has_lun 2
flows
echo 'target "no name" { }' >>/etc/itgtd.conf
not systemctl reload itgtd
sed -i '$d' /etc/itgtd.conf
[ "$(main_pid) $(sid)" = "$pid $session" ]
for _ in 1 2; do
	systemctl restart itgtd
	flows
done
pid=$(main_pid)
systemctl kill -s KILL itgtd
await has_come_back "$pid"
flows
pid=$(main_pid itgtd@lab)
dpkg --force-unsafe-io --force-confold --install "$PACKAGE"
systemctl is-active itgtd.socket itgtd
systemctl is-active itgtd@lab
[ "$(main_pid itgtd@lab)" != "$pid" ]
flows
touch /run/enough
wait $verifying
wait $connecting
wc -l /run/connected
logout
dmesg | not grep -i 'I/O error'

: removed, it is not there any more, but what it was told and what it has kept are
dpkg --remove itgtd
not systemctl is-active itgtd itgtd.socket itgtd@lab
test ! -e /usr/sbin/itgtd
grep "$IQN" /etc/itgtd.conf
test -d /var/lib/itgtd

: purged, only the disks and the instance are
dpkg --purge itgtd
test ! -e /etc/itgtd.conf
test ! -e /var/lib/itgtd
test -e /etc/itgtd/lab.conf
test -s /srv/itgtd/disk0
[ -z "$(find /etc/systemd/system -name 'itgtd*')" ]
"""


def main():
    with itgtd.workdir() as directory:
        package = deb.make(directory)
        print(vm.check(JOB, 400, files=[package], systemd=True, PACKAGE=f"/mnt/{package.name}", PORTAL="127.0.0.1:3260",
                       IQN=IQN, LUN="0"))


main()
