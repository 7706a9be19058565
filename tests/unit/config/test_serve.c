#include "conf.h"
#include "config/serve.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A command line, checked. conf_close() afterwards. */
static void serve(struct conf *c, const struct conf_serve *s)
{
	conf_start(c);
	c->err = conf_serve_tree(&c->tree, s, &c->faults);
	conf_check(c);
}

static const struct conf_lun_options *lun(const struct conf *c, size_t n)
{
	const struct config_lun *l = STAILQ_FIRST(&c->config.luns);

	while (l && n-- > 0)
		l = STAILQ_NEXT(l, link);
	return l ? &l->options : NULL;
}

static void specs_become_luns_of_one_target(void)
{
	static const char *const specs[] = {
		"disk.img,block-size=4096,read-only=true",
		"/srv/a.img,size=10G",
		"ram,size=1G,max-iops=500,max-bandwidth=1M",
		"null,size=1T,initiators=iqn.a,initiators=iqn.b",
		"./ram",
		"a\\,b\\\\c.img,serial=x\\,y",
	};
	struct conf_serve s = { .specs = specs, .nspecs = COUNT(specs) };
	const struct target *t;
	struct portal_group *g;
	char text[PORTAL_TEXT_MAX];
	struct conf c;

	serve(&c, &s);
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_STRING_EQUAL(c.told, "");
	t = world_target(&c.config.world, "iqn.2026-11.org.itgtd:demo");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->auth->kind, ACCESS_OPEN);
	g = world_portal_group(&c.config.world, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_STRING_EQUAL(portal_addr_format(text, &TAILQ_FIRST(&g->portals)->addr),
			       "127.0.0.1:3260");
	CU_ASSERT_STRING_EQUAL(lun(&c, 0)->path, "disk.img");
	CU_ASSERT_EQUAL(lun(&c, 0)->block_size, 4096);
	CU_ASSERT_TRUE(lun(&c, 0)->read_only);
	CU_ASSERT_EQUAL(lun(&c, 1)->size, UINT64_C(10) << 30);
	CU_ASSERT_EQUAL(lun(&c, 2)->backend, CONF_BACKEND_RAM);
	CU_ASSERT_EQUAL(lun(&c, 2)->max_iops, 500);
	CU_ASSERT_EQUAL(lun(&c, 2)->max_bandwidth, 1 << 20);
	CU_ASSERT_EQUAL(lun(&c, 3)->backend, CONF_BACKEND_NULL);
	CU_ASSERT_STRING_EQUAL(lun(&c, 4)->path, "./ram");
	CU_ASSERT_EQUAL(lun(&c, 4)->backend, CONF_BACKEND_PATH);
	CU_ASSERT_STRING_EQUAL(lun(&c, 5)->path, "a,b\\c.img");
	CU_ASSERT_STRING_EQUAL(lun(&c, 5)->serial, "x,y");
	conf_close(&c);
}

static void switches_shape_the_target(void)
{
	static const char *const specs[] = { "ram,size=1M,read-only=no", "ram,size=1M" };
	static const char *const portals[] = { "127.0.0.1:0", "[::1]:0" };
	char path[] = "/tmp/itgtd-test-XXXXXX", chap[64];
	struct conf_serve s = { .specs = specs,
				.nspecs = 2,
				.portals = portals,
				.nportals = 2,
				.target = "iqn.2026-11.org.example:X",
				.read_only = true };
	const struct target *t;
	struct conf c;
	int fd = mkstemp(path);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "twelve bytes\n", 13), 13);
	close(fd);
	snprintf(chap, sizeof(chap), "me:%s", path);
	s.chap = chap;
	serve(&c, &s);
	CU_ASSERT_STRING_EQUAL(c.told, "");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	t = world_target(&c.config.world, "iqn.2026-11.org.example:x");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->auth->kind, ACCESS_CHAP);
	CU_ASSERT_PTR_NOT_NULL(access_find(t->auth, "me"));
	CU_ASSERT_TRUE(lun(&c, 0)->read_only);
	CU_ASSERT_TRUE(lun(&c, 1)->read_only);
	conf_close(&c);
	unlink(path);
}

