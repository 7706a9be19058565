#include "iscsi/datain.h"

#include <assert.h>
#include <string.h>

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Remember from where on PDUs are of that size. */
static void note_size(struct datain *d, uint32_t max_pdu)
{
	if (d->max_pdu == max_pdu)
		return;
	d->max_pdu = max_pdu;
	d->first_datasn = d->datasn;
	d->first_offset = d->offset;
	d->first_burst = d->burst;
}

bool datain_next(struct datain *d, const struct datain_source *src, struct tx_pdu *pdu)
{
	struct pdu_data_in in = { .itt = src->itt, .ttt = PDU_TAG_RESERVED };
	bool last;

	assert(d->offset < src->len);
	note_size(d, src->max_pdu);
	if (d->burst == 0)
		d->burst = src->max_burst;
	in.offset = d->offset;
	in.datasn = d->datasn++;
	in.data_len = min32(min32(src->max_pdu, d->burst), src->len - d->offset);
	d->offset += in.data_len;
	d->burst -= in.data_len;
	last = d->offset == src->len;
	if (last || d->burst == 0)
		in.flags |= PDU_FINAL;
	if (src->acks && !last && d->burst == 0) {
		in.flags |= PDU_DATA_IN_ACK;
		in.ttt = src->itt; /* any value; this one says whose it is */
		memcpy(in.lun, src->lun, PDU_LUN_LEN);
	}
	if (last && src->status) {
		in.flags |= PDU_DATA_IN_STATUS | src->status_flags;
		in.residual = src->residual;
	}
	pdu_put_data_in(pdu->bhs, &in);
	pdu->data = src->data + in.offset;
	pdu->data_len = in.data_len;
	pdu->statsn = last && src->status ? TX_STATSN_TAKES : TX_STATSN_NONE;
	return last;
}

/* PDUs that len bytes of a sequence are cut into. */
static uint32_t pdus_of(const struct datain *d, uint32_t len)
{
	return len / d->max_pdu + (len % d->max_pdu > 0);
}

bool datain_seek(const struct datain *d, const struct datain_source *src, uint32_t datasn,
		 struct datain *again)
{
	uint32_t n = datasn - d->first_datasn;
	uint32_t burst = src->max_burst;
	uint32_t offset = d->first_offset;

	if (datasn < d->acked || datasn < d->first_datasn || datasn >= d->datasn ||
	    d->max_pdu != src->max_pdu)
		return false;
	if (d->first_burst && n < pdus_of(d, d->first_burst)) {
		burst = d->first_burst;
	} else {
		n -= pdus_of(d, d->first_burst);
		offset += d->first_burst + n / pdus_of(d, burst) * burst;
		n %= pdus_of(d, burst);
	}
	*again = *d;
	again->datasn = datasn;
	again->offset = offset + n * d->max_pdu;
	again->burst = burst - n * d->max_pdu;
	return true;
}

bool datain_ack(struct datain *d, const struct datain_source *src, uint32_t datasn)
{
	struct datain at;

	if (datasn < d->acked || datasn > d->datasn)
		return false;
	if (datasn == d->datasn)
		at = *d;
	else if (!datain_seek(d, src, datasn, &at))
		return false;
	d->acked = datasn;
	d->acked_offset = at.offset;
	return true;
}

void datain_rewind(struct datain *d)
{
	d->datasn = d->acked;
	d->offset = d->acked_offset;
	d->burst = 0;
	d->max_pdu = 0;
}
