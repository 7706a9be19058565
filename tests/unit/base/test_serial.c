#include "base/serial.h"
#include "unit.h"

static const struct {
	const char *what;
	uint32_t a, b;
	int32_t ahead;
	bool before, upto;
} rows[] = {
	{ "the same", 7, 7, 0, false, true },
	{ "the next", 7, 8, 1, true, true },
	{ "the last", 8, 7, -1, false, false },
	{ "across the wrap", 0xffffffff, 0, 1, true, true },
	{ "back across the wrap", 0, 0xffffffff, -1, false, false },
	{ "as far ahead as can be told", 5, 0x80000004, INT32_MAX, true, true },
	{ "exactly opposite: neither is before the other", 5, 0x80000005, INT32_MIN, false, false },
	{ "exactly opposite, the other way", 0x80000005, 5, INT32_MIN, false, false },
	{ "just behind the opposite", 5, 0x80000006, INT32_MIN + 1, false, false },
};

static void order_of_numbers_that_wrap(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(sn_ahead(rows[i].a, rows[i].b), rows[i].ahead);
		CU_ASSERT_EQUAL(sn_before(rows[i].a, rows[i].b), rows[i].before);
		CU_ASSERT_EQUAL(sn_upto(rows[i].a, rows[i].b), rows[i].upto);
	}
}

static const struct unit_test tests[] = {
	{ "numbers are ordered as RFC 1982 says, also across the wrap",
	  order_of_numbers_that_wrap },
};

UNIT_MAIN("base/serial", tests)
