#include "iscsi/datain.h"

#include <assert.h>

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

bool datain_next(struct datain *d, const struct datain_source *src, struct tx_pdu *pdu)
{
	struct pdu_data_in in = { .itt = src->itt, .ttt = PDU_TAG_RESERVED };
	bool last;

	assert(d->offset < src->len);
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
