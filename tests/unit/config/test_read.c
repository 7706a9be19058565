#include "conf.h"
#include "config/read.h"
#include "unit.h"

#include <errno.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Every kind of option, in one struct. */
struct fields {
	const char *text;
	uint32_t number, bytes, seconds, ms;
	uint64_t size, iops, rate;
	int choice;
	bool flag;
};

static const struct conf_choice colours[] = { { "red", 1 }, { "blue", 2 }, { NULL, 0 } };

#define AT(field) offsetof(struct fields, field)
static const struct conf_option options[] = {
	{ "bytes", CONF_BYTES, NULL, 512, 4096, NULL, AT(bytes), "-" },
	{ "choice", CONF_CHOICE, NULL, 0, 0, colours, AT(choice), "-" },
	{ "duration", CONF_DURATION, NULL, 500, 7200000, NULL, AT(ms), "-" },
	{ "flag", CONF_BOOL, NULL, 0, 0, NULL, AT(flag), "-" },
	{ "iops", CONF_IOPS, NULL, 0, 1000, NULL, AT(iops), "-" },
	{ "list", CONF_LIST, NULL, 0, 0, NULL, 0, "-" },
	{ "number", CONF_NUMBER, NULL, 1, 9, NULL, AT(number), "-" },
	{ "rate", CONF_RATE, NULL, 0, 1 << 20, NULL, AT(rate), "-" },
	{ "seconds", CONF_SECONDS, NULL, 0, 60, NULL, AT(seconds), "-" },
	{ "size", CONF_SIZE, NULL, 512, 1 << 20, NULL, AT(size), "-" },
	{ "text", CONF_TEXT, NULL, 1, 4, NULL, AT(text), "-" },
};
#undef AT

static const struct conf_section *const none[] = { NULL };
static const struct conf_section section = { "s", "-", options, COUNT(options), none, "-" };
static const struct conf_where nowhere = { NULL, 0 };

/* Read one value of one option into f; what is told goes into told. */
static void read_value(const char *option, const char *text, struct fields *f,
		       char told[static 512])
{
	struct conf_node *n = conf_node_new(NULL, &section, "", nowhere);
	struct conf_faults faults;
	FILE *out = fmemopen(told, 512, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	conf_node_add_value(n, conf_option(&section, option), text, nowhere);
	conf_faults_init(&faults);
	conf_read_section(n, f, &faults);
	memset(told, 0, 512);
	conf_faults_print(&faults, "", out);
	(void)fclose(out);
	conf_faults_fini(&faults);
	conf_node_free(n);
}

static void good_values_come_into_their_fields(void)
{
	struct fields f = { .text = "" };
	char told[512];

	read_value("number", "9", &f, told);
	CU_ASSERT_EQUAL(f.number, 9);
	read_value("bytes", "0512", &f, told);
	CU_ASSERT_EQUAL(f.bytes, 512);
	read_value("seconds", "60", &f, told);
	CU_ASSERT_EQUAL(f.seconds, 60);
	read_value("duration", "2h", &f, told);
	CU_ASSERT_EQUAL(f.ms, 7200000);
	read_value("duration", "500ms", &f, told);
	CU_ASSERT_EQUAL(f.ms, 500);
	read_value("size", "1M", &f, told);
	CU_ASSERT_EQUAL(f.size, 1 << 20);
	read_value("iops", "1000iops", &f, told);
	CU_ASSERT_EQUAL(f.iops, 1000);
	read_value("rate", "512KiB/s", &f, told);
	CU_ASSERT_EQUAL(f.rate, 512 << 10);
	read_value("choice", "blue", &f, told);
	CU_ASSERT_EQUAL(f.choice, 2);
	read_value("flag", "ON", &f, told);
	CU_ASSERT_TRUE(f.flag);
	read_value("flag", "false", &f, told);
	CU_ASSERT_FALSE(f.flag);
	read_value("list", "anything", &f, told); /* is for others to read */
	CU_ASSERT_STRING_EQUAL(told, "");
}

/* Each row: an option, a value that is none, and what is told of it. */
static const struct {
	const char *option, *text, *told;
} bad[] = {
	{ "number", "0", "number: \"0\" is not a number from 1 to 9\n" },
	{ "number", "10", "number: \"10\" is not a number from 1 to 9\n" },
	{ "number", "", "number: \"\" is not a number from 1 to 9\n" },
	{ "number", "+1", "number: \"+1\" is not a number from 1 to 9\n" },
	{ "number", "0x1", "number: \"0x1\" is not a number from 1 to 9\n" },
	{ "number", "18446744073709551617",
	  "number: \"18446744073709551617\" is not a number from 1 to 9\n" },
	{ "bytes", "1K", "bytes: \"1K\" is not a number of bytes from 512 to 4096\n" },
	{ "seconds", "5s", "seconds: \"5s\" is not a number of seconds from 0 to 60\n" },
	{ "duration", "5d", "duration: \"5d\" is not a time (write 500ms, 5s, 2m)\n" },
	{ "duration", "499ms", "duration: \"499ms\" is not a time from 500ms to 2h\n" },
	{ "duration", "99999999999999999999h",
	  "duration: \"99999999999999999999h\" is not a time from 500ms to 2h\n" },
	{ "size", "10X", "size: \"10X\" is not a size (write 512M, 10G, 1T)\n" },
	{ "size", "-1", "size: \"-1\" is not a size (write 512M, 10G, 1T)\n" },
	{ "size", "2M", "size: \"2M\" is not a size from 512 bytes to 1M\n" },
	{ "size", "99999P", "size: \"99999P\" is not a size from 512 bytes to 1M\n" },
	{ "iops", "1001", "iops: \"1001\" is not a number of requests a second from 0 to 1000\n" },
	{ "iops", "1M/s", "iops: \"1M/s\" is not a number of requests a second (write 5000)\n" },
	{ "rate", "2M", "rate: \"2M\" is not a rate from 0 bytes to 1M a second\n" },
	{ "rate", "1M/h",
	  "rate: \"1M/h\" is not a rate in bytes a second (write 100M, 100MiB/s)\n" },
	{ "choice", "Red", "choice: \"Red\" is not red or blue\n" },
	{ "flag", "1", "flag: \"1\" is neither yes nor no (write yes or no)\n" },
	{ "text", "", "text: is empty (leave it out, or write something)\n" },
	{ "text", "12345", "text: is 5 bytes long (write at most 4)\n" },
	{ "text", "a\tb", "text: has a control character in it\n" },
};

static void a_value_that_is_none_is_told_and_the_field_stays(void)
{
	const struct fields before = { "as is", 7, 7, 7, 7, 7, 7, 7, 7, true };
	struct fields f;
	char told[512];
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		f = before;
		read_value(bad[i].option, bad[i].text, &f, told);
		CU_ASSERT_STRING_EQUAL(told, bad[i].told);
		if (strcmp(told, bad[i].told) != 0)
			printf("\ntold: %s", told);
		CU_ASSERT_STRING_EQUAL(f.text, "as is");
		CU_ASSERT_TRUE(f.number == 7 && f.bytes == 7 && f.seconds == 7 && f.ms == 7);
		CU_ASSERT_TRUE(f.size == 7 && f.iops == 7 && f.rate == 7 && f.choice == 7 &&
			       f.flag);
	}
}

