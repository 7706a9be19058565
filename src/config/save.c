#include "config/save.h"

#include "base/crc32c.h"
#include "base/regular.h"
#include "base/units.h"
#include "config/edit.h"
#include "config/export.h"
#include "config/merge.h"
#include "config/parse.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file: one line "itgtd-changes VERSION BYTES BYTES CRC32C", then so many bytes of what the
 * file said, then so many of what is to be instead, both as configuration files. The checksum is
 * over these two.
 */
#define MAGIC    "itgtd-changes"
#define VERSION  1u
#define HEAD_MAX 80
#define SAVE_MAX (16u << 20) /* bytes of both parts */
#define NEW_NAME SAVE_NAME ".new"

static const struct conf_where nowhere = { NULL, 0 };

__attribute__((format(printf, 2, 3))) static int say(char **out, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(out, fmt, ap);
	va_end(ap);
	if (n < 0)
		*out = NULL;
	return n < 0 ? -ENOMEM : 0;
}

static uint32_t checksum(const char *text, size_t len)
{
	return crc32c_end(crc32c_add(CRC32C_START, text, len));
}

/* ---- reading ---- */

struct kept {
	char *text; /* owns; the whole file, with a zero behind it */
	size_t len;
	const char *base, *ours; /* in text */
	size_t base_len, ours_len;
};

/* 0; -ENOENT; -EFBIG; -errno. */
static int read_all(int dir_fd, struct kept *k)
{
	struct stat st;
	int fd = regular_open(dir_fd, SAVE_NAME, O_RDONLY | O_NOFOLLOW, &st);
	ssize_t n;

	if (fd < 0)
		return fd;
	if (st.st_size > (off_t)(SAVE_MAX + HEAD_MAX)) {
		close(fd);
		return -EFBIG;
	}
	k->text = malloc((size_t)st.st_size + 1);
	n = k->text ? regular_read(fd, k->text, (size_t)st.st_size) : -ENOMEM;
	close(fd);
	if (n < 0)
		return (int)n;
	k->len = (size_t)n;
	k->text[k->len] = '\0';
	return 0;
}

/* What is wrong with it; NULL: nothing. */
static const char *look_into(struct kept *k)
{
	unsigned int version, base, ours, crc;
	const char *body;
	int end = 0;

	assert(k->text);
	body = memchr(k->text, '\n', k->len < HEAD_MAX ? k->len : HEAD_MAX);
	if (!body || sscanf(k->text, MAGIC " %9u%n", &version, &end) != 1)
		return "it is no file of itgtd's, or its beginning is damaged";
	if (version != VERSION)
		return "a newer itgtd has written it (start that one, or remove it)";
	if (sscanf(k->text + end, " %9u %9u %8x", &base, &ours, &crc) != 3)
		return "its first line is damaged";
	body++;
	k->len -= (size_t)(body - k->text);
	if (k->len < (size_t)base + ours)
		return "it is cut short";
	if (k->len > (size_t)base + ours || checksum(body, k->len) != crc)
		return "it is damaged: its checksum does not match";
	k->base = body;
	k->base_len = base;
	k->ours = body + base;
	k->ours_len = ours;
	return NULL;
}

static int parse_part(struct conf_tree *t, const char *text, size_t len, const char *name,
		      struct conf_faults *told)
{
	int err = conf_parse_text(t, name, text, len, told);

	return err ? err : conf_tree_complete(t);
}

static int merge_kept(struct conf_tree *t, const struct kept *k, const char *name,
		      struct conf_faults *told)
{
	struct conf_tree *base = running_tree(), *ours = running_tree();
	int err = base && ours ? 0 : -ENOMEM;

