#include "config/portals.h"

#include "conf.h"
#include "unit.h"

#include <errno.h>

#define T "target iqn.2026-11.org.example:a { auth-group = deny lun 0 { path = x }\n"

static const struct target *only_target(const struct conf *c)
{
	return TAILQ_FIRST(&c->config.world.targets);
}

/* What is wrong with its tag is told, and nobody gets to see what stands in for it. */
static void a_faulty_group_is_nobodys(void)
{
	struct conf c;

	conf_open(&c, "portal-group 0 { listen = 127.0.0.1:1 }\nportal-group x { }\n" T "}\n" T
		      "portal-groups = { 0, 1 } }\n");
	CU_ASSERT_STRING_EQUAL(
		c.told,
		"t.conf:1: portal-group 0: a portal group's tag is a number from 1 to 65535\n"
		"t.conf:2: portal-group \"x\": a portal group's tag is a number from 1 to 65535\n"
		"t.conf:5: target \"iqn.2026-11.org.example:a\": there is a target of that name "
		"already\n"
		"t.conf:5: target \"iqn.2026-11.org.example:a\": lun 0: path: \"x\" is served by "
		"another "
		"LUN, too (see t.conf:3: target \"iqn.2026-11.org.example:a\": lun 0; let both be "
		"read-only, or write another path)\n"
		"t.conf:6: target \"iqn.2026-11.org.example:a\": portal-groups: \"0\" is not a "
		"portal "
		"group's tag, 1 to 65535 (there are: none)\n"
		"t.conf:6: target \"iqn.2026-11.org.example:a\": portal-groups: \"1\" is not a "
		"portal "
		"group (there are: none)\n");
	CU_ASSERT_EQUAL(only_target(&c)->ngroups, 0);
	conf_close(&c);
}

static void an_address_is_one_groups_alone(void)
{
	struct conf c;

	conf_open(&c, "portal-group x { listen = 127.0.0.1:1 }\n"
		      "portal-group 2 { listen = { 127.0.0.1:1, 127.0.0.1:0 } }\n"
		      "portal-group 3 { listen = { 127.0.0.1:0 } }\n");
	CU_ASSERT_EQUAL(c.faults.count, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(c.told,
				      "t.conf:2: portal-group 2: listen: \"127.0.0.1:1\" is "
				      "listened on already\n"));
	conf_close(&c);
}

static void a_target_is_seen_through_what_it_names(void)
{
	struct conf c;

	conf_open(&c, "portal-group 2 { listen = 127.0.0.1:1 }\nportal-group 3 { listen = [::1]:1 "
		      "}\n" T "portal-groups = 3 }\n");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_EQUAL(only_target(&c)->ngroups, 1);
	CU_ASSERT_EQUAL(only_target(&c)->groups[0]->tag, 3);
	conf_close(&c);
	conf_open(&c, "portal-group 2 { listen = 127.0.0.1:1 }\nportal-group 3 { listen = [::1]:1 "
		      "}\n" T "}\n");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_EQUAL(only_target(&c)->ngroups, 2);
	conf_close(&c);
}

static const struct {
	const char *listen;
	bool reachable;
} doors[] = {
	{ "127.0.0.1:1", false },    { "127.255.0.9:1", false }, { "[::1]:1", false },
	{ "0.0.0.0:1", true },       { "[::]:1", true },         { "192.0.2.1:1", true },
	{ "[2001:db8::1]:1", true },
};

static void loopback_is_for_this_machine_alone(void)
{
	const struct portal_group *g;
	char text[128];
	struct conf c;
	size_t i;

	for (i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		snprintf(text, sizeof(text), "portal-group 1 { listen = \"%s\" }", doors[i].listen);
		conf_open(&c, text);
		CU_ASSERT_EQUAL_FATAL(c.err, 0);
		g = world_portal_group(&c.config.world, 1);
		CU_ASSERT_EQUAL(conf_portal_reachable(g) != NULL, doors[i].reachable);
		conf_close(&c);
	}
}

static const struct unit_test tests[] = {
	{ "a faulty group is nobody's", a_faulty_group_is_nobodys },
	{ "an address is one group's alone", an_address_is_one_groups_alone },
	{ "a target is seen through what it names", a_target_is_seen_through_what_it_names },
	{ "loopback is for this machine alone", loopback_is_for_this_machine_alone },
};

UNIT_MAIN("config/portals", tests)
