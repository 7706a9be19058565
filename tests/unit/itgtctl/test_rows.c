#include "itgtctl/rows.h"

#include "unit.h"

#include <string.h>

#define FLOW(ops, bytes, ns)                                         \
	"{\"direction\":\"read\",\"ops\":" #ops ",\"bytes\":" #bytes \
	",\"errors\":0,\"time_ns\":" #ns "}"
#define LU(lun, flow) "{\"target\":\"t\",\"lun\":" #lun ",\"flows\":[" flow "]}"

static const char before_text[] = "[" LU(0, FLOW(100, 1000, 5000)) "," LU(1, FLOW(0, 0, 0)) "]";
static const char now_text[] = "[" LU(0, FLOW(300, 5000, 405000)) "," LU(
	1, FLOW(1000, 9, 1000)) "," LU(10, FLOW(7, 7, 7)) "]";

static void rows(struct rows *r, double s)
{
	json_t *before = json_loads(before_text, 0, NULL), *now = json_loads(now_text, 0, NULL);

	CU_ASSERT_FATAL(before && now);
	CU_ASSERT_EQUAL_FATAL(rows_of_luns(r, now, before, s), 0);
	json_decref(before);
	json_decref(now);
}

static void a_row_is_what_happened_in_between(void)
{
	struct row total;
	struct rows r;

	rows(&r, 2);
	CU_ASSERT_EQUAL_FATAL(r.n, 3);
	CU_ASSERT_STRING_EQUAL(r.row[0].name, "t/0");
	CU_ASSERT_EQUAL(r.row[0].read.ops, 100);
	CU_ASSERT_EQUAL(r.row[0].read.bytes, 2000);
	CU_ASSERT_EQUAL(r.row[0].read.mean_ns, 2000);
	CU_ASSERT_EQUAL(r.row[0].write.ops, 0);
	CU_ASSERT_EQUAL(r.row[2].read.ops, 0); /* new: nothing is known of before */
	rows_total(&r, &total);
	CU_ASSERT_EQUAL(total.read.ops, 600);
	CU_ASSERT_DOUBLE_EQUAL(total.all.mean_ns, (200 * 2000. + 1000 * 1.) / 1200, 0.001);
	rows_fini(&r);
}

/* A daemon started anew counts from zero: nothing happened, rather than less than nothing. */
static void counters_that_fell_are_no_rate(void)
{
	json_t *before = json_loads("[" LU(0, FLOW(9, 9, 9)) "]", 0, NULL);
	json_t *now = json_loads("[" LU(0, FLOW(1, 1, 1)) "]", 0, NULL);
	struct rows r;

	CU_ASSERT_EQUAL_FATAL(rows_of_luns(&r, now, before, 1), 0);
	CU_ASSERT_EQUAL(r.row[0].read.ops, 0);
	CU_ASSERT_EQUAL(r.row[0].read.mean_ns, 0);
	rows_fini(&r);
	json_decref(before);
	json_decref(now);
}

static void sorted(enum rows_sort by, bool reverse, const char *first, const char *last)
{
	struct rows r;

	rows(&r, 1);
	rows_sort(&r, by, reverse);
	CU_ASSERT_STRING_EQUAL(r.row[0].name, first);
	CU_ASSERT_STRING_EQUAL(r.row[2].name, last);
	rows_fini(&r);
}

static void the_busiest_comes_first(void)
{
	sorted(ROWS_BY_IOPS, false, "t/1", "t/10");
	sorted(ROWS_BY_IOPS, true, "t/10", "t/1");
	sorted(ROWS_BY_BYTES, false, "t/0", "t/10");
	sorted(ROWS_BY_LATENCY, false, "t/0", "t/10");
	sorted(ROWS_BY_DEPTH, false, "t/0", "t/10");
	sorted(ROWS_BY_NAME, false, "t/0", "t/10"); /* 10 behind 1, as numbers go */
}

static const struct unit_test tests[] = {
	{ "a row is what happened in between", a_row_is_what_happened_in_between },
	{ "counters that fell are no rate", counters_that_fell_are_no_rate },
	{ "the busiest comes first", the_busiest_comes_first },
};

UNIT_MAIN("rows", tests)
