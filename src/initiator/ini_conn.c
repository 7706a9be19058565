#include "initiator/ini_conn.h"

#include "base/crc32c.h"
#include "wire/digest.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define RX_ROOM      65536        /* bytes: room for one recv() at least */
#define PDU_OVERHEAD (3u + 2 * 4) /* bytes: padding and both digests at most */
#define TX_IOV       256          /* pieces in one sendmsg() */
#define LENT_ROOM    64           /* pieces of lent data at first */
#define PUSH_MAX     262144 /* bytes of one ini_conn_push(): other connections wait no longer */

/* ---- time limits ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The time at which to give up; -1: never. */
static int64_t deadline_of(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
}

/* 0: ready (or a signal came); -ETIMEDOUT; -errno. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = deadline < 0 ? -1 : deadline - now_ms();
	int n;

	if (deadline >= 0 && left < 0)
		left = 0;
	n = poll(&p, 1, (int)left);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* ---- queues of bytes ---- */

static size_t bytes_len(const struct ini_bytes *b)
{
	return b->end - b->start;
}

/* Make room for want bytes behind the end. 0 or -ENOMEM. */
static int bytes_room(struct ini_bytes *b, size_t want)
{
	size_t len = bytes_len(b), size = b->size ? b->size : (size_t)RX_ROOM * 4;
	uint8_t *at;

	if (b->size - b->end >= want)
		return 0;
	if (len)
		memmove(b->at, b->at + b->start, len);
	b->start = 0;
	b->end = len;
	while (size - len < want)
		size *= 2;
	if (size == b->size)
		return 0;
	at = realloc(b->at, size);
	if (!at)
		return -ENOMEM;
	b->at = at;
	b->size = size;
	return 0;
}

static void bytes_add(struct ini_bytes *b, const void *bytes, size_t len)
{
	if (len)
		memcpy(b->at + b->end, bytes, len);
	b->end += len;
}

static void bytes_take(struct ini_bytes *b, size_t len)
{
	b->start += len;
	if (b->start == b->end)
		b->start = b->end = 0;
}

static void bytes_free(struct ini_bytes *b)
{
	free(b->at);
	*b = (struct ini_bytes){ 0 };
}

/* ---- opening and closing ---- */

void ini_conn_init(struct ini_conn *c)
{
	*c = (struct ini_conn){ .fd = -1 };
}

static int connect_to(const struct addrinfo *ai, int64_t deadline, int *out)
{
	socklen_t len = sizeof(int);
	int fd, one = 1, err = 0;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		err = errno == EINPROGRESS ? wait_for(fd, POLLOUT, deadline) : -errno;
		if (!err && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0)
			err = -err;
	}
	if (err) {
		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}

int ini_conn_open(struct ini_conn *c, const char *host, const char *port, int timeout_ms)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	int64_t deadline = deadline_of(timeout_ms);
	int err = -EHOSTUNREACH;

	ini_conn_close(c);
	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -EHOSTUNREACH;
	for (ai = list; ai; ai = ai->ai_next) {
		err = connect_to(ai, deadline, &c->fd);
		if (!err)
			break;
	}
	freeaddrinfo(list);
	return err;
}

void ini_conn_close(struct ini_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	bytes_free(&c->tx);
	bytes_free(&c->rx);
	free(c->lent);
	ini_conn_init(c);
}

void ini_conn_reset(struct ini_conn *c)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (c->fd >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	ini_conn_close(c);
}

void ini_conn_end(struct ini_conn *c)
{
	if (c->fd >= 0)
		shutdown(c->fd, SHUT_WR);
}

/* ---- sending ---- */

/* A digest of the len bytes at data, with a bit flipped if it shall be bad. */
static void add_digest(struct ini_bytes *tx, const uint8_t *data, size_t len, bool bad)
{
	uint8_t digest[PDU_DIGEST_LEN];

	digest_put(digest, data, len);
	if (bad)
		digest[0] ^= 1;
	bytes_add(tx, digest, sizeof(digest));
}

/* Note that data follows what is queued. 0 or -ENOMEM. */
static int lend(struct ini_conn *c, const uint8_t *data, size_t len)
{
	size_t n = c->lent_end - c->lent_start, queued = bytes_len(&c->tx) - c->lent_queued;
	struct ini_lent *lent;

	if (c->lent_end == c->lent_size && c->lent_start) {
		memmove(c->lent, c->lent + c->lent_start, n * sizeof(*c->lent));
		c->lent_start = 0;
		c->lent_end = n;
	} else if (c->lent_end == c->lent_size) {
		lent = reallocarray(c->lent, n ? n * 2 : LENT_ROOM, sizeof(*lent));
		if (!lent)
			return -ENOMEM;
		c->lent = lent;
		c->lent_size = n ? n * 2 : LENT_ROOM;
	}
	c->lent[c->lent_end++] = (struct ini_lent){ .queued = queued, .data = data, .len = len };
	c->lent_queued += queued;
	return 0;
}

