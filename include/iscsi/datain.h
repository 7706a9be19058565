/* Data-In: the data of a read, cut into PDUs only when they leave (RFC 7143, 11.7). */
#ifndef ISCSI_DATAIN_H
#define ISCSI_DATAIN_H

#include "iscsi/pdu_tx.h"

#include <stdbool.h>
#include <stdint.h>

struct datain {
	uint32_t offset; /* bytes already cut */
	uint32_t burst;  /* bytes left of this sequence (MaxBurstLength) */
	uint32_t datasn; /* the next DataSN: in the end the number of Data-In PDUs */
};

/* What a Data-In is cut from, and to which sizes. */
struct datain_source {
	const uint8_t *data;
	uint32_t len;       /* bytes of data in all */
	uint32_t max_pdu;   /* bytes: the initiator's MaxRecvDataSegmentLength */
	uint32_t max_burst; /* bytes: MaxBurstLength */
	uint32_t itt;
	bool status;          /* the last PDU carries GOOD status: … */
	uint8_t status_flags; /* … with these residual flags … */
	uint32_t residual;    /* … and this count, bytes */
};

/*
 * Make the next Data-In. True: it was the last of the data.
 * d is all zero at first. The F bit ends each sequence of max_burst bytes.
 */
bool datain_next(struct datain *d, const struct datain_source *src, struct tx_pdu *pdu);

#endif
