#include "daemon/portal.h"

#include "base/listen.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "iscsi/server.h"
#include "target/world.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG    128
#define ACCEPT_MAX 64   /* connections taken in a turn of the loop */
#define PAUSE_S    0.25 /* without descriptors or memory: so long nobody is accepted */
#define SPARE      64   /* descriptors that initiators cannot take … */
#define SPARE_PART 4    /* … of few only one in so many */

struct listener {
	ev_io watcher;
	struct listeners *all;
	const struct portal *portal; /* borrowed from the world */
	int fd;                      /* owns */
	bool is_open;                /* whoever comes is let in */
	TAILQ_ENTRY(listener) link;
};

/* Sockets that the service manager has passed. */
struct passed {
	int count;
	bool *taken; /* owns */
};

static int passed_init(struct passed *p)
{
	int i, fd;

	p->count = notify_sockets();
	p->taken = calloc((size_t)p->count + 1, sizeof(*p->taken));
	if (!p->taken)
		return -ENOMEM;
	for (i = 0; i < p->count; i++) {
		fd = NOTIFY_FIRST_FD + i;
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
			return -errno;
	}
	return 0;
}

/* The passed socket that listens on addr, or -1. */
static int passed_take(struct passed *p, const struct portal_addr *addr)
{
	struct portal_addr own;
	int i, listens;
	socklen_t len = sizeof(listens);

	for (i = 0; i < p->count; i++) {
		if (p->taken[i] || listen_address(NOTIFY_FIRST_FD + i, &own.sa, &own.len) ||
		    !portal_addr_equal(&own, addr))
			continue;
		if (getsockopt(NOTIFY_FIRST_FD + i, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ||
		    !listens)
			continue;
		p->taken[i] = true;
		return NOTIFY_FIRST_FD + i;
	}
	return -1;
}

/* Those that no portal wants are closed: nobody would ever answer there. */
static void passed_fini(struct passed *p)
{
	char text[PORTAL_TEXT_MAX];
	struct portal_addr own;
	int i;

	for (i = 0; p->taken && i < p->count; i++) {
		if (p->taken[i])
			continue;
		if (!listen_address(NOTIFY_FIRST_FD + i, &own.sa, &own.len))
			log_warning("the socket passed for %s is no portal of the configuration",
				    portal_addr_format(text, &own));
		close(NOTIFY_FIRST_FD + i);
	}
	free(p->taken);
}

static int open_socket(struct portal *portal, struct passed *passed, int *fd,
		       char why[static LISTENERS_WHY_MAX])
{
	char text[PORTAL_TEXT_MAX];
	int err = 0;

	*fd = passed ? passed_take(passed, &portal->addr) : -1;
	if (*fd < 0)
		*fd = listen_open((const struct sockaddr *)&portal->addr.sa, portal->addr.len,
				  BACKLOG);
	if (*fd < 0)
		err = *fd;
	if (!err && portal_addr_port(&portal->addr) == 0)
		err = listen_address(*fd, &portal->addr.sa, &portal->addr.len);
	if (err)
		snprintf(why, LISTENERS_WHY_MAX, "cannot listen on %s: %s",
			 portal_addr_format(text, &portal->addr), listen_error(err));
	return err;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events);

/* A listener that nobody is accepted at yet; it owns fd. NULL: no memory, and fd is closed. */
static struct listener *listener_new(struct listeners *all, const struct portal *portal, int fd)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l) {
		close(fd);
		return NULL;
	}
	l->all = all;
	l->portal = portal;
	l->fd = fd;
	ev_io_init(&l->watcher, on_readable, fd, EV_READ);
	l->watcher.data = l;
	TAILQ_INSERT_TAIL(&all->list, l, link);
	return l;
}

/* It is out of the list. */
static void listener_free(struct listeners *all, struct listener *l)
{
	if (all->loop)
		ev_io_stop(all->loop, &l->watcher);
	close(l->fd);
	free(l);
}

static struct listener *find(const struct listeners *all, const struct portal *portal)
{
	struct listener *l;

	TAILQ_FOREACH (l, &all->list, link) {
		if (l->portal == portal)
			return l;
	}
	return NULL;
}

static int open_all(struct listeners *l, struct world *world, struct passed *passed,
		    char why[static LISTENERS_WHY_MAX])
{
	struct portal_group *g;
	struct portal *p;
	int err = 0, fd;

	TAILQ_FOREACH (g, &world->portal_groups, link) {
		TAILQ_FOREACH (p, &g->portals, link) {
			err = err ? err : open_socket(p, passed, &fd, why);
			if (err)
				continue;
			if (!listener_new(l, p, fd)) {
				snprintf(why, LISTENERS_WHY_MAX, "cannot listen: %s",
					 strerror(ENOMEM));
				err = -ENOMEM;
			}
		}
	}
	return err;
}

int listeners_open(struct listeners *l, struct world *world, char why[static LISTENERS_WHY_MAX])
{
	struct passed passed;
	int err;

	*l = (struct listeners){ 0 };
	TAILQ_INIT(&l->list);
	err = passed_init(&passed);
	if (err)
		snprintf(why, LISTENERS_WHY_MAX, "cannot listen: %s", strerror(-err));
	else
		err = open_all(l, world, &passed, why);
	passed_fini(&passed);
	if (err)
		listeners_close(l);
	return err;
}

