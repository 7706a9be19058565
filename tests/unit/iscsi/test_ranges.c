#include "iscsi/ranges.h"

#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static void in_order_is_one_range(void)
{
	struct ranges s;
	uint32_t i;

	ranges_init(&s);
	for (i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(ranges_add(&s, i * 512, 512), 0);
	CU_ASSERT_EQUAL(s.n, 1);
	CU_ASSERT_EQUAL(ranges_prefix(&s), 512000);
	ranges_fini(&s);
	CU_ASSERT_EQUAL(ranges_prefix(&s), 0);
}

static void what_is_there_cannot_come_again(void)
{
	static const struct {
		const char *what;
		uint32_t begin, len;
		int err;
	} rows[] = {
		{ "the same", 100, 100, -EEXIST },
		{ "its first byte", 50, 51, -EEXIST },
		{ "its last byte", 199, 1, -EEXIST },
		{ "inside", 120, 10, -EEXIST },
		{ "around it", 0, 1000, -EEXIST },
		{ "behind it into the next", 200, 101, -EEXIST },
		{ "nothing at all", 150, 0, 0 },
		{ "just before", 90, 10, 0 },
		{ "just between, closing the gap", 200, 100, 0 },
	};
	struct ranges s;
	size_t i;
	int err;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ranges_init(&s);
		CU_ASSERT_EQUAL(ranges_add(&s, 300, 100), 0);
		CU_ASSERT_EQUAL(ranges_add(&s, 100, 100), 0);
		err = ranges_add(&s, rows[i].begin, rows[i].len);
		if (err != rows[i].err)
			CU_FAIL(rows[i].what);
		ranges_fini(&s);
	}
}

static void a_closed_gap_joins(void)
{
	struct ranges s;

	ranges_init(&s);
	CU_ASSERT_EQUAL(ranges_add(&s, 10, 10), 0);
	CU_ASSERT_EQUAL(ranges_prefix(&s), 0);
	CU_ASSERT_EQUAL(ranges_add(&s, 30, 10), 0);
	CU_ASSERT_EQUAL(ranges_add(&s, 20, 10), 0);
	CU_ASSERT_EQUAL(s.n, 1);
	CU_ASSERT_EQUAL(ranges_add(&s, 0, 10), 0);
	CU_ASSERT_EQUAL(ranges_prefix(&s), 40);
	ranges_fini(&s);
}

/* Bytes in random order against a plain bitmap. */
static void like_a_bitmap(void)
{
	static uint8_t there[4096];
	unsigned int seed = 7;
	struct ranges s;
	uint32_t begin, len, i, round, prefix;
	bool taken;

	memset(there, 0, sizeof(there));
	ranges_init(&s);
	for (round = 0; round < 20000; round++) {
		seed = seed * 1103515245 + 12345;
		begin = (seed >> 8) % 4000;
		len = (seed >> 20) % 24;
		taken = false;
		for (i = begin; i < begin + len; i++)
			taken |= there[i];
		CU_ASSERT_EQUAL(ranges_add(&s, begin, len), taken ? -EEXIST : 0);
		if (!taken)
			memset(there + begin, 1, len);
		for (prefix = 0; there[prefix]; prefix++)
			;
		CU_ASSERT_EQUAL(ranges_prefix(&s), prefix);
	}
	ranges_fini(&s);
}

static void gaps_are_bounded(void)
{
	struct ranges s;
	uint32_t i;
	int err = 0;

	ranges_init(&s);
	for (i = 0; !err && i < 100000; i++)
		err = ranges_add(&s, i * 2, 1);
	CU_ASSERT_EQUAL(err, -ENOBUFS);
	CU_ASSERT(s.n <= RANGES_MAX);
	ranges_fini(&s);
}

static void gaps_are_found(void)
{
	struct ranges s;
	struct range gap;

	ranges_init(&s);
	CU_ASSERT(ranges_gap(&s, 3, 9, &gap) && gap.begin == 3 && gap.end == 9);
	CU_ASSERT_FALSE(ranges_gap(&s, 9, 9, &gap));
	ranges_add(&s, 10, 10);
	ranges_add(&s, 30, 10);
	CU_ASSERT(ranges_gap(&s, 0, 50, &gap) && gap.begin == 0 && gap.end == 10);
	CU_ASSERT(ranges_gap(&s, 5, 8, &gap) && gap.begin == 5 && gap.end == 8);
	CU_ASSERT(ranges_gap(&s, 10, 50, &gap) && gap.begin == 20 && gap.end == 30);
	CU_ASSERT(ranges_gap(&s, 35, 50, &gap) && gap.begin == 40 && gap.end == 50);
	CU_ASSERT_FALSE(ranges_gap(&s, 12, 20, &gap));
	CU_ASSERT_EQUAL(ranges_put(&s, 5, 40), 0);
	CU_ASSERT_FALSE(ranges_gap(&s, 5, 45, &gap));
	CU_ASSERT(ranges_gap(&s, 0, 50, &gap) && gap.begin == 0 && gap.end == 5);
	CU_ASSERT_EQUAL(s.n, 1);
	ranges_fini(&s);
}

static const struct unit_test tests[] = {
	{ "data in order is one range", in_order_is_one_range },
	{ "what is there cannot come again", what_is_there_cannot_come_again },
	{ "a closed gap joins its neighbours", a_closed_gap_joins },
	{ "the same as a bitmap", like_a_bitmap },
	{ "gaps are found, and filled", gaps_are_found },
	{ "gaps are bounded", gaps_are_bounded },
};

UNIT_MAIN("iscsi/ranges", tests)
