#include "base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_type(mode_t mode)
{
	if (S_ISDIR(mode))
		return -EISDIR;
	return S_ISREG(mode) ? 0 : -ENOTSUP;
}

int regular_open(int dir_fd, const char *path, int flags, struct stat *st)
{
	struct stat seen;
	int fd, err = 0;

	/* Look first: to open a device may do something. */
	if (fstatat(dir_fd, path, &seen, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) == 0)
		err = S_ISLNK(seen.st_mode) ? -ELOOP : check_type(seen.st_mode);
	if (err)
		return err;
	/* And again: it may have been another one. */
	fd = openat(dir_fd, path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &seen) ? -errno : check_type(seen.st_mode);
	if (err) {
		close(fd);
		return err;
	}
	if (st)
		*st = seen;
	return fd;
}

ssize_t regular_read(int fd, void *p, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, (uint8_t *)p + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) ? -errno : 0;
}

int regular_write(int dir_fd, const char *name, const void *p, size_t len)
{
	int fd, err;

	if (unlinkat(dir_fd, name, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, p, len);
	close(fd);
	if (err)
		unlinkat(dir_fd, name, 0);
	return err;
}

const char *regular_error(int err)
{
	return abs(err) == ENOTSUP ? "not a regular file" : strerror(abs(err));
}
