#include "iscsi/discovery.h"

#include "iscsi/conn.h"
#include "iscsi/session.h"
#include "target/world.h"

#include <errno.h>
#include <string.h>

/* The address to tell: what stands in the configuration, or where the initiator came to. */
static struct portal_addr told_addr(const struct conn *c, const struct portal *p)
{
	struct portal_addr addr = p->addr;

	if (portal_addr_is_any(&p->addr)) {
		addr = c->local;
		portal_addr_set_port(&addr, portal_addr_port(&p->addr));
	}
	return addr;
}

/*
 * [::] and 0.0.0.0 in one group are the same door for an initiator that came by one of
 * them: a wildcard of the other family is not reachable under this address.
 */
static bool is_told(const struct conn *c, const struct portal *p)
{
	return !portal_addr_is_any(&p->addr) || p->addr.sa.ss_family == c->local.sa.ss_family;
}

static void add_target(const struct conn *c, const struct target *t, struct text_out *out)
{
	char text[PORTAL_TEXT_MAX];
	struct portal_addr addr;
	const struct portal *p;
	uint8_t i;

	text_add(out, "TargetName", t->name);
	if (t->alias[0])
		text_add(out, "TargetAlias", t->alias);
	for (i = 0; i < t->ngroups; i++) {
		TAILQ_FOREACH (p, &t->groups[i]->portals, link) {
			if (!is_told(c, p))
				continue;
			addr = told_addr(c, p);
			text_addf(out, "TargetAddress", "%s,%u", portal_addr_format(text, &addr),
				  t->groups[i]->tag);
		}
	}
}

/* Discovery shows what a login through this portal group would not be refused. */
bool discovery_shows(const struct conn *c, const struct target *t)
{
	return target_in_group(t, c->portal->group) && t->auth &&
	       access_may_enter(t->auth, c->session->param.InitiatorName, &c->peer);
}

int discovery_answer(const struct conn *c, const char *value, struct text_out *out)
{
	char name[TARGET_NAME_MAX];
	const struct target *t;

	if (!strcmp(value, "All")) {
		if (c->session->target)
			return -EINVAL; /* only a discovery session may ask for all */
		TAILQ_FOREACH (t, &c->iscsi->world->targets, link) {
			if (discovery_shows(c, t))
				add_target(c, t, out);
		}
		return 0;
	}
	if (!*value) {
		if (!c->session->target)
			return -EINVAL;
		add_target(c, c->session->target, out);
		return 0;
	}
	if (target_name_normalise(name, value))
		return 0; /* nothing has that name */
	t = world_target(c->iscsi->world, name);
	if (c->session->target && t != c->session->target)
		return 0;
	if (t && discovery_shows(c, t))
		add_target(c, t, out);
	return 0;
}
