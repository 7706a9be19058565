/*
 * Full feature phase: two initiators log in to a target, and what the input says
 * becomes PDUs that are mostly well formed, in order, and digested. What the
 * target answers is held against what was asked; in the end all is answered.
 *
 * The input begins with three bytes: what the initiators and the target agree on
 * (run.how), the target's limits, and the error recovery level and how many
 * connections a session has (run.recovery; 0: level 0 and one).
 */
#include "cdbs.h"
#include "data_out.h"
#include "fuzz.h"
#include "initiator.h"
#include "recovery.h"

#include "base/bytes.h"
#include "iscsi/door.h"
#include "iscsi/session.h"
#include "scsi/cmd_table.h"
#include "scsi/lun.h"
#include "wire/ahs.h"

#include <errno.h>

#define OPS_MAX 96

/* ---- commands ---- */

static void expect(struct run *r, const struct cdb_made *made, struct pdu_scsi_cmd *cmd)
{
	uint8_t how = feed_u8(&r->f);

	cmd->edtl = made->exact;
	cmd->read = made->in;
	cmd->write = made->out;
	if (how >= 0xf8)
		cmd->edtl = UINT32_MAX - feed_u8(&r->f);
	else if (how >= 0xf0)
		cmd->edtl = feed_u32(&r->f);
	else if (how >= 0xe0)
		cmd->edtl += feed_near(&r->f);
	if (how & 1 && how >= 0xd0) {
		cmd->read = how & 2;
		cmd->write = how & 4;
	}
}

/* Immediate data and unsolicited data to come, as far as what was agreed on allows. */
static void unasked(struct run *r, const struct initiator *in, struct pdu_scsi_cmd *cmd)
{
	uint32_t first = min32(in->first_burst, cmd->edtl);
	uint8_t how = feed_u8(&r->f);

	cmd->final = true;
	if (how >= 0xfc) { /* against the rules */
		cmd->data_len = feed_u16(&r->f);
		cmd->final = how & 1;
		return;
	}
	if (!cmd->write)
		return;
	if (in->immediate_data && how & 3)
		cmd->data_len =
			min32(min32(first, in->line->max_data), how & 1 ? UINT32_MAX : 4u * how);
	cmd->final = in->initial_r2t || !(how & 0x0c);
}

/* has_ahs: it is more than its header, and cannot be sent again by that. */
static void note_command(const struct run *r, struct initiator *in, const struct pdu_scsi_cmd *cmd,
			 bool has_ahs, bool is_odd, const struct order *o)
{
	struct track_entry *e = initiator_note(in, cmd->itt, is_odd, PDU_SCSI_CMD, o);
	uint32_t end;

	if (!e) {
		in->track.is_wild = true;
		return;
	}
	pdu_put_scsi_cmd(e->bhs, cmd);
	memcpy(e->lun, cmd->lun, sizeof(e->lun));
	e->is_refused = has_ahs;
	e->read = cmd->read;
	e->write = cmd->write;
	e->edtl = cmd->edtl;
	if (r->in[0].tmfs || r->in[1].tmfs)
		e->may_vanish = true; /* with one of them */
	end = min32(in->first_burst, cmd->edtl);
	if (cmd->write && !cmd->final)
		e->seq[e->nseq++] = (struct track_seq){
			.line = in->line->serial,
			.ttt = PDU_TAG_RESERVED,
			.offset = cmd->data_len,
			.len = end > cmd->data_len ? end - cmd->data_len : 0,
		};
}

static void command(struct run *r, struct initiator *in)
{
	struct pdu_scsi_cmd cmd = { .attr = PDU_ATTR_SIMPLE };
	uint8_t where = feed_u8(&r->f), rest[32];
	uint8_t *pdu = r->scratch;
	uint32_t lun = where % 4 == 3 ? 0 : where % 4;
	uint32_t ahs_len = 0;
	struct cdb_made made;
	struct order o;
	bool is_odd;

	cdb_make(&r->f, (struct cdb_table){ cmd_table, cmd_table_len },
		 lun == 1 ? WORLD_BLOCK_1 : WORLD_BLOCK_0, &made);
	memcpy(cmd.cdb, made.cdb, sizeof(cmd.cdb));
	scsi_lun_put(cmd.lun, lun);
	if (where >= 0xfc)
		feed_bytes(&r->f, cmd.lun, sizeof(cmd.lun));
	if (where & 0x20)
		cmd.attr = where >> 6 | (where >= 0xf0 ? 4 : 0);
	cmd.itt = initiator_itt(r, in, &is_odd);
	o = initiator_order(r, in);
	cmd.cmdsn = o.cmdsn;
	cmd.immediate = o.immediate;
	expect(r, &made, &cmd);
	unasked(r, in, &cmd);
	note_command(r, in, &cmd, where >= 0xf0, is_odd, &o);
	pdu_put_scsi_cmd(pdu, &cmd);
	if (where >= 0xf0) {
		feed_bytes(&r->f, rest, sizeof(rest));
		ahs_len = (uint32_t)ahs_put_cdb(pdu + PDU_BHS_LEN, 64, rest, where & 0x0f);
		ahs_len += (uint32_t)ahs_put_bidi(pdu + PDU_BHS_LEN + ahs_len, 16, rest[0]);
	}
	cdb_data(&r->f, &made, pdu + PDU_BHS_LEN + ahs_len, cmd.data_len);
	initiator_send(r, in, pdu, ahs_len, cmd.data_len);
}

