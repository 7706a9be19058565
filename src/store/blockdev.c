#include "store/blockdev.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int blockdev_size(int fd, uint64_t *size)
{
	return ioctl(fd, BLKGETSIZE64, size) ? -errno : 0;
}

int blockdev_block(int fd, uint32_t *block)
{
	int bytes;

	if (ioctl(fd, BLKSSZGET, &bytes))
		return -errno;
	if (bytes <= 0)
		return -EINVAL;
	*block = (uint32_t)bytes;
	return 0;
}

uint32_t blockdev_optimal(int fd)
{
	unsigned int bytes;

	return ioctl(fd, BLKIOOPT, &bytes) ? 0 : bytes;
}

/* A number from the device's request queue in sysfs; 0 where there is none. */
static uint64_t queue_limit(dev_t dev, const char *dir, const char *name)
{
	char path[128];
	uint64_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(dev), minor(dev), dir,
		 name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%" SCNu64, &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

/* The queue is the whole disk's: a partition has it one folder up. */
uint32_t blockdev_discard_align(int fd)
{
	static const char *const dirs[] = { "queue", "../queue" };
	uint64_t align;
	struct stat st;
	unsigned int i;

	if (fstat(fd, &st))
		return 0;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (queue_limit(st.st_rdev, dirs[i], "discard_max_bytes") == 0 ||
		    queue_limit(st.st_rdev, dirs[i], "write_zeroes_max_bytes") == 0)
			continue;
		align = queue_limit(st.st_rdev, dirs[i], "discard_granularity");
		if (align > 0 && align <= UINT32_MAX)
			return (uint32_t)align;
	}
	return 0;
}

int blockdev_zero(int fd, uint64_t offset, uint64_t len)
{
	uint64_t range[2] = { offset, len };

	return ioctl(fd, BLKZEROOUT, range) ? -errno : 0;
}
