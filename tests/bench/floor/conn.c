/*
 * Sockets. One recv takes what is there, up to a stage's length, and all PDUs of it are
 * dealt with; all answers of a turn leave a connection in one sendmsg. Buffers come from
 * stacks: what was used last is used first, while the caches still know it.
 */
#include "base/crc32c.h"
#include "floor.h"
#include "wire/digest.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STAGE_LEN (1u << 20) /* bytes */
#define PDU_MAX   (PDU_BHS_LEN + PDU_AHS_MAX + FLOOR_MAX_DATA + 3 + 2 * PDU_DIGEST_LEN)
#define IOV_A_PDU 3
#define IOV_MAX   (sizeof(((struct floor *)0)->iov) / sizeof(struct iovec))

/* ---- answers ---- */

static void mark_dirty(struct conn *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	SLIST_INSERT_HEAD(&c->floor->dirty, c, dirty);
}

struct answer *conn_add_answer(struct conn *c)
{
	struct floor *f = c->floor;
	struct answer *a = STAILQ_FIRST(&f->free_answers);

	if (a)
		STAILQ_REMOVE_HEAD(&f->free_answers, link);
	else
		a = malloc(sizeof(*a));
	if (!a)
		abort();
	a->bhs_len = PDU_BHS_LEN;
	memset(a->tail, 0, sizeof(a->tail));
	a->tail_len = 0;
	a->data_len = 0;
	a->data = NULL;
	a->task = NULL;
	STAILQ_INSERT_TAIL(&c->answers, a, link);
	mark_dirty(c);
	return a;
}

void conn_finish_answer(struct conn *c, struct answer *a)
{
	uint32_t pad = pdu_pad(a->data_len);

	if (c->header_digest) {
		digest_put(a->bhs + PDU_BHS_LEN, a->bhs, PDU_BHS_LEN);
		a->bhs_len += PDU_DIGEST_LEN;
	}
	a->tail_len = (uint8_t)pad;
	if (c->data_digest && a->data_len) {
		digest_put(a->tail + pad, a->data, a->data_len);
		a->tail_len = (uint8_t)(a->tail_len + PDU_DIGEST_LEN);
	}
}

static void free_answer(struct conn *c, struct answer *a)
{
	STAILQ_REMOVE_HEAD(&c->answers, link);
	if (a->task)
		command_free(c->floor, a->task);
	STAILQ_INSERT_HEAD(&c->floor->free_answers, a, link);
}

static size_t add(struct iovec *iov, size_t n, const void *at, size_t len, size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return n;
	}
	iov[n] = (struct iovec){ .iov_base = (char *)at + *skip, .iov_len = len - *skip };
	*skip = 0;
	return n + 1;
}

static size_t point_to_answers(const struct conn *c, struct iovec *iov)
{
	size_t n = 0, skip = c->sent;
	const struct answer *a;

	STAILQ_FOREACH (a, &c->answers, link) {
		if (n + IOV_A_PDU > IOV_MAX)
			break;
		n = add(iov, n, a->bhs, a->bhs_len, &skip);
		n = add(iov, n, a->data, a->data_len, &skip);
		n = add(iov, n, a->tail, a->tail_len, &skip);
	}
	return n;
}

static void take_sent(struct conn *c, size_t n)
{
	struct answer *a;
	size_t len;

	n += c->sent;
	while ((a = STAILQ_FIRST(&c->answers))) {
		len = (size_t)a->bhs_len + a->data_len + a->tail_len;
		if (n < len)
			break;
		n -= len;
		free_answer(c, a);
	}
	c->sent = n;
}

static void watch(struct conn *c, bool waits)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (waits)
		e.events |= EPOLLOUT;
	if (waits != c->waits)
		epoll_ctl(c->floor->epoll, EPOLL_CTL_MOD, c->fd, &e);
	c->waits = waits;
}

static void flush(struct conn *c)
{
	struct msghdr msg = { .msg_iov = c->floor->iov };
	ssize_t n;

	while (!STAILQ_EMPTY(&c->answers)) {
		msg.msg_iovlen = point_to_answers(c, c->floor->iov);
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(c, true);
			return;
		}
		if (n < 0) {
			c->is_over = true;
			return;
		}
		take_sent(c, (size_t)n);
	}
	watch(c, false);
}

