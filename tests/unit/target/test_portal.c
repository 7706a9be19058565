#include "target/portal.h"

#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *what;
	const char *text;
	const char *back; /* NULL: refused */
} addresses[] = {
	{ "IPv4 alone", "192.0.2.1", "192.0.2.1:3260" },
	{ "IPv4 and port", "192.0.2.1:860", "192.0.2.1:860" },
	{ "any free port", "127.0.0.1:0", "127.0.0.1:0" },
	{ "largest port", "127.0.0.1:65535", "127.0.0.1:65535" },
	{ "IPv6 alone", "::1", "[::1]:3260" },
	{ "IPv6 in brackets", "[2001:db8::1]", "[2001:db8::1]:3260" },
	{ "IPv6 and port", "[::]:3261", "[::]:3261" },
	{ "bare IPv6 ends in digits, not a port", "2001:db8::1:3260", "[2001:db8::1:3260]:3260" },
	{ "IPv4 mapped into IPv6", "[::ffff:192.0.2.7]:3260", "192.0.2.7:3260" },
	{ "nothing", "", NULL },
	{ "a host name", "localhost", NULL },
	{ "a short form", "127.1", NULL },
	{ "an octet too large", "256.0.0.1", NULL },
	{ "port without address", ":3260", NULL },
	{ "colon without port", "192.0.2.1:", NULL },
	{ "port too large", "192.0.2.1:65536", NULL },
	{ "port with six digits", "192.0.2.1:003260", NULL },
	{ "port with a sign", "192.0.2.1:+1", NULL },
	{ "port and more", "192.0.2.1:3260x", NULL },
	{ "space in front", " 192.0.2.1", NULL },
	{ "bracket not closed", "[::1", NULL },
	{ "empty brackets", "[]:3260", NULL },
	{ "IPv4 in brackets", "[192.0.2.1]:3260", NULL },
	{ "something after the bracket", "[::1]3260", NULL },
	{ "longer than any address",
	  "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL },
};

static void addresses_are_read_and_written(void)
{
	char text[PORTAL_TEXT_MAX];
	struct portal_addr a;
	size_t i;

	for (i = 0; i < COUNT(addresses); i++) {
		int want = addresses[i].back ? 0 : -EINVAL, err;

		err = portal_addr_parse(addresses[i].text, &a);
		if (err != want ||
		    (!err && strcmp(portal_addr_format(text, &a), addresses[i].back) != 0)) {
			printf("\n  %s", addresses[i].what);
			CU_FAIL("address");
		}
	}
}

static void address_has_its_family_and_length(void)
{
	struct portal_addr a;

	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1:1", &a), 0);
	CU_ASSERT_EQUAL(a.sa.ss_family, AF_INET);
	CU_ASSERT_EQUAL(a.len, sizeof(struct sockaddr_in));
	CU_ASSERT_EQUAL(portal_addr_parse("[::1]:1", &a), 0);
	CU_ASSERT_EQUAL(a.sa.ss_family, AF_INET6);
	CU_ASSERT_EQUAL(a.len, sizeof(struct sockaddr_in6));
}

static void any_is_told_from_others(void)
{
	struct portal_addr a;

	CU_ASSERT_EQUAL(portal_addr_parse("0.0.0.0", &a), 0);
	CU_ASSERT_TRUE(portal_addr_is_any(&a));
	CU_ASSERT_EQUAL(portal_addr_parse("::", &a), 0);
	CU_ASSERT_TRUE(portal_addr_is_any(&a));
	CU_ASSERT_EQUAL(portal_addr_parse("::1", &a), 0);
	CU_ASSERT_FALSE(portal_addr_is_any(&a));
	CU_ASSERT_EQUAL(portal_addr_parse("0.0.0.1", &a), 0);
	CU_ASSERT_FALSE(portal_addr_is_any(&a));
}

static void ports_are_read_and_set(void)
{
	struct portal_addr a;

	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1", &a), 0);
	CU_ASSERT_EQUAL(portal_addr_port(&a), PORTAL_DEFAULT_PORT);
	portal_addr_set_port(&a, 65535);
	CU_ASSERT_EQUAL(portal_addr_port(&a), 65535);
	CU_ASSERT_EQUAL(portal_addr_parse("[::1]:860", &a), 0);
	CU_ASSERT_EQUAL(portal_addr_port(&a), 860);
	portal_addr_set_port(&a, 1);
	CU_ASSERT_EQUAL(portal_addr_port(&a), 1);
}

static void equal_means_address_and_port(void)
{
	struct portal_addr a, b;

	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1", &a), 0);
	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1:3260", &b), 0);
	CU_ASSERT_TRUE(portal_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(portal_addr_parse("[::ffff:192.0.2.1]:3260", &b), 0);
	CU_ASSERT_TRUE(portal_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.1:3261", &b), 0);
	CU_ASSERT_FALSE(portal_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(portal_addr_parse("192.0.2.2:3260", &b), 0);
	CU_ASSERT_FALSE(portal_addr_equal(&a, &b));
	CU_ASSERT_EQUAL(portal_addr_parse("0.0.0.0", &a), 0);
	CU_ASSERT_EQUAL(portal_addr_parse("::", &b), 0);
	CU_ASSERT_FALSE(portal_addr_equal(&a, &b));
}

static void another_family_is_no_address(void)
{
	struct portal_addr a = { .sa = { .ss_family = AF_UNIX }, .len = 2 };
	char text[PORTAL_TEXT_MAX];
	size_t len;

	CU_ASSERT_PTR_NULL(portal_addr_bytes(&a, &len));
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_STRING_EQUAL(portal_addr_format(text, &a), "?");
	CU_ASSERT_EQUAL(portal_addr_port(&a), 0);
	CU_ASSERT_FALSE(portal_addr_is_any(&a));
	CU_ASSERT_FALSE(portal_addr_equal(&a, &a));
}

static const struct unit_test tests[] = {
	{ "addresses are read and written", addresses_are_read_and_written },
	{ "an address has its family and length", address_has_its_family_and_length },
	{ "0.0.0.0 and :: are any", any_is_told_from_others },
	{ "ports are read and set", ports_are_read_and_set },
	{ "equal means address and port", equal_means_address_and_port },
	{ "another family is no address", another_family_is_no_address },
};

UNIT_MAIN("target/portal", tests)
