#include "config/check.h"

#include "config/auth.h"
#include "config/edit.h"
#include "config/lun.h"
#include "config/portals.h"
#include "config/read.h"
#include "scsi/alua.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const struct conf_where nowhere = { NULL, 0 };

static void no_memory(struct conf_faults *faults, const struct conf_node *node)
{
	conf_fault(faults, node->where, node, NULL, "%s", strerror(ENOMEM));
}

/* "2:standby": the access state of a portal group, for all LUNs. */
static void check_alua(struct target *t, const struct conf_node *node, struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "alua-states");
	const struct conf_value *v;
	uint64_t tag;

	if (!e)
		return;
	STAILQ_FOREACH (v, &e->values, link) {
		const char *colon = strchr(v->text, ':');
		int state = colon ? alua_parse(colon + 1) : -1;
		char number[8] = "";

		if (colon && colon - v->text < (ptrdiff_t)sizeof(number))
			memcpy(number, v->text, (size_t)(colon - v->text));
		if (state < 0 || conf_number(number, 1, UINT16_MAX, &tag))
			conf_fault_value(faults, node, "alua-states", v,
					 "is not TAG:STATE (states are optimized, non-optimized, "
					 "standby, unavailable, offline, transitioning)");
		else if (alua_configure(&t->device, (uint16_t)tag, (enum alua_state)state) &&
			 !node->is_partial && conf_node_is_whole_tree(node))
			conf_fault_value(faults, node, "alua-states", v,
					 "is of no portal group of this target");
	}
}

/*
 * A list of None and CRC32C (RFC 7143, 13.1) → a set: the initiator's order counts (6.2.1),
 * and a target never asks first.
 */
static void check_digest(const struct conf_node *node, const char *option, uint8_t *set,
			 struct conf_faults *faults)
{
	const struct conf_value *v;
	uint8_t bit;

	*set = 0;
	STAILQ_FOREACH (v, &conf_node_entry(node, option)->values, link) {
		bit = strcmp(v->text, "None") == 0     ? TARGET_DIGEST_NONE
		      : strcmp(v->text, "CRC32C") == 0 ? TARGET_DIGEST_CRC32C
						       : 0;
		if (bit == 0)
			conf_fault_value(faults, node, option, v, "is not CRC32C or None");
		else if (*set & bit)
			conf_fault_value(faults, node, option, v, "is in the list twice");
		*set |= bit;
	}
}

static void check_limits(struct target_limits *l, const struct conf_node *node,
			 struct conf_faults *faults)
{
	check_digest(node, "HeaderDigest", &l->HeaderDigest, faults);
	check_digest(node, "DataDigest", &l->DataDigest, faults);
	if (l->FirstBurstLength <= l->MaxBurstLength)
		return;
	/* RFC 7143, 13.14. One of the two was not written: it follows the other. */
	if (!conf_node_is_given(node, "FirstBurstLength"))
		l->FirstBurstLength = l->MaxBurstLength;
	else if (!conf_node_is_given(node, "MaxBurstLength"))
		l->MaxBurstLength = l->FirstBurstLength;
	else
		conf_fault_value(faults, node, "FirstBurstLength",
				 conf_value(node, "FirstBurstLength"),
				 "is more than MaxBurstLength, %u bytes", l->MaxBurstLength);
}

/* What is wrong with the name of a target: on the command line the object is not told with it. */
static void fault_name(const struct conf_node *node, int err, struct conf_faults *faults)
{
	bool is_switch = node->where.origin && node->where.origin->kind == CONF_SWITCH;
	char quoted[CONF_QUOTED_MAX] = "", what[96];

	if (err == -ENAMETOOLONG)
		snprintf(what, sizeof(what), "is a name of %zu bytes (write at most %d)",
			 strlen(node->title), TARGET_NAME_MAX - 1);
	else
		snprintf(what, sizeof(what),
			 "is not an iSCSI name (write iqn.2026-11.org.example:disk1)");
	conf_fault(faults, node->where, node, NULL, "%s%s%s",
		   is_switch ? conf_quote(quoted, node->title) : "", is_switch ? " " : "", what);
}

