#include "base/buf.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define KIB  ((size_t)1024)
#define MIB  (1024 * KIB)
#define DIRT 0x5a

static void sizes_are_rounded_up(void)
{
	static const struct {
		size_t want, got;
	} rows[] = {
		{ 1, 4 * KIB },
		{ 4 * KIB, 4 * KIB },
		{ 4 * KIB + 1, 8 * KIB },
		{ 8 * KIB, 8 * KIB },
		{ 60000, 64 * KIB },
		{ 64 * KIB + 1, 128 * KIB },
		{ 16 * MIB - 1, 16 * MIB },
		{ 16 * MIB, 16 * MIB },
	};
	struct buf_pool p;
	struct buf *b;
	size_t i;

	buf_pool_init(&p, 32 * MIB, 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = buf_get(&p, rows[i].want);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b);
		CU_ASSERT_EQUAL(b->size, rows[i].got);
		CU_ASSERT_EQUAL((uintptr_t)b->data % 4096, 0);
		CU_ASSERT_EQUAL(b->refs, 1);
		CU_ASSERT_EQUAL(p.lent, rows[i].got);
		memset(b->data, DIRT, b->size);
		buf_put(b);
		CU_ASSERT_EQUAL(p.lent, 0);
		CU_ASSERT_TRUE(p.kept <= 32 * MIB);
	}
	buf_pool_fini(&p);
}

