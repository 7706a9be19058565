#include "iscsi/login_room.h"

#include "iscsi/conn.h"
#include "iscsi/login_rsp.h"

#define PATIENCE_MS 1000 /* an initiator logs in within some round trips */

/* It takes its time, and it is not us whom it waits for. */
static bool is_slow(const struct conn *c)
{
	const struct iscsi *iscsi = c->iscsi;

	if ((c->state != CONN_XPT_UP && c->state != CONN_IN_LOGIN) ||
	    (c->login && c->login->waiter.waits_for))
		return false;
	return iscsi->now_ms >= c->opened_ms + PATIENCE_MS;
}

bool login_room(const struct conn *self)
{
	const struct iscsi *iscsi = self->iscsi;
	uint32_t n = 0;
	struct conn *c;

	if (iscsi->nconns <= iscsi->max_connections)
		return true;
	TAILQ_FOREACH (c, &iscsi->conns, link)
		n += conn_is_open(c);
	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (n <= iscsi->max_connections)
			return true;
		if (c == self || !is_slow(c))
			continue;
		if (c->login && c->login->started && !c->login->is_noted)
			login_rsp_note(c->login, "it is slow to log in, and others want to");
		conn_drop(c, "it is slow to log in, and others want to");
		n--;
	}
	return n <= iscsi->max_connections;
}
