#include "config/commit.h"

#include "base/log.h"
#include "base/units.h"
#include "scsi/keep.h"
#include "scsi/lu_change.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct commit *commit_new(struct running *now, const struct commit_ops *ops, void *user)
{
	struct commit *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct commit){ .ops = ops, .user = user, .now = now };
	STAILQ_INIT(&c->leaving);
	STAILQ_INIT(&c->partings);
	renew_left_init(&c->left);
	return c;
}

/* ---- getting ready ---- */

/* Portals of g with that address, up to last (NULL: all of them). */
static unsigned int count_alike(const struct portal_group *g, const struct portal_addr *addr,
				const struct portal *last)
{
	const struct portal *p;
	unsigned int n = 0;

	TAILQ_FOREACH (p, &g->portals, link) {
		n += portal_addr_equal(&p->configured, addr);
		if (p == last)
			break;
	}
	return n;
}

/* Is p one that is there? Port 0 may be asked for more than once: each is another one. */
static bool is_live_portal(const struct world *w, const struct portal *p)
{
	const struct portal_group *g = world_portal_group(w, p->group->tag);

	return g &&
	       count_alike(p->group, &p->configured, p) <= count_alike(g, &p->configured, NULL);
}

/* What is done with the portals that a plan brings. */
struct visit {
	struct commit *c;
	char *why; /* of COMMIT_WHY_MAX; NULL where nothing can go wrong */
	int (*fn)(const struct visit *v, struct portal *portal);
};

/* Calls v->fn for each of them, until one fails. */
static int each_new_portal(const struct visit *v, struct plan *p)
{
	const struct world *w = &v->c->now->config->world;
	struct portal_group *g;
	struct portal *portal;
	int err = 0;

	TAILQ_FOREACH (g, &p->config.world.portal_groups, link) {
		TAILQ_FOREACH (portal, &g->portals, link) {
			if (!err && !is_live_portal(w, portal))
				err = v->fn(v, portal);
		}
	}
	return err;
}

static int listen_at(const struct visit *v, struct portal *portal)
{
	return v->c->ops->listen(v->c->user, portal, v->why);
}

static int unlisten_at(const struct visit *v, struct portal *portal)
{
	v->c->ops->unlisten(v->c->user, portal);
	return 0;
}

/* A session that would lose its target has to be meant. */
static int check_sessions(const struct commit *c, const struct plan *p,
			  char why[static COMMIT_WHY_MAX])
{
	const struct target *t = NULL;
	const struct scsi_nexus *x;
	char name[TARGET_NAME_MAX], count[COUNT_TEXT_MAX];
	unsigned int n = 0;

	if (p->rq->kind != REQUEST_TARGET_REMOVE || p->rq->force)
		return 0;
	if (!target_name_normalise(name, p->rq->target))
		t = world_target(&c->now->config->world, name);
	if (!t)
		return 0;
	TAILQ_FOREACH (x, &t->device.nexuses, link)
		n++;
	if (n == 0)
		return 0;
	snprintf(why, COMMIT_WHY_MAX, "target remove: it is in use by %s (--force ends them)",
		 count_format(count, n, "session"));
	return -EBUSY;
}

/* Memory for what leaves by the plan, and for what comes later. */
static int make_leaving(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nluns; i++) {
		struct plan_lun *row = &p->luns[i];

		row->leaving = calloc(1, sizeof(*row->leaving));
		if (!row->leaving)
			return -ENOMEM;
		if (row->goes)
			row->leaving->forget = strdup(row->target->name);
		if (row->goes && !row->leaving->forget)
			return -ENOMEM;
		if (row->target && row->lu &&
		    scsi_device_reserve(&row->target->device, (uint32_t)p->nluns))
			return -ENOMEM;
		if (!row->target && row->after &&
		    scsi_device_reserve(&row->after->target->device, (uint32_t)p->nluns))
			return -ENOMEM;
	}
	return 0;
}

