#include "config/same.h"

#include "trees.h"

#define LUN(options) "target \"iqn.2026-11.org.example:a\" { lun \"0\" { " options " } }\n"

static const struct {
	const char *what, *a, *b;
	bool same;
} cases[] = {
	{ "sizes", LUN("size = \"10G\""), LUN("size = \"10240M\""), true },
	{ "sizes that differ", LUN("size = \"10G\""), LUN("size = \"11G\""), false },
	{ "yes in other words", LUN("read-only = on"), LUN("read-only = \"True\""), true },
	{ "what is built in", LUN("read-only = no"), LUN(""), true },
	{ "what is not", LUN("read-only = yes"), LUN(""), false },
	{ "durations", "login-timeout = \"60s\"", "login-timeout = \"1m\"", true },
	{ "rates", LUN("max-bandwidth = \"1M\""), LUN("max-bandwidth = \"1MiB/s\""), true },
	{ "texts", LUN("path = \"/a\""), LUN("path = \"/A\""), false },
	{ "no value and one", LUN("path = \"/a\""), LUN(""), false },
	{ "lists", "portal-group \"1\" { listen = { \"::1\", \"127.0.0.1\" } }",
	  "portal-group \"1\" { listen = { \"127.0.0.1\", \"::1\" } }", false },
	{ "a longer list", "portal-group \"1\" { listen = { \"::1\" } }",
	  "portal-group \"1\" { listen = { \"::1\", \"127.0.0.1\" } }", false },
	{ "order of sections", "portal-group \"1\" { } portal-group \"2\" { }",
	  "portal-group \"2\" { } portal-group \"1\" { }", true },
	{ "one section more", "portal-group \"1\" { }",
	  "portal-group \"1\" { } portal-group \"2\" { }", false },
	{ "names of targets", "target \"iqn.2026-11.org.example:A\" { }",
	  "target \"iqn.2026-11.org.example:a\" { }", true },
};

static void meaning_counts(void)
{
	struct conf_tree a, b;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_read(&a, cases[i].a);
		tree_read(&b, cases[i].b);
		CU_ASSERT_EQUAL(conf_node_same(a.root, b.root), cases[i].same);
		CU_ASSERT_EQUAL(conf_node_same(b.root, a.root), cases[i].same);
		if (conf_node_same(a.root, b.root) != cases[i].same)
			fprintf(stderr, "%s\n", cases[i].what);
		conf_tree_fini(&a);
		conf_tree_fini(&b);
	}
}

static const struct unit_test tests[] = {
	{ "what is meant counts, not how it is written", meaning_counts },
};

UNIT_MAIN("config/same", tests)
