#include "initiator/ini_text.h"
#include "unit.h"

#include <string.h>

static void lines_become_pairs(void)
{
	static const char want[] = "A=1\0B=\0Last=x=y";
	struct ini_text t;

	ini_text_init(&t);
	CU_ASSERT_EQUAL(ini_text_add_lines(&t, NULL), 0);
	CU_ASSERT_EQUAL(ini_text_add_lines(&t, "A=1\nB=\nLast=x=y"), 0);
	CU_ASSERT_EQUAL_FATAL(t.len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(t.buf, want, sizeof(want)), 0);
	CU_ASSERT_TRUE(ini_text_is_sound(&t));
	ini_text_free(&t);
}

static void values_are_found_in_order(void)
{
	struct ini_text t;

	ini_text_init(&t);
	CU_ASSERT_PTR_NULL(ini_text_get(&t, "Key", 0));
	CU_ASSERT_EQUAL(ini_text_add(&t, "Key", "first"), 0);
	CU_ASSERT_EQUAL(ini_text_add(&t, "KeyLonger", "other"), 0);
	CU_ASSERT_EQUAL(ini_text_add(&t, "Key", "second"), 0);
	CU_ASSERT_EQUAL(ini_text_count(&t, "Key"), 2);
	CU_ASSERT_STRING_EQUAL(ini_text_get(&t, "Key", 0), "first");
	CU_ASSERT_STRING_EQUAL(ini_text_get(&t, "Key", 1), "second");
	CU_ASSERT_PTR_NULL(ini_text_get(&t, "Key", 2));
	ini_text_clear(&t);
	CU_ASSERT_EQUAL(ini_text_count(&t, "Key"), 0);
	ini_text_free(&t);
}

static void it_grows(void)
{
	struct ini_text t;
	int i;

	ini_text_init(&t);
	for (i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(ini_text_add(&t, "Key", "value"), 0);
	CU_ASSERT_EQUAL(t.len, 1000 * sizeof("Key=value"));
	CU_ASSERT_EQUAL(ini_text_count(&t, "Key"), 1000);
	ini_text_free(&t);
}

/* An answer that is cut off or holds no '=' is not taken for a sound one. */
static void unsound_text_is_noticed(void)
{
	struct ini_text t;

	ini_text_init(&t);
	CU_ASSERT_EQUAL(ini_text_append(&t, "A=1\0B=2", 7), 0);
	CU_ASSERT_FALSE(ini_text_is_sound(&t));
	ini_text_clear(&t);
	CU_ASSERT_EQUAL(ini_text_append(&t, "nothing", 8), 0);
	CU_ASSERT_FALSE(ini_text_is_sound(&t));
	ini_text_free(&t);
}

static const struct unit_test tests[] = {
	{ "lines become pairs ended by zero bytes", lines_become_pairs },
	{ "values of one key are found in their order", values_are_found_in_order },
	{ "text grows as long as it must", it_grows },
	{ "text that is not whole is noticed", unsound_text_is_noticed },
};

UNIT_MAIN("initiator/ini_text", tests)
