#include "iscsi/stall.h"

#include "iscsi/conn.h"
#include "iscsi/exchange.h"
#include "iscsi/fence.h"
#include "iscsi/full.h"
#include "iscsi/scsi_port.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "iscsi/tmf.h"
#include "target/target.h"

#define RETRY_MS 4000  /* silence after which data is asked for again, doubled each time … */
#define RETRIES  4     /* … so often */
#define LIMIT_MS 60000 /* unless the target is more patient with its pings */

/*
 * As long as a peer may take to answer a ping at the latest: who is patient there, with machines
 * that are halted and go on, wants to be so with data, too.
 */
static uint64_t limit_ms(const struct conn *c)
{
	const struct target *t = c->session->target;
	uint64_t ping = t ? (uint64_t)t->limits.nop_interval_ms + t->limits.nop_timeout_ms : 0;

	return ping > LIMIT_MS ? ping : LIMIT_MS;
}

/* Has s stood at that place for too long? */
static bool is_late(struct stall *s, uint32_t place, uint64_t limit, uint64_t now_ms)
{
	if (!s->since_ms || s->place != place)
		*s = (struct stall){ .place = place, .since_ms = now_ms };
	return now_ms - s->since_ms >= limit;
}

/* A PDU of which only the beginning came. */
static bool check_pdu(struct conn *c, uint64_t now_ms)
{
	if (!pdu_rx_in_middle(&c->rx))
		return false;
	if (now_ms - c->heard_ms >= limit_ms(c))
		conn_drop(c, "no more of a PDU for %llu ms", (unsigned long long)limit_ms(c));
	return true;
}

/*
 * At error recovery level 1 a peer may not know that something was lost: it is asked again, at
 * longer and longer intervals, before it is given up.
 */
static void ask_again(struct task *t, uint64_t now_ms)
{
	uint64_t since = now_ms - t->stall.since_ms;

	if (since < RETRY_MS)
		t->nretries = 0;
	if (t->nretries >= RETRIES || since < (uint64_t)RETRY_MS << t->nretries)
		return;
	t->nretries++;
	port_retry(t);
}

/* Answers that are not acknowledged: a ping says how many there were (11.19). */
static bool check_ledger(struct conn *c, uint64_t now_ms)
{
	const struct statsn_entry *oldest = TAILQ_FIRST(&c->ledger.entries);

	if (!oldest)
		return false;
	if (is_late(&c->ledger_stall, oldest->statsn, limit_ms(c), now_ms))
		conn_drop(c, "StatSN %u not acknowledged for %llu ms", oldest->statsn,
			  (unsigned long long)limit_ms(c));
	else if (now_ms - c->ledger_stall.since_ms >= STALL_CHECK_MS)
		full_ping(c);
	return true;
}

/* Data-Out that was announced or asked for. */
static bool check_data(struct conn *c, uint64_t now_ms)
{
	bool waits = false;
	struct task *t, *next;

	for (t = TAILQ_FIRST(&c->session->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn != c || t->cancelled || !dataout_is_open(&t->out))
			continue;
		waits = true;
		if (!is_late(&t->stall, t->out.arrived, limit_ms(c), now_ms)) {
			if (c->keeps)
				ask_again(t, now_ms);
			continue;
		}
		conn_drop(c, "no more data of task 0x%x for %llu ms", t->itt,
			  (unsigned long long)limit_ms(c));
		break;
	}
	return waits;
}

/*
 * Answers that others stand behind, in a fence: the ping that asks for an acknowledgement may have
 * been lost, and with it nothing that a SNACK could ask for. Where something was, check_ledger()
 * asks.
 */
static bool check_fence(struct conn *c, uint64_t now_ms)
{
	bool waits = fence_check(c, now_ms, limit_ms(c));

	if (waits && conn_is_full(c) && c->keeps && !c->ledger.n)
		full_ping(c);
	return waits;
}

/*
 * A CmdSN that others stand behind. At level 2 it may have been lost with a connection that the
 * initiator has some time to come back for (7.5).
 */
static bool check_order(struct conn *c, uint64_t now_ms)
{
	struct session *s = c->session;
	const struct param *p = &s->param;
	uint64_t limit = limit_ms(c);

	if (p->ErrorRecoveryLevel == 2)
		limit += ((uint64_t)p->DefaultTime2Wait + p->DefaultTime2Retain) * 1000;

	if (TAILQ_EMPTY(&s->cmdsn.held) && TAILQ_EMPTY(&s->awaiting)) {
		s->gap.since_ms = 0;
		return false;
	}
	if (is_late(&s->gap, s->cmdsn.exp, limit, now_ms))
		conn_drop(c, "CmdSN %u has been missing for %llu ms", s->cmdsn.exp,
			  (unsigned long long)limit);
	return true;
}

void stall_check(struct conn *c, uint64_t now_ms)
{
	bool waits = check_pdu(c, now_ms);

	waits |= conn_is_full(c) && check_data(c, now_ms);
	waits |= conn_is_full(c) && check_ledger(c, now_ms);
	waits |= conn_is_full(c) && check_order(c, now_ms);
	waits |= conn_is_full(c) && check_fence(c, now_ms);
	waits |= conn_is_full(c) && tmf_check(c->session, now_ms);
	waits |= conn_is_full(c) && exchange_check(c, now_ms, limit_ms(c));
	c->waits = waits;
}