/* ---- other requests ---- */

static void nop(struct run *r, struct initiator *in)
{
	struct pdu_nop_out n = { .ttt = PDU_TAG_RESERVED };
	uint8_t how = feed_u8(&r->f);
	struct order o;
	bool is_odd;

	n.itt = initiator_itt(r, in, &is_odd);
	o = initiator_order(r, in);
	n.immediate = o.immediate;
	n.cmdsn = o.cmdsn;
	if (how & 1) { /* an answer to a ping */
		n.itt = PDU_TAG_RESERVED;
		n.ttt = how >> 1;
	}
	if (n.itt != PDU_TAG_RESERVED)
		initiator_note(in, n.itt, is_odd, PDU_NOP_OUT, &o);
	n.data_len = how & 0x80 ? feed_u16(&r->f) % 9000 : how >> 2;
	n.data_len = min32(n.data_len, in->line->max_data);
	pdu_put_nop_out(r->scratch, &n);
	memset(r->scratch + PDU_BHS_LEN, 0x77, n.data_len);
	initiator_send(r, in, r->scratch, 0, n.data_len);
}

static void task_management(struct run *r, struct initiator *in)
{
	struct track_entry *e = track_open(&in->track, feed_u8(&r->f));
	uint8_t how = feed_u8(&r->f);
	struct pdu_tmf_req t = { .function = how & 0x0f, .rtt = e ? e->itt : 0x77 };
	bool ends = t.function != PDU_TMF_TASK_REASSIGN;
	struct track_entry *note;
	struct order o;
	bool is_odd;

	scsi_lun_put(t.lun, how >> 4 & 3);
	t.itt = initiator_itt(r, in, &is_odd);
	o = initiator_order(r, in);
	t.immediate = o.immediate;
	t.cmdsn = o.cmdsn;
	t.refcmdsn = t.cmdsn - (how >> 7);
	note = initiator_note(in, t.itt, is_odd, PDU_TMF_REQ, &o);
	if (!note)
		return;
	if (!ends)
		recovery_note(in, note, &t);
	track_release(&r->in[0].track);
	track_release(&r->in[1].track);
	r->was_aborted = true;
	in->tmfs += ends;
	pdu_put_tmf_req(r->scratch, &t);
	if (!initiator_send(r, in, r->scratch, 0, 0))
		in->tmfs -= ends;
}

static void text(struct run *r, struct initiator *in)
{
	static const char *const texts[] = {
		"SendTargets=All",
		"SendTargets=",
		("SendTargets=" WORLD_CHAP),
		"MaxRecvDataSegmentLength=512",
		"MaxRecvDataSegmentLength=4096",
		"InitiatorAlias=x",
		"HeaderDigest=None",
		"X-a=b",
		"=",
		"MaxBurstLength=1024",
	};
	uint8_t how = feed_u8(&r->f);
	struct pdu_text_req t = { .ttt = PDU_TAG_RESERVED, .final = how & 0x80 };
	const char *key = texts[(how & 0x3f) % (sizeof(texts) / sizeof(texts[0]))];
	struct track_entry *e;
	struct order o;
	bool is_odd;

	t.itt = initiator_itt(r, in, &is_odd);
	o = initiator_order(r, in);
	if (how & 0x40 && in->line->text_ttt != PDU_TAG_RESERVED) {
		t.ttt = in->line->text_ttt;
		t.itt = in->line->text_itt;
		is_odd = true;
	}
	e = initiator_note(in, t.itt, is_odd, PDU_TEXT_REQ, &o);
	if (!e)
		return;
	in->line->text_itt = t.itt;
	t.immediate = o.immediate;
	t.cmdsn = o.cmdsn;
	t.cont = !t.final && how & 0x20;
	t.data_len = how & 0x10 ? 0 : (uint32_t)strlen(key) + 1;
	pdu_put_text_req(r->scratch, &t);
	memcpy(r->scratch + PDU_BHS_LEN, key, t.data_len);
	initiator_send(r, in, r->scratch, 0, t.data_len);
}

