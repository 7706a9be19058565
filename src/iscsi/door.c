#include "iscsi/door.h"

#include "iscsi/async.h"
#include "iscsi/command.h"
#include "iscsi/conn.h"
#include "iscsi/exchange.h"
#include "iscsi/full.h"
#include "iscsi/login.h"
#include "iscsi/manage.h"
#include "iscsi/retain.h"
#include "iscsi/sessions.h"
#include "iscsi/stall.h"
#include "iscsi/task.h"

#include <assert.h>

#define LINGER_MS        5000       /* for a peer to read its last answer */
#define MAX_UNSENT       4096       /* answers that may wait for a peer to read them … */
#define MAX_UNSENT_BYTES (1u << 20) /* … and bytes of data in them */

/* ---- bytes ---- */

static enum pdu_rx_verdict on_header(void *arg, const struct pdu_in *pdu,
				     struct pdu_rx_place *place)
{
	struct conn *c = arg;

	return conn_is_full(c) ? full_header(c, pdu, place) : PDU_RX_GO_ON;
}

static enum pdu_rx_verdict on_pdu(void *arg, const struct pdu_in *pdu)
{
	struct conn *c = arg;

	return conn_is_full(c) ? full_pdu(c, pdu) : login_pdu(c, pdu);
}

static const struct pdu_rx_ops rx_ops = { .header = on_header, .pdu = on_pdu };

struct conn *door_open(struct iscsi *iscsi, const struct portal *portal,
		       const struct portal_addr *local, const struct portal_addr *peer,
		       uint64_t now_ms)
{
	struct conn *c = conn_new(iscsi, portal, local, peer);

	iscsi->now_ms = now_ms;
	if (!c)
		return NULL;
	pdu_rx_init(&c->rx, &rx_ops, c);
	c->heard_ms = now_ms;
	c->opened_ms = now_ms;
	iscsi->counts.connections++;
	c->state_ms = now_ms + iscsi->login_timeout_ms;
	c->alarm_ms = c->state_ms;
	return c;
}

int door_space(struct conn *c, struct iovec iov[static 2], uint8_t *stage, size_t stage_len)
{
	task_settle_all(c->iscsi);
	return pdu_rx_space(&c->rx, iov, stage, stage_len);
}

static void on_rx_error(struct conn *c, enum pdu_rx_err err)
{
	switch (err) {
	case PDU_RX_OK:
	case PDU_RX_STOPPED: break;
	case PDU_RX_HEADER_DIGEST:
		c->iscsi->counts.header_digests++;
		conn_drop(c, "header digest does not match");
		break;
	case PDU_RX_TOO_LONG:
		conn_drop(c, "data segment longer than the %u bytes of MaxRecvDataSegmentLength",
			  c->rx.max_data);
		break;
	case PDU_RX_NO_MEMORY: conn_drop(c, "no memory for a data segment"); break;
	}
}

/* What a new state has to wait for. */
static uint64_t alarm_of(const struct conn *c, uint64_t now_ms)
{
	const struct session *s = c->session;

	switch (c->state) {
	case CONN_LOGGED_IN:
		return s->target && s->target->limits.nop_interval_ms
			       ? now_ms + s->target->limits.nop_interval_ms
			       : 0;
	case CONN_LOGOUT_REQUESTED: return now_ms + c->logout_ms;
	case CONN_IN_LOGOUT:
	case CONN_REFUSED: return now_ms + LINGER_MS;
	default: return c->state_ms;
	}
}

/* The earlier of two times, of which 0 is none. */
static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

void door_tend(struct conn *c, uint64_t now_ms)
{
	c->iscsi->now_ms = now_ms;
	if (c->state != c->tended) {
		c->tended = c->state;
		c->state_ms = alarm_of(c, now_ms);
	}
	if (!conn_is_full(c))
		c->check_ms = 0;
	else if (c->waits && !c->check_ms)
		c->check_ms = now_ms + STALL_CHECK_MS;
	c->alarm_ms = sooner(c->state_ms, c->check_ms);
}

void door_put(struct conn *c, uint8_t *stage, size_t n, uint64_t now_ms)
{
	assert(c->magic == CONN_MAGIC);
	c->iscsi->now_ms = now_ms;
	c->heard_ms = now_ms;
	c->bytes_in += n;
	pdu_rx_put(&c->rx, stage, n);
}

