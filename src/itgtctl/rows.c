#include "itgtctl/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const sort_names[ROWS_SORTS] = {
	[ROWS_BY_NAME] = "name",       [ROWS_BY_IOPS] = "IOPS",   [ROWS_BY_BYTES] = "bandwidth",
	[ROWS_BY_LATENCY] = "latency", [ROWS_BY_DEPTH] = "depth",
};

const char *rows_sort_name(enum rows_sort by)
{
	return sort_names[by];
}

/* Both together; the mean is that of all their commands. */
static void add(struct stats_rate *to, const struct stats_rate *r)
{
	double ops = to->ops + r->ops;

	if (ops > 0)
		to->mean_ns = (to->mean_ns * to->ops + r->mean_ns * r->ops) / ops;
	to->ops = ops;
	to->bytes += r->bytes;
	to->errors += r->errors;
	to->depth += r->depth;
}

static int init(struct rows *r, const json_t *list)
{
	r->n = json_array_size(list);
	r->row = calloc(r->n + 1, sizeof(*r->row));
	return r->row ? 0 : -ENOMEM;
}

/* One direction of a thing into its row. What is new since before has no rate yet. */
static void take(struct row *row, const char *direction, const json_t *now, const json_t *before,
		 double s)
{
	struct stats_rate r = { 0 };

	if (before)
		stats_rate(&r, now, before, s);
	if (!strcmp(direction, "read"))
		row->read = r;
	else if (!strcmp(direction, "write"))
		row->write = r;
	add(&row->all, &r);
}

int rows_of_luns(struct rows *r, const json_t *now, const json_t *before, double s)
{
	const json_t *lu, *old, *flows, *flow;
	size_t i, k;

	if (init(r, now))
		return -ENOMEM;
	for (i = 0; i < r->n; i++) {
		lu = json_array_get(now, i);
		old = stats_same(before, lu, "target", "lun");
		flows = json_object_get(lu, "flows");
		snprintf(r->row[i].name, ROWS_NAME_MAX, "%s/%lld",
			 json_string_value(json_object_get(lu, "target")),
			 (long long)json_integer_value(json_object_get(lu, "lun")));
		for (k = 0; k < json_array_size(flows); k++) {
			flow = json_array_get(flows, k);
			take(&r->row[i], json_string_value(json_object_get(flow, "direction")),
			     flow, json_array_get(json_object_get(old, "flows"), k), s);
		}
	}
	return 0;
}

int rows_of_sessions(struct rows *r, const json_t *now, const json_t *before, double s)
{
	static const char *const directions[] = { "read", "write", "sync", "other" };
	const json_t *session, *old;
	size_t i, k;

	if (init(r, now))
		return -ENOMEM;
	for (i = 0; i < r->n; i++) {
		session = json_array_get(now, i);
		old = stats_same(before, session, "sid", "initiator");
		snprintf(r->row[i].name, ROWS_NAME_MAX, "%lld %s",
			 (long long)json_integer_value(json_object_get(session, "sid")),
			 json_string_value(json_object_get(session, "initiator")));
		for (k = 0; k < sizeof(directions) / sizeof(directions[0]); k++)
			take(&r->row[i], directions[k], json_object_get(session, directions[k]),
			     json_object_get(old, directions[k]), s);
	}
	return 0;
}

/* ---- order ---- */

static double key(const struct row *row, enum rows_sort by)
{
	switch (by) {
	case ROWS_BY_IOPS: return row->all.ops;
	case ROWS_BY_BYTES: return row->all.bytes;
	case ROWS_BY_LATENCY: return row->all.mean_ns;
	case ROWS_BY_DEPTH: return row->all.depth;
	default: return 0;
	}
}

/* What qsort_r() hands through. */
struct order {
	enum rows_sort by;
	bool reverse;
};

/* The busiest first; those that are alike by name. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct order *o = arg;
	double x = key(a, o->by), y = key(b, o->by);
	int order =
		x > y   ? -1
		: x < y ? 1
			: strverscmp(((const struct row *)a)->name, ((const struct row *)b)->name);

	return o->reverse ? -order : order;
}

void rows_sort(struct rows *r, enum rows_sort by, bool reverse)
{
	struct order o = { by, reverse };

	qsort_r(r->row, r->n, sizeof(*r->row), compare, &o);
}

void rows_total(const struct rows *r, struct row *total)
{
	size_t i;

	*total = (struct row){ .name = "all" };
	for (i = 0; i < r->n; i++) {
		add(&total->read, &r->row[i].read);
		add(&total->write, &r->row[i].write);
		add(&total->all, &r->row[i].all);
	}
}

void rows_fini(struct rows *r)
{
	free(r->row);
	*r = (struct rows){ 0 };
}
