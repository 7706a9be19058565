#include "scsi/pr_save.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "scsi/core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file, numbers in network order:
 *
 *    0  8  magic            16 16  NAA designator of the logical unit
 *    8  4  version          32  4  type of the reservation
 *   12  4  length of all    36  4  number of registrants
 *   40     for each: key (8), target port (2), bytes of its TransportID (2, the
 *          highest bit is set for the holder), TransportID
 *  end-4   CRC-32C of all before
 */
#define VERSION    1
#define HEADER_LEN 40
#define ENTRY_LEN  12
#define CRC_LEN    4
#define HOLDER_BIT 0x8000

static const uint8_t magic[8] = { 'i', 't', 'g', 't', 'd', '-', 'p', 'r' };

uint32_t pr_save_len(const struct pr *pr)
{
	uint32_t len = HEADER_LEN + CRC_LEN;
	uint32_t i;

	for (i = 0; i < pr->n; i++)
		len += ENTRY_LEN + pr->reg[i].tid.len;
	return len;
}

void pr_save_put(const struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], uint8_t *p)
{
	uint32_t len = pr_save_len(pr);
	uint32_t at = HEADER_LEN;
	uint32_t i;

	memcpy(p, magic, sizeof(magic));
	put_be32(p + 8, VERSION);
	put_be32(p + 12, len);
	memcpy(p + 16, naa, SCSI_NAA_LEN);
	put_be32(p + 32, pr->type);
	put_be32(p + 36, pr->n);
	for (i = 0; i < pr->n; i++) {
		const struct pr_registrant *r = &pr->reg[i];

		put_be64(p + at, r->key);
		put_be16(p + at + 8, r->port);
		put_be16(p + at + 10, (uint16_t)(r->tid.len | (i == pr->holder ? HOLDER_BIT : 0)));
		memcpy(p + at + ENTRY_LEN, r->tid.bytes, r->tid.len);
		at += ENTRY_LEN + r->tid.len;
	}
	put_be32(p + at, crc32c_end(crc32c_add(CRC32C_START, p, at)));
}

static const char *check_header(const uint8_t naa[static SCSI_NAA_LEN], const uint8_t *p,
				uint32_t len)
{
	if (len < HEADER_LEN + CRC_LEN || memcmp(p, magic, sizeof(magic)) != 0)
		return "it is no file of reservations";
	if (be32(p + 8) > VERSION)
		return "it was written by a newer version";
	if (be32(p + 8) != VERSION)
		return "its version is unknown";
	if (be32(p + 12) != len)
		return "it is not as long as it says";
	if (be32(p + len - CRC_LEN) != crc32c_end(crc32c_add(CRC32C_START, p, len - CRC_LEN)))
		return "its checksum is wrong";
	if (memcmp(p + 16, naa, SCSI_NAA_LEN) != 0)
		return "it is of another logical unit";
	return NULL;
}

/* One registrant at p, of len bytes at most. Its length; 0: it makes no sense. */
static uint32_t get_entry(struct pr *pr, const uint8_t *p, uint32_t len)
{
	uint32_t tid_len;
	struct tid tid;
	size_t used;
	uint32_t i;

	if (len < ENTRY_LEN)
		return 0;
	tid_len = be16(p + 10) & (HOLDER_BIT - 1u);
	if (tid_len > len - ENTRY_LEN || tid_get(&tid, p + ENTRY_LEN, tid_len, &used) != TID_OK ||
	    used != tid_len || tid_is_device(&tid))
		return 0;
	if (!be64(p) || pr_find(pr, &tid, be16(p + 8)) != PR_NOBODY)
		return 0;
	i = pr_add(pr, &tid, be16(p + 8), be64(p));
	if (i == PR_NOBODY)
		return 0;
	if (be16(p + 10) & HOLDER_BIT) {
		if (pr->holder != PR_NOBODY)
			return 0;
		pr->holder = i;
	}
	return ENTRY_LEN + tid_len;
}

/* Do type and holder go together? */
static bool is_whole(const struct pr *pr, uint32_t type)
{
	bool held = pr->holder != PR_NOBODY;

	if (!pr->n)
		return false; /* of nobody there is no file */
	if (type == PR_NONE)
		return !held;
	return type <= UINT8_MAX && pr_is_type((uint8_t)type) && held != pr_is_all((uint8_t)type);
}