static void logout(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);
	struct pdu_logout_req l = { .reason = how & 3, .cid = how >> 2 & (r->recovery ? 7 : 1) };
	struct order o = initiator_order(r, in);
	bool is_odd;

	l.itt = initiator_itt(r, in, &is_odd);
	if (!initiator_note(in, l.itt, is_odd, PDU_LOGOUT_REQ, &o))
		return;
	recovery_part(in, &l);
	l.immediate = o.immediate;
	l.cmdsn = o.cmdsn;
	pdu_put_logout_req(r->scratch, &l);
	initiator_send(r, in, r->scratch, 0, 0);
}

/* A header of any kind with a length that fits, or bytes that are no PDU at all. */
static void anything(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);
	uint32_t len = how & 0x7f;

	in->track.is_wild = true;
	feed_bytes(&r->f, r->scratch, PDU_BHS_LEN);
	feed_bytes(&r->f, r->scratch + PDU_BHS_LEN, len);
	if (how & 0x80) {
		initiator_add(in, r->scratch, PDU_BHS_LEN + len);
		initiator_push(in, SIZE_MAX);
		return;
	}
	r->scratch[4] = 0;
	put_be24(r->scratch + 5, len);
	initiator_send(r, in, r->scratch, 0, len);
}

/* ---- what happens beside ---- */

static void odd_behaviour(struct run *r)
{
	static const int errors[] = { 0, -EIO, -ENOSPC, -ENOMEM };
	uint8_t how = feed_u8(&r->f);

	if (how & 0x40) {
		odd_store_answer(r->w.odd, how & 0x3f);
		return;
	}
	r->w.odd->hold = how & 0x80;
	r->w.odd->error = errors[how & 3];
}

static void beside(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);

	switch (how & 0x0f) {
	case 0: initiator_lose(in); break;
	case 1:
	case 2:
		r->in[0].track.is_disturbed |= r->in[0].level > 0;
		r->in[1].track.is_disturbed |= r->in[1].level > 0;
		fuzz_world_wait(&r->w, (uint64_t)1000 * (how >> 2));
		break;
	case 3:
		if (how >= 0xf0)
			door_stop(&r->w.iscsi, 2);
		break;
	case 4: fuzz_world_settle(&r->w); break;
	default: r->out_limit = how & 0x80 ? SIZE_MAX : 1u + 16u * (how & 0x7f); break;
	}
}

/* An initiator that is gone comes back, perhaps as the other one, whose session it then takes over.
 */
static void come_back(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);

	if (!initiator_is_up(in) && !initiator_is_coming(in))
		initiator_log_in(r, in, how & 7);
}

static void step(struct run *r)
{
	uint8_t op = feed_u8(&r->f);
	struct initiator *in = &r->in[op >> 7];

	switch (op & 0x0f) {
	case 12: beside(r, in); return;
	case 13: odd_behaviour(r); return;
	case 14: come_back(r, in); return;
	case 15:
		if (!(op & 0x40))
			fuzz_world_turn(&r->w);
		else if (initiator_choose(in, op >> 4))
			anything(r, in);
		return;
	case 3:
		if (!r->recovery)
			break;
		recovery_step(r, in);
		return;
	default: break;
	}
	if (!initiator_choose(in, op >> 5 & 3) || in->track.n == TRACK_MAX)
		return;
	r->w.out_limit = r->out_limit;
	switch (op & 0x0f) {
	case 4:
	case 5:
	case 6: data_out_next(r, in); break;
	case 7: data_out_odd(r, in); break;
	case 8: nop(r, in); break;
	case 9: task_management(r, in); break;
	case 10: text(r, in); break;
	case 11: (op & 0x70) == 0x70 ? logout(r, in) : command(r, in); break;
	default: command(r, in); break;
	}
	if (op & 0x10)
		fuzz_world_turn(&r->w);
}

/* ---- the end ---- */

