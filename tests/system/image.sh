#!/bin/sh
# Make the virtual machine of the system tests: image.sh DIRECTORY
#
# DIRECTORY then holds root.ext2 (Debian with the Linux initiator), vmlinuz, and initrd,
# which does no more than mount the one and start guest.sh, or what first= of the
# kernel's command line names: such words are variables of the first process.
# What the jobs need is in this list; a change here makes a new image.
set -eu

suite=bookworm
packages=linux-image-cloud-amd64,kmod,busybox-static,iproute2,util-linux,mount,fdisk
packages=$packages,open-iscsi,multipath-tools,e2fsprogs,xfsprogs,fio,sg3-utils,ddpt
# What itgtd's package depends on, so that it can be installed there.
packages=$packages,systemd,libaio1,libconfuse2,libev4,libidn12,libisal2,libjansson4
packages=$packages,libmicrohttpd12,libncursesw6,libssl3

# The modules without which no disk is seen; the rest is loaded from the disk.
boot_modules='virtio_pci virtio_blk'

# The first process: /dev/vda becomes the root, the tar file on /dev/vdb is the job.
write_init() {
	cat <<-'END'
		#!/bin/busybox sh
		bb=/bin/busybox
		$bb mount -t devtmpfs dev /dev
		while read -r module; do $bb insmod "$module"; done </modules
		$bb mount -t ext4 -o noatime /dev/vda /root
		$bb mount -o move /dev /root/dev
		$bb mount -t tmpfs job /root/mnt
		$bb tar -xf /root/dev/vdb -C /root/mnt
		exec $bb switch_root /root ${first:-/bin/bash /mnt/guest.sh}
	END
}

# In the new root (its path is the first argument): lay out the initrd and pack it.
pack_initrd() {
	cd "$1"
	set -- initrd.dir
	mkdir -p "$1/bin" "$1/dev" "$1/root"
	cp bin/busybox "$1/bin/"
	version=$(ls lib/modules)
	for module in $boot_modules; do
		chroot . modprobe -S "$version" --show-depends "$module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r path; do
		cp ".$path" "$1/"
		echo "/${path##*/}"
	done >"$1/modules"
	write_init >"$1/init"
	chmod 755 "$1/init"
	(cd "$1" && find . | cpio --quiet -o -H newc) >boot/initrd
	rm -r "$1" boot/initrd.img*
	mv boot/vmlinuz-* boot/vmlinuz
}

if [ "$1" = --pack-initrd ]; then
	pack_initrd "$2"
	exit
fi

here=$(cd "$(dirname "$0")" && pwd)
mmdebstrap --quiet --variant=essential --include="$packages" \
	--aptopt='APT::Install-Recommends "false"' \
	--customize-hook="'$here/image.sh' --pack-initrd \"\$1\"" \
	--customize-hook="copy-out /boot/vmlinuz /boot/initrd '$1'" \
	--customize-hook="rm -r \"\$1\"/boot" \
	"$suite" "$1/root.ext2"
