#include "config/config.h"

#include "conf.h"
#include "unit.h"

#include "base/log.h"

#define T    "target iqn.2026-11.org.example:a {\n"
#define OPEN "auth-group = no-authentication\n"

/* Everything that can be said, said once. */
static const char good[] =
	"log-level = debug  shutdown-timeout = 500ms  login-timeout = 5s\n"
	"max-connections = 64  buffer-memory = 32M  state-directory = /srv/state\n"
	"portal-group 7 { listen = { 127.0.0.1:3261, \"[::1]\" } discovery-auth-group = lab }\n"
	"portal-group 8 { listen = 127.0.0.1:0  redirect = 198.51.100.7:3262  redirect-permanent = "
	"yes }\n"
	"auth-group lab {\n"
	"  chap host1 { secret = abcdefghijkl  mutual-user = me  mutual-secret = mnopqrstuvwx }\n"
	"  chap host2 { secret = bbbbbbbbbbbb }\n"
	"  chap-algorithms = { SHA-256, MD5 }\n"
	"  initiator-names = { \"iqn.1993-08.org.debian:01:*\" }\n"
	"  initiator-portals = { 192.0.2.0/24, 2001:db8::/32 }\n"
	"}\n"
	"auth-group names { initiator-names = \"iqn.x*\" }\n"
	"target IQN.2026-11.org.example:Disk1 {\n"
	"  alias = \"first lab disk\"  portal-groups = { 8, 7 }  auth-group = lab\n"
	"  MaxRecvDataSegmentLength = 65536  FirstBurstLength = 8192  MaxBurstLength = 16384\n"
	"  InitialR2T = yes  ImmediateData = off  MaxOutstandingR2T = 2  MaxConnections = 1\n"
	"  ErrorRecoveryLevel = 0  HeaderDigest = { CRC32C }  DataDigest = { CRC32C, None }\n"
	"  DefaultTime2Wait = 3  DefaultTime2Retain = 0  nop-interval = 0  nop-timeout = 1m\n"
	"  queue-depth = 16  alua-states = { 7:standby, 8:non-optimized }\n"
	"  lun 0 { path = /srv/a.img  size = 10G  max-iops = 5000iops  max-bandwidth = 100MiB/s "
	"}\n"
	"  lun 16383 {\n"
	"    backend = ram  size = 1M  block-size = 4096  physical-block-size = 8K\n"
	"    write-cache = no  thin = no  read-only = yes  removable = true\n"
	"    serial = S1  vendor = V  product = P  initiators = { iqn.a, iqn.b }\n"
	"  }\n"
	"}\n";

