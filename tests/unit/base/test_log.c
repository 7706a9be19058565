#include "base/log.h"
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The last line, and how many there were. */
struct seen {
	enum log_level level;
	char line[5000];
	int count;
};

static void see(void *arg, enum log_level level, const char *line)
{
	struct seen *s = arg;

	s->level = level;
	snprintf(s->line, sizeof(s->line), "%s", line);
	s->count++;
}

static const char *const names[] = { "error", "warning", "notice", "info", "debug" };

static void names_of_levels(void)
{
	enum log_level level;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(log_level_parse(names[i], &level), 0);
		CU_ASSERT_EQUAL(level, i);
	}
	level = LOG_LEVEL_NOTICE;
	CU_ASSERT_EQUAL(log_level_parse("loud", &level), -EINVAL);
	CU_ASSERT_EQUAL(log_level_parse("", &level), -EINVAL);
	CU_ASSERT_EQUAL(log_level_parse("Error", &level), -EINVAL);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_NOTICE);
}

static void as_grave_as_asked_for(void)
{
	struct seen s = { .count = 0 };

	log_set_sink(see, &s);
	log_set_level(LOG_LEVEL_NOTICE);
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_NOTICE);
	log_info("no %d", 1);
	log_debug("no %d", 2);
	CU_ASSERT_EQUAL(s.count, 0);
	log_notice("session %u in", 7u);
	CU_ASSERT_EQUAL(s.count, 1);
	CU_ASSERT_EQUAL(s.level, LOG_LEVEL_NOTICE);
	CU_ASSERT_STRING_EQUAL(s.line, "session 7 in");
	log_warning("w");
	log_error("e");
	CU_ASSERT_EQUAL(s.count, 3);
	CU_ASSERT_EQUAL(s.level, LOG_LEVEL_ERROR);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
	CU_ASSERT_STRING_EQUAL(s.line, "d");
	log_set_sink(NULL, NULL);
}

/* A sink gets one line whatever is in the text, and a bounded one. */
static void one_bounded_line(void)
{
	struct seen s = { .count = 0 };
	char text[8000];
	size_t len;

	log_set_sink(see, &s);
	log_set_level(LOG_LEVEL_INFO);
	log_info("two\nlines\r\n");
	CU_ASSERT_STRING_EQUAL(s.line, "two lines  ");
	log_info("a zero%cbyte", 0);
	CU_ASSERT_STRING_EQUAL(s.line, "a zero byte");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	len = strlen(s.line);
	CU_ASSERT_TRUE(len > 4000 && len < 4096);
	CU_ASSERT_STRING_EQUAL(s.line + len - 4, "x\xe2\x80\xa6");
	log_set_sink(NULL, NULL);
}

static void errno_is_not_touched(void)
{
	struct seen s = { .count = 0 };

	log_set_sink(see, &s);
	errno = ENOSPC;
	log_error("disk: %m");
	CU_ASSERT_EQUAL(errno, ENOSPC);
	CU_ASSERT_STRING_EQUAL(s.line, "disk: No space left on device");
	log_set_sink(NULL, NULL);
}

/* What one log_error() writes to standard error, as one piece. */
static void standard_error(char *out, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_error("lun %d: gone", 3);
	dup2(saved, STDERR_FILENO);
	n = read(fds[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

static void to_standard_error(void)
{
	char out[100];

	standard_error(out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, "itgtd: lun 3: gone\n");
	log_set_journal(true);
	standard_error(out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, "<3>lun 3: gone\n");
	log_set_journal(false);
}

static const struct {
	const char *what;
	size_t size;
	const char *text;
	size_t len;
	const char *quoted;
} quotes[] = {
	{ "plain", 40, "iqn.2026-11.org:disk", 20, "\"iqn.2026-11.org:disk\"" },
	{ "nothing", 40, "", 0, "\"\"" },
	{ "quotes and backslashes", 40, "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
	{ "control bytes", 40, "a\n\x1b[2J\x7f", 7, "\"a\\x0a\\x1b[2J\\x7f\"" },
	{ "a zero byte", 40, "a\0b", 3, "\"a\\x00b\"" },
	{ "other than ASCII", 40, "\xc3\xa4", 2, "\"\\xc3\\xa4\"" },
	{ "just fits", 8, "abcde", 5, "\"abcde\"" },
	{ "does not fit", 8, "abcdef", 6, "\"ab\xe2\x80\xa6\"" },
	{ "an escape is not cut in two", 12, "abcde\n\n", 7, "\"abcde\xe2\x80\xa6\"" },
	{ "an escape just fits", 12, "abcde\n", 6, "\"abcde\\x0a\"" },
	{ "no escape fits", 8, "\n\n", 2, "\"\xe2\x80\xa6\"" },
};

static void outside_strings_are_quoted(void)
{
	char out[41];
	size_t i;

	for (i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		memset(out, '~', sizeof(out));
		CU_ASSERT_PTR_EQUAL(log_quote(out, quotes[i].size, quotes[i].text, quotes[i].len),
				    out);
		CU_ASSERT_STRING_EQUAL(out, quotes[i].quoted);
		CU_ASSERT_EQUAL(out[quotes[i].size], '~');
	}
}

/* A flood of lines becomes a few and a number. */
static void a_rate_withholds_and_counts(void)
{
	struct log_rate r = { .passed = 0 };
	unsigned int passed = 0;
	int i;

	for (i = 0; i < 1000; i++)
		passed += log_rate_pass(&r, 5000 + (uint64_t)i / 2, "lines");
	CU_ASSERT_EQUAL(passed, LOG_RATE_MAX);
	CU_ASSERT_EQUAL(r.withheld, 1000 - LOG_RATE_MAX);
	CU_ASSERT(log_rate_pass(&r, 6000, "lines"));
	CU_ASSERT_EQUAL(r.withheld, 0);
	CU_ASSERT_EQUAL(r.passed, 1);
	for (i = 0, passed = 1; i < 1000; i++)
		passed += log_rate_pass(&r, i % 2 ? 1000 : 6100, "lines");
	CU_ASSERT_EQUAL(passed, LOG_RATE_MAX);
}

static const struct unit_test tests[] = {
	{ "a rate withholds lines and counts them", a_rate_withholds_and_counts },
	{ "levels have names", names_of_levels },
	{ "only lines as grave as asked for are written", as_grave_as_asked_for },
	{ "an event is one line of a bounded length", one_bounded_line },
	{ "errno can be told and is not touched", errno_is_not_touched },
	{ "standard error gets whole lines, with a priority for the journal", to_standard_error },
	{ "strings from outside are quoted, escaped and cut", outside_strings_are_quoted },
};

UNIT_MAIN("base/log", tests)
