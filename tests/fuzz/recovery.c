#include "recovery.h"

#include "base/serial.h"
#include "iscsi/session.h"

#define CID_MAX 7

void recovery_options(uint8_t recovery, struct fuzz_world_options *o)
{
	static const uint32_t retain_s[] = { 20, 0, 3600, 2 };
	struct target_limits *l = &o->limits;

	l->ErrorRecoveryLevel = (recovery & 3u) % 3;
	l->MaxConnections = 1 + (recovery >> 2 & 3);
	l->DefaultTime2Retain = retain_s[recovery >> 4 & 3];
	if (recovery & 0x20)
		l->DefaultTime2Wait = 0;
	if (recovery)
		o->max_connections = 8;
}

/* The i-th command of those that there were, counted round and round; NULL: there was none. */
static struct track_entry *any_command(struct track *t, uint32_t i)
{
	uint32_t at, n = 0;

	for (at = 0; at < t->n; at++)
		n += t->e[at].opcode == PDU_SCSI_CMD;
	if (!n)
		return NULL;
	for (at = t->n, i %= n;;) {
		if (t->e[--at].opcode == PDU_SCSI_CMD && !i--)
			return &t->e[at];
	}
}

/* ---- SNACK ---- */

/* What may come again for it. */
static void expect_again(struct initiator *in, struct track_entry *e, const struct pdu_snack *req)
{
	struct track *t = &in->track;
	uint32_t i;

	t->is_snacked = true;
	t->is_disturbed = true;
	switch (req->type) {
	case PDU_SNACK_STATUS: /* a status may ride in a Data-In */
		for (i = 0; i < t->n; i++)
			t->e[i].is_snacked |= t->e[i].line == in->line->serial;
		break;
	case PDU_SNACK_DATA_ACK: /* what is acknowledged does not come again */
		e->is_vague |= req->begrun > e->datasn;
		e->is_acked = true;
		break;
	case PDU_SNACK_R_DATA: e->is_vague = true; break;
	default: break;
	}
	e->is_snacked = true;
}

/* The numbers that a SNACK names, of those that have come: first up to before next. */
static void run_of(const struct pdu_snack *req, uint32_t next, uint32_t *first, uint32_t *end)
{
	*first = req->begrun;
	*end = req->runlength && sn_before(req->begrun + req->runlength, next)
		       ? req->begrun + req->runlength
		       : next;
}

/* All that it asked for has come again, or it was rejected. But who uses a tag again has had the
 * status of the one before. */
static void check_fulfilled(const struct initiator *in, const struct track_entry *e,
			    const struct pdu_snack *req)
{
	const struct line *l = in->line;
	uint32_t first, end;

	if (req->type == PDU_SNACK_STATUS && !in->track.reuses_tags) {
		run_of(req, l->peer.statsn, &first, &end);
		if (!req->begrun && !req->runlength)
			first = l->acked;
		for (; sn_before(first, end); first++)
			MUST(l->peer.came_again[first % PEER_SAID], "StatSN %u does not come again",
			     first);
	} else if (req->type == PDU_SNACK_DATA_R2T && e->read && !e->is_vague && !e->is_loose &&
		   !e->is_acked) {
		run_of(req, min32(e->datasn, TRACK_PIECES), &first, &end);
		for (; first < end; first++)
			MUST(e->again >> first & 1, "DataSN %u does not come again", first);
	}
}

/* Send it, and see what comes of it at once. */
static void send_and_wait(struct run *r, struct initiator *in, struct track_entry *e,
			  const struct pdu_snack *req)
{
	struct line *l = in->line;
	uint32_t refusals = in->track.refusals;
	bool comes;

	initiator_push_all(in);
	fuzz_world_settle(&r->w);
	if (!line_is_up(l))
		return;
	memset(l->peer.came_again, 0, sizeof(l->peer.came_again));
	e->again = 0;
	comes = initiator_send(r, in, r->scratch, 0, 0);
	initiator_push_all(in);
	fuzz_world_settle(&r->w);
	if (comes && line_is_up(l) && !in->track.is_wild && refusals == in->track.refusals)
		check_fulfilled(in, e, req);
}

