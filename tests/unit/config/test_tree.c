#include "config/tree.h"

#include "unit.h"

#include <string.h>

static const struct conf_where nowhere = { NULL, 0 };

/* A tree with target "a", in it lun 0. conf_tree_fini() afterwards. */
static struct conf_node *start(struct conf_tree *t, struct conf_node **lun)
{
	struct conf_node *target;

	CU_ASSERT_EQUAL_FATAL(conf_tree_init(t), 0);
	target = conf_node_add(t->root, &conf_target, "a", nowhere);
	CU_ASSERT_PTR_NOT_NULL_FATAL(target);
	*lun = conf_node_add(target, &conf_lun, "0", nowhere);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*lun);
	return target;
}

static struct conf_entry *add(struct conf_node *n, const char *option, const char *text)
{
	return conf_node_add_value(n, conf_option(n->section, option), text, nowhere);
}

static const char *value(const struct conf_node *n, const char *option, size_t i)
{
	const struct conf_entry *e = conf_node_entry(n, option);
	const struct conf_value *v = e ? STAILQ_FIRST(&e->values) : NULL;

	while (v && i-- > 0)
		v = STAILQ_NEXT(v, link);
	return v ? v->text : "(none)";
}

static void sections_keep_their_order_and_know_their_parent(void)
{
	struct conf_node *lun, *target, *other;
	struct conf_tree t;

	target = start(&t, &lun);
	other = conf_node_add(t.root, &conf_target, "a", nowhere);
	CU_ASSERT_PTR_EQUAL(STAILQ_FIRST(&t.root->children), target);
	CU_ASSERT_PTR_EQUAL(STAILQ_NEXT(target, link), other);
	CU_ASSERT_PTR_EQUAL(lun->parent, target);
	CU_ASSERT_PTR_NULL(t.root->parent);
	conf_tree_fini(&t);
	CU_ASSERT_PTR_NULL(t.root);
}

static void values_of_an_option_are_one_entry(void)
{
	struct conf_node *lun;
	struct conf_entry *e;
	struct conf_tree t;

	start(&t, &lun);
	e = add(lun, "initiators", "iqn.a");
	CU_ASSERT_PTR_EQUAL(add(lun, "initiators", "iqn.b"), e);
	CU_ASSERT_STRING_EQUAL(value(lun, "initiators", 1), "iqn.b");
	CU_ASSERT_TRUE(conf_node_is_given(lun, "initiators"));
	CU_ASSERT_FALSE(conf_node_is_given(lun, "path"));
	conf_node_drop_value(lun, e);
	CU_ASSERT_STRING_EQUAL(value(lun, "initiators", 0), "iqn.a");
	CU_ASSERT_STRING_EQUAL(value(lun, "initiators", 1), "(none)");
	conf_node_drop_value(lun, conf_node_entry(lun, "initiators"));
	CU_ASSERT_PTR_NULL(conf_node_entry(lun, "initiators"));
	conf_tree_fini(&t);
}

/* At every depth, and what is written stays. */
static void what_is_built_in_is_filled_in(void)
{
	struct conf_node *lun, *target;
	struct conf_tree t;

	target = start(&t, &lun);
	add(lun, "block-size", "4096");
	CU_ASSERT_EQUAL(conf_node_complete(t.root), 0);
	CU_ASSERT_STRING_EQUAL(value(lun, "block-size", 0), "4096");
	CU_ASSERT_STRING_EQUAL(value(lun, "block-size", 1), "(none)");
	CU_ASSERT_STRING_EQUAL(value(lun, "io", 0), "direct");
	CU_ASSERT_FALSE(conf_node_is_given(lun, "io"));
	CU_ASSERT_PTR_NULL(conf_node_entry(lun, "path")); /* has no built-in value */
	CU_ASSERT_STRING_EQUAL(value(target, "DataDigest", 0), "None");
	CU_ASSERT_STRING_EQUAL(value(target, "DataDigest", 1), "CRC32C");
	CU_ASSERT_STRING_EQUAL(value(t.root, "log-level", 0), "info");
	CU_ASSERT_EQUAL(conf_node_complete(t.root), 0);
	CU_ASSERT_STRING_EQUAL(value(target, "DataDigest", 2), "(none)");
	conf_tree_fini(&t);
}

static void an_origin_is_there_once(void)
{
	struct conf_tree t;
	struct conf_origin *a, *b;

	CU_ASSERT_EQUAL_FATAL(conf_tree_init(&t), 0);
	a = conf_tree_origin(&t, CONF_FILE, "x");
	b = conf_tree_origin(&t, CONF_SWITCH, "x");
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_PTR_NOT_EQUAL(a, b);
	CU_ASSERT_PTR_EQUAL(conf_tree_origin(&t, CONF_FILE, "x"), a);
	CU_ASSERT_TRUE(a->order < b->order);
	CU_ASSERT_FALSE(a->is_public);
	conf_tree_fini(&t);
}

static void only_a_partial_root_makes_references_doubtful(void)
{
	struct conf_node *lun, *target;
	struct conf_tree t;

	target = start(&t, &lun);
	CU_ASSERT_TRUE(conf_node_is_whole_tree(lun));
	target->is_partial = true;
	CU_ASSERT_TRUE(conf_node_is_whole_tree(lun));
	t.root->is_partial = true;
	CU_ASSERT_FALSE(conf_node_is_whole_tree(lun));
	CU_ASSERT_FALSE(conf_node_is_whole_tree(t.root));
	conf_tree_fini(&t);
}

static const struct unit_test tests[] = {
	{ "sections keep their order and know their parent",
	  sections_keep_their_order_and_know_their_parent },
	{ "values of an option are one entry", values_of_an_option_are_one_entry },
	{ "what is built in is filled in", what_is_built_in_is_filled_in },
	{ "an origin is there once", an_origin_is_there_once },
	{ "only a partial root makes references doubtful",
	  only_a_partial_root_makes_references_doubtful },
};

UNIT_MAIN("config/tree", tests)
