#include "config/export.h"

#include "config/same.h"
#include "trees.h"

/* What is written is what was given, in its order. */
static void what_is_given(void)
{
	static const char text[] = "log-level = \"debug\"\n"
				   "max-connections = 7\n"
				   "auth-group \"lab\" {\n"
				   "  chap-algorithms = { \"SHA1\", \"MD5\" }\n"
				   "  chap \"host1\" {\n"
				   "    secret = \"sixteen letters.\"\n"
				   "  }\n"
				   "}\n"
				   "portal-group \"2\" {\n"
				   "  listen = { \"127.0.0.1:3260\", \"[::1]:3260\" }\n"
				   "}\n"
				   "target \"iqn.2026-11.org.example:a\" {\n"
				   "  InitialR2T = yes\n"
				   "  lun \"0\" {\n"
				   "    path = \"/srv/a\"\n"
				   "    size = \"10G\"\n"
				   "    block-size = 4096\n"
				   "  }\n"
				   "  lun \"1\" {\n"
				   "    backend = \"null\"\n"
				   "    size = \"1T\"\n"
				   "  }\n"
				   "}\n"
				   "portal-group \"3\" {\n"
				   "}\n";
	struct conf_tree t;

	tree_read(&t, text);
	tree_is(&t, text);
	conf_tree_fini(&t);
}

/* Whatever stands in a value is read as what it was. */
static void odd_values(void)
{
	static const char *const values[] = {
		"a \"b\" c", "back\\slash",  "it's",        "${HOME}",  "$1",       "\\'", "\\\\",
		"{ a, b }",  "# no comment", "// nor this", "tab\\tno", "\xc3\xbc", "'",   "a\\",
	};
	struct conf_where nowhere = { NULL, 0 };
	struct conf_tree t, again;
	struct conf_node *target;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(conf_tree_init(&t), 0);
		target = conf_node_add(t.root, &conf_target, values[i], nowhere);
		CU_ASSERT_PTR_NOT_NULL_FATAL(target);
		CU_ASSERT_EQUAL(conf_node_set(target, conf_option(&conf_target, "alias"), values[i],
					      nowhere),
				0);
		CU_ASSERT_PTR_NOT_NULL(conf_node_add_value(
			target, conf_option(&conf_target, "portal-groups"), values[i], nowhere));
		CU_ASSERT_EQUAL(conf_tree_complete(&t), 0);
		text = tree_text(&t);
		tree_read(&again, text);
		CU_ASSERT(conf_node_same(t.root, again.root));
		if (!conf_node_same(t.root, again.root))
			fprintf(stderr, "not read as it was written: %s\n", text);
		free(text);
		conf_tree_fini(&again);
		conf_tree_fini(&t);
	}
}

static const struct unit_test tests[] = {
	{ "what is written is what was given", what_is_given },
	{ "odd values are read as what they were", odd_values },
};

UNIT_MAIN("config/export", tests)
