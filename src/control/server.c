#include "control/server.h"

#include "base/log.h"
#include "base/loop.h"
#include "control/client.h"

#include <errno.h>
#include <ev.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define ACCEPT_MAX  16          /* in a turn of the loop */
#define READ_MAX    4096        /* bytes in a turn: others have their turn, too */
#define DUE_S       10.         /* for the rest of a line, or for reading an answer */
#define IDLE_S      600.        /* between a client's requests */
#define PAUSE_S     1.          /* before accepting again when descriptors are short */
#define NO_GROUP    ((gid_t)-1) /* chown(2): leave it */

struct link {
	struct control_server *server;
	struct client client;
	ev_io in;
	ev_io out;
	struct lazy_timer timer;
	int fd; /* owns */
	TAILQ_ENTRY(link) entry;
};

struct control_server {
	struct control_env env;
	struct sockaddr_un addr;
	struct stat made; /* the socket in the file system, to know it again */
	gid_t group;
	int fd; /* owns */
	ev_io listener;
	ev_timer pause;
	TAILQ_HEAD(, link) links;
	unsigned int nlinks;
};

/* ---- one client ---- */

static void link_close(struct link *l)
{
	struct ev_loop *loop = l->server->env.loop;

	ev_io_stop(loop, &l->in);
	ev_io_stop(loop, &l->out);
	lazy_timer_stop(loop, &l->timer);
	TAILQ_REMOVE(&l->server->links, l, entry);
	l->server->nlinks--;
	client_fini(&l->client);
	close(l->fd);
	free(l);
}

/* Send what there is. False: the client is gone. */
static bool push(struct link *l)
{
	const char *bytes;
	size_t len;
	ssize_t n;

	while ((bytes = client_output(&l->client, &len))) {
		n = send(l->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		client_sent(&l->client, (size_t)n);
	}
	return true;
}

/* Watch for what can happen next, or end. */
static void settle(struct link *l)
{
	struct ev_loop *loop = l->server->env.loop;
	size_t len;

	if (!push(l) || client_is_over(&l->client)) {
		link_close(l);
		return;
	}
	if (client_output(&l->client, &len))
		ev_io_start(loop, &l->out);
	else
		ev_io_stop(loop, &l->out);
	client_space(&l->client, &len);
	if (len)
		ev_io_start(loop, &l->in);
	else
		ev_io_stop(loop, &l->in);
	lazy_timer_set(loop, &l->timer, client_is_due(&l->client) ? DUE_S : IDLE_S);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct link *l = w->data;
	size_t len;
	char *space = client_space(&l->client, &len);
	ssize_t n = recv(l->fd, space, len < READ_MAX ? len : READ_MAX, MSG_DONTWAIT);

	(void)loop;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		link_close(l);
		return;
	}
	if (n > 0)
		client_input(&l->client, (size_t)n);
	else
		client_end(&l->client);
	settle(l);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)events;
	settle(w->data);
}

static void on_spoke(struct client *c)
{
	settle((struct link *)((char *)c - offsetof(struct link, client)));
}

static void on_timer(struct lazy_timer *t)
{
	struct link *l = (struct link *)((char *)t - offsetof(struct link, timer));

	if (client_is_waiting(&l->client)) {
		lazy_timer_set(l->server->env.loop, t, IDLE_S);
		return;
	}
	log_debug("control: process %d: closed, for it does nothing", (int)l->client.rpc.peer.pid);
	link_close(l);
}

/* ---- who may come ---- */

