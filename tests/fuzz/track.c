#include "track.h"

#include "base/bytes.h"
#include "base/crc32c.h"

void track_clear(struct track *t)
{
	t->n = 0;
	t->is_wild = false;
	t->is_disturbed = false;
	t->is_snacked = false;
	t->refusals = 0;
}

struct track_entry *track_add(struct track *t, uint32_t itt, uint8_t opcode)
{
	struct track_entry *e;

	if (t->n == TRACK_MAX)
		return NULL;
	e = &t->e[t->n++];
	memset(e, 0, sizeof(*e));
	e->itt = itt;
	e->opcode = opcode;
	return e;
}

struct track_entry *track_find(struct track *t, uint32_t itt)
{
	uint32_t i;

	for (i = t->n; i--;) {
		if (t->e[i].itt == itt)
			return &t->e[i];
	}
	return NULL;
}

struct track_entry *track_open(struct track *t, uint32_t i)
{
	uint32_t at, n = 0;

	for (at = 0; at < t->n; at++)
		n += t->e[at].opcode == PDU_SCSI_CMD && !t->e[at].answered;
	if (!n)
		return NULL;
	for (at = 0, i %= n;; at++) {
		if (t->e[at].opcode == PDU_SCSI_CMD && !t->e[at].answered && !i--)
			return &t->e[at];
	}
}

void track_release(struct track *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		t->e[i].may_vanish = true;
}

const struct track_entry *track_left(const struct track *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct track_entry *e = &t->e[i];

		if (!e->answered && !e->may_vanish && !e->is_parted && !e->is_loose)
			return e;
	}
	return NULL;
}

/* ---- answers ---- */

static void check_residual(const struct track_entry *e, uint8_t flags, uint32_t residual)
{
	MUST(!(flags & PDU_RESID_OVERFLOW && flags & PDU_RESID_UNDERFLOW), "O and U");
	if (flags & (PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW))
		MUST(residual, "a residual of nothing");
	else
		MUST(!residual, "a residual of %u without O or U", residual);
	if (flags & PDU_RESID_UNDERFLOW)
		MUST(residual <= e->edtl, "%u of %u bytes were not moved", residual, e->edtl);
}

/* GOOD status of a read: what was sent is what the residual says. */
static void check_read(const struct track_entry *e, uint8_t flags, uint32_t residual)
{
	uint32_t moved = flags & PDU_RESID_UNDERFLOW ? e->edtl - residual : e->edtl;

	if (e->read && !e->write && !e->is_vague)
		MUST(e->offset == moved, "%u bytes came, %u were told", e->offset, moved);
}

/* 7.2.2: a read goes on behind what the initiator has, or before. */
static void restart_read(struct track_entry *e, uint32_t datasn)
{
	if (!e->restarts)
		return;
	e->restarts = false;
	e->burst = 0;
	if (datasn >= e->datasn)
		return;
	e->datasn = datasn;
	if (datasn < TRACK_PIECES)
		e->offset = e->piece[datasn].offset;
	else
		e->is_vague = true;
}

/* 11.16: a Data-In that comes again is as it was. */
static void data_in_again(struct track_entry *e, const struct pdu_data_in *d, uint32_t crc)
{
	const struct track_piece *was = &e->piece[d->datasn % TRACK_PIECES];

	MUST(e->is_snacked, "DataSN %u comes again", d->datasn);
	if (d->datasn >= TRACK_PIECES)
		return;
	e->again |= (uint64_t)1 << d->datasn;
	MUST(d->offset == was->offset && d->data_len == was->len,
	     "DataSN %u was %u bytes at %u, and is %u at %u", d->datasn, was->len, was->offset,
	     d->data_len, d->offset);
	MUST(crc == was->crc, "DataSN %u has other data", d->datasn);
}

/* Does its data fit what came before? False: it came before. */
static bool take_data(struct track *t, struct track_entry *e, const struct pdu_data_in *d,
		      const uint8_t *data)
{
	uint32_t crc = crc32c_add(CRC32C_START, data, d->data_len);

	restart_read(e, d->datasn);
	if (e->is_vague)
		return true;
	if (d->datasn < e->datasn) {
		data_in_again(e, d, crc);
		return false;
	}
	if (d->datasn < TRACK_PIECES)
		e->piece[d->datasn] = (struct track_piece){ d->offset, d->data_len, crc };
	MUST(d->datasn == e->datasn++, "DataSN %u", d->datasn);
	MUST(d->offset == e->offset, "offset %u, due is %u", d->offset, e->offset);
	e->offset += d->data_len;
	e->burst += d->data_len;
	MUST(e->offset <= e->edtl, "%u bytes of %u", e->offset, e->edtl);
	MUST(e->burst <= t->max_burst, "%u bytes in a burst of %u", e->burst, t->max_burst);
	if (d->flags & PDU_FINAL)
		e->burst = 0;
	return true;
}

