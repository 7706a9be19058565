#include "target/renew.h"

#include "scsi/alua.h"

#include <string.h>

/* ---- auth groups ---- */

static bool same_secret(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool same_accounts(const struct auth_group *a, const struct auth_group *b)
{
	const struct access_chap *x, *y = STAILQ_FIRST(&b->accounts);

	STAILQ_FOREACH (x, &a->accounts, link) {
		if (!y || strcmp(x->user, y->user) != 0 ||
		    strcmp(x->mutual_user, y->mutual_user) != 0 ||
		    !same_secret(&x->secret, &y->secret) ||
		    !same_secret(&x->mutual_secret, &y->mutual_secret))
			return false;
		y = STAILQ_NEXT(y, link);
	}
	return !y;
}

static bool same_networks(const struct auth_group *a, const struct auth_group *b)
{
	const struct access_net *x, *y = STAILQ_FIRST(&b->portals);

	STAILQ_FOREACH (x, &a->portals, link) {
		if (!y || x->prefix != y->prefix || !portal_addr_equal(&x->addr, &y->addr))
			return false;
		y = STAILQ_NEXT(y, link);
	}
	return !y;
}

bool auth_group_same(const struct auth_group *a, const struct auth_group *b)
{
	return a->kind == b->kind && a->nalgorithms == b->nalgorithms &&
	       memcmp(a->algorithms, b->algorithms, a->nalgorithms) == 0 && same_accounts(a, b) &&
	       access_names_same(&a->names, &b->names) && same_networks(a, b);
}

TAILQ_HEAD(auth_groups, auth_group);

/* Those of w that next has not, or otherwise. */
static void take_old(struct world *w, const struct world *next, struct auth_groups *old,
		     const struct renew_ops *ops)
{
	struct auth_group *g, *other, *after;

	for (g = TAILQ_FIRST(&w->auth_groups); g; g = after) {
		after = TAILQ_NEXT(g, link);
		other = world_auth_group(next, g->name);
		if (other && auth_group_same(g, other))
			continue;
		ops->auth_changes(ops->user, g);
		TAILQ_REMOVE(&w->auth_groups, g, link);
		TAILQ_INSERT_TAIL(old, g, link);
	}
}

/* What is not ours any more goes to next, with which it is freed. */
static void renew_auth_groups(struct world *w, struct world *next, const struct renew_ops *ops)
{
	struct auth_groups old = TAILQ_HEAD_INITIALIZER(old);
	struct auth_group *g, *after;

	take_old(w, next, &old, ops);
	for (g = TAILQ_FIRST(&next->auth_groups); g; g = after) {
		after = TAILQ_NEXT(g, link);
		if (world_auth_group(w, g->name))
			continue;
		TAILQ_REMOVE(&next->auth_groups, g, link);
		TAILQ_INSERT_TAIL(&w->auth_groups, g, link);
	}
	TAILQ_CONCAT(&next->auth_groups, &old, link);
}

/* The group of w that has the name of a group of next. */
static const struct auth_group *ours(const struct world *w, const struct auth_group *g)
{
	return g ? world_auth_group(w, g->name) : NULL;
}

/* ---- portal groups ---- */

static struct portal *find_portal(const struct portal_group *g, const struct portal_addr *addr)
{
	struct portal *p;

	TAILQ_FOREACH (p, &g->portals, link) {
		if (portal_addr_equal(&p->configured, addr))
			return p;
	}
	return NULL;
}

/* Those of both stay, those of next alone come, in the order of next. */
static void renew_portals(struct portal_group *g, struct portal_group *next,
			  struct renew_left *left)
{
	TAILQ_HEAD(, portal) result = TAILQ_HEAD_INITIALIZER(result);
	struct portal *p, *q, *after;

	for (p = TAILQ_FIRST(&next->portals); p; p = after) {
		after = TAILQ_NEXT(p, link);
		q = find_portal(g, &p->configured);
		if (q) {
			TAILQ_REMOVE(&g->portals, q, link);
		} else {
			TAILQ_REMOVE(&next->portals, p, link);
			p->group = g;
			q = p;
		}
		TAILQ_INSERT_TAIL(&result, q, link);
	}
	TAILQ_CONCAT(&left->portals, &g->portals, link);
	TAILQ_CONCAT(&g->portals, &result, link);
}

static void renew_portal_group(const struct world *w, struct portal_group *g,
			       struct portal_group *next, struct renew_left *left)
{
	g->discovery_auth = ours(w, next->discovery_auth);
	g->has_redirect = next->has_redirect;
	g->redirect = next->redirect;
	g->is_moved = next->is_moved;
	if (g != next)
		renew_portals(g, next, left);
}

static void renew_portal_groups(struct world *w, struct world *next, struct renew_left *left)
{
	struct portal_group *g, *other, *after;

	for (g = TAILQ_FIRST(&w->portal_groups); g; g = after) {
		after = TAILQ_NEXT(g, link);
		if (world_portal_group(next, g->tag))
			continue;
		TAILQ_REMOVE(&w->portal_groups, g, link);
		TAILQ_INSERT_TAIL(&left->groups, g, link);
		g->discovery_auth = world_auth_group(w, "deny");
		g->has_redirect = false;
	}
	for (g = TAILQ_FIRST(&next->portal_groups); g; g = after) {
		after = TAILQ_NEXT(g, link);
		other = world_portal_group(w, g->tag);
		if (!other) {
			TAILQ_REMOVE(&next->portal_groups, g, link);
			TAILQ_INSERT_TAIL(&w->portal_groups, g, link);
			other = g;
		}
		renew_portal_group(w, other, g, left);
	}
}

/* ---- targets ---- */

static bool has_tag(const struct target *t, uint16_t tag)
{
	uint8_t i;

	for (i = 0; i < t->ngroups; i++) {
		if (t->groups[i]->tag == tag)
			return true;
	}
	return false;
}

/* The states of next's ports are those of t's; logical units that are there change theirs. */
static void renew_states(struct target *t, const struct target *next)
{
	const struct scsi_device *d = &next->device;
	struct scsi_lu *lu;
	uint32_t number;
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		uint16_t group = d->ports[i].group;
		enum alua_state state = (enum alua_state)d->states[i];
		enum alua_state before = alua_configured(&t->device, group);

		alua_configure(&t->device, group, state);
		if (before == state)
			continue;
		for (lu = map_next(&t->device.lus, 0, &number); lu;
		     lu = map_next(&t->device.lus, number + 1, &number))
			alua_set(lu, group, state, ALUA_IMPLICIT, NULL);
	}
}

