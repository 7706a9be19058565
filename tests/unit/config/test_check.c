#include "conf.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define T            "target iqn.2026-11.org.example:a {\n"
#define BAD_ALUA                                                                        \
	"is not TAG:STATE (states are optimized, non-optimized, standby, unavailable, " \
	"offline, transitioning)\n"
#define OPEN "auth-group = no-authentication\n"

/* Each row: a text, and all that is told of it. A is what stands before a target's own. */
#define A "target \"iqn.2026-11.org.example:a\": "
static const struct conf_row faults[] = {
	{ "log-level = loud",
	  "t.conf:1: log-level: \"loud\" is not error, warning, notice, info or "
	  "debug\n" },
	{ "max-connections = 0",
	  "t.conf:1: max-connections: \"0\" is not a number from 1 to 65535\n" },
	{ "max-connections = 5x",
	  "t.conf:1: max-connections: \"5x\" is not a number from 1 to 65535\n" },
	{ "max-connections = 99999999999999999999",
	  "t.conf:1: max-connections: \"99999999999999999999\" is not a number from 1 to 65535\n" },
	{ "login-timeout = 5d",
	  "t.conf:1: login-timeout: \"5d\" is not a time (write 500ms, 5s, 2m)\n" },
	{ "login-timeout = 2h", "t.conf:1: login-timeout: \"2h\" is not a time from 1s to 1h\n" },
	{ "buffer-memory = 10X",
	  "t.conf:1: buffer-memory: \"10X\" is not a size (write 512M, 10G, 1T)\n" },
	{ "buffer-memory = 1M", "t.conf:1: buffer-memory: \"1M\" is not a size from 16M to 1T\n" },
	{ "log-level = { info, debug }", "t.conf:1: log-level: takes one value, not a list\n" },
	{ "control-door = /run/x", "t.conf:1: \"control-door\" is not an option here\n" },

	{ "portal-group x {}",
	  "t.conf:1: portal-group \"x\": a portal group's tag is a number from 1 to 65535\n" },
	{ "portal-group 1 {}\nportal-group 1 {}",
	  "t.conf:2: portal-group 1: there is a portal group of that tag already\n" },
	{ "portal-group 1 { listen = { localhost:3260, 127.0.0.1, 127.0.0.1:3260 } }",
	  "t.conf:1: portal-group 1: listen: \"localhost:3260\" is not an address (write "
	  "192.0.2.1:3260, [::]:3260)\n"
	  "t.conf:1: portal-group 1: listen: \"127.0.0.1:3260\" is listened on already\n" },
	{ "portal-group 1 {\n redirect = 0.0.0.0:3260 }",
	  "t.conf:2: portal-group 1: redirect: \"0.0.0.0:3260\" is not an address that an "
	  "initiator "
	  "can go to (write 198.51.100.7:3260)\n" },
	{ "portal-group 1 { discovery-auth-group = lab }\nauth-group labb {}",
	  "t.conf:1: portal-group 1: discovery-auth-group: \"lab\" is not an auth group (there "
	  "are: "
	  "\"no-authentication\", \"deny\", \"labb\")\n" },

	{ "auth-group deny {}",
	  "t.conf:1: auth-group \"deny\": there is an auth group of that name already\n" },
	{ "auth-group \"\" {}",
	  "t.conf:1: auth-group \"\": is a name of 0 bytes (write 1 to 63)\n" },
	{ "auth-group a { chap-algorithms = { SHA1, MD4, SHA1 } }",
	  "t.conf:1: auth-group \"a\": chap-algorithms: \"MD4\" is not MD5, SHA1, SHA-256 or "
	  "SHA3-256\n"
	  "t.conf:1: auth-group \"a\": chap-algorithms: \"SHA1\" is in the list twice\n" },
	{ "auth-group a { initiator-portals = { 10.0.0.0/33 } initiator-names = \"\" }",
	  "t.conf:1: auth-group \"a\": initiator-names: \"\" is not an initiator name or pattern "
	  "(write iqn.1993-08.org.debian:01:*)\n"
	  "t.conf:1: auth-group \"a\": initiator-portals: \"10.0.0.0/33\" is not a network (write "
	  "192.0.2.0/24, 2001:db8::/32)\n" },
	{ "auth-group a { chap u {} }", "t.conf:1: auth-group \"a\": chap \"u\": secret-file: is "
					"missing (write the file that has "
					"the secret in it)\n" },
	{ "auth-group a {\nchap u { secret = aaaaaaaaaaaa\nsecret-file = /x } }",
	  "t.conf:3: auth-group \"a\": chap \"u\": secret-file: stands beside secret (write one of "
	  "them)\n" },
	{ "auth-group a { chap u { secret-file = /nonexistent } }",
	  "t.conf:1: auth-group \"a\": chap \"u\": secret-file: \"/nonexistent\": No such file or "
	  "directory\n" },
	{ "auth-group a { chap u { secret = \"\" } }",
	  "t.conf:1: auth-group \"a\": chap \"u\": secret: is empty (leave it out, or write "
	  "something)\n" },
	{ "auth-group a { chap u { secret = aaaaaaaaaaaa }\nchap u { secret = aaaaaaaaaaaa } }",
	  "t.conf:2: auth-group \"a\": chap \"u\": there is an account of that name already\n" },
	{ "auth-group a { chap u { secret = aaaaaaaaaaaa\nmutual-user = m } }",
	  "t.conf:2: auth-group \"a\": chap \"u\": mutual-user: needs a mutual-secret or "
	  "mutual-secret-file\n" },
	{ "auth-group a { chap u { secret = aaaaaaaaaaaa mutual-secret = bbbbbbbbbbbb } }",
	  "t.conf:1: auth-group \"a\": chap \"u\": mutual-user: is missing, and mutual-secret is "
	  "of "
	  "no use without\n" },
	{ "auth-group a { chap u { secret = aaaaaaaaaaaa mutual-user = m\n"
	  "mutual-secret = aaaaaaaaaaaa } }",
	  "t.conf:1: auth-group \"a\": chap \"u\": the secret is the same in both directions "
	  "(choose "
	  "two)\n" },

	{ "target disk { " OPEN "lun 0 { path = x } }",
	  "t.conf:1: target \"disk\": is not an iSCSI name (write "
	  "iqn.2026-11.org.example:disk1)\n" },
	{ T OPEN "lun 0 { path = x } }\nTarget x {}",
	  "t.conf:4: \"Target\" is not an option here (did you mean target?)\n" },
	{ T OPEN "lun 0 { path = x } }\ntarget IQN.2026-11.org.example:A { " OPEN
		 "lun 0 { path = y } }",
	  "t.conf:4: target \"IQN.2026-11.org.example:A\": there is a target of that name "
	  "already\n" },
	{ T "alua-states = { 1:standby, 1, 0:standby, 1:Standby, 2:standby, 1234567890:standby "
	    "} " OPEN "lun 0 { path = x } }",
	  "t.conf:2: " A "alua-states: \"1\" " BAD_ALUA "t.conf:2: " A
	  "alua-states: \"0:standby\" " BAD_ALUA "t.conf:2: " A
	  "alua-states: \"1:Standby\" " BAD_ALUA "t.conf:2: " A
	  "alua-states: \"2:standby\" is of no portal group of this target\n"
	  "t.conf:2: " A "alua-states: \"1234567890:standby\" " BAD_ALUA },
	{ T "portal-groups = { 1, 2, 1 } auth-group = x\nlun 0 { path = x } }",
	  "t.conf:2: " A "portal-groups: \"2\" is not a portal group (there are: 1)\n"
	  "t.conf:2: " A "portal-groups: \"1\" is in the list twice\n"
	  "t.conf:2: " A
	  "auth-group: \"x\" is not an auth group (there are: \"no-authentication\", "
	  "\"deny\")\n" },
	{ T OPEN
	  "HeaderDigest = { CRC32, None }\nDataDigest = { None, None }\nlun 0 { path = x } }",
	  "t.conf:3: " A "HeaderDigest: \"CRC32\" is not CRC32C or None\n"
	  "t.conf:4: " A "DataDigest: \"None\" is in the list twice\n" },
	{ T OPEN "FirstBurstLength = 8192\nMaxBurstLength = 4096\nlun 0 { path = x } }",
	  "t.conf:3: " A "FirstBurstLength: \"8192\" is more than MaxBurstLength, 4096 bytes\n" },
	{ T OPEN
	  "ErrorRecoveryLevel = 3\nMaxConnections = 65\nInitialR2T = 1\nlun 0 { path = x } }",
	  "t.conf:3: " A "ErrorRecoveryLevel: \"3\" is not a number from 0 to 2\n"
	  "t.conf:4: " A "MaxConnections: \"65\" is not a number from 1 to 64\n"
	  "t.conf:5: " A "InitialR2T: \"1\" is neither yes nor no (write yes or no)\n" },
	{ T OPEN "alias = \"a\xff\"\nlun 0 { path = x } }",
	  "t.conf:3: " A "alias: \"a\\xff\" is not UTF-8 text\n" },

	{ T OPEN
	  "lun x { path = x }\nlun 16384 { path = y }\nlun 0 { path = z }\nlun 0 { path = w } }",
	  "t.conf:3: " A "lun \"x\": a LUN is a decimal number from 0 to 16383\n"
	  "t.conf:4: " A "lun 16384: a LUN is a decimal number from 0 to 16383\n"
	  "t.conf:6: " A "lun 0: there is a LUN of that number already\n" },
	{ T OPEN "lun 0 {}\nlun 1 { backend = ram\npath = x }\nlun 2 { backend = block size = 1G\n"
		 "path = /dev/x }\nlun 3 { backend = tape } }",
	  "t.conf:3: " A "lun 0: path: is missing (write the file or block device that holds the "
	  "data)\n"
	  "t.conf:4: " A "lun 1: size: is missing (write 512M, 10G, 1T)\n"
	  "t.conf:5: " A "lun 1: path: is not for backend \"ram\" (leave it out)\n"
	  "t.conf:6: " A "lun 2: size: is not for backend \"block\" (leave it out)\n"
	  "t.conf:8: " A "lun 3: backend: \"tape\" is not file, block, ram, null or cdrom\n"
	  "t.conf:8: " A "lun 3: path: is missing (write the file or block device that holds the "
	  "data)\n" },
	{ T OPEN "lun 0 { path = x size = 10X\nblock-size = 1024\nphysical-block-size = 1000 } }",
	  "t.conf:3: " A "lun 0: size: \"10X\" is not a size (write 512M, 10G, 1T)\n"
	  "t.conf:4: " A "lun 0: block-size: \"1024\" is not 512 or 4096\n"
	  "t.conf:5: " A "lun 0: physical-block-size: \"1000\" is not block-size times a power of "
	  "two (write 512, 4096)\n" },
	{ T OPEN "lun 0 { path = x size = 1K\nblock-size = 4096 } }",
	  "t.conf:3: " A "lun 0: size: \"1K\" is not a multiple of block-size, 4096 bytes\n" },
	{ T OPEN "lun 0 { path = x\nserial = \"\xc3\xa4\"\nvendor = 123456789\nio = sync } }",
	  "t.conf:4: " A "lun 0: serial: \"\\xc3\\xa4\" has a character that is not ASCII\n"
	  "t.conf:5: " A "lun 0: vendor: is 9 bytes long (write at most 8)\n"
	  "t.conf:6: " A "lun 0: io: \"sync\" is not direct or cached\n" },
	{ T OPEN "lun 0 { path = x max-iops = many\nmax-bandwidth = 5iops } }",
	  "t.conf:3: " A "lun 0: max-iops: \"many\" is not a number of requests a second (write "
	  "5000)\n"
	  "t.conf:4: " A "lun 0: max-bandwidth: \"5iops\" is not a rate in bytes a second (write "
	  "100M, 100MiB/s)\n" },
	{ T OPEN
	  "lun 0 { path = x max-iops = 10000001\nmax-bandwidth = 99999P/s\nsize = 99999P } }",
	  "t.conf:3: " A
	  "lun 0: max-iops: \"10000001\" is not a number of requests a second from 0 "
	  "to 10000000\n"
	  "t.conf:4: " A "lun 0: max-bandwidth: \"99999P/s\" is not a rate from 0 bytes to 1T a "
	  "second\n"
	  "t.conf:5: " A "lun 0: size: \"99999P\" is not a size from 512 bytes to 1024P\n" },
	{ T OPEN "MaxBurstLength = 256K\nDefaultTime2Wait = 5s\nlun 0 { path = x } }",
	  "t.conf:3: " A "MaxBurstLength: \"256K\" is not a number of bytes from 512 to 16777215\n"
	  "t.conf:4: " A "DefaultTime2Wait: \"5s\" is not a number of seconds from 0 to 3600\n" },
	{ "login-timeout = 99999999999999999999h",
	  "t.conf:1: login-timeout: \"99999999999999999999h\" is not a time from 1s to 1h\n" },
};

