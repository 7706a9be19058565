/* The service manager: sd_notify(3), its watchdog, and the sockets it passes. Nothing without
 * libsystemd. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <ev.h>
#include <stdbool.h>

struct notify {
	struct ev_loop *loop; /* borrowed */
	ev_timer watchdog;
	bool has_watchdog;
};

/* Pet the watchdog from now on, when there is one. */
void notify_start(struct notify *n, struct ev_loop *loop);
void notify_stop(struct notify *n);

/* READY=1 with what systemctl status shows. */
void notify_ready(const char *status);

/* RELOADING=1, at this moment; notify_ready() ends it (sd_notify(3)). */
void notify_reloading(void);

/* STOPPING=1. */
void notify_stopping(const char *status);

/* How many sockets were passed; they are NOTIFY_FIRST_FD and on. Later calls say 0. */
int notify_sockets(void);
#define NOTIFY_FIRST_FD 3

/* Is standard error the journal? */
bool notify_is_journal(void);

#endif
