#include "store/store.h"

#include "drive.h"

#include <errno.h>

#define TOP (~(uint64_t)0)

static void ranges_are_checked_before_anything_is_touched(void)
{
	static const struct {
		enum store_op op;
		uint64_t offset, len;
		int err;
	} rows[] = {
		{ STORE_READ, 0, 512, 0 },
		{ STORE_READ, MIB - 512, 512, 0 },
		{ STORE_READ, MIB, 512, -EINVAL },               /* behind the end */
		{ STORE_READ, MIB - 512, 1024, -EINVAL },        /* across it */
		{ STORE_WRITE, 0, 2 * MIB, -EINVAL },            /* longer than all */
		{ STORE_READ, 0, 0, -EINVAL },                   /* nothing */
		{ STORE_READ, 100, 512, -EINVAL },               /* misaligned */
		{ STORE_WRITE, 512, 100, -EINVAL },              /* misaligned */
		{ STORE_WRITE, TOP - 511, 1024, -EINVAL },       /* wraps to 512 */
		{ STORE_READ, TOP - 511, 512, -EINVAL },         /* wraps to 0 */
		{ STORE_DISCARD, 512, TOP - 511, -EINVAL },      /* wraps to 0 */
		{ STORE_ZERO, TOP - 511, TOP - 511, -EINVAL },   /* wraps */
		{ STORE_EXTENT, 1024, TOP - 1023, -EINVAL },     /* wraps to 0 */
		{ STORE_READ, (uint64_t)1 << 63, 512, -EINVAL }, /* negative as off_t */
	};
	static const char *const backends[] = { "ram", "null", "file" };
	struct store_env *env = drive_env();
	uint8_t *data = drive_buffer(MIB);
	struct drive_dir d;
	struct store *s;
	size_t i, k;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	for (k = 0; k < sizeof(backends) / sizeof(backends[0]); k++) {
		const struct store_params p = { .backend = backends[k],
						.path = d.path,
						.size = MIB,
						.block_size = 512,
						.thin = true };

		s = drive_open(env, &p);
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			CU_ASSERT_EQUAL(drive(s, rows[i].op, 0, rows[i].offset, rows[i].len, data),
					rows[i].err);
		CU_ASSERT_EQUAL(s->in_flight, 0);
		store_close(s);
	}
	free(data);
	store_env_free(env);
	drive_rmdir(&d);
}

static void transfers_have_a_longest(void)
{
	const struct store_params p = { .backend = "ram", .size = 64 * MIB, .block_size = 512 };
	struct store_env *env = drive_env();
	uint8_t *data = drive_buffer(STORE_RW_MAX + 512);
	struct store *s = drive_open(env, &p);

	CU_ASSERT_EQUAL(drive(s, STORE_READ, 0, 0, STORE_RW_MAX, data), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_READ, 0, 0, STORE_RW_MAX + 512, data), -EINVAL);
	CU_ASSERT_EQUAL(drive(s, STORE_WRITE, 0, 0, STORE_RW_MAX + 512, data), -EINVAL);
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, 0, 64 * MIB, NULL), 0);
	store_close(s);
	free(data);
	store_env_free(env);
}

static void what_a_store_cannot_is_told(void)
{
	struct store_params p = { .backend = "ram", .size = MIB, .block_size = 512 };
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &p);
	bool mapped;

	CU_ASSERT_EQUAL(s->caps, STORE_VOLATILE | STORE_AT_ONCE);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 0, 512, NULL), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(drive_extent(s, 512, 4096, &mapped), 4096);
	CU_ASSERT_TRUE(mapped);
	store_close(s);
	p.read_only = true;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(drive_write(s, 0, 0, 512, 0), -EROFS);
	CU_ASSERT_TRUE(drive_is_zero(s, 0, 512));
	store_close(s);
	store_env_free(env);
}

static void faulty_options_are_told(void)
{
	static const struct {
		struct store_params p;
		const char *why;
	} rows[] = {
		{ { .backend = "flie", .size = MIB, .block_size = 512 },
		  "backend: \"flie\" is not one of file, block, ram, null" },
		{ { .backend = "", .size = MIB, .block_size = 512 },
		  "backend: \"\" is not one of file, block, ram, null" },
		{ { .backend = "ram", .block_size = 512 }, "size: backend \"ram\" needs one" },
		{ { .backend = "null", .block_size = 512 }, "size: backend \"null\" needs one" },
		{ { .backend = "file", .size = MIB, .block_size = 512 },
		  "path: backend \"file\" needs one" },
		{ { .backend = "block", .path = "", .block_size = 512 },
		  "path: backend \"block\" needs one" },
		{ { .backend = "ram", .size = 4095, .block_size = 4096 },
		  "size: 4095 is not between one block and 8 EiB" },
		{ { .backend = "null", .size = TOP - 511, .block_size = 512 },
		  "size: 18446744073709551104 is not between one block and 8 EiB" },
		{ { .backend = "null", .size = MIB },
		  "block-size: 0 is not 512, 1024, 2048 or 4096" },
		{ { .backend = "null", .size = MIB, .block_size = 1000 },
		  "block-size: 1000 is not 512, 1024, 2048 or 4096" },
		{ { .backend = "null", .size = MIB, .block_size = 8192 },
		  "block-size: 8192 is not 512, 1024, 2048 or 4096" },
	};
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX];
	struct store *s = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(store_open(env, &rows[i].p, &s, why), -EINVAL);
		CU_ASSERT_STRING_EQUAL(why, rows[i].why);
		CU_ASSERT_PTR_NULL(s);
	}
	store_env_free(env);
}

static void a_new_size_is_checked(void)
{
	const struct store_params p = { .backend = "ram", .size = MIB, .block_size = 4096 };
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &p);

	CU_ASSERT_EQUAL(store_resize(s, 0), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, 4096 + 512), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, TOP - 4095), -EINVAL);
	CU_ASSERT_EQUAL(s->size, MIB);
	CU_ASSERT_EQUAL(store_resize(s, 2 * MIB), 0);
	CU_ASSERT_EQUAL(s->size, 2 * MIB);
	store_close(s);
	store_close(NULL);
	store_env_free(env);
}

static void the_kinds_can_be_listed(void)
{
	char names[64];
	size_t i, len = 0;

	for (i = 0; store_kind(i); i++)
		len += strlen(store_kind(i)) + 2;
	CU_ASSERT_STRING_EQUAL(store_kinds(names, sizeof(names)), "file, block, ram, null");
	CU_ASSERT_EQUAL(strlen(names) + 2, len);
}

static const struct unit_test tests[] = {
	{ "ranges are checked before anything is touched",
	  ranges_are_checked_before_anything_is_touched },
	{ "transfers have a longest", transfers_have_a_longest },
	{ "what a store cannot is told", what_a_store_cannot_is_told },
	{ "faulty options are told", faulty_options_are_told },
	{ "a new size is checked", a_new_size_is_checked },
	{ "the kinds can be listed", the_kinds_can_be_listed },
};

UNIT_MAIN("store/store", tests)