static void snack(struct run *r, struct initiator *in)
{
	struct track_entry *e = any_command(&in->track, feed_u8(&r->f));
	uint8_t how = feed_u8(&r->f);
	struct pdu_snack req = { .type = how & 3, .ttt = PDU_TAG_RESERVED };

	if (!e)
		return;
	memcpy(req.lun, e->lun, sizeof(req.lun));
	req.itt = req.type == PDU_SNACK_STATUS ? PDU_TAG_RESERVED : e->itt;
	switch (how >> 2 & 3) {
	case 1: req.begrun = feed_u8(&r->f); break;
	case 2: req.begrun = e->datasn + e->r2tsn - feed_u8(&r->f); break;
	case 3: req.begrun = in->line->peer.statsn - feed_u8(&r->f); break;
	default: break;
	}
	if (how & 0x10)
		req.runlength = feed_u8(&r->f);
	if (req.type == PDU_SNACK_R_DATA) {
		req.ttt = ++in->next_itt;
	} else if (req.type == PDU_SNACK_DATA_ACK) {
		req.ttt = e->itt;
		req.itt = PDU_TAG_RESERVED;
	}
	if (how >= 0xe0)
		req.ttt = feed_u8(&r->f);
	if (how >= 0xf0) {
		req.begrun = feed_u32(&r->f);
		req.runlength = feed_u32(&r->f);
		req.type = how & 0x0f;
	}
	expect_again(in, e, &req);
	pdu_put_snack(r->scratch, &req);
	if (how & 0x20)
		send_and_wait(r, in, e, &req);
	else
		initiator_send(r, in, r->scratch, 0, 0);
}

/* ---- the same once more ---- */

/* As if it had never been sent: what is known of it begins anew. */
static void begin_again(struct track_entry *e, const struct line *l)
{
	bool has_unasked = e->nseq && e->seq[0].ttt == PDU_TAG_RESERVED;

	e->line = l->serial;
	e->cid = l->cid;
	e->answered = false;
	e->is_missed = false;
	e->is_parted = l->leaves;
	e->offset = 0;
	e->burst = 0;
	e->datasn = 0;
	e->r2tsn = 0;
	e->nseq = has_unasked;
	e->seq[0].line = l->serial;
	e->seq[0].sent = 0;
	e->seq[0].datasn = 0;
	e->seq[0].ended = false;
}

/*
 * 7.2.1: a command once more, with its CmdSN and ITT. One that came is not run again. It belongs on
 * the connection of the first one while there is that; on another it must come in that time, too,
 * or it may be the one that is run. While the first one's connection is lost, and may be recovered,
 * a retry on another is dropped, and a later one, on a third, may be the one that is run.
 */
static void retry(struct run *r, struct initiator *in)
{
	struct track_entry *e = any_command(&in->track, feed_u8(&r->f));
	bool is_new, was_sure;

	if (!e || e->is_loose || e->is_refused || (pdu_is_immediate(e->bhs) && !e->is_missed))
		return;
	initiator_push_all(in); /* so that it is behind the first one */
	if (initiator_has(in, e->line) && !initiator_line(in, e->line))
		return; /* it may still be answered there */
	is_new = e->is_missed || !initiator_line(in, e->line);
	if (is_new) {
		e->may_vanish = !e->is_missed || r->was_aborted;
		e->is_vague |= !e->is_missed;
		e->is_retried = !e->is_missed;
		e->strays = false;
		begin_again(e, in->line);
	}
	was_sure = !e->may_vanish;
	memcpy(r->scratch, e->bhs, PDU_BHS_LEN);
	memset(r->scratch + PDU_BHS_LEN, 0x5a, pdu_data_len(e->bhs));
	initiator_send(r, in, r->scratch, 0, pdu_data_len(e->bhs));
	if (!is_new) { /* whatever became of it */
		if (e->line != in->line->serial) {
			initiator_push_all(in);
			e->strays = e->is_retried;
		}
		e->is_missed = false;
		e->may_vanish = !was_sure;
	}
}

/* ---- TASK REASSIGN ---- */

void recovery_note(struct initiator *in, struct track_entry *note, const struct pdu_tmf_req *req)
{
	struct track_entry *e = track_find(&in->track, req->rtt);

	note->is_reassign = true;
	note->rtt = req->rtt;
	note->rtt_datasn = req->expdatasn;
	if (note->is_loose && e)
		e->is_loose = true; /* whether it is cannot be told */
}

static void send_reassign(struct run *r, struct initiator *in, struct pdu_tmf_req *req,
			  const struct order *o)
{
	struct track_entry *note;
	bool is_odd;

	req->function = PDU_TMF_TASK_REASSIGN;
	req->immediate = o->immediate;
	req->cmdsn = o->cmdsn;
	req->itt = initiator_itt(r, in, &is_odd);
	note = initiator_note(in, req->itt, is_odd, PDU_TMF_REQ, o);
	if (!note)
		return;
	recovery_note(in, note, req);
	pdu_put_tmf_req(r->scratch, req);
	initiator_send(r, in, r->scratch, 0, 0);
}

/* How much of its data, or of what it was asked for, an initiator has: the truth. */
static uint32_t true_datasn(const struct track_entry *e)
{
	return e->read ? e->datasn : e->r2tsn;
}

static void reassign(struct run *r, struct initiator *in)
{
	struct track_entry *e = any_command(&in->track, feed_u8(&r->f));
	struct pdu_tmf_req req = { .rtt = e ? e->itt : 0x77 };
	uint8_t how = feed_u8(&r->f);
	struct order o = initiator_order(r, in);

	if (e && how < 0xf0)
		req.expdatasn = true_datasn(e);
	if (how >= 0x80)
		req.expdatasn -= feed_u8(&r->f);
	send_reassign(r, in, &req, &o);
}

