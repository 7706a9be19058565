/* The live view in the terminal (ncurses): LUNs and sessions at work. */
#ifndef ITGTCTL_TOP_H
#define ITGTCTL_TOP_H

struct remote;

/*
 * Show until the user has enough of it. every_s: between readings. 0: done; -ENOTTY: there is no
 * terminal that can do it; -EPIPE: the daemon went away; else -errno.
 */
int top_run(struct remote *r, double every_s);

#endif