const char *pr_save_get(struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], const uint8_t *p,
			uint32_t len)
{
	const char *fault;
	uint32_t at = HEADER_LEN;
	uint32_t n;

	pr_init(pr);
	fault = check_header(naa, p, len);
	if (fault)
		return fault;
	for (n = be32(p + 36); n; n--) {
		uint32_t step = get_entry(pr, p + at, len - CRC_LEN - at);

		if (!step)
			break;
		at += step;
	}
	if (n || at != len - CRC_LEN || !is_whole(pr, be32(p + 32))) {
		pr_fini(pr);
		return "what it says makes no sense";
	}
	pr->type = (uint8_t)be32(p + 32);
	pr->aptpl = true;
	return NULL;
}

/* ---- the file ---- */

/* The device's name has no "/": it is a SCSI name string. */
static void make_name(char name[static PR_SAVE_NAME_MAX], const struct scsi_lu *lu)
{
	snprintf(name, PR_SAVE_NAME_MAX, "%s,%" PRIu32 ".pr", lu->device->name, lu->opt.number);
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* All of the file, at most PR_SAVE_MAX bytes. *len: its length. 0; -ENOENT; -errno. */
static int read_file(const char *dir, const char *name, uint8_t *p, uint32_t *len)
{
	int dir_fd = open_dir(dir);
	ssize_t n = 0;
	int fd, err;

	if (dir_fd < 0)
		return dir_fd;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	err = fd < 0 ? -errno : 0;
	*len = 0;
	while (!err && (n = read(fd, p + *len, PR_SAVE_MAX + 1 - *len)) > 0)
		*len += (uint32_t)n;
	if (n < 0)
		err = -errno;
	else if (*len > PR_SAVE_MAX)
		err = -EFBIG;
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return err;
}

static void seal(struct scsi_lu *lu, const char *name, const char *fault)
{
	lu->pr.type = PR_WRITE_EXCLUSIVE;
	lu->pr.sealed = true;
	log_error("%s: the reservations in %s/%s cannot be read: %s; nobody may write until that "
		  "file is removed and itgtd started again",
		  lu->name, lu->core->state_dir, name, fault);
}

void pr_save_load(struct scsi_lu *lu)
{
	const char *dir = lu->core->state_dir;
	char name[PR_SAVE_NAME_MAX];
	const char *fault = NULL;
	uint8_t *p;
	uint32_t len;
	int err;

	if (!dir)
		return;
	make_name(name, lu);
	p = malloc(PR_SAVE_MAX + 1);
	err = p ? read_file(dir, name, p, &len) : -ENOMEM;
	if (err == -EFBIG)
		fault = "it is longer than any can be";
	else if (err)
		fault = strerror(-err);
	else
		fault = pr_save_get(&lu->pr, lu->naa, p, len);
	free(p);
	if (err != -ENOENT && fault)
		seal(lu, name, fault);
	lu->pr_version++;
}

static int write_all(int fd, const uint8_t *p, uint32_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (uint32_t)n;
		}
	}
	return 0;
}

/* A new file takes the place of the old one when all of it is on stable storage. */
static int replace(int dir_fd, const struct pr_save *s)
{
	char new_name[PR_SAVE_NAME_MAX + 4];
	int fd, err;

	snprintf(new_name, sizeof(new_name), "%s.new", s->name);
	fd = openat(dir_fd, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, s->bytes, s->len);
	if (!err && fsync(fd))
		err = -errno;
	close(fd);
	if (!err && renameat(dir_fd, new_name, dir_fd, s->name))
		err = -errno;
	return err;
}

/* On a worker. */
static int keep(struct store_io *io)
{
	const struct pr_save *s = io->user;
	int dir_fd = open_dir(s->dir);
	int err = 0;

	if (dir_fd < 0)
		return dir_fd;
	if (s->bytes)
		err = replace(dir_fd, s);
	else if (unlinkat(dir_fd, s->name, 0) && errno != ENOENT)
		err = -errno;
	if (!err && fsync(dir_fd))
		err = -errno;
	close(dir_fd);
	return err;
}

static void kept(struct store_io *io)
{
	struct pr_save *s = io->user;

	free(s->bytes);
	s->bytes = NULL;
	if (io->error)
		log_error("%s/%s: %s; a change of reservations is refused", s->dir, s->name,
			  strerror(-io->error));
	s->done(s, io->error);
}

void pr_save_start(struct pr_save *s, struct scsi_lu *lu, const struct pr *pr,
		   void (*done)(struct pr_save *s, int error))
{
	*s = (struct pr_save){ .dir = lu->core->state_dir, .done = done };
	make_name(s->name, lu);
	if (pr->aptpl && pr->n) {
		s->len = pr_save_len(pr);
		s->bytes = malloc(s->len);
		if (!s->bytes) {
			done(s, -ENOMEM);
			return;
		}
		pr_save_put(pr, lu->naa, s->bytes);
	}
	s->io.user = s;
	s->io.done = kept;
	store_work(lu->store, &s->io, keep);
}
