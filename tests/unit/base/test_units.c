#include "base/units.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct row {
	const char *text;
	int err;
	uint64_t value;
};

static const struct row sizes[] = {
	{ "0", 0, 0 },
	{ "512", 0, 512 },
	{ "0512", 0, 512 },
	{ "4096B", 0, 4096 },
	{ "10K", 0, 10240 },
	{ "10KiB", 0, 10240 },
	{ "512M", 0, UINT64_C(536870912) },
	{ "3MiB", 0, UINT64_C(3145728) },
	{ "10G", 0, UINT64_C(10737418240) },
	{ "1GiB", 0, UINT64_C(1073741824) },
	{ "1T", 0, UINT64_C(1099511627776) },
	{ "2TiB", 0, UINT64_C(2199023255552) },
	{ "1P", 0, UINT64_C(1125899906842624) },
	{ "1PiB", 0, UINT64_C(1125899906842624) },
	{ "8191P", 0, UINT64_C(8191) << 50 },
	{ "9223372036854775807", 0, INT64_MAX },
	{ "9223372036854775808", -ERANGE, 0 },
	{ "8192P", -ERANGE, 0 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "23058430092136939520", -ERANGE, 0 }, /* would wrap to 2^62 */
	{ "99999999999999999999999999", -ERANGE, 0 },
	{ "18014398509481984K", -ERANGE, 0 }, /* 2^64 */
	{ "", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ "10X", -EINVAL, 0 },
	{ "10k", -EINVAL, 0 },
	{ "10KB", -EINVAL, 0 },
	{ "10Ki", -EINVAL, 0 },
	{ "10BiB", -EINVAL, 0 },
	{ "10 K", -EINVAL, 0 },
	{ " 10K", -EINVAL, 0 },
	{ "10K ", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "1.5G", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "10K/s", -EINVAL, 0 },
};

static const struct row durations[] = {
	{ "500ms", 0, 500 },
	{ "5s", 0, 5000 },
	{ "5", 0, 5000 },
	{ "2m", 0, 120000 },
	{ "1h", 0, 3600000 },
	{ "0", 0, 0 },
	{ "9223372036854775807ms", 0, INT64_MAX },
	{ "9223372036854775808ms", -ERANGE, 0 },
	{ "9223372036854775807h", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "s", -EINVAL, 0 },
	{ "5 s", -EINVAL, 0 },
	{ "5S", -EINVAL, 0 },
	{ "5d", -EINVAL, 0 },
	{ "1h30m", -EINVAL, 0 },
	{ "-1s", -EINVAL, 0 },
};

static const struct row ops[] = {
	{ "10000iops", 0, 10000 },
	{ "0", 0, 0 },
	{ "250", 0, 250 },
	{ "100MiB/s", -EINVAL, 0 },
	{ "10000iops/s", -EINVAL, 0 },
	{ "10K", -EINVAL, 0 },
	{ "iops", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
};

static const struct row bandwidths[] = {
	{ "100MiB/s", 0, UINT64_C(104857600) },
	{ "100M/s", 0, UINT64_C(104857600) },
	{ "100M", 0, UINT64_C(104857600) },
	{ "512/s", 0, 512 },
	{ "4096B/s", 0, 4096 },
	{ "0", 0, 0 },
	{ "8192P/s", -ERANGE, 0 },
	{ "10000iops", -EINVAL, 0 },
	{ "100M/", -EINVAL, 0 },
	{ "100M/m", -EINVAL, 0 },
	{ "100M/s ", -EINVAL, 0 },
	{ "/s", -EINVAL, 0 },
};

/* The value of each row is as told, and untouched after a fault. */
static void check(const struct row *rows, size_t n, int (*parse)(const char *text, uint64_t *value))
{
	uint64_t value;
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		value = 77;
		err = parse(rows[i].text, &value);
		CU_ASSERT_EQUAL(err, rows[i].err);
		CU_ASSERT_EQUAL(value, rows[i].err ? 77 : rows[i].value);
		if (err != rows[i].err)
			printf("\n    \"%s\": %d\n", rows[i].text, err);
	}
}

static void sizes_are_read(void)
{
	check(sizes, COUNT(sizes), size_parse);
}

static void durations_are_read(void)
{
	check(durations, COUNT(durations), duration_parse);
}

static int ops_parse(const char *text, uint64_t *value)
{
	return rate_parse(text, RATE_OPS, value);
}

static int bandwidth_parse(const char *text, uint64_t *value)
{
	return rate_parse(text, RATE_BYTES, value);
}

static void rates_are_read(void)
{
	check(ops, COUNT(ops), ops_parse);
	check(bandwidths, COUNT(bandwidths), bandwidth_parse);
}

static const struct {
	uint64_t bytes;
	const char *text;
} formats[] = {
	{ 0, "0" },
	{ 1, "1" },
	{ 1000, "1000" },
	{ 1023, "1023" },
	{ 1024, "1K" },
	{ 1025, "1025" },
	{ 1536, "1536" },
	{ 1048576, "1M" },
	{ 1049600, "1025K" },
	{ 1073741824, "1G" },
	{ UINT64_C(1099511627776), "1T" },
	{ UINT64_C(1125899906842624), "1P" },
	{ UINT64_C(1) << 63, "8192P" },
	{ UINT64_MAX, "18446744073709551615" },
};

static void sizes_are_written(void)
{
	uint64_t back;
	char text[24];
	size_t i;

	for (i = 0; i < COUNT(formats); i++) {
		CU_ASSERT_PTR_EQUAL(size_format(text, sizeof(text), formats[i].bytes), text);
		CU_ASSERT_STRING_EQUAL(text, formats[i].text);
		if (formats[i].bytes <= INT64_MAX) {
			CU_ASSERT_EQUAL(size_parse(text, &back), 0);
			CU_ASSERT_EQUAL(back, formats[i].bytes);
		}
	}
}

static void things_are_counted(void)
{
	char text[COUNT_TEXT_MAX];

	CU_ASSERT_STRING_EQUAL(count_format(text, 0, "LUN"), "0 LUNs");
	CU_ASSERT_STRING_EQUAL(count_format(text, 1, "target"), "1 target");
	CU_ASSERT_STRING_EQUAL(count_format(text, 2, "session"), "2 sessions");
	CU_ASSERT_STRING_EQUAL(count_format(text, UINT64_MAX, "connection"),
			       "18446744073709551615 connections");
}

static const struct unit_test tests[] = {
	{ "sizes are powers of 1024 and nothing else", sizes_are_read },
	{ "durations are milliseconds, a bare number is seconds", durations_are_read },
	{ "rates say what they count", rates_are_read },
	{ "a size is written in its shortest exact form, and can be read back", sizes_are_written },
	{ "one is counted as one", things_are_counted },
};

UNIT_MAIN("base/units", tests)
