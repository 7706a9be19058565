/*
 * One socket, one connection: the only file of this layer that knows sockets and the event
 * loop. It is the server as the daemon sees it, too.
 */
#include "iscsi/server.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "iscsi/conn.h"
#include "iscsi/door.h"
#include "scsi/core.h"
#include "target/portal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STAGE_LEN ((size_t)512 * 1024) /* bytes that one recv takes in */
#define SEND_BUDGET \
	((size_t)1024 * 1024) /* bytes of a connection in a turn: others wait no longer */
#define SEND_IOV          1024
#define UNSENT_TIMEOUT_MS 30000 /* for a peer that takes no byte any more */

struct iscsi_server {
	struct iscsi iscsi;
	struct ev_loop *loop; /* borrowed */
	struct loop_clock clock;
	struct lazy_timer tick;
	uint64_t tick_ms;    /* that it is set for */
	uint8_t *stage;      /* owns; what a recv brings, used up before the next */
	struct tcp *reading; /* whose PDUs in the stage were not all taken on yet; or NULL */
	struct iovec iov[SEND_IOV];
};

struct tcp {
	struct iscsi_server *server;
	struct conn *conn; /* owns, in that its door is closed with the socket */
	ev_io in;
	ev_io out;
	struct lazy_timer timer;
	uint64_t alarm_ms; /* of the connection, that the timer is set for */
	int fd;            /* owns */
};

static uint64_t now_ms(const struct tcp *tcp)
{
	return loop_clock_ms(&tcp->server->clock);
}

static void tcp_close(struct tcp *tcp)
{
	struct ev_loop *loop = tcp->server->loop;

	if (tcp->server->reading == tcp)
		tcp->server->reading = NULL;
	ev_io_stop(loop, &tcp->in);
	ev_io_stop(loop, &tcp->out);
	lazy_timer_stop(loop, &tcp->timer);
	door_lost(tcp->conn);
	close(tcp->fd);
	free(tcp);
}

/* The same for what concerns no connection. */
static void follow_tick(struct iscsi_server *server)
{
	uint64_t at = server->iscsi.alarm_ms;
	int64_t after_ms = (int64_t)(at - iscsi_server_now_ms(server));

	if (server->tick_ms == at)
		return;
	server->tick_ms = at;
	if (at)
		lazy_timer_set(server->loop, &server->tick,
			       after_ms > 0 ? (ev_tstamp)after_ms / 1000 : 0);
	else
		lazy_timer_stop(server->loop, &server->tick);
}

static void on_tick(struct lazy_timer *timer)
{
	struct iscsi_server *server =
		(struct iscsi_server *)((char *)timer - offsetof(struct iscsi_server, tick));

	server->tick_ms = 0;
	door_tick(&server->iscsi, iscsi_server_now_ms(server));
	follow_tick(server);
}

/* The timer follows the connection's alarm, lazily. */
static void follow_alarm(struct tcp *tcp)
{
	struct ev_loop *loop = tcp->server->loop;
	int64_t after_ms;

	if (tcp->alarm_ms == tcp->conn->alarm_ms)
		return;
	tcp->alarm_ms = tcp->conn->alarm_ms;
	after_ms = (int64_t)(tcp->alarm_ms - now_ms(tcp));
	if (tcp->alarm_ms)
		lazy_timer_set(loop, &tcp->timer, (ev_tstamp)after_ms / 1000);
	else
		lazy_timer_stop(loop, &tcp->timer);
}

/* Reading stops while the peer leaves our answers unread. */
static void follow_input(struct tcp *tcp)
{
	if (door_wants_input(tcp->conn))
		ev_io_start(tcp->server->loop, &tcp->in);
	else
		ev_io_stop(tcp->server->loop, &tcp->in);
}

static void on_timer(struct lazy_timer *timer)
{
	struct tcp *tcp = (struct tcp *)((char *)timer - offsetof(struct tcp, timer));

	tcp->alarm_ms = 0;
	door_timeout(tcp->conn, now_ms(tcp));
	follow_alarm(tcp);
}

