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

	/* what it takes to cut the same PDUs again (11.16) */
	uint32_t max_pdu;      /* bytes; 0: nothing is cut yet */
	uint32_t first_datasn; /* the first one that was cut so … */
	uint32_t first_offset; /* … where it began … */
	uint32_t
		first_burst; /* … and bytes left of its sequence then; 0: it was the first of one */
	uint32_t acked;      /* the initiator has all before this DataSN for good … */
	uint32_t acked_offset; /* … and all bytes before this one */
};

/* What a Data-In is cut from, and to which sizes. */
struct datain_source {
	const uint8_t *data;
	uint32_t len;       /* bytes of data in all */
	uint32_t max_pdu;   /* bytes: the initiator's MaxRecvDataSegmentLength */
	uint32_t max_burst; /* bytes: MaxBurstLength */
	uint32_t itt;
	bool acks;            /* each sequence but the last is to be acknowledged (A bit) */
	const uint8_t *lun;   /* with acks */
	bool status;          /* the last PDU carries GOOD status: … */
	uint8_t status_flags; /* … with these residual flags … */
	uint32_t residual;    /* … and this count, bytes */
};

/*
 * Make the next Data-In. True: it was the last of the data.
 * d is all zero at first. The F bit ends each sequence of max_burst bytes.
 */
bool datain_next(struct datain *d, const struct datain_source *src, struct tx_pdu *pdu);

/*
 * Set again to where the PDU with that DataSN was cut, so that datain_next() makes it once more,
 * and those behind it. False: it was never cut, or is acknowledged, or the initiator's
 * MaxRecvDataSegmentLength has changed since (11.16.3).
 */
bool datain_seek(const struct datain *d, const struct datain_source *src, uint32_t datasn,
		 struct datain *again);

/* The initiator has all before datasn for good (11.16.2). False: that makes no sense. */
bool datain_ack(struct datain *d, const struct datain_source *src, uint32_t datasn);

/* The initiator has thrown away all that is not acknowledged: cutting begins anew behind that. */
void datain_rewind(struct datain *d);

#endif
