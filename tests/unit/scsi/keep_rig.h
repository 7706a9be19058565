/* What the tests of things that outlive the process share: a state directory of their own. */
#ifndef KEEP_RIG_H
#define KEEP_RIG_H

#include "rig.h"

#include "base/crc32c.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct keep_dir {
	char path[64];
};

static inline void keep_dir_make(struct keep_dir *d)
{
	strcpy(d->path, "/tmp/itgtd-keep-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(d->path));
}

/* With all that is in it. */
static inline void keep_dir_remove(struct keep_dir *d)
{
	DIR *dir = opendir(d->path);
	const struct dirent *e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((e = readdir(dir)))
		unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	CU_ASSERT_EQUAL(rmdir(d->path), 0);
}

/* A log that counts errors. */
static inline void keep_no_log(void *arg, enum log_level level, const char *line)
{
	unsigned int *errors = arg;

	(void)line;
	*errors += level == LOG_LEVEL_ERROR;
}

/* A rig whose logical unit keeps its things there, after what would be a start of the daemon. */
static inline void keep_start(struct rig *r, const struct keep_dir *d)
{
	rig_open(r);
	r->core.state_dir = d->path;
	scsi_lu_load(r->lu);
	scsi_lu_start(r->lu);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

/* The file of the logical unit with that suffix: its bytes, of which p has room for 4096. */
static inline uint32_t keep_get(const struct keep_dir *d, const char *suffix, uint8_t *p)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/iqn.2026-11.org.example:disk1,0.%s", d->path, suffix);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, p, 4096);
	close(fd);
	return n > 0 ? (uint32_t)n : 0;
}

/* Put that in its place, with a checksum that is right. */
static inline void keep_put(const struct keep_dir *d, const char *suffix, uint8_t *p, uint32_t len)
{
	char path[256];
	int fd;

	put_be32(p + len - 4, crc32c_end(crc32c_add(CRC32C_START, p, len - 4)));
	snprintf(path, sizeof(path), "%s/iqn.2026-11.org.example:disk1,0.%s", d->path, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, p, len), (ssize_t)len);
	close(fd);
}

#endif