/* The socket fails. Whoever looks for the reason why a session went finds it in the log. */
static void tell_failure(struct conn *c, int err)
{
	if (c->state == CONN_LOGGED_IN)
		conn_news(c, "connection lost: %s", strerror(err));
	else
		conn_debug(c, "%s", strerror(err));
}

/* Take on PDUs of the stage, at most so many. */
static void run_stage(struct iscsi_server *server, uint32_t most)
{
	struct tcp *tcp = server->reading;

	if (!door_run(tcp->conn, most))
		server->reading = NULL;
	if (!door_wants_input(tcp->conn))
		ev_io_stop(server->loop, &tcp->in);
}

bool iscsi_server_hear(struct iscsi_server *server, uint32_t most)
{
	if (!server->reading)
		return false;
	run_stage(server, most);
	return true;
}

bool iscsi_server_has_answers(const struct iscsi_server *server)
{
	return !STAILQ_EMPTY(&server->iscsi.dirty);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct tcp *tcp = w->data;
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	(void)loop;
	(void)events;
	if (tcp->server->reading) {
		run_stage(tcp->server, UINT32_MAX);
		/* What can be written now is written from the stage, which another's bytes get. */
		scsi_core_run(tcp->server->iscsi.core);
	}
	msg.msg_iovlen = (size_t)door_space(tcp->conn, iov, tcp->server->stage, STAGE_LEN);
	n = recvmsg(tcp->fd, &msg, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (n == 0)
			conn_debug(tcp->conn, "closed by the peer");
		else
			tell_failure(tcp->conn, errno);
		conn_event(tcp->conn, EV_DROP);
		return;
	}
	tcp->server->iscsi.core->now_ns = clock_ns();
	door_put(tcp->conn, tcp->server->stage, (size_t)n, now_ms(tcp));
	tcp->server->reading = tcp;
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct tcp *tcp = w->data;

	(void)events;
	ev_io_stop(loop, w);
	conn_touch(tcp->conn); /* iscsi_server_flush() comes by at the end of the turn */
}

/*
 * Send what there is, in one sendmsg. False: the connection gives up. The writable event is
 * asked for only when the socket was full.
 */
static bool tcp_send(struct tcp *tcp)
{
	struct iscsi_server *server = tcp->server;
	struct pdu_tx *tx = &tcp->conn->tx;
	struct msghdr msg = { .msg_iov = server->iov };
	ssize_t n;

	msg.msg_iovlen = (size_t)pdu_tx_iov(tx, server->iov, SEND_IOV, SEND_BUDGET);
	if (!msg.msg_iovlen)
		return true;
	n = sendmsg(tcp->fd, &msg, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		tell_failure(tcp->conn, errno);
		return false;
	}
	if (n > 0) {
		tcp->conn->bytes_out += (size_t)n;
		pdu_tx_commit(tx, (size_t)n);
	}
	if (n < 0)
		ev_io_start(server->loop, &tcp->out);
	else if (pdu_tx_has(tx))
		conn_touch(tcp->conn);
	return true;
}

bool iscsi_server_flush(struct iscsi_server *server)
{
	struct iscsi *iscsi = &server->iscsi;
	STAILQ_HEAD(, conn) batch = STAILQ_HEAD_INITIALIZER(batch);
	struct tcp *tcp;
	struct conn *c;

	if (STAILQ_EMPTY(&iscsi->dirty))
		return false;
	/* What is touched meanwhile has its turn in the next round. */
	STAILQ_CONCAT(&batch, &iscsi->dirty);
	while ((c = STAILQ_FIRST(&batch))) {
		STAILQ_REMOVE_HEAD(&batch, dlink);
		c->is_dirty = false;
		tcp = c->transport;
		if (c->state != CONN_DEAD && !ev_is_active(&tcp->out) && !tcp_send(tcp))
			conn_event(c, EV_DROP);
		door_tend(c, now_ms(tcp));
		if (door_is_over(c)) {
			tcp_close(tcp);
			continue;
		}
		follow_alarm(tcp);
		follow_input(tcp);
	}
	follow_tick(server);
	return true;
}

/* ---- new connections ---- */

