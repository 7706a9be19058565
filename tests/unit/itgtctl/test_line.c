#include "itgtctl/line.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 12

/* Cut a text at blanks, and read it. The text must live as long as l. */
static void parse(struct line *l, char *text)
{
	char *words[WORDS_MAX], *word;
	int n = 0;

	for (word = strtok(text, " "); word && n < WORDS_MAX; word = strtok(NULL, " "))
		words[n++] = word;
	line_parse(l, n, words);
}

static const struct {
	const char *line;
	enum line_verdict verdict;
	const char *method; /* NULL: none */
	const char *params; /* of a call */
} vectors[] = {
	{ "status", LINE_CALL, "status", "{}" },
	{ "lun show iqn.a 3", LINE_CALL, "lun.show", "{\"target\":\"iqn.a\",\"lun\":3}" },
	{ "--json lun -s x show iqn.a 3", LINE_CALL, "lun.show",
	  "{\"target\":\"iqn.a\",\"lun\":3}" },
	{ "stats --watch 2 iqn.a", LINE_CALL, "stats", "{\"target\":\"iqn.a\"}" },
	{ "why -- --json", LINE_CALL, "why", "{\"who\":\"--json\"}" },
	{ "top", LINE_TOP, "top", NULL },
	{ "top --watch 5", LINE_TOP, "top", NULL },
	{ "--help", LINE_HELP, NULL, NULL },
	{ "lun --help", LINE_HELP, NULL, NULL },
	{ "lun show -h", LINE_HELP, "lun.show", NULL },
	{ "--version", LINE_VERSION, NULL, NULL },
	{ "lun show iqn.a", LINE_WRONG, "lun.show", NULL },
	{ "lun show iqn.a 16384", LINE_WRONG, "lun.show", NULL },
	{ "lun show iqn.a -1", LINE_WRONG, "lun.show", NULL },
	{ "lun show iqn.a 0x1", LINE_WRONG, "lun.show", NULL },
	{ "lun show iqn.a 99999999999999999999", LINE_WRONG, "lun.show", NULL },
	{ "why \xff", LINE_WRONG, "why", NULL },
	{ "-s", LINE_WRONG, NULL, NULL },
};

static void words_become_a_call(void)
{
	char text[128];
	struct line l;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		strncpy(text, vectors[i].line, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		parse(&l, text);
		if (l.verdict != vectors[i].verdict)
			CU_FAIL(vectors[i].line);
		if (vectors[i].method)
			CU_ASSERT_STRING_EQUAL(l.method ? l.method->name : "", vectors[i].method);
		if (vectors[i].params) {
			json_t *expected = json_loads(vectors[i].params, 0, NULL);

			CU_ASSERT(json_equal(l.params, expected));
			json_decref(expected);
		}
		if (l.verdict == LINE_WRONG)
			CU_ASSERT(l.why[0] != '\0');
		line_fini(&l);
	}
}

static void usage_is_made_of_the_row(void)
{
	static const struct method m = {
		.name = "a.b",
		.params = { { .name = "x", .word = "X", .kind = METHOD_TEXT },
			    { .name = "y", .word = "Y", .kind = METHOD_NUMBER, .optional = true },
			    { .name = "force", .kind = METHOD_SWITCH },
			    { .name = "z",
			      .word = "N=V",
			      .kind = METHOD_PAIRS,
			      .optional = true } },
	};
	char text[80];

	CU_ASSERT_STRING_EQUAL(line_usage(text, sizeof(text), &m), "a b X [Y] [--force] [N=V ...]");
	CU_ASSERT_STRING_EQUAL(line_positional(&m, 1)->name, "y");
	CU_ASSERT_STRING_EQUAL(line_positional(&m, 2)->name, "z");
	CU_ASSERT_STRING_EQUAL(line_positional(&m, 9)->name, "z");
}

static const struct unit_test tests[] = {
	{ "words become a call", words_become_a_call },
	{ "usage is made of the row", usage_is_made_of_the_row },
};

UNIT_MAIN("line", tests)
