/* The file with the process id, locked as long as the process lives. */
#ifndef DAEMON_PIDFILE_H
#define DAEMON_PIDFILE_H

#include <sys/types.h>

struct pidfile {
	const char *path; /* borrowed; NULL: none */
	int fd;
};

/* 0; -EEXIST: another process, *holder, has it; -errno. */
int pidfile_open(struct pidfile *p, const char *path, pid_t *holder);

/* Remove it. Nothing when it was not opened. */
void pidfile_close(struct pidfile *p);

#endif
