#include "itgtctl/print.h"

#include "unit.h"

#include <stdlib.h>

static void numbers_have_their_units(void)
{
	char b[PRINT_VALUE_MAX];

	CU_ASSERT_STRING_EQUAL(print_bytes(b, 0), "0B");
	CU_ASSERT_STRING_EQUAL(print_bytes(b, 1023), "1023B");
	CU_ASSERT_STRING_EQUAL(print_bytes(b, 1536), "1.50K");
	CU_ASSERT_STRING_EQUAL(print_bytes(b, 100.0 * (1 << 20)), "100M");
	CU_ASSERT_STRING_EQUAL(print_bytes(b, 1e18), "888P");
	CU_ASSERT_STRING_EQUAL(print_count(b, 9999), "9999");
	CU_ASSERT_STRING_EQUAL(print_count(b, 12345), "12.3k");
	CU_ASSERT_STRING_EQUAL(print_count(b, 4.2e8), "420M");
	CU_ASSERT_STRING_EQUAL(print_ns(b, 0), "0ns");
	CU_ASSERT_STRING_EQUAL(print_ns(b, 1250), "1.25us");
	CU_ASSERT_STRING_EQUAL(print_ns(b, 5e9), "5.00s");
	CU_ASSERT_STRING_EQUAL(print_seconds(b, 59), "59s");
	CU_ASSERT_STRING_EQUAL(print_seconds(b, 200), "3m20s");
	CU_ASSERT_STRING_EQUAL(print_seconds(b, 7320), "2h02m");
	CU_ASSERT_STRING_EQUAL(print_seconds(b, 90000), "1d01h");
}

static const struct {
	const char *what;
	const char *json;
	const char *text;
} vectors[] = {
	{ "an object",
	  "{\"name\":\"a\",\"size_bytes\":2048,\"is_on\":true,\"none\":null,\"empty\":\"\"}",
	  "name   a\n"
	  "size   2.00K\n"
	  "is on  yes\n"
	  "none   -\n"
	  "empty  -\n" },
	{ "an object in an object", "{\"a\":1,\"more\":{\"b_s\":61,\"list\":[1,2]}}",
	  "a  1\n"
	  "more:\n"
	  "  b     1m01s\n"
	  "  list  1, 2\n" },
	{ "a list", "[{\"name\":\"long one\",\"n\":1},{\"name\":\"x\",\"n\":100}]",
	  "NAME        N\n"
	  "long one    1\n"
	  "x         100\n" },
	{ "a list in an object", "{\"all\":[{\"n\":1}]}", "all:\n  N\n  1\n" },
	{ "an empty list", "[]", "nothing\n" },
	{ "an empty object", "{}", "" },
	{ "a text", "\"one\\ntwo\\n\"", "one\ntwo\n" },
	{ "words", "[\"a\",\"b\"]", "a, b\n" },
	{ "what a terminal would obey", "{\"a\":\"\\u001b[2J\\u007f\"}", "a  ?[2J?\n" },
	{ "letters of several bytes",
	  "[{\"a\":\"\xc3\xa4\xc3\xb6\",\"b\":\"x\"},{\"a\":\"abc\",\"b\":\"y\"}]",
	  "A    B\n\xc3\xa4\xc3\xb6   x\nabc  y\n" },
};

static void results_are_laid_out(void)
{
	size_t i, len;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		json_t *json = json_loads(vectors[i].json, JSON_DECODE_ANY, NULL);
		char *text = NULL;
		FILE *out = open_memstream(&text, &len);

		CU_ASSERT_FATAL(json && out);
		print_result(out, "test", json);
		fclose(out);
		CU_ASSERT_STRING_EQUAL(text, vectors[i].text);
		free(text);
		json_decref(json);
	}
}

/* People are told that there is nothing, in the words of what they asked for. */
static void nothing_is_said_in_words(void)
{
	static const struct {
		const char *method, *text;
	} rows[] = {
		{ "diff", "nothing to change\n" },
		{ "reload", "nothing to change\n" },
		{ "why", "no login was refused\n" },
		{ "session.list", "no sessions\n" },
	};
	json_t *empty = json_array();
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		FILE *out = open_memstream(&text, &len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		print_result(out, rows[i].method, empty);
		fclose(out);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
		free(text);
	}
	json_decref(empty);
}

static const struct unit_test tests[] = {
	{ "numbers have their units", numbers_have_their_units },
	{ "results are laid out", results_are_laid_out },
	{ "nothing is said in words", nothing_is_said_in_words },
};

UNIT_MAIN("print", tests)
