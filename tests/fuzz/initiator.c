#include "initiator.h"

#include "base/bytes.h"
#include "base/serial.h"
#include "iscsi/session.h"
#include "wire/digest.h"
#include "wire/text.h"

#define EXPSTATSN_AT 28 /* in every request */

/* ---- login ---- */

/* What was agreed on, as soon as the login is over. */
static void agree(struct line *l)
{
	const struct conn *c = l->peer.conn;
	const struct param *p = &c->session->param;
	struct initiator *in = l->in;

	in->tsih = c->session->tsih;
	in->level = (uint8_t)p->ErrorRecoveryLevel;
	in->track.max_burst = p->MaxBurstLength;
	in->track.max_r2t = p->MaxOutstandingR2T;
	in->immediate_data = p->ImmediateData;
	in->initial_r2t = p->InitialR2T;
	in->first_burst = p->FirstBurstLength;
	l->max_data = c->rx.max_data;
	l->expstatsn = l->peer.statsn;
	l->acked = l->expstatsn;
}

/* Is it the response to a TASK REASSIGN? */
static bool is_reassign(struct initiator *in, const uint8_t *bhs)
{
	const struct track_entry *e = track_find(&in->track, pdu_itt(bhs));

	return e && e->is_reassign;
}

static void hear(struct peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct line *l = (struct line *)p;
	struct initiator *in = l->in;
	struct pdu_text_rsp text;

	if (pdu_opcode(bhs) == PDU_LOGIN_RSP && p->is_full)
		agree(l);
	track_answer(&in->track, &(struct track_pdu){ .line = l->serial,
						      .is_again = p->is_again,
						      .bhs = bhs,
						      .data = data,
						      .len = len });
	if (pdu_opcode(bhs) == PDU_TEXT_RSP && pdu_get_text_rsp(bhs, &text) == PDU_OK)
		l->text_ttt = text.ttt;
	if (pdu_opcode(bhs) == PDU_TMF_RSP && !p->is_again && in->tmfs && !is_reassign(in, bhs))
		in->tmfs--;
	if (p->is_full && p->conn && p->conn->session)
		MUST(sn_ahead(p->expcmdsn, p->maxcmdsn) < (int32_t)p->conn->session->cmdsn.depth,
		     "the window is from %u to %u", p->expcmdsn, p->maxcmdsn);
}

/* The keys of a session's first login. */
static void say_session(struct run *r, struct text_out *out)
{
	text_add(out, "InitialR2T", "No");
	text_add(out, "ImmediateData", "Yes");
	text_add(out, "MaxOutstandingR2T", "16");
	text_add(out, "FirstBurstLength", "65536");
	text_add(out, "MaxBurstLength", "262144");
	text_add(out, "MaxConnections", "16");
	text_add(out, "ErrorRecoveryLevel", "2");
	text_add(out, "DefaultTime2Wait", "0");
	text_add(out, "DefaultTime2Retain", "3600");
	text_add(out, "DataPDUInOrder", r->recovery & 0x40 ? "No" : "Yes");
	text_add(out, "DataSequenceInOrder", r->recovery & 0x40 ? "No" : "Yes");
}

/* tsih 0: a session of its own. */
static void say_login(struct run *r, struct line *l, uint16_t tsih)
{
	uint8_t isid = l->in->isid;
	struct pdu_login_req req = {
		.transit = true,
		.csg = PDU_STAGE_OPERATIONAL,
		.nsg = PDU_STAGE_FULL,
		.isid = { 0x40, 0, 0, 0, 0, isid },
		.tsih = tsih,
		.itt = 1,
		.cid = l->cid,
	};
	char text[1024];
	struct text_out out = { .buf = text, .size = sizeof(text) };
	uint8_t *pdu = r->scratch;
	bool digests = r->how & 1;

	text_add(&out, "InitiatorName", isid & 1 ? WORLD_FRIEND : "iqn.1993-08.org.debian:01:b");
	text_add(&out, "TargetName", WORLD_OPEN);
	text_add(&out, "HeaderDigest", digests ? "CRC32C" : "None");
	text_add(&out, "DataDigest", digests ? "CRC32C" : "None");
	if (!tsih)
		say_session(r, &out);
	text_addf(&out, "MaxRecvDataSegmentLength", "%u", 512u << (r->how >> 5));
	req.cmdsn = l->in->cmdsn;
	req.data_len = (uint32_t)out.len;
	memset(pdu, 0, PDU_BHS_LEN + sizeof(text));
	pdu_put_login_req(pdu, &req);
	memcpy(pdu + PDU_BHS_LEN, text, out.len);
	peer_send(&l->peer, pdu, PDU_BHS_LEN + out.len + pdu_pad(req.data_len), SIZE_MAX);
}

static void line_fini(struct line *l)
{
	peer_close(&l->peer);
	free(l->waiting);
	memset(l, 0, sizeof(*l));
}

