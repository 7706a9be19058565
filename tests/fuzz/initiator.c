#include "initiator.h"

#include "base/serial.h"
#include "iscsi/session.h"
#include "wire/digest.h"
#include "wire/text.h"

/* ---- login ---- */

/* What was agreed on, as soon as the login is over. */
static void agree(struct initiator *in)
{
	const struct param *p = &in->peer.conn->session->param;

	in->track.max_burst = p->MaxBurstLength;
	in->track.max_r2t = p->MaxOutstandingR2T;
	in->immediate_data = p->ImmediateData;
	in->initial_r2t = p->InitialR2T;
	in->first_burst = p->FirstBurstLength;
	in->max_data = in->peer.conn->rx.max_data;
}

static void hear(struct peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct initiator *in = (struct initiator *)p;
	struct pdu_text_rsp text;

	if (pdu_opcode(bhs) == PDU_LOGIN_RSP && p->is_full)
		agree(in);
	track_answer(&in->track, bhs, data, len);
	if (pdu_opcode(bhs) == PDU_TEXT_RSP && pdu_get_text_rsp(bhs, &text) == PDU_OK)
		in->text_ttt = text.ttt;
	if (pdu_opcode(bhs) == PDU_TMF_RSP && in->tmfs)
		in->tmfs--;
	if (p->is_full && p->conn && p->conn->session)
		MUST(sn_ahead(p->expcmdsn, p->maxcmdsn) < (int32_t)p->conn->session->cmdsn.depth,
		     "the window is from %u to %u", p->expcmdsn, p->maxcmdsn);
}

static void say_login(struct run *r, struct initiator *in, uint8_t isid)
{
	struct pdu_login_req req = {
		.transit = true,
		.csg = PDU_STAGE_OPERATIONAL,
		.nsg = PDU_STAGE_FULL,
		.isid = { 0x40, 0, 0, 0, 0, isid },
		.itt = 1,
		.cid = 1,
	};
	char text[1024];
	struct text_out out = { .buf = text, .size = sizeof(text) };
	uint8_t *pdu = r->scratch;
	bool digests = r->how & 1;

	text_add(&out, "InitiatorName", isid & 1 ? WORLD_FRIEND : "iqn.1993-08.org.debian:01:b");
	text_add(&out, "TargetName", WORLD_OPEN);
	text_add(&out, "HeaderDigest", digests ? "CRC32C" : "None");
	text_add(&out, "DataDigest", digests ? "CRC32C" : "None");
	text_add(&out, "InitialR2T", "No");
	text_add(&out, "ImmediateData", "Yes");
	text_add(&out, "MaxOutstandingR2T", "16");
	text_add(&out, "FirstBurstLength", "65536");
	text_add(&out, "MaxBurstLength", "262144");
	text_addf(&out, "MaxRecvDataSegmentLength", "%u", 512u << (r->how >> 5));
	req.cmdsn = in->cmdsn;
	req.data_len = (uint32_t)out.len;
	memset(pdu, 0, PDU_BHS_LEN + sizeof(text));
	pdu_put_login_req(pdu, &req);
	memcpy(pdu + PDU_BHS_LEN, text, out.len);
	peer_send(&in->peer, pdu, PDU_BHS_LEN + out.len + pdu_pad(req.data_len), SIZE_MAX);
}

bool initiator_is_up(const struct initiator *in)
{
	return in->peer.conn && in->peer.is_full && conn_is_full(in->peer.conn);
}

void initiator_log_in(struct run *r, struct initiator *in, uint8_t isid)
{
	peer_close(&in->peer);
	free(in->waiting);
	memset(in, 0, sizeof(*in));
	in->cmdsn = isid & 2 ? UINT32_MAX - 3 : 1;
	in->next_itt = 0x1000;
	peer_open(&in->peer, &r->w, 0);
	in->peer.pdu = hear;
	say_login(r, in, isid);
	fuzz_world_settle(&r->w);
}

/* ---- sending ---- */

