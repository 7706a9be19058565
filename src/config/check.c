#include "config/check.h"

#include "config/auth.h"
#include "config/lun.h"
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

static void check_listen(struct world *w, struct portal_group *g, const struct conf_node *node,
			 struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "listen");
	const struct conf_value *v;
	struct portal_addr addr;
	int err;

	STAILQ_FOREACH (v, &e->values, link) {
		if (portal_addr_parse(v->text, &addr)) {
			conf_fault_value(faults, node, "listen", v,
					 "is not an address (write 192.0.2.1:3260, [::]:3260)");
			continue;
		}
		err = world_add_portal(w, g, &addr);
		if (err == -EEXIST)
			conf_fault_value(faults, node, "listen", v, "is listened on already");
		else if (err)
			no_memory(faults, node);
	}
}

/* RFC 7143, 11.13.5: 0x0101 or 0x0102; the address goes into a TargetAddress key: it must mean one
 * place. */
static void check_redirect(struct portal_group *g, const struct conf_node *node, const char *text,
			   struct conf_faults *faults)
{
	if (!text)
		return;
	if (portal_addr_parse(text, &g->redirect) || portal_addr_is_any(&g->redirect) ||
	    portal_addr_port(&g->redirect) == 0)
		conf_fault_value(faults, node, "redirect", conf_value(node, "redirect"),
				 "is not an address that an initiator can go to (write "
				 "198.51.100.7:3260)");
	else
		g->has_redirect = true;
}

static void check_portal_group(struct world *w, const struct conf_node *node,
			       struct conf_faults *faults)
{
	struct conf_portal_group_options o = { .discovery_auth_group = "no-authentication" };
	struct portal_group *g;
	uint64_t tag;

	/* RFC 7143, 4.2.2.1.4, 11.12.9: 16 bits */
	if (conf_number(node->title, 1, UINT16_MAX, &tag)) {
		conf_fault(faults, node->where, node, NULL,
			   "a portal group's tag is a number from 1 to 65535");
		return;
	}
	g = world_add_portal_group(w, (uint16_t)tag);
	if (!g && errno == EEXIST)
		conf_fault(faults, node->where, node, NULL,
			   "there is a portal group of that tag already");
	else if (!g)
		no_memory(faults, node);
	if (!g)
		return;
	conf_read_section(node, &o, faults);
	check_listen(w, g, node, faults);
	check_redirect(g, node, o.redirect, faults);
	g->is_moved = o.redirect_permanent;
	if (g->is_moved && !o.redirect)
		conf_fault_value(faults, node, "redirect-permanent",
				 conf_value(node, "redirect-permanent"),
				 "says nothing without a redirect");
	g->discovery_auth = conf_auth_group_find(w, node, "discovery-auth-group",
						 o.discovery_auth_group, faults);
}

/* None in the file: group 1 with the built-in addresses. 0 or -ENOMEM. */
static int add_portal_group(struct conf_tree *t)
{
	const struct conf_node *n;
	struct conf_node *group;

	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_portal_group)
			return 0;
	}
	group = conf_node_add(t->root, &conf_portal_group, "1", nowhere);
	return group ? conf_node_complete(group) : -ENOMEM;
}

/* Is an initiator from another machine able to come by that group? */
static bool is_reachable(const struct portal_group *g)
{
	const struct portal *p;
	const uint8_t *bytes;
	size_t len;

	TAILQ_FOREACH (p, &g->portals, link) {
		bytes = portal_addr_bytes(&p->addr, &len);
		if (len == 4 && bytes[0] != 127)
			return true;
		if (len == 16 && (bytes[15] != 1 || memcmp(bytes, (uint8_t[15]){ 0 }, 15) != 0))
			return true;
	}
	return false;
}

static void add_group(struct target *t, struct portal_group *g, const struct conf_node *node,
		      struct conf_faults *faults)
{
	if (target_add_group(t, g))
		conf_fault(faults, node->where, node, "portal-groups",
			   "are too many (a target has at most %d)", TARGET_GROUPS_MAX);
}

/* "1, 2": the tags that there are. */
static void format_tags(const struct world *w, char *dst, size_t size)
{
	const struct portal_group *g;
	size_t len = 0;

	dst[0] = '\0';
	TAILQ_FOREACH (g, &w->portal_groups, link) {
		if (len < size)
			len += (size_t)snprintf(dst + len, size - len, "%s%u", len ? ", " : "",
						g->tag);
	}
}

