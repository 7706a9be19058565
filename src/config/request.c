#include "config/request.h"

#include "config/diff.h"
#include "config/edit.h"
#include "config/serve.h"
#include "target/portal.h"
#include "target/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An edit that is under way. */
struct edit {
	struct conf_tree *tree;
	const struct request *rq;
	struct conf_faults *faults;
	struct conf_where where; /* the request itself */
	char number[16];         /* of the LUN, or the tag */
};

static void refuse(const struct edit *e, const char *what, const char *why)
{
	char quoted[CONF_QUOTED_MAX];

	conf_fault(e->faults, e->where, NULL, NULL, "%s %s", conf_quote(quoted, what), why);
}

/* ---- targets ---- */

static struct conf_node *find_target(const struct edit *e)
{
	char name[TARGET_NAME_MAX];
	struct conf_node *n = NULL;

	if (!target_name_normalise(name, e->rq->target))
		n = conf_node_child(e->tree->root, &conf_target, name);
	if (!n)
		refuse(e, e->rq->target, "is not a target that there is");
	return n;
}

/* A list's values have commas between; nothing is no value. */
static int add_values(const struct edit *e, struct conf_node *n, const struct conf_option *o,
		      const char *text)
{
	char *copy, *rest, *value;
	int err = 0;

	if (o->kind != CONF_LIST)
		return conf_node_set(n, o, text, e->where);
	conf_node_unset(n, o->name);
	copy = strdup(text);
	rest = copy;
	if (!copy)
		return -ENOMEM;
	while (!err && (value = strsep(&rest, ","))) {
		if (*value && !conf_node_add_value(n, o, value, e->where))
			err = -ENOMEM;
	}
	free(copy);
	return err;
}

/* Set what the pairs say. may: is that option let? */
static int set_pairs(const struct edit *e, struct conf_node *n,
		     bool (*may)(const struct edit *e, const struct conf_node *n,
				 const struct conf_option *o))
{
	const struct conf_option *o;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < e->rq->npairs; i++) {
		const struct request_pair *p = &e->rq->pairs[i];

		o = conf_option(n->section, p->name);
		if (!o)
			conf_fault_unknown(e->faults, e->where, n, p->name);
		else if (!may || may(e, n, o))
			err = add_values(e, n, o, p->value);
	}
	return err;
}

static int target_add(const struct edit *e)
{
	char name[TARGET_NAME_MAX];
	struct conf_node *n;

	if (target_name_normalise(name, e->rq->target)) {
		refuse(e, e->rq->target,
		       "is not an iSCSI name (write iqn.2026-11.org.example:disk1)");
		return 0;
	}
	if (conf_node_child(e->tree->root, &conf_target, name)) {
		refuse(e, name, "is a target already");
		return 0;
	}
	n = conf_node_add(e->tree->root, &conf_target, name, e->where);
	return n ? set_pairs(e, n, NULL) : -ENOMEM;
}

static int target_remove(const struct edit *e)
{
	struct conf_node *n = find_target(e);

	if (n)
		conf_node_remove(n);
	return 0;
}

/* ---- LUNs ---- */

static struct conf_node *find_lun(const struct edit *e)
{
	struct conf_node *target = find_target(e), *lun;

	if (!target)
		return NULL;
	lun = conf_node_child(target, &conf_lun, e->number);
	if (!lun)
		conf_fault(e->faults, e->where, NULL, NULL, "target \"%s\" has no LUN %s",
			   target->title, e->number);
	return lun;
}

static int lun_add(const struct edit *e)
{
	struct conf_node *target = find_target(e), *lun;

	if (!target)
		return 0;
	if (conf_node_child(target, &conf_lun, e->number)) {
		conf_fault(e->faults, e->where, NULL, NULL, "target \"%s\" has a LUN %s already",
			   target->title, e->number);
		return 0;
	}
	lun = conf_node_add(target, &conf_lun, e->number, e->where);
	return lun ? conf_spec_parse(lun, e->rq->text, e->where, e->faults) : -ENOMEM;
}

static int lun_remove(const struct edit *e)
{
	struct conf_node *lun = find_lun(e);

	if (lun)
		conf_node_remove(lun);
	return 0;
}

static int lun_resize(const struct edit *e)
{
	struct conf_node *lun = find_lun(e);

	return lun ? conf_node_set(lun, conf_option(&conf_lun, "size"), e->rq->text, e->where) : 0;
}

/* Only what does not make another disk of it. */
static bool may_set(const struct edit *e, const struct conf_node *n, const struct conf_option *o)
{
	enum conf_effect effect = conf_effect(n, o);

	if (effect == EFFECT_REPLACE)
		conf_fault(e->faults, e->where, n, o->name,
			   "cannot change while initiators may use the LUN (remove it and add it "
			   "anew)");
	return effect != EFFECT_REPLACE;
}

static int lun_set(const struct edit *e)
{
	struct conf_node *lun = find_lun(e);

	return lun ? set_pairs(e, lun, may_set) : 0;
}

/* ---- portals ---- */

static bool same_address(const char *a, const char *b)
{
	struct portal_addr x, y;

	return !portal_addr_parse(a, &x) && !portal_addr_parse(b, &y) && portal_addr_equal(&x, &y);
}

