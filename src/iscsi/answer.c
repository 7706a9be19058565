#include "iscsi/answer.h"

#include "base/bytes.h"
#include "iscsi/conn.h"
#include "iscsi/session.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct answer *answer_of(struct tx_sender *s)
{
	return (struct answer *)((char *)s - offsetof(struct answer, tx));
}

static struct answer *answer_of_entry(struct statsn_entry *e)
{
	return (struct answer *)((char *)e - offsetof(struct answer, entry));
}

static bool answer_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct answer *a = answer_of(s);

	memcpy(pdu->bhs, a->bhs, PDU_BHS_LEN);
	pdu->statsn = a->statsn;
	pdu->data = a->data;
	pdu->data_len = a->data_len;
	return true;
}

/* Is it one that the initiator acknowledges, and may ask for again? */
static bool is_kept(const struct answer *a)
{
	return a->conn->keeps && a->statsn == TX_STATSN_TAKES &&
	       pdu_opcode(a->bhs) != PDU_LOGIN_RSP;
}

static void answer_sent(struct tx_sender *s, bool gone)
{
	struct answer *a = answer_of(s);

	a->conn->unsent -= a->data_len;
	if (a->entry.is_in)
		return;
	if (!gone && !a->is_acked && is_kept(a))
		conn_keep(a->conn, &a->entry, s->statsn, a->data_len);
	else
		free(a);
}

static void answer_acked(struct statsn_entry *e)
{
	struct answer *a = answer_of_entry(e);

	a->conn->kept -= a->data_len;
	a->is_acked = true;
	if (a->tx.queued) {
		if (!pdu_tx_remove(&a->conn->tx, &a->tx))
			return;
		a->conn->unsent -= a->data_len;
	}
	free(a);
}

static bool answer_again(struct statsn_entry *e, struct conn *c)
{
	struct answer *a = answer_of_entry(e);

	if (a->tx.queued)
		return true;
	a->statsn = TX_STATSN_GIVEN;
	put_be32(a->bhs + 24, e->statsn);
	answer_send(c, a);
	return true;
}

struct answer *answer_new(uint32_t data_len)
{
	struct answer *a = malloc(sizeof(*a) + data_len);

	if (!a)
		return NULL;
	*a = (struct answer){
		.tx = { .next = answer_next, .sent = answer_sent },
		.statsn = TX_STATSN_TAKES,
		.data_len = data_len,
		.entry = { .acked = answer_acked, .again = answer_again },
	};
	return a;
}

void answer_send(struct conn *c, struct answer *a)
{
	a->conn = c;
	c->unsent += a->data_len;
	conn_send(c, &a->tx);
}

void answer_part(struct conn *c, struct conn *on, struct answer *a)
{
	a->conn = on;
	c->parting = a;
	answer_settle(c);
}

void answer_settle(struct conn *c)
{
	const struct session *s = c->session;
	struct answer *a = c->parting;

	if (c->drains && c->ntasks == 0)
		conn_touch(c); /* it closes, also when nothing more is said on it */
	if (!a || (s->closing == c ? s->ntasks : c->ntasks) > 0)
		return;
	c->parting = NULL;
	answer_send(a->conn, a);
}

void answer_orphan(struct conn *c)
{
	struct session *s = c->session;
	struct answer *a = c->parting;
	struct conn *other;

	if (s->closing == c)
		s->closing = NULL;
	c->parting = NULL;
	if (a && a->conn != c)
		answer_send(a->conn, a);
	else
		free(a);
	TAILQ_FOREACH (other, &s->conns, slink) {
		if (other->parting && other->parting->conn == c) {
			free(other->parting);
			other->parting = NULL;
		}
	}
}

void answer_reject(struct conn *c, enum pdu_reject_reason reason,
		   const uint8_t bhs[static PDU_BHS_LEN])
{
	struct answer *a = answer_new(PDU_BHS_LEN);
	struct pdu_reject reject = { .reason = (uint8_t)reason, .data_len = PDU_BHS_LEN };

	c->iscsi->counts.data_digests += reason == PDU_REJECT_DATA_DIGEST;
	c->rejected = true;
	conn_fault(c, "PDU 0x%02x rejected, reason 0x%02x", pdu_opcode(bhs), (unsigned int)reason);
	if (!a) {
		conn_drop(c, "no memory for a Reject");
		return;
	}
	pdu_put_reject(a->bhs, &reject);
	memcpy(a->data, bhs, PDU_BHS_LEN);
	answer_send(c, a);
}
