/* SNACK requests and acknowledgements (RFC 7143, 11.16). Error recovery level 1 and 2 only. */
#ifndef ISCSI_SNACK_H
#define ISCSI_SNACK_H

#include "wire/pdu.h"

#include <stdint.h>

struct conn;

/* A request has said ExpStatSN: what is before it is not kept any longer. */
void snack_acked(struct conn *c, uint32_t expstatsn);

/* Do what a SNACK asks for, or reject it. */
void snack_start(struct conn *c, const struct pdu_snack *req,
		 const uint8_t bhs[static PDU_BHS_LEN]);

#endif
