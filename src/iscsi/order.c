#include "iscsi/order.h"

#include "base/bytes.h"
#include "base/serial.h"
#include "iscsi/answer.h"
#include "iscsi/cmdsn.h"
#include "iscsi/conn.h"
#include "iscsi/session.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX (1u << 20) /* bytes of data in PDUs of a session that wait for their turn */

/* A PDU that waits for its turn; owned by the session's window. */
struct held_pdu {
	struct cmdsn_entry entry;
	struct session *session;
	uint16_t cid;
	order_run_fn *run; /* NULL: it only uses up its number */
	struct pdu_in pdu; /* points into the bytes below */
	uint8_t bytes[];   /* header, data */
};

/* CmdSN stands at the same place in every numbered request. */
static uint32_t cmdsn_of(const uint8_t *bhs)
{
	return be32(bhs + 24);
}

static struct held_pdu *held_of(struct cmdsn_entry *e)
{
	return (struct held_pdu *)((char *)e - offsetof(struct held_pdu, entry));
}

static void held_free(struct held_pdu *h)
{
	h->session->held -= h->pdu.data_len;
	free(h);
}

static void held_drop(struct cmdsn_entry *e)
{
	held_free(held_of(e));
}

/*
 * Run a PDU whose number was just taken out of the window. 7.3: the CmdSN of one that is rejected
 * does not count as received; the initiator closes the gap, by sending something else with it or
 * by ABORT TASK. False: so it is.
 */
static bool run_in_turn(struct conn *c, const struct pdu_in *pdu, order_run_fn *run)
{
	struct cmdsn *window = &c->session->cmdsn;
	bool outer = c->rejected, taken;

	c->rejected = false;
	run(c, pdu);
	taken = !c->rejected;
	c->rejected = outer;
	if (taken)
		cmdsn_close(window);
	else
		cmdsn_refuse(window);
	c->waits |= !taken;
	return taken;
}

static struct conn *conn_of(const struct held_pdu *h)
{
	struct conn *c;

	TAILQ_FOREACH (c, &h->session->conns, slink) {
		if (c->cid == h->cid && conn_is_full(c))
			return c;
	}
	return NULL;
}

static void held_run(struct cmdsn_entry *e)
{
	struct held_pdu *h = held_of(e);
	struct conn *c = h->run ? conn_of(h) : NULL;

	if (c)
		run_in_turn(c, &h->pdu, h->run);
	else
		cmdsn_close(&h->session->cmdsn);
	held_free(h);
}

static void hold(struct conn *c, const struct pdu_in *pdu, order_run_fn *run)
{
	struct session *s = c->session;
	struct held_pdu *h = NULL;

	if (pdu->data_len <= HELD_MAX - s->held)
		h = malloc(sizeof(*h) + PDU_BHS_LEN + pdu->data_len);
	if (!h) {
		/* 7.3: as if it had not come; it may come again */
		answer_reject(c, PDU_REJECT_LONG_OPERATION, pdu->bhs);
		return;
	}
	s->held += pdu->data_len;
	*h = (struct held_pdu){
		.entry = { .run = held_run, .drop = held_drop },
		.session = s,
		.cid = c->cid,
		.run = run,
		.pdu = { .bhs = h->bytes, .data_len = pdu->data_len, .data_ok = true },
	};
	memcpy(h->bytes, pdu->bhs, PDU_BHS_LEN);
	h->pdu.data = h->bytes + PDU_BHS_LEN;
	if (pdu->data_len)
		memcpy(h->pdu.data, pdu->data, pdu->data_len);
	cmdsn_accept(&s->cmdsn, &h->entry, cmdsn_of(pdu->bhs));
	c->waits = true;
}

/* Count a number whose turn it is as used, and as done with. */
static void use_up(struct session *s, uint32_t cmdsn)
{
	struct cmdsn_entry now;

	cmdsn_accept(&s->cmdsn, &now, cmdsn);
	cmdsn_close(&s->cmdsn);
}

static void tell_those_who_wait(struct session *s)
{
	struct order_wait *w, *next;

	for (w = TAILQ_FIRST(&s->awaiting); w; w = next) {
		next = TAILQ_NEXT(w, link);
		if (sn_before(s->cmdsn.exp, w->cmdsn))
			continue;
		order_wait_stop(s, w);
		w->ready(w);
	}
}

bool order_wait_start(struct session *s, struct order_wait *w, uint32_t cmdsn)
{
	/* Behind MaxCmdSN there is room for one, for an immediate request takes no number. */
	if (!sn_before(s->cmdsn.exp, cmdsn) || sn_before(s->cmdsn.max + 1, cmdsn))
		return false;
	w->cmdsn = cmdsn;
	TAILQ_INSERT_TAIL(&s->awaiting, w, link);
	return true;
}

void order_wait_stop(struct session *s, struct order_wait *w)
{
	TAILQ_REMOVE(&s->awaiting, w, link);
}

void order_drain(struct session *s)
{
	struct cmdsn_entry *e;

	/* Those who wait for a number come before the command that has it. */
	do {
		tell_those_who_wait(s);
		e = cmdsn_next_held(&s->cmdsn);
		if (e)
			e->run(e);
	} while (e);
}

void order_pdu(struct conn *c, const struct pdu_in *pdu, order_run_fn *run)
{
	struct session *s = c->session;
	uint32_t cmdsn = cmdsn_of(pdu->bhs);
	struct cmdsn_entry now;

	if (pdu_is_immediate(pdu->bhs)) {
		run(c, pdu);
		return;
	}
	switch (cmdsn_check(&s->cmdsn, cmdsn)) {
	case CMDSN_RUN:
		cmdsn_accept(&s->cmdsn, &now, cmdsn);
		if (run_in_turn(c, pdu, run))
			order_drain(s);
		break;
	case CMDSN_HELD: hold(c, pdu, run); break;
	case CMDSN_DROP:
		conn_fault(c, "PDU 0x%02x with CmdSN %u outside of the window %u to %u ignored",
			   pdu_opcode(pdu->bhs), cmdsn, s->cmdsn.exp, s->cmdsn.max);
		break;
	}
}

void order_orphan(struct session *s, const struct conn *c)
{
	struct cmdsn_entry *e, *next;
	struct held_pdu *h;

	for (e = TAILQ_FIRST(&s->cmdsn.held); e; e = next) {
		next = TAILQ_NEXT(e, link);
		h = held_of(e);
		if (e->run != held_run || !h->run || h->cid != c->cid)
			continue;
		cmdsn_remove(&s->cmdsn, e);
		held_free(h);
	}
}

void order_fill(struct session *s, uint32_t cmdsn)
{
	struct held_pdu *h;

	switch (cmdsn_check(&s->cmdsn, cmdsn)) {
	case CMDSN_RUN:
		use_up(s, cmdsn);
		order_drain(s);
		break;
	case CMDSN_HELD:
		h = calloc(1, sizeof(*h));
		if (!h)
			return; /* the gap stays, as if nothing had been said */
		h->entry.run = held_run;
		h->entry.drop = held_drop;
		h->session = s;
		cmdsn_accept(&s->cmdsn, &h->entry, cmdsn);
		break;
	case CMDSN_DROP: break;
	}
}
