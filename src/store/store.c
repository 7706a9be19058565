#include "store/store.h"

#include "base/log.h"
#include "base/units.h"
#include "store/env.h"
#include "store/file_open.h"
#include "store/limit.h"
#include "store/null.h"
#include "store/ram.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct kind {
	const char *name;
	bool wants_path; /* else it wants a size */
	int (*open)(struct store_env *env, const struct store_params *p, struct store **out,
		    char why[static STORE_WHY_MAX]);
} kinds[] = {
	{ "file", true, file_open },
	{ "block", true, file_open },
	{ "ram", false, ram_open },
	{ "null", false, null_open },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *store_kind(size_t i)
{
	return i < KINDS ? kinds[i].name : NULL;
}

char *store_kinds(char *dst, size_t size)
{
	size_t i, len = 0;

	assert(size >= 64);
	for (i = 0; i < KINDS; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s%s", i > 0 ? ", " : "",
					kinds[i].name);
	assert(len < size);
	return dst;
}

static const struct kind *find_kind(const char *name, char why[static STORE_WHY_MAX])
{
	char quoted[64], names[64];
	size_t i;

	for (i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	snprintf(why, STORE_WHY_MAX, "backend: %s is not one of %s",
		 log_quote(quoted, sizeof(quoted), name, strlen(name)),
		 store_kinds(names, sizeof(names)));
	return NULL;
}

static bool is_block_size(uint32_t n)
{
	return n >= 512 && n <= 4096 && (n & (n - 1)) == 0;
}

/* Options that no kind can serve; p->size becomes a multiple of the block size. */
static int check_params(const struct kind *kind, struct store_params *p,
			char why[static STORE_WHY_MAX])
{
	uint64_t odd;
	char size[24];

	if (!is_block_size(p->block_size)) {
		snprintf(why, STORE_WHY_MAX, "block-size: %u is not 512, 1024, 2048 or 4096",
			 p->block_size);
		return -EINVAL;
	}
	if (kind->wants_path && (!p->path || !*p->path)) {
		snprintf(why, STORE_WHY_MAX, "path: backend \"%s\" needs one", kind->name);
		return -EINVAL;
	}
	if (!kind->wants_path && p->size == 0) {
		snprintf(why, STORE_WHY_MAX, "size: backend \"%s\" needs one", kind->name);
		return -EINVAL;
	}
	odd = p->size % p->block_size;
	if (p->size > INT64_MAX || (p->size > 0 && p->size == odd)) {
		snprintf(why, STORE_WHY_MAX, "size: %s is not between one block and 8 EiB",
			 size_format(size, sizeof(size), p->size));
		return -EINVAL;
	}
	if (odd)
		log_notice("store: size %llu is no multiple of %u bytes: rounded down",
			   (unsigned long long)p->size, p->block_size);
	p->size -= odd;
	return 0;
}

bool store_is_idle(const struct store *s)
{
	for (; s; s = s->below) {
		if (s->in_flight)
			return false;
	}
	return true;
}

void store_settle(struct store *s)
{
	for (; s; s = s->below) {
		if (s->ops->settle)
			s->ops->settle(s);
	}
}

void store_close(struct store *s)
{
	if (!s)
		return;
	assert(store_is_idle(s));
	s->ops->close(s);
}

/* What the options put on top of the store. 0, or -errno with why, and *s is closed. */
static int stack_filters(const struct store_params *p, struct store **s,
			 char why[static STORE_WHY_MAX])
{
	int err = 0;

	if (p->max_iops || p->max_bandwidth)
		err = limit_open(*s, p->max_iops, p->max_bandwidth, s, why);
	if (err)
		store_close(*s);
	return err;
}

int store_open(struct store_env *env, const struct store_params *p, struct store **out,
	       char why[static STORE_WHY_MAX])
{
	struct store_params checked = *p;
	const struct kind *kind;
	int err;

	why[0] = '\0';
	kind = find_kind(p->backend, why);
	if (!kind)
		return -EINVAL;
	err = check_params(kind, &checked, why);
	if (err)
		return err;
	err = kind->open(env, &checked, out, why);
	if (err)
		return err;
	if (p->read_only)
		(*out)->caps |= STORE_READ_ONLY;
	return stack_filters(p, out, why);
}

void store_abandon(struct store *s)
{
	if (s && s->ops->undo)
		s->ops->undo(s);
	store_close(s);
}

int store_claim(struct store *s)
{
	return s->ops->claim ? s->ops->claim(s) : 0;
}

/* What a request asks, by operation. */
static const struct demand {
	const char *name;
	bool changes; /* not of a read-only store */
	bool has_range;
	bool is_transfer; /* moves bytes: STORE_RW_MAX at most */
	uint32_t cap;     /* needed */
} demands[] = {
	[STORE_READ] = { "read", .has_range = true, .is_transfer = true },
	[STORE_WRITE] = { "write", .changes = true, .has_range = true, .is_transfer = true },
	[STORE_FLUSH] = { "flush", .has_range = false },
	[STORE_DISCARD] = { "discard", .changes = true, .has_range = true,
			    .cap = STORE_CAN_DISCARD },
	[STORE_ZERO] = { "zeroing", .changes = true, .has_range = true },
	[STORE_RESERVE] = { "reservation of space", .changes = true, .has_range = true,
			    .cap = STORE_CAN_RESERVE },
	[STORE_EXTENT] = { "extent query", .has_range = true },
	[STORE_COPY] = { "copy", .changes = true, .has_range = true },
	[STORE_SPACE] = { "space query", .cap = STORE_CAN_SPACE },
};

const char *store_op_name(enum store_op op)
{
	return demands[op].name;
}

static int check_range(const struct store *s, uint64_t offset, uint64_t len)
{
	if (offset > s->size || len > s->size - offset)
		return -EINVAL;
	return (offset | len) % s->io_align ? -EINVAL : 0;
}

/* Where the bytes of a copy come from; what stands in between (a filter) has to see them. */
static int check_copy(const struct store *s, const struct store_io *io)
{
	if (!s->ops->copies || io->from->ops != s->ops)
		return -EOPNOTSUPP;
	return check_range(io->from, io->from_offset, io->len);
}

static int check_io(const struct store *s, const struct store_io *io)
{
	const struct demand *d = &demands[io->op];
	int err;

	if (d->changes && (s->caps & STORE_READ_ONLY))
		return -EROFS;
	if (d->cap & ~s->caps)
		return -EOPNOTSUPP;
	if (!d->has_range)
		return 0;
	if (io->len == 0 || (d->is_transfer && io->len > STORE_RW_MAX))
		return -EINVAL;
	err = check_range(s, io->offset, io->len);
	return err || io->op != STORE_COPY ? err : check_copy(s, io);
}

void store_submit(struct store *s, struct store_io *io)
{
	int err;

	assert(io->op < sizeof(demands) / sizeof(demands[0]));
	io->store = s;
	io->part = 0;
	io->error = 0;
	io->mapped = false;
	io->reserved = false;
	io->extent_len = 0;
	s->in_flight++;
	err = check_io(s, io);
	if (err) {
		env_finish(io, err);
		return;
	}
	if (io->op == STORE_EXTENT && !(s->caps & STORE_CAN_EXTENT)) {
		io->mapped = true;
		io->extent_len = io->len;
		env_finish(io, 0);
		return;
	}
	s->ops->submit(io);
}

void store_view_end(struct store_view *v)
{
	if (v->data)
		LIST_REMOVE(v, link);
	v->data = NULL;
}

void store_recall(struct store *s, struct store_io *io)
{
	if (s->ops->recall)
		s->ops->recall(s, io);
}

void store_hurry(struct store *s, bool on)
{
	if (s->ops->hurry)
		s->ops->hurry(s, on);
}

void store_work(struct store *s, struct store_io *io, int (*work)(struct store_io *io))
{
	io->store = s;
	s->in_flight++;
	env_work(io, work, env_finish);
}

int store_resize(struct store *s, uint64_t size)
{
	int err;

	if (size == 0 || size > INT64_MAX || size % s->io_align)
		return -EINVAL;
	if (!s->ops->resize)
		return -EOPNOTSUPP;
	err = s->ops->resize(s, size);
	if (!err)
		s->size = size;
	return err;
}
