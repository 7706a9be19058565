#include "data_out.h"

static void send_data(struct run *r, struct initiator *in, const struct track_entry *e,
		      struct track_seq *s, uint32_t len, bool final)
{
	struct pdu_data_out d = {
		.final = final,
		.itt = e->itt,
		.ttt = s->ttt,
		.datasn = s->datasn,
		.offset = s->offset + s->sent,
		.data_len = len,
	};

	memcpy(d.lun, e->lun, sizeof(d.lun));
	pdu_put_data_out(r->scratch, &d);
	memset(r->scratch + PDU_BHS_LEN, (int)d.offset & 0xff, len);
	if (!initiator_send(r, in, r->scratch, 0, len))
		return; /* it did not come: it is sent again */
	s->datasn++;
	s->sent += len;
	s->ended = final;
}

/* What follows goes by that connection. False: that is no more. */
static bool follow(struct initiator *in, uint32_t serial)
{
	struct line *l = initiator_line(in, serial);

	if (l)
		in->line = l;
	return l;
}

void data_out_next(struct run *r, struct initiator *in)
{
	struct track_entry *e = track_open(&in->track, feed_u8(&r->f));
	uint8_t how = feed_u8(&r->f);
	uint32_t i, left, most;

	for (i = 0; e && i < e->nseq; i++) {
		struct track_seq *s = &e->seq[i];

		if (s->ended || !follow(in, s->line))
			continue;
		left = s->len - s->sent;
		most = min32(in->line->max_data, INITIATOR_DATA_MAX);
		if (how & 1)
			most = min32(most, 4u * how);
		if (how >= 0xf8) { /* too much, too little, not where it belongs */
			in->track.is_disturbed = true;
			s->sent += feed_u8(&r->f);
			send_data(r, in, e, s, feed_u8(&r->f), how & 2);
			return;
		}
		send_data(r, in, e, s, min32(left, most), left <= most);
		return;
	}
}

void data_out_odd(struct run *r, struct initiator *in)
{
	struct track_entry *e = track_open(&in->track, feed_u8(&r->f));
	struct pdu_data_out d = { .final = true, .ttt = PDU_TAG_RESERVED };
	uint8_t how = feed_u8(&r->f);

	in->track.is_disturbed = true;
	if (e)
		(void)follow(in, e->line);
	d.itt = e ? e->itt : 0xdead;
	if (how & 1)
		d.ttt = feed_u8(&r->f);
	if (e && e->nseq && how & 2)
		d.ttt = e->seq[how % e->nseq].ttt;
	d.final = how & 4;
	d.datasn = how & 8 ? feed_u8(&r->f) : 0;
	d.offset = how & 0x10 ? feed_u32(&r->f) : 0;
	d.data_len = how & 0x20 ? feed_u8(&r->f) : 0;
	pdu_put_data_out(r->scratch, &d);
	memset(r->scratch + PDU_BHS_LEN, 0xee, d.data_len);
	initiator_send(r, in, r->scratch, 0, d.data_len);
}

/* An F for a sequence that is not over; where what lacks is asked for again all of its data, too.
 */
static void end_sequence(struct run *r, struct initiator *in, const struct track_entry *e,
			 struct track_seq *s)
{
	uint32_t left = in->level && s->sent < s->len ? s->len - s->sent : 0;
	uint32_t len = min32(left, min32(in->line->max_data, INITIATOR_DATA_MAX));

	send_data(r, in, e, s, len, len == left);
}

bool data_out_end(struct run *r, struct initiator *in)
{
	struct track *t = &in->track;
	bool sent = false;
	uint32_t i, k;

	for (i = 0; i < t->n; i++) {
		for (k = 0; k < t->e[i].nseq; k++) {
			if (t->e[i].seq[k].ended || !follow(in, t->e[i].seq[k].line))
				continue;
			end_sequence(r, in, &t->e[i], &t->e[i].seq[k]);
			sent = true;
		}
	}
	return sent;
}
