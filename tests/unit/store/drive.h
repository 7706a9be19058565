/* What the tests of the stores share: a small loop, requests with a pattern, a folder of its own.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "base/log.h"
#include "store/store.h"
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB       ((uint64_t)1 << 10)
#define MIB       ((uint64_t)1 << 20)
#define GIB       ((uint64_t)1 << 30)
#define DRIVE_CUT 20000 /* ms without news: something is lost */

static inline void drive_quiet(void *arg, enum log_level level, const char *line)
{
	(void)level;
	if (arg)
		snprintf(arg, STORE_WHY_MAX, "%s", line);
}

/* An environment with few requests in the kernel, so that some have to wait. */
static inline struct store_env *drive_env(void)
{
	struct store_env *env = NULL;

	log_set_sink(drive_quiet, NULL);
	CU_ASSERT_EQUAL_FATAL(store_env_new(8, 3, &env), 0);
	return env;
}

/* A request; done counts how often it came back. */
struct drive_io {
	struct store_io io;
	int done;
};

static inline void drive_done(struct store_io *io)
{
	struct drive_io *d = io->user;

	d->done++;
}

/* Turns of a loop until each of the n requests came back. */
static inline void drive_wait(struct store_env *env, const struct drive_io *d, size_t n)
{
	struct pollfd p = { .fd = store_env_fd(env), .events = POLLIN };
	size_t i = 0;
	bool wake;

	while (i < n) {
		if (d[i].done) {
			i++;
			continue;
		}
		store_env_flush(env);
		wake = poll(&p, 1, DRIVE_CUT) == 1;
		if (!wake)
			CU_FAIL_FATAL("a request did not come back");
		store_env_reap(env, wake);
	}
}

static inline void drive_submit(struct store *s, struct drive_io *d, enum store_op op,
				uint32_t flags, uint64_t offset, uint64_t len, uint8_t *data)
{
	*d = (struct drive_io){
		.io = { .op = op,
			.flags = flags,
			.offset = offset,
			.len = len,
			.done = drive_done },
	};
	d->io.data = data;
	d->io.user = d;
	store_submit(s, &d->io);
}

/* One request from beginning to end; its error. */
static inline int drive(struct store *s, enum store_op op, uint32_t flags, uint64_t offset,
			uint64_t len, uint8_t *data)
{
	struct drive_io d;

	drive_submit(s, &d, op, flags, offset, len, data);
	CU_ASSERT_EQUAL(d.done, 0); /* never from inside store_submit() */
	drive_wait(s->env, &d, 1);
	CU_ASSERT_EQUAL(d.done, 1);
	return d.io.error;
}

static inline uint8_t *drive_buffer(uint64_t len)
{
	uint8_t *data = aligned_alloc(4096, (len + 4095) / 4096 * 4096);

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	memset(data, 0xa5, len);
	return data;
}

/* Bytes that tell where they belong, and by salt, when they were written. */
static inline void drive_fill(uint8_t *data, uint64_t offset, uint64_t len, unsigned int salt)
{
	uint64_t i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)((offset + i) / 512 * 7 + (offset + i) % 251 + salt);
}

static inline int drive_write(struct store *s, uint32_t flags, uint64_t offset, uint64_t len,
			      unsigned int salt)
{
	uint8_t *data = drive_buffer(len);
	int err;

	drive_fill(data, offset, len, salt);
	err = drive(s, STORE_WRITE, flags, offset, len, data);
	free(data);
	return err;
}

/* Does the store hold what drive_write() wrote there? */
static inline bool drive_holds(struct store *s, uint64_t offset, uint64_t len, unsigned int salt)
{
	uint8_t *data = drive_buffer(len), *wanted = drive_buffer(len);
	bool same;

	drive_fill(wanted, offset, len, salt);
	same = drive(s, STORE_READ, 0, offset, len, data) == 0 && memcmp(data, wanted, len) == 0;
	free(data);
	free(wanted);
	return same;
}

static inline bool drive_is_zero(struct store *s, uint64_t offset, uint64_t len)
{
	uint8_t *data = drive_buffer(len);
	bool zero = drive(s, STORE_READ, 0, offset, len, data) == 0;
	uint64_t i;

	for (i = 0; zero && i < len; i++)
		zero = data[i] == 0;
	free(data);
	return zero;
}

/* Is offset mapped, and for how many bytes of len? UINT64_MAX: it failed. */
static inline uint64_t drive_extent(struct store *s, uint64_t offset, uint64_t len, bool *mapped)
{
	struct drive_io d;

	drive_submit(s, &d, STORE_EXTENT, 0, offset, len, NULL);
	drive_wait(s->env, &d, 1);
	*mapped = d.io.mapped;
	return d.io.error ? UINT64_MAX : d.io.extent_len;
}

/* Is all of the range reserved, and nothing of it mapped? */
static inline bool drive_is_reserved(struct store *s, uint64_t offset, uint64_t len)
{
	struct drive_io d;

	drive_submit(s, &d, STORE_EXTENT, 0, offset, len, NULL);
	drive_wait(s->env, &d, 1);
	return !d.io.error && !d.io.mapped && d.io.reserved && d.io.extent_len == len;
}

/* Copy len bytes between two stores, or inside one; the request's error. */
static inline int drive_copy(struct store *from, uint64_t from_offset, struct store *to,
			     uint64_t offset, uint64_t len, uint32_t flags)
{
	struct drive_io d = {
		.io = { .op = STORE_COPY,
			.flags = flags,
			.offset = offset,
			.len = len,
			.from = from,
			.from_offset = from_offset,
			.done = drive_done },
	};

	d.io.user = &d;
	store_submit(to, &d.io);
	drive_wait(to->env, &d, 1);
	return d.io.error;
}

/* A store that opens. */
static inline struct store *drive_open(struct store_env *env, const struct store_params *p)
{
	char why[STORE_WHY_MAX];
	struct store *s = NULL;
	int err = store_open(env, p, &s, why);

	if (err)
		printf("\n    store_open: %d: %s\n", err, why);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	CU_ASSERT_STRING_EQUAL(why, "");
	return s;
}

/* A folder of this test below parent; path is where a file in it will be. */
struct drive_dir {
	char dir[PATH_MAX];
	char path[PATH_MAX + 16];
};

static inline bool drive_mkdir(struct drive_dir *d, const char *parent)
{
	if (!parent)
		parent = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	snprintf(d->dir, sizeof(d->dir), "%s/itgtd-store-XXXXXX", parent);
	if (!mkdtemp(d->dir))
		return false;
	snprintf(d->path, sizeof(d->path), "%s/disk", d->dir);
	return true;
}

static inline void drive_rmdir(const struct drive_dir *d)
{
	unlink(d->path);
	CU_ASSERT_EQUAL(rmdir(d->dir), 0);
}

/* Make a file of that length, sparse. */
static inline void drive_file(const char *path, uint64_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, (off_t)len), 0);
	close(fd);
}

/* Bytes that the file has, and bytes that it takes. */
static inline uint64_t drive_length(const char *path)
{
	struct stat st;

	return stat(path, &st) ? UINT64_MAX : (uint64_t)st.st_size;
}

static inline uint64_t drive_space(const char *path)
{
	struct stat st;

	return stat(path, &st) ? UINT64_MAX : (uint64_t)st.st_blocks * 512;
}

#endif
