#include "config/fault.h"

#include "base/log.h"
#include "unit.h"

#include <string.h>

/* A sink, and a tree whose places its faults name. */
struct bench {
	struct conf_tree tree;
	struct conf_faults faults;
	struct conf_node *target, *lun;
	char told[4096];
};

static struct conf_where in_file(struct bench *b, const char *file, int line)
{
	struct conf_where w = { conf_tree_origin(&b->tree, CONF_FILE, file), line };

	return w;
}

static void start(struct bench *b)
{
	CU_ASSERT_EQUAL_FATAL(conf_tree_init(&b->tree), 0);
	conf_faults_init(&b->faults);
	b->target = conf_node_add(b->tree.root, &conf_target, "iqn.a", in_file(b, "a.conf", 2));
	b->lun = conf_node_add(b->target, &conf_lun, "7", in_file(b, "a.conf", 3));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->lun);
}

static void end(struct bench *b)
{
	conf_faults_fini(&b->faults);
	conf_tree_fini(&b->tree);
}

static const char *told(struct bench *b, const char *front)
{
	FILE *f = fmemopen(b->told, sizeof(b->told), "w");

	memset(b->told, 0, sizeof(b->told));
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	conf_faults_print(&b->faults, front, f);
	(void)fclose(f);
	return b->told;
}

static void a_fault_names_its_place(void)
{
	struct conf_where nowhere = { NULL, 0 }, spec;
	struct bench b;
	char text[64];

	start(&b);
	conf_fault(&b.faults, in_file(&b, "a.conf", 4), b.lun, "size", "is %d too small", 1);
	CU_ASSERT_STRING_EQUAL(told(&b, "> "),
			       "> a.conf:4: target \"iqn.a\": lun 7: size: is 1 too small\n");
	conf_faults_fini(&b.faults);
	conf_fault(&b.faults, nowhere, NULL, NULL, "no memory");
	CU_ASSERT_STRING_EQUAL(told(&b, ""), "no memory\n");
	conf_faults_fini(&b.faults);
	/* On the command line the argument is the object, and a switch the option, too. */
	spec.origin = conf_tree_origin(&b.tree, CONF_SPEC, "--serve \"x\"");
	spec.line = 0;
	conf_fault(&b.faults, spec, b.lun, "size", "is wrong");
	spec.origin = conf_tree_origin(&b.tree, CONF_SWITCH, "--target");
	conf_fault(&b.faults, spec, b.target, "alias", "is wrong");
	CU_ASSERT_STRING_EQUAL(told(&b, ""), "--serve \"x\": size: is wrong\n--target: is wrong\n");
	CU_ASSERT_STRING_EQUAL(conf_where_format(text, sizeof(text), b.lun),
			       "a.conf:3: target \"iqn.a\": lun 7");
	end(&b);
}

/* By file in the order of appearance, then by line; of one line the first told first. */
static void faults_are_sorted(void)
{
	struct conf_faults late;
	struct bench b;

	start(&b);
	conf_faults_init(&late);
	conf_fault(&b.faults, in_file(&b, "b.conf", 1), NULL, NULL, "five");
	conf_fault(&b.faults, in_file(&b, "a.conf", 9), NULL, NULL, "three");
	conf_fault(&late, in_file(&b, "a.conf", 9), NULL, NULL, "four");
	conf_fault(&late, in_file(&b, "a.conf", 1), NULL, NULL, "one");
	conf_warning(&late, in_file(&b, "a.conf", 2), NULL, NULL, "two");
	conf_faults_move(&b.faults, &late);
	CU_ASSERT_TRUE(STAILQ_EMPTY(&late.list));
	CU_ASSERT_EQUAL(late.count, 0);
	CU_ASSERT_EQUAL(b.faults.count, 4); /* without the warning */
	CU_ASSERT_STRING_EQUAL(told(&b, ""), "a.conf:1: one\na.conf:2: warning: two\n"
					     "a.conf:9: three\na.conf:9: four\nb.conf:1: five\n");
	end(&b);
}

static void the_journal_gets_priorities(void)
{
	struct bench b;

	start(&b);
	conf_fault(&b.faults, in_file(&b, "a.conf", 1), NULL, NULL, "one");
	conf_warning(&b.faults, in_file(&b, "a.conf", 2), NULL, NULL, "two");
	log_set_journal(true);
	CU_ASSERT_STRING_EQUAL(told(&b, "itgtd: "),
			       "<3>a.conf:1: one\n<4>a.conf:2: warning: two\n");
	log_set_journal(false);
	CU_ASSERT_STRING_EQUAL(told(&b, "itgtd: "),
			       "itgtd: a.conf:1: one\nitgtd: a.conf:2: warning: two\n");
	end(&b);
}

static void what_comes_from_outside_is_escaped_and_cut(void)
{
	char quoted[CONF_QUOTED_MAX], longer[5000];
	struct bench b;

	CU_ASSERT_STRING_EQUAL(conf_quote(quoted, "a\n\"b\""), "\"a\\x0a\\\"b\\\"\"");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CU_ASSERT_TRUE(strlen(conf_quote(quoted, longer)) < CONF_QUOTED_MAX);
	start(&b);
	conf_fault(&b.faults, in_file(&b, "a.conf", 1), NULL, NULL, "%s", longer);
	CU_ASSERT_TRUE(strlen(told(&b, "")) < 2100);
	end(&b);
}

static const struct {
	const struct conf_section *in;
	const char *name, *told;
} unknown[] = {
	{ &conf_lun, "sise", "\"sise\" is not an option here (did you mean size?)\n" },
	{ &conf_lun, "log-level",
	  "\"log-level\" is not an option here (it stands outside of any section)\n" },
	{ &conf_lun, "alias", "\"alias\" is not an option here (it belongs inside target)\n" },
	{ &conf_root, "lun", "\"lun\" is not an option here (it belongs inside target)\n" },
	{ &conf_lun, "fu", "\"fu\" is not an option here\n" },
	{ &conf_lun, "co\nlour", "\"co\\x0alour\" is not an option here\n" },
};

static void an_unknown_name_is_told_with_what_may_have_been_meant(void)
{
	struct conf_where nowhere = { NULL, 0 };
	struct conf_node *n;
	struct bench b;
	size_t i;

	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		start(&b);
		n = conf_node_new(NULL, unknown[i].in, "", nowhere);
		CU_ASSERT_PTR_NOT_NULL_FATAL(n);
		conf_fault_unknown(&b.faults, nowhere, n, unknown[i].name);
		CU_ASSERT_STRING_EQUAL(told(&b, ""), unknown[i].told);
		conf_node_free(n);
		end(&b);
	}
}

static const struct unit_test tests[] = {
	{ "a fault names its place", a_fault_names_its_place },
	{ "faults are sorted by file and line", faults_are_sorted },
	{ "the journal gets priorities", the_journal_gets_priorities },
	{ "what comes from outside is escaped and cut",
	  what_comes_from_outside_is_escaped_and_cut },
	{ "an unknown name is told with what may have been meant",
	  an_unknown_name_is_told_with_what_may_have_been_meant },
};

UNIT_MAIN("config/fault", tests)
