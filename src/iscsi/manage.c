#include "iscsi/manage.h"

#include "iscsi/async.h"
#include "iscsi/conn.h"
#include "iscsi/discovery.h"
#include "iscsi/login.h"
#include "iscsi/session.h"

void manage_targets_changed(struct iscsi *iscsi, const struct target *t)
{
	struct conn *c;

	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (c->state == CONN_LOGGED_IN && !c->session->target &&
		    (!t || discovery_shows(c, t)))
			async_targets_changed(c);
	}
}

static unsigned int ask_logout(struct session *s, uint16_t time_s)
{
	unsigned int asked = 0;
	struct conn *c;

	TAILQ_FOREACH (c, &s->conns, slink) {
		if (c->state != CONN_LOGGED_IN)
			continue;
		async_ask_logout(c, time_s);
		asked++;
	}
	return asked;
}

unsigned int manage_logout(struct iscsi *iscsi, const struct target *t, uint16_t time_s)
{
	unsigned int asked = 0;
	struct session *s;

	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		if (!t || s->target == t)
			asked += ask_logout(s, time_s);
	}
	return asked;
}

void manage_logout_session(struct session *s, uint16_t time_s)
{
	ask_logout(s, time_s);
}

void manage_drop_session(struct session *s, const char *why)
{
	struct conn *c;

	TAILQ_FOREACH (c, &s->conns, slink) {
		if (!conn_is_full(c))
			continue;
		conn_news(c, "session %u: dropped: %s", s->tsih, why);
		async_drop_session(c);
	}
}

void manage_drop(struct iscsi *iscsi, const struct target *t, const char *why)
{
	struct session *s;
	struct conn *c;

	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		if (s->target == t)
			manage_drop_session(s, why);
	}
	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (login_target(c) == t)
			conn_drop(c, "%s", why);
	}
}

bool manage_is_used(const struct iscsi *iscsi, const struct target *t)
{
	const struct session *s;
	const struct conn *c;

	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		if (s->target == t)
			return true;
	}
	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (login_target(c) == t)
			return true;
	}
	return false;
}
