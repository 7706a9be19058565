#include "store/ram.h"

#include "base/units.h"
#include "store/env.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Giving back memory takes about 0.1 ms a MiB: more than this goes to a worker, in such pieces. */
#define RAM_PIECE ((uint64_t)16 << 20)

struct ram {
	struct store store; /* first */
	uint64_t page;      /* bytes */
	uint32_t clearing;  /* requests that a worker has: what they touch is lent to nobody */
	LIST_HEAD(, store_view) views;

	/* The loop changes them under lock; a worker reads them, and the memory, under lock. */
	pthread_mutex_t lock;
	uint8_t *base; /* owns; size bytes, mapped in whole pages */
	uint64_t size; /* bytes */
};

static struct ram *ram_of(struct store *s)
{
	return (struct ram *)s;
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* ---- views ---- */

/*
 * The fewest bytes that are lent and not copied: below, the copy costs less than
 * what every write has to look through.
 */
#define VIEW_MIN (16u << 10)

static bool lend(struct ram *r, const struct store_io *io)
{
	struct store_view *v = io->view;

	if (!v || io->len < VIEW_MIN || r->clearing)
		return false;
	v->data = r->base + io->offset;
	v->offset = io->offset;
	v->len = io->len;
	LIST_INSERT_HEAD(&r->views, v, link);
	return true;
}

/* The range is about to change: who looks at some of it gets a copy of what was there. */
static void move_views(struct ram *r, uint64_t offset, uint64_t len)
{
	struct store_view *v, *next;

	for (v = LIST_FIRST(&r->views); v; v = next) {
		const uint8_t *from = v->data;

		next = LIST_NEXT(v, link);
		if (v->offset >= offset + len || offset >= v->offset + v->len)
			continue;
		memcpy(v->copy, from, v->len);
		LIST_REMOVE(v, link);
		v->data = NULL;
		if (v->moved)
			v->moved(v, from);
	}
}

/* ---- requests ---- */

/* Zeros from here on: whole pages are given back, the edges are written. */
static void clear(const struct ram *r, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len;
	uint64_t first = round_up(offset, r->page); /* whole pages: first to last */
	uint64_t last = end / r->page * r->page;

	if (first >= last || madvise(r->base + first, last - first, MADV_DONTNEED)) {
		memset(r->base + offset, 0, len);
		return;
	}
	memset(r->base + offset, 0, first - offset);
	memset(r->base + last, 0, end - last);
}

static int clear_pieces(struct store_io *io)
{
	struct ram *r = ram_of(io->store);
	uint64_t at, len;
	int err = 0;

	for (at = io->offset; !err && at < io->offset + io->len; at += len) {
		len = io->offset + io->len - at;
		if (len > RAM_PIECE)
			len = RAM_PIECE;
		pthread_mutex_lock(&r->lock);
		if (at + len <= r->size)
			clear(r, at, len);
		else
			err = -EIO; /* the store has become smaller */
		pthread_mutex_unlock(&r->lock);
	}
	return err;
}

static void cleared(struct store_io *io, long result)
{
	ram_of(io->store)->clearing--;
	env_finish(io, result);
}

static void ram_clear(struct store_io *io)
{
	move_views(ram_of(io->store), io->offset, io->len);
	if (io->len > RAM_PIECE) {
		ram_of(io->store)->clearing++;
		env_work(io, clear_pieces, cleared);
		return;
	}
	clear(ram_of(io->store), io->offset, io->len);
	env_finish(io, 0);
}

static void ram_submit(struct store_io *io)
{
	struct ram *r = ram_of(io->store);

	switch (io->op) {
	case STORE_READ:
		if (!lend(r, io))
			memcpy(io->data, r->base + io->offset, io->len);
		break;
	case STORE_WRITE:
		move_views(r, io->offset, io->len);
		memcpy(r->base + io->offset, io->data, io->len);
		break;
	case STORE_DISCARD:
	case STORE_ZERO: ram_clear(io); return;
	case STORE_FLUSH:
	case STORE_EXTENT: break;
	}
	env_finish(io, 0);
}

/* What is behind the new end reads as zeros when the store grows again: the last page, too. */
static int ram_resize(struct store *s, uint64_t size)
{
	struct ram *r = ram_of(s);
	uint64_t before = round_up(r->size, r->page);
	uint64_t after = round_up(size, r->page);
	uint8_t *base;
	int err = 0;

	move_views(r, 0, r->size); /* all of it may move */
	pthread_mutex_lock(&r->lock);
	base = mremap(r->base, before, after, MREMAP_MAYMOVE);
	if (base == MAP_FAILED) {
		err = -errno;
	} else {
		if (size < r->size)
			memset(base + size, 0, after - size);
		r->base = base;
		r->size = size;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

static void ram_close(struct store *s)
{
	struct ram *r = ram_of(s);

	move_views(r, 0, r->size);
	munmap(r->base, round_up(r->size, r->page));
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct store_ops ram_ops = {
	.name = "ram",
	.submit = ram_submit,
	.resize = ram_resize,
	.close = ram_close,
};

int ram_open(struct store_env *env, const struct store_params *p, struct store **out,
	     char why[static STORE_WHY_MAX])
{
	struct ram *r = calloc(1, sizeof(*r));
	char size[24];
	int err;

	if (!r) {
		snprintf(why, STORE_WHY_MAX, "no memory for a RAM store");
		return -ENOMEM;
	}
	r->page = (uint64_t)sysconf(_SC_PAGESIZE);
	r->size = p->size;
	r->base = mmap(NULL, round_up(r->size, r->page), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->base == MAP_FAILED) {
		err = -errno;
		snprintf(why, STORE_WHY_MAX, "%s of memory cannot be had: %s",
			 size_format(size, sizeof(size), p->size), strerror(-err));
		free(r);
		return err;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->store = (struct store){
		.ops = &ram_ops,
		.env = env,
		.size = p->size,
		.io_align = p->block_size,
		.discard_align = p->thin ? (uint32_t)r->page : 0,
		.caps = STORE_VOLATILE | (p->thin ? STORE_CAN_DISCARD : 0),
		.io = STORE_IO_CACHED,
	};
	*out = &r->store;
	return 0;
}