static void each_fault_says_where_and_what(void)
{
	conf_check_rows(faults, COUNT(faults), -EINVAL);
}

/* A section whose name is none, or another's, hides nothing of what else is wrong with it. */
static void a_bad_name_hides_nothing(void)
{
	static const char text[] = "portal-group x {\n"
				   "  listen = here\n"
				   "  redirect = there\n"
				   "  discovery-auth-group = who\n"
				   "}\n"
				   "portal-group 70000 { listen = 127.0.0.1:1 }\n"
				   "portal-group 1 { listen = 127.0.0.1:1 }\n"
				   "portal-group 1 {\n"
				   "  listen = here\n"
				   "}\n"
				   "auth-group g {\n"
				   "  chap u { secret = abcdefghijkl }\n"
				   "  chap u {\n"
				   "    mutual-user = m\n"
				   "  }\n"
				   "  chap \"\" {\n"
				   "    secret-file = /nonexistent\n"
				   "  }\n"
				   "}\n"
				   "auth-group g {\n"
				   "  chap-algorithms = MD4\n"
				   "  chap v { }\n"
				   "}\n"
				   "target disk {\n"
				   "  auth-group = who\n"
				   "  portal-groups = { 1, 2 }\n"
				   "  alua-states = { 1:no }\n"
				   "  alias = \"\xff\"\n"
				   "  lun 0 {\n"
				   "  }\n"
				   "  lun x {\n"
				   "    path = a\n"
				   "    initiators = \"\"\n"
				   "  }\n"
				   "}\n";
	/* A chap section without any secret has two faults: in line 13 and, for its
	 * mutual-user, 14. */
	static const int lines[] = { 1,  2,  3,  4,  6,  7,  8,  9,  13, 13, 14, 16,
				     17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 31, 33 };
	const struct conf_fault *f;
	struct conf c;
	size_t i = 0;

	conf_open(&c, text);
	STAILQ_FOREACH (f, &c.faults.list, link) {
		CU_ASSERT_FALSE(f->is_warning);
		CU_ASSERT_TRUE(i < COUNT(lines) && f->line == lines[i]);
		i++;
	}
	CU_ASSERT_EQUAL(i, COUNT(lines));
	if (i != COUNT(lines))
		printf("\ntold:\n%s", c.told);
	conf_close(&c);
}

