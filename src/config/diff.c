#include "config/diff.h"

#include "config/read.h"
#include "config/same.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options whose effect is another one than that of their section's others. */
static const struct {
	const struct conf_section *section;
	const char *option;
	enum conf_effect effect;
} rows[] = {
	{ &conf_root, "buffer-memory", EFFECT_NOW },
	{ &conf_root, "log-level", EFFECT_NOW },
	{ &conf_root, "login-timeout", EFFECT_NOW },
	{ &conf_root, "max-connections", EFFECT_NOW },
	{ &conf_root, "shutdown-timeout", EFFECT_NOW },
	{ &conf_target, "alua-states", EFFECT_NOW },
	{ &conf_target, "nop-interval", EFFECT_NOW },
	{ &conf_target, "nop-timeout", EFFECT_NOW },
	{ &conf_target, "portal-groups", EFFECT_NOW },
	{ &conf_lun, "initiators", EFFECT_NOW },
	{ &conf_lun, "physical-block-size", EFFECT_NOW },
	{ &conf_lun, "soft-threshold", EFFECT_NOW },
	{ &conf_lun, "write-cache", EFFECT_NOW },
	{ &conf_lun, "size", EFFECT_RESIZE },
	{ &conf_lun, "io", EFFECT_REOPEN },
	{ &conf_lun, "max-bandwidth", EFFECT_REOPEN },
	{ &conf_lun, "max-iops", EFFECT_REOPEN },
	{ &conf_lun, "read-only", EFFECT_REOPEN },
	{ &conf_lun, "thin", EFFECT_REOPEN },
};

static enum conf_effect usual(const struct conf_section *s)
{
	if (s == &conf_root)
		return EFFECT_NEVER;
	if (s == &conf_lun)
		return EFFECT_REPLACE;
	return s == &conf_portal_group ? EFFECT_NOW : EFFECT_LOGIN;
}

/* What is in memory would be lost with its store. */
static bool is_in_memory(const struct conf_node *lun)
{
	const struct conf_entry *e = conf_node_entry(lun, "backend");

	return e && strcmp(STAILQ_FIRST(&e->values)->text, "ram") == 0;
}

enum conf_effect conf_effect(const struct conf_node *node, const struct conf_option *option)
{
	enum conf_effect effect = usual(node->section);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].section == node->section && strcmp(rows[i].option, option->name) == 0)
			effect = rows[i].effect;
	}
	if (effect == EFFECT_REOPEN && is_in_memory(node))
		return EFFECT_NEVER;
	return effect;
}

/* ---- the list ---- */

void conf_diff_init(struct conf_diff *d)
{
	STAILQ_INIT(&d->list);
	d->count = 0;
}

void conf_diff_fini(struct conf_diff *d)
{
	struct conf_change *c;

	while ((c = STAILQ_FIRST(&d->list))) {
		STAILQ_REMOVE_HEAD(&d->list, link);
		free(c);
	}
	d->count = 0;
}

static struct conf_change *add(struct conf_diff *d, enum conf_change_kind kind,
			       const struct conf_node *node)
{
	struct conf_change *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->kind = kind;
	c->node = node;
	STAILQ_INSERT_TAIL(&d->list, c, link);
	d->count++;
	return c;
}

static int diff_options(struct conf_diff *d, const struct conf_node *before,
			const struct conf_node *after)
{
	size_t i;

	for (i = 0; i < after->section->noptions; i++) {
		const struct conf_option *o = &after->section->options[i];
		const struct conf_entry *a = conf_node_entry(before, o->name);
		const struct conf_entry *b = conf_node_entry(after, o->name);
		struct conf_change *c;

		if (conf_entry_same(a, b))
			continue;
		c = add(d, CONF_CHANGED, after);
		if (!c)
			return -ENOMEM;
		c->before = a;
		c->after = b;
		c->effect = conf_effect(after, o);
	}
	return 0;
}