int commit_prepare(struct commit *c, struct plan *p, char why[static COMMIT_WHY_MAX])
{
	int err = check_sessions(c, p, why);

	if (err)
		return err;
	if (make_leaving(p) || renew_prepare(&c->now->config->world, &p->config.world)) {
		snprintf(why, COMMIT_WHY_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	return each_new_portal(&(struct visit){ c, why, listen_at }, p);
}

/* ---- logical units ---- */

static struct leaving *leave(struct commit *c, struct plan_lun *row)
{
	struct leaving *l = row->leaving;

	row->leaving = NULL;
	l->c = c;
	STAILQ_INSERT_TAIL(&c->leaving, l, link);
	return l;
}

static void on_gone(struct scsi_lu *lu, void *user)
{
	struct leaving *l = user;

	lun_mask_free(lu->opt.user);
	l->store = scsi_lu_dismiss(lu);
	l->is_at_rest = true;
	l->c->restless--;
}

static void take_away(struct commit *c, struct plan_lun *row)
{
	struct leaving *l = leave(c, row);

	row->tells = true;
	l->number = row->live->opt.number;
	l->next = row->lu;
	l->target = row->target;
	if (row->takes_over)
		l->claim = row->lu->store;
	row->lu = NULL;
	c->restless++;
	scsi_device_remove(&row->target->device, row->live, on_gone, l);
}

/* Nobody can be using it: it comes at once, or when the store that it takes over is closed. */
static void bring(struct commit *c, struct plan_lun *row)
{
	struct target *t = row->target ? row->target : row->after->target;
	struct leaving *l;
	int err;

	row->tells = true;
	if (!row->takes_over) {
		err = scsi_device_add(&t->device, row->lu);
		assert(!err); /* there is room, and the number is free */
	} else {
		l = leave(c, row);
		l->number = row->lu->opt.number;
		l->claim = row->lu->store;
		l->next = row->lu;
		l->target = t;
		l->is_at_rest = true;
	}
	row->lu = NULL;
}

static void change(struct commit *c, struct plan_lun *row)
{
	const struct conf_lun_options *o = &row->after->options;
	struct scsi_lu *lu = row->live;
	struct lun_mask *before = lu->opt.user;
	const struct scsi_lu_change what = {
		.store = row->store,
		.physical_block_size = (uint32_t)o->physical_block_size,
		.write_cache = o->write_cache,
		.thin = o->thin,
		.soft_threshold = (uint8_t)o->soft_threshold,
		.read_only = o->read_only,
		.user = row->after->mask,
	};
	struct leaving *l;

	if (row->store) {
		l = leave(c, row);
		l->claim = row->store;
		l->store = scsi_lu_change(lu, &what);
		l->number = lu->opt.number;
		l->is_at_rest = true;
	} else {
		scsi_lu_change(lu, &what);
	}
	row->store = NULL; /* lu owns it */
	row->after->mask = NULL;
	row->tells = !lun_mask_same(before, lu->opt.user);
	if (row->tells)
		scsi_device_luns_changed(&row->target->device);
	lun_mask_free(before);
	scsi_lu_capacity_changed(lu);
	if (lu->is_held)
		scsi_lu_go_on(lu);
}

static void commit_luns(struct commit *c, struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nluns; i++) {
		struct plan_lun *row = &p->luns[i];

		if (row->goes)
			take_away(c, row);
		else if (row->live)
			change(c, row);
		else
			bring(c, row);
	}
}

/* ---- the world ---- */

static void on_auth(void *user, const struct auth_group *g)
{
	struct commit *c = user;

	c->ops->auth_changes(c->user, g);
}

static void on_leaves(void *user, struct target *t, const struct portal_group *g)
{
	struct commit *c = user;
	struct parting *part = calloc(1, sizeof(*part));

	c->ops->logout(c->user, t, g->tag);
	if (!part) {
		c->ops->drop(c->user, t, g->tag); /* who cannot be remembered is not waited for */
		return;
	}
	part->target = t;
	part->tag = g->tag;
	STAILQ_INSERT_TAIL(&c->partings, part, link);
}

static int accept_at(const struct visit *v, struct portal *portal)
{
	v->c->ops->accept(v->c->user, portal);
	return 0;
}

/* Addresses that are gone let nobody in; who came by a group that is gone has to leave. */
static void close_portals(struct commit *c)
{
	struct portal_group *g;
	struct portal *p;

	TAILQ_FOREACH (p, &c->left.portals, link)
		c->ops->unlisten(c->user, p);
	TAILQ_FOREACH (g, &c->left.groups, link) {
		TAILQ_FOREACH (p, &g->portals, link)
			c->ops->unlisten(c->user, p);
		c->ops->logout(c->user, NULL, g->tag);
	}
}

static void commit_world(struct commit *c, struct plan *p)
{
	const struct renew_ops ops = { on_auth, on_leaves, c };
	struct world *w = &c->now->config->world;
	struct target *t;
	struct parting *part, *next;

	each_new_portal(&(struct visit){ c, NULL, accept_at }, p);
	renew(w, &p->config.world, &c->left, &ops);
	close_portals(c);
	TAILQ_FOREACH (t, &c->left.targets, link)
		c->ops->logout(c->user, t, 0);
	for (part = STAILQ_FIRST(&c->partings); part; part = next) {
		next = STAILQ_NEXT(part, link);
		if (world_target(w, part->target->name) == part->target)
			continue;
		STAILQ_REMOVE(&c->partings, part, parting, link);
		free(part);
	}
}

/* Everything that points into the old tree points into the new one. */
static void commit_config(struct commit *c, struct plan *p)
{
	struct config *now = c->now->config, *next = &p->config;
	STAILQ_HEAD(, config_lun) luns = STAILQ_HEAD_INITIALIZER(luns);
	struct conf_tree *tree = c->now->tree;
	const struct conf_settings before = now->settings;
	struct config_lun *l;

	STAILQ_CONCAT(&luns, &now->luns);
	STAILQ_CONCAT(&now->luns, &next->luns);
	STAILQ_CONCAT(&next->luns, &luns);
	STAILQ_FOREACH (l, &now->luns, link) {
		l->target = world_target(&now->world, l->target->name);
		lun_mask_free(l->mask); /* it has not changed: the logical unit has one like it */
		l->mask = NULL;
	}
	now->settings = next->settings;
	c->now->tree = p->tree;
	p->tree = tree; /* is freed with the plan */
	if (p->base) {
		tree = c->now->base;
		c->now->base = p->base;
		p->base = tree;
	}
	c->ops->settings(c->user, &before, &now->settings);
}

/* Initiators are told; the unit attentions wait for them already. */
static void tell(struct commit *c, const struct plan *p)
{
	const struct target *last = NULL;
	size_t i;

	for (i = 0; i < p->nluns; i++) {
		const struct plan_lun *row = &p->luns[i];

		if (!row->target || row->target == last || !row->tells)
			continue;
		last = row->target; /* rows of a target stand together */
		c->ops->luns_changed(c->user, last);
	}
}

/* What was got ready and is not needed. */
static void drop_spare(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nluns; i++) {
		if (p->luns[i].leaving)
			free(p->luns[i].leaving->forget);
		free(p->luns[i].leaving);
		p->luns[i].leaving = NULL;
	}
}

