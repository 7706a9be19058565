#include "target/access.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HOST "iqn.1993-08.org.debian:01:host1"

static struct auth_group *group(enum access_kind kind)
{
	struct auth_group *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->kind = kind;
	STAILQ_INIT(&g->accounts);
	STAILQ_INIT(&g->names);
	STAILQ_INIT(&g->portals);
	return g;
}

static void add_name(struct access_names *names, const char *pattern)
{
	struct access_name *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	snprintf(n->pattern, sizeof(n->pattern), "%s", pattern);
	STAILQ_INSERT_TAIL(names, n, link);
}

static void add_net(struct auth_group *g, const char *text)
{
	struct access_net *n = calloc(1, sizeof(*n));

	if (!n || access_net_parse(text, n))
		abort();
	STAILQ_INSERT_TAIL(&g->portals, n, link);
}

static struct portal_addr from(const char *text)
{
	struct portal_addr a;

	if (portal_addr_parse(text, &a))
		abort();
	return a;
}

static const struct {
	const char *net;
	const char *addr;
	bool has;
} nets[] = {
	{ "192.0.2.0/24", "192.0.2.0", true },
	{ "192.0.2.0/24", "192.0.2.255:4711", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.77/24", "192.0.2.1", true }, /* bits of a host do not matter */
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.4/31", "192.0.2.5", true },
	{ "192.0.2.4/31", "192.0.2.6", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.3", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "192.0.2.0/24", "[::ffff:192.0.2.9]:1", true }, /* as a dual-stack socket tells it */
	{ "192.0.2.0/24", "[::ffff:192.0.3.9]:1", false },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.3.9", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1/128", "2001:db8::2", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "0.0.0.0/0", "2001:db8::1", false },
};

static void networks_have_their_addresses(void)
{
	struct access_net net;
	size_t i;

	for (i = 0; i < COUNT(nets); i++) {
		struct portal_addr a = from(nets[i].addr);

		CU_ASSERT_EQUAL_FATAL(access_net_parse(nets[i].net, &net), 0);
		if (access_net_has(&net, &a) != nets[i].has) {
			printf("\n  %s, %s", nets[i].net, nets[i].addr);
			CU_FAIL("network and address");
		}
	}
}

static const char *const bad_nets[] = {
	"",
	"/24",
	"192.0.2.0/",
	"192.0.2.0/33",
	"192.0.2.0/-1",
	"192.0.2.0/24x",
	"192.0.2.0/24/24",
	"192.0.2.0/0024",
	"192.0.2.0:3260/24",
	"192.0.2.0:3260",
	"[2001:db8::]/32",
	"[2001:db8::]:3260",
	"2001:db8::/129",
	"2001:db8::/999",
	"::ffff:192.0.2.0/95",
	"example.org",
	"1111111111111111111111111111111111111111111111111111111111111111111111/8",
};

static void what_is_no_network_is_refused(void)
{
	struct access_net net;
	size_t i;

	for (i = 0; i < COUNT(bad_nets); i++) {
		if (access_net_parse(bad_nets[i], &net) != -EINVAL) {
			printf("\n  %s", bad_nets[i]);
			CU_FAIL("network");
		}
	}
}

static void names_match_as_shell_patterns_without_case(void)
{
	struct access_names names = STAILQ_HEAD_INITIALIZER(names);

	CU_ASSERT_TRUE(access_names_match(&names, HOST));
	add_name(&names, "iqn.2001-04.com.example:a");
	CU_ASSERT_FALSE(access_names_match(&names, HOST));
	add_name(&names, "IQN.1993-08.org.Debian:01:*");
	CU_ASSERT_TRUE(access_names_match(&names, HOST));
	CU_ASSERT_TRUE(access_names_match(&names, "iqn.2001-04.com.example:a"));
	CU_ASSERT_FALSE(access_names_match(&names, "iqn.2001-04.com.example:ab"));
	CU_ASSERT_FALSE(access_names_match(&names, "iqn.2001-04.com.example:"));
	access_names_fini(&names);
	CU_ASSERT_TRUE(STAILQ_EMPTY(&names));
}

static void the_kind_decides_first(void)
{
	struct auth_group *open = group(ACCESS_OPEN), *deny = group(ACCESS_DENY);
	struct auth_group *chap = group(ACCESS_CHAP);
	struct portal_addr a = from("192.0.2.1");

	CU_ASSERT_TRUE(access_may_enter(open, HOST, &a));
	CU_ASSERT_TRUE(access_may_enter(chap, HOST, &a));
	CU_ASSERT_FALSE(access_may_enter(deny, HOST, &a));
	add_name(&deny->names, "*");
	add_net(deny, "0.0.0.0/0");
	CU_ASSERT_FALSE(access_may_enter(deny, HOST, &a));
	auth_group_free(open);
	auth_group_free(deny);
	auth_group_free(chap);
}

static void name_and_network_must_both_fit(void)
{
	struct auth_group *g = group(ACCESS_OPEN);
	struct portal_addr in = from("192.0.2.1"), out = from("198.51.100.1");

	add_name(&g->names, "iqn.1993-08.org.debian:*");
	add_net(g, "203.0.113.0/24");
	add_net(g, "192.0.2.0/24");
	CU_ASSERT_TRUE(access_may_enter(g, HOST, &in));
	CU_ASSERT_FALSE(access_may_enter(g, HOST, &out));
	CU_ASSERT_FALSE(access_may_enter(g, "iqn.2001-04.com.example:a", &in));
	auth_group_free(g);
}

static void accounts_are_found_by_user(void)
{
	struct auth_group *g = group(ACCESS_CHAP);
	struct access_chap *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	strcpy(c->user, "host1");
	STAILQ_INSERT_TAIL(&g->accounts, c, link);
	CU_ASSERT_PTR_EQUAL(access_find(g, "host1"), c);
	CU_ASSERT_PTR_NULL(access_find(g, "host"));
	CU_ASSERT_PTR_NULL(access_find(g, "HOST1"));
	CU_ASSERT_PTR_NULL(access_find(g, ""));
	auth_group_free(g);
	auth_group_free(NULL);
}

static const struct unit_test tests[] = {
	{ "networks have their addresses", networks_have_their_addresses },
	{ "what is no network is refused", what_is_no_network_is_refused },
	{ "names match as shell patterns, without case",
	  names_match_as_shell_patterns_without_case },
	{ "the kind decides first", the_kind_decides_first },
	{ "name and network must both fit", name_and_network_must_both_fit },
	{ "accounts are found by user", accounts_are_found_by_user },
};

UNIT_MAIN("target/access", tests)