void initiator_push(struct initiator *in, size_t chunk)
{
	peer_send(&in->peer, in->waiting, in->waiting_len, chunk);
	in->waiting_len = 0;
}

void initiator_add(struct initiator *in, const uint8_t *p, size_t len)
{
	in->waiting = realloc(in->waiting, in->waiting_len + len);
	MUST(in->waiting, "memory");
	memcpy(in->waiting + in->waiting_len, p, len);
	in->waiting_len += len;
}

/* How the bytes of a PDU go out, and what is wrong with them. */
static void transmit(struct run *r, struct initiator *in, uint8_t *pdu, size_t header, size_t all)
{
	uint8_t mod = feed_u8(&r->f);
	size_t chunk = SIZE_MAX;

	switch (mod & 3) {
	case 1: chunk = PDU_BHS_LEN; break;
	case 2: chunk = feed_u8(&r->f) + 1u; break;
	case 3: chunk = feed_u16(&r->f) + 1u; break;
	default: break;
	}
	if (mod >= 0xf8) {
		in->track.is_wild = true;
		pdu[feed_u8(&r->f) % PDU_BHS_LEN] ^= (uint8_t)(1u << (mod & 7));
	} else if (mod >= 0xf0 && in->peer.data_digest && all > header) {
		pdu[all - 1] ^= 0x10;
	} else if (mod >= 0xec && in->peer.header_digest) {
		pdu[header - 1] ^= 0x10;
	}
	world_trace(&in->peer, ">", pdu);
	initiator_add(in, pdu, all);
	if (!(mod & 4))
		initiator_push(in, chunk);
}

void initiator_send(struct run *r, struct initiator *in, uint8_t *pdu, uint32_t ahs_len,
		    uint32_t data_len)
{
	size_t header = PDU_BHS_LEN + ahs_len;
	uint32_t pad = pdu_pad(data_len);
	size_t all;

	if (ahs_len)
		pdu_set_ahs_len(pdu, ahs_len);
	if (in->peer.header_digest) {
		memmove(pdu + header + PDU_DIGEST_LEN, pdu + header, data_len);
		digest_put(pdu + header, pdu, header);
		header += PDU_DIGEST_LEN;
	}
	all = header + data_len + pad;
	memset(pdu + header + data_len, 0, pad);
	if (in->peer.data_digest && data_len) {
		digest_put(pdu + all, pdu + header, data_len);
		all += PDU_DIGEST_LEN;
	}
	transmit(r, in, pdu, header, all);
}

/* Is there room in the window for n numbers more, perhaps after a turn? */
static bool has_room(struct run *r, struct initiator *in, uint32_t n)
{
	if (sn_before(in->peer.maxcmdsn, in->cmdsn + n - 1)) {
		initiator_push(in, SIZE_MAX);
		fuzz_world_settle(&r->w);
	}
	return !sn_before(in->peer.maxcmdsn, in->cmdsn + n - 1);
}

struct order initiator_order(struct run *r, struct initiator *in)
{
	uint8_t how = feed_u8(&r->f);
	struct order o = { .is_sure = true };

	if (how >= 0xf8) {
		o.cmdsn = in->cmdsn + feed_near(&r->f);
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
	o.is_sure = !sn_before(in->peer.maxcmdsn, o.cmdsn);
	return o;
}

uint32_t initiator_itt(struct run *r, struct initiator *in, bool *is_odd)
{
	uint8_t how = feed_u8(&r->f);

	*is_odd = how >= 0xf4;
	if (how >= 0xf8)
		return in->next_itt - (how & 7);
	return how >= 0xf4 ? PDU_TAG_RESERVED : ++in->next_itt;
}

struct track_entry *initiator_note(struct initiator *in, uint32_t itt, bool is_odd, uint8_t opcode,
				   const struct order *o)
{
	struct track_entry *e = is_odd ? track_find(&in->track, itt) : NULL;

	if (!e)
		e = track_add(&in->track, itt, opcode);
	if (!e)
		return NULL;
	e->is_loose = is_odd;
	e->may_vanish = !o->is_sure;
	return e;
}
