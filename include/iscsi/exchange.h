/*
 * Text requests in full feature phase (RFC 7143, 11.10, 11.11): negotiation and
 * SendTargets, over as many PDUs as it takes, one exchange at a time.
 */
#ifndef ISCSI_EXCHANGE_H
#define ISCSI_EXCHANGE_H

#include "iscsi/pdu_rx.h"
#include "wire/pdu.h"

#include <stdbool.h>

struct conn;

/* A Text Request whose turn has come. data: req->data_len bytes, borrowed. */
void exchange_pdu(struct conn *c, const struct pdu_text_req *req,
		  const uint8_t bhs[static PDU_BHS_LEN], const uint8_t *data);

/*
 * Forget the exchange in progress when it has not gone on for limit_ms, or its request is not
 * whole after that time. Is one in progress still?
 */
bool exchange_check(struct conn *c, uint64_t now_ms, uint64_t limit_ms);

/* Forget the exchange in progress, if any. */
void exchange_free(struct conn *c);

#endif
