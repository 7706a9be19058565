#include "base/secret.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct secret none;

static bool is_none(const struct secret *s)
{
	return memcmp(s, &none, sizeof(none)) == 0;
}

static void set_and_wipe(void)
{
	char bytes[SECRET_MAX + 1];
	struct secret s;

	memset(bytes, 'x', sizeof(bytes));
	CU_ASSERT_EQUAL(secret_set(&s, "hush", 4), 0);
	CU_ASSERT_EQUAL(s.len, 4);
	CU_ASSERT_EQUAL(memcmp(s.bytes, "hush", 4), 0);
	CU_ASSERT_EQUAL(secret_set(&s, bytes, SECRET_MAX), 0);
	CU_ASSERT_EQUAL(s.len, SECRET_MAX);
	CU_ASSERT_EQUAL(secret_set(&s, "ab", 2), 0);
	CU_ASSERT_EQUAL(s.bytes[2], 0); /* nothing is left of the longer one */
	secret_wipe(&s);
	CU_ASSERT_TRUE(is_none(&s));
}

static void faults_leave_none(void)
{
	char bytes[SECRET_MAX + 1] = { 0 };
	struct secret s;

	CU_ASSERT_EQUAL(secret_set(&s, "hush", 4), 0);
	CU_ASSERT_EQUAL(secret_set(&s, "", 0), -EINVAL);
	CU_ASSERT_TRUE(is_none(&s));
	CU_ASSERT_EQUAL(secret_set(&s, "hush", 4), 0);
	CU_ASSERT_EQUAL(secret_set(&s, bytes, sizeof(bytes)), -E2BIG);
	CU_ASSERT_TRUE(is_none(&s));
}

static void comparison(void)
{
	CU_ASSERT_TRUE(secret_equal("abc", "abc", 3));
	CU_ASSERT_TRUE(secret_equal("abc", "abd", 2));
	CU_ASSERT_TRUE(secret_equal("a", "b", 0));
	CU_ASSERT_FALSE(secret_equal("abc", "abd", 3));
	CU_ASSERT_FALSE(secret_equal("\x80zz", "\0zz", 3));
	CU_ASSERT_FALSE(secret_equal("xbc", "abc", 3));
}

/* A directory of this test's own; path is name inside of it. */
static char dir[] = "/tmp/test_secret.XXXXXX";
static char path[sizeof(dir) + 16];

static void in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
}

static void write_file(const char *text, size_t len, mode_t mode)
{
	int fd;

	in_dir("secret");
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, len), (ssize_t)len);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X255 X50 X50 X50 X50 X50 "xxxxx"

static const struct {
	const char *what;
	const char *text;
	mode_t mode;
	int err;
	size_t len;
} files[] = {
	{ "no end of line", "hush", 0600, 0, 4 },
	{ "a line", "hush\n", 0600, 0, 4 },
	{ "a line of another system", "hush\r\n", 0600, 0, 4 },
	{ "only the first line counts", "hush\nsecond\n", 0600, 0, 4 },
	{ "blanks belong to it", " hu sh \n", 0600, 0, 7 },
	{ "a carriage return by itself is no end of line", "hush\r", 0600, 0, 5 },
	{ "the group may read", "hush\n", 0640, 0, 4 },
	{ "others may read", "hush\n", 0604, -EPERM, 0 },
	{ "others may write", "hush\n", 0602, -EPERM, 0 },
	{ "empty", "", 0600, -EINVAL, 0 },
	{ "an empty line", "\nhush\n", 0600, -EINVAL, 0 },
	{ "the longest", X255, 0600, 0, 255 },
	{ "the longest, a line", X255 "\n", 0600, 0, 255 },
	{ "the longest, a line of another system", X255 "\r\n", 0600, 0, 255 },
	{ "too long", X255 "x", 0600, -E2BIG, 0 },
	{ "too long, a line", X255 "x\n", 0600, -E2BIG, 0 },
	{ "far too long", X255 X255 X255 "\n", 0600, -E2BIG, 0 },
};

static void from_a_file(void)
{
	struct secret s;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		write_file(files[i].text, strlen(files[i].text), files[i].mode);
		CU_ASSERT_EQUAL(secret_read(&s, path), files[i].err);
		CU_ASSERT_EQUAL(s.len, files[i].len);
		CU_ASSERT_EQUAL(memcmp(s.bytes, files[i].text, files[i].len), 0);
		if (files[i].err)
			CU_ASSERT_TRUE(is_none(&s));
	}
	unlink(path);
	CU_ASSERT_EQUAL(secret_read(&s, path), -ENOENT);
	CU_ASSERT_TRUE(is_none(&s));
	CU_ASSERT_EQUAL(secret_read(&s, dir), -EISDIR);
	in_dir("fifo"); /* would wait for a writer */
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(secret_read(&s, path), -ENOTSUP);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* Does the kernel leave the page with that byte out of a core dump? (proc(5), smaps: "dd") */
static bool is_left_out(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from = 0, to = 0, a, b;
	bool found = false;
	char line[512];

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &a, &b) == 2) {
			from = a;
			to = b;
		}
		if (strncmp(line, "VmFlags:", 8) == 0 && (uintptr_t)at >= from &&
		    (uintptr_t)at < to)
			found = strstr(line, " dd") != NULL;
	}
	fclose(f);
	return found;
}

static void no_dump_has_it(void)
{
	struct secret *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(secret_set(s, "hush", 4), 0);
	CU_ASSERT_TRUE(is_left_out(s->bytes));
	CU_ASSERT_TRUE(is_left_out(s->bytes + SECRET_MAX - 1));
	free(s);
}

static const struct unit_test tests[] = {
	{ "a secret is kept until it is wiped", set_and_wipe },
	{ "after a fault there is none", faults_leave_none },
	{ "every byte counts in a comparison", comparison },
	{ "no core dump has it", no_dump_has_it },
	{ "the first line of a private regular file is read", from_a_file },
};

UNIT_MAIN("base/secret", tests)