void commit_cancel(struct commit *c, struct plan *p)
{
	drop_spare(p);
	if (p->has_config)
		each_new_portal(&(struct visit){ c, NULL, unlisten_at }, p);
}

void commit_plan(struct commit *c, struct plan *p)
{
	commit_luns(c, p);
	tell(c, p);
	commit_world(c, p);
	commit_config(c, p);
	drop_spare(p);
	if (p->touches_targets)
		c->ops->targets_changed(c->user);
}

/* ---- what leaves ---- */

static bool sweep_portals(struct commit *c)
{
	struct portal_group *g, *next_group;
	struct portal *p, *next;
	bool any = false;

	for (p = TAILQ_FIRST(&c->left.portals); p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (c->ops->uses_portal(c->user, p))
			continue;
		TAILQ_REMOVE(&c->left.portals, p, link);
		free(p);
		any = true;
	}
	for (g = TAILQ_FIRST(&c->left.groups); g; g = next_group) {
		next_group = TAILQ_NEXT(g, link);
		if (c->ops->uses_group(c->user, g))
			continue;
		TAILQ_REMOVE(&c->left.groups, g, link);
		portal_group_free(g);
		any = true;
	}
	return any;
}

/* Does a nexus of t still come by that port? */
static bool has_nexus(const struct target *t, uint16_t tag)
{
	const struct scsi_nexus *x;

	TAILQ_FOREACH (x, &t->device.nexuses, link) {
		if (x->tport.rel_id == tag)
			return true;
	}
	return false;
}