static void a_good_file_gives_the_exact_settings(void)
{
	struct conf c;

	conf_open(&c, good);
	CU_ASSERT_STRING_EQUAL(c.told, "");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_EQUAL(c.config.settings.log_level, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(c.config.settings.shutdown_timeout_ms, 500);
	CU_ASSERT_EQUAL(c.config.settings.login_timeout_ms, 5000);
	CU_ASSERT_EQUAL(c.config.settings.max_connections, 64);
	CU_ASSERT_EQUAL(c.config.settings.buffer_memory, 32 << 20);
	CU_ASSERT_STRING_EQUAL(c.config.settings.state_directory, "/srv/state");
	conf_close(&c);
}

static void a_good_file_gives_the_exact_groups(void)
{
	static const uint8_t algorithms[] = { 7, 5 };
	struct portal_group *pg;
	struct auth_group *ag;
	char text[PORTAL_TEXT_MAX];
	struct conf c;

	conf_open(&c, good);
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	ag = world_auth_group(&c.config.world, "lab");
	CU_ASSERT_PTR_NOT_NULL_FATAL(ag);
	CU_ASSERT_EQUAL(ag->kind, ACCESS_CHAP);
	CU_ASSERT_EQUAL(ag->nalgorithms, 2);
	CU_ASSERT_EQUAL(memcmp(ag->algorithms, algorithms, 2), 0);
	CU_ASSERT_STRING_EQUAL(access_find(ag, "host1")->mutual_user, "me");
	CU_ASSERT_EQUAL(memcmp(access_find(ag, "host1")->secret.bytes, "abcdefghijkl", 12), 0);
	CU_ASSERT_EQUAL(access_find(ag, "host1")->mutual_secret.len, 12);
	CU_ASSERT_STRING_EQUAL(access_find(ag, "host2")->mutual_user, "");
	CU_ASSERT_STRING_EQUAL(STAILQ_FIRST(&ag->names)->pattern, "iqn.1993-08.org.debian:01:*");
	CU_ASSERT_EQUAL(STAILQ_FIRST(&ag->portals)->prefix, 24);
	CU_ASSERT_EQUAL(world_auth_group(&c.config.world, "names")->kind, ACCESS_OPEN);

	pg = world_portal_group(&c.config.world, 7);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pg);
	CU_ASSERT_PTR_EQUAL(pg->discovery_auth, ag);
	CU_ASSERT_FALSE(pg->has_redirect);
	CU_ASSERT_FALSE(pg->is_moved);
	CU_ASSERT_STRING_EQUAL(portal_addr_format(text, &TAILQ_FIRST(&pg->portals)->addr),
			       "127.0.0.1:3261");
	CU_ASSERT_STRING_EQUAL(
		portal_addr_format(text, &TAILQ_NEXT(TAILQ_FIRST(&pg->portals), link)->addr),
		"[::1]:3260");
	pg = world_portal_group(&c.config.world, 8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pg);
	CU_ASSERT_TRUE(pg->has_redirect);
	CU_ASSERT_TRUE(pg->is_moved);
	CU_ASSERT_STRING_EQUAL(portal_addr_format(text, &pg->redirect), "198.51.100.7:3262");
	CU_ASSERT_STRING_EQUAL(pg->discovery_auth->name, "no-authentication");
	conf_close(&c);
}

static void a_good_file_gives_the_exact_target(void)
{
	const struct target_limits want = {
		.MaxRecvDataSegmentLength = 65536,
		.FirstBurstLength = 8192,
		.MaxBurstLength = 16384,
		.MaxOutstandingR2T = 2,
		.MaxConnections = 1,
		.ErrorRecoveryLevel = 0,
		.DefaultTime2Wait = 3,
		.DefaultTime2Retain = 0,
		.InitialR2T = true,
		.ImmediateData = false,
		.HeaderDigest = TARGET_DIGEST_CRC32C,
		.DataDigest = TARGET_DIGEST_CRC32C | TARGET_DIGEST_NONE,
		.nop_interval_ms = 0,
		.nop_timeout_ms = 60000,
		.queue_depth = 16,
	};
	const struct target *t;
	struct conf c;

	conf_open(&c, good);
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	t = world_target(&c.config.world, "iqn.2026-11.org.example:disk1"); /* case folded */
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_STRING_EQUAL(t->alias, "first lab disk");
	CU_ASSERT_STRING_EQUAL(t->auth->name, "lab");
	CU_ASSERT_EQUAL_FATAL(t->ngroups, 2);
	CU_ASSERT_EQUAL(t->groups[0]->tag, 8);
	CU_ASSERT_EQUAL(t->groups[1]->tag, 7);
	CU_ASSERT_EQUAL(memcmp(&t->limits, &want, sizeof(want)), 0);
	conf_close(&c);
}