bool door_run(struct conn *c, uint32_t most)
{
	/* It was given up in this very turn: nothing of it counts any more. */
	if (!conn_is_open(c))
		return false;
	on_rx_error(c, pdu_rx_run(&c->rx, most));
	c->waits |= pdu_rx_in_middle(&c->rx);
	if (c->waits && !c->check_ms)
		conn_touch(c);
	return pdu_rx_has_input(&c->rx);
}

void door_input(struct conn *c, uint8_t *stage, size_t n, uint64_t now_ms)
{
	door_put(c, stage, n, now_ms);
	door_run(c, UINT32_MAX);
}

bool door_wants_input(const struct conn *c)
{
	return conn_is_open(c) && c->tx.waiting < MAX_UNSENT && c->unsent < MAX_UNSENT_BYTES;
}

/* ---- time ---- */

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void keep_alive(struct conn *c, uint64_t now_ms)
{
	const struct target_limits *limits = &c->session->target->limits;
	uint64_t idle_at = c->heard_ms + limits->nop_interval_ms;
	uint64_t late_at = c->pinged_ms + limits->nop_timeout_ms;

	if (c->heard_ms > c->pinged_ms)
		c->pinged_ms = 0;
	if (c->pinged_ms && c->answers_pings) {
		if (now_ms >= late_at)
			conn_drop(c, "no answer to a ping for %u ms", limits->nop_timeout_ms);
		else
			c->state_ms = late_at;
		return;
	}
	if (now_ms < idle_at) {
		c->state_ms = idle_at;
		return;
	}
	/* Some initiators never answer a ping: for them it only keeps the path busy. */
	full_ping(c);
	c->pinged_ms = now_ms;
	c->state_ms = now_ms + min64(limits->nop_interval_ms, limits->nop_timeout_ms);
}

/* It was to log out by now (11.9.1, event 1). What is in flight may still finish. */
static void overdue(struct conn *c, uint64_t now_ms)
{
	if (c->ntasks > 0) {
		c->state_ms = now_ms + LINGER_MS;
		return;
	}
	conn_news(c, "session %u: not logged out in %u ms; dropped", c->session->tsih,
		  c->logout_ms);
	async_drop_connection(c);
}

/* What the state of a connection was given time for. */
static void state_timeout(struct conn *c, uint64_t now_ms)
{
	c->state_ms = 0;
	switch (c->state) {
	case CONN_XPT_UP:
	case CONN_IN_LOGIN:
		login_note(c, "the login takes longer than login-timeout");
		conn_drop(c, "login takes longer than %llu ms",
			  (unsigned long long)c->iscsi->login_timeout_ms);
		break;
	case CONN_LOGOUT_REQUESTED: overdue(c, now_ms); break;
	case CONN_LOGGED_IN:
		if (c->session->target && c->session->target->limits.nop_interval_ms)
			keep_alive(c, now_ms);
		break;
	case CONN_IN_LOGOUT:
	case CONN_REFUSED: conn_event(c, EV_DROP); break;
	case CONN_DEAD: break;
	}
}

void door_tick(struct iscsi *iscsi, uint64_t now_ms)
{
	iscsi->now_ms = now_ms;
	sessions_expire(iscsi, now_ms);
}

void door_timeout(struct conn *c, uint64_t now_ms)
{
	c->iscsi->now_ms = now_ms;
	if (c->state_ms && now_ms >= c->state_ms)
		state_timeout(c, now_ms);
	if (c->check_ms && now_ms >= c->check_ms) {
		c->check_ms = 0;
		if (conn_is_full(c))
			stall_check(c, now_ms);
	}
	door_tend(c, now_ms);
}

/* ---- the end ---- */

bool door_is_over(const struct conn *c)
{
	if (c->state == CONN_DEAD)
		return true;
	if (conn_is_open(c) || pdu_tx_has(&c->tx) || c->parting)
		return false;
	return !c->drains || c->ntasks == 0;
}

void door_lost(struct conn *c)
{
	retain_start(c);
	command_forget(c);
	pdu_rx_reset(&c->rx);
	pdu_tx_reset(&c->tx); /* what was lent comes back, answers that will not be sent too */
	statsn_fini(&c->ledger);
	exchange_free(c);
	login_free(c);
	if (c->session)
		sessions_leave(c);
	conn_free(c);
}

void door_stop(struct iscsi *iscsi, uint16_t time_s)
{
	iscsi->stopping = true;
	sessions_stop_waiting(iscsi);
	manage_logout(iscsi, NULL, 0, time_s);
}
