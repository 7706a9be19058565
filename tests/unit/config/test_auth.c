#include "config/auth.h"

#include "conf.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define G            "auth-group \"g\": "

static void a_group_without_accounts_asks_for_no_secret(void)
{
	struct auth_group *g;
	struct conf c;

	conf_open(&c,
		  "auth-group g { initiator-names = { iqn.a, \"iqn.b*\" } }\n"
		  "auth-group h { chap u { secret = abcdefghijkl } chap v { secret = lkjihgfedcba "
		  "} }\n");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	g = world_auth_group(&c.config.world, "g");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->kind, ACCESS_OPEN);
	CU_ASSERT_EQUAL(g->nalgorithms, 4);
	CU_ASSERT_TRUE(access_names_match(&g->names, "iqn.bcd"));
	CU_ASSERT_FALSE(access_names_match(&g->names, "iqn.c"));
	g = world_auth_group(&c.config.world, "h");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->kind, ACCESS_CHAP);
	CU_ASSERT_PTR_NOT_NULL(access_find(g, "u"));
	CU_ASSERT_EQUAL(memcmp(access_find(g, "v")->secret.bytes, "lkjihgfedcba", 12), 0);
	conf_close(&c);
}

/* Each row: a text, and all that is told of it. */
static const struct conf_row faults[] = {
	{ "auth-group g { chap u { secret = abcdefghijkl }\nchap u {\nsecret = short } }",
	  "t.conf:2: " G "chap \"u\": there is an account of that name already\n"
	  "t.conf:3: warning: " G
	  "chap \"u\": secret: the secret is shorter than 12 bytes: too short for CHAP without "
	  "IPsec (write 12 to 16, which every initiator takes)\n" },
	{ "auth-group g { chap \"\" {\nsecret-file = /nonexistent } }",
	  "t.conf:1: " G "chap \"\": is a name of 0 bytes (write 1 to 255)\n"
	  "t.conf:2: " G "chap \"\": secret-file: \"/nonexistent\": No such file or directory\n" },
	{ "auth-group g { chap u { secret-file = abcdefghijkl } }",
	  "t.conf:1: " G "chap \"u\": secret-file: there is no such file (write the path of a file "
	  "with the secret in it, not the secret)\n" },
	{ "auth-group g { chap u { mutual-user = m\nmutual-secret = abcdefghijkl } }",
	  "t.conf:1: " G
	  "chap \"u\": secret-file: is missing (write the file that has the secret in it)\n" },
	{ "auth-group deny {\ninitiator-portals = { 192.0.2.0/33 }\nchap u { } }",
	  "t.conf:1: auth-group \"deny\": there is an auth group of that name already\n"
	  "t.conf:2: auth-group \"deny\": initiator-portals: \"192.0.2.0/33\" is not a network "
	  "(write "
	  "192.0.2.0/24, 2001:db8::/32)\n"
	  "t.conf:3: auth-group \"deny\": chap \"u\": secret-file: is missing (write the file that "
	  "has "
	  "the secret in it)\n" },
	{ "auth-group 0123456789012345678901234567890123456789012345678901234567890123 {}",
	  "t.conf:1: auth-group 0123456789012345678901234567890123456789: is a name of 64 bytes "
	  "(write 1 to 63)\n" },
};

static void faults_are_told_with_what_was_found(void)
{
	conf_check_rows(faults, COUNT(faults), -EINVAL);
}

/* What a stand-in is told of does not get into the world. */
static void a_faulty_group_does_not_change_its_namesake(void)
{
	struct auth_group *g;
	struct conf c;

	conf_open(&c, "auth-group g { chap u { secret = abcdefghijkl } }\n"
		      "auth-group g { chap v { secret = abcdefghijkl } chap-algorithms = MD5 }\n");
	CU_ASSERT_EQUAL(c.err, -EINVAL);
	g = world_auth_group(&c.config.world, "g");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_PTR_NULL(access_find(g, "v"));
	CU_ASSERT_EQUAL(g->nalgorithms, 4);
	conf_close(&c);
}

static void a_group_that_is_not_there_is_told_with_those_that_are(void)
{
	struct conf c;

	conf_open(&c, "auth-group lab { initiator-names = x }\n"
		      "portal-group 1 { listen = 127.0.0.1:0\ndiscovery-auth-group = lob }\n");
	CU_ASSERT_STRING_EQUAL(
		c.told, "t.conf:3: portal-group 1: discovery-auth-group: \"lob\" is not an auth "
			"group (there are: \"no-authentication\", \"deny\", \"lab\")\n");
	conf_close(&c);
}

/* The rights of a configuration file count as soon as there is a secret in it. */
static void a_secret_in_a_public_file_is_warned_of(void)
{
	char path[] = "/tmp/itgtd-test-XXXXXX";
	struct conf c;
	int fd = mkstemp(path);
	size_t i;

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_TRUE(dprintf(fd, "auth-group g { chap u { secret = abcdefghijkl\n"
				   "mutual-user = m mutual-secret = lkjihgfedcba } }\n") > 0);
	close(fd);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(chmod(path, i ? 0644 : 0640), 0);
		conf_start(&c);
		CU_ASSERT_EQUAL(conf_parse_file(&c.tree, path, &c.faults), 0);
		conf_check(&c);
		CU_ASSERT_EQUAL(c.err, 0);
		CU_ASSERT_EQUAL(strstr(c.told, "secret: stands in a file that everybody can read "
					       "(make it " CONF_SECRET_RIGHTS ")") != NULL,
				i == 1);
		CU_ASSERT_EQUAL(strstr(c.told, ":2: warning: " G "chap \"u\": mutual-secret: ") !=
					NULL,
				i == 1);
		CU_ASSERT_PTR_NULL(strstr(c.told, "abcdefghijkl"));
		conf_close(&c);
	}
	unlink(path);
}

static const struct unit_test tests[] = {
	{ "a group without accounts asks for no secret",
	  a_group_without_accounts_asks_for_no_secret },
	{ "faults are told with what was found", faults_are_told_with_what_was_found },
	{ "a faulty group does not change its namesake",
	  a_faulty_group_does_not_change_its_namesake },
	{ "a group that is not there is told with those that are",
	  a_group_that_is_not_there_is_told_with_those_that_are },
	{ "a secret in a public file is warned of", a_secret_in_a_public_file_is_warned_of },
};

UNIT_MAIN("config/auth", tests)
