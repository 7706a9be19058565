#include "config/source.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	CU_ASSERT_EQUAL(conf_source_read(&s, "/dev/zero"), -ENOTSUP);
	CU_ASSERT_EQUAL(conf_source_read(&s, "/dev/null"), -ENOTSUP);
}

/* A folder of this test's own, and a name in it. */
static char dir[] = "/tmp/test_source.XXXXXX";
static char path[sizeof(dir) + 16];

/* A file that tells no length, as those of /proc, or more than it has room for. */
static void what_a_file_says_of_its_length_is_not_believed(void)
{
	struct conf_source s;
	int fd;

	CU_ASSERT_EQUAL_FATAL(conf_source_read(&s, "/proc/self/status"), 0);
	CU_ASSERT(s.len > 100);
	conf_source_fini(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/t.conf", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0604);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, CONF_SOURCE_MAX), 0);
	CU_ASSERT_EQUAL(conf_source_read(&s, path), 0);
	CU_ASSERT_EQUAL(s.len, CONF_SOURCE_MAX + 1);
	conf_source_fini(&s);
	CU_ASSERT_EQUAL(ftruncate(fd, (off_t)1 << 40), 0);
	CU_ASSERT_EQUAL(conf_source_read(&s, path), -EFBIG);
	CU_ASSERT_PTR_NULL(s.text);
	CU_ASSERT_STRING_EQUAL(conf_source_error(-EFBIG), "longer than 16M");
	close(fd);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* Only where it is asked for; and a file is none. */
static void a_pipe_is_read_to_its_end(void)
{
	static char some[60000]; /* less than a pipe takes */
	struct conf_source s;
	int fds[2];

	memset(some, '#', sizeof(some));
	CU_ASSERT_EQUAL(conf_source_read_pipe(&s, "/proc/self/status"), -ENOTSUP);
	CU_ASSERT_EQUAL(conf_source_read_pipe(&s, "/dev/zero"), -ENOTSUP);
	CU_ASSERT_EQUAL(conf_source_read_pipe(&s, "/nonexistent"), -ENOTSUP);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	CU_ASSERT_EQUAL(write(fds[1], some, sizeof(some)), (ssize_t)sizeof(some));
	close(fds[1]);
	CU_ASSERT_EQUAL(conf_source_read(&s, path), -ENOTSUP);
	CU_ASSERT_EQUAL_FATAL(conf_source_read_pipe(&s, path), 0);
	CU_ASSERT_EQUAL(s.len, sizeof(some) + 1);
	CU_ASSERT_EQUAL(memcmp(s.text, some, sizeof(some)), 0);
	CU_ASSERT_EQUAL(s.text[s.len - 1], '\n');
	CU_ASSERT_FALSE(s.is_public);
	conf_source_fini(&s);
	close(fds[0]);
}

static const struct unit_test tests[] = {
	{ "comments become blanks", comments_become_blanks },
	{ "what is open at the end is told with its line", what_is_open_is_told_with_its_line },
	{ "a zero byte is no text", a_zero_byte_is_no_text },
	{ "what is no file, or endless, is not read", what_is_no_file_is_not_read },
	{ "a file is as long as it is, and no longer than it may be",
	  what_a_file_says_of_its_length_is_not_believed },
	{ "a pipe is read to its end, where one may be", a_pipe_is_read_to_its_end },
};

UNIT_MAIN("config/source", tests)
