#include "base/regular.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A folder of this test's own. */
static char dir[32];
static int dir_fd;

static void open_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_regular.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CU_ASSERT_FATAL(dir_fd >= 0);
}

static void close_dir(void)
{
	close(dir_fd);
	CU_ASSERT_EQUAL(rmdir(dir), 0); /* nothing was left in it */
}

static void make_fifo(const char *name)
{
	CU_ASSERT_EQUAL(mkfifoat(dir_fd, name, 0600), 0);
}

static void make_dir(const char *name)
{
	CU_ASSERT_EQUAL(mkdirat(dir_fd, name, 0700), 0);
}

static void make_link(const char *name)
{
	CU_ASSERT_EQUAL(symlinkat("/etc/passwd", dir_fd, name), 0);
}

static void make_device(const char *name)
{
	CU_ASSERT_EQUAL(symlinkat("/dev/zero", dir_fd, name), 0);
}

static void make_socket(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, name);
	CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void make_nothing(const char *name)
{
	(void)name;
}

static void only_regular_files_are_opened(void)
{
	static const struct {
		const char *what;
		void (*make)(const char *name);
		int flags, err;
		int remove; /* of unlinkat() */
	} rows[] = {
		{ "a FIFO without a writer", make_fifo, O_RDONLY, -ENOTSUP, 0 },
		{ "a FIFO in the place of a file to write", make_fifo, O_RDWR | O_CREAT, -ENOTSUP,
		  0 },
		{ "a directory", make_dir, O_RDONLY, -EISDIR, AT_REMOVEDIR },
		{ "a device", make_device, O_RDONLY, -ENOTSUP, 0 },
		{ "a socket", make_socket, O_RDONLY, -ENOTSUP, 0 },
		{ "a link that is not to be followed", make_link, O_RDONLY | O_NOFOLLOW, -ELOOP,
		  0 },
		{ "nothing", make_nothing, O_RDONLY, -ENOENT, 0 },
	};
	size_t i;
	int fd;

	open_dir();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].make("x");
		fd = regular_open(dir_fd, "x", rows[i].flags, NULL);
		if (fd != rows[i].err)
			CU_FAIL(rows[i].what);
		unlinkat(dir_fd, "x", rows[i].remove);
	}
	CU_ASSERT_STRING_EQUAL(regular_error(-ENOTSUP), "not a regular file");
	CU_ASSERT_STRING_EQUAL(regular_error(-ENOENT), strerror(ENOENT));
	close_dir();
}

static void a_file_is_opened_and_read(void)
{
	struct stat st;
	char buf[8];
	int fd;

	open_dir();
	fd = regular_open(dir_fd, "x", O_RDWR | O_CREAT, NULL);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "12345678901", 11), 11);
	close(fd);
	fd = regular_open(dir_fd, "x", O_RDONLY | O_NOFOLLOW, &st);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(st.st_size, 11);
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CU_ASSERT_EQUAL(regular_read(fd, buf, sizeof(buf)), 8);
	CU_ASSERT_EQUAL(memcmp(buf, "12345678", 8), 0);
	CU_ASSERT_EQUAL(regular_read(fd, buf, sizeof(buf)), 3);
	CU_ASSERT_EQUAL(regular_read(fd, buf, sizeof(buf)), 0);
	close(fd);
	CU_ASSERT_EQUAL(regular_read(fd, buf, sizeof(buf)), -EBADF);
	unlinkat(dir_fd, "x", 0);
	close_dir();
}

static void what_was_there_is_written_anew(void)
{
	static void (*const makes[])(const char *name) = { make_nothing, make_fifo, make_link };
	struct stat st;
	char buf[8];
	size_t i;
	int fd;

	open_dir();
	for (i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		makes[i]("x");
		CU_ASSERT_EQUAL(regular_write(dir_fd, "x", "abc", 3), 0);
		fd = regular_open(dir_fd, "x", O_RDONLY | O_NOFOLLOW, &st);
		CU_ASSERT_FATAL(fd >= 0);
		CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
		CU_ASSERT_EQUAL(regular_read(fd, buf, sizeof(buf)), 3);
		close(fd);
		unlinkat(dir_fd, "x", 0);
	}
	make_dir("x");
	CU_ASSERT_EQUAL(regular_write(dir_fd, "x", "abc", 3), -EISDIR);
	unlinkat(dir_fd, "x", AT_REMOVEDIR);
	close_dir();
}

static const struct unit_test tests[] = {
	{ "only regular files are opened, and nothing else waited for",
	  only_regular_files_are_opened },
	{ "a file is opened, and read as far as it goes", a_file_is_opened_and_read },
	{ "a file is written in the place of what was there", what_was_there_is_written_anew },
};

UNIT_MAIN("base/regular", tests)