static void a_list_where_one_value_belongs_is_a_fault(void)
{
	struct conf_node *n = conf_node_new(NULL, &section, "", nowhere);
	struct conf_faults faults;
	struct fields f = { .number = 7 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	conf_node_add_value(n, conf_option(&section, "number"), "1", nowhere);
	conf_node_add_value(n, conf_option(&section, "number"), "2", nowhere);
	conf_faults_init(&faults);
	conf_read_section(n, &f, &faults);
	CU_ASSERT_EQUAL(f.number, 7);
	CU_ASSERT_EQUAL(faults.count, 1);
	CU_ASSERT_STRING_EQUAL(STAILQ_FIRST(&faults.list)->text,
			       "number: takes one value, not a list");
	conf_faults_fini(&faults);
	conf_node_free(n);
}

static void whole_numbers_are_digits(void)
{
	uint64_t n = 0;

	CU_ASSERT_EQUAL(conf_number("16383", 0, 16383, &n), 0);
	CU_ASSERT_EQUAL(n, 16383);
	CU_ASSERT_EQUAL(conf_number("16384", 0, 16383, &n), -EINVAL);
	CU_ASSERT_EQUAL(conf_number(" 1", 0, 9, &n), -EINVAL);
	CU_ASSERT_EQUAL(conf_number("1 ", 0, 9, &n), -EINVAL);
	CU_ASSERT_EQUAL(conf_number("", 0, 9, &n), -EINVAL);
	CU_ASSERT_EQUAL(n, 16383);
}

static const struct unit_test tests[] = {
	{ "good values come into their fields", good_values_come_into_their_fields },
	{ "a value that is none is told, and the field stays",
	  a_value_that_is_none_is_told_and_the_field_stays },
	{ "a list where one value belongs is a fault", a_list_where_one_value_belongs_is_a_fault },
	{ "whole numbers are digits", whole_numbers_are_digits },
};

UNIT_MAIN("config/read", tests)
