#include "config/syntax.h"

#include "unit.h"

#include <string.h>

/* What is told of one of libconfuse's messages. */
__attribute__((format(printf, 2, 3))) static void say(char told[static 512], const char *fmt, ...)
{
	struct conf_where nowhere = { NULL, 0 };
	struct conf_faults f;
	va_list ap;

	conf_faults_init(&f);
	va_start(ap, fmt);
	conf_syntax_fault(&f, nowhere, NULL, fmt, ap);
	va_end(ap);
	CU_ASSERT_EQUAL_FATAL(f.count, 1);
	strncpy(told, STAILQ_FIRST(&f.list)->text, 511);
	told[511] = '\0';
	conf_faults_fini(&f);
}

static void messages_become_ours(void)
{
	char told[512];

	say(told, "missing equal sign after option '%s'", "size");
	CU_ASSERT_STRING_EQUAL(told, "\"size\" has no = and no value behind it");
	say(told, "premature end of file");
	CU_ASSERT_STRING_EQUAL(told, "the file ends here, and a value or a } should come");
	say(told, "unexpected token '%s'", "=");
	CU_ASSERT_STRING_EQUAL(
		told, "\"=\" is not expected here (a name or a value is missing before it)");
	say(told, "unexpected token '%s'", "two");
	CU_ASSERT_STRING_EQUAL(
		told, "\"two\" is not expected here (a comma or a } is missing before it)");
}

/* One that a later libconfuse may have: it is told, and cannot spoil the line. */
static void a_message_that_is_not_known_is_quoted(void)
{
	char told[512];

	say(told, "no luck with '%s' at %d", "a\nb", 7);
	CU_ASSERT_STRING_EQUAL(told, "cannot be read: \"no luck with 'a\\x0ab' at 7\"");
}

static void what_stands_where_it_may_not_is_known(void)
{
	CU_ASSERT_TRUE(conf_syntax_is_stray("unexpected token '%s'"));
	CU_ASSERT_FALSE(conf_syntax_is_stray("premature end of file"));
}

static const struct unit_test tests[] = {
	{ "messages become ours", messages_become_ours },
	{ "a message that is not known is quoted", a_message_that_is_not_known_is_quoted },
	{ "what stands where it may not is known", what_stands_where_it_may_not_is_known },
};

UNIT_MAIN("config/syntax", tests)