void initiator_init(struct initiator *in)
{
	memset(in->lines, 0, sizeof(in->lines));
	track_clear(&in->track);
	in->line = NULL;
	in->last_serial = 0;
	in->tsih = 0;
	in->level = 0;
	in->has_gap = false;
	in->next_itt = 0x1000;
	in->tmfs = 0;
}

void initiator_fini(struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++)
		line_fini(&in->lines[i]);
}

/* Connect, in place of one that is gone. */
static void open_line(struct run *r, struct initiator *in, uint16_t cid, uint16_t tsih)
{
	struct line *l = in->lines;

	while (l->peer.conn) {
		if (++l == in->lines + INITIATOR_LINES_MAX)
			return;
	}
	line_fini(l);
	peer_open(&l->peer, &r->w, 0);
	l->peer.pdu = hear;
	l->in = in;
	l->serial = ++in->last_serial;
	l->cid = cid;
	l->text_ttt = PDU_TAG_RESERVED;
	say_login(r, l, tsih);
	fuzz_world_settle(&r->w);
}

void initiator_log_in(struct run *r, struct initiator *in, uint8_t isid)
{
	initiator_lose(in);
	initiator_fini(in);
	initiator_init(in);
	in->isid = isid;
	in->cmdsn = isid & 2 ? UINT32_MAX - 3 : 1;
	open_line(r, in, 1, 0);
	(void)initiator_choose(in, 0);
}

void initiator_join(struct run *r, struct initiator *in, uint16_t cid)
{
	open_line(r, in, cid, in->tsih);
}

/* ---- connections ---- */

bool line_is_up(const struct line *l)
{
	return l->peer.conn && l->peer.is_full && conn_is_full(l->peer.conn);
}

struct line *initiator_line(struct initiator *in, uint32_t serial)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (in->lines[i].serial == serial && line_is_up(&in->lines[i]))
			return &in->lines[i];
	}
	return NULL;
}

bool initiator_has(const struct initiator *in, uint32_t serial)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (in->lines[i].serial == serial && in->lines[i].peer.conn)
			return true;
	}
	return false;
}

bool initiator_choose(struct initiator *in, uint32_t i)
{
	uint32_t n = 0, at;

	for (at = 0; at < INITIATOR_LINES_MAX; at++)
		n += line_is_up(&in->lines[at]);
	in->line = NULL;
	if (!n)
		return false;
	for (at = 0, i %= n; !in->line; at++) {
		if (line_is_up(&in->lines[at]) && !i--)
			in->line = &in->lines[at];
	}
	return true;
}

bool initiator_is_up(const struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (line_is_up(&in->lines[i]))
			return true;
	}
	return false;
}

bool initiator_is_coming(const struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		const struct peer *p = &in->lines[i].peer;

		if (p->conn && conn_is_open(p->conn) && !p->is_full)
			return true;
	}
	return false;
}

void initiator_lose(struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		if (in->lines[i].peer.conn)
			peer_lose(&in->lines[i].peer);
	}
}

/* ---- sending ---- */

static void push(struct line *l, size_t chunk)
{
	/* What is lost in the middle of a connection makes the rest of it nonsense. */
	if (!peer_send(&l->peer, l->waiting, l->waiting_len, chunk))
		l->in->track.is_wild = true;
	l->waiting_len = 0;
}

void initiator_push(struct initiator *in, size_t chunk)
{
	push(in->line, chunk);
}

void initiator_push_all(struct initiator *in)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++)
		push(&in->lines[i], SIZE_MAX);
}

void initiator_add(struct initiator *in, const uint8_t *p, size_t len)
{
	struct line *l = in->line;

	l->waiting = realloc(l->waiting, l->waiting_len + len);
	MUST(l->waiting, "memory");
	memcpy(l->waiting + l->waiting_len, p, len);
	l->waiting_len += len;
}

/*
 * A PDU with that header does not come. 7.7: a bad header is dropped, at level 0 with the
 * connection. 7.8: bad data is rejected.
 */
static void miss(struct initiator *in, const uint8_t *bhs, bool is_told)
{
	struct track_entry *e = track_find(&in->track, pdu_itt(bhs));

	in->track.is_disturbed = true;
	if (!e || e->opcode != pdu_opcode(bhs))
		return;
	e->may_vanish |= !is_told;
	e->is_missed = true;
}