/* ---- logout ---- */

void recovery_part(struct initiator *in, const struct pdu_logout_req *req)
{
	struct track *t = &in->track;
	uint32_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (req->reason == PDU_LOGOUT_SESSION || in->lines[i].cid == req->cid)
			in->lines[i].leaves = true;
	}
	for (i = 0; i < t->n; i++) {
		if (req->reason == PDU_LOGOUT_SESSION || t->e[i].cid == req->cid)
			t->e[i].is_parted = true;
	}
}

static void log_out_for_recovery(struct run *r, struct initiator *in, uint16_t cid)
{
	const struct order o = { .cmdsn = in->cmdsn, .immediate = true, .is_sure = true };
	struct pdu_logout_req req = {
		.reason = PDU_LOGOUT_RECOVERY,
		.cid = cid,
		.itt = ++in->next_itt,
		.immediate = true,
		.cmdsn = o.cmdsn,
	};

	if (!initiator_note(in, req.itt, false, PDU_LOGOUT_REQ, &o))
		return;
	pdu_put_logout_req(r->scratch, &req);
	initiator_send(r, in, r->scratch, 0, 0);
}

/* ---- connections ---- */

static bool has_cid(const struct initiator *in, uint16_t cid)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (in->lines[i].cid == cid && line_is_up(&in->lines[i]))
			return true;
	}
	return false;
}

/* A command that its connection left behind. */
static bool is_lost(struct initiator *in, const struct track_entry *e)
{
	return e->opcode == PDU_SCSI_CMD && !e->answered && !e->is_loose &&
	       !initiator_line(in, e->line);
}

static void release(struct run *r, struct initiator *in)
{
	struct track *t = &in->track;
	bool done[CID_MAX + 1] = { false };
	uint32_t i, n = t->n;

	for (i = 0; i < n && initiator_choose(in, 0); i++) {
		uint16_t cid = t->e[i].cid;

		if (!is_lost(in, &t->e[i]) || done[cid] || has_cid(in, cid))
			continue;
		done[cid] = true;
		log_out_for_recovery(r, in, cid);
	}
}

void recovery_take_over(struct run *r, struct initiator *in)
{
	struct track *t = &in->track;
	uint32_t i, n = t->n;

	if (!in->level || initiator_is_coming(in))
		return;
	if (!initiator_is_up(in))
		initiator_join(r, in, 1);
	release(r, in);
	for (i = 0; i < n && initiator_choose(in, i); i++) {
		const struct order o = { .cmdsn = in->cmdsn, .immediate = true, .is_sure = true };
		struct pdu_tmf_req req = { .rtt = t->e[i].itt, .expdatasn = true_datasn(&t->e[i]) };

		if (is_lost(in, &t->e[i]))
			send_reassign(r, in, &req, &o);
	}
	initiator_push_all(in);
	fuzz_world_settle(&r->w);
}

/* ---- acknowledgements ---- */

static void hold_back(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);

	in->line->holds_acks = how & 1;
	in->line->ack_error = how & 2 ? feed_near(&r->f) : 0;
}

bool recovery_acknowledge(struct run *r, struct initiator *in)
{
	struct pdu_nop_out nop = {
		.immediate = true,
		.itt = PDU_TAG_RESERVED,
		.ttt = PDU_TAG_RESERVED,
		.cmdsn = in->cmdsn,
	};
	bool sent = false;
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		struct line *l = &in->lines[i];

		if (!line_is_up(l) ||
		    (!l->peer.conn->ledger.n && TAILQ_EMPTY(&l->peer.conn->marks)))
			continue;
		l->holds_acks = false;
		l->ack_error = 0;
		in->line = l;
		pdu_put_nop_out(r->scratch, &nop);
		initiator_send(r, in, r->scratch, 0, 0);
		sent = true;
	}
	return sent;
}

void recovery_forget(struct initiator *in)
{
	struct track *t = &in->track;
	uint32_t i;

	for (i = 0; i < t->n; i++)
		t->e[i].may_vanish |= !initiator_line(in, t->e[i].line);
}

/* ---- one step ---- */

static void lose_one(struct run *r, struct initiator *in)
{
	(void)r;
	peer_lose(&in->line->peer);
}

void recovery_step(struct run *r, struct initiator *in)
{
	static void (*const steps[])(struct run * r, struct initiator * in) = {
		snack, snack, retry, reassign, hold_back, lose_one,
	};
	uint8_t how = feed_u8(&r->f);
	size_t what = how & 7;

	if (in->track.n == TRACK_MAX)
		return;
	r->w.out_limit = r->out_limit;
	if (what == 6)
		initiator_join(r, in, 1 + (how >> 3 & 3));
	else if (what == 7)
		recovery_take_over(r, in);
	else if (initiator_choose(in, how >> 3))
		steps[what](r, in);
	if (how & 0x80)
		fuzz_world_turn(&r->w);
}