static void data_in(struct track *t, struct track_entry *e, const struct track_pdu *pdu)
{
	struct pdu_data_in d;

	MUST(pdu_get_data_in(pdu->bhs, &d) == PDU_OK, "Data-In");
	MUST(e->read, "Data-In of a command without R");
	MUST(d.data_len && d.offset <= e->edtl && d.data_len <= e->edtl - d.offset,
	     "%u bytes at %u of %u", d.data_len, d.offset, e->edtl);
	if (!take_data(t, e, &d, pdu->data) || !(d.flags & PDU_DATA_IN_STATUS) || pdu->is_again)
		return;
	MUST(d.flags & PDU_FINAL && d.status == 0, "S without F, or a bad status %02x", d.status);
	check_residual(e, d.flags, d.residual);
	check_read(e, d.flags, d.residual);
	e->answered = true;
}

/* How many Data-In and R2T PDUs there were (11.4.8). */
static void check_expdatasn(const struct track_entry *e, uint32_t expdatasn)
{
	uint32_t were = e->datasn + e->r2tsn;

	if (e->is_vague)
		return;
	if (e->restarts)
		MUST(expdatasn <= were, "ExpDataSN %u, sent were %u", expdatasn, were);
	else
		MUST(expdatasn == were, "ExpDataSN %u, sent were %u", expdatasn, were);
}

static void scsi_rsp(struct track_entry *e, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct pdu_scsi_rsp r;

	MUST(pdu_get_scsi_rsp(bhs, &r) == PDU_OK, "SCSI Response");
	check_expdatasn(e, r.expdatasn);
	check_residual(e, r.flags, r.residual);
	if (r.status == 0)
		check_read(e, r.flags, r.residual);
	if (r.status == 0x02)
		MUST(len >= 2 + 8 && be16(data) == len - 2, "CHECK CONDITION with %u bytes", len);
	else
		MUST(!len, "status %02x with %u bytes", r.status, len);
	e->answered = true;
}

static void add_sequence(struct track *t, struct track_entry *e, const struct pdu_r2t *r,
			 uint32_t line)
{
	if (e->nseq <= TRACK_R2T)
		e->seq[e->nseq++] = (struct track_seq){ .line = line,
							.ttt = r->ttt,
							.offset = r->offset,
							.len = r->len,
							.r2tsn = r->r2tsn };
	else
		t->is_wild = true;
}

/* The sequence that was asked for by an R2T that comes again; it may be sent again. */
static bool r2t_again(struct track_entry *e, const struct pdu_r2t *r)
{
	uint32_t i;

	for (i = 0; e->is_snacked && i < e->nseq; i++) {
		struct track_seq *s = &e->seq[i];

		if (s->ttt != r->ttt)
			continue;
		MUST(s->r2tsn == r->r2tsn && s->offset == r->offset && s->len == r->len,
		     "R2TSN %u has changed", r->r2tsn);
		s->sent = 0;
		s->datasn = 0;
		s->ended = false;
		return true;
	}
	return false;
}

/* An R2T that was not there before. */
static void r2t(struct track *t, struct track_entry *e, const struct pdu_r2t *r)
{
	uint32_t i, open = 0;

	MUST(e->write, "R2T of a command without W");
	if (!e->is_vague)
		MUST(r->r2tsn == e->r2tsn++, "R2TSN %u", r->r2tsn);
	MUST(r->ttt != PDU_TAG_RESERVED && r->len && r->len <= t->max_burst, "%u bytes asked for",
	     r->len);
	MUST(r->offset <= e->edtl && r->len <= e->edtl - r->offset, "%u bytes at %u of %u", r->len,
	     r->offset, e->edtl);
	for (i = 0; i < e->nseq; i++) {
		MUST(e->seq[i].ttt != r->ttt, "a TTT twice");
		open += !e->seq[i].ended && e->seq[i].ttt != PDU_TAG_RESERVED;
	}
	if (!t->is_disturbed)
		MUST(open < t->max_r2t, "%u R2Ts are out already", open);
}

/* The header complained of must be one that was sent. */
static void reject(struct track *t, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct track_entry *e;
	struct pdu_reject r;

	MUST(pdu_get_reject(bhs, &r) == PDU_OK && len == PDU_BHS_LEN, "Reject of %u bytes", len);
	t->refusals += pdu_opcode(data) == PDU_SNACK;
	e = track_find(t, pdu_itt(data));
	if (!e || e->opcode != pdu_opcode(data))
		return;
	/* 7.8: as if it had not come; it may have been sent again since then. */
	e->is_refused |= r.reason != PDU_REJECT_DATA_DIGEST;
	e->answered |= e->is_refused || e->is_missed || e->opcode != PDU_SCSI_CMD;
}

