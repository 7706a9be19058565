"""The Linux initiator partitions a disk, fills a file system, and finds it whole after a new login."""
import target as itgtd
import vm

JOB = """
discover | grep -F "$IQN"
login
device=$(disk "$LUN")
echo 'start=1MiB, type=linux' | sfdisk --quiet "$device"
partition=${device}1
[ -b "$partition" ]
mkfs.ext4 -q "$partition"
mount "$partition" /media
cp -a /usr/share /media/share
(cd /usr/share && find . -type f -exec md5sum {} + | sort) >/run/want
[ "$(wc -l </run/want)" -ge 3000 ] # else /usr/share is not what it was, and this no test
umount /media
logout

login
device=$(disk "$LUN")
partition=${device}1
fsck.ext4 -f -n "$partition"
mount -o ro "$partition" /media
(cd /media/share && find . -type f -exec md5sum {} + | sort) >/run/have
cmp /run/want /run/have
umount /media
logout
"""


def main():
    with itgtd.workdir() as directory, itgtd.Target("--serve", f"{directory}/disk,size=512M") as target:
        print(vm.check(JOB, 150, **vm.portal(target)))


main()
