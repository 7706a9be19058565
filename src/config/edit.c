#include "config/edit.h"

#include "config/read.h"
#include "target/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same place, told by t's own origins. False: no memory. */
static bool place(struct conf_tree *t, struct conf_where from, struct conf_where *to)
{
	struct conf_origin *origin;

	*to = (struct conf_where){ NULL, from.line };
	if (!from.origin)
		return true;
	origin = conf_tree_origin(t, from.origin->kind, from.origin->name);
	if (origin)
		origin->is_public = from.origin->is_public;
	to->origin = origin;
	return origin;
}

int conf_entry_copy(struct conf_tree *t, struct conf_node *n, const struct conf_entry *from)
{
	struct conf_where where;
	const struct conf_value *v;
	struct conf_entry *e;

	conf_node_unset(n, from->option->name);
	STAILQ_FOREACH (v, &from->values, link) {
		e = place(t, v->where, &where)
			    ? conf_node_add_value(n, from->option, v->text, where)
			    : NULL;
		if (!e)
			return -ENOMEM;
		e->given = from->given;
	}
	return 0;
}

struct conf_node *conf_node_copy_bare(struct conf_tree *t, struct conf_node *parent,
				      const struct conf_node *from)
{
	struct conf_where where;

	if (!place(t, from->where, &where))
		return NULL;
	return conf_node_add(parent, from->section, from->title, where);
}

static int copy_entries(struct conf_tree *t, struct conf_node *to, const struct conf_node *from)
{
	const struct conf_entry *e;
	int err = 0;

	STAILQ_FOREACH (e, &from->entries, link) {
		if (!err)
			err = conf_entry_copy(t, to, e);
	}
	return err;
}

/* As deep as sections stand in each other: three. */
static int copy_into(struct conf_tree *t, struct conf_node *to, const struct conf_node *from)
{
	const struct conf_node *child;
	struct conf_node *copy;
	int err = copy_entries(t, to, from);

	STAILQ_FOREACH (child, &from->children, link) {
		if (err)
			break;
		copy = conf_node_copy_bare(t, to, child);
		err = copy ? copy_into(t, copy, child) : -ENOMEM;
	}
	return err;
}

struct conf_node *conf_node_copy(struct conf_tree *t, struct conf_node *parent,
				 const struct conf_node *from)
{
	struct conf_node *copy = conf_node_copy_bare(t, parent, from);

	return copy && !copy_into(t, copy, from) ? copy : NULL;
}

int conf_tree_copy(struct conf_tree *to, const struct conf_tree *from)
{
	const struct conf_origin *o;

	/* In their order, by which faults are sorted. Requests are copied with what they have said.
	 */
	STAILQ_FOREACH (o, &from->origins, link) {
		if (o->kind == CONF_FILE && !conf_tree_origin(to, o->kind, o->name))
			return -ENOMEM;
	}
	return copy_into(to, to->root, from->root);
}

void conf_node_remove(struct conf_node *n)
{
	STAILQ_REMOVE(&n->parent->children, n, conf_node, link);
	conf_node_free(n);
}

void conf_node_unset(struct conf_node *n, const char *option)
{
	struct conf_entry *e = conf_node_entry(n, option);

	if (e)
		conf_node_remove_entry(n, e);
}

int conf_node_set(struct conf_node *n, const struct conf_option *option, const char *text,
		  struct conf_where where)
{
	conf_node_unset(n, option->name);
	return conf_node_add_value(n, option, text, where) ? 0 : -ENOMEM;
}

struct conf_node *conf_node_child(const struct conf_node *parent,
				  const struct conf_section *section, const char *title)
{
	struct conf_node *n;

	STAILQ_FOREACH (n, &parent->children, link) {
		if (n->section == section && strcmp(n->title, title) == 0)
			return n;
	}
	return NULL;
}

/* What cannot be made alike is faulty, and stays for check.c to tell. */
static void canonical_title(const struct conf_node *n, char title[static TARGET_NAME_MAX])
{
	uint64_t number;

	snprintf(title, TARGET_NAME_MAX, "%s", n->title);
	if (n->section == &conf_target)
		(void)target_name_normalise(title, n->title);
	else if ((n->section == &conf_lun || n->section == &conf_portal_group) &&
		 !conf_number(n->title, 0, UINT32_MAX, &number))
		snprintf(title, TARGET_NAME_MAX, "%" PRIu64, number);
}

static int canonical(struct conf_node *n)
{
	char title[TARGET_NAME_MAX], *copy;
	struct conf_node *child;
	int err;

	if (n->section == &conf_target || n->section == &conf_lun ||
	    n->section == &conf_portal_group) {
		canonical_title(n, title);
		if (strlen(n->title) < sizeof(title) && strcmp(title, n->title) != 0) {
			copy = strdup(title);
			if (!copy)
				return -ENOMEM;
			free(n->title);
			n->title = copy;
		}
	}
	STAILQ_FOREACH (child, &n->children, link) {
		err = canonical(child);
		if (err)
			return err;
	}
	return 0;
}

int conf_tree_complete(struct conf_tree *t)
{
	int err = canonical(t->root);

	return err ? err : conf_node_complete(t->root);
}

int conf_tree_add_group(struct conf_tree *t)
{
	static const struct conf_where nowhere = { NULL, 0 };
	const struct conf_node *n;
	struct conf_node *group;

	STAILQ_FOREACH (n, &t->root->children, link) {
		if (n->section == &conf_portal_group)
			return 0;
	}
	group = conf_node_add(t->root, &conf_portal_group, "1", nowhere);
	return group ? conf_node_complete(group) : -ENOMEM;
}
