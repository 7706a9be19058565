/* What the process asks of the kernel for itself. */
#ifndef DAEMON_PRIVS_H
#define DAEMON_PRIVS_H

#include <sys/types.h>

/* As many descriptors as the hard limit allows: each connection is one. */
void privs_raise_nofile(void);

/*
 * SIGTERM when the parent ends. parent: getppid() at the very start.
 * 0; -ESRCH: it has ended already; -errno.
 */
int privs_exit_with_parent(pid_t parent);

#endif
