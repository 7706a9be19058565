#include "config/same.h"

#include "base/units.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_yes(const char *text)
{
	return !strcasecmp(text, "yes") || !strcasecmp(text, "true") || !strcasecmp(text, "on");
}

/* Values that cannot be read are the same only when they are the same text. */
static bool same_text(const struct conf_option *o, const char *a, const char *b)
{
	uint64_t x = 0, y = 0;

	if (strcmp(a, b) == 0)
		return true;
	switch (o->kind) {
	case CONF_BOOL: return is_yes(a) == is_yes(b);
	case CONF_SIZE: return !size_parse(a, &x) && !size_parse(b, &y) && x == y;
	case CONF_DURATION: return !duration_parse(a, &x) && !duration_parse(b, &y) && x == y;
	case CONF_IOPS:
		return !rate_parse(a, RATE_OPS, &x) && !rate_parse(b, RATE_OPS, &y) && x == y;
	case CONF_RATE:
		return !rate_parse(a, RATE_BYTES, &x) && !rate_parse(b, RATE_BYTES, &y) && x == y;
	default: return false;
	}
}

bool conf_entry_same(const struct conf_entry *a, const struct conf_entry *b)
{
	const struct conf_value *x, *y;

	if (!a || !b)
		return a == b;
	y = STAILQ_FIRST(&b->values);
	STAILQ_FOREACH (x, &a->values, link) {
		if (!y || !same_text(a->option, x->text, y->text))
			return false;
		y = STAILQ_NEXT(y, link);
	}
	return !y;
}

static int by_kind_and_title(const void *a, const void *b)
{
	const struct conf_node *x = *(const struct conf_node *const *)a;
	const struct conf_node *y = *(const struct conf_node *const *)b;

	if (x->section != y->section)
		return strcmp(x->section->name, y->section->name);
	return strcmp(x->title, y->title);
}

/* The sections in n, sorted. NULL: no memory. */
static const struct conf_node **sorted(const struct conf_node *n, size_t *count)
{
	const struct conf_node *child, **list;

	*count = 0;
	if (n)
		STAILQ_FOREACH (child, &n->children, link)
			(*count)++;
	list = calloc(*count + 1, sizeof(const struct conf_node *));
	if (!list || !n)
		return list;
	*count = 0;
	STAILQ_FOREACH (child, &n->children, link)
		list[(*count)++] = child;
	qsort(list, *count, sizeof(const struct conf_node *), by_kind_and_title);
	return list;
}

static const struct conf_node *find(const struct conf_node *const *list, size_t count,
				    const struct conf_node *like)
{
	const struct conf_node *const *at =
		bsearch(&like, list, count, sizeof(const struct conf_node *), by_kind_and_title);

	return at ? *at : NULL;
}

static size_t put_pairs(struct conf_pair *pairs, const struct conf_node *a,
			const struct conf_node *b, const struct conf_node *const *in_a, size_t na,
			const struct conf_node *const *in_b, size_t nb)
{
	const struct conf_node *child;
	size_t n = 0;

	if (a)
		STAILQ_FOREACH (child, &a->children, link)
			pairs[n++] = (struct conf_pair){ child, find(in_b, nb, child) };
	if (b)
		STAILQ_FOREACH (child, &b->children, link)
			if (!find(in_a, na, child))
				pairs[n++] = (struct conf_pair){ NULL, child };
	return n;
}

struct conf_pair *conf_pairs(const struct conf_node *a, const struct conf_node *b, size_t *n)
{
	size_t na, nb;
	const struct conf_node **in_a = sorted(a, &na), **in_b = sorted(b, &nb);
	struct conf_pair *pairs = in_a && in_b ? calloc(na + nb + 1, sizeof(*pairs)) : NULL;

	*n = pairs ? put_pairs(pairs, a, b, in_a, na, in_b, nb) : 0;
	free(in_a);
	free(in_b);
	return pairs;
}

static bool same_options(const struct conf_node *a, const struct conf_node *b)
{
	size_t i;

	for (i = 0; i < a->section->noptions; i++) {
		const char *name = a->section->options[i].name;

		if (!conf_entry_same(conf_node_entry(a, name), conf_node_entry(b, name)))
			return false;
	}
	return true;
}

/* As deep as sections stand in each other. Without memory to look they differ. */
bool conf_node_same(const struct conf_node *a, const struct conf_node *b)
{
	struct conf_pair *pairs;
	size_t n, i;
	bool same;

	if (!same_options(a, b))
		return false;
	pairs = conf_pairs(a, b, &n);
	same = pairs;
	for (i = 0; same && i < n; i++)
		same = pairs[i].a && pairs[i].b && conf_node_same(pairs[i].a, pairs[i].b);
	free(pairs);
	return same;
}