static void a_good_file_gives_the_exact_luns(void)
{
	const struct config_lun *a, *b;
	struct conf c;

	conf_open(&c, good);
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	a = STAILQ_FIRST(&c.config.luns);
	b = STAILQ_NEXT(a, link);
	CU_ASSERT_PTR_NULL(STAILQ_NEXT(b, link));
	CU_ASSERT_EQUAL(a->number, 0);
	CU_ASSERT_EQUAL(a->options.backend, CONF_BACKEND_PATH);
	CU_ASSERT_STRING_EQUAL(a->options.path, "/srv/a.img");
	CU_ASSERT_EQUAL(a->options.size, UINT64_C(10) << 30);
	CU_ASSERT_EQUAL(a->options.block_size, 512);
	CU_ASSERT_EQUAL(a->options.physical_block_size, 4096);
	CU_ASSERT_EQUAL(a->options.io, STORE_IO_DIRECT);
	CU_ASSERT_EQUAL(a->options.max_iops, 5000);
	CU_ASSERT_EQUAL(a->options.max_bandwidth, 100 << 20);
	CU_ASSERT_EQUAL(STAILQ_NEXT(a, link)->options.max_iops, 0);
	CU_ASSERT_TRUE(a->options.write_cache && a->options.thin);
	CU_ASSERT_FALSE(a->options.read_only || a->options.removable);
	CU_ASSERT_PTR_NULL(a->options.serial);
	CU_ASSERT_STRING_EQUAL(a->options.vendor, "ITGT");
	CU_ASSERT_PTR_NULL(a->mask);
	CU_ASSERT_EQUAL(b->number, 16383);
	CU_ASSERT_EQUAL(b->options.backend, CONF_BACKEND_RAM);
	CU_ASSERT_EQUAL(b->options.block_size, 4096);
	CU_ASSERT_EQUAL(b->options.physical_block_size, 8192);
	CU_ASSERT_FALSE(b->options.write_cache || b->options.thin);
	CU_ASSERT_TRUE(b->options.read_only && b->options.removable);
	CU_ASSERT_STRING_EQUAL(b->options.serial, "S1");
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->mask);
	CU_ASSERT_TRUE(access_names_match(&b->mask->names, "iqn.b"));
	CU_ASSERT_FALSE(access_names_match(&b->mask->names, "iqn.c"));
	conf_close(&c);
}

/* No portal group: group 1 everywhere; and the open door is told. */
static void a_short_file_gets_what_is_built_in(void)
{
	struct conf c;

	conf_open(&c, T "lun 0 { path = /x }\n}\n");
	CU_ASSERT_EQUAL(c.err, 0);
	CU_ASSERT_STRING_EQUAL(
		c.told, "t.conf:1: warning: target \"iqn.2026-11.org.example:a\": "
			"auth-group: is not set: whoever reaches portal group 1 may use this "
			"target\n");
	CU_ASSERT_PTR_NOT_NULL_FATAL(world_portal_group(&c.config.world, 1));
	CU_ASSERT_TRUE(target_in_group(TAILQ_FIRST(&c.config.world.targets),
				       world_portal_group(&c.config.world, 1)));
	CU_ASSERT_TRUE(portal_addr_is_any(
		&TAILQ_FIRST(&world_portal_group(&c.config.world, 1)->portals)->addr));
	conf_close(&c);
	conf_open(&c,
		  "portal-group 1 { listen = { 127.0.0.1, ::1 } }\n" T "lun 0 { path = /x }\n}\n");
	CU_ASSERT_EQUAL(c.err, 0);
	CU_ASSERT_STRING_EQUAL(c.told, "");
	conf_close(&c);
}

static void a_burst_that_is_not_written_follows_the_other(void)
{
	struct conf c;

	conf_open(&c, T OPEN "MaxBurstLength = 4096 }");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_EQUAL(TAILQ_FIRST(&c.config.world.targets)->limits.FirstBurstLength, 4096);
	conf_close(&c);
	conf_open(&c, T OPEN "FirstBurstLength = 2097152 }");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_EQUAL(TAILQ_FIRST(&c.config.world.targets)->limits.MaxBurstLength, 2097152);
	conf_close(&c);
}

static const struct unit_test tests[] = {
	{ "a good file gives the exact settings", a_good_file_gives_the_exact_settings },
	{ "a good file gives the exact groups", a_good_file_gives_the_exact_groups },
	{ "a good file gives the exact target", a_good_file_gives_the_exact_target },
	{ "a good file gives the exact LUNs", a_good_file_gives_the_exact_luns },
	{ "a short file gets what is built in", a_short_file_gets_what_is_built_in },
	{ "a burst that is not written follows the other",
	  a_burst_that_is_not_written_follows_the_other },
};

UNIT_MAIN("config/config", tests)
