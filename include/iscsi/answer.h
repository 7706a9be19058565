/* A PDU of its own, with its own data: everything the target says that is not a task's. */
#ifndef ISCSI_ANSWER_H
#define ISCSI_ANSWER_H

#include "iscsi/pdu_tx.h"
#include "iscsi/statsn.h"
#include "wire/pdu.h"

#include <stdint.h>

struct conn;

struct answer {
	struct tx_sender tx;
	struct conn *conn; /* where it is said; borrowed */
	uint8_t bhs[PDU_BHS_LEN];
	enum tx_statsn statsn; /* TX_STATSN_TAKES unless changed */
	uint32_t data_len;     /* bytes */
	bool is_acked;         /* while it is said once more */
	struct statsn_entry entry;
	uint8_t data[];
};

/* data_len: bytes to fill in. NULL: no memory. The caller owns it until answer_send(). */
struct answer *answer_new(uint32_t data_len);

/* Hand it to the connection, which frees it when it is gone, or acknowledged where that counts. */
void answer_send(struct conn *c, struct answer *a);

/*
 * The answer to a logout: it is said on `on` when every task allegiant to c is over, or every one
 * of the session when c->session->closing is c. c->parting keeps it until then.
 */
void answer_part(struct conn *c, struct conn *on, struct answer *a);

/* A task of c is over: send what waited for the last one. */
void answer_settle(struct conn *c);

/* c is going: what waited for that is said on other connections; what was to be said on c is not.
 */
void answer_orphan(struct conn *c);

/* Reject a PDU (11.17): its header goes back with the reason. */
void answer_reject(struct conn *c, enum pdu_reject_reason reason,
		   const uint8_t bhs[static PDU_BHS_LEN]);

#endif