/*
 * What could not be read may hold what is missing: of that nothing is told, but of what
 * was read all is.
 */
static const struct conf_row partial[] = {
	{ T
	  "auth-group = lab\nportal-groups = { 2 }\nalua-states = { 2:standby }\nqueue-depth = 0\n"
	  "lun 0 { path = /x\nsize = }\n}\nportal-group 2 {}\nauth-group lab {}",
	  "t.conf:5: " A "queue-depth: \"0\" is not a number from 1 to 1024\n"
	  "t.conf:7: " A "lun 0: \"}\" is not expected here (a name or a value is missing before "
	  "it)\n" },
	{ T OPEN "lun 0 {\nsize = 10X\npath /x\n}\n}",
	  "t.conf:4: " A "lun 0: size: \"10X\" is not a size (write 512M, 10G, 1T)\n"
	  "t.conf:5: " A "lun 0: \"path\" has no = and no value behind it\n" },
	{ T "auth-group = lab lun 0 { path = /x }\n}\ninclude(/nonexistent)",
	  "t.conf:4: include: \"/nonexistent\": No such file or directory\n" },
	{ "auth-grup lab { initiator-names = x }\n" T "auth-group = lab\nlun 0 { pathh = /x }\n}",
	  "t.conf:1: \"auth-grup\" is not an option here (did you mean auth-group?)\n"
	  "t.conf:4: " A "lun 0: \"pathh\" is not an option here (did you mean path?)\n" },
	{ T OPEN "lnu 0 { path = /x }\n}",
	  "t.conf:3: " A "\"lnu\" is not an option here (did you mean lun?)\n" },
	{ "auth-group a { chap u { secretfile = /x mutual-user = m } }",
	  "t.conf:1: auth-group \"a\": chap \"u\": \"secretfile\" is not an option here (did you "
	  "mean "
	  "secret-file?)\n" },
	/* An option outside of sections is nothing that others refer to. */
	{ "log-levle = info\n" T "auth-group = lab lun 0 { path = /x }\n}",
	  "t.conf:1: \"log-levle\" is not an option here (did you mean log-level?)\n"
	  "t.conf:3: " A "auth-group: \"lab\" is not an auth group (there are: "
	  "\"no-authentication\", \"deny\")\n" },
};