/* Bring what was promised: the ends of sequences, the numbers left out, acknowledgements. */
static bool keep_promises(struct run *r, struct initiator *in)
{
	struct pdu_nop_out n = { .itt = PDU_TAG_RESERVED, .ttt = PDU_TAG_RESERVED };
	bool sent = data_out_end(r, in);
	const struct session *s;

	sent |= recovery_acknowledge(r, in);
	if (!initiator_choose(in, 0))
		return sent;
	s = in->line->peer.conn->session;
	if (TAILQ_EMPTY(&s->cmdsn.held) && TAILQ_EMPTY(&s->awaiting))
		return sent;
	n.cmdsn = s->cmdsn.exp;
	pdu_put_nop_out(r->scratch, &n);
	initiator_send(r, in, r->scratch, 0, 0);
	return true;
}

static bool is_known(const struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		const struct line *l = &in->lines[i];

		if (line_is_up(l) && pdu_rx_in_middle(&l->peer.conn->rx))
			return false;
	}
	return initiator_is_up(in) && !in->track.is_wild;
}

/* The store and the initiators hold nothing back any more. */
static void let_go(struct run *r)
{
	struct initiator *in;

	odd_store_release(r->w.odd);
	for (in = r->in; in < r->in + 2; in++)
		initiator_push_all(in);
	fuzz_world_settle(&r->w);
	for (in = r->in; in < r->in + 2; in++) {
		if (in->track.is_wild || (initiator_is_up(in) && !is_known(in)))
			initiator_lose(in);
		else if (r->recovery & RECOVERY_AT_END)
			recovery_take_over(r, in);
	}
	fuzz_world_expire(&r->w);
}

/* Of whom nothing can be told any more, nothing can be promised: the other shall not wait for it.
 */
static bool lose_wild(struct run *r, struct initiator *in)
{
	if (!in->track.is_wild || !initiator_is_up(in))
		return false;
	initiator_lose(in);
	fuzz_world_expire(&r->w);
	return true;
}

/* All that is well known must be answered in the end: the one may wait for what the other owes. */
static void finish(struct run *r)
{
	const struct track_entry *left;
	unsigned int rounds = 0;
	bool sent = true;
	int i;

	let_go(r);
	while (sent) {
		for (sent = false, i = 0; i < 2; i++)
			sent |= lose_wild(r, &r->in[i]) || keep_promises(r, &r->in[i]);
		fuzz_world_settle(&r->w);
		MUST(++rounds < 1000, "there is always one promise more");
	}
	for (i = 0; i < 2; i++) {
		recovery_forget(&r->in[i]);
		left = track_left(&r->in[i].track);
		MUST(!is_known(&r->in[i]) || !left, "0x%02x with ITT %08x is never answered",
		     left->opcode, left->itt);
	}
}

static void options_from(struct run *r, struct fuzz_world_options *o)
{
	struct target_limits *l = &o->limits;
	uint8_t bits = feed_u8(&r->f);

	o->ceiling = bits & 1 ? 512u << 10 : 16u << 20;
	o->reserve = bits & 2 ? 0 : 256u << 10;
	o->max_connections = 4;
	r->recovery = feed_u8(&r->f);
	*l = target_limits_default;
	l->InitialR2T = r->how & 2;
	l->ImmediateData = !(r->how & 4);
	l->queue_depth = bits & 4 ? 2 : 16;
	l->MaxOutstandingR2T = bits & 8 ? 1 : 8;
	l->MaxBurstLength = 512u << (bits >> 4 & 7);
	l->FirstBurstLength = r->how & 8 ? 512 : l->MaxBurstLength;
	l->MaxRecvDataSegmentLength = r->how & 16 ? 512 : 65536;
	if (bits & 0x80)
		l->nop_interval_ms = 0;
	recovery_options(r->recovery, o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run; /* too much for the stack */
	struct fuzz_world_options options = { 0 };
	struct run *r = &run;
	unsigned int i;

	world_log();
	for (i = 0; i < 2; i++)
		initiator_init(&r->in[i]);
	r->was_aborted = false;
	r->f = (struct feed){ data, size };
	r->how = feed_u8(&r->f);
	r->out_limit = SIZE_MAX;
	options_from(r, &options);
	fuzz_world_open(&r->w, &options);
	initiator_log_in(r, &r->in[0], 1);
	initiator_log_in(r, &r->in[1], 2);
	MUST(initiator_is_up(&r->in[0]) && initiator_is_up(&r->in[1]), "the logins");
	for (i = 0; i < OPS_MAX && r->f.left; i++)
		step(r);
	r->f.left = 0;
	finish(r);
	fuzz_world_close(&r->w);
	for (i = 0; i < 2; i++)
		initiator_fini(&r->in[i]);
	return 0;
}
