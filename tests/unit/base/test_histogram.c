#include "base/histogram.h"
#include "unit.h"

#define MILLION 1000000u

static struct histogram h; /* too large for the stack of every test */

static void an_empty_one(void)
{
	histogram_init(&h);
	CU_ASSERT_EQUAL(h.count, 0);
	CU_ASSERT_EQUAL(h.max, 0);
	CU_ASSERT_EQUAL(h.min, UINT64_MAX);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 0), 0);
	CU_ASSERT_EQUAL(histogram_quantile(&h, MILLION), 0);
}

/* What one value of many comes out as; 0 and a very large one keep it from being min or max. */
static uint64_t through(uint64_t value)
{
	histogram_init(&h);
	histogram_add(&h, 0);
	histogram_add(&h, value);
	histogram_add(&h, UINT64_MAX / 4);
	return histogram_quantile(&h, 500000);
}

static void small_values_are_exact(void)
{
	uint64_t v;

	for (v = 0; v < 64; v++)
		CU_ASSERT_EQUAL(through(v), v);
}

/* Around each power of two and each border of a part, where errors would be. */
static void within_two_percent(void)
{
	uint64_t v, got, error;
	unsigned int bit, part;

	for (bit = 6; bit < HISTOGRAM_TOP; bit++) {
		for (part = 0; part < 3 * 64; part++) {
			v = (1ull << bit) + (1ull << bit) / 64 * (part / 3) + part % 3 - 1;
			got = through(v);
			error = got > v ? got - v : v - got;
			CU_ASSERT_TRUE_FATAL(error * 1000 <= v * 16);
		}
	}
}

static void the_largest(void)
{
	CU_ASSERT_EQUAL(through(UINT64_MAX / 4), UINT64_MAX / 4);
	CU_ASSERT_EQUAL(through(1ull << HISTOGRAM_TOP), UINT64_MAX / 4);
	CU_ASSERT_EQUAL(h.count, 3);
}

static const struct {
	uint32_t ppm;
	uint64_t want;
} quantiles[] = {
	{ 0, 1000 },        { 100000, 100000 }, { 500000, 500000 },   { 900000, 900000 },
	{ 990000, 990000 }, { 999000, 999000 }, { 1000000, 1000000 },
};

static void quantiles_of_a_ramp(void)
{
	uint64_t v, got, want;
	size_t i;

	histogram_init(&h);
	for (v = 1000; v <= 1000000; v += 1000)
		histogram_add(&h, v);
	CU_ASSERT_EQUAL(h.sum / h.count, 500500);
	for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		want = quantiles[i].want;
		got = histogram_quantile(&h, quantiles[i].ppm);
		CU_ASSERT_TRUE(got * 1000 >= want * 984 && got * 1000 <= want * 1016);
	}
	CU_ASSERT_EQUAL(histogram_quantile(&h, 0), 1000);
	CU_ASSERT_EQUAL(histogram_quantile(&h, MILLION), 1000000);
}

static void one_value(void)
{
	histogram_init(&h);
	histogram_add(&h, 123457);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 0), 123457);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 500000), 123457);
	CU_ASSERT_EQUAL(histogram_quantile(&h, MILLION), 123457);
}

static void merged(void)
{
	static struct histogram other;

	histogram_init(&h);
	histogram_init(&other);
	histogram_add(&h, 10);
	histogram_merge(&h, &other);
	CU_ASSERT_EQUAL(h.min, 10);
	CU_ASSERT_EQUAL(h.max, 10);
	histogram_add(&other, 5);
	histogram_add(&other, 30);
	histogram_merge(&h, &other);
	CU_ASSERT_EQUAL(h.count, 3);
	CU_ASSERT_EQUAL(h.sum, 45);
	CU_ASSERT_EQUAL(h.min, 5);
	CU_ASSERT_EQUAL(h.max, 30);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 500000), 10);
}

/* How many are at most so much: exact where a bound is one of the small values, else to the bucket.
 */
static void values_are_cumulated(void)
{
	static const uint64_t bounds[] = { 0, 5, 31, 1000, 1000000, UINT64_MAX };
	static const uint64_t want[] = { 1, 3, 4, 5, 7, 8 };
	uint64_t got[6];
	size_t i;

	histogram_init(&h);
	histogram_cumulate(&h, bounds, 6, got);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(got[i], 0);
	histogram_add(&h, 0);
	histogram_add(&h, 5);
	histogram_add(&h, 4);
	histogram_add(&h, 31);
	histogram_add(&h, 900);
	histogram_add(&h, 2000);
	histogram_add(&h, 900000);
	histogram_add(&h, UINT64_MAX);
	histogram_cumulate(&h, bounds, 6, got);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(got[i], want[i]);
}

static const struct unit_test tests[] = {
	{ "an empty one answers 0", an_empty_one },
	{ "small values come out as they went in", small_values_are_exact },
	{ "larger ones come out within 1.6 %", within_two_percent },
	{ "the largest are counted, and only their maximum is exact", the_largest },
	{ "quantiles of an even spread are where they should be", quantiles_of_a_ramp },
	{ "of one value every quantile is that value", one_value },
	{ "two are added up", merged },
	{ "values up to bounds are counted", values_are_cumulated },
};

UNIT_MAIN("base/histogram", tests)