static void nothing_is_told_that_could_be_false(void)
{
	conf_check_rows(partial, COUNT(partial), -EINVAL);
}

static void ten_faults_are_told_in_one_go(void)
{
	static const char text[] = "log-levle = info\n"
				   "max-connections = many\n"
				   "portal-group 0 { }\n"
				   "portal-group 2 { listen = { here } }\n"
				   "auth-group a { chap u { } }\n"
				   "target disk {\n"
				   "  ImmediateData = perhaps\n"
				   "  lun 0 { path = x  size = 10X }\n"
				   "  lun zero { path = y }\n"
				   "}\n"
				   "metrics = on\n";
	struct conf c;
	const struct conf_fault *f;
	int line = 0;

	conf_open(&c, text);
	CU_ASSERT_EQUAL(c.err, -EINVAL);
	CU_ASSERT_EQUAL(c.faults.count, 10);
	STAILQ_FOREACH (f, &c.faults.list, link) {
		CU_ASSERT_TRUE(f->line >= line);
		line = f->line;
	}
	CU_ASSERT_EQUAL(line, 11);
	conf_close(&c);
}

static const struct conf_row warnings[] = {
	{ "auth-group a { chap u { secret = short } }",
	  "t.conf:1: warning: auth-group \"a\": chap \"u\": secret: the secret is shorter than 12 "
	  "bytes: too short for CHAP without IPsec (write 12 to 16, which every initiator "
	  "takes)\n" },
	{ T OPEN "}", "t.conf:1: warning: " A "has no lun\n" },
};

