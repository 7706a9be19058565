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
	d->recovers = false;
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

static bool is_there(const struct dataout *d, const struct pdu_data_out *pdu)
{
	struct range gap;

	return !ranges_gap(&d->come, pdu->offset, pdu->offset + pdu->data_len, &gap);
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
	if (d->recovers)
		return d->bad || is_there(d, pdu) ? DATAOUT_SKIP : DATAOUT_TAKE;
	/* A gap means that a PDU was lost (7.9); at level 0 it is not asked for again. */
	if (pdu->datasn != seq->datasn || (d->in_order && pdu->offset != seq->offset + seq->got))
		spoil(d, DATAOUT_LOST);
	return d->bad ? DATAOUT_SKIP : DATAOUT_TAKE;
}

static void forget(struct dataout *d, struct dataout_seq *seq)
{
	d->nseq--;
	memmove(seq, seq + 1, (size_t)(d->seq + d->nseq - seq) * sizeof(*seq));
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
	forget(d, seq);
}

/* What did not come is a gap in d->come: it is asked for when its turn is there. */
static void arrived_again(struct dataout *d, struct dataout_seq *seq,
			  const struct pdu_data_out *pdu, bool good)
{
	struct range gap;

	if (good && ranges_put(&d->come, pdu->offset, pdu->data_len))
		spoil(d, DATAOUT_LOST); /* more gaps than can be kept */
	if (!pdu->final && ranges_gap(&d->come, seq->offset, seq->offset + seq->len, &gap))
		return;
	if (seq->ttt == PDU_TAG_RESERVED)
		d->unsolicited = false;
	forget(d, seq);
}

void dataout_arrived(struct dataout *d, const struct pdu_data_out *pdu, bool good)
{
	struct dataout_seq *seq = find(d, pdu->ttt);

	if (!seq)
		return;
	d->arrived++;
	if (d->recovers) {
		arrived_again(d, seq, pdu, good);
		return;
	}
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

static uint8_t count_live(const struct dataout *d)
{
	uint8_t i, n = 0;

	for (i = 0; i < d->nseq; i++)
		n += !d->seq[i].is_old;
	return n;
}

/* The sequence under way that begins first and ends behind pos, or NULL. */
static const struct dataout_seq *live_from(const struct dataout *d, uint32_t pos)
{
	const struct dataout_seq *first = NULL;
	uint8_t i;

	for (i = 0; i < d->nseq; i++) {
		const struct dataout_seq *seq = &d->seq[i];

		if (!seq->is_old && seq->offset + seq->len > pos &&
		    (!first || seq->offset < first->offset))
			first = seq;
	}
	return first;
}

/* The first bytes that were asked for, have not come, and are not on their way. */
static bool next_missing(const struct dataout *d, struct range *gap)
{
	uint32_t end = min32(d->asked, d->want);
	const struct dataout_seq *seq;
	uint32_t pos = 0;

	while (ranges_gap(&d->come, pos, end, gap)) {
		seq = live_from(d, gap->begin);
		if (!seq || seq->offset >= gap->end)
			return true;
		if (seq->offset > gap->begin) {
			gap->end = seq->offset;
			return true;
		}
		pos = seq->offset + seq->len;
	}
	return false;
}

/* What the next R2T asks for: first what is missing, then what was never asked for. */
static bool next_wanted(struct dataout *d, struct range *out)
{
	if (d->recovers && next_missing(d, out))
		return true;
	if (d->asked >= d->want)
		return false;
	*out = (struct range){ d->asked, d->want };
	return true;
}

bool dataout_plan(struct dataout *d, uint32_t max_burst, uint32_t max_outstanding,
		  uint32_t (*ttt)(void *arg), void *arg)
{
	uint32_t most = min32(max_outstanding, DATAOUT_R2T_MAX);
	struct dataout_seq *seq;
	struct range next;

	if (!d->started || d->unsolicited || d->bad)
		return d->untold > 0;
	while (count_live(d) < most && next_wanted(d, &next)) {
		seq = &d->seq[d->nseq++];
		*seq = (struct dataout_seq){
			.ttt = ttt(arg),
			.offset = next.begin,
			.len = min32(max_burst, next.end - next.begin),
		};
		if (seq->offset + seq->len > d->asked)
			d->asked = seq->offset + seq->len;
		d->untold++;
	}
	return d->untold > 0;
}

static void tell(const struct dataout_seq *seq, struct pdu_r2t *out)
{
	out->ttt = seq->ttt;
	out->offset = seq->offset;
	out->len = seq->len;
	out->r2tsn = seq->r2tsn;
}

bool dataout_r2t(struct dataout *d, struct pdu_r2t *out)
{
	struct dataout_seq *seq = &d->seq[d->nseq - d->untold];

	assert(d->untold > 0);
	seq->r2tsn = d->r2tsn++;
	tell(seq, out);
	d->untold--;
	return d->untold == 0;
}

bool dataout_complete(const struct dataout *d)
{
	if (d->recovers && d->started && !d->bad)
		return ranges_prefix(&d->come) >= d->want;
	if (!d->started || count_live(d) > 0)
		return false;
	return d->bad || d->asked >= d->want;
}

bool dataout_is_open(const struct dataout *d)
{
	uint8_t told = (uint8_t)(d->nseq - d->untold);
	uint8_t i;

	if (d->recovers && d->started && dataout_complete(d))
		return false; /* what still comes has come before */
	for (i = 0; i < told; i++) {
		if (d->seq[i].len > 0 && !d->seq[i].is_old)
			return true;
	}
	return false;
}

void dataout_stop(struct dataout *d)
{
	d->nseq = (uint8_t)(d->nseq - d->untold);
	d->untold = 0;
}

bool dataout_retry(struct dataout *d)
{
	uint8_t told = (uint8_t)(d->nseq - d->untold);
	uint8_t i, old = 0;
	bool any = false;

	for (i = 0; i < told; i++) {
		any |= !d->seq[i].is_old;
		d->seq[i].is_old = true;
		if (d->seq[i].ttt == PDU_TAG_RESERVED)
			d->unsolicited = false;
	}
	/* The oldest of the old are past hope. */
	for (i = told; i-- > 0;) {
		if (++old > DATAOUT_OLD_MAX)
			forget(d, &d->seq[i]);
	}
	return any;
}

void dataout_restart(struct dataout *d, uint32_t r2tsn)
{
	d->unsolicited = false;
	d->nseq = 0;
	d->untold = 0;
	d->r2tsn = r2tsn;
}

bool dataout_r2t_again(const struct dataout *d, uint32_t begin, uint32_t end, struct pdu_r2t *out)
{
	uint8_t told = (uint8_t)(d->nseq - d->untold);
	const struct dataout_seq *first = NULL;
	uint8_t i;

	for (i = 0; i < told; i++) {
		const struct dataout_seq *seq = &d->seq[i];

		if (seq->ttt == PDU_TAG_RESERVED || seq->r2tsn < begin || seq->r2tsn >= end)
			continue;
		if (!first || seq->r2tsn < first->r2tsn)
			first = seq;
	}
	if (first)
		tell(first, out);
	return first;
}

bool dataout_lacks(const struct dataout *d, uint32_t edtl)
{
	struct range gap;

	if (d->started)
		return !dataout_complete(d);
	return d->unsolicited || d->asked < edtl || ranges_gap(&d->come, 0, d->asked, &gap);
}