static void new_memory_is_zero(void)
{
	struct buf_pool p;
	struct buf *b;
	size_t i, dirt = 0;

	buf_pool_init(&p, MIB, 0);
	b = buf_get(&p, 64 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (i = 0; i < b->size; i++)
		dirt += b->data[i] != 0;
	CU_ASSERT_EQUAL(dirt, 0);
	buf_put(b);
	buf_pool_fini(&p);
}

static void last_in_first_out(void)
{
	struct buf_pool p;
	struct buf *a, *b;

	buf_pool_init(&p, MIB, 0);
	a = buf_get(&p, 8 * KIB);
	b = buf_get(&p, 8 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	buf_put(a);
	buf_put(b);
	CU_ASSERT_PTR_EQUAL(buf_get(&p, 8 * KIB), b);
	CU_ASSERT_PTR_EQUAL(buf_get(&p, 8 * KIB), a);
	buf_put(a);
	buf_put(b);
	buf_pool_fini(&p);
}

static void home_with_the_last_reference(void)
{
	struct buf_pool p;
	struct buf *b;

	buf_pool_init(&p, MIB, 0);
	b = buf_get(&p, 4 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_PTR_EQUAL(buf_ref(b), b);
	CU_ASSERT_EQUAL(b->refs, 2);
	buf_put(b);
	CU_ASSERT_EQUAL(p.lent, 4 * KIB);
	CU_ASSERT_EQUAL(p.kept, 0);
	buf_put(b);
	CU_ASSERT_EQUAL(p.lent, 0);
	CU_ASSERT_EQUAL(p.kept, 4 * KIB);
	buf_put(NULL);
	buf_pool_fini(&p);
	CU_ASSERT_EQUAL(p.kept, 0);
}

static void ceiling_and_reserve(void)
{
	struct buf *a, *b, *r;
	struct buf_pool p;

	buf_pool_init(&p, 12 * KIB, 8 * KIB);
	a = buf_get(&p, 8 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NULL(buf_get(&p, 8 * KIB));
	b = buf_get(&p, 4 * KIB); /* what still fits is lent */
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_PTR_NULL(buf_get(&p, 1));
	r = buf_get_reserve(&p, 8 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_EQUAL(p.lent, 20 * KIB);
	CU_ASSERT_PTR_NULL(buf_get_reserve(&p, 1));
	buf_put(a);
	/* Who holds some of the reserve takes nothing from the others. */
	a = buf_get(&p, 8 * KIB);
	CU_ASSERT_PTR_NOT_NULL(a);
	CU_ASSERT_PTR_NULL(buf_get(&p, 1));
	buf_put(a);
	/* What came back to the ceiling is not for the reserve. */
	CU_ASSERT_PTR_NULL(buf_get_reserve(&p, 1));
	buf_put(r);
	r = buf_get_reserve(&p, 8 * KIB);
	CU_ASSERT_PTR_NOT_NULL(r);
	buf_put(r);
	buf_put(b);
	CU_ASSERT_EQUAL(p.reserved, 0);
	buf_pool_fini(&p);
}

/* Small buffers at home give way to a large one, and the sum never passes the two limits. */
static void kept_memory_gives_way(void)
{
	struct buf *small[16], *large;
	struct buf_pool p;
	size_t i;

	buf_pool_init(&p, 64 * KIB, 4 * KIB);
	for (i = 0; i < 16; i++) {
		small[i] = buf_get(&p, 4 * KIB);
		CU_ASSERT_PTR_NOT_NULL_FATAL(small[i]);
	}
	CU_ASSERT_PTR_NULL(buf_get(&p, 4 * KIB));
	for (i = 0; i < 16; i++)
		buf_put(small[i]);
	CU_ASSERT_EQUAL(p.kept, 64 * KIB);
	large = buf_get(&p, 32 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	CU_ASSERT_EQUAL(p.lent, 32 * KIB);
	CU_ASSERT_EQUAL(p.kept, 36 * KIB);
	buf_put(large);
	large = buf_get(&p, 64 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	CU_ASSERT_EQUAL(p.lent, 64 * KIB);
	CU_ASSERT_TRUE(p.kept <= 4 * KIB);
	small[0] = buf_get_reserve(&p, 4 * KIB);
	CU_ASSERT_PTR_NOT_NULL_FATAL(small[0]);
	CU_ASSERT_EQUAL(p.lent + p.kept, 68 * KIB);
	buf_put(small[0]);
	buf_put(large);
	buf_pool_fini(&p);
}

/* Whatever is taken and given back, in whatever order: the limits hold. */
static void limits_hold_always(void)
{
	struct buf *held[24] = { NULL };
	uint32_t random = 1;
	struct buf_pool p;
	size_t i, n;

	buf_pool_init(&p, 512 * KIB, 64 * KIB);
	for (i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		n = (random >> 8) % 24;
		if (held[n]) {
			buf_put(held[n]);
			held[n] = NULL;
		} else if (random >> 28 == 0) {
			held[n] = buf_get_reserve(&p, (size_t)1 + (random >> 13) % 65536);
		} else {
			held[n] = buf_get(&p, (size_t)1 + (random >> 13) % 131072);
		}
		CU_ASSERT_TRUE_FATAL(p.lent - p.reserved <= p.ceiling);
		CU_ASSERT_TRUE_FATAL(p.reserved <= p.reserve);
		CU_ASSERT_TRUE_FATAL(p.lent <= p.ceiling + p.reserve);
		CU_ASSERT_TRUE_FATAL(p.lent + p.kept <= p.ceiling + p.reserve);
	}
	for (n = 0; n < 24; n++)
		buf_put(held[n]);
	CU_ASSERT_EQUAL(p.lent, 0);
	buf_pool_fini(&p);
}

/*
 * The system's memory, in place of the C library's: it has so many bytes for buffers. What they
 * give back does not come here, so that the test says when that happens.
 */
static size_t system_bytes = SIZE_MAX;
static const struct buf_pool *giving; /* whose kept memory counts as the system's when it goes */

void *aligned_alloc(size_t alignment, size_t size)
{
	size_t kept = giving ? giving->kept : 0;
	void *p;

	if (kept + size > system_bytes || posix_memalign(&p, alignment, size))
		return NULL;
	return p;
}

/* Not all that the pool may have is there: buffers of other sizes are no reason to wait. */
static void kept_memory_is_the_systems(void)
{
	struct buf *b, *c;
	struct buf_pool p;

	buf_pool_init(&p, 16 * MIB, 0);
	system_bytes = MIB;
	giving = &p;
	b = buf_get(&p, 512 * KIB);
	c = buf_get(&p, 256 * KIB);
	buf_put(b);
	buf_put(c);
	CU_ASSERT_EQUAL(p.kept, 768 * KIB);
	b = buf_get(&p, MIB);
	CU_ASSERT_PTR_NOT_NULL(b);
	CU_ASSERT_EQUAL(p.kept, 0);
	CU_ASSERT_PTR_NULL(buf_get(&p, 2 * MIB));
	buf_put(b);
	buf_pool_trim(&p);
	CU_ASSERT_EQUAL(p.kept, 0);
	system_bytes = SIZE_MAX;
	giving = NULL;
	buf_pool_fini(&p);
}

/* buffer-memory can be lowered while more than that is lent. */
static void limits_can_be_lowered(void)
{
	struct buf *all, *reserved;
	struct buf_pool p;

	buf_pool_init(&p, 4 * MIB, 4 * MIB);
	buf_put(buf_get(&p, MIB));
	all = buf_get(&p, 2 * MIB);
	buf_pool_limit(&p, 64 * KIB, 64 * KIB);
	CU_ASSERT_EQUAL(p.kept, 0);
	CU_ASSERT_PTR_NULL(buf_get(&p, 4 * KIB));
	reserved = buf_get_reserve(&p, 4 * KIB); /* that was promised */
	CU_ASSERT_PTR_NOT_NULL(reserved);
	buf_put(reserved);
	buf_put(all);
	CU_ASSERT_TRUE(p.kept <= 128 * KIB);
	all = buf_get(&p, 64 * KIB);
	CU_ASSERT_PTR_NOT_NULL(all);
	buf_put(all);
	buf_pool_fini(&p);
}

/* Somebody in line who takes what he asked for. */
struct waiter {
	struct buf_wait wait;
	struct buf_pool *pool;
	struct buf *got;
	int calls;
	struct waiter *also_leaves; /* taken out of the line by this one's ready() */
};

static void take(struct buf_wait *w)
{
	struct waiter *x = (struct waiter *)w;

	x->calls++;
	CU_ASSERT_FALSE(w->waiting);
	x->got = buf_get(x->pool, w->size);
	CU_ASSERT_PTR_NOT_NULL(x->got);
	/* One turn is one buffer: no second one past the others. */
	CU_ASSERT_PTR_NULL(STAILQ_EMPTY(&x->pool->line) ? NULL : buf_get(x->pool, 1));
	if (x->also_leaves)
		buf_wait_stop(x->pool, &x->also_leaves->wait);
}

static void stand_in_line(struct waiter *x, struct buf_pool *p, uint32_t size)
{
	*x = (struct waiter){ .wait = { .size = size, .ready = take }, .pool = p };
	buf_wait_start(p, &x->wait);
	CU_ASSERT_TRUE(x->wait.waiting);
}

static void nobody_overtakes(void)
{
	struct waiter big, small;
	struct buf_pool p;
	struct buf *a, *b;

	buf_pool_init(&p, 16 * KIB, 0);
	a = buf_get(&p, 8 * KIB);
	b = buf_get(&p, 4 * KIB);
	stand_in_line(&big, &p, 16 * KIB);
	stand_in_line(&small, &p, 4 * KIB);
	CU_ASSERT_FALSE(buf_pool_serve(&p)); /* 4 KiB are there, but the first wants more */
	CU_ASSERT_PTR_NULL(buf_get(&p, 4 * KIB));
	buf_put(a);
	CU_ASSERT_FALSE(buf_pool_serve(&p));
	buf_put(b);
	CU_ASSERT_TRUE(buf_pool_serve(&p));
	CU_ASSERT_EQUAL(big.calls, 1);
	CU_ASSERT_EQUAL(small.calls, 0);
	CU_ASSERT_FALSE(buf_pool_serve(&p));
	buf_put(big.got);
	CU_ASSERT_TRUE(buf_pool_serve(&p));
	CU_ASSERT_EQUAL(small.calls, 1);
	CU_ASSERT_FALSE(buf_pool_serve(&p));
	a = buf_get(&p, 4 * KIB); /* nobody is in line any more */
	CU_ASSERT_PTR_NOT_NULL(a);
	buf_put(a);
	buf_put(small.got);
	buf_pool_fini(&p);
}

static void one_turn_serves_all_that_fit(void)
{
	struct waiter w[4];
	struct buf_pool p;
	struct buf *all;
	size_t i;

	buf_pool_init(&p, 16 * KIB, 0);
	all = buf_get(&p, 16 * KIB);
	for (i = 0; i < 4; i++)
		stand_in_line(&w[i], &p, i == 3 ? 8 * KIB : 4 * KIB);
	buf_put(all);
	CU_ASSERT_TRUE(buf_pool_serve(&p));
	CU_ASSERT_EQUAL(w[0].calls + w[1].calls + w[2].calls, 3);
	CU_ASSERT_EQUAL(w[3].calls, 0);
	buf_wait_stop(&p, &w[3].wait);
	for (i = 0; i < 3; i++)
		buf_put(w[i].got);
	buf_pool_fini(&p);
}

static void leaving_the_line(void)
{
	struct waiter w[3];
	struct buf_pool p;
	struct buf *all;
	size_t i;

	buf_pool_init(&p, 16 * KIB, 0);
	all = buf_get(&p, 16 * KIB);
	for (i = 0; i < 3; i++)
		stand_in_line(&w[i], &p, 4 * KIB);
	buf_wait_stop(&p, &w[0].wait); /* the head */
	buf_wait_stop(&p, &w[0].wait); /* again: nothing */
	w[1].also_leaves = &w[2];      /* while the line is served */
	buf_put(all);
	CU_ASSERT_TRUE(buf_pool_serve(&p));
	CU_ASSERT_EQUAL(w[0].calls, 0);
	CU_ASSERT_EQUAL(w[1].calls, 1);
	CU_ASSERT_EQUAL(w[2].calls, 0);
	CU_ASSERT_FALSE(w[2].wait.waiting);
	buf_put(w[1].got);
	buf_pool_fini(&p);
}

/* Data a peer was promised room for does not wait behind the line. */
static void the_reserve_has_no_line(void)
{
	struct buf *all, *r;
	struct buf_pool p;
	struct waiter w;

	buf_pool_init(&p, 16 * KIB, 4 * KIB);
	all = buf_get(&p, 16 * KIB);
	stand_in_line(&w, &p, 4 * KIB);
	r = buf_get_reserve(&p, 4 * KIB);
	CU_ASSERT_PTR_NOT_NULL(r);
	CU_ASSERT_FALSE(buf_pool_serve(&p));
	/* nor does the line wait for the reserve: who stands in it may hold some */
	buf_put(all);
	CU_ASSERT(buf_pool_serve(&p));
	CU_ASSERT_PTR_NOT_NULL(w.got);
	buf_put(w.got);
	buf_put(r);
	buf_pool_fini(&p);
}

/* So can one of both: what is lent beyond it is not kept when it comes home. */
static void the_reserve_is_lent_beyond_a_lower_limit(void)
{
	struct buf *most[6], *reserved[4];
	struct buf_pool p;
	size_t i;

	buf_pool_init(&p, 8 * MIB, 4 * MIB);
	for (i = 0; i < 6; i++)
		most[i] = buf_get(&p, MIB);
	buf_pool_limit(&p, 2 * MIB, 4 * MIB);
	for (i = 0; i < 4; i++)
		reserved[i] = buf_get_reserve(&p, MIB);
	for (i = 0; i < 6; i++)
		buf_put(most[i]);
	for (i = 0; i < 4; i++)
		buf_put(reserved[i]);
	CU_ASSERT_EQUAL(p.lent, 0);
	CU_ASSERT(p.kept <= 6 * MIB);
	buf_pool_fini(&p);
}

static const struct unit_test tests[] = {
	{ "a buffer is the next power of two from 4 KiB up, page aligned", sizes_are_rounded_up },
	{ "new memory is zero", new_memory_is_zero },
	{ "what came home last is lent first", last_in_first_out },
	{ "a buffer comes home with its last reference", home_with_the_last_reference },
	{ "nothing is lent beyond the ceiling, but the reserve", ceiling_and_reserve },
	{ "kept memory of other sizes gives way", kept_memory_gives_way },
	{ "lent and kept never pass ceiling and reserve", limits_hold_always },
	{ "limits can be lower than what is lent", limits_can_be_lowered },
	{ "the reserve is lent beyond a lower limit", the_reserve_is_lent_beyond_a_lower_limit },
	{ "kept memory goes when the system has none", kept_memory_is_the_systems },
	{ "nobody overtakes the head of the line", nobody_overtakes },
	{ "one turn serves all at the head that fit", one_turn_serves_all_that_fit },
	{ "who leaves the line is not called", leaving_the_line },
	{ "the reserve is lent past the line", the_reserve_has_no_line },
};

UNIT_MAIN("base/buf", tests)
