#include "config/fault.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 2048 /* bytes of a fault */

void conf_faults_init(struct conf_faults *f)
{
	STAILQ_INIT(&f->list);
	f->count = 0;
}

void conf_faults_fini(struct conf_faults *f)
{
	struct conf_fault *one;

	while ((one = STAILQ_FIRST(&f->list))) {
		STAILQ_REMOVE_HEAD(&f->list, link);
		free(one->text);
		free(one);
	}
	f->count = 0;
}

static bool stands_before(const struct conf_fault *a, const struct conf_fault *b)
{
	return a->order != b->order ? a->order < b->order : a->line < b->line;
}

/* Behind all that stand before it or in the same line. */
static void insert(struct conf_faults *f, struct conf_fault *one)
{
	struct conf_fault *at, *before = NULL;

	STAILQ_FOREACH (at, &f->list, link) {
		if (stands_before(one, at))
			break;
		before = at;
	}
	if (before)
		STAILQ_INSERT_AFTER(&f->list, before, one, link);
	else
		STAILQ_INSERT_HEAD(&f->list, one, link);
	if (!one->is_warning)
		f->count++;
}

void conf_faults_move(struct conf_faults *to, struct conf_faults *from)
{
	struct conf_fault *one;

	while ((one = STAILQ_FIRST(&from->list))) {
		STAILQ_REMOVE_HEAD(&from->list, link);
		insert(to, one);
	}
	from->count = 0;
}

void conf_faults_print(const struct conf_faults *f, const char *front, FILE *out)
{
	const struct conf_fault *one;

	STAILQ_FOREACH (one, &f->list, link) {
		const char *priority =
			log_priority(one->is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR);

		fprintf(out, "%s%s\n", *priority ? priority : front, one->text);
	}
}

char *conf_quote(char dst[static CONF_QUOTED_MAX], const char *text)
{
	return log_quote(dst, CONF_QUOTED_MAX, text, strlen(text));
}

/* A line that grows; what does not fit is cut. */
struct line {
	char text[LINE_MAX_LEN];
	size_t len;
};

static void add_v(struct line *l, const char *fmt, va_list ap)
{
	int n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, ap);

	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= sizeof(l->text))
		l->len = sizeof(l->text) - 1;
}

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_v(l, fmt, ap);
	va_end(ap);
}

/* "FILE:LINE: ", or the switch of the command line. */
static void add_where(struct line *l, struct conf_where where)
{
	if (!where.origin)
		return;
	add(l, "%s", where.origin->name);
	if (where.line > 0)
		add(l, ":%d", where.line);
	add(l, ": ");
}

/* 'target "iqn…": lun 0: '. A number needs no quotes. */
static void add_object(struct line *l, const struct conf_node *node)
{
	char quoted[CONF_QUOTED_MAX];

	if (!node->parent)
		return;
	add_object(l, node->parent); /* as deep as sections stand in each other: three */
	if (!node->section->title)
		add(l, "%s: ", node->section->name);
	else if (*node->title && strspn(node->title, "0123456789") == strlen(node->title))
		add(l, "%s %.40s: ", node->section->name, node->title);
	else
		add(l, "%s %s: ", node->section->name, conf_quote(quoted, node->title));
}

char *conf_where_format(char *dst, size_t size, const struct conf_node *node)
{
	struct line l = { .len = 0 };

	add_where(&l, node->where);
	if (node->where.origin && node->where.origin->kind == CONF_FILE)
		add_object(&l, node);
	l.text[l.len < 2 ? 0 : l.len - 2] = '\0'; /* without the last ": " */
	snprintf(dst, size, "%s", l.text);
	return dst;
}

/*
 * On the command line the argument itself is the object, and a switch is the
 * option, too: naming what they became would only puzzle.
 */
static void add_fault(struct conf_faults *f, bool is_warning, struct conf_where where,
		      const struct conf_node *node, const char *option, const char *fmt, va_list ap)
{
	enum conf_origin_kind kind = where.origin ? where.origin->kind : CONF_FILE;
	struct conf_fault *one = calloc(1, sizeof(*one));
	struct line l = { .len = 0 };

	add_where(&l, where);
	if (is_warning)
		add(&l, "warning: ");
	if (node && kind == CONF_FILE)
		add_object(&l, node);
	if (option && kind != CONF_SWITCH)
		add(&l, "%s: ", option);
	add_v(&l, fmt, ap);
	if (one)
		one->text = strdup(l.text);
	if (!one || !one->text) {
		free(one);
		f->count++; /* it cannot be told, but it counts */
		return;
	}
	one->is_warning = is_warning;
	one->order = where.origin ? where.origin->order : 0;
	one->line = where.line;
	insert(f, one);
}

void conf_fault(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		const char *option, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fault(f, false, where, node, option, fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		  const char *option, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_fault(f, true, where, node, option, fmt, ap);
	va_end(ap);
}

void conf_fault_unknown(struct conf_faults *f, struct conf_where where,
			const struct conf_node *node, const char *name)
{
	const struct conf_section *home = conf_option_home(name);
	const char *near = conf_option_near(node->section, name);
	char quoted[CONF_QUOTED_MAX];

	conf_quote(quoted, name);
	if (home == &conf_root)
		conf_fault(f, where, node, NULL,
			   "%s is not an option here (it stands outside of any section)", quoted);
	else if (home)
		conf_fault(f, where, node, NULL, "%s is not an option here (it belongs inside %s)",
			   quoted, home->name);
	else if (near)
		conf_fault(f, where, node, NULL, "%s is not an option here (did you mean %s?)",
			   quoted, near);
	else
		conf_fault(f, where, node, NULL, "%s is not an option here", quoted);
}
