/* PDUs in the order of their CmdSN (RFC 7143, 4.2.2.1): those that are not SCSI commands. */
#ifndef ISCSI_ORDER_H
#define ISCSI_ORDER_H

#include "iscsi/pdu_rx.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct session;

typedef void order_run_fn(struct conn *c, const struct pdu_in *pdu);

/*
 * Run a numbered PDU when its turn comes: at once when it is immediate or the next; a copy of it
 * later when others are missing before it; never when it is outside of the window.
 */
void order_pdu(struct conn *c, const struct pdu_in *pdu, order_run_fn *run);

/* Somebody who waits until every command before a CmdSN has come. */
struct order_wait {
	uint32_t cmdsn;
	void (*ready)(struct order_wait *w);
	TAILQ_ENTRY(order_wait) link; /* session->awaiting */
};

/*
 * Wait for that, in which case w is lent until ready() or order_wait_stop(). False: there is
 * nothing to wait for, or the number is none that this session could come to soon.
 */
bool order_wait_start(struct session *s, struct order_wait *w, uint32_t cmdsn);
void order_wait_stop(struct session *s, struct order_wait *w);

/* The next number was just used up: run what waited for that. */
void order_drain(struct session *s);

/*
 * c is going, or logged out: what came by it and waits for its turn is discarded (RFC 7143, 11.14),
 * and leaves its CmdSN to be sent again.
 */
void order_orphan(struct session *s, const struct conn *c);

/* A command that will not come any more: its number counts as used when its turn is there. */
void order_fill(struct session *s, uint32_t cmdsn);

#endif