int ini_conn_queue(struct ini_conn *c, const struct ini_pdu *pdu)
{
	static const uint8_t zeros[4] = { 0 };
	size_t copied = pdu->lends_data ? 0 : pdu->data_len;
	size_t most = PDU_BHS_LEN + (size_t)pdu->ahs_len + copied + PDU_OVERHEAD;
	struct ini_bytes *tx = &c->tx;
	uint8_t *bhs;

	if (bytes_room(tx, most) < 0)
		return -ENOMEM;
	bhs = tx->at + tx->end;
	bytes_add(tx, pdu->bhs, PDU_BHS_LEN);
	if (!(pdu->faults & INI_KEEP_LENGTHS)) {
		pdu_set_ahs_len(bhs, pdu->ahs_len);
		bhs[5] = (uint8_t)(pdu->data_len >> 16);
		bhs[6] = (uint8_t)(pdu->data_len >> 8);
		bhs[7] = (uint8_t)pdu->data_len;
	}
	bytes_add(tx, pdu->ahs, pdu->ahs_len);
	if (c->header_digest)
		add_digest(tx, bhs, PDU_BHS_LEN + pdu->ahs_len,
			   pdu->faults & INI_BAD_HEADER_DIGEST);
	if (!pdu->data_len)
		return 0;
	bytes_add(tx, pdu->data, copied);
	if (pdu->lends_data && lend(c, pdu->data, pdu->data_len) < 0)
		return -ENOMEM;
	bytes_add(tx, zeros, pdu_pad(pdu->data_len));
	if (c->data_digest)
		add_digest(tx, pdu->data, pdu->data_len, pdu->faults & INI_BAD_DATA_DIGEST);
	return 0;
}

int ini_conn_queue_bytes(struct ini_conn *c, const void *bytes, size_t len)
{
	if (bytes_room(&c->tx, len) < 0)
		return -ENOMEM;
	bytes_add(&c->tx, bytes, len);
	return 0;
}

static bool has_unsent(const struct ini_conn *c)
{
	return bytes_len(&c->tx) || c->lent_start < c->lent_end;
}

/* Point iov to what is to be sent, lent data in its place. How many were filled. */
static size_t point_to_unsent(const struct ini_conn *c, struct iovec iov[static TX_IOV])
{
	uint8_t *at = c->tx.at + c->tx.start;
	size_t i, n = 0;

	for (i = c->lent_start; i < c->lent_end && n + 2 <= TX_IOV; i++) {
		const struct ini_lent *l = &c->lent[i];

		iov[n++] = (struct iovec){ .iov_base = at, .iov_len = l->queued };
		iov[n++] = (struct iovec){ .iov_base = (void *)l->data, .iov_len = l->len };
		at += l->queued;
	}
	if (i == c->lent_end && n < TX_IOV)
		iov[n++] = (struct iovec){ .iov_base = at,
					   .iov_len = bytes_len(&c->tx) - c->lent_queued };
	return n;
}

/* n bytes have left. */
static void take_sent(struct ini_conn *c, size_t n)
{
	struct ini_lent *l;
	size_t part;

	for (; n && c->lent_start < c->lent_end; c->lent_start++) {
		l = &c->lent[c->lent_start];
		part = n < l->queued ? n : l->queued;
		bytes_take(&c->tx, part);
		l->queued -= part;
		c->lent_queued -= part;
		n -= part;
		part = n < l->len ? n : l->len;
		l->data += part;
		l->len -= part;
		n -= part;
		if (l->queued || l->len)
			return;
	}
	if (c->lent_start == c->lent_end)
		c->lent_start = c->lent_end = 0;
	bytes_take(&c->tx, n);
}

/* Leave out of iov what is beyond most bytes. How many are left. */
static size_t cut(struct iovec *iov, size_t n, size_t most)
{
	size_t i;

	for (i = 0; i < n && most; i++) {
		if (iov[i].iov_len > most)
			iov[i].iov_len = most;
		most -= iov[i].iov_len;
	}
	return i;
}

/* Send what the socket takes now: SIZE_MAX, or most bytes with one call. */
static void write_some(struct ini_conn *c, size_t most)
{
	struct iovec iov[TX_IOV];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	while (has_unsent(c) && !c->write_failed) {
		msg.msg_iovlen = cut(iov, point_to_unsent(c, iov), most);
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n >= 0)
			take_sent(c, (size_t)n);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			c->write_failed = true;
		if (most != SIZE_MAX)
			return;
	}
}

