# shellcheck shell=bash
# What the jobs in the virtual machine share: the Linux initiator in short words.
# $PORTAL, $IQN and $LUN (that of the first logical unit) come from the host.

# Ask the portal for its targets; the records land in open-iscsi's database.
discover() {
	iscsiadm -m discovery -t sendtargets -p "$PORTAL"
}

# Change a parameter of the record: set_param node.session.auth.authmethod CHAP
set_param() {
	iscsiadm -m node -T "$IQN" -p "$PORTAL" -o update -n "$1" -v "$2"
}

login() {
	iscsiadm -m node -T "$IQN" -p "$PORTAL" --login
}

logout() {
	iscsiadm -m node -T "$IQN" -p "$PORTAL" --logout
}

# The device of a logical unit, once the kernel has it: disk 0
disk() {
	local -
	set +x
	for _ in $(seq 100); do
		for device in /sys/class/iscsi_session/session*/device/target*/*:*:*:"$1"/block/sd*; do
			if [ -b "/dev/${device##*/}" ]; then
				echo "/dev/${device##*/}"
				return 0
			fi
		done
		sleep 0.1
	done
	echo "logical unit $1 did not appear" >&2
	return 1
}
