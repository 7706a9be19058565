/* Into the background: the parent stays until the child serves, or has failed. */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

/*
 * Fork. The parent does not come back: it leaves with 0 when the child calls
 * background_ready(), else with the child's own status. *report belongs to the child.
 * 0 or -errno.
 */
int background_start(int *report);

/* Serving: let the parent go, leave the terminal, and log to syslog(3). */
void background_ready(int report);

#endif
