/*
 * What the tests of sockets share: a server, a loop that the test turns by hand, and initiators at
 * the other ends. The sockets are pairs inside the kernel: what is sent is there at once, so
 * that nothing has to be waited for.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "iscsi/server.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RIG_TURNS 100000 /* a test that needs more of them hangs */

struct rig {
	struct bench b;
	struct ev_loop *loop;
	struct iscsi_server *server;
};

/* An initiator. */
struct caller {
	int fd;
	uint32_t itt;   /* of the last ping sent … */
	uint32_t told;  /* … and of the last one answered */
	uint8_t *in;    /* owns */
	size_t len, at; /* bytes there, and how many were looked at */
	size_t came;    /* bytes that came in all */
	bool is_at_end; /* the target has closed it */
};

static inline void rig_open_with(struct rig *r, const struct iscsi_options *options)
{
	bench_open(&r->b);
	r->loop = ev_loop_new(EVFLAG_AUTO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->loop);
	CU_ASSERT_EQUAL_FATAL(
		iscsi_server_new(r->loop, &r->b.world, &r->b.core, &r->b.pool, options, &r->server),
		0);
}

static inline void rig_open(struct rig *r)
{
	const struct iscsi_options options = { .max_connections = 64, .login_timeout_ms = 60000 };

	rig_open_with(r, &options);
}

/* Look at the sockets: one recvmsg of each that has something, and nothing else. */
static inline void rig_look(struct rig *r)
{
	ev_run(r->loop, EVRUN_NOWAIT);
}

/* Commands and stores go on as far as they can, and what there is to say goes out. */
static inline bool rig_send(struct rig *r)
{
	bool any = false, moved;

	do {
		moved = store_env_reap(r->b.env, true);
		moved |= scsi_core_run(&r->b.core);
		moved |= buf_pool_serve(&r->b.pool);
		store_env_flush(r->b.env);
		moved |= iscsi_server_flush(r->server);
		any |= moved;
	} while (moved);
	return any;
}

/* Until nothing moves. */
static inline void rig_settle(struct rig *r)
{
	int n = 0;
	bool moved;

	do {
		rig_look(r);
		moved = iscsi_server_hear(r->server, UINT32_MAX);
		moved |= rig_send(r);
	} while (moved && ++n < RIG_TURNS);
	CU_ASSERT(n < RIG_TURNS);
}

static inline void rig_close(struct rig *r)
{
	iscsi_server_cut(r->server);
	rig_settle(r);
	CU_ASSERT_FATAL(iscsi_server_idle(r->server));
	iscsi_server_free(r->server);
	ev_loop_destroy(r->loop);
	bench_close(&r->b);
}

/* ---- an initiator ---- */

/* sndbuf: bytes that the target's socket takes at a time; 0: as many as it likes. */
static inline void caller_open_narrow(struct rig *r, struct caller *c, int sndbuf)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	if (sndbuf)
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	*c = (struct caller){ .fd = fds[0] };
	iscsi_server_accept(r->server, r->b.portal, fds[1]);
}

static inline void caller_open(struct rig *r, struct caller *c)
{
	caller_open_narrow(r, c, 0);
}

static inline void caller_close(struct caller *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	free(c->in);
	c->in = NULL;
	c->len = c->at = 0;
}

/* How many of the bytes the socket took. */
static inline size_t caller_send(struct caller *c, const uint8_t *bytes, size_t n)
{
	size_t sent = 0;
	ssize_t k;

	while (sent < n) {
		k = send(c->fd, bytes + sent, n - sent, MSG_NOSIGNAL);
		if (k <= 0)
			break;
		sent += (size_t)k;
	}
	return sent;
}

/* The bytes of n pings with len bytes of data each, numbered from first on. The caller frees it. */
static inline uint8_t *caller_make_pings(uint32_t first, uint32_t n, uint32_t len)
{
	const size_t size = PDU_BHS_LEN + len + pdu_pad(len);
	uint8_t *bytes = bench_alloc(n * size);
	struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED, .data_len = len };
	uint32_t i;

	for (i = 0; i < n; i++) {
		nop.itt = first + i;
		pdu_put_nop_out(bytes + i * size, &nop);
		memset(bytes + i * size + PDU_BHS_LEN, (int)(uint8_t)(first + i), len);
	}
	return bytes;
}