static const struct {
	const char *spec, *told;
} bad[] = {
	{ "", "--serve \"\": names nothing to serve (write a path, or ram,size=1G)\n" },
	{ "ram,sise=1G",
	  "--serve \"ram,sise=1G\": \"sise\" is not an option here (did you mean size?)\n" },
	{ "ram", "--serve \"ram\": size: is missing (write 512M, 10G, 1T)\n" },
	{ "a.img,size=10X",
	  "--serve \"a.img,size=10X\": size: \"10X\" is not a size (write 512M, 10G, 1T)\n" },
	{ "a,b.img",
	  "--serve \"a,b.img\": \"b.img\" is not an option (write NAME=VALUE, and \\, for a "
	  "comma in a path)\n" },
	{ "a.img,sise=1G",
	  "--serve \"a.img,sise=1G\": \"sise\" is not an option here (did you mean size?)\n" },
	{ "a.img,alias=x", "--serve \"a.img,alias=x\": \"alias\" is not an option here (it belongs "
			   "inside target)\n" },
	{ "a.img,size=1G,size=2G", "--serve \"a.img,size=1G,size=2G\": size: is given twice\n" },
	{ "a.img,path=b.img", "--serve \"a.img,path=b.img\": path: is given twice\n" },
	{ "cdrom",
	  "--serve \"cdrom\": path: is missing (write the file or block device that holds the "
	  "data)\n" },
	{ "cdrom,path=x,removable=no,read-only=no",
	  "--serve \"cdrom,path=x,removable=no,read-only=no\": removable: is not for backend "
	  "\"cdrom\" (leave it out)\n"
	  "--serve \"cdrom,path=x,removable=no,read-only=no\": read-only: \"no\" cannot be for "
	  "backend \"cdrom\" (leave it out)\n" },
	{ "null,size=1G,path=x,io=cached",
	  "--serve \"null,size=1G,path=x,io=cached\": io: is not for backend \"null\" (leave it "
	  "out)\n"
	  "--serve \"null,size=1G,path=x,io=cached\": path: is not for backend \"null\" (leave it "
	  "out)\n" },
	{ "a.img,10G",
	  "--serve \"a.img,10G\": \"10G\" is not an option (write size= before it)\n" },
	{ "a.img,",
	  "--serve \"a.img,\": \"\" is not an option (write NAME=VALUE, and \\, for a comma "
	  "in a path)\n" },
};

static void faults_name_the_spec(void)
{
	struct conf_serve s = { .nspecs = 1 };
	struct conf c;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		s.specs = &bad[i].spec;
		serve(&c, &s);
		CU_ASSERT_EQUAL(c.err, -EINVAL);
		conf_is_told(&c, bad[i].spec, bad[i].told);
		conf_close(&c);
	}
}

static void faults_name_the_switch(void)
{
	static const char *const specs[] = { "ram,size=1M" };
	static const char *const portals[] = { "localhost" };
	struct conf_serve s = { .specs = specs,
				.nspecs = 1,
				.portals = portals,
				.nportals = 1,
				.target = "disk",
				.chap = "user" };
	struct conf c;

	serve(&c, &s);
	CU_ASSERT_EQUAL(c.err, -EINVAL);
	CU_ASSERT_STRING_EQUAL(
		c.told,
		"--portal: \"localhost\" is not an address (write 192.0.2.1:3260, [::]:3260)\n"
		"--chap: \"user\" is not USER:SECRET-FILE (write host1:/etc/itgtd/host1.secret)\n"
		"--target: \"disk\" is not an iSCSI name (write iqn.2026-11.org.example:disk1)\n");
	conf_close(&c);
	s = (struct conf_serve){ .specs = specs, .nspecs = 1, .chap = "user" };
	serve(&c, &s);
	CU_ASSERT_STRING_EQUAL(
		c.told,
		"--chap: \"user\" is not USER:SECRET-FILE (write host1:/etc/itgtd/host1.secret)\n");
	conf_close(&c);
	s = (struct conf_serve){ .specs = specs, .nspecs = 1, .chap = "user:/nonexistent" };
	serve(&c, &s);
	CU_ASSERT_STRING_EQUAL(c.told, "--chap: \"/nonexistent\": No such file or directory\n");
	conf_close(&c);
}

static const struct unit_test tests[] = {
	{ "SPECs become LUNs of one target", specs_become_luns_of_one_target },
	{ "switches shape the target", switches_shape_the_target },
	{ "faults name the SPEC", faults_name_the_spec },
	{ "faults name the switch", faults_name_the_switch },
};

UNIT_MAIN("config/serve", tests)
