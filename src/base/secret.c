#include "base/secret.h"

#include "base/regular.h"

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

int secret_read(struct secret *s, const char *path)
{
	char line[SECRET_MAX + 2]; /* with its end: \r\n */
	const char *end;
	struct stat st;
	ssize_t n;
	size_t len;
	int fd, err = 0;

	secret_wipe(s);
	fd = regular_open(AT_FDCWD, path, O_RDONLY, &st);
	if (fd < 0)
		return fd;
	if (st.st_mode & (S_IROTH | S_IWOTH)) {
		err = -EPERM;
		goto out;
	}
	n = regular_read(fd, line, sizeof(line));
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
