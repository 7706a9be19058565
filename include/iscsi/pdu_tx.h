/*
 * PDUs → bytes. A sender makes its PDUs one by one, only when they are about to
 * leave; they are stamped with StatSN, ExpCmdSN and MaxCmdSN then, and digested.
 * Data is pointed to, never copied. No socket here: whoever has one pulls
 * pdu_tx_iov() and reports with pdu_tx_commit().
 */
#ifndef ISCSI_PDU_TX_H
#define ISCSI_PDU_TX_H

#include "wire/pdu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

struct cmdsn;
struct tx_sender;

/* How a PDU takes part in the numbering of statuses (4.2.2.2). */
enum tx_statsn {
	TX_STATSN_TAKES, /* carries a status: has a StatSN of its own */
	TX_STATSN_NEXT, /* shows the next StatSN, does not take it (R2T, NOP-In of the target's own)
			 */
	TX_STATSN_GIVEN, /* is said once more: has the StatSN that the sender wrote into its header
			  */
	TX_STATSN_NONE,  /* the field is reserved (Data-In without status) */
};

/* A PDU made and not wholly gone. */
struct tx_pdu {
	/* filled by the sender's next() */
	uint8_t bhs[PDU_BHS_LEN];
	const uint8_t *data; /* borrowed until sent() of its sender */
	uint32_t data_len;   /* bytes */
	enum tx_statsn statsn;

	/* pdu_tx's own */
	uint8_t header_digest[PDU_DIGEST_LEN];
	uint8_t tail[4 + PDU_DIGEST_LEN]; /* padding, data digest */
	uint8_t tail_len;
	bool has_header_digest;
	bool is_last;         /* of its sender */
	struct tx_sender *of; /* who made it; borrowed until sent() */
	STAILQ_ENTRY(tx_pdu) link;
};

struct tx_sender {
	/* Make the next PDU (zeroed but for its link). True: it was the last one. */
	bool (*next)(struct tx_sender *s, struct tx_pdu *pdu);
	/* All its PDUs are gone, or the connection is: gone tells which. The sender comes back to
	 * its owner. */
	void (*sent)(struct tx_sender *s, bool gone);
	bool queued;     /* is with pdu_tx */
	uint32_t statsn; /* of its last PDU that took one */
	STAILQ_ENTRY(tx_sender) link;
};

/* PDUs that wait for their next use, shared by all connections of a server. */
struct tx_pool {
	STAILQ_HEAD(, tx_pdu) free;
};

struct pdu_tx {
	struct tx_pool *pool; /* borrowed */
	struct cmdsn *window; /* borrowed: the session's; NULL: none yet (PDUs are made with their
				 numbers) */
	uint32_t statsn;      /* the next StatSN */
	bool header_digest;
	bool data_digest;
	size_t offset;  /* bytes of the first PDU that are gone */
	size_t waiting; /* senders in the queue */
	STAILQ_HEAD(, tx_sender) senders;
	STAILQ_HEAD(, tx_pdu) pdus; /* made, and not wholly gone */
};

void tx_pool_init(struct tx_pool *p);
void tx_pool_fini(struct tx_pool *p);

void pdu_tx_init(struct pdu_tx *tx, struct tx_pool *pool);

/* The connection is gone: every sender comes back with gone set; nothing is queued. */
void pdu_tx_reset(struct pdu_tx *tx);

/* Queue a sender; it is lent until sent(). One that is queued already stays where it is. */
void pdu_tx_add(struct pdu_tx *tx, struct tx_sender *s);

/*
 * Take a sender back that shall make no more PDUs. False: some that it made must still
 * leave; sent() will come behind them.
 */
bool pdu_tx_remove(struct pdu_tx *tx, struct tx_sender *s);

/* The len bytes that s pointed its PDUs to are elsewhere now: so do those made and not yet gone. */
void pdu_tx_moved(struct pdu_tx *tx, const struct tx_sender *s, const uint8_t *from, size_t len,
		  const uint8_t *to);

/* Is there something to send? */
bool pdu_tx_has(const struct pdu_tx *tx);

/*
 * Make PDUs until the iovec (max entries, at least 8) or the budget (bytes) is full, and
 * point to all of them. Returns the number of entries; 0: nothing to send.
 * Fewer than there could be when memory for a PDU is short.
 */
int pdu_tx_iov(struct pdu_tx *tx, struct iovec *iov, int max, size_t budget);

/* n bytes of the last pdu_tx_iov() are gone. Calls sent() of the senders that are done. */
void pdu_tx_commit(struct pdu_tx *tx, size_t n);

#endif
