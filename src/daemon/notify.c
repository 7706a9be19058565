#include "daemon/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

bool notify_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* "DEVICE:INODE" (systemd.exec(5)); a redirected standard error has others. */
	if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

#ifdef ITGTD_SYSTEMD

#include <stdint.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/*
 * sd_notify(3) sends to the address in the environment; without a service manager
 * there is none, and it does nothing.
 */
void notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
			 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(const char *status)
{
	(void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

int notify_sockets(void)
{
	int n = sd_listen_fds(1);

	return n > 0 ? n : 0;
}

static void pet(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	(void)sd_notify(0, "WATCHDOG=1");
}

void notify_start(struct notify *n, struct ev_loop *loop)
{
	uint64_t us;
	double half_s;

	n->loop = loop;
	n->has_watchdog = sd_watchdog_enabled(0, &us) > 0;
	if (!n->has_watchdog)
		return;
	half_s = (double)us / 2e6;
	ev_timer_init(&n->watchdog, pet, half_s, half_s);
	ev_timer_start(loop, &n->watchdog);
}

void notify_stop(struct notify *n)
{
	if (n->has_watchdog)
		ev_timer_stop(n->loop, &n->watchdog);
	n->has_watchdog = false;
}

#else

void notify_reloading(void)
{
}

void notify_ready(const char *status)
{
	(void)status;
}

void notify_stopping(const char *status)
{
	(void)status;
}

int notify_sockets(void)
{
	return 0;
}

void notify_start(struct notify *n, struct ev_loop *loop)
{
	n->loop = loop;
	n->has_watchdog = false;
}

void notify_stop(struct notify *n)
{
	(void)n;
}

#endif
