#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MAX_SIZE ((size_t)1 << BUF_MAX_SHIFT)

static unsigned int class_of(size_t size)
{
	assert(size >= 1 && size <= BUF_MAX_SIZE);
	if (size <= (size_t)1 << BUF_MIN_SHIFT)
		return 0;
	return 32 - (unsigned int)__builtin_clz((unsigned int)size - 1) - BUF_MIN_SHIFT;
}

static size_t class_size(unsigned int cls)
{
	return (size_t)1 << (cls + BUF_MIN_SHIFT);
}

void buf_pool_init(struct buf_pool *p, size_t ceiling, size_t reserve)
{
	unsigned int cls;

	*p = (struct buf_pool){ .ceiling = ceiling, .reserve = reserve };
	for (cls = 0; cls < BUF_CLASSES; cls++)
		SLIST_INIT(&p->classes[cls]);
	STAILQ_INIT(&p->line);
}

/* Give one kept buffer of this class back to the system. */
static void drop_kept(struct buf_pool *p, unsigned int cls)
{
	struct buf *b = SLIST_FIRST(&p->classes[cls]);

	SLIST_REMOVE_HEAD(&p->classes[cls], free);
	p->kept -= b->size;
	free(b->data);
	free(b);
}

void buf_pool_fini(struct buf_pool *p)
{
	unsigned int cls;

	assert(p->lent == 0 && STAILQ_EMPTY(&p->line));
	for (cls = 0; cls < BUF_CLASSES; cls++) {
		while (!SLIST_EMPTY(&p->classes[cls]))
			drop_kept(p, cls);
	}
}

/* Drop what is kept, the largest first, until that is no more than so many bytes. */
static void keep_at_most(struct buf_pool *p, size_t size)
{
	unsigned int cls = BUF_CLASSES;

	while (p->kept > size) {
		while (SLIST_EMPTY(&p->classes[cls - 1]))
			cls--;
		drop_kept(p, cls - 1);
	}
}

/* Bytes that may be kept beside so many that are lent: limits that were lowered can be passed. */
static size_t room_beside(const struct buf_pool *p, size_t taken)
{
	size_t most = p->ceiling + p->reserve;

	return most > taken ? most - taken : 0;
}

void buf_pool_limit(struct buf_pool *p, size_t ceiling, size_t reserve)
{
	p->ceiling = ceiling;
	p->reserve = reserve;
	keep_at_most(p, room_beside(p, p->lent));
}

void buf_pool_trim(struct buf_pool *p)
{
	keep_at_most(p, 0);
}

/*
 * A new buffer of the system's memory. It is zeroed, so that nothing of the process' own can
 * ever reach a peer. NULL: there is no memory.
 */
static struct buf *buf_new(struct buf_pool *p, size_t size)
{
	struct buf *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->data = aligned_alloc((size_t)1 << BUF_MIN_SHIFT, size);
	if (!b->data) {
		free(b);
		return NULL;
	}
	memset(b->data, 0, size);
	b->size = (uint32_t)size;
	b->pool = p;
	return b;
}

/* See to it that a buffer of this class is kept. False: no memory. */
static bool stock(struct buf_pool *p, unsigned int cls)
{
	size_t size = class_size(cls);
	struct buf *b;

	if (!SLIST_EMPTY(&p->classes[cls]))
		return true;
	keep_at_most(p, room_beside(p, p->lent + size));
	b = buf_new(p, size);
	if (!b && p->kept) {
		/* The system may have none because of what is kept here, of other sizes. */
		buf_pool_trim(p);
		b = buf_new(p, size);
	}
	if (!b)
		return false;
	SLIST_INSERT_HEAD(&p->classes[cls], b, free);
	p->kept += size;
	return true;
}

/* Is a buffer of this class below the ceiling? */
static bool fits(const struct buf_pool *p, unsigned int cls)
{
	return p->lent - p->reserved + class_size(cls) <= p->ceiling;
}

static struct buf *lend(struct buf_pool *p, unsigned int cls)
{
	struct buf *b;

	if (!stock(p, cls))
		return NULL;
	b = SLIST_FIRST(&p->classes[cls]);
	SLIST_REMOVE_HEAD(&p->classes[cls], free);
	p->kept -= b->size;
	p->lent += b->size;
	b->refs = 1;
	b->is_reserved = false;
	return b;
}

struct buf *buf_get(struct buf_pool *p, size_t size)
{
	unsigned int cls = class_of(size);

	if (!STAILQ_EMPTY(&p->line)) {
		if (class_size(cls) > p->turn)
			return NULL;
		p->turn = 0;
	}
	return fits(p, cls) ? lend(p, cls) : NULL;
}

struct buf *buf_get_reserve(struct buf_pool *p, size_t size)
{
	unsigned int cls = class_of(size);
	struct buf *b;

	if (p->reserved + class_size(cls) > p->reserve)
		return NULL;
	b = lend(p, cls);
	if (b) {
		b->is_reserved = true;
		p->reserved += b->size;
	}
	return b;
}

struct buf *buf_ref(struct buf *b)
{
	assert(b->refs > 0);
	b->refs++;
	return b;
}

void buf_put(struct buf *b)
{
	struct buf_pool *p;

	if (!b)
		return;
	assert(b->refs > 0);
	if (--b->refs > 0)
		return;
	p = b->pool;
	p->lent -= b->size;
	if (b->is_reserved)
		p->reserved -= b->size;
	p->kept += b->size;
	SLIST_INSERT_HEAD(&p->classes[class_of(b->size)], b, free);
	if (p->lent + p->kept > p->ceiling + p->reserve) /* they were lowered */
		keep_at_most(p, room_beside(p, p->lent));
}

void buf_wait_start(struct buf_pool *p, struct buf_wait *w)
{
	assert(!w->waiting);
	w->waiting = true;
	STAILQ_INSERT_TAIL(&p->line, w, link);
}

void buf_wait_stop(struct buf_pool *p, struct buf_wait *w)
{
	if (!w->waiting)
		return;
	w->waiting = false;
	STAILQ_REMOVE(&p->line, w, buf_wait, link);
}

bool buf_pool_serve(struct buf_pool *p)
{
	bool served = false;
	struct buf_wait *w;
	unsigned int cls;

	while ((w = STAILQ_FIRST(&p->line)) != NULL) {
		cls = class_of(w->size);
		/* Memory is found first: who leaves the line gets what he waited for. */
		if (!fits(p, cls) || !stock(p, cls))
			break;
		STAILQ_REMOVE_HEAD(&p->line, link);
		w->waiting = false;
		p->turn = class_size(cls);
		w->ready(w);
		p->turn = 0;
		served = true;
	}
	return served;
}