static int portal_add(const struct edit *e)
{
	const struct conf_option *listen = conf_option(&conf_portal_group, "listen");
	struct conf_node *g = conf_node_child(e->tree->root, &conf_portal_group, e->number);
	struct conf_entry *entry;

	if (!g)
		g = conf_node_add(e->tree->root, &conf_portal_group, e->number, e->where);
	entry = g ? conf_node_add_value(g, listen, e->rq->text, e->where) : NULL;
	if (!entry)
		return -ENOMEM;
	entry->given = true;
	return 0;
}

/* Its last address goes, and the group with it: others must be left, and nobody may name it. */
static void remove_group(const struct edit *e, struct conf_node *g)
{
	const struct conf_node *n;
	const struct conf_entry *groups;
	const struct conf_value *v;
	size_t others = 0;

	STAILQ_FOREACH (n, &e->tree->root->children, link) {
		others += n->section == &conf_portal_group && n != g;
		groups = n->section == &conf_target ? conf_node_entry(n, "portal-groups") : NULL;
		if (!groups)
			continue;
		STAILQ_FOREACH (v, &groups->values, link) {
			if (strtoul(v->text, NULL, 10) != e->rq->tag)
				continue;
			conf_fault(e->faults, e->where, NULL, NULL,
				   "portal group %s would have no address, and target \"%s\" is "
				   "seen through it",
				   e->number, n->title);
			return;
		}
	}
	if (others == 0)
		refuse(e, e->rq->text, "is the last portal there is");
	else
		conf_node_remove(g);
}

static int portal_remove(const struct edit *e)
{
	struct conf_node *g = conf_node_child(e->tree->root, &conf_portal_group, e->number);
	struct conf_entry *entry = g ? conf_node_entry(g, "listen") : NULL;
	struct conf_value *v;

	if (!g) {
		conf_fault(e->faults, e->where, NULL, NULL, "there is no portal group %s",
			   e->number);
		return 0;
	}
	STAILQ_FOREACH (v, &entry->values, link) {
		if (same_address(v->text, e->rq->text))
			break;
	}
	if (!v) {
		refuse(e, e->rq->text, "is no portal of that group");
		return 0;
	}
	if (!STAILQ_NEXT(STAILQ_FIRST(&entry->values), link)) {
		remove_group(e, g);
		return 0;
	}
	STAILQ_REMOVE(&entry->values, v, conf_value, link);
	free(v->text);
	free(v);
	entry->given = true;
	return 0;
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	int (*edit)(const struct edit *e); /* NULL: no edit. 0, with faults or without; -ENOMEM */
} kinds[] = {
	[REQUEST_LUN_ADD] = { "lun add", lun_add },
	[REQUEST_LUN_REMOVE] = { "lun remove", lun_remove },
	[REQUEST_LUN_RESIZE] = { "lun resize", lun_resize },
	[REQUEST_LUN_SET] = { "lun set", lun_set },
	[REQUEST_PORTAL_ADD] = { "portal add", portal_add },
	[REQUEST_PORTAL_REMOVE] = { "portal remove", portal_remove },
	[REQUEST_TARGET_ADD] = { "target add", target_add },
	[REQUEST_TARGET_REMOVE] = { "target remove", target_remove },
	[REQUEST_RELOAD] = { "reload", NULL },
	[REQUEST_DIFF] = { "diff", NULL },
	[REQUEST_SAVE] = { "save", NULL },
};

const char *request_name(enum request_kind kind)
{
	return kinds[kind].name;
}

char *request_format(char dst[static REQUEST_NAME_MAX], const struct request *rq)
{
	char quoted[CONF_QUOTED_MAX];

	if (rq->kind == REQUEST_PORTAL_ADD || rq->kind == REQUEST_PORTAL_REMOVE)
		snprintf(dst, REQUEST_NAME_MAX, "%s %" PRIu32, request_name(rq->kind), rq->tag);
	else if (rq->kind == REQUEST_TARGET_ADD || rq->kind == REQUEST_TARGET_REMOVE)
		snprintf(dst, REQUEST_NAME_MAX, "%s %s", request_name(rq->kind),
			 conf_quote(quoted, rq->target));
	else
		snprintf(dst, REQUEST_NAME_MAX, "%s %s %" PRIu32, request_name(rq->kind),
			 conf_quote(quoted, rq->target), rq->lun);
	return dst;
}

int request_edit(struct conf_tree *t, const struct request *rq, struct conf_faults *faults)
{
	struct edit e = { .tree = t, .rq = rq, .faults = faults };
	char name[REQUEST_NAME_MAX];
	int err;

	e.where.origin = conf_tree_origin(t, CONF_SPEC, request_format(name, rq));
	if (!e.where.origin)
		return -ENOMEM;
	snprintf(e.number, sizeof(e.number), "%" PRIu32,
		 rq->kind == REQUEST_PORTAL_ADD || rq->kind == REQUEST_PORTAL_REMOVE ? rq->tag
										     : rq->lun);
	err = kinds[rq->kind].edit(&e);
	return err ? err : faults->count > 0 ? -EINVAL : 0;
}

void request_fini(struct request *rq)
{
	size_t i;

	for (i = 0; i < rq->npairs; i++) {
		free(rq->pairs[i].name);
		free(rq->pairs[i].value);
	}
	free(rq->pairs);
	free(rq->target);
	free(rq->text);
}