/* NULL: its name is none, or another's. */
static struct target *add_target(struct world *w, const struct conf_node *node,
				 struct conf_faults *faults)
{
	char name[TARGET_NAME_MAX];
	struct target *t;
	int err = target_name_normalise(name, node->title);

	if (err) {
		fault_name(node, err, faults);
		return NULL;
	}
	t = world_add_target(w, name);
	if (!t && errno == EEXIST)
		conf_fault(faults, node->where, node, NULL,
			   "there is a target of that name already");
	else if (!t)
		no_memory(faults, node);
	return t;
}

/* Whoever can reach it may use it, and nobody has said so: that may be a slip. */
static void warn_open(const struct target *t, const struct conf_node *node,
		      struct conf_faults *faults)
{
	bool is_switch = node->where.origin && node->where.origin->kind == CONF_SWITCH;
	char text[PORTAL_TEXT_MAX];
	const struct portal *p;
	uint8_t i;

	for (i = 0; i < t->ngroups; i++) {
		p = conf_portal_reachable(t->groups[i]);
		if (!p)
			continue;
		if (is_switch)
			conf_warning(faults, nowhere, NULL, NULL,
				     "whoever reaches %s may use what is served (--chap asks for a "
				     "secret)",
				     portal_addr_format(text, &p->addr));
		else
			conf_warning(faults, node->where, node, "auth-group",
				     "is not set: whoever reaches portal group %u may use this "
				     "target",
				     t->groups[i]->tag);
		return;
	}
}

/* All but the LUNs. t may be a stand-in. */
static void check_options(const struct config *c, struct target *t, const struct conf_node *node,
			  struct conf_faults *faults)
{
	struct conf_target_options o = { .auth_group = "no-authentication",
					 .limits = target_limits_default };

	conf_read_section(node, &o, faults);
	check_limits(&o.limits, node, faults);
	t->limits = o.limits;
	if (o.alias && target_alias_set(t->alias, o.alias))
		conf_fault_value(faults, node, "alias", conf_value(node, "alias"),
				 "is not UTF-8 text");
	conf_portal_groups_find(&c->world, t, node, faults);
	check_alua(t, node, faults);
	t->auth = conf_auth_group_find(&c->world, node, "auth-group", o.auth_group, faults);
	if (!conf_node_is_given(node, "auth-group") && !node->is_partial)
		warn_open(t, node, faults);
}

/* A target whose name is none gets a stand-in, so that all else that is wrong is told, too. */
static void check_target(struct config *c, const struct conf_node *node, struct conf_faults *faults)
{
	struct target *t = add_target(&c->world, node, faults);
	struct target *stand_in = t ? NULL : target_new(c->world.core, "");
	const struct conf_node *child;

	if (t || stand_in)
		check_options(c, t ? t : stand_in, node, faults);
	target_free(stand_in);
	STAILQ_FOREACH (child, &node->children, link)
		conf_lun_check(c, t, child, faults);
	if (STAILQ_EMPTY(&node->children) && !node->is_partial)
		conf_warning(faults, node->where, node, NULL, "has no lun");
}

static void check_metrics(const struct conf_node *root, const char *text,
			  struct conf_faults *faults)
{
	struct portal_addr addr;

	if (text && portal_addr_parse_whole(text, &addr))
		conf_fault_value(faults, root, "metrics", conf_value(root, "metrics"),
				 "is not an address and port (write 127.0.0.1:9814, [::1]:9814)");
}

/* What others name comes first. */
int config_check(struct config *c, struct conf_tree *t, struct conf_faults *faults)
{
	const struct conf_node *n;
	int err = conf_node_complete(t->root);

	if (!err)
		err = conf_tree_add_group(t);
	if (err)
		return err;
	conf_read_section(t->root, &c->settings, faults);
	check_metrics(t->root, c->settings.metrics, faults);
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_auth_group)
			conf_auth_group_check(&c->world, n, faults);
	}
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_portal_group)
			conf_portal_group_check(&c->world, n, faults);
	}
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_target)
			check_target(c, n, faults);
	}
	return faults->count > 0 ? -EINVAL : 0;
}
