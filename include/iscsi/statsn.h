/*
 * The ledger of a connection: answers that were sent, and that the initiator has not acknowledged
 * by ExpStatSN (RFC 7143, 4.2.2.2). Pure: it knows numbers, not what an answer is. Entries come
 * and go in the order of StatSN. Used at error recovery level 1 and 2 only.
 */
#ifndef ISCSI_STATSN_H
#define ISCSI_STATSN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;

/* Lent from statsn_add() until acked(). */
struct statsn_entry {
	uint32_t statsn;
	bool is_in;                                            /* is in a ledger */
	void (*acked)(struct statsn_entry *e);                 /* it is the owner's again */
	bool (*again)(struct statsn_entry *e, struct conn *c); /* say it on c once more; false: it
								  cannot be */
	TAILQ_ENTRY(statsn_entry) link;
};

struct statsn {
	TAILQ_HEAD(statsn_list, statsn_entry) entries;
	uint32_t n;
};

void statsn_init(struct statsn *l);

/* The answer with that StatSN has left, behind all others. */
void statsn_add(struct statsn *l, struct statsn_entry *e, uint32_t statsn);

/* Take it out; acked() is not called. Fine when it is not in. */
void statsn_remove(struct statsn *l, struct statsn_entry *e);

/* ExpStatSN: all before it is acknowledged. acked() of each. */
void statsn_ack(struct statsn *l, uint32_t expstatsn);

/* The connection is gone: acked() of all. */
void statsn_fini(struct statsn *l);

#endif
