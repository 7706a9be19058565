"""An ISO image on the cdrom LUN is a disc that Linux mounts, whose files agree, and which it ejects and loads."""
import hashlib
import os
import pathlib
import shutil
import subprocess

import target as itgtd
import vm

JOB = """
modprobe -a sr_mod isofs
discover
login
device=
for _ in $(seq 100); do
	[ -b /dev/sr0 ] && device=/dev/sr0 && break
	sleep 0.1
done
[ "$(blockdev --getss "$device")" = 2048 ]
[ "$(blockdev --getro "$device")" = 1 ]
modprobe sg
sg_inq "$device" | grep -F 'Peripheral device type: cd/dvd'
sg_get_config --current "$device"
sg_get_config --current "$device" | grep -F 'Random readable'
grep '^drive name:.*sr0' /proc/sys/dev/cdrom/info
grep '^Can close tray:.*1' /proc/sys/dev/cdrom/info

mount -t iso9660 -o ro "$device" /media
(cd /media && find . -type f -exec sha256sum {} + | sort -k 2)
# It is locked while it is mounted.
if sg_start --eject "$device"; then exit 1; fi
umount /media
sg_start --eject "$device"
echo 0 >/proc/sys/dev/cdrom/autoclose
if dd if="$device" of=/dev/null bs=2048 count=1; then exit 1; fi
sg_start --load "$device"
mount -t iso9660 -o ro "$device" /media
cmp /media/deep/er/file /media/copy
umount /media
logout
"""


def make_tree(root):
    """Files of several sizes; what sha256sum says of them."""
    for name, size in (("empty", 0), ("small", 100), ("deep/er/file", 3 << 20), ("long-name.of-a-file.txt", 70000)):
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    shutil.copy(f"{root}/deep/er/file", f"{root}/copy")
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in pathlib.Path(root).rglob("*") if path.is_file()}


def main():
    if not shutil.which("genisoimage"):
        itgtd.skip("genisoimage is not installed")
    with itgtd.workdir() as directory:
        files = make_tree(f"{directory}/tree")
        subprocess.run(["genisoimage", "-quiet", "-R", "-o", f"{directory}/x.iso", f"{directory}/tree"], check=True)
        with itgtd.Target("--serve", f"cdrom,path={directory}/x.iso") as target:
            output = vm.check(JOB, 120, **vm.portal(target))
            print(output)
    for name, digest in files.items():
        assert f"{digest}  ./{name}\n" in output, f"{name} differs, or is not on the disc"


main()