/* How the bytes of a PDU go out, and what is wrong with them. False: it does not come. */
static bool transmit(struct run *r, struct initiator *in, uint8_t *pdu, size_t header, size_t all)
{
	uint8_t mod = feed_u8(&r->f);
	size_t chunk = SIZE_MAX;
	bool comes = true;

	switch (mod & 3) {
	case 1: chunk = PDU_BHS_LEN; break;
	case 2: chunk = feed_u8(&r->f) + 1u; break;
	case 3: chunk = feed_u16(&r->f) + 1u; break;
	default: break;
	}
	world_trace(&in->line->peer, ">", pdu);
	if (mod >= 0xf8) {
		in->track.is_wild = true;
		pdu[feed_u8(&r->f) % PDU_BHS_LEN] ^= (uint8_t)(1u << (mod & 7));
	} else if (mod >= 0xf0 && in->line->peer.data_digest && all > header) {
		miss(in, pdu, true);
		pdu[all - 1] ^= 0x10;
	} else if (mod >= 0xec && in->line->peer.header_digest) {
		comes = false;
		miss(in, pdu, false);
		pdu[header - 1] ^= 0x10;
	}
	initiator_add(in, pdu, all);
	if (!(mod & 4))
		initiator_push(in, chunk);
	return comes;
}

/* What the initiator says that it has got of the answers. */
static void acknowledge(struct line *l, uint8_t *pdu)
{
	uint32_t says;

	if (!l->holds_acks)
		l->expstatsn = l->peer.statsn;
	says = l->expstatsn + l->ack_error;
	put_be32(pdu + EXPSTATSN_AT, says);
	if (sn_before(l->acked, says))
		l->acked = says;
}

bool initiator_send(struct run *r, struct initiator *in, uint8_t *pdu, uint32_t ahs_len,
		    uint32_t data_len)
{
	const struct peer *p = &in->line->peer;
	size_t header = PDU_BHS_LEN + ahs_len;
	uint32_t pad = pdu_pad(data_len);
	size_t all;

	acknowledge(in->line, pdu);
	if (ahs_len)
		pdu_set_ahs_len(pdu, ahs_len);
	if (p->header_digest) {
		memmove(pdu + header + PDU_DIGEST_LEN, pdu + header, data_len);
		digest_put(pdu + header, pdu, header);
		header += PDU_DIGEST_LEN;
	}
	all = header + data_len + pad;
	memset(pdu + header + data_len, 0, pad);
	if (p->data_digest && data_len) {
		digest_put(pdu + all, pdu + header, data_len);
		all += PDU_DIGEST_LEN;
	}
	return transmit(r, in, pdu, header, all);
}

/* Is the window open for n numbers more, as far as any connection was told? */
static bool has_window(const struct initiator *in, uint32_t n)
{
	size_t i;

	for (i = 0; i < INITIATOR_LINES_MAX; i++) {
		const struct line *l = &in->lines[i];

		if (line_is_up(l) && !sn_before(l->peer.maxcmdsn, in->cmdsn + n - 1))
			return true;
	}
	return false;
}

/* The same, perhaps after a turn. */
static bool has_room(struct run *r, struct initiator *in, uint32_t n)
{
	if (!has_window(in, n)) {
		initiator_push_all(in);
		fuzz_world_settle(&r->w);
	}
	return has_window(in, n);
}

struct order initiator_order(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);
	struct order o = { .is_sure = true };

	if (how >= 0xf8) {
		o.cmdsn = in->cmdsn + feed_near(&r->f);
		o.is_sure = false;
		in->track.is_wild = true; /* it may take the number of one to come */
	} else if (how >= 0xe8 && in->has_gap) {
		o.cmdsn = in->gap;
		in->has_gap = false;
	} else if (how >= 0xd8 && !in->has_gap && has_room(r, in, 2)) {
		in->gap = in->cmdsn++;
		in->has_gap = true;
		o.cmdsn = in->cmdsn++;
	} else if (how >= 0xc0 || !has_room(r, in, 1)) {
		o.immediate = true;
		o.cmdsn = in->cmdsn;
	} else {
		o.cmdsn = in->cmdsn++;
	}
	return o;
}

uint32_t initiator_itt(struct run *r, struct initiator *in, bool *is_odd)
{
	uint8_t how = feed_u8(&r->f);

	*is_odd = how >= 0xf4;
	if (how >= 0xf8) {
		in->track.reuses_tags = true;
		return in->next_itt - (how & 7);
	}
	return how >= 0xf4 ? PDU_TAG_RESERVED : ++in->next_itt;
}

struct track_entry *initiator_note(struct initiator *in, uint32_t itt, bool is_odd, uint8_t opcode,
				   const struct order *o)
{
	struct track_entry *e = is_odd ? track_find(&in->track, itt) : NULL;
	struct track_entry *task;

	/* Whose response the one to come is cannot be told, nor what became of the first one's
	 * task. */
	task = e && e->is_reassign ? track_find(&in->track, e->rtt) : NULL;
	if (task)
		task->is_loose = true;
	if (!e)
		e = track_add(&in->track, itt, opcode);
	if (!e)
		return NULL;
	e->line = in->line->serial;
	e->cid = in->line->cid;
	e->is_loose = is_odd;
	e->may_vanish = !o->is_sure;
	e->is_parted = in->line->leaves;
	return e;
}
