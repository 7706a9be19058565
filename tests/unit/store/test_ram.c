#include "store/ram.h"

#include "drive.h"

#include <errno.h>
#include <stddef.h>

static struct store *open_ram(struct store_env *env, uint64_t size, uint32_t block)
{
	const struct store_params p = {
		.backend = "ram", .size = size, .block_size = block, .thin = true
	};

	return drive_open(env, &p);
}

static void what_is_written_is_read(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, 64 * MIB, 512);

	CU_ASSERT_TRUE(drive_is_zero(s, 0, MIB));
	CU_ASSERT_EQUAL(drive_write(s, 0, 512, 3 * MIB, 1), 0);
	CU_ASSERT_EQUAL(drive_write(s, STORE_FUA, 64 * MIB - 512, 512, 2), 0);
	CU_ASSERT_TRUE(drive_holds(s, 512, 3 * MIB, 1));
	CU_ASSERT_TRUE(drive_holds(s, 64 * MIB - 512, 512, 2));
	CU_ASSERT_TRUE(drive_is_zero(s, 0, 512));
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_TRUE(s->caps & STORE_VOLATILE);
	store_close(s);
	store_env_free(env);
}

/* Pages are told as mapped from their first write until they are discarded. */
static void extents(void)
{
	static const struct {
		enum store_op op; /* what is done */
		uint64_t offset, len;
		uint64_t at; /* where it is asked then, up to the end */
		bool mapped;
		uint64_t alike;
	} steps[] = {
		{ STORE_FLUSH, 0, 0, 0, false, 48 * MIB },
		{ STORE_WRITE, 8192, 512, 0, false, 8192 },
		{ STORE_FLUSH, 0, 0, 512, false, 7680 },
		{ STORE_FLUSH, 0, 0, 8192, true, 4096 },
		{ STORE_FLUSH, 0, 0, 8704, true, 3584 },
		{ STORE_WRITE, 12288 - 512, 1024, 8192, true, 8192 },
		{ STORE_DISCARD, 8192, 4608, 8192, false, 4096 }, /* a page, and some of one */
		{ STORE_FLUSH, 0, 0, 12288, true, 4096 },
		{ STORE_ZERO, 0, 4 * MIB, 0, true, 4 * MIB },
		{ STORE_DISCARD, 0, 48 * MIB, 0, false, 48 * MIB }, /* by a worker */
		{ STORE_ZERO, MIB, 40 * MIB, MIB, true, 40 * MIB },
	};
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, 48 * MIB, 512);
	bool mapped;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int err = steps[i].op == STORE_WRITE
				  ? drive_write(s, 0, steps[i].offset, steps[i].len, 1)
				  : drive(s, steps[i].op, 0, steps[i].offset, steps[i].len, NULL);

		CU_ASSERT_EQUAL(err, 0);
		CU_ASSERT_EQUAL(drive_extent(s, steps[i].at, s->size - steps[i].at, &mapped),
				steps[i].alike);
		CU_ASSERT_EQUAL(mapped, steps[i].mapped);
	}
	CU_ASSERT_EQUAL(store_resize(s, 4096), 0);
	CU_ASSERT_EQUAL(store_resize(s, 48 * MIB), 0);
	CU_ASSERT_EQUAL(drive_extent(s, 4096, s->size - 4096, &mapped), s->size - 4096);
	CU_ASSERT_FALSE(mapped);
	store_close(s);
	store_env_free(env);
}

static const struct {
	const char *what;
	enum store_op op;
	uint64_t offset, len;
} clears[] = {
	{ "inside one page", STORE_DISCARD, 512, 1024 },
	{ "across a page's edge, no whole page", STORE_DISCARD, 4096 - 512, 1024 },
	{ "one whole page", STORE_DISCARD, 8192, 4096 },
	{ "pages and both edges", STORE_ZERO, 4096 + 512, 20 * KIB },
	{ "long enough for a worker, odd edges", STORE_DISCARD, 512, 40 * MIB },
	{ "everything", STORE_ZERO, 0, 48 * MIB },
};