/* Is the peer in the group, by its supplementary groups? */
static bool is_member(int fd, gid_t group)
{
	gid_t groups[1024];
	socklen_t len = sizeof(groups);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (i = 0; i < len / sizeof(gid_t); i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

/*
 * The mode of the socket has let it in; that is held against what was meant, should somebody
 * have changed the mode.
 */
static bool may_come(const struct control_server *s, int fd, struct control_peer *peer)
{
	gid_t group = s->group == NO_GROUP ? getegid() : s->group;
	socklen_t len = sizeof(struct ucred);
	struct ucred cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	*peer = (struct control_peer){ .uid = cred.uid, .gid = cred.gid, .pid = cred.pid };
	return cred.uid == 0 || cred.uid == geteuid() || cred.gid == group || is_member(fd, group);
}

/* Say why not, if the socket takes it, and close. */
static void turn_away(int fd, const char *why)
{
	json_t *answer = call_error(NULL, CALL_REFUSED, why);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (text) {
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
		(void)!send(fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	json_decref(answer);
	free(text);
	close(fd);
}

static void welcome(struct control_server *s, int fd)
{
	struct control_peer peer = { 0 };
	struct link *l = NULL;

	if (!may_come(s, fd, &peer)) {
		log_warning("control: uid %u (process %d) is turned away", (unsigned int)peer.uid,
			    (int)peer.pid);
		turn_away(fd, "only root, the daemon's user and its control-group may come");
		return;
	}
	if (s->nlinks < CLIENTS_MAX)
		l = malloc(sizeof(*l));
	if (!l) {
		turn_away(fd, "too many clients are here");
		return;
	}
	l->server = s;
	l->fd = fd;
	client_init(&l->client, &s->env, &peer);
	l->client.spoke = on_spoke;
	ev_io_init(&l->in, on_readable, fd, EV_READ);
	ev_io_init(&l->out, on_writable, fd, EV_WRITE);
	l->in.data = l;
	l->out.data = l;
	lazy_timer_init(&l->timer, on_timer);
	TAILQ_INSERT_TAIL(&s->links, l, entry);
	s->nlinks++;
	settle(l);
}

static void on_pause_end(struct ev_loop *loop, ev_timer *w, int events)
{
	struct control_server *s = w->data;

	(void)events;
	ev_io_start(loop, &s->listener);
}

static void on_connection(struct ev_loop *loop, ev_io *w, int events)
{
	struct control_server *s = w->data;
	int i, fd;

	(void)events;
	for (i = 0; i < ACCEPT_MAX; i++) {
		fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			welcome(s, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			ev_io_stop(loop, &s->listener);
			ev_timer_set(&s->pause, PAUSE_S, 0.);
			ev_timer_start(loop, &s->pause);
		}
		return;
	}
}

/* ---- the socket ---- */

static int find_group(struct control_server *s, const char *name, char why[static CONTROL_WHY_MAX])
{
	const struct group *g;

	s->group = NO_GROUP;
	if (!name)
		return 0;
	g = getgrnam(name);
	if (!g) {
		snprintf(why, CONTROL_WHY_MAX, "control-group: there is no group \"%s\"", name);
		return -ENOENT;
	}
	s->group = g->gr_gid;
	return 0;
}

static int make_directory(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	snprintf(copy, sizeof(copy), "%s", path);
	return mkdir(dirname(copy), 0755) && errno != EEXIST ? -errno : 0;
}

/* Does somebody listen there? 0: it is a socket without anybody behind it, and may go. */
static int probe(const struct sockaddr_un *addr)
{
	struct stat st;
	int err, fd;

	if (lstat(addr->sun_path, &st))
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;
	close(fd);
	return err == ECONNREFUSED ? 0 : -EADDRINUSE;
}

/* Nobody can connect before listen(), and its mode is 0600 from its first moment on. */
static int bind_socket(struct control_server *s)
{
	const struct sockaddr *addr = (const struct sockaddr *)&s->addr;
	const char *path = s->addr.sun_path;
	int err;

	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || fchmod(s->fd, 0600))
		return -errno;
	if (bind(s->fd, addr, sizeof(s->addr))) {
		if (errno != EADDRINUSE)
			return -errno;
		err = probe(&s->addr);
		if (err)
			return err;
		if (unlink(path) || bind(s->fd, addr, sizeof(s->addr)))
			return -errno;
	}
	if (lstat(path, &s->made) || (s->group != NO_GROUP && chown(path, (uid_t)-1, s->group)) ||
	    chmod(path, 0660) || listen(s->fd, 64))
		return -errno;
	return 0;
}

static int open_socket(struct control_server *s, const char *path, char why[static CONTROL_WHY_MAX])
{
	int err;

	s->addr.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(s->addr.sun_path)) {
		snprintf(why, CONTROL_WHY_MAX, "control-socket: the path is longer than %zu bytes",
			 sizeof(s->addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(s->addr.sun_path, path, strlen(path) + 1);
	err = make_directory(path);
	if (!err)
		err = bind_socket(s);
	if (err)
		snprintf(why, CONTROL_WHY_MAX, "control-socket: %s: %s", path,
			 err == -EADDRINUSE ? "another process listens there"
			 : err == -EEXIST   ? "there is something else of that name"
					    : strerror(-err));
	return err;
}

int control_open(struct control_server **out, const struct control_env *env, const char *path,
		 const char *group, char why[static CONTROL_WHY_MAX])
{
	struct control_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		snprintf(why, CONTROL_WHY_MAX, "control-socket: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	s->env = *env;
	s->fd = -1;
	TAILQ_INIT(&s->links);
	ev_timer_init(&s->pause, on_pause_end, 0., 0.);
	ev_io_init(&s->listener, on_connection, -1, EV_READ);
	s->pause.data = s;
	s->listener.data = s;
	err = find_group(s, group, why);
	if (!err)
		err = open_socket(s, path, why);
	if (err) {
		control_close(s);
		return err;
	}
	ev_io_set(&s->listener, s->fd, EV_READ);
	ev_io_start(env->loop, &s->listener);
	*out = s;
	return 0;
}

/* Only the socket that was made here: another daemon may have put its own in the place. */
static void remove_socket(const struct control_server *s)
{
	struct stat st;

	if (s->made.st_ino && !lstat(s->addr.sun_path, &st) && st.st_ino == s->made.st_ino &&
	    st.st_dev == s->made.st_dev)
		unlink(s->addr.sun_path);
}

void control_close(struct control_server *s)
{
	struct link *l;

	if (!s)
		return;
	while ((l = TAILQ_FIRST(&s->links)))
		link_close(l);
	ev_io_stop(s->env.loop, &s->listener);
	ev_timer_stop(s->env.loop, &s->pause);
	remove_socket(s);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}