/* ---- opening and closing ---- */

static void close_conn(struct conn *c)
{
	struct floor *f = c->floor;
	struct answer *a;
	struct task *t;
	uint32_t itt;

	while ((a = STAILQ_FIRST(&c->answers)))
		free_answer(c, a);
	while ((t = map_next(&c->tasks, 0, &itt))) {
		map_remove(&c->tasks, itt);
		t->conn = NULL;
		/* One that the store works on comes back by command_stored(). */
		if (t->io.is_write && t->got < t->io.len)
			command_free(f, t);
	}
	map_fini(&c->tasks);
	free(c->stage);
	close(c->fd);
	free(c);
}

void conn_flush_all(struct floor *f)
{
	struct conn *c;

	while ((c = SLIST_FIRST(&f->dirty))) {
		SLIST_REMOVE_HEAD(&f->dirty, dirty);
		c->is_dirty = false;
		flush(c);
		if (c->is_over)
			close_conn(c);
	}
}

void conn_accept(struct floor *f)
{
	int fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
	struct epoll_event e = { .events = EPOLLIN };
	struct conn *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return;
	c->floor = f;
	c->fd = fd;
	c->max_pdu = 8192;
	c->statsn = 1;
	map_init(&c->tasks);
	STAILQ_INIT(&c->answers);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	e.data.ptr = c;
	epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- receiving ---- */

static struct stage *take_stage(struct floor *f)
{
	struct stage *s = SLIST_FIRST(&f->free_stages);

	if (s)
		SLIST_REMOVE_HEAD(&f->free_stages, link);
	else
		s = malloc(sizeof(*s) + STAGE_LEN);
	if (!s)
		abort();
	return s;
}

static bool digest_fits(const uint8_t *at, size_t len)
{
	return digest_matches(crc32c_add(CRC32C_START, at, len), at + len);
}

/* Take one PDU out of the stage. More than 0: its bytes; 0: it is not whole; -1: it is wrong. */
static long take_pdu(struct conn *c)
{
	const uint8_t *bhs = c->stage->bytes + c->start;
	size_t have = c->end - c->start, head, body = 0;
	uint32_t len;

	if (have < PDU_BHS_LEN)
		return 0;
	len = pdu_data_len(bhs);
	if (len > FLOOR_MAX_DATA)
		return -1;
	head = PDU_BHS_LEN + pdu_ahs_len(bhs);
	if (len)
		body = len + pdu_pad(len) + (c->data_digest ? PDU_DIGEST_LEN : 0);
	if (have < head + (c->header_digest ? PDU_DIGEST_LEN : 0) + body)
		return 0;
	if (c->header_digest && !digest_fits(bhs, head))
		return -1;
	head += c->header_digest ? PDU_DIGEST_LEN : 0;
	if (c->data_digest && body && !digest_fits(bhs + head, body - PDU_DIGEST_LEN))
		return -1;
	return command_pdu(c, bhs, bhs + head, len) ? (long)(head + body) : -1;
}

static void take_pdus(struct conn *c)
{
	long n;

	while (!c->is_over && (n = take_pdu(c)) != 0) {
		if (n < 0) {
			c->is_over = true;
			break;
		}
		c->start += (size_t)n;
	}
	if (c->start == c->end) {
		SLIST_INSERT_HEAD(&c->floor->free_stages, c->stage, link);
		c->stage = NULL;
		c->start = c->end = 0;
	} else if (STAGE_LEN - c->start < (size_t)2 * PDU_MAX) {
		memmove(c->stage->bytes, c->stage->bytes + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
}

static void receive(struct conn *c)
{
	ssize_t n;

	if (!c->stage)
		c->stage = take_stage(c->floor);
	n = recv(c->fd, c->stage->bytes + c->end, STAGE_LEN - c->end, 0);
	if (n > 0) {
		c->end += (size_t)n;
		take_pdus(c);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->is_over = true;
	}
}

void conn_event(struct conn *c, uint32_t events)
{
	if (events & EPOLLOUT)
		mark_dirty(c);
	if (events & ~(uint32_t)EPOLLOUT)
		receive(c);
	if (c->is_over)
		mark_dirty(c);
}
