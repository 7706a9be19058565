#include "config/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct conf_node *conf_node_new(struct conf_node *parent, const struct conf_section *section,
				const char *title, struct conf_where where)
{
	struct conf_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->title = strdup(title);
	if (!n->title) {
		free(n);
		return NULL;
	}
	n->section = section;
	n->where = where;
	n->parent = parent;
	STAILQ_INIT(&n->entries);
	STAILQ_INIT(&n->children);
	return n;
}

struct conf_node *conf_node_add(struct conf_node *parent, const struct conf_section *section,
				const char *title, struct conf_where where)
{
	struct conf_node *n = conf_node_new(parent, section, title, where);

	if (n)
		STAILQ_INSERT_TAIL(&parent->children, n, link);
	return n;
}

/* Secrets may be among the texts. */
static void text_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void entry_free(struct conf_entry *e)
{
	struct conf_value *v;

	while ((v = STAILQ_FIRST(&e->values))) {
		STAILQ_REMOVE_HEAD(&e->values, link);
		text_free(v->text);
		free(v);
	}
	free(e);
}

static void node_fini(struct conf_node *n)
{
	struct conf_entry *e;

	while ((e = STAILQ_FIRST(&n->entries))) {
		STAILQ_REMOVE_HEAD(&n->entries, link);
		entry_free(e);
	}
	free(n->title);
	free(n);
}

/* Down to a leaf and up again: no recursion. */
void conf_node_free(struct conf_node *n)
{
	struct conf_node *at = n, *next;

	while (at) {
		next = STAILQ_FIRST(&at->children);
		if (next) {
			STAILQ_REMOVE_HEAD(&at->children, link);
			next->parent = at;
			at = next;
			continue;
		}
		next = at == n ? NULL : at->parent;
		node_fini(at);
		at = next;
	}
}

int conf_tree_init(struct conf_tree *t)
{
	struct conf_where nowhere = { NULL, 0 };

	t->norigins = 0;
	STAILQ_INIT(&t->origins);
	t->root = conf_node_new(NULL, &conf_root, "", nowhere);
	return t->root ? 0 : -ENOMEM;
}

void conf_tree_fini(struct conf_tree *t)
{
	struct conf_origin *o;

	conf_node_free(t->root);
	t->root = NULL;
	while ((o = STAILQ_FIRST(&t->origins))) {
		STAILQ_REMOVE_HEAD(&t->origins, link);
		free(o->name);
		free(o);
	}
}

struct conf_origin *conf_tree_origin(struct conf_tree *t, enum conf_origin_kind kind,
				     const char *name)
{
	struct conf_origin *o;

	STAILQ_FOREACH (o, &t->origins, link) {
		if (o->kind == kind && strcmp(o->name, name) == 0)
			return o;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->name = strdup(name);
	if (!o->name) {
		free(o);
		return NULL;
	}
	o->kind = kind;
	o->order = t->norigins++;
	STAILQ_INSERT_TAIL(&t->origins, o, link);
	return o;
}

struct conf_entry *conf_node_entry(const struct conf_node *n, const char *option)
{
	struct conf_entry *e;

	STAILQ_FOREACH (e, &n->entries, link) {
		if (strcmp(e->option->name, option) == 0)
			return e;
	}
	return NULL;
}

static struct conf_entry *entry_new(struct conf_node *n, const struct conf_option *option,
				    struct conf_where where)
{
	struct conf_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->option = option;
	e->given = true;
	e->where = where;
	STAILQ_INIT(&e->values);
	STAILQ_INSERT_TAIL(&n->entries, e, link);
	return e;
}

struct conf_entry *conf_node_add_value(struct conf_node *n, const struct conf_option *option,
				       const char *text, struct conf_where where)
{
	struct conf_entry *e = conf_node_entry(n, option->name);
	struct conf_value *v = calloc(1, sizeof(*v));
	char *copy = strdup(text);

	if (!e && v && copy)
		e = entry_new(n, option, where);
	if (!e || !v || !copy) {
		text_free(copy);
		free(v);
		return NULL;
	}
	v->text = copy;
	v->where = where;
	STAILQ_INSERT_TAIL(&e->values, v, link);
	return e;
}

void conf_node_remove_entry(struct conf_node *n, struct conf_entry *e)
{
	STAILQ_REMOVE(&n->entries, e, conf_entry, link);
	entry_free(e);
}

void conf_node_drop_value(struct conf_node *n, struct conf_entry *e)
{
	struct conf_value *last = STAILQ_FIRST(&e->values);

	while (STAILQ_NEXT(last, link))
		last = STAILQ_NEXT(last, link);
	if (last == STAILQ_FIRST(&e->values)) {
		conf_node_remove_entry(n, e);
		return;
	}
	STAILQ_REMOVE(&e->values, last, conf_value, link);
	text_free(last->text);
	free(last);
}

bool conf_node_is_whole_tree(const struct conf_node *n)
{
	while (n->parent)
		n = n->parent;
	return !n->is_partial;
}

/* A list's built-in value has ", " between its elements. */
static int add_preset(struct conf_node *n, const struct conf_option *o)
{
	char copy[128], *rest = copy, *text;
	struct conf_entry *e;

	if (o->kind != CONF_LIST) {
		e = conf_node_add_value(n, o, o->preset, n->where);
		if (e)
			e->given = false;
		return e ? 0 : -ENOMEM;
	}
	strncpy(copy, o->preset, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	while ((text = strsep(&rest, ","))) {
		e = conf_node_add_value(n, o, text + strspn(text, " "), n->where);
		if (!e)
			return -ENOMEM;
		e->given = false;
	}
	return 0;
}

int conf_node_complete(struct conf_node *n)
{
	struct conf_node *child;
	size_t i;
	int err;

	for (i = 0; i < n->section->noptions; i++) {
		const struct conf_option *o = &n->section->options[i];

		if (!o->preset || conf_node_entry(n, o->name))
			continue;
		err = add_preset(n, o);
		if (err)
			return err;
	}
	STAILQ_FOREACH (child, &n->children, link) {
		err = conf_node_complete(child);
		if (err)
			return err;
	}
	return 0;
}

bool conf_node_is_given(const struct conf_node *n, const char *option)
{
	const struct conf_entry *e = conf_node_entry(n, option);

	return e && e->given;
}