/* The socket of another portal with that address, once more; -1: there is none. */
static int share(const struct listeners *all, const struct portal_addr *addr)
{
	const struct listener *l;

	TAILQ_FOREACH (l, &all->list, link) {
		if (portal_addr_port(addr) != 0 && portal_addr_equal(&l->portal->addr, addr))
			return fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	}
	return -1;
}

int listeners_add(struct listeners *l, struct portal *portal, char why[static LISTENERS_WHY_MAX])
{
	int fd = share(l, &portal->addr), err = 0;

	if (fd < 0)
		err = open_socket(portal, NULL, &fd, why);
	if (!err && !listener_new(l, portal, fd)) {
		snprintf(why, LISTENERS_WHY_MAX, "cannot listen: %s", strerror(ENOMEM));
		err = -ENOMEM;
	}
	return err;
}

static void watch(struct listeners *all, bool on)
{
	struct listener *l;

	TAILQ_FOREACH (l, &all->list, link) {
		if (on && l->is_open)
			ev_io_start(all->loop, &l->watcher);
		else
			ev_io_stop(all->loop, &l->watcher);
	}
}

void listeners_accept(struct listeners *all, const struct portal *portal)
{
	struct listener *l = find(all, portal);

	if (!l)
		return;
	l->is_open = true;
	if (all->loop && !ev_is_active(&all->pause))
		ev_io_start(all->loop, &l->watcher);
}

void listeners_remove(struct listeners *all, const struct portal *portal)
{
	struct listener *l = find(all, portal);

	if (!l)
		return;
	TAILQ_REMOVE(&all->list, l, link);
	listener_free(all, l);
}

static void on_pause_end(struct ev_loop *loop, ev_timer *w, int events)
{
	struct listeners *l = w->data;

	(void)loop;
	(void)events;
	watch(l, true);
}

/*
 * The system has no descriptor or no memory for another connection, and the
 * listening socket stays readable: look away for a while instead of spinning.
 */
static void pause_accepting(struct listeners *l, int err)
{
	if (!l->was_told)
		log_error("no connection can be accepted for now: %s%s", strerror(err),
			  err == EMFILE ? " (ulimit -n, LimitNOFILE)" : "");
	l->was_told = true;
	watch(l, false);
	ev_timer_set(&l->pause, PAUSE_S, 0.);
	ev_timer_start(l->loop, &l->pause);
}

/* The lowest number that is free, which tells how many descriptors there are at least. */
static int lowest_free(const struct listener *l)
{
	int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? INT_MAX : fd;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct listener *l = w->data;
	int i, fd;

	(void)loop;
	(void)events;
	for (i = 0; i < ACCEPT_MAX; i++) {
		if (lowest_free(l) >= l->all->fd_max) {
			pause_accepting(l->all, EMFILE);
			return;
		}
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			l->all->was_told = false;
			iscsi_server_accept(l->all->server, l->portal, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accepting(l->all, errno);
		/* Else nobody is there, or somebody has gone again (accept(2): try again). */
		if (errno == EAGAIN || ev_is_active(&l->all->pause))
			return;
	}
}

/*
 * However many initiators come, files can be opened (a LUN's, the state directory's) and the
 * control socket answers.
 */
static int connections_end_at(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)(r.rlim_cur -
		     (r.rlim_cur / SPARE_PART < SPARE ? r.rlim_cur / SPARE_PART : SPARE));
}

/* Beyond max-connections initiators are told so; these are not, and wait. */
static void compare_limits(const struct listeners *all, uint32_t max_connections)
{
	const struct listener *l = TAILQ_FIRST(&all->list);
	int room = l ? all->fd_max - lowest_free(l) : INT_MAX;

	if (room < 0 || (uint32_t)room < max_connections)
		log_warning("max-connections is %u, but the limit of open files leaves room for %d "
			    "(ulimit -n, LimitNOFILE); others will wait",
			    max_connections, room < 0 ? 0 : room);
}

void listeners_start(struct listeners *all, struct ev_loop *loop, struct iscsi_server *server)
{
	struct listener *l;

	all->fd_max = connections_end_at();
	compare_limits(all, iscsi_server_core(server)->max_connections);
	all->loop = loop;
	all->server = server;
	ev_timer_init(&all->pause, on_pause_end, PAUSE_S, 0.);
	all->pause.data = all;
	TAILQ_FOREACH (l, &all->list, link)
		l->is_open = true;
	watch(all, true);
}

void listeners_close(struct listeners *all)
{
	struct listener *l;

	if (!all->list.tqh_last)
		return; /* never opened */
	if (all->loop)
		ev_timer_stop(all->loop, &all->pause);
	while ((l = TAILQ_FIRST(&all->list))) {
		TAILQ_REMOVE(&all->list, l, link);
		listener_free(all, l);
	}
	all->loop = NULL;
}
