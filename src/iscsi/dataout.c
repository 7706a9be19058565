#include "iscsi/dataout.h"

#include <assert.h>
#include <string.h>

static uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void dataout_init(struct dataout *d, uint32_t immediate, bool more, uint32_t first_burst,
		  uint32_t edtl)
{
	uint32_t end = min32(first_burst, edtl);

	d->want = 0;
	d->asked = immediate;
	d->r2tsn = 0;
	d->arrived = 0;
	d->started = false;
	d->unsolicited = more;
	/* 11.4.7.2: more than FirstBurstLength in all makes that the amount that comes unsolicited.
	 */
	d->exact = edtl > first_burst;
	d->bad = DATAOUT_WHOLE;
	d->in_order = true;
	ranges_init(&d->come);
	ranges_add(&d->come, 0, immediate);
	d->nseq = 0;
	d->untold = 0;
	if (!d->unsolicited)
		return;
	d->seq[d->nseq++] = (struct dataout_seq){
		.ttt = PDU_TAG_RESERVED,
		.offset = immediate,
		.len = end - immediate,
	};
	d->asked = end;
}

void dataout_fini(struct dataout *d)
{
	if (d->come.r)
		ranges_fini(&d->come);
}

static void spoil(struct dataout *d, enum dataout_fault fault)
{
	if (!d->bad)
		d->bad = fault;
}

static struct dataout_seq *find(struct dataout *d, uint32_t ttt)
{
	uint8_t told = (uint8_t)(d->nseq - d->untold);
	uint8_t i;

	for (i = 0; i < told; i++) {
		if (d->seq[i].ttt == ttt)
			return &d->seq[i];
	}
	return NULL;
}

enum dataout_verdict dataout_place(struct dataout *d, const struct pdu_data_out *pdu)
{
	struct dataout_seq *seq = find(d, pdu->ttt);

	if (!seq)
		return DATAOUT_UNKNOWN;
	if (pdu->offset < seq->offset || pdu->offset - seq->offset > seq->len ||
	    pdu->data_len > seq->len - (pdu->offset - seq->offset)) {
		spoil(d, DATAOUT_AMOUNT);
		return DATAOUT_BEYOND;
	}
	/* A gap means that a PDU was lost (7.9); at level 0 it is not asked for again. */
	if (pdu->datasn != seq->datasn || (d->in_order && pdu->offset != seq->offset + seq->got))
		spoil(d, DATAOUT_LOST);
	return d->bad ? DATAOUT_SKIP : DATAOUT_TAKE;
}

static void end_sequence(struct dataout *d, struct dataout_seq *seq)
{
	uint32_t end = seq->offset + seq->got;

	if (seq->ttt == PDU_TAG_RESERVED) {
		d->unsolicited = false;
		d->asked = end;
		if (d->exact && seq->got < seq->len)
			spoil(d, DATAOUT_AMOUNT);
	} else if (seq->got < seq->len) {
		spoil(d, DATAOUT_AMOUNT); /* 11.8: the initiator sends all that an R2T asks for */
	}
	d->nseq--;
	memmove(seq, seq + 1, (size_t)(d->seq + d->nseq - seq) * sizeof(*seq));
}

void dataout_arrived(struct dataout *d, const struct pdu_data_out *pdu, bool good)
{
	struct dataout_seq *seq = find(d, pdu->ttt);

	if (!seq)
		return;
	d->arrived++;
	if (!good)
		spoil(d, DATAOUT_LOST);
	else if (ranges_add(&d->come, pdu->offset, pdu->data_len))
		spoil(d, DATAOUT_AMOUNT); /* some of it is there already */
	else
		seq->got += pdu->data_len;
	seq->datasn++;
	/* F ends a sequence (11.7.1). Where it is full without, more is to come than may. */
	if (!pdu->final && seq->got == seq->len)
		spoil(d, DATAOUT_AMOUNT);
	if (pdu->final || seq->got == seq->len)
		end_sequence(d, seq);
}

void dataout_start(struct dataout *d, uint32_t want)
{
	d->want = want;
	d->started = true;
}

bool dataout_plan(struct dataout *d, uint32_t max_burst, uint32_t max_outstanding,
		  uint32_t (*ttt)(void *arg), void *arg)
{
	uint32_t most = min32(max_outstanding, DATAOUT_R2T_MAX);
	struct dataout_seq *seq;

	if (!d->started || d->unsolicited || d->bad)
		return d->untold > 0;
	while (d->nseq < most && d->asked < d->want) {
		seq = &d->seq[d->nseq++];
		*seq = (struct dataout_seq){
			.ttt = ttt(arg),
			.offset = d->asked,
			.len = min32(max_burst, d->want - d->asked),
		};
		d->asked += seq->len;
		d->untold++;
	}
	return d->untold > 0;
}

bool dataout_r2t(struct dataout *d, struct pdu_r2t *out)
{
	const struct dataout_seq *seq = &d->seq[d->nseq - d->untold];

	assert(d->untold > 0);
	out->ttt = seq->ttt;
	out->offset = seq->offset;
	out->len = seq->len;
	out->r2tsn = d->r2tsn++;
	d->untold--;
	return d->untold == 0;
}

bool dataout_is_open(const struct dataout *d)
{
	uint8_t told = (uint8_t)(d->nseq - d->untold);
	uint8_t i;

	for (i = 0; i < told; i++) {
		if (d->seq[i].len > 0)
			return true;
	}
	return false;
}

void dataout_stop(struct dataout *d)
{
	d->nseq = (uint8_t)(d->nseq - d->untold);
	d->untold = 0;
}

bool dataout_complete(const struct dataout *d)
{
	if (!d->started || d->nseq > 0)
		return false;
	return d->bad || d->asked >= d->want;
}

bool dataout_lacks(const struct dataout *d, uint32_t edtl)
{
	return d->started ? !dataout_complete(d) : d->unsolicited || d->asked < edtl;
}