static void a_cleared_range_reads_as_zeros_and_no_more(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, 48 * MIB, 512);
	uint64_t at, offset, end;
	bool right;
	size_t i;

	for (i = 0; i < sizeof(clears) / sizeof(clears[0]); i++) {
		offset = clears[i].offset;
		end = offset + clears[i].len;
		for (at = 0; at < s->size; at += 8 * MIB)
			CU_ASSERT_EQUAL(drive_write(s, 0, at, 8 * MIB, 3), 0);
		CU_ASSERT_EQUAL(drive(s, clears[i].op, 0, offset, end - offset, NULL), 0);
		right = (offset == 0 || drive_holds(s, 0, offset, 3)) &&
			(end == s->size || drive_holds(s, end, 512, 3));
		for (at = offset; right && at < end; at += 8 * MIB)
			right = drive_is_zero(s, at, end - at < 8 * MIB ? end - at : 8 * MIB);
		if (!right)
			printf("\n    %s", clears[i].what);
		CU_ASSERT_TRUE(right);
	}
	store_close(s);
	store_env_free(env);
}

static void resizing_keeps_what_stays_and_zeros_what_comes(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, MIB, 512);

	CU_ASSERT_EQUAL(drive_write(s, 0, 0, MIB, 4), 0);
	CU_ASSERT_EQUAL(store_resize(s, 256 * MIB), 0);
	CU_ASSERT_TRUE(drive_holds(s, 0, MIB, 4));
	CU_ASSERT_TRUE(drive_is_zero(s, MIB, MIB));
	CU_ASSERT_EQUAL(store_resize(s, 64 * KIB + 512), 0); /* in the middle of a page */
	CU_ASSERT_EQUAL(drive_write(s, 0, 64 * KIB, KIB, 4), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, MIB), 0);
	CU_ASSERT_TRUE(drive_holds(s, 0, 64 * KIB + 512, 4));
	CU_ASSERT_TRUE(drive_is_zero(s, 64 * KIB + 512, MIB - 64 * KIB - 512));
	CU_ASSERT(store_resize(s, (uint64_t)1 << 62) < 0);
	CU_ASSERT_EQUAL(s->size, MIB);
	store_close(s);
	store_env_free(env);
}

/* The memory may move or go while a worker clears it. */
static void resizing_under_a_long_discard_harms_nothing(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, 256 * MIB, 512);
	struct drive_io d;
	int i;

	for (i = 0; i < 20; i++) {
		drive_submit(s, &d, STORE_DISCARD, 0, 512, 256 * MIB - KIB, NULL);
		CU_ASSERT_EQUAL(store_resize(s, i % 2 ? GIB : 32 * KIB), 0);
		drive_wait(env, &d, 1);
		CU_ASSERT(d.io.error == 0 || d.io.error == -EIO);
		CU_ASSERT_EQUAL(store_resize(s, 256 * MIB), 0);
	}
	CU_ASSERT_TRUE(drive_is_zero(s, 0, MIB));
	store_close(s);
	store_env_free(env);
}

/* A view of what was read, and what became of it. */
struct look {
	struct store_view view;
	int moved;
	uint8_t copy[64 * KIB];
};

static void look_moved(struct store_view *v, const uint8_t *from)
{
	struct look *l = (struct look *)((char *)v - offsetof(struct look, view));

	CU_ASSERT_PTR_NULL(v->data);
	CU_ASSERT_PTR_NOT_NULL(from);
	l->moved++;
}

/* Read len bytes at offset with a view. */
static void look_at(struct store *s, struct look *l, uint64_t offset, uint64_t len)
{
	struct drive_io d = { .io = { .op = STORE_READ,
				      .offset = offset,
				      .len = len,
				      .data = l->copy,
				      .view = &l->view,
				      .done = drive_done } };

	memset(l, 0, sizeof(*l));
	l->view.copy = l->copy;
	l->view.moved = look_moved;
	d.io.user = &d;
	store_submit(s, &d.io);
	drive_wait(s->env, &d, 1);
	CU_ASSERT_EQUAL(d.io.error, 0);
}

static bool is_all(const uint8_t *p, size_t len, uint8_t byte)
{
	while (len > 0 && p[len - 1] == byte)
		len--;
	return len == 0;
}

/* What may change the 64 KiB at 64 KiB, of which a view shows all. */
static const struct change {
	const char *what;
	enum store_op op;
	uint64_t offset, len;
	int moves;
} changes[] = {
	{ "a write before it", STORE_WRITE, 0, 64 * KIB, 0 },
	{ "a write behind it", STORE_WRITE, 128 * KIB, 4096, 0 },
	{ "a read of it", STORE_READ, 64 * KIB, 64 * KIB, 0 },
	{ "a write of its first block", STORE_WRITE, 64 * KIB, 512, 1 },
	{ "a write of its last block", STORE_WRITE, 128 * KIB - 512, 1024, 1 },
	{ "a write over it", STORE_WRITE, 0, 256 * KIB, 1 },
	{ "a discard of a page", STORE_DISCARD, 68 * KIB, 4096, 1 },
	{ "zeros", STORE_ZERO, 64 * KIB, 512, 1 },
	{ "a discard that a worker has", STORE_DISCARD, 64 * KIB, 40 * MIB, 1 },
};