	if (!err)
		err = parse_part(base, k->base, k->base_len, name, told);
	if (!err)
		err = parse_part(ours, k->ours, k->ours_len, name, told);
	if (!err)
		err = conf_merge(t, base, ours, told);
	running_tree_free(base);
	running_tree_free(ours);
	return err;
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* What is kept in dir. 0; -ENOENT: nothing; -EINVAL with *fault; -ENOMEM. */
static int load(const char *dir, struct kept *k, const char **fault)
{
	int dir_fd = open_dir(dir);
	int err = dir_fd < 0 ? dir_fd : read_all(dir_fd, k);

	if (dir_fd >= 0)
		close(dir_fd);
	*fault = NULL;
	if (err == -EFBIG)
		*fault = "it is longer than any can be";
	else if (err && err != -ENOENT && err != -ENOMEM)
		*fault = regular_error(err);
	else if (!err)
		*fault = look_into(k);
	return *fault ? -EINVAL : err;
}

int save_merge(struct conf_tree *t, const char *dir, struct conf_faults *told)
{
	struct kept k = { .text = NULL };
	const char *fault;
	char *name;
	int err = load(dir, &k, &fault);

	if (say(&name, "%s/%s", dir, SAVE_NAME))
		err = -ENOMEM;
	if (err == -EINVAL)
		conf_fault(told, nowhere, NULL, NULL,
			   "%s: the changes that were saved cannot be read: %s (put back one of "
			   "%s.1 to .%d, or remove it to start without them)",
			   name, fault, SAVE_NAME, SAVE_KEPT);
	if (!err)
		err = merge_kept(t, &k, name, told);
	free(k.text);
	free(name);
	return err == -ENOENT ? 0 : err;
}

/* ---- writing ---- */

static int write_tree(const struct conf_tree *t, FILE *f, size_t *len)
{
	long before = ftell(f);
	int err = conf_export(t, f);

	*len = (size_t)(ftell(f) - before);
	return err;
}

/* The file's bytes; the caller frees them. *n: how many changes there are. NULL: no memory. */
static char *make_text(const struct running *r, size_t *n, size_t *len)
{
	struct conf_tree *base = running_tree(), *ours = running_tree();
	char *body = NULL, *text = NULL;
	size_t size = 0, a = 0, b = 0;
	FILE *f = base && ours ? open_memstream(&body, &size) : NULL;
	int err = f ? conf_split(r->base, r->tree, base, ours, n) : -ENOMEM;

	if (!err)
		err = write_tree(base, f, &a);
	if (!err)
		err = write_tree(ours, f, &b);
	if (f && fclose(f))
		err = -ENOMEM;
	if (!err &&
	    !say(&text, MAGIC " %u %zu %zu %08x\n%s", VERSION, a, b, checksum(body, size), body))
		*len = strlen(text);
	free(body);
	running_tree_free(base);
	running_tree_free(ours);
	return text;
}

/* The one that there is becomes the first of those that are kept; at any moment there is one. */
static int keep_old(int dir_fd)
{
	char from[sizeof(SAVE_NAME) + 12], to[sizeof(SAVE_NAME) + 12];
	int i;

	for (i = SAVE_KEPT - 1; i > 0; i--) {
		snprintf(from, sizeof(from), "%s.%d", SAVE_NAME, i);
		snprintf(to, sizeof(to), "%s.%d", SAVE_NAME, i + 1);
		if (renameat(dir_fd, from, dir_fd, to) && errno != ENOENT)
			return -errno;
	}
	if (linkat(dir_fd, SAVE_NAME, dir_fd, SAVE_NAME ".1", 0) && errno != ENOENT)
		return -errno;
	return 0;
}

static int replace(const char *dir, const char *text, size_t len)
{
	int dir_fd = open_dir(dir), err;

	if (dir_fd < 0)
		return dir_fd;
	err = regular_write(dir_fd, NEW_NAME, text, len);
	if (!err)
		err = keep_old(dir_fd);
	if (!err && renameat(dir_fd, NEW_NAME, dir_fd, SAVE_NAME))
		err = -errno;
	if (!err && fsync(dir_fd))
		err = -errno;
	close(dir_fd);
	return err;
}

/* Is there a file with changes in it, or one that cannot be read? */
static bool would_lose(const char *dir)
{
	struct kept k = { .text = NULL };
	const char *fault;
	int err = load(dir, &k, &fault);
	bool loses = err == -EINVAL || (!err && k.base_len + k.ours_len > 0);

	free(k.text);
	return loses;
}

int save_write(const struct running *r, bool force, char **why, char **note)
{
	char *text, count[COUNT_TEXT_MAX];
	size_t n = 0, len = 0;
	int err;

	if (!r->state_dir || !r->path) {
		say(why, r->path ? "there is no state directory to save changes in"
				 : "itgtd was started with --serve: nothing of it is saved");
		return -EINVAL;
	}
	text = make_text(r, &n, &len);
	if (!text)
		return -ENOMEM;
	if (len > SAVE_MAX) {
		say(why, "the changes are longer than %u bytes (write them into %s)", SAVE_MAX,
		    r->path);
		err = -EFBIG;
	} else if (n == 0 && !force && would_lose(r->state_dir)) {
		say(why,
		    "nothing differs from %s, and %s/%s has changes: it is left alone (--force "
		    "replaces it)",
		    r->path, r->state_dir, SAVE_NAME);
		err = -EEXIST;
	} else {
		err = replace(r->state_dir, text, len);
		if (err)
			say(why, "%s/%s: %s; what was saved before is still there", r->state_dir,
			    SAVE_NAME, strerror(-err));
		else
			say(note, "%s saved in %s/%s", count_format(count, n, "change"),
			    r->state_dir, SAVE_NAME);
	}
	free(text);
	return err;
}
