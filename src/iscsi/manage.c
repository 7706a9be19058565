#include "iscsi/manage.h"

#include "iscsi/async.h"
#include "iscsi/conn.h"
#include "iscsi/discovery.h"
#include "iscsi/login.h"
#include "iscsi/sessions.h"
#include "target/access.h"

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

/* Is it meant by a target (NULL: any) and the tag of a portal group (0: any)? */
static bool is_meant(const struct session *s, const struct target *t, uint16_t tag)
{
	return (!t || s->target == t) && (!tag || s->group == tag);
}

/* The same of a connection that logs in, or has said nothing yet. */
static bool is_login_meant(const struct conn *c, const struct target *t, uint16_t tag)
{
	if (c->session || !conn_is_open(c))
		return false;
	return (!t || login_target(c) == t) && (!tag || c->portal->group->tag == tag);
}

static void end_logins(struct iscsi *iscsi, const struct target *t, uint16_t tag, const char *why)
{
	struct conn *c;

	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if ((t || tag) && is_login_meant(c, t, tag))
			conn_drop(c, "%s", why);
	}
}

unsigned int manage_logout(struct iscsi *iscsi, const struct target *t, uint16_t tag,
			   uint16_t time_s)
{
	unsigned int asked = 0;
	struct session *s;

	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		if (is_meant(s, t, tag))
			asked += ask_logout(s, time_s);
	}
	end_logins(iscsi, t, tag, "what it logs in to goes away");
	return asked;
}

void manage_luns_changed(struct iscsi *iscsi, const struct target *t)
{
	struct session *s;
	struct conn *c;

	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		c = s->target == t ? TAILQ_FIRST(&s->conns) : NULL;
		while (c && c->state != CONN_LOGGED_IN)
			c = TAILQ_NEXT(c, slink);
		if (c)
			async_luns_changed(c);
	}
}

unsigned int manage_logout_session(struct session *s, uint16_t time_s)
{
	return ask_logout(s, time_s);
}

void manage_drop_session(struct session *s, const char *why)
{
	struct conn *c;

	s->is_dropped = true;
	TAILQ_FOREACH (c, &s->conns, slink) {
		if (!conn_is_full(c))
			continue;
		conn_news(c, "session %u: dropped: %s", s->tsih, why);
		async_drop_session(c);
	}
	if (TAILQ_EMPTY(&s->conns))
		sessions_drop(s, why); /* it waited for its initiator to come back */
}

void manage_drop(struct iscsi *iscsi, const struct target *t, uint16_t tag, const char *why)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&iscsi->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (is_meant(s, t, tag))
			manage_drop_session(s, why);
	}
	end_logins(iscsi, t, tag, why);
}

void manage_auth_changes(struct iscsi *iscsi, const struct auth_group *g)
{
	struct conn *c;

	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (conn_is_open(c) && login_group(c) == g)
			conn_drop(c, "auth-group \"%s\" changes while it logs in", g->name);
	}
}

bool manage_uses_group(const struct iscsi *iscsi, const struct portal_group *g)
{
	const struct conn *c;

	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (c->portal->group == g)
			return true;
	}
	return false;
}

bool manage_uses_portal(const struct iscsi *iscsi, const struct portal *p)
{
	const struct conn *c;

	TAILQ_FOREACH (c, &iscsi->conns, link) {
		if (c->portal == p)
			return true;
	}
	return false;
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
