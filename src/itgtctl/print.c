#include "itgtctl/print.h"

#include "itgtctl/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 24

/*
 * What is to be known of a method's list: which members its objects are shown with, where a line
 * has no room for all, and what is said when there is nothing in it.
 */
static const struct view {
	const char *method;
	const char *columns; /* NULL: all; "": all, one below the other */
	const char *nothing;
} views[] = {
	{ "connection.list",
	  "sid cid state initiator address portal age_s idle_s auth user commands received_bytes "
	  "sent_bytes",
	  "no connections" },
	{ "diff", NULL, "nothing to change" },
	{ "lun.list", NULL, "no LUNs" },
	{ "lun.resize", NULL, "nothing to change" },
	{ "lun.set", NULL, "nothing to change" },
	{ "method.list", "name help", "nothing" },
	{ "portal.list", NULL, "no portals" },
	{ "reload", NULL, "nothing to change" },
	{ "session.list", NULL, "no sessions" },
	{ "target.list", NULL, "no targets" },
	{ "why", "", "no login was refused" },
};

/* ---- values ---- */

char *print_bytes(char dst[static PRINT_VALUE_MAX], double bytes)
{
	static const char *const units[] = { "B", "K", "M", "G", "T", "P" };
	size_t i = 0;

	for (; bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		bytes /= 1024;
	snprintf(dst, PRINT_VALUE_MAX,
		 bytes < 10 && i    ? "%.2f%s"
		 : bytes < 100 && i ? "%.1f%s"
				    : "%.0f%s",
		 bytes, units[i]);
	return dst;
}

char *print_count(char dst[static PRINT_VALUE_MAX], double n)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	size_t i = 0;

	for (; n >= 10000 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		n /= 1000;
	snprintf(dst, PRINT_VALUE_MAX, i && n < 100 ? "%.1f%s" : "%.0f%s", n, units[i]);
	return dst;
}

char *print_seconds(char dst[static PRINT_VALUE_MAX], int64_t s)
{
	if (s < 60)
		snprintf(dst, PRINT_VALUE_MAX, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(dst, PRINT_VALUE_MAX, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(dst, PRINT_VALUE_MAX, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(dst, PRINT_VALUE_MAX, "%" PRId64 "d%02" PRId64 "h", s / 86400,
			 s / 3600 % 24);
	return dst;
}

char *print_ns(char dst[static PRINT_VALUE_MAX], double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t i = 0;

	for (; ns >= 1000 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		ns /= 1000;
	snprintf(dst, PRINT_VALUE_MAX,
		 ns < 10 && i    ? "%.2f%s"
		 : ns < 100 && i ? "%.1f%s"
				 : "%.0f%s",
		 ns, units[i]);
	return dst;
}

static const struct unit {
	const char *ending;
	char *(*format)(char *dst, json_int_t n);
} * unit_of(const char *name);

static char *bytes_of(char *dst, json_int_t n)
{
	return print_bytes(dst, (double)n);
}

static char *seconds_of(char *dst, json_int_t n)
{
	return print_seconds(dst, n);
}

static char *ns_of(char *dst, json_int_t n)
{
	return print_ns(dst, (double)n);
}

static const struct unit units[] = {
	{ "_bytes", bytes_of },
	{ "bytes", bytes_of },
	{ "_s", seconds_of },
	{ "_ns", ns_of },
};

static const struct unit *unit_of(const char *name)
{
	size_t i, len = strlen(name), n;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		n = strlen(units[i].ending);
		if (len >= n && !strcmp(name + len - n, units[i].ending))
			return &units[i];
	}
	return NULL;
}

/* A name for people: blanks for underscores, without its unit. The caller frees it. */
static char *label(const char *name)
{
	const struct unit *unit = unit_of(name);
	size_t end = unit && *unit->ending == '_' ? strlen(unit->ending) : 0;
	char *text = strndup(name, strlen(name) - end);
	char *p;

	for (p = text; p && *p; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return text;
}

/* What would make a terminal do something is shown as a question mark. */
static char *clean(char *text)
{
	char *p;

	for (p = text; p && *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return text;
}

/* A value on its own. The caller frees it; NULL: no memory. */
static char *value_text(const char *name, const json_t *value)
{
	const struct unit *unit = unit_of(name);
	char buf[PRINT_VALUE_MAX];

	if (json_is_string(value) && !json_string_length(value))
		return strdup("-");
	if (json_is_string(value))
		return clean(strdup(json_string_value(value)));
	if (json_is_null(value) || !value)
		return strdup("-");
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	if (!json_is_integer(value))
		return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	if (unit)
		return strdup(unit->format(buf, json_integer_value(value)));
	snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return strdup(buf);
}

/* The same for a list of values: "1, 2". */
static char *cell_text(const char *name, const json_t *value)
{
	char *text = NULL, *part, *longer;
	size_t i;

	if (!json_is_array(value))
		return value_text(name, value);
	for (i = 0; i < json_array_size(value); i++) {
		part = value_text(name, json_array_get(value, i));
		if (asprintf(&longer, "%s%s%s", text ? text : "", text ? ", " : "",
			     part ? part : "?") < 0)
			longer = NULL;
		free(part);
		free(text);
		text = longer;
	}
	return text ? text : strdup("-");
}

/* ---- lists ---- */

static const struct view *view_of(const char *method)
{
	static const struct view plain = { "", NULL, "nothing" };
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		if (!strcmp(views[i].method, method))
			return &views[i];
	}
	return &plain;
}

/* The members of an object that have a column, in order; returns how many. */
static size_t pick_columns(const char *method, json_t *first, const char *names[COLUMNS_MAX],
			   char *copy, size_t size)
{
	const char *name, *columns = view_of(method)->columns;
	size_t n = 0;
	json_t *value;
	char *word;

	snprintf(copy, size, "%s", columns ? columns : "");
	for (word = strtok(copy, " "); word && n < COLUMNS_MAX; word = strtok(NULL, " "))
		names[n++] = word;
	if (n)
		return n;
	json_object_foreach (first, name, value) {
		if (!json_is_object(value) && n < COLUMNS_MAX)
			names[n++] = name;
	}
	return n;
}

static void print_list(FILE *out, const char *method, const json_t *list, int indent)
{
	const char *names[COLUMNS_MAX];
	char copy[256], *heading, *p;
	struct table t;
	size_t i, k, n;

	n = pick_columns(method, json_array_get(list, 0), names, copy, sizeof(copy));
	if (!n || table_init(&t, n))
		return;
	for (k = 0; k < n; k++) {
		heading = label(names[k]);
		for (p = heading; p && *p; p++)
			*p = (char)toupper((unsigned char)*p);
		table_add(&t, heading);
		t.is_right[k] = json_is_integer(json_object_get(json_array_get(list, 0), names[k]));
	}
	for (i = 0; i < json_array_size(list); i++) {
		for (k = 0; k < n; k++)
			table_add(&t, cell_text(names[k], json_object_get(json_array_get(list, i),
									  names[k])));
	}
	table_print(&t, out, indent);
	table_fini(&t);
}

/* ---- objects ---- */

static bool is_table(const json_t *value)
{
	return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void print_object(FILE *out, json_t *object, int indent)
{
	const char *name;
	char *left, *right;
	size_t width = 0, n;
	json_t *value;

	json_object_foreach (object, name, value) {
		left = label(name);
		n = left ? strlen(left) : 0;
		width = n > width && !json_is_object(value) && !is_table(value) ? n : width;
		free(left);
	}
	json_object_foreach (object, name, value) {
		left = label(name);
		if (json_is_object(value) || is_table(value)) {
			fprintf(out, "%*s%s:\n", indent, "", left ? left : "?");
			if (is_table(value))
				print_list(out, "", value, indent + 2);
			else
				print_object(out, value, indent + 2);
		} else {
			right = cell_text(name, value);
			fprintf(out, "%*s%-*s  %s\n", indent, "", (int)width, left ? left : "?",
				right ? right : "?");
			free(right);
		}
		free(left);
	}
}

/* Is each object of the method's list one of its own, line by line? */
static bool is_long(const char *method)
{
	const char *columns = view_of(method)->columns;

	return columns && !*columns;
}

void print_result(FILE *out, const char *method, json_t *result)
{
	char *text;
	size_t i;

	if (is_table(result) && is_long(method)) {
		for (i = 0; i < json_array_size(result); i++) {
			fputs(i ? "\n" : "", out);
			print_object(out, json_array_get(result, i), 0);
		}
	} else if (is_table(result)) {
		print_list(out, method, result, 0);
	} else if (json_is_object(result)) {
		print_object(out, result, 0);
	} else if (json_is_string(result)) {
		fputs(json_string_value(result), out); /* a text, as of a configuration file */
	} else if (json_array_size(result)) {
		text = cell_text("", result);
		fprintf(out, "%s\n", text ? text : "?");
		free(text);
	} else if (json_is_array(result)) {
		fprintf(out, "%s\n", view_of(method)->nothing);
	}
}
