#include "iscsi/conn.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define IN(state) (1u << CONN_##state)
#define ANY_STATE 0xffu

#define KEPT_BESIDE 256               /* answers kept beside those to commands … */
#define KEPT_BYTES  ((size_t)4 << 20) /* … and bytes of data in them */

/* An event without a row ends that connection, nothing more. T numbers are those of RFC
 * 7143, 8.1.1. */
static const struct transition {
	unsigned int from; /* set of IN() */
	enum conn_event event;
	enum conn_state to;
} transitions[] = {
	{ IN(XPT_UP), EV_LOGIN_PDU, CONN_IN_LOGIN },                             /* T4 */
	{ IN(IN_LOGIN), EV_LOGIN_DONE, CONN_LOGGED_IN },                         /* T5 */
	{ IN(XPT_UP) | IN(IN_LOGIN), EV_REFUSED, CONN_REFUSED },                 /* T7 */
	{ IN(LOGGED_IN), EV_ASK_LOGOUT, CONN_LOGOUT_REQUESTED },                 /* T11 */
	{ IN(LOGGED_IN) | IN(LOGOUT_REQUESTED), EV_LOGOUT_PDU, CONN_IN_LOGOUT }, /* T9, T10 */
	{ IN(LOGGED_IN) | IN(LOGOUT_REQUESTED), EV_CLOSE, CONN_IN_LOGOUT },
	{ ANY_STATE, EV_DROP, CONN_DEAD }, /* T7, T8, T15, T17 */
};

static const char *const event_names[] = {
	[EV_LOGIN_PDU] = "login PDU",
	[EV_LOGIN_DONE] = "login done",
	[EV_REFUSED] = "refused",
	[EV_ASK_LOGOUT] = "logout asked for",
	[EV_LOGOUT_PDU] = "logout PDU",
	[EV_CLOSE] = "close",
	[EV_DROP] = "drop",
};

const char *conn_state_name(enum conn_state state)
{
	static const char *const names[] = {
		[CONN_XPT_UP] = "XPT_UP",       [CONN_IN_LOGIN] = "IN_LOGIN",
		[CONN_LOGGED_IN] = "LOGGED_IN", [CONN_LOGOUT_REQUESTED] = "LOGOUT_REQUESTED",
		[CONN_IN_LOGOUT] = "IN_LOGOUT", [CONN_REFUSED] = "REFUSED",
		[CONN_DEAD] = "DEAD",
	};

	return names[state];
}

struct conn *conn_new(struct iscsi *iscsi, const struct portal *portal,
		      const struct portal_addr *local, const struct portal_addr *peer)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->magic = CONN_MAGIC;
	c->state = CONN_XPT_UP;
	c->iscsi = iscsi;
	c->portal = portal;
	c->local = *local;
	c->peer = *peer;
	c->max_send = 8192; /* 13.12: until it declares another */
	pdu_tx_init(&c->tx, &iscsi->tx_pool);
	TAILQ_INIT(&c->marks);
	statsn_init(&c->ledger);
	conn_set_who(c, NULL);
	TAILQ_INSERT_TAIL(&iscsi->conns, c, link);
	iscsi->nconns++;
	return c;
}

void conn_free(struct conn *c)
{
	assert(!c->session && !c->login && !c->text && !pdu_tx_has(&c->tx) && c->ntasks == 0);
	assert(TAILQ_EMPTY(&c->marks) && c->ledger.n == 0);
	if (c->is_dirty)
		STAILQ_REMOVE(&c->iscsi->dirty, c, conn, dlink);
	TAILQ_REMOVE(&c->iscsi->conns, c, link);
	c->iscsi->nconns--;
	c->magic = 0;
	free(c);
}

bool conn_event(struct conn *c, enum conn_event event)
{
	size_t n = sizeof(transitions) / sizeof(transitions[0]);
	enum conn_state to = CONN_DEAD;
	size_t i;

	for (i = 0; i < n; i++) {
		if (transitions[i].event == event && transitions[i].from & (1u << c->state)) {
			to = transitions[i].to;
			break;
		}
	}
	conn_debug(c, "%s: %s -> %s", event_names[event], conn_state_name(c->state),
		   conn_state_name(to));
	c->state = to;
	conn_touch(c);
	return i < n;
}

bool conn_is_open(const struct conn *c)
{
	return c->state <= CONN_LOGOUT_REQUESTED;
}

bool conn_is_full(const struct conn *c)
{
	return c->state == CONN_LOGGED_IN || c->state == CONN_LOGOUT_REQUESTED;
}

void conn_touch(struct conn *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	STAILQ_INSERT_TAIL(&c->iscsi->dirty, c, dlink);
}

void conn_send(struct conn *c, struct tx_sender *s)
{
	pdu_tx_add(&c->tx, s);
	conn_touch(c);
}

void conn_keep(struct conn *c, struct statsn_entry *e, uint32_t statsn, size_t bytes)
{
	/* Each request acknowledges what has come before it: more than this is never under way. */
	uint32_t most = 2 * c->session->cmdsn.depth + KEPT_BESIDE;

	statsn_add(&c->ledger, e, statsn);
	c->kept += bytes;
	c->waits = true;
	if (c->ledger.n > most || c->kept > KEPT_BYTES)
		conn_drop(c, "it does not acknowledge our answers");
}

void conn_set_who(struct conn *c, const char *initiator)
{
	char addr[PORTAL_TEXT_MAX];

	portal_addr_format(addr, &c->peer);
	if (initiator && *initiator)
		snprintf(c->who, sizeof(c->who), "%s (%s)", initiator, addr);
	else
		snprintf(c->who, sizeof(c->who), "%s", addr);
}