static void what_may_be_but_should_not_is_a_warning(void)
{
	conf_check_rows(warnings, COUNT(warnings), 0);
}

static void write_secret(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static void secrets_come_from_files_that_others_cannot_read(void)
{
	char path[] = "/tmp/itgtd-test-XXXXXX", text[256], want[512];
	const struct access_chap *a;
	struct conf c;
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	close(fd);
	snprintf(text, sizeof(text), "auth-group a { chap u {\nsecret-file = \"%s\" } }", path);

	write_secret(path, "twelve bytes and more\nsecond line\n", 0600);
	conf_open(&c, text);
	CU_ASSERT_EQUAL(c.err, 0);
	a = access_find(world_auth_group(&c.config.world, "a"), "u");
	CU_ASSERT_EQUAL(a->secret.len, 21);
	conf_close(&c);

	write_secret(path, "twelve bytes and more\n", 0644);
	conf_open(&c, text);
	snprintf(want, sizeof(want),
		 "t.conf:2: auth-group \"a\": chap \"u\": secret-file: \"%s\" can "
		 "be read or written by everybody (make it mode 600 and owned by the user that "
		 "itgtd runs as, or root:itgtd and mode 640)\n",
		 path);
	CU_ASSERT_STRING_EQUAL(c.told, want);
	conf_close(&c);

	write_secret(path, "\n", 0600);
	conf_open(&c, text);
	snprintf(want, sizeof(want),
		 "t.conf:2: auth-group \"a\": chap \"u\": secret-file: \"%s\" has "
		 "no secret in its first line\n",
		 path);
	CU_ASSERT_STRING_EQUAL(c.told, want);
	conf_close(&c);
	unlink(path);
}

/* Whatever is wrong with an account, its secret is not in what is told. */
static void no_fault_shows_a_secret(void)
{
	static const char *const texts[] = {
		"auth-group a { chap u { secret = \"x\001hidden\" } }",
		"auth-group a { chap u { secret = { hidden1, hidden2 } } }",
		"auth-group a { chap u { secret = hidden  secret-file = /x } }",
		"auth-group a { chap u { secret = hidden  secret = hidden } }",
		"auth-group a { chap u { secret = hidden  mutual-secret = hidden } }",
	};
	struct conf c;
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		conf_open(&c, texts[i]);
		CU_ASSERT_EQUAL(c.err, -EINVAL);
		CU_ASSERT_PTR_NULL(strstr(c.told, "hidden"));
		conf_close(&c);
	}
}

static const struct unit_test tests[] = {
	{ "each fault says where and what", each_fault_says_where_and_what },
	{ "a bad name hides nothing", a_bad_name_hides_nothing },
	{ "nothing is told that could be false", nothing_is_told_that_could_be_false },
	{ "ten faults are told in one go, in the order of lines", ten_faults_are_told_in_one_go },
	{ "what may be but should not is a warning", what_may_be_but_should_not_is_a_warning },
	{ "secrets come from files that others cannot read",
	  secrets_come_from_files_that_others_cannot_read },
	{ "no fault shows a secret", no_fault_shows_a_secret },
};

UNIT_MAIN("config/check", tests)
