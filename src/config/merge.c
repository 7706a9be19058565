#include "config/merge.h"

#include "config/edit.h"
#include "config/same.h"

#include <errno.h>
#include <stdlib.h>

struct merge {
	struct conf_tree *into;
	struct conf_faults *told;
};

/* The file counts: at node, or at one of its options. */
static void lost(const struct merge *m, struct conf_where where, const struct conf_node *node,
		 const char *option, const char *what)
{
	conf_warning(m->told, where, node, option, "%s", what);
}

static int merge_option(const struct merge *m, struct conf_node *into,
			const struct conf_entry *base, const struct conf_entry *ours,
			const char *name)
{
	struct conf_entry *now = conf_node_entry(into, name);

	if (conf_entry_same(base, ours) || conf_entry_same(now, ours))
		return 0;
	if (!conf_entry_same(now, base)) {
		lost(m, now ? now->where : into->where, into, name,
		     "the file was changed here since it was changed at run-time: the file counts");
		return 0;
	}
	if (ours)
		return conf_entry_copy(m->into, into, ours);
	conf_node_unset(into, name);
	return 0;
}

static int merge_node(const struct merge *m, struct conf_node *into, const struct conf_node *base,
		      const struct conf_node *ours);

/* Only ours has it: it was added at run-time. */
static int merge_added(const struct merge *m, struct conf_node *into, struct conf_node *now,
		       const struct conf_node *ours)
{
	if (!now)
		return conf_node_copy(m->into, into, ours) ? 0 : -ENOMEM;
	if (!conf_node_same(now, ours))
		lost(m, now->where, now, NULL,
		     "was added at run-time, and to the file, which counts");
	return 0;
}

/* Only base has it: it was removed at run-time. */
static void merge_removed(const struct merge *m, struct conf_node *now,
			  const struct conf_node *base)
{
	if (!now)
		return;
	if (conf_node_same(now, base))
		conf_node_remove(now);
	else
		lost(m, now->where, now, NULL,
		     "was removed at run-time, and changed in the file, which counts: it is back");
}

static int merge_pair(const struct merge *m, struct conf_node *into, const struct conf_pair *p)
{
	const struct conf_node *like = p->a ? p->a : p->b;
	struct conf_node *now = conf_node_child(into, like->section, like->title);

	if (!p->a)
		return merge_added(m, into, now, p->b);
	if (!p->b) {
		merge_removed(m, now, p->a);
		return 0;
	}
	if (now)
		return merge_node(m, now, p->a, p->b);
	if (!conf_node_same(p->a, p->b))
		lost(m, p->b->where, p->b, NULL,
		     "was changed at run-time, and is not in the file any more, which counts");
	return 0;
}

/* As deep as sections stand in each other. */
static int merge_node(const struct merge *m, struct conf_node *into, const struct conf_node *base,
		      const struct conf_node *ours)
{
	struct conf_pair *pairs;
	size_t n, i;
	int err = 0;

	for (i = 0; !err && i < into->section->noptions; i++) {
		const char *name = into->section->options[i].name;

		err = merge_option(m, into, conf_node_entry(base, name),
				   conf_node_entry(ours, name), name);
	}
	pairs = err ? NULL : conf_pairs(base, ours, &n);
	if (!pairs)
		return -ENOMEM;
	for (i = 0; !err && i < n; i++)
		err = merge_pair(m, into, &pairs[i]);
	free(pairs);
	return err;
}

int conf_merge(struct conf_tree *into, const struct conf_tree *base, const struct conf_tree *ours,
	       struct conf_faults *told)
{
	const struct merge m = { .into = into, .told = told };

	return merge_node(&m, into->root, base->root, ours->root);
}

/* ---- the difference as two trees ---- */

struct split {
	struct conf_tree *base, *ours;
	size_t n;
};

/* What is built in will be there again when the part is read. */
static int keep(struct conf_tree *t, struct conf_node *n, const struct conf_entry *e)
{
	return e && e->given ? conf_entry_copy(t, n, e) : 0;
}

static int split_node(struct split *s, const struct conf_node *base, const struct conf_node *ours,
		      struct conf_node *base_part, struct conf_node *ours_part);

static int split_pair(struct split *s, const struct conf_pair *p, struct conf_node *base_part,
		      struct conf_node *ours_part)
{
	struct conf_node *a, *b;

	if (p->a && p->b) {
		if (conf_node_same(p->a, p->b))
			return 0;
		a = conf_node_copy_bare(s->base, base_part, p->a);
		b = conf_node_copy_bare(s->ours, ours_part, p->b);
		return a && b ? split_node(s, p->a, p->b, a, b) : -ENOMEM;
	}
	s->n++;
	if (p->a)
		a = conf_node_copy(s->base, base_part, p->a);
	else
		a = conf_node_copy(s->ours, ours_part, p->b);
	return a ? 0 : -ENOMEM;
}

static int split_options(struct split *s, const struct conf_node *base,
			 const struct conf_node *ours, struct conf_node *base_part,
			 struct conf_node *ours_part)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < base->section->noptions; i++) {
		const char *name = base->section->options[i].name;
		const struct conf_entry *a = conf_node_entry(base, name);
		const struct conf_entry *b = conf_node_entry(ours, name);

		if (conf_entry_same(a, b))
			continue;
		s->n++;
		err = keep(s->base, base_part, a);
		if (!err)
			err = keep(s->ours, ours_part, b);
	}
	return err;
}

static int split_node(struct split *s, const struct conf_node *base, const struct conf_node *ours,
		      struct conf_node *base_part, struct conf_node *ours_part)
{
	struct conf_pair *pairs;
	size_t n, i;
	int err = split_options(s, base, ours, base_part, ours_part);

	pairs = err ? NULL : conf_pairs(base, ours, &n);
	if (!pairs)
		return -ENOMEM;
	for (i = 0; !err && i < n; i++)
		err = split_pair(s, &pairs[i], base_part, ours_part);
	free(pairs);
	return err;
}

int conf_split(const struct conf_tree *base, const struct conf_tree *ours,
	       struct conf_tree *base_part, struct conf_tree *ours_part, size_t *n)
{
	struct split s = { .base = base_part, .ours = ours_part };
	int err = split_node(&s, base->root, ours->root, base_part->root, ours_part->root);

	*n = s.n;
	return err;
}
