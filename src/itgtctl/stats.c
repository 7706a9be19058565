#include "itgtctl/stats.h"

#include "itgtctl/print.h"
#include "itgtctl/table.h"

#include <stdbool.h>
#include <string.h>

static double number(const json_t *o, const char *name)
{
	return (double)json_integer_value(json_object_get(o, name));
}

static double growth(const json_t *now, const json_t *before, const char *name)
{
	double d = number(now, name) - number(before, name);

	return d > 0 ? d : 0; /* the daemon was started anew in between */
}

void stats_rate(struct stats_rate *r, const json_t *now, const json_t *before, double s)
{
	double ops = growth(now, before, "ops"), ns = growth(now, before, "time_ns");

	r->ops = ops / s;
	r->bytes = growth(now, before, "bytes") / s;
	r->errors = growth(now, before, "errors") / s;
	r->mean_ns = ops > 0 ? ns / ops : 0;
	r->depth = ns / 1e9 / s;
}

const json_t *stats_same(const json_t *before, const json_t *o, const char *a, const char *b)
{
	const json_t *other;
	size_t i;

	for (i = 0; i < json_array_size(before); i++) {
		other = json_array_get(before, i);
		if (json_equal(json_object_get(other, a), json_object_get(o, a)) &&
		    json_equal(json_object_get(other, b), json_object_get(o, b)))
			return other;
	}
	return NULL;
}

/* ---- the tables ---- */

#define TEXTS 3 /* columns of both tables that are no numbers of a flow */

static const char *const totals[] = { "TARGET", "LUN", "DIRECTION", "OPS", "BYTES", "ERRORS",
				      "MEAN",   "P50", "P90",       "P99", "P99.9", "MAX" };
static const char *const times[] = { "mean_ns", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns" };
static const char *const rates[] = { "TARGET",  "LUN",      "DIRECTION", "IOPS",
				     "BYTES/S", "ERRORS/S", "MEAN",      "DEPTH" };

static void add_total(struct table *t, const json_t *flow)
{
	char buf[PRINT_VALUE_MAX];
	size_t i;

	table_add(t, strdup(print_count(buf, number(flow, "ops"))));
	table_add(t, strdup(print_bytes(buf, number(flow, "bytes"))));
	table_add(t, strdup(print_count(buf, number(flow, "errors"))));
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (json_object_get(flow, times[i]))
			table_add(t, strdup(print_ns(buf, number(flow, times[i]))));
		else
			table_add(t, strdup("-"));
	}
}

static void add_rate(struct table *t, const json_t *flow, const json_t *before, double s)
{
	char buf[PRINT_VALUE_MAX];
	struct stats_rate r;

	stats_rate(&r, flow, before, s);
	table_add(t, strdup(print_count(buf, r.ops)));
	table_add(t, strdup(print_bytes(buf, r.bytes)));
	table_add(t, strdup(print_count(buf, r.errors)));
	table_add(t, r.mean_ns > 0 ? strdup(print_ns(buf, r.mean_ns)) : strdup("-"));
	snprintf(buf, sizeof(buf), "%.1f", r.depth);
	table_add(t, strdup(buf));
}

/* Reads and writes always, the rest where there was any. */
static bool is_shown(const json_t *flow)
{
	const char *direction = json_string_value(json_object_get(flow, "direction"));

	return !strcmp(direction, "read") || !strcmp(direction, "write") || number(flow, "ops") > 0;
}

/* The errors of a logical unit, by kind, in a line of their own. */
static void print_errors(FILE *out, const json_t *lu)
{
	static const char *const kinds[] = { "reservation_conflicts", "busy", "aborted" };
	const char *name;
	json_t *value, *keys = json_object_get(lu, "sense_keys");
	size_t i;
	bool any = json_object_size(keys) > 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		any = any || number(lu, kinds[i]) > 0;
	if (!any)
		return;
	fprintf(out, "%s LUN %.0f:", json_string_value(json_object_get(lu, "target")),
		number(lu, "lun"));
	json_object_foreach (keys, name, value)
		fprintf(out, " %s %lld,", name, (long long)json_integer_value(value));
	fprintf(out, " reservation conflict %.0f, busy %.0f, aborted %.0f\n",
		number(lu, "reservation_conflicts"), number(lu, "busy"), number(lu, "aborted"));
}

static void add_lu(struct table *t, const json_t *lu, const json_t *before, double s)
{
	const json_t *flows = json_object_get(lu, "flows"), *flow;
	const json_t *old = stats_same(before, lu, "target", "lun");
	char lun[PRINT_VALUE_MAX];
	size_t i;

	for (i = 0; i < json_array_size(flows); i++) {
		flow = json_array_get(flows, i);
		if (!is_shown(flow))
			continue;
		snprintf(lun, sizeof(lun), "%.0f", number(lu, "lun"));
		table_add(t, strdup(json_string_value(json_object_get(lu, "target"))));
		table_add(t, strdup(lun));
		table_add(t, strdup(json_string_value(json_object_get(flow, "direction"))));
		if (before)
			add_rate(t, flow, json_array_get(json_object_get(old, "flows"), i), s);
		else
			add_total(t, flow);
	}
}

void stats_print(FILE *out, const json_t *now, const json_t *before, double s)
{
	const char *const *headings = before ? rates : totals;
	size_t i,
		n = before ? sizeof(rates) / sizeof(rates[0]) : sizeof(totals) / sizeof(totals[0]);
	struct table t;

	if (!json_array_size(now)) {
		fprintf(out, "no LUNs\n");
		return;
	}
	if (table_init(&t, n))
		return;
	for (i = 0; i < n; i++) {
		table_add(&t, strdup(headings[i]));
		t.is_right[i] = i >= TEXTS || i == 1;
	}
	for (i = 0; i < json_array_size(now); i++)
		add_lu(&t, json_array_get(now, i), before, s);
	table_print(&t, out, 0);
	table_fini(&t);
	for (i = 0; !before && i < json_array_size(now); i++)
		print_errors(out, json_array_get(now, i));
}
