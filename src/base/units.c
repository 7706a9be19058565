#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name; /* as it stands behind the number */
	uint64_t factor;
};

/* Powers of 1024, smallest first. */
static const struct unit size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "TiB", UINT64_C(1) << 40 },
	{ "P", UINT64_C(1) << 50 },
	{ "PiB", UINT64_C(1) << 50 },
};

static const struct unit duration_units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
};

static const struct unit ops_units[] = { { "", 1 }, { "iops", 1 } };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Decimal digits at *text, at least one; *text then stands behind them. */
static int number_parse(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	}
	*text = p;
	*number = n;
	return 0;
}

/* A number and a unit of the table; what follows the unit must be tail, or nothing. */
static int units_parse(const char *text, const char *tail, const struct unit *units, size_t count,
		       uint64_t *out)
{
	uint64_t n;
	size_t i, len;
	int err;

	err = number_parse(&text, &n);
	if (err)
		return err;
	for (i = 0; i < count; i++) {
		len = strlen(units[i].name);
		if (strncmp(text, units[i].name, len) == 0 &&
		    (text[len] == '\0' || strcmp(text + len, tail) == 0))
			break;
	}
	if (i == count)
		return -EINVAL;
	if (__builtin_mul_overflow(n, units[i].factor, &n) || n > INT64_MAX)
		return -ERANGE;
	*out = n;
	return 0;
}

int size_parse(const char *text, uint64_t *bytes)
{
	return units_parse(text, "", size_units, COUNT(size_units), bytes);
}

int duration_parse(const char *text, uint64_t *ms)
{
	return units_parse(text, "", duration_units, COUNT(duration_units), ms);
}

int rate_parse(const char *text, enum rate_kind kind, uint64_t *per_s)
{
	if (kind == RATE_OPS)
		return units_parse(text, "", ops_units, COUNT(ops_units), per_s);
	return units_parse(text, "/s", size_units, COUNT(size_units), per_s);
}

char *size_format(char *dst, size_t size, uint64_t bytes)
{
	static const char letters[] = "KMGTP";
	char letter[2] = "";
	size_t i;

	for (i = 0; i < sizeof(letters) - 1 && bytes != 0 && bytes % 1024 == 0; i++) {
		bytes /= 1024;
		letter[0] = letters[i];
	}
	snprintf(dst, size, "%" PRIu64 "%s", bytes, letter);
	return dst;
}

char *count_format(char dst[static COUNT_TEXT_MAX], uint64_t n, const char *one)
{
	snprintf(dst, COUNT_TEXT_MAX, "%" PRIu64 " %s%s", n, one, n == 1 ? "" : "s");
	return dst;
}
