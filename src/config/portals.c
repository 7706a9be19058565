#include "config/portals.h"

#include "config/auth.h"
#include "config/config.h"
#include "config/read.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/*
 * A group whose tag is none, or another's, gets this one: what else is wrong with it is
 * told, too. No target is seen through it.
 */
#define STAND_IN 0

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

	if (g->tag == STAND_IN && !e->given)
		return; /* the built-in addresses may well be another group's */
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

/* RFC 7143, 4.2.2.1.4, 11.12.9: a tag has 16 bits. NULL: no memory. */
static struct portal_group *add_group(struct world *w, const struct conf_node *node,
				      struct conf_faults *faults)
{
	struct portal_group *g = NULL;
	uint64_t tag;

	if (conf_number(node->title, 1, UINT16_MAX, &tag))
		conf_fault(faults, node->where, node, NULL,
			   "a portal group's tag is a number from 1 to 65535");
	else if (world_portal_group(w, (uint16_t)tag))
		conf_fault(faults, node->where, node, NULL,
			   "there is a portal group of that tag already");
	else
		g = world_add_portal_group(w, (uint16_t)tag);
	if (!g)
		g = world_portal_group(w, STAND_IN);
	if (!g)
		g = world_add_portal_group(w, STAND_IN);
	if (!g)
		no_memory(faults, node);
	return g;
}

void conf_portal_group_check(struct world *w, const struct conf_node *node,
			     struct conf_faults *faults)
{
	struct conf_portal_group_options o = { .discovery_auth_group = "no-authentication" };
	struct portal_group *g = add_group(w, node, faults);

	if (!g)
		return;
	conf_read_section(node, &o, faults);
	check_listen(w, g, node, faults);
	check_redirect(g, node, o.redirect, faults);
	g->is_moved = o.redirect_permanent;
	if (g->is_moved && !conf_node_entry(node, "redirect") && !node->is_partial)
		conf_fault_value(faults, node, "redirect-permanent",
				 conf_value(node, "redirect-permanent"),
				 "says nothing without a redirect");
	g->discovery_auth = conf_auth_group_find(w, node, "discovery-auth-group",
						 o.discovery_auth_group, faults);
}

const struct portal *conf_portal_reachable(const struct portal_group *g)
{
	const struct portal *p;
	const uint8_t *bytes;
	size_t len;

	TAILQ_FOREACH (p, &g->portals, link) {
		bytes = portal_addr_bytes(&p->addr, &len);
		if (len == 4 && bytes[0] != 127)
			return p;
		if (len == 16 && (bytes[15] != 1 || memcmp(bytes, (uint8_t[15]){ 0 }, 15) != 0))
			return p;
	}
	return NULL;
}

static void see_through(struct target *t, struct portal_group *g, const struct conf_node *node,
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

	snprintf(dst, size, "none");
	TAILQ_FOREACH (g, &w->portal_groups, link) {
		if (len < size && g->tag != STAND_IN)
			len += (size_t)snprintf(dst + len, size - len, "%s%u", len ? ", " : "",
						g->tag);
	}
}

void conf_portal_groups_find(const struct world *w, struct target *t, const struct conf_node *node,
			     struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "portal-groups");
	const struct conf_value *v;
	struct portal_group *g;
	char tags[256];
	uint64_t tag;

	if (!e) {
		TAILQ_FOREACH (g, &w->portal_groups, link) {
			if (g->tag != STAND_IN)
				see_through(t, g, node, faults);
		}
		return;
	}
	format_tags(w, tags, sizeof(tags));
	STAILQ_FOREACH (v, &e->values, link) {
		if (conf_number(v->text, 1, UINT16_MAX, &tag)) {
			conf_fault_value(faults, node, "portal-groups", v,
					 "is not a portal group's tag, 1 to 65535 (there are: %s)",
					 tags);
			continue;
		}
		g = world_portal_group(w, (uint16_t)tag);
		if (!g && conf_node_is_whole_tree(node))
			conf_fault_value(faults, node, "portal-groups", v,
					 "is not a portal group (there are: %s)", tags);
		else if (g && target_in_group(t, g))
			conf_fault_value(faults, node, "portal-groups", v, "is in the list twice");
		else if (g)
			see_through(t, g, node, faults);
	}
}
