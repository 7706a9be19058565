#include "config/diff.h"

#include "trees.h"

#define A       "iqn.2026-11.org.example:a"
#define T(text) "target \"" A "\" { " text " }\n"
#define WHAT    "target \"" A "\": "

static const struct {
	const char *before, *after, *line, *means;
	bool is_fault;
} cases[] = {
	{ "", T(""), "+ target \"" A "\"", "", false },
	{ T(""), "", "- target \"" A "\"", "its sessions end", false },
	{ T(""), T("lun \"3\" { }"), "+ " WHAT "lun 3", "initiators are told", false },
	{ T("queue-depth = 7"), T(""), "~ " WHAT "queue-depth: \"7\" -> \"128\"",
	  "from the next login on", false },
	{ T("alias = \"old\""), T(""), "~ " WHAT "alias: \"old\" -> none", "from the next login on",
	  false },
	{ T("lun \"0\" { path = \"/a\" }"), T("lun \"0\" { path = \"/b\" }"),
	  "~ " WHAT "lun 0: path: \"/a\" -> \"/b\"", "the LUN goes away, and another one comes",
	  false },
	{ T("lun \"0\" { io = \"cached\" }"), T("lun \"0\" { }"),
	  "~ " WHAT "lun 0: io: \"cached\" -> \"direct\"", "opened anew; commands wait for that",
	  false },
	{ T("lun \"0\" { size = \"1G\" }"), T("lun \"0\" { size = \"2G\" }"),
	  "~ " WHAT "lun 0: size: \"1G\" -> \"2G\"", "initiators are told of the new size", false },
	{ T("lun \"0\" { backend = ram }"), T("lun \"0\" { backend = ram thin = no }"),
	  "~ " WHAT "lun 0: thin: \"yes\" -> \"no\"", "not while itgtd runs", true },
	{ "", "state-directory = \"/tmp\"", "~ state-directory: \"/var/lib/itgtd\" -> \"/tmp\"",
	  "not while itgtd runs", true },
	{ "", "log-level = \"debug\"", "~ log-level: \"info\" -> \"debug\"", "at once", false },
	{ "auth-group \"lab\" { chap \"u\" { secret = \"old\" } }",
	  "auth-group \"lab\" { chap \"u\" { secret = \"new\" } }",
	  "~ auth-group \"lab\": chap \"u\": secret: another one", "from the next login on",
	  false },
	{ "portal-group \"1\" { listen = { \"::1\" } }",
	  "portal-group \"1\" { listen = { \"::1\", \"127.0.0.1\" } }",
	  "~ portal-group 1: listen: \"::1\" -> \"::1\", \"127.0.0.1\"", "at once", false },
};

static void each_change(void)
{
	char line[CONF_CHANGE_MAX];
	struct conf_tree before, after;
	struct conf_faults faults;
	struct conf_diff d;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_read(&before, cases[i].before);
		tree_read(&after, cases[i].after);
		conf_faults_init(&faults);
		conf_diff_init(&d);
		CU_ASSERT_EQUAL_FATAL(conf_diff(&d, before.root, after.root), 0);
		CU_ASSERT_EQUAL_FATAL(d.count, 1);
		CU_ASSERT_STRING_EQUAL(conf_change_format(line, STAILQ_FIRST(&d.list)),
				       cases[i].line);
		if (strcmp(line, cases[i].line) != 0)
			fprintf(stderr, "%s\n", line);
		CU_ASSERT_STRING_EQUAL(conf_change_means(STAILQ_FIRST(&d.list)), cases[i].means);
		conf_diff_check(&d, &faults);
		CU_ASSERT_EQUAL(faults.count, cases[i].is_fault);
		conf_diff_fini(&d);
		conf_faults_fini(&faults);
		conf_tree_fini(&before);
		conf_tree_fini(&after);
	}
}

/* However long names are, a line ends. */
static void a_long_one(void)
{
	char line[CONF_CHANGE_MAX], *text = malloc(8000);
	struct conf_tree before, after;
	struct conf_diff d;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	snprintf(text, 8000,
		 "portal-group \"1\" { listen = { \"%0999d\", \"%0999d\", \"%0999d\" } }", 1, 2, 3);
	tree_read(&before, "portal-group \"1\" { }");
	tree_read(&after, text);
	conf_diff_init(&d);
	CU_ASSERT_EQUAL_FATAL(conf_diff(&d, before.root, after.root), 0);
	CU_ASSERT(strlen(conf_change_format(line, STAILQ_FIRST(&d.list))) < CONF_CHANGE_MAX);
	conf_diff_fini(&d);
	conf_tree_fini(&before);
	conf_tree_fini(&after);
	free(text);
}

static const struct unit_test tests[] = {
	{ "each change has a line, and a meaning", each_change },
	{ "a line ends", a_long_one },
};

UNIT_MAIN("config/diff", tests)
