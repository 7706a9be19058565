#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A core dump does without the pages of a secret, and what else lies there. */
static void keep_out_of_dumps(struct secret *s)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)s->bytes / page * page;
	uintptr_t end = (uintptr_t)(s->bytes + sizeof(s->bytes) + page - 1) / page * page;

	/* An old kernel may not know how: a secret is none the worse for the rest. */
	(void)madvise((uint8_t *)s->bytes - ((uintptr_t)s->bytes - begin), end - begin,
		      MADV_DONTDUMP);
}

int secret_set(struct secret *s, const void *bytes, size_t len)
{
	secret_wipe(s);
	if (len == 0)
		return -EINVAL;
	if (len > SECRET_MAX)
		return -E2BIG;
	keep_out_of_dumps(s);
	memcpy(s->bytes, bytes, len);
	s->len = (uint8_t)len;
	return 0;
}

/* 0, or why this file may not hold a secret. */
static int check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (st.st_mode & (S_IROTH | S_IWOTH))
		return -EPERM;
	return 0;
}

/* Fill buf as far as the file goes. Bytes read, or -errno. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
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

int secret_read(struct secret *s, const char *path)
{
	char line[SECRET_MAX + 2]; /* with its end: \r\n */
	const char *end;
	ssize_t n;
	size_t len;
	int fd, err;

	secret_wipe(s);
	/* O_NONBLOCK: a fifo must not stop us before check_file() has seen that it is one. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = check_file(fd);
	if (err)
		goto out;
	n = read_up_to(fd, line, sizeof(line));
	if (n < 0) {
		err = (int)n;
		goto out;
	}
	end = memchr(line, '\n', (size_t)n);
	len = end ? (size_t)(end - line) : (size_t)n;
	if (end && len > 0 && line[len - 1] == '\r')
		len--;
	err = secret_set(s, line, len);
	explicit_bzero(line, sizeof(line));
out:
	close(fd);
	return err;
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}

bool secret_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;
	size_t i;

	for (i = 0; i < len; i++)
		differ |= x[i] ^ y[i];
	return differ == 0;
}
