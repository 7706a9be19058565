#include "config/read.h"

#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct conf_value *conf_value(const struct conf_node *node, const char *option)
{
	return STAILQ_FIRST(&conf_node_entry(node, option)->values);
}

void conf_fault_value(struct conf_faults *f, const struct conf_node *node, const char *option,
		      const struct conf_value *v, const char *fmt, ...)
{
	char quoted[CONF_QUOTED_MAX], rest[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	conf_fault(f, v->where, node, option, "%s %s", conf_quote(quoted, v->text), rest);
}

int conf_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t n;

	if (text[strspn(text, "0123456789")] != '\0' || strlen(text) > 18 || !*text)
		return -EINVAL;
	n = strtoull(text, NULL, 10);
	if (n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

/* One value on its way into a field. */
struct value {
	const struct conf_node *node;
	const struct conf_option *option;
	const struct conf_value *text;
	void *field;
	struct conf_faults *faults;
};

#define FAULT(v, ...) \
	conf_fault_value((v)->faults, (v)->node, (v)->option->name, (v)->text, __VA_ARGS__)

/* A text may be a secret: what is told of it does not show it. */
static void read_text(const struct value *v)
{
	const char *text = v->text->text, *fault = NULL;
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			fault = "has a control character in it";
	}
	if (len < v->option->min)
		fault = "is empty (leave it out, or write something)";
	if (fault)
		conf_fault(v->faults, v->text->where, v->node, v->option->name, "%s", fault);
	else if (len > v->option->max)
		conf_fault(v->faults, v->text->where, v->node, v->option->name,
			   "is %zu bytes long (write at most %" PRIu64 ")", len, v->option->max);
	else
		*(const char **)v->field = text;
}

static void read_number(const struct value *v)
{
	const char *of = v->option->kind == CONF_BYTES     ? " of bytes"
			 : v->option->kind == CONF_SECONDS ? " of seconds"
							   : "";
	uint64_t n;

	if (conf_number(v->text->text, v->option->min, v->option->max, &n))
		FAULT(v, "is not a number%s from %" PRIu64 " to %" PRIu64, of, v->option->min,
		      v->option->max);
	else
		*(uint32_t *)v->field = (uint32_t)n;
}

static void read_bool(const struct value *v)
{
	static const struct conf_choice words[] = {
		{ "yes", true }, { "true", true },   { "on", true },
		{ "no", false }, { "false", false }, { "off", false },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(v->text->text, words[i].name) == 0) {
			*(bool *)v->field = words[i].value;
			return;
		}
	}
	FAULT(v, "is neither yes nor no (write yes or no)");
}

/* "512 bytes", "16M" */
static char *bytes_format(char dst[static 32], uint64_t bytes)
{
	char number[24];

	size_format(number, sizeof(number), bytes);
	snprintf(dst, 32, "%s%s", number,
		 number[strspn(number, "0123456789")] == '\0' ? " bytes" : "");
	return dst;
}

static bool in_range(const struct value *v, int err, uint64_t n)
{
	return err != -ERANGE && n >= v->option->min && n <= v->option->max;
}

static void read_size(const struct value *v)
{
	char low[32], high[32];
	uint64_t n = 0;
	int err = size_parse(v->text->text, &n);

	if (err == -EINVAL)
		FAULT(v, "is not a size (write 512M, 10G, 1T)");
	else if (!in_range(v, err, n))
		FAULT(v, "is not a size from %s to %s", bytes_format(low, v->option->min),
		      bytes_format(high, v->option->max));
	else
		*(uint64_t *)v->field = n;
}

static void read_iops(const struct value *v)
{
	uint64_t n = 0;
	int err = rate_parse(v->text->text, RATE_OPS, &n);

	if (err == -EINVAL)
		FAULT(v, "is not a number of requests a second (write 5000)");
	else if (!in_range(v, err, n))
		FAULT(v, "is not a number of requests a second from %" PRIu64 " to %" PRIu64,
		      v->option->min, v->option->max);
	else
		*(uint64_t *)v->field = n;
}

static void read_rate(const struct value *v)
{
	char low[32], high[32];
	uint64_t n = 0;
	int err = rate_parse(v->text->text, RATE_BYTES, &n);

	if (err == -EINVAL)
		FAULT(v, "is not a rate in bytes a second (write 100M, 100MiB/s)");
	else if (!in_range(v, err, n))
		FAULT(v, "is not a rate from %s to %s a second", bytes_format(low, v->option->min),
		      bytes_format(high, v->option->max));
	else
		*(uint64_t *)v->field = n;
}

/* "500ms", "15s", "1h": ms in the largest unit that is exact. */
static char *duration_format(char *dst, size_t size, uint64_t ms)
{
	if (ms % 3600000 == 0 && ms > 0)
		snprintf(dst, size, "%" PRIu64 "h", ms / 3600000);
	else if (ms % 1000 == 0)
		snprintf(dst, size, "%" PRIu64 "s", ms / 1000);
	else
		snprintf(dst, size, "%" PRIu64 "ms", ms);
	return dst;
}

static void read_duration(const struct value *v)
{
	char low[24], high[24];
	uint64_t ms = 0;
	int err = duration_parse(v->text->text, &ms);

	if (err == -EINVAL)
		FAULT(v, "is not a time (write 500ms, 5s, 2m)");
	else if (!in_range(v, err, ms))
		FAULT(v, "is not a time from %s to %s",
		      duration_format(low, sizeof(low), v->option->min),
		      duration_format(high, sizeof(high), v->option->max));
	else
		*(uint32_t *)v->field = (uint32_t)ms;
}

static void read_choice(const struct value *v)
{
	const struct conf_choice *c = v->option->choices;
	char names[128] = "";
	size_t len = 0, i;

	for (i = 0; c[i].name; i++) {
		if (strcmp(v->text->text, c[i].name) == 0) {
			*(int *)v->field = c[i].value;
			return;
		}
	}
	for (i = 0; c[i].name && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i == 0          ? ""
					: c[i + 1].name ? ", "
							: " or ",
					c[i].name);
	FAULT(v, "is not %s", names);
}

static void (*const readers[])(const struct value *v) = {
	[CONF_TEXT] = read_text,         [CONF_NUMBER] = read_number, [CONF_BYTES] = read_number,
	[CONF_SECONDS] = read_number,    [CONF_BOOL] = read_bool,     [CONF_SIZE] = read_size,
	[CONF_DURATION] = read_duration, [CONF_IOPS] = read_iops,     [CONF_RATE] = read_rate,
	[CONF_CHOICE] = read_choice,     [CONF_LIST] = NULL,
};

void conf_read_section(const struct conf_node *node, void *base, struct conf_faults *faults)
{
	const struct conf_entry *e;

	STAILQ_FOREACH (e, &node->entries, link) {
		struct value v = { .node = node,
				   .option = e->option,
				   .text = STAILQ_FIRST(&e->values),
				   .field = (char *)base + e->option->offset,
				   .faults = faults };

		if (!readers[e->option->kind])
			continue;
		if (STAILQ_NEXT(v.text, link))
			conf_fault(faults, e->where, node, e->option->name,
				   "takes one value, not a list");
		else
			readers[e->option->kind](&v);
	}
}
