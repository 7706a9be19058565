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

/* Pages that one look for an extent goes through at most: 1 GiB, in a fraction of a millisecond. */
#define EXTENT_PAGES 262144u

struct ram {
	struct store store; /* first */
	uint64_t page;      /* bytes */
	uint32_t clearing;  /* requests that a worker has: what they touch is lent to nobody */
	LIST_HEAD(, store_view) views;

	/* The loop changes them under lock; a worker reads them, and the memory, under lock. */
	pthread_mutex_t lock;
	uint8_t *base; /* owns; size bytes, mapped in whole pages */
	uint8_t *used; /* owns; a byte a page: 1 from the first write until it is discarded */
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

static uint64_t pages(const struct ram *r, uint64_t size)
{
	return round_up(size, r->page) / r->page;
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

/*
 * A worker says that pages are used no more before it clears them, and the loop that they are
 * after it has written them: so none that has data is ever told to be unused.
 */
static void mark(const struct ram *r, uint64_t offset, uint64_t len)
{
	uint64_t first = offset / r->page;

	memset(r->used + first, 1, (offset + len - 1) / r->page - first + 1);
}

static void unmark(const struct ram *r, uint64_t offset, uint64_t len)
{
	uint64_t first = round_up(offset, r->page) / r->page;
	uint64_t last = (offset + len) / r->page;

	if (first < last)
		memset(r->used + first, 0, last - first);
}

/* How far the pages from offset on are alike. */
static void extent(const struct ram *r, struct store_io *io)
{
	uint64_t first = io->offset / r->page;
	uint64_t end = round_up(io->offset + io->len, r->page) / r->page;
	uint64_t at = first + 1;

	if (end - first > EXTENT_PAGES)
		end = first + EXTENT_PAGES;
	while (at < end && r->used[at] == r->used[first])
		at++;
	io->mapped = r->used[first];
	io->extent_len = at * r->page - io->offset;
	if (io->extent_len > io->len)
		io->extent_len = io->len;
}

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

/* Zeroed pages count as used: what is to stay allocated can be written without new space. */
static void give_back(const struct ram *r, enum store_op op, uint64_t offset, uint64_t len)
{
	if (op == STORE_DISCARD)
		unmark(r, offset, len);
	clear(r, offset, len);
	if (op == STORE_ZERO)
		mark(r, offset, len);
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
			give_back(r, io->op, at, len);
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
	give_back(ram_of(io->store), io->op, io->offset, io->len);
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
		mark(r, io->offset, io->len);
		break;
	case STORE_DISCARD:
	case STORE_ZERO: ram_clear(io); return;
	case STORE_EXTENT: extent(r, io); break;
	case STORE_COPY:
	case STORE_RESERVE:
	case STORE_SPACE: /* store.c has answered what it cannot */
	case STORE_FLUSH: break;
	}
	env_finish(io, 0);
}

static int remap(uint8_t **p, uint64_t from, uint64_t to)
{
	void *now = mremap(*p, from, to, MREMAP_MAYMOVE);

	if (now == MAP_FAILED)
		return -errno;
	*p = now;
	return 0;
}

/* As many more bytes; under lock. 0, and all of it is there, or -errno and nothing has changed. */
static int grow(struct ram *r, uint64_t size)
{
	uint64_t before = round_up(r->size, r->page);
	int err = remap(&r->used, pages(r, r->size), pages(r, size));

	if (err)
		return err;
	err = remap(&r->base, before, round_up(size, r->page));
	if (err)
		remap(&r->used, pages(r, size), pages(r, r->size));
	return err;
}

/* As many less. What is behind the new end reads as zeros when it grows again: the last page, too.
 */
static int cut(struct ram *r, uint64_t size)
{
	uint64_t after = round_up(size, r->page);
	int err = remap(&r->base, round_up(r->size, r->page), after);

	if (err)
		return err;
	memset(r->base + size, 0, after - size);
	memset(r->used + pages(r, size), 0, round_up(pages(r, size), r->page) - pages(r, size));
	return remap(&r->used, pages(r, r->size), pages(r, size));
}

static void ram_settle(struct store *s)
{
	move_views(ram_of(s), 0, ram_of(s)->size);
}

static int ram_resize(struct store *s, uint64_t size)
{
	struct ram *r = ram_of(s);
	int err;

	assert(LIST_EMPTY(&r->views)); /* store_settle(): this is a worker, and all may move */
	pthread_mutex_lock(&r->lock);
	err = size < r->size ? cut(r, size) : grow(r, size);
	if (!err)
		r->size = size;
	pthread_mutex_unlock(&r->lock);
	return err;
}

static void ram_close(struct store *s)
{
	struct ram *r = ram_of(s);

	assert(LIST_EMPTY(&r->views)); /* store_settle() */
	munmap(r->base, round_up(r->size, r->page));
	munmap(r->used, pages(r, r->size));
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static const struct store_ops ram_ops = {
	.name = "ram",
	.submit = ram_submit,
	.resize = ram_resize,
	.close = ram_close,
	.settle = ram_settle,
};

/* Zeros that take no memory until they are written. NULL: none can be had. */
static uint8_t *map_zeros(uint64_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int map_memory(struct ram *r)
{
	r->base = map_zeros(round_up(r->size, r->page));
	r->used = r->base ? map_zeros(pages(r, r->size)) : NULL;
	if (r->used)
		return 0;
	if (r->base)
		munmap(r->base, round_up(r->size, r->page));
	return -ENOMEM;
}

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
	err = map_memory(r);
	if (err) {
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
		.caps = STORE_VOLATILE | STORE_AT_ONCE |
			(p->thin ? STORE_CAN_DISCARD | STORE_CAN_EXTENT : 0),
		.io = STORE_IO_CACHED,
	};
	*out = &r->store;
	return 0;
}