/* As deep as sections stand in each other. */
int conf_diff(struct conf_diff *d, const struct conf_node *before, const struct conf_node *after)
{
	int err = diff_options(d, before, after);
	struct conf_pair *pairs;
	size_t n, i;

	pairs = err ? NULL : conf_pairs(before, after, &n);
	if (!pairs)
		return -ENOMEM;
	for (i = 0; !err && i < n; i++) {
		const struct conf_pair *p = &pairs[i];

		if (p->a && p->b)
			err = conf_diff(d, p->a, p->b);
		else if (!add(d, p->a ? CONF_REMOVED : CONF_ADDED, p->a ? p->a : p->b))
			err = -ENOMEM;
	}
	free(pairs);
	return err;
}

static const struct conf_option *option_of(const struct conf_change *c)
{
	return c->after ? c->after->option : c->before->option;
}

void conf_diff_check(const struct conf_diff *d, struct conf_faults *faults)
{
	const struct conf_change *c;

	STAILQ_FOREACH (c, &d->list, link) {
		if (c->kind != CONF_CHANGED || c->effect != EFFECT_NEVER)
			continue;
		conf_fault(faults, c->after ? c->after->where : c->node->where, c->node,
			   option_of(c)->name, "%s",
			   c->node->section == &conf_lun
				   ? "cannot change without the loss of what is in memory (remove "
				     "the LUN and add it anew)"
				   : "cannot change while itgtd runs (restart it)");
	}
}

/* ---- for people ---- */

static void put_node(FILE *f, const struct conf_node *n)
{
	char quoted[CONF_QUOTED_MAX];

	if (!n->parent)
		return;
	put_node(f, n->parent); /* three deep at most */
	if (*n->title && strspn(n->title, "0123456789") == strlen(n->title))
		fprintf(f, "%s %.40s: ", n->section->name, n->title);
	else
		fprintf(f, "%s %s: ", n->section->name, conf_quote(quoted, n->title));
}

static void put_values(FILE *f, const struct conf_entry *e)
{
	const struct conf_value *v;
	char quoted[CONF_QUOTED_MAX];

	if (!e) {
		fputs("none", f);
		return;
	}
	STAILQ_FOREACH (v, &e->values, link)
		fprintf(f, "%s%s", v == STAILQ_FIRST(&e->values) ? "" : ", ",
			conf_quote(quoted, v->text));
}

static bool is_secret(const struct conf_option *o)
{
	return !strcmp(o->name, "secret") || !strcmp(o->name, "mutual-secret");
}

static void put_change(FILE *f, const struct conf_change *c)
{
	if (is_secret(option_of(c))) {
		fprintf(f, "%s: another one", option_of(c)->name);
		return;
	}
	fprintf(f, "%s: ", option_of(c)->name);
	put_values(f, c->before);
	fputs(" -> ", f);
	put_values(f, c->after);
}

char *conf_change_format(char dst[static CONF_CHANGE_MAX], const struct conf_change *c)
{
	static const char marks[] = {
		[CONF_ADDED] = '+', [CONF_REMOVED] = '-', [CONF_CHANGED] = '~'
	};
	FILE *f = fmemopen(dst, CONF_CHANGE_MAX, "w");
	size_t len;

	memset(dst, 0, CONF_CHANGE_MAX);
	if (!f)
		return dst;
	fprintf(f, "%c ", marks[c->kind]);
	put_node(f, c->node);
	if (c->kind == CONF_CHANGED)
		put_change(f, c);
	fclose(f);
	dst[CONF_CHANGE_MAX - 1] = '\0';
	len = strlen(dst);
	if (c->kind != CONF_CHANGED && len > 2)
		dst[len - 2] = '\0'; /* the last ": " */
	return dst;
}

const char *conf_change_means(const struct conf_change *c)
{
	static const char *const words[] = {
		[EFFECT_NOW] = "at once",
		[EFFECT_LOGIN] = "from the next login on",
		[EFFECT_RESIZE] = "initiators are told of the new size",
		[EFFECT_REOPEN] = "opened anew; commands wait for that",
		[EFFECT_REPLACE] = "the LUN goes away, and another one comes",
		[EFFECT_NEVER] = "not while itgtd runs",
	};

	if (c->kind == CONF_CHANGED)
		return words[c->effect];
	if (c->node->section == &conf_lun)
		return "initiators are told";
	if (c->node->section == &conf_target && c->kind == CONF_REMOVED)
		return "its sessions end";
	return "";
}
