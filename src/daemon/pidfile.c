#include "daemon/pidfile.h"

#include "base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Lock the whole file. 0; -EEXIST with the holder; -errno. */
static int lock(int fd, pid_t *holder)
{
	struct flock f = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &f) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return -errno;
	*holder = fcntl(fd, F_GETLK, &f) == 0 && f.l_type != F_UNLCK ? f.l_pid : 0;
	return -EEXIST;
}

int pidfile_open(struct pidfile *p, const char *path, pid_t *holder)
{
	int fd, err;

	fd = regular_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, NULL);
	if (fd < 0)
		return fd;
	err = lock(fd, holder);
	if (!err && (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	p->path = path;
	p->fd = fd;
	return 0;
}

void pidfile_close(struct pidfile *p)
{
	if (!p->path)
		return;
	(void)unlink(p->path); /* before the lock goes: nobody else's file is removed */
	close(p->fd);
	p->path = NULL;
}