static void renew_groups(const struct world *w, struct target *t, const struct target *next,
			 const struct renew_ops *ops)
{
	struct portal_group *before[TARGET_GROUPS_MAX];
	uint8_t n = t->ngroups, i;

	memcpy(before, t->groups, sizeof(before));
	t->ngroups = 0;
	for (i = 0; i < next->ngroups; i++)
		target_add_group(t, world_portal_group(w, next->groups[i]->tag));
	for (i = 0; i < n; i++) {
		if (!has_tag(t, before[i]->tag))
			ops->leaves_group(ops->user, t, before[i]);
	}
	target_settle_ports(t);
}

static void renew_target(const struct world *w, struct target *t, const struct target *next,
			 const struct renew_ops *ops)
{
	memcpy(t->alias, next->alias, sizeof(t->alias));
	t->limits = next->limits;
	t->auth = ours(w, next->auth);
	renew_groups(w, t, next, ops);
	renew_states(t, next);
}

/* A new one comes as it is; only what it points to is ours now. */
static void adopt(struct world *w, struct world *next, struct target *t)
{
	uint8_t i;

	world_take_target(next, t);
	t->auth = ours(w, t->auth);
	for (i = 0; i < t->ngroups; i++)
		t->groups[i] = world_portal_group(w, t->groups[i]->tag);
	world_put_target(w, t);
}

static void renew_targets(struct world *w, struct world *next, struct renew_left *left,
			  const struct renew_ops *ops)
{
	struct target *t, *other, *after;

	for (t = TAILQ_FIRST(&w->targets); t; t = after) {
		after = TAILQ_NEXT(t, link);
		other = world_target(next, t->name);
		if (other) {
			renew_target(w, t, other, ops);
			continue;
		}
		world_take_target(w, t);
		TAILQ_INSERT_TAIL(&left->targets, t, link);
		t->auth = world_auth_group(w, "deny");
		t->ngroups = 0;
	}
	for (t = TAILQ_FIRST(&next->targets); t; t = after) {
		after = TAILQ_NEXT(t, link);
		if (!world_target(w, t->name))
			adopt(w, next, t);
	}
}

/* ---- all of it ---- */

void renew_left_init(struct renew_left *left)
{
	TAILQ_INIT(&left->targets);
	TAILQ_INIT(&left->groups);
	TAILQ_INIT(&left->portals);
}

int renew_prepare(struct world *w, const struct world *next)
{
	return world_reserve(w, next->ntargets);
}

void renew(struct world *w, struct world *next, struct renew_left *left,
	   const struct renew_ops *ops)
{
	renew_auth_groups(w, next, ops);
	renew_portal_groups(w, next, left);
	renew_targets(w, next, left, ops);
}