/* A target that names no portal group is seen through all of them. */
static void check_groups(const struct world *w, struct target *t, const struct conf_node *node,
			 struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "portal-groups");
	const struct conf_value *v;
	struct portal_group *g;
	char tags[256];
	uint64_t tag;

	if (!e) {
		TAILQ_FOREACH (g, &w->portal_groups, link)
			add_group(t, g, node, faults);
		return;
	}
	STAILQ_FOREACH (v, &e->values, link) {
		g = conf_number(v->text, 1, UINT16_MAX, &tag)
			    ? NULL
			    : world_portal_group(w, (uint16_t)tag);
		format_tags(w, tags, sizeof(tags));
		if (!g)
			conf_fault_value(faults, node, "portal-groups", v,
					 "is not a portal group (there are: %s)", tags);
		else if (target_in_group(t, g))
			conf_fault_value(faults, node, "portal-groups", v, "is in the list twice");
		else
			add_group(t, g, node, faults);
	}
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
		else if (alua_configure(&t->device, (uint16_t)tag, (enum alua_state)state))
			conf_fault_value(faults, node, "alua-states", v,
					 "is of no portal group of this target");
	}
}

/* A list of None and CRC32C (RFC 7143, 13.1) → a set, and which is preferred. */
static void check_digest(const struct conf_node *node, const char *option, uint8_t *set,
			 bool *prefer_none, struct conf_faults *faults)
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
		if (*set == 0)
			*prefer_none = bit == TARGET_DIGEST_NONE;
		*set |= bit;
	}
}

static void check_limits(struct target_limits *l, const struct conf_node *node,
			 struct conf_faults *faults)
{
	check_digest(node, "HeaderDigest", &l->HeaderDigest, &l->header_digest_prefer_none, faults);
	check_digest(node, "DataDigest", &l->DataDigest, &l->data_digest_prefer_none, faults);
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

static struct target *add_target(struct world *w, const struct conf_node *node,
				 struct conf_faults *faults)
{
	char name[TARGET_NAME_MAX];
	struct target *t;
	int err = target_name_normalise(name, node->title);

	if (err) {
		conf_fault(faults, node->where, node, NULL, "%s",
			   err == -ENAMETOOLONG
				   ? "the name is longer than 223 bytes"
				   : "is not an iSCSI name (write iqn.2026-11.org.example:disk1)");
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

static void check_auth(const struct world *w, struct target *t, const struct conf_node *node,
		       const char *name, struct conf_faults *faults)
{
	uint8_t i;

	t->auth = conf_auth_group_find(w, node, "auth-group", name, faults);
	if (conf_node_is_given(node, "auth-group"))
		return;
	for (i = 0; i < t->ngroups; i++) {
		if (is_reachable(t->groups[i])) {
			conf_warning(faults, node->where, node, "auth-group",
				     "is not set: whoever reaches portal group %u may use this "
				     "target",
				     t->groups[i]->tag);
			return;
		}
	}
}

static void check_target(struct config *c, const struct conf_node *node, struct conf_faults *faults)
{
	struct conf_target_options o = { .auth_group = "no-authentication",
					 .limits = target_limits_default };
	struct target *t = add_target(&c->world, node, faults);
	const struct conf_node *child;

	conf_read_section(node, &o, faults);
	check_limits(&o.limits, node, faults);
	STAILQ_FOREACH (child, &node->children, link)
		conf_lun_check(c, t, child, faults);
	if (!t)
		return;
	t->limits = o.limits;
	if (o.alias && target_alias_set(t->alias, o.alias))
		conf_fault_value(faults, node, "alias", conf_value(node, "alias"),
				 "is not UTF-8 text");
	check_groups(&c->world, t, node, faults);
	check_alua(t, node, faults);
	check_auth(&c->world, t, node, o.auth_group, faults);
	if (STAILQ_EMPTY(&node->children))
		conf_warning(faults, node->where, node, NULL, "has no lun");
}

/* What others name comes first. */
int config_check(struct config *c, struct conf_tree *t, struct conf_faults *faults)
{
	const struct conf_node *n;
	int err = conf_node_complete(t->root);

	if (!err)
		err = add_portal_group(t);
	if (err)
		return err;
	conf_read_section(t->root, &c->settings, faults);
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_auth_group)
			conf_auth_group_check(&c->world, n, faults);
	}
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_portal_group)
			check_portal_group(&c->world, n, faults);
	}
	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_target)
			check_target(c, n, faults);
	}
	return faults->count > 0 ? -EINVAL : 0;
}
