#include "track.h"

#include "base/bytes.h"

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

		if (!e->answered && !e->may_vanish && !e->is_loose)
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

	if (e->read && !e->write)
		MUST(e->offset == moved, "%u bytes came, %u were told", e->offset, moved);
}

static void data_in(struct track *t, struct track_entry *e, const uint8_t *bhs)
{
	struct pdu_data_in d;

	MUST(pdu_get_data_in(bhs, &d) == PDU_OK, "Data-In");
	MUST(e->read, "Data-In of a command without R");
	MUST(d.datasn == e->datasn++, "DataSN %u", d.datasn);
	MUST(d.offset == e->offset, "offset %u, due is %u", d.offset, e->offset);
	e->offset += d.data_len;
	e->burst += d.data_len;
	MUST(d.data_len && e->offset <= e->edtl, "%u bytes of %u", e->offset, e->edtl);
	MUST(e->burst <= t->max_burst, "%u bytes in a burst of %u", e->burst, t->max_burst);
	if (d.flags & PDU_FINAL)
		e->burst = 0;
	if (!(d.flags & PDU_DATA_IN_STATUS))
		return;
	MUST(d.flags & PDU_FINAL && d.status == 0, "S without F, or a bad status %02x", d.status);
	check_residual(e, d.flags, d.residual);
	check_read(e, d.flags, d.residual);
	e->answered = true;
}

static void scsi_rsp(struct track_entry *e, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct pdu_scsi_rsp r;

	MUST(pdu_get_scsi_rsp(bhs, &r) == PDU_OK, "SCSI Response");
	MUST(r.expdatasn == e->datasn + e->r2tsn, "ExpDataSN %u, sent were %u", r.expdatasn,
	     e->datasn + e->r2tsn);
	check_residual(e, r.flags, r.residual);
	if (r.status == 0)
		check_read(e, r.flags, r.residual);
	if (r.status == 0x02)
		MUST(len >= 2 + 8 && be16(data) == len - 2, "CHECK CONDITION with %u bytes", len);
	else
		MUST(!len, "status %02x with %u bytes", r.status, len);
	e->answered = true;
}

static void add_sequence(struct track *t, struct track_entry *e, const struct pdu_r2t *r)
{
	if (e->nseq <= TRACK_R2T)
		e->seq[e->nseq++] =
			(struct track_seq){ .ttt = r->ttt, .offset = r->offset, .len = r->len };
	else
		t->is_wild = true;
}

static void r2t(struct track *t, struct track_entry *e, const struct pdu_r2t *r)
{
	uint32_t i, open = 0;

	MUST(e->write, "R2T of a command without W");
	MUST(r->r2tsn == e->r2tsn++, "R2TSN %u", r->r2tsn);
	MUST(r->ttt != PDU_TAG_RESERVED && r->len && r->len <= t->max_burst, "%u bytes asked for",
	     r->len);
	MUST(r->offset <= e->edtl && r->len <= e->edtl - r->offset, "%u bytes at %u of %u", r->len,
	     r->offset, e->edtl);
	for (i = 0; i < e->nseq; i++) {
		MUST(e->seq[i].ttt != r->ttt, "a TTT twice");
		open += !e->seq[i].ended && e->seq[i].ttt != PDU_TAG_RESERVED;
	}
	MUST(open < t->max_r2t, "%u R2Ts are out already", open);
}

/* The header complained of must be one that was sent. */
static void reject(struct track *t, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct track_entry *e;
	struct pdu_reject r;

	MUST(pdu_get_reject(bhs, &r) == PDU_OK && len == PDU_BHS_LEN, "Reject of %u bytes", len);
	e = track_find(t, pdu_itt(data));
	if (e && e->opcode == pdu_opcode(data))
		e->answered = true;
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

static void check_kind(const struct track_entry *e, uint8_t opcode)
{
	bool fits = opcode == answer_to(e->opcode);

	if (e->opcode == PDU_SCSI_CMD)
		fits = fits || opcode == PDU_DATA_IN || opcode == PDU_R2T;
	MUST(fits, "0x%02x answers 0x%02x", opcode, e->opcode);
	MUST(!e->answered, "ITT %08x is answered twice", e->itt);
}

void track_answer(struct track *t, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	uint8_t opcode = pdu_opcode(bhs);
	struct track_entry *e;
	struct pdu_r2t ask;

	if (t->is_wild || opcode == PDU_LOGIN_RSP || opcode == PDU_ASYNC)
		return;
	if (opcode == PDU_REJECT) {
		reject(t, bhs, data, len);
		return;
	}
	if (opcode == PDU_NOP_IN && pdu_itt(bhs) == PDU_TAG_RESERVED)
		return;
	e = track_find(t, pdu_itt(bhs));
	MUST(e, "0x%02x answers ITT %08x, which was not asked", opcode, pdu_itt(bhs));
	if (!e->is_loose)
		check_kind(e, opcode);
	if (opcode == PDU_R2T) {
		MUST(pdu_get_r2t(bhs, &ask) == PDU_OK, "R2T");
		if (!e->is_loose)
			r2t(t, e, &ask);
		add_sequence(t, e, &ask);
		return;
	}
	if (e->is_loose)
		return;
	switch (opcode) {
	case PDU_DATA_IN: data_in(t, e, bhs); break;
	case PDU_SCSI_RSP: scsi_rsp(e, bhs, data, len); break;
	default: e->answered = true; break;
	}
}
