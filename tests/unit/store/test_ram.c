#include "store/ram.h"

#include "drive.h"

#include <errno.h>

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
	{ "memory that cannot be had is told", what_cannot_be_had_is_told },
};

UNIT_MAIN("store/ram", tests)
