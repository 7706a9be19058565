#include "config/source.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Comments become blanks of the same length; lines stay where they are. */
static void comments_become_blanks(void)
{
	static const struct {
		const char *what, *text, *want;
	} rows[] = {
		{ "none", "a = b", "a = b\n" },
		{ "to the end of the line", "a # x\nb // y\nc", "a    \nb     \nc\n" },
		{ "a block", "a /* x\ny */ b", "a     \n     b\n" },
		{ "stars in a block", "/***/a", "     a\n" },
		{ "a hash in quotes", "\"a # b\" '# c'", "\"a # b\" '# c'\n" },
		{ "a quote behind a backslash", "\"a\\\"#\" #b", "\"a\\\"#\"   \n" },
		{ "slashes in a path", "path = /srv//a # x", "path = /srv//a    \n" },
		{ "a quote in a comment", "# don't\na", "       \na\n" },
		{ "braces in a comment and in quotes", "a { '}' } # }", "a { '}' }    \n" },
	};
	struct conf_source s;
	size_t i;
	int line;

	for (i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL_FATAL(conf_source_copy(&s, rows[i].text, strlen(rows[i].text)), 0);
		CU_ASSERT_PTR_NULL(conf_source_prepare(&s, &line));
		if (s.len != strlen(rows[i].want) || memcmp(s.text, rows[i].want, s.len) != 0)
			CU_FAIL(rows[i].what);
		conf_source_fini(&s);
	}
}

static void what_is_open_is_told_with_its_line(void)
{
	static const struct {
		const char *text, *want;
		int line;
	} rows[] = {
		{ "a\n{\nb {\n}", "the { here is never closed", 2 },
		{ "a\n}", "there is no { to this }", 2 },
		{ "a\n\nb = \"c\n\n", "the text in quotes that begins here never ends", 3 },
		{ "'a\\'", "the text in quotes that begins here never ends", 1 },
		{ "\"\\", "the text in quotes that begins here never ends", 1 },
		{ "\n/* a\n\n", "the comment that begins here never ends", 2 },
		{ "/*/", "the comment that begins here never ends", 1 },
		{ "{{{{{{{{{{{{{{{{{", "too many braces inside each other", 1 },
	};
	struct conf_source s;
	const char *fault;
	size_t i;
	int line;

	for (i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL_FATAL(conf_source_copy(&s, rows[i].text, strlen(rows[i].text)), 0);
		fault = conf_source_prepare(&s, &line);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
		CU_ASSERT_STRING_EQUAL(fault, rows[i].want);
		CU_ASSERT_EQUAL(line, rows[i].line);
		conf_source_fini(&s);
	}
}

static void a_zero_byte_is_no_text(void)
{
	struct conf_source s;
	const char *fault;
	int line;

	CU_ASSERT_EQUAL_FATAL(conf_source_copy(&s, "a\n\0b", 4), 0);
	fault = conf_source_prepare(&s, &line);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
	CU_ASSERT_STRING_EQUAL(fault, "a zero byte: this is not a text");
	CU_ASSERT_EQUAL(line, 2);
	conf_source_fini(&s);
}

static void what_is_no_file_is_not_read(void)
{
	struct conf_source s;

	CU_ASSERT_EQUAL(conf_source_read(&s, "/nonexistent/itgtd.conf"), -ENOENT);
	CU_ASSERT_EQUAL(conf_source_read(&s, "/"), -EISDIR);
	CU_ASSERT_EQUAL(conf_source_read(&s, "/dev/zero"), -EFBIG);
	CU_ASSERT_EQUAL(conf_source_read(&s, "/dev/null"), 0);
	CU_ASSERT_EQUAL(s.len, 1);
	conf_source_fini(&s);
}

static const struct unit_test tests[] = {
	{ "comments become blanks", comments_become_blanks },
	{ "what is open at the end is told with its line", what_is_open_is_told_with_its_line },
	{ "a zero byte is no text", a_zero_byte_is_no_text },
	{ "what is no file, or endless, is not read", what_is_no_file_is_not_read },
};

UNIT_MAIN("config/source", tests)