/* 11.6.1: a task goes on where it was reassigned, and has its answer there. */
static void reassigned(struct track *t, const struct track_entry *tmf, uint8_t response)
{
	struct track_entry *e = track_find(t, tmf->rtt);
	uint32_t i;

	if (response != PDU_TMF_COMPLETE)
		return;
	MUST(e, "ITT %08x, which was not asked, is reassigned", tmf->rtt);
	if (e->is_loose)
		return;
	MUST(e->opcode == PDU_SCSI_CMD, "0x%02x is reassigned", e->opcode);
	e->line = tmf->line;
	e->cid = tmf->cid;
	e->answered = false;
	e->is_parted = tmf->is_parted;
	e->restarts = e->read;
	for (i = 0; i < e->nseq; i++)
		e->seq[i].ended = true;
	if (tmf->rtt_datasn > e->datasn + e->r2tsn || (e->read && e->write))
		e->is_vague = true;
	else if (e->write)
		e->r2tsn = tmf->rtt_datasn;
}

static uint8_t answer_to(uint8_t opcode)
{
	switch (opcode) {
	case PDU_SCSI_CMD: return PDU_SCSI_RSP;
	case PDU_TMF_REQ: return PDU_TMF_RSP;
	case PDU_TEXT_REQ: return PDU_TEXT_RSP;
	case PDU_LOGOUT_REQ: return PDU_LOGOUT_RSP;
	default: return PDU_NOP_IN;
	}
}

static void check_kind(const struct track_entry *e, uint8_t opcode, const struct track_pdu *pdu)
{
	bool fits = opcode == answer_to(e->opcode);
	bool may_repeat = pdu->is_again || (opcode == PDU_DATA_IN && e->is_snacked);

	if (e->opcode == PDU_SCSI_CMD)
		fits = fits || opcode == PDU_DATA_IN || opcode == PDU_R2T;
	MUST(fits, "0x%02x answers 0x%02x", opcode, e->opcode);
	MUST(!e->answered || may_repeat, "ITT %08x is answered twice", e->itt);
	MUST(e->line == pdu->line || e->strays, "ITT %08x of connection %u is answered on %u",
	     e->itt, e->line, pdu->line);
}

static void take_r2t(struct track *t, struct track_entry *e, const struct track_pdu *pdu)
{
	struct pdu_r2t ask;

	MUST(pdu_get_r2t(pdu->bhs, &ask) == PDU_OK, "R2T");
	if (r2t_again(e, &ask))
		return;
	if (!e->is_loose)
		r2t(t, e, &ask);
	add_sequence(t, e, &ask, pdu->line);
}

static void tmf_rsp(struct track *t, struct track_entry *e, const uint8_t *bhs)
{
	struct pdu_tmf_rsp r;

	MUST(pdu_get_tmf_rsp(bhs, &r) == PDU_OK, "task management response");
	e->answered = true;
	if (e->is_reassign)
		reassigned(t, e, r.response);
}

static void take_answer(struct track *t, struct track_entry *e, const struct track_pdu *pdu)
{
	uint8_t opcode = pdu_opcode(pdu->bhs);

	if (!e->is_loose)
		check_kind(e, opcode, pdu);
	if (e->strays) {
		e->line = pdu->line;
		e->strays = false;
	}
	if (opcode == PDU_R2T)
		take_r2t(t, e, pdu);
	else if (opcode == PDU_DATA_IN && !e->is_loose)
		data_in(t, e, pdu);
	else if (e->is_loose || pdu->is_again)
		return;
	else if (opcode == PDU_SCSI_RSP)
		scsi_rsp(e, pdu->bhs, pdu->data, pdu->len);
	else if (opcode == PDU_TMF_RSP)
		tmf_rsp(t, e, pdu->bhs);
	else
		e->answered = true;
}

void track_answer(struct track *t, const struct track_pdu *pdu)
{
	uint8_t opcode = pdu_opcode(pdu->bhs);
	uint32_t itt = pdu_itt(pdu->bhs);
	struct track_entry *e;

	if (t->is_wild || opcode == PDU_LOGIN_RSP)
		return;
	MUST(!pdu->is_again || t->is_snacked, "0x%02x comes again", opcode);
	if (opcode == PDU_ASYNC || (opcode == PDU_NOP_IN && itt == PDU_TAG_RESERVED))
		return;
	if (opcode == PDU_REJECT) {
		if (!pdu->is_again)
			reject(t, pdu->bhs, pdu->data, pdu->len);
		return;
	}
	e = track_find(t, itt);
	MUST(e, "0x%02x answers ITT %08x, which was not asked", opcode, itt);
	take_answer(t, e, pdu);
}