static void a_view_shows_what_was_read(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, 48 * MIB, 512);
	uint8_t *bytes = aligned_alloc(4096, 256 * KIB);
	struct look *l = malloc(sizeof(*l));
	size_t i;

	CU_ASSERT_FATAL(bytes && l);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct drive_io d;

		memset(bytes, 0x11, 256 * KIB);
		CU_ASSERT_EQUAL(drive(s, STORE_WRITE, 0, 0, 256 * KIB, bytes), 0);
		look_at(s, l, 64 * KIB, 64 * KIB);
		CU_ASSERT_PTR_NOT_NULL_FATAL(l->view.data);
		memset(bytes, 0x22, 256 * KIB);
		drive_submit(s, &d, c->op, 0, c->offset, c->len, bytes);
		drive_wait(env, &d, 1);
		if (l->moved != c->moves)
			printf("\n    %s", c->what);
		CU_ASSERT_EQUAL(l->moved, c->moves);
		CU_ASSERT_TRUE(is_all(c->moves ? l->copy : l->view.data, 64 * KIB, 0x11));
		store_view_end(&l->view);
	}
	free(bytes);
	free(l);
	store_close(s);
	store_env_free(env);
}

static void a_view_outlives_its_store(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, MIB, 512);
	struct look *two = calloc(2, sizeof(*two));

	CU_ASSERT_FATAL(two != NULL);
	CU_ASSERT_EQUAL(drive_write(s, 0, 0, MIB, 4), 0);
	look_at(s, &two[0], 0, 64 * KIB);
	store_settle(s);
	CU_ASSERT_EQUAL(two[0].moved, 1);
	CU_ASSERT_EQUAL(store_resize(s, 256 * MIB), 0);
	look_at(s, &two[0], 0, 64 * KIB);
	look_at(s, &two[1], 0, 64 * KIB);
	store_view_end(&two[1].view); /* nobody is told who has given it back */
	store_settle(s);
	store_close(s);
	CU_ASSERT_EQUAL(two[0].moved, 1);
	CU_ASSERT_EQUAL(two[1].moved, 0);
	store_view_end(&two[0].view); /* harmless */
	free(two);
	store_env_free(env);
}

static void a_short_read_is_copied(void)
{
	struct store_env *env = drive_env();
	struct store *s = open_ram(env, MIB, 512);
	struct look *l = malloc(sizeof(*l));

	CU_ASSERT_FATAL(l != NULL);
	look_at(s, l, 0, 4096);
	CU_ASSERT_PTR_NULL(l->view.data);
	free(l);
	store_close(s);
	store_env_free(env);
}

static void what_cannot_be_had_is_told(void)
{
	const struct store_params p = { .backend = "ram",
					.size = (uint64_t)1 << 60,
					.block_size = 512 };
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX];
	struct store *s = NULL;

	CU_ASSERT_EQUAL(store_open(env, &p, &s, why), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(why, "1024P of memory cannot be had: Cannot allocate memory");
	CU_ASSERT_PTR_NULL(s);
	store_env_free(env);
}

static const struct unit_test tests[] = {
	{ "what is written is read", what_is_written_is_read },
	{ "a cleared range reads as zeros, and no byte beside it",
	  a_cleared_range_reads_as_zeros_and_no_more },
	{ "resizing keeps what stays and zeros what comes",
	  resizing_keeps_what_stays_and_zeros_what_comes },
	{ "resizing under a long discard harms nothing",
	  resizing_under_a_long_discard_harms_nothing },
	{ "a view shows what was read, whatever is written then", a_view_shows_what_was_read },
	{ "a view outlives its store, and a resize", a_view_outlives_its_store },
	{ "a short read is copied, view or not", a_short_read_is_copied },
	{ "extents: used from the first write until discarded", extents },
	{ "memory that cannot be had is told", what_cannot_be_had_is_told },
};

UNIT_MAIN("store/ram", tests)