static bool sweep_partings(struct commit *c)
{
	struct parting *part, *next;
	bool any = false;

	for (part = STAILQ_FIRST(&c->partings); part; part = next) {
		next = STAILQ_NEXT(part, link);
		if (has_nexus(part->target, part->tag))
			continue;
		STAILQ_REMOVE(&c->partings, part, parting, link);
		target_settle_ports(part->target);
		free(part);
		any = true;
	}
	return any;
}

/* Units that are not at rest may still know their target's device. */
static bool sweep_targets(struct commit *c)
{
	struct target *t, *next;
	bool any = false;

	for (t = TAILQ_FIRST(&c->left.targets); t && !c->restless; t = next) {
		next = TAILQ_NEXT(t, link);
		if (c->ops->uses_target(c->user, t))
			continue;
		TAILQ_REMOVE(&c->left.targets, t, link);
		target_free(t);
		any = true;
	}
	return any;
}

bool commit_sweep(struct commit *c)
{
	bool any = sweep_partings(c);

	any |= sweep_targets(c);
	any |= sweep_portals(c);
	return any;
}

bool commit_is_at_rest(const struct commit *c)
{
	return !c->restless && STAILQ_EMPTY(&c->partings) && TAILQ_EMPTY(&c->left.targets) &&
	       TAILQ_EMPTY(&c->left.groups) && TAILQ_EMPTY(&c->left.portals);
}

bool commit_wants_close(const struct commit *c)
{
	return !c->restless && !STAILQ_EMPTY(&c->leaving);
}

void commit_close(struct commit *c)
{
	const char *dir = c->now->state_dir;
	struct leaving *l;
	int err;

	STAILQ_FOREACH (l, &c->leaving, link) {
		store_close(l->store);
		l->store = NULL;
		err = dir && l->forget ? keep_forget(dir, l->forget, l->number) : 0;
		if (err)
			log_error("%s: what was kept for %s LUN %u cannot be removed: %s", dir,
				  l->forget, l->number, strerror(-err));
	}
	STAILQ_FOREACH (l, &c->leaving, link) {
		err = l->claim ? store_claim(l->claim) : 0;
		if (err)
			log_warning("LUN %u: what holds its data cannot be kept from others: %s",
				    l->number, strerror(-err));
	}
}

void commit_closed(struct commit *c)
{
	struct leaving *l;
	int err;

	while ((l = STAILQ_FIRST(&c->leaving))) {
		STAILQ_REMOVE_HEAD(&c->leaving, link);
		if (l->next) {
			err = scsi_device_add(&l->target->device, l->next);
			assert(!err); /* there is room, and nobody else gets the number */
			c->ops->luns_changed(c->user, l->target);
		}
		free(l->forget);
		free(l);
	}
}

void commit_press(struct commit *c)
{
	const struct portal_group *g;
	const struct parting *part;
	const struct target *t;

	TAILQ_FOREACH (t, &c->left.targets, link)
		c->ops->drop(c->user, t, 0);
	STAILQ_FOREACH (part, &c->partings, link)
		c->ops->drop(c->user, part->target, part->tag);
	TAILQ_FOREACH (g, &c->left.groups, link) {
		if (!world_portal_group(&c->now->config->world, g->tag))
			c->ops->drop(c->user, NULL, g->tag);
	}
}

void commit_free(struct commit *c)
{
	struct portal_group *g;
	struct parting *part;
	struct target *t;
	struct portal *p;

	if (!c)
		return;
	assert(STAILQ_EMPTY(&c->leaving));
	while ((part = STAILQ_FIRST(&c->partings))) {
		STAILQ_REMOVE_HEAD(&c->partings, link);
		free(part);
	}
	while ((t = TAILQ_FIRST(&c->left.targets))) {
		TAILQ_REMOVE(&c->left.targets, t, link);
		target_free(t);
	}
	while ((g = TAILQ_FIRST(&c->left.groups))) {
		TAILQ_REMOVE(&c->left.groups, g, link);
		portal_group_free(g);
	}
	while ((p = TAILQ_FIRST(&c->left.portals))) {
		TAILQ_REMOVE(&c->left.portals, p, link);
		free(p);
	}
	free(c);
}