/* Read what is there. More than 0 bytes; -EAGAIN: nothing; -ECONNRESET: the end; -ENOMEM. */
static int read_some(struct ini_conn *c)
{
	ssize_t n;

	if (c->at_end)
		return -ECONNRESET;
	if (bytes_room(&c->rx, RX_ROOM) < 0)
		return -ENOMEM;
	n = recv(c->fd, c->rx.at + c->rx.end, c->rx.size - c->rx.end, 0);
	if (n > 0) {
		c->rx.end += (size_t)n;
		return 1;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	c->at_end = true;
	return -ECONNRESET;
}

int ini_conn_flush(struct ini_conn *c, int timeout_ms)
{
	int64_t deadline = deadline_of(timeout_ms);
	short events;
	int err;

	for (;;) {
		if (c->fd < 0 || c->write_failed)
			return -ECONNRESET;
		write_some(c, SIZE_MAX);
		if (c->write_failed)
			continue;
		if (!has_unsent(c))
			return 0;
		/* A peer that waits for us to read before it reads must not hang us. */
		if (read_some(c) == -ENOMEM)
			return -ENOMEM;
		events = c->at_end ? POLLOUT : POLLOUT | POLLIN;
		err = wait_for(c->fd, events, deadline);
		if (err)
			return err;
	}
}

int ini_conn_send(struct ini_conn *c, const struct ini_pdu *pdu, int timeout_ms)
{
	int err = ini_conn_queue(c, pdu);

	return err ? err : ini_conn_flush(c, timeout_ms);
}

int ini_conn_send_bytes(struct ini_conn *c, const void *bytes, size_t len, int timeout_ms)
{
	int err = ini_conn_queue_bytes(c, bytes, len);

	return err ? err : ini_conn_flush(c, timeout_ms);
}

/* ---- receiving ---- */

static bool digest_fits(const uint8_t *data, size_t len)
{
	return digest_matches(crc32c_add(CRC32C_START, data, len), data + len);
}

int ini_conn_take(struct ini_conn *c, struct ini_pdu *pdu)
{
	const uint8_t *at = c->rx.at + c->rx.start;
	size_t have = bytes_len(&c->rx), head, body = 0;

	if (have < PDU_BHS_LEN)
		return -EAGAIN;
	*pdu = (struct ini_pdu){ .ahs_len = pdu_ahs_len(at), .data_len = pdu_data_len(at) };
	head = PDU_BHS_LEN + pdu->ahs_len + (c->header_digest ? PDU_DIGEST_LEN : 0);
	if (pdu->data_len)
		body = pdu->data_len + pdu_pad(pdu->data_len) +
		       (c->data_digest ? PDU_DIGEST_LEN : 0);
	if (have < head + body)
		return -EAGAIN;
	memcpy(pdu->bhs, at, PDU_BHS_LEN);
	pdu->ahs = at + PDU_BHS_LEN;
	pdu->data = at + head;
	bytes_take(&c->rx, head + body);
	if (c->header_digest && !digest_fits(at, PDU_BHS_LEN + pdu->ahs_len))
		return -EBADMSG;
	if (c->data_digest && body && !digest_fits(pdu->data, body - PDU_DIGEST_LEN))
		return -EBADMSG;
	return 0;
}

int ini_conn_recv(struct ini_conn *c, struct ini_pdu *pdu, int timeout_ms)
{
	int64_t deadline = deadline_of(timeout_ms);
	short events;
	int err;

	if (c->fd < 0)
		return -ECONNRESET;
	for (;;) {
		write_some(c, SIZE_MAX);
		err = ini_conn_take(c, pdu);
		if (err != -EAGAIN)
			return err;
		err = read_some(c);
		if (err > 0)
			continue;
		if (err != -EAGAIN)
			return err;
		events = has_unsent(c) && !c->write_failed ? POLLIN | POLLOUT : POLLIN;
		err = wait_for(c->fd, events, deadline);
		if (err)
			return err;
	}
}

/* ---- without waiting ---- */

int ini_conn_push(struct ini_conn *c)
{
	if (c->fd < 0)
		return -ECONNRESET;
	write_some(c, PUSH_MAX);
	if (c->write_failed)
		return -ECONNRESET;
	return has_unsent(c) ? -EAGAIN : 0;
}

int ini_conn_pull(struct ini_conn *c)
{
	int err = c->fd < 0 ? -ECONNRESET : read_some(c);

	return err > 0 ? 0 : err;
}
