#include "target/world.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MANY 1000u

static void a_new_world_has_two_auth_groups(void)
{
	const struct auth_group *g;
	struct world w;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	g = world_auth_group(&w, "no-authentication");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->kind, ACCESS_OPEN);
	g = world_auth_group(&w, "deny");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->kind, ACCESS_DENY);
	CU_ASSERT_PTR_NULL(world_auth_group(&w, "lab"));
	CU_ASSERT_TRUE(TAILQ_EMPTY(&w.targets));
	CU_ASSERT_TRUE(TAILQ_EMPTY(&w.portal_groups));
	world_fini(&w);
}

/* A name for each number below MANY, in an order that is not theirs: 7 has no common factor with
 * it.
 */
static void nth_name(char name[static TARGET_NAME_MAX], unsigned int n)
{
	snprintf(name, TARGET_NAME_MAX, "iqn.2001-04.com.example:%03u", n * 7 % MANY);
}

static void check_order(const struct world *w, size_t count)
{
	const struct target *t, *before = NULL;
	size_t n = 0;

	TAILQ_FOREACH (t, &w->targets, link) {
		if (before && strcmp(before->name, t->name) >= 0)
			CU_FAIL("targets out of order");
		before = t;
		n++;
	}
	CU_ASSERT_EQUAL(n, count);
}

static void many_targets_are_found_and_sorted(void)
{
	char name[TARGET_NAME_MAX];
	struct target *t;
	struct world w;
	unsigned int i;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	for (i = 0; i < MANY; i++) {
		nth_name(name, i);
		t = world_add_target(&w, name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		t->alias[0] = (char)('a' + i % 26);
	}
	check_order(&w, MANY);
	for (i = 0; i < MANY; i++) {
		nth_name(name, i);
		t = world_target(&w, name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		CU_ASSERT_STRING_EQUAL(t->name, name);
		CU_ASSERT_EQUAL(t->alias[0], 'a' + i % 26);
	}
	CU_ASSERT_PTR_NULL(world_target(&w, "iqn.2001-04.com.example:"));
	CU_ASSERT_PTR_NULL(world_target(&w, "iqn.2001-04.com.example:zzz"));
	CU_ASSERT_PTR_NULL(world_target(&w, ""));
	world_fini(&w);
}

static void a_target_can_be_taken_out(void)
{
	char name[TARGET_NAME_MAX];
	struct world w;
	unsigned int i;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	for (i = 0; i < 100; i++) {
		nth_name(name, i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(world_add_target(&w, name));
	}
	for (i = 0; i < 100; i += 2) {
		nth_name(name, i);
		world_remove_target(&w, world_target(&w, name));
	}
	check_order(&w, 50);
	for (i = 0; i < 100; i++) {
		nth_name(name, i);
		CU_ASSERT_EQUAL(world_target(&w, name) != NULL, i % 2);
	}
	world_fini(&w);
}

static void names_and_tags_are_taken_once(void)
{
	struct world w;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(world_add_target(&w, "iqn.2001-04.com.example:a"));
	errno = 0;
	CU_ASSERT_PTR_NULL(world_add_target(&w, "iqn.2001-04.com.example:a"));
	CU_ASSERT_EQUAL(errno, EEXIST);
	CU_ASSERT_PTR_NOT_NULL(world_add_portal_group(&w, 1));
	errno = 0;
	CU_ASSERT_PTR_NULL(world_add_portal_group(&w, 1));
	CU_ASSERT_EQUAL(errno, EEXIST);
	errno = 0;
	CU_ASSERT_PTR_NULL(world_add_auth_group(&w, "deny"));
	CU_ASSERT_EQUAL(errno, EEXIST);
	world_fini(&w);
}

static void a_new_auth_group_denies(void)
{
	static const uint8_t strongest_first[] = { 8, 7, 6, 5 };
	char long_name[65];
	struct auth_group *g;
	struct world w;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	g = world_add_auth_group(&w, "lab");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_PTR_EQUAL(world_auth_group(&w, "lab"), g);
	CU_ASSERT_EQUAL(g->kind, ACCESS_DENY);
	CU_ASSERT_EQUAL(g->nalgorithms, sizeof(strongest_first));
	CU_ASSERT_EQUAL(memcmp(g->algorithms, strongest_first, sizeof(strongest_first)), 0);

	memset(long_name, 'x', sizeof(long_name));
	long_name[64] = '\0';
	errno = 0;
	CU_ASSERT_PTR_NULL(world_add_auth_group(&w, long_name));
	CU_ASSERT_EQUAL(errno, ENAMETOOLONG);
	long_name[63] = '\0';
	CU_ASSERT_PTR_NOT_NULL(world_add_auth_group(&w, long_name));
	world_fini(&w);
}

static void an_address_is_in_one_group_only(void)
{
	struct portal_group *one, *two;
	struct portal_addr a, b, any;
	struct world w;

	CU_ASSERT_EQUAL(world_init(&w, NULL), 0);
	one = world_add_portal_group(&w, 1);
	two = world_add_portal_group(&w, 65535);
	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_NOT_NULL_FATAL(two);
	CU_ASSERT_PTR_EQUAL(world_portal_group(&w, 1), one);
	CU_ASSERT_PTR_EQUAL(world_portal_group(&w, 65535), two);
	CU_ASSERT_PTR_NULL(world_portal_group(&w, 2));

	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1", &a), 0);
	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1:3261", &b), 0);
	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1:0", &any), 0);
	CU_ASSERT_EQUAL(world_add_portal(&w, one, &a), 0);
	CU_ASSERT_EQUAL(world_add_portal(&w, one, &a), -EEXIST);
	CU_ASSERT_EQUAL(world_add_portal(&w, two, &a), -EEXIST);
	CU_ASSERT_EQUAL(world_add_portal(&w, two, &b), 0);
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&two->portals)->group, two);
	/* each of these gets a port of its own */
	CU_ASSERT_EQUAL(world_add_portal(&w, one, &any), 0);
	CU_ASSERT_EQUAL(world_add_portal(&w, one, &any), 0);
	world_fini(&w);
}

static const struct unit_test tests[] = {
	{ "a new world has two auth groups", a_new_world_has_two_auth_groups },
	{ "many targets are found, and sorted", many_targets_are_found_and_sorted },
	{ "a target can be taken out", a_target_can_be_taken_out },
	{ "names and tags are taken once", names_and_tags_are_taken_once },
	{ "a new auth group denies all", a_new_auth_group_denies },
	{ "an address is in one group only", an_address_is_in_one_group_only },
};

UNIT_MAIN("target/world", tests)
