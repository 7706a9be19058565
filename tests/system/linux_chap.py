"""The Linux initiator gets in with the right CHAP secrets, both ways and by each algorithm, and only with those."""
import accounts
import target as itgtd
import vm
from accounts import MUTUAL, ONE_WAY

JOB = """
# iscsiadm's exit statuses
target_refuses=24
initiator_refuses=19

# What the initiator presents, and what it wants to be shown: secrets USER SECRET [USER SECRET]
secrets() {
	set_param node.session.auth.authmethod CHAP
	set_param node.session.auth.username "$1"
	set_param node.session.auth.password "$2"
	set_param node.session.auth.username_in "${3-}"
	set_param node.session.auth.password_in "${4-}"
}

let_in() {
	login
	dd if="$(disk "$LUN")" of=/dev/null bs=64k count=1 iflag=direct
	logout
}

fails() {
	status=0
	login || status=$?
	[ "$status" = "$1" ]
}

discover

IQN=$ONE_WAY
fails $target_refuses
secrets host host-secret-123
let_in
for algorithm in MD5 SHA1 SHA256 SHA3-256; do
	set_param node.session.auth.chap_algs "$algorithm"
	let_in
done
secrets host host-secret-124
fails $target_refuses
secrets host host-secret-12
fails $target_refuses
secrets guest host-secret-123
fails $target_refuses
secrets host host-secret-123
let_in

IQN=$MUTUAL
secrets host host-secret-123 disk disk-secret-456
let_in
secrets host host-secret-123 disk disk-secret-457
fails $initiator_refuses
secrets host host-secret-123 tape disk-secret-456
fails $initiator_refuses
secrets host host-secret-124 disk disk-secret-456
fails $target_refuses
"""


def main():
    with itgtd.workdir() as directory:
        with accounts.start(directory, "no-authentication") as target:
            print(vm.check(JOB, 120, PORTAL=f"127.0.0.1:{target.port}", ONE_WAY=ONE_WAY, MUTUAL=MUTUAL,
                           LUN=target.lun))


main()