/* Send n pings at once. */
static inline void caller_ping(struct caller *c, uint32_t n)
{
	uint8_t *bytes = caller_make_pings(c->itt + 1, n, 0);

	c->itt += n;
	CU_ASSERT_EQUAL_FATAL(caller_send(c, bytes, (size_t)n * PDU_BHS_LEN),
			      (size_t)n * PDU_BHS_LEN);
	free(bytes);
}

/* Take at most n bytes of what has come. False: there are none. */
static inline bool caller_take(struct caller *c, size_t n)
{
	ssize_t k;

	c->in = realloc(c->in, c->len + n);
	if (!c->in)
		abort();
	k = recv(c->fd, c->in + c->len, n, 0);
	if (k == 0 || (k < 0 && errno == ECONNRESET))
		c->is_at_end = true;
	if (k <= 0)
		return false;
	c->len += (size_t)k;
	c->came += (size_t)k;
	return true;
}

static inline void caller_take_all(struct caller *c)
{
	while (caller_take(c, 65536))
		;
}

/* The next PDU that has come whole; borrowed until more is taken. NULL: none. */
static inline const uint8_t *caller_next(struct caller *c)
{
	const uint8_t *bhs;
	uint32_t len;

	if (!c->in || c->len - c->at < PDU_BHS_LEN)
		return NULL;
	bhs = c->in + c->at;
	len = pdu_data_len(bhs);
	if (c->len - c->at < PDU_BHS_LEN + len + pdu_pad(len))
		return NULL;
	c->at += PDU_BHS_LEN + len + pdu_pad(len);
	return bhs;
}

/* How many pings are answered by what has come: one after the other, none left out. */
static inline uint32_t caller_answers(struct caller *c)
{
	const uint8_t *bhs;
	uint32_t n = 0;

	caller_take_all(c);
	while ((bhs = caller_next(c))) {
		CU_ASSERT_EQUAL(pdu_opcode(bhs), PDU_NOP_IN);
		CU_ASSERT_EQUAL(pdu_itt(bhs), ++c->told);
		n++;
	}
	return n;
}

/* Send a login in one request. */
static inline void caller_login_send(struct caller *c, uint8_t isid)
{
	struct pdu_login_req req = { .transit = true,
				     .csg = PDU_STAGE_OPERATIONAL,
				     .nsg = PDU_STAGE_FULL,
				     .isid = { 0x80, 0, 0, 0, 0, isid },
				     .cid = 1 };
	uint8_t bytes[1024] = { 0 };
	uint32_t len = peer_text((char *)bytes + PDU_BHS_LEN, PEER_NAMES);

	req.data_len = len;
	pdu_put_login_req(bytes, &req);
	len += PDU_BHS_LEN + pdu_pad(len);
	CU_ASSERT_EQUAL_FATAL(caller_send(c, bytes, len), len);
}

/* The status of the login response that has come; 0xffff: none. */
static inline uint16_t caller_login_status(struct caller *c)
{
	struct pdu_login_rsp rsp;
	const uint8_t *bhs;

	caller_take_all(c);
	bhs = caller_next(c);
	if (!bhs || pdu_get_login_rsp(bhs, &rsp) != PDU_OK)
		return 0xffff;
	return rsp.status;
}

static inline void caller_log_in(struct rig *r, struct caller *c, uint8_t isid)
{
	caller_login_send(c, isid);
	rig_settle(r);
	CU_ASSERT_EQUAL_FATAL(caller_login_status(c), PDU_LOGIN_SUCCESS);
}

/* Connected, and logged in. */
static inline void caller_login(struct rig *r, struct caller *c, uint8_t isid)
{
	caller_open(r, c);
	caller_log_in(r, c, isid);
}

#endif
