#include "control/ask.h"

#include "base/method.h"
#include "config/apply.h"
#include "config/export.h"
#include "control/call.h"
#include "target/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each method asks for, and which of its parameters is the request's text. */
static const struct {
	const char *method;
	enum request_kind kind;
	const char *text; /* NULL: none */
} rows[] = {
	{ "diff", REQUEST_DIFF, NULL },
	{ "lun.add", REQUEST_LUN_ADD, "spec" },
	{ "lun.remove", REQUEST_LUN_REMOVE, NULL },
	{ "lun.resize", REQUEST_LUN_RESIZE, "size" },
	{ "lun.set", REQUEST_LUN_SET, NULL },
	{ "portal.add", REQUEST_PORTAL_ADD, "address" },
	{ "portal.remove", REQUEST_PORTAL_REMOVE, "address" },
	{ "reload", REQUEST_RELOAD, NULL },
	{ "save", REQUEST_SAVE, NULL },
	{ "target.add", REQUEST_TARGET_ADD, NULL },
	{ "target.remove", REQUEST_TARGET_REMOVE, NULL },
};

/* ---- answers ---- */

/* Sessions of the target that a line is about: those there are now. */
static unsigned int count_sessions(const struct call *c, const char *name)
{
	const struct target *t = name ? world_target(c->env->world, name) : NULL;
	const struct scsi_nexus *x;
	unsigned int n = 0;

	if (t)
		TAILQ_FOREACH (x, &t->device.nexuses, link)
			n++;
	return n;
}

static void add_row(json_t *list, const char *change, const char *means, unsigned int sessions)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:i}", "change", change, "means", means,
					      "sessions", (int)sessions));
}

/* A row for each line of the notes. */
static void add_notes(json_t *list, char *notes)
{
	char *line;

	while (notes && (line = strsep(&notes, "\n")))
		add_row(list, line, "a warning", 0);
}

static json_t *list_of(const struct call *c, const struct apply_call *a)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; list && i < a->nlines; i++)
		add_row(list, a->lines[i].text, a->lines[i].means,
			count_sessions(c, a->lines[i].target));
	if (list)
		add_notes(list, a->notes);
	return list;
}

static void on_done(struct apply_call *a)
{
	struct call *c = a->user;

	if (a->err)
		call_refuse(c, "%s", a->why ? a->why : "no memory");
	else if (a->rq.kind == REQUEST_SAVE)
		call_done(c, json_pack("{s:s}", "done", a->notes ? a->notes : "saved"));
	else
		call_done(c, list_of(c, a));
	apply_call_free(a);
}

/* ---- requests ---- */

static char *copy_text(const struct call *c, const char *name)
{
	const char *text = name ? call_text(c, name) : NULL;

	return text ? strdup(text) : NULL;
}

/* False: no memory. */
static bool copy_pairs(const struct call *c, struct request *rq)
{
	json_t *options = json_object_get(c->params, "options");
	const char *name;
	json_t *value;

	if (!options)
		return true;
	rq->pairs = calloc(json_object_size(options) + 1, sizeof(*rq->pairs));
	if (!rq->pairs)
		return false;
	json_object_foreach (options, name, value) {
		struct request_pair *p = &rq->pairs[rq->npairs++];

		p->name = strdup(name);
		p->value = strdup(json_string_value(value) ? json_string_value(value) : "");
		if (!p->name || !p->value)
			return false;
	}
	return true;
}

static bool fill(const struct call *c, struct request *rq, size_t row)
{
	rq->kind = rows[row].kind;
	rq->target = copy_text(c, "target");
	rq->text = copy_text(c, rows[row].text);
	rq->lun = call_number(c, "lun", 0);
	rq->tag = call_number(c, "tag", 0);
	rq->force = call_switch(c, "force");
	rq->discard = call_switch(c, "discard");
	if ((call_text(c, "target") && !rq->target) || (rows[row].text && !rq->text))
		return false;
	return copy_pairs(c, rq);
}

void ask_change(struct call *c)
{
	struct apply_call *a = calloc(1, sizeof(*a));
	size_t i = 0;

	while (strcmp(rows[i].method, c->method->name) != 0)
		i++; /* methods.c sends no other here */
	if (!a || !fill(c, &a->rq, i)) {
		if (a)
			apply_call_free(a);
		call_done(c, NULL);
		return;
	}
	a->done = on_done;
	a->user = c;
	apply_submit(c->env->apply, a);
}

void ask_export(struct call *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err = f ? conf_export(c->env->running->tree, f) : -1;

	if (f && fclose(f))
		err = -1;
	call_done(c, err ? NULL : json_string(text));
	free(text);
}
