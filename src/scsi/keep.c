#include "scsi/keep.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/regular.h"
#include "scsi/core.h"
#include "scsi/ready.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool keep_is_there(const struct scsi_lu *lu)
{
	return lu->core->state_dir;
}

/* The device's name has no "/": it is a SCSI name string. */
void keep_name(char name[static KEEP_NAME_MAX], const struct keep_kind *kind,
	       const struct scsi_lu *lu)
{
	snprintf(name, KEEP_NAME_MAX, "%s,%" PRIu32 ".%s", lu->device->name, lu->opt.number,
		 kind->suffix);
}

void keep_frame(const struct keep_kind *kind, const uint8_t naa[static SCSI_NAA_LEN], uint8_t *p,
		uint32_t len)
{
	uint32_t end = len - KEEP_TAIL;

	memcpy(p, kind->magic, sizeof(kind->magic));
	put_be32(p + 8, kind->version);
	put_be32(p + 12, len);
	memcpy(p + 16, naa, SCSI_NAA_LEN);
	put_be32(p + end, crc32c_end(crc32c_add(CRC32C_START, p, end)));
}

const char *keep_check(const struct keep_kind *kind, const uint8_t naa[static SCSI_NAA_LEN],
		       const uint8_t *p, uint32_t len)
{
	uint32_t end = len - KEEP_TAIL;

	if (len > kind->max)
		return "it is longer than any can be";
	if (len < KEEP_HEAD + KEEP_TAIL || memcmp(p, kind->magic, sizeof(kind->magic)) != 0)
		return "it is something else";
	if (be32(p + 8) > kind->version)
		return "it was written by a newer version";
	if (be32(p + 8) != kind->version)
		return "its version is unknown";
	if (be32(p + 12) != len)
		return "it is not as long as it says";
	if (be32(p + end) != crc32c_end(crc32c_add(CRC32C_START, p, end)))
		return "its checksum is wrong";
	if (memcmp(p + 16, naa, SCSI_NAA_LEN) != 0)
		return "it is of another logical unit";
	return NULL;
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* All of the file, but of one that is too long no more than max + 1 bytes. 0 or -errno. */
static int read_file(const char *dir, const char *name, uint8_t *p, uint32_t max, uint32_t *len)
{
	int dir_fd = open_dir(dir), fd;
	ssize_t n;

	if (dir_fd < 0)
		return dir_fd;
	fd = regular_open(dir_fd, name, O_RDONLY | O_NOFOLLOW, NULL);
	n = fd < 0 ? fd : regular_read(fd, p, max + 1);
	*len = n < 0 ? 0 : (uint32_t)n;
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return n < 0 ? (int)n : 0;
}

int keep_read(const struct scsi_lu *lu, const struct keep_kind *kind, uint8_t **p, uint32_t *len,
	      const char **fault)
{
	char name[KEEP_NAME_MAX];
	int err = -ENOMEM;

	keep_name(name, kind, lu);
	*p = malloc(kind->max + 1);
	if (*p)
		err = read_file(lu->core->state_dir, name, *p, kind->max, len);
	*fault = err ? regular_error(err) : keep_check(kind, lu->naa, *p, *len);
	if (!err && *fault)
		err = -EBADMSG;
	if (err) {
		free(*p);
		*p = NULL;
	}
	return err;
}

void keep_load(struct scsi_lu *lu, const struct keep_kind *kind, keep_take_fn *take,
	       const char *instead)
{
	const char *fault = NULL;
	uint8_t *p;
	uint32_t len;
	int err;

	if (!keep_is_there(lu))
		return;
	err = keep_read(lu, kind, &p, &len, &fault);
	if (!err && !take(lu, p + KEEP_HEAD, len - KEEP_HEAD - KEEP_TAIL))
		fault = "what it says makes no sense";
	free(p);
	if (err != -ENOENT && fault)
		log_error("%s: the %s in %s cannot be read: %s; %s", lu->name, kind->what,
			  lu->core->state_dir, fault, instead);
}

/* A new file takes the place of the old one when all of it is on stable storage. */
static int replace(int dir_fd, const struct keep *k)
{
	char new_name[KEEP_NAME_MAX + 4];
	int err;

	snprintf(new_name, sizeof(new_name), "%s.new", k->name);
	err = regular_write(dir_fd, new_name, k->bytes, k->len);
	if (!err && renameat(dir_fd, new_name, dir_fd, k->name))
		err = -errno;
	return err;
}

/* On a worker. */
static int put_file(struct store_io *io)
{
	const struct keep *k = io->user;
	int dir_fd = open_dir(k->dir);
	int err = 0;

	if (dir_fd < 0)
		return dir_fd;
	if (k->bytes)
		err = replace(dir_fd, k);
	else if (unlinkat(dir_fd, k->name, 0) && errno != ENOENT)
		err = -errno;
	if (!err && fsync(dir_fd))
		err = -errno;
	close(dir_fd);
	return err;
}

static void kept(struct store_io *io)
{
	struct keep *k = io->user;

	free(k->bytes);
	k->bytes = NULL;
	if (io->error)
		log_error("%s/%s: %s; a change of the %s is refused", k->dir, k->name,
			  strerror(-io->error), k->what);
	k->done(k, io->error);
}

void keep_write(struct keep *k, struct scsi_lu *lu, const struct keep_kind *kind, uint8_t *bytes,
		uint32_t len, void (*done)(struct keep *k, int error))
{
	k->io = (struct store_io){ .user = k, .done = kept };
	k->dir = lu->core->state_dir;
	k->bytes = bytes;
	k->len = len;
	k->what = kind->what;
	k->done = done;
	keep_name(k->name, kind, lu);
	if (bytes)
		keep_frame(kind, lu->naa, bytes, len);
	store_work(lu->store, &k->io, put_file);
}

int keep_forget(const char *dir, const char *device, uint32_t number)
{
	char front[KEEP_NAME_MAX];
	const struct dirent *e;
	DIR *d = opendir(dir);
	int err = 0;

	if (!d)
		return -errno;
	snprintf(front, sizeof(front), "%s,%" PRIu32 ".", device, number);
	while ((e = readdir(d))) {
		if (strncmp(e->d_name, front, strlen(front)) == 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) && errno != ENOENT)
			err = -errno;
	}
	if (!err && fsync(dirfd(d)))
		err = -errno;
	closedir(d);
	return err;
}

bool keep_enter(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (lu->keeping) {
		STAILQ_INSERT_TAIL(&lu->keep_waiting, t, ready_link);
		return false;
	}
	lu->keeping = true;
	return true;
}

/* Those who wait try again, in their order. */
void keep_leave(struct scsi_lu *lu)
{
	struct scsi_task *t;

	lu->keeping = false;
	while ((t = STAILQ_FIRST(&lu->keep_waiting))) {
		STAILQ_REMOVE_HEAD(&lu->keep_waiting, ready_link);
		ready_put(t, SCSI_TASK_ARRIVED);
	}
}
