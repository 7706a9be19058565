#include "store/space.h"

#include "store/blockdev.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ZEROS_LEN ((uint64_t)1 << 20) /* bytes written at once */
#define EXTENTS   64                  /* that one call tells of */

static int allocate(int fd, int mode, uint64_t offset, uint64_t len)
{
	int err;

	do {
		err = fallocate(fd, mode, (off_t)offset, (off_t)len) ? -errno : 0;
	} while (err == -EINTR);
	return err;
}

/* On a block device this is a zeroing that may unmap, never a discard that promises nothing. */
int space_punch(int fd, uint64_t offset, uint64_t len)
{
	return allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len);
}

bool space_can_punch(int fd, uint64_t end)
{
	return space_punch(fd, end, 4096) == 0;
}

/* The descriptor may be O_DIRECT: the zeros are aligned, and so are offset and len. */
static int write_zeros(int fd, uint64_t offset, uint64_t len)
{
	uint64_t n = len < ZEROS_LEN ? len : ZEROS_LEN;
	uint8_t *zeros = aligned_alloc(4096, ZEROS_LEN);
	ssize_t done;
	int err = 0;

	if (!zeros)
		return -ENOMEM;
	memset(zeros, 0, n);
	while (!err && len > 0) {
		done = pwrite(fd, zeros, len < n ? len : n, (off_t)offset);
		if (done > 0) {
			offset += (uint64_t)done;
			len -= (uint64_t)done;
		} else if (done == 0) {
			err = -EIO;
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	free(zeros);
	return err;
}

/* A refusal of the kind of call, not of this range: there may be another way. */
static bool is_refusal(int err)
{
	return err == -EOPNOTSUPP || err == -EINVAL || err == -ENOSYS || err == -ENOTTY;
}

int space_zero_file(int fd, uint64_t offset, uint64_t len, bool keep)
{
	int err = allocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, len);

	if (!is_refusal(err))
		return err;
	err = space_punch(fd, offset, len);
	/* The zeros are there then: that a hole cannot be filled is no error. */
	if (!err && keep)
		allocate(fd, FALLOC_FL_KEEP_SIZE, offset, len);
	return is_refusal(err) ? write_zeros(fd, offset, len) : err;
}

int space_zero_device(int fd, uint64_t offset, uint64_t len)
{
	int err = blockdev_zero(fd, offset, len);

	return is_refusal(err) ? write_zeros(fd, offset, len) : err;
}

int space_reserve(int fd, uint64_t offset, uint64_t len)
{
	return allocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, len);
}

/* A file of ext4 with a tree of extents; one with lists of blocks (ext3) can reserve none. */
static bool has_extents(int fd)
{
	unsigned int flags = 0;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & FS_EXTENT_FL;
}

/*
 * Reserved space is worth something where a block is written in its own place, the first time,
 * too. A file system that writes to another place (btrfs) may find none then, and one that only
 * looks whether there is space (ZFS) reserves nothing. They are known by name, as trying leaves
 * something behind: ext4 gives no space back that is behind the end of a file.
 */
bool space_can_reserve(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	return fs.f_type == XFS_SUPER_MAGIC || (fs.f_type == EXT4_SUPER_MAGIC && has_extents(fd));
}

/* A file system whose server can copy by itself: the bytes need not come here and go back. */
static bool is_remote(int fd)
{
	static const unsigned int types[] = {
		0x6969,     /* NFS */
		0xfe534d42, /* SMB 2 */
		0xff534d42, /* CIFS */
		0x00c36400, /* Ceph */
	};
	struct statfs fs;
	size_t i;

	if (fstatfs(fd, &fs))
		return false;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if ((unsigned int)fs.f_type == types[i])
			return true;
	}
	return false;
}

static int copy_by_server(int from, uint64_t from_offset, int to, uint64_t offset, uint64_t len)
{
	off_t in = (off_t)from_offset, out = (off_t)offset;
	ssize_t n;

	while (len > 0) {
		n = copy_file_range(from, &in, to, &out, len, 0);
		if (n > 0)
			len -= (uint64_t)n;
		else if (n == 0 || is_refusal(-errno) || errno == EXDEV)
			return -EOPNOTSUPP;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * Where there is neither a way to share blocks nor a server, copy_file_range() would move the
 * bytes through a pipe: several times slower than reading and writing them.
 */
int space_copy(int from, uint64_t from_offset, int to, uint64_t offset, uint64_t len)
{
	struct file_clone_range range = {
		.src_fd = from,
		.src_offset = from_offset,
		.src_length = len,
		.dest_offset = offset,
	};

	if (ioctl(to, FICLONERANGE, &range) == 0)
		return 0;
	if (!is_refusal(-errno) && errno != EXDEV)
		return -errno;
	return is_remote(to) ? copy_by_server(from, from_offset, to, offset, len) : -EOPNOTSUPP;
}

/* lseek() where what is not found before end lies at end. An offset, or -errno. */
static int64_t seek(int fd, uint64_t from, uint64_t end, int whence)
{
	off_t found = lseek(fd, (off_t)from, whence);

	if (found < 0 && errno != ENXIO)
		return -errno;
	return found < 0 || (uint64_t)found > end ? (int64_t)end : found;
}

int space_extent(int fd, uint64_t offset, uint64_t len, uint32_t block, bool *mapped,
		 uint64_t *alike)
{
	uint64_t end = offset + len;
	int64_t data, hole;

	data = seek(fd, offset, end, SEEK_DATA);
	if (data < 0)
		return (int)data;
	*mapped = (uint64_t)data - offset < block;
	if (!*mapped) {
		*alike = ((uint64_t)data - offset) / block * block;
		return 0;
	}
	hole = seek(fd, (uint64_t)data, end, SEEK_HOLE);
	if (hole < 0)
		return (int)hole;
	*alike = ((uint64_t)hole - offset + block - 1) / block * block;
	return 0;
}

/* Where what is reserved from offset on ends; offset itself when nothing is. */
static uint64_t reserved_end(const struct fiemap *m, uint64_t offset)
{
	uint32_t i;

	for (i = 0; i < m->fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &m->fm_extents[i];

		if (e->fe_logical > offset || !(e->fe_flags & FIEMAP_EXTENT_UNWRITTEN))
			break;
		offset = e->fe_logical + e->fe_length;
	}
	return offset;
}

int space_reserved(int fd, uint64_t offset, uint64_t len, uint32_t block, bool *reserved,
		   uint64_t *alike)
{
	union {
		struct fiemap map;
		uint8_t room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
	} u = { .map = { .fm_start = offset, .fm_length = len, .fm_extent_count = EXTENTS } };
	const struct fiemap_extent *first = u.map.fm_extents;
	uint64_t n;

	assert(block > 0);
	if (ioctl(fd, FS_IOC_FIEMAP, &u.map))
		return -errno;
	n = reserved_end(&u.map, offset) - offset;
	*reserved = n >= block; /* a block of which a part is not reserved is not */
	if (*reserved)
		*alike = n / block * block;
	else if (!u.map.fm_mapped_extents)
		*alike = len;
	else if (first->fe_logical > offset)
		*alike = (first->fe_logical - offset + block - 1) / block * block;
	else
		*alike = block;
	if (*alike > len)
		*alike = len;
	return 0;
}

int space_usage(int fd, struct store_space *out)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatvfs(fd, &fs))
		return -errno;
	out->used = (uint64_t)st.st_blocks * 512; /* stat(2): always of that size */
	out->available = (uint64_t)fs.f_bavail * fs.f_frsize;
	out->total = (uint64_t)fs.f_blocks * fs.f_frsize;
	return 0;
}
