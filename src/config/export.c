#include "config/export.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static void indent(FILE *out, int depth)
{
	fprintf(out, "%*s", 2 * depth, "");
}

/*
 * Between double quotes libconfuse puts in variables of the environment and takes a backslash for
 * many things; between single ones a backslash stands for itself, but before a quote or another.
 */
static void put_quoted(FILE *out, const char *text)
{
	if (!strpbrk(text, "\"\\$")) {
		fprintf(out, "\"%s\"", text);
		return;
	}
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

/* A number, or yes and no. */
static bool is_bare(const struct conf_option *o, const char *text)
{
	size_t digits = strspn(text, "0123456789"),
	       letters = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (o->kind == CONF_TEXT || o->kind == CONF_LIST || !*text)
		return false;
	return !text[digits] || (o->kind == CONF_BOOL && !text[letters]);
}

static void put_value(FILE *out, const struct conf_option *o, const char *text)
{
	if (is_bare(o, text))
		fputs(text, out);
	else
		put_quoted(out, text);
}

static void put_entry(FILE *out, const struct conf_entry *e, int depth)
{
	const struct conf_value *v = STAILQ_FIRST(&e->values);

	indent(out, depth);
	fprintf(out, "%s = ", e->option->name);
	if (e->option->kind != CONF_LIST) {
		put_value(out, e->option, v->text);
		fputc('\n', out);
		return;
	}
	fputs("{ ", out);
	for (; v; v = STAILQ_NEXT(v, link)) {
		put_value(out, e->option, v->text);
		fputs(STAILQ_NEXT(v, link) ? ", " : " }\n", out);
	}
}

/* As deep as sections stand in each other. */
static void put_node(FILE *out, const struct conf_node *n, int depth)
{
	const struct conf_entry *e;
	const struct conf_node *child;

	STAILQ_FOREACH (e, &n->entries, link) {
		if (e->given)
			put_entry(out, e, depth);
	}
	STAILQ_FOREACH (child, &n->children, link) {
		indent(out, depth);
		fprintf(out, "%s ", child->section->name);
		put_quoted(out, child->title);
		fputs(" {\n", out);
		put_node(out, child, depth + 1);
		indent(out, depth);
		fputs("}\n", out);
	}
}

int conf_export(const struct conf_tree *t, FILE *out)
{
	put_node(out, t->root, 0);
	return ferror(out) || fflush(out) ? -EIO : 0;
}
