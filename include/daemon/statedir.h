/* The state directory: what must outlive the process is kept in files there. */
#ifndef DAEMON_STATEDIR_H
#define DAEMON_STATEDIR_H

/* See that there is such a directory, made where it is missing, and that we may write there. 0 or
 * -errno. */
int statedir_make(const char *path);

#endif