static void set_socket_options(int fd)
{
	const int one = 1;
	const unsigned int timeout = UNSENT_TIMEOUT_MS;

	/* Where a kernel lacks one of these the connection works, if less well. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
}

static int socket_addrs(int fd, struct portal_addr *local, struct portal_addr *peer)
{
	local->len = sizeof(local->sa);
	peer->len = sizeof(peer->sa);
	if (getsockname(fd, (struct sockaddr *)&local->sa, &local->len) ||
	    getpeername(fd, (struct sockaddr *)&peer->sa, &peer->len))
		return -errno;
	return 0;
}

static struct tcp *tcp_new(struct iscsi_server *server, int fd)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (!tcp)
		return NULL;
	tcp->server = server;
	tcp->fd = fd;
	ev_io_init(&tcp->in, on_readable, fd, EV_READ);
	ev_io_init(&tcp->out, on_writable, fd, EV_WRITE);
	tcp->in.data = tcp;
	tcp->out.data = tcp;
	lazy_timer_init(&tcp->timer, on_timer);
	return tcp;
}

void iscsi_server_accept(struct iscsi_server *server, const struct portal *portal, int fd)
{
	struct portal_addr local = { .len = 0 };
	struct portal_addr peer = { .len = 0 };
	struct tcp *tcp;

	if (socket_addrs(fd, &local, &peer)) {
		close(fd); /* it left again already */
		return;
	}
	tcp = tcp_new(server, fd);
	if (tcp)
		tcp->conn = door_open(&server->iscsi, portal, &local, &peer, now_ms(tcp));
	if (!tcp || !tcp->conn) {
		log_warning("no memory for a new connection: closed");
		buf_pool_trim(server->iscsi.pool); /* the next one finds what is kept for data */
		free(tcp);
		close(fd);
		return;
	}
	set_socket_options(fd);
	tcp->conn->transport = tcp;
	conn_debug(tcp->conn, "connected");
	ev_io_start(server->loop, &tcp->in);
	follow_alarm(tcp);
}

/* ---- the server ---- */

int iscsi_server_new(struct ev_loop *loop, struct world *world, struct scsi_core *core,
		     struct buf_pool *pool, const struct iscsi_options *options,
		     struct iscsi_server **out)
{
	struct iscsi_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->stage = malloc(STAGE_LEN);
	if (!server->stage) {
		free(server);
		return -ENOMEM;
	}
	server->loop = loop;
	lazy_timer_init(&server->tick, on_tick);
	loop_clock_start(loop, &server->clock);
	iscsi_init(&server->iscsi, world, core, pool, options);
	*out = server;
	return 0;
}

void iscsi_server_free(struct iscsi_server *server)
{
	if (!server)
		return;
	assert(iscsi_server_idle(server));
	loop_clock_stop(&server->clock);
	lazy_timer_stop(server->loop, &server->tick);
	iscsi_fini(&server->iscsi);
	free(server->stage);
	free(server);
}

void iscsi_server_limit(struct iscsi_server *server, const struct iscsi_options *options)
{
	iscsi_limit(&server->iscsi, options);
}

void iscsi_server_stop(struct iscsi_server *server)
{
	door_stop(&server->iscsi, 2);
}

void iscsi_server_cut(struct iscsi_server *server)
{
	struct conn *c;

	TAILQ_FOREACH (c, &server->iscsi.conns, link)
		conn_event(c, EV_DROP);
}

bool iscsi_server_quiet(const struct iscsi_server *server)
{
	const struct conn *c;

	if (server->iscsi.tasks > 0)
		return false;
	TAILQ_FOREACH (c, &server->iscsi.conns, link) {
		if (pdu_tx_has(&c->tx))
			return false;
	}
	return true;
}

bool iscsi_server_idle(const struct iscsi_server *server)
{
	return TAILQ_EMPTY(&server->iscsi.conns) && TAILQ_EMPTY(&server->iscsi.sessions);
}

struct iscsi *iscsi_server_core(struct iscsi_server *server)
{
	return &server->iscsi;
}

uint64_t iscsi_server_now_ms(const struct iscsi_server *server)
{
	return loop_clock_ms(&server->clock);
}
