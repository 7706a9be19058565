/* Full feature phase: one table row for each opcode (RFC 7143, 11). */
#ifndef ISCSI_FULL_H
#define ISCSI_FULL_H

#include "iscsi/pdu_rx.h"

struct conn;

/* A header with a data segment behind it: where does that go? */
enum pdu_rx_verdict full_header(struct conn *c, const struct pdu_in *pdu,
				struct pdu_rx_place *place);

/* A whole PDU. */
enum pdu_rx_verdict full_pdu(struct conn *c, const struct pdu_in *pdu);

/* Ask the initiator for a sign of life (11.19): a NOP-In that it answers. */
void full_ping(struct conn *c);

#endif
