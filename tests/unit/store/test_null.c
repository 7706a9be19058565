#include "store/null.h"

#include "drive.h"

#include <errno.h>

static void it_reads_zeros_and_swallows_writes(void)
{
	const struct store_params p = {
		.backend = "null", .size = 1024 * GIB, .block_size = 4096, .thin = true
	};
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &p);
	bool mapped;

	CU_ASSERT_EQUAL(s->size, 1024 * GIB);
	CU_ASSERT_EQUAL(s->io_align, 4096);
	CU_ASSERT_EQUAL(drive_write(s, STORE_FUA, 1024 * GIB - 8 * KIB, 8 * KIB, 1), 0);
	CU_ASSERT_TRUE(drive_is_zero(s, 1024 * GIB - 8 * KIB, 8 * KIB));
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 0, 1024 * GIB, NULL), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, 0, 1024 * GIB, NULL), 0);
	CU_ASSERT_EQUAL(drive_extent(s, 0, GIB, &mapped), GIB);
	CU_ASSERT_TRUE(mapped);
	CU_ASSERT_EQUAL(store_resize(s, 4096), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, 4096, 4096, NULL), -EINVAL);
	store_close(s);
	store_env_free(env);
}

static const struct unit_test tests[] = {
	{ "it reads zeros and swallows all else", it_reads_zeros_and_swallows_writes },
};

UNIT_MAIN("store/null", tests)
