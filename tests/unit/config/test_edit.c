#include "config/edit.h"

#include "config/same.h"
#include "trees.h"

static const char text[] = "target \"iqn.2026-11.org.example:a\" {\n"
			   "  portal-groups = { \"1\", \"2\" }\n"
			   "  lun \"0\" {\n"
			   "    path = \"/srv/a\"\n"
			   "  }\n"
			   "}\n";

/* A copy is the same, and lives by itself. */
static void a_copy(void)
{
	struct conf_tree t, copy;

	tree_read(&t, text);
	CU_ASSERT_EQUAL_FATAL(conf_tree_init(&copy), 0);
	CU_ASSERT_EQUAL(conf_tree_copy(&copy, &t), 0);
	CU_ASSERT(conf_node_same(t.root, copy.root));
	conf_tree_fini(&t);
	tree_is(&copy, text);
	CU_ASSERT_STRING_EQUAL(STAILQ_FIRST(&copy.root->children)->where.origin->name, "t.conf");
	CU_ASSERT_EQUAL(STAILQ_FIRST(&copy.root->children)->where.line, 1);
	conf_tree_fini(&copy);
}

static void set_and_unset(void)
{
	struct conf_where nowhere = { NULL, 0 };
	struct conf_node *target, *lun;
	struct conf_tree t;

	tree_read(&t, text);
	target = conf_node_child(t.root, &conf_target, "iqn.2026-11.org.example:a");
	CU_ASSERT_PTR_NOT_NULL_FATAL(target);
	lun = conf_node_child(target, &conf_lun, "0");
	CU_ASSERT_PTR_NOT_NULL_FATAL(lun);
	CU_ASSERT_PTR_NULL(conf_node_child(target, &conf_lun, "1"));
	CU_ASSERT_PTR_NULL(conf_node_child(target, &conf_target, "0"));
	conf_node_unset(target, "portal-groups");
	conf_node_unset(target, "portal-groups");
	CU_ASSERT_EQUAL(conf_node_set(lun, conf_option(&conf_lun, "path"), "/srv/b", nowhere), 0);
	tree_is(&t, "target \"iqn.2026-11.org.example:a\" {\n"
		    "  lun \"0\" {\n"
		    "    path = \"/srv/b\"\n"
		    "  }\n"
		    "}\n");
	conf_node_remove(lun);
	tree_is(&t, "target \"iqn.2026-11.org.example:a\" {\n}\n");
	conf_tree_fini(&t);
}

/* What means the same has the same title. */
static void titles(void)
{
	struct conf_tree t;

	tree_read(&t, "portal-group \"007\" { }\n"
		      "target \"IQN.2026-11.org.Example:A\" { lun \"01\" { path = \"/a\" } }\n"
		      "target \"no name\" { lun \"x\" { path = \"/b\" } }\n");
	tree_is(&t, "portal-group \"7\" {\n}\n"
		    "target \"iqn.2026-11.org.example:a\" {\n"
		    "  lun \"1\" {\n    path = \"/a\"\n  }\n}\n"
		    "target \"no name\" {\n"
		    "  lun \"x\" {\n    path = \"/b\"\n  }\n}\n");
	conf_tree_fini(&t);
}

static const struct unit_test tests[] = {
	{ "a copy is the same, and lives by itself", a_copy },
	{ "options are set and unset, sections removed", set_and_unset },
	{ "titles that mean the same become the same", titles },
};

UNIT_MAIN("config/edit", tests)
