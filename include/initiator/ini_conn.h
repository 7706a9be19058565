/*
 * The lower level of the initiator: a TCP connection that sends any PDU, right or
 * wrong, and receives one PDU at a time. It knows lengths, padding and digests,
 * and nothing of sessions, numbers or what a PDU is for.
 *
 * The socket does not block; every wait is a poll() with a time limit in ms (-1:
 * none, 0: only what is there). What is queued is sent with as few calls as
 * possible: by ini_conn_flush(), or on the way when something is received.
 */
#ifndef INITIATOR_INI_CONN_H
#define INITIATOR_INI_CONN_H

#include "wire/pdu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to do wrong with a PDU. */
#define INI_BAD_HEADER_DIGEST 0x1 /* one bit of it is flipped */
#define INI_BAD_DATA_DIGEST   0x2
#define INI_KEEP_LENGTHS      0x4 /* the lengths in the header stay as they are, true or not */

struct ini_pdu {
	uint8_t bhs[PDU_BHS_LEN]; /* lengths are filled in when it is sent */
	const uint8_t *ahs;       /* borrowed; received: until the next receive or flush */
	uint32_t ahs_len;         /* bytes, a multiple of four */
	const uint8_t *data;      /* borrowed; received: until the next receive or flush */
	uint32_t data_len;        /* bytes, without padding */
	unsigned int faults;      /* set of INI_…; sending only */
	bool lends_data;          /* sending: data is not copied, it stays until it is sent */
};

/* A queue of bytes: at[start] to at[end - 1]. */
struct ini_bytes {
	uint8_t *at; /* owns */
	size_t size;
	size_t start;
	size_t end;
};

/* Data that is sent from where it is: it follows so many bytes of the queue. */
struct ini_lent {
	size_t queued; /* bytes of the queue after the piece before, not sent yet */
	const uint8_t *data;
	size_t len; /* bytes not sent yet */
};

struct ini_conn {
	int fd; /* -1: closed */
	bool header_digest;
	bool data_digest;
	bool at_end;       /* the peer has ended its direction, or reset the connection */
	bool write_failed; /* nothing can be sent any more; what came can still be read */
	struct ini_bytes tx;
	struct ini_bytes rx;
	struct ini_lent *lent; /* owns; lent[lent_start] to lent[lent_end - 1] */
	size_t lent_size;
	size_t lent_start;
	size_t lent_end;
	size_t lent_queued; /* bytes: the sum of all queued */
};

/* A closed connection. */
void ini_conn_init(struct ini_conn *c);

/* Connect to host and port (name or number). 0; -ETIMEDOUT; -errno; -EHOSTUNREACH: no such name. */
int ini_conn_open(struct ini_conn *c, const char *host, const char *port, int timeout_ms);

/* Close and forget everything queued; the connection can be opened again. */
void ini_conn_close(struct ini_conn *c);

/* The same, but the peer gets a reset, not an orderly end. */
void ini_conn_reset(struct ini_conn *c);

/* Tell the peer that nothing more will be sent; receiving goes on. */
void ini_conn_end(struct ini_conn *c);

/*
 * Lay out pdu behind what is queued already: header, AHS, header digest, data,
 * padding, data digest. Everything is copied, but for data that is lent. 0 or -ENOMEM.
 */
int ini_conn_queue(struct ini_conn *c, const struct ini_pdu *pdu);

/* Queue bytes as they are. 0 or -ENOMEM. */
int ini_conn_queue_bytes(struct ini_conn *c, const void *bytes, size_t len);

/*
 * Send all that is queued; what comes meanwhile is kept for ini_conn_recv().
 * 0; -ETIMEDOUT; -ECONNRESET: the peer does not take it any more; -ENOMEM.
 */
int ini_conn_flush(struct ini_conn *c, int timeout_ms);

/* ini_conn_queue() and ini_conn_flush(). */
int ini_conn_send(struct ini_conn *c, const struct ini_pdu *pdu, int timeout_ms);

/* ini_conn_queue_bytes() and ini_conn_flush(). */
int ini_conn_send_bytes(struct ini_conn *c, const void *bytes, size_t len, int timeout_ms);

/*
 * Take the next PDU, sending what is queued meanwhile. 0; -ETIMEDOUT; -ECONNRESET:
 * the peer has closed or reset the connection, and no whole PDU is left;
 * -EBADMSG: a digest does not match (the PDU is taken all the same); -ENOMEM.
 */
int ini_conn_recv(struct ini_conn *c, struct ini_pdu *pdu, int timeout_ms);

/*
 * The three below never wait: they are for a caller that watches many connections.
 */

/* Send with one call. 0: nothing is left; -EAGAIN: come back when it is writable; -ECONNRESET. */
int ini_conn_push(struct ini_conn *c);

/* Receive what is there, with one call. 0; -EAGAIN: nothing; -ECONNRESET: the end; -ENOMEM. */
int ini_conn_pull(struct ini_conn *c);

/* Take the next PDU of what has been received. 0; -EAGAIN: it is not whole yet; -EBADMSG. */
int ini_conn_take(struct ini_conn *c, struct ini_pdu *pdu);

#endif
