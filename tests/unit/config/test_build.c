#include "conf.h"
#include "config/build.h"
#include "unit.h"

#include "scsi/device.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "target iqn.2026-11.org.example:a { auth-group = deny\n"

/* Check a text without faults, and build it. conf_close() and store_env_free() afterwards. */
static int build(struct conf *c, const char *text, struct store_env **env,
		 char why[static CONFIG_WHY_MAX])
{
	conf_open(c, text);
	CU_ASSERT_STRING_EQUAL(c->told, "");
	CU_ASSERT_EQUAL_FATAL(c->err, 0);
	CU_ASSERT_EQUAL_FATAL(store_env_new(8, 1, env), 0);
	return config_build(&c->config, *env, why);
}

static void luns_become_logical_units(void)
{
	char why[CONFIG_WHY_MAX] = "";
	struct store_env *env;
	const struct target *t;
	const struct scsi_lu *lu;
	struct conf c;

	CU_ASSERT_EQUAL_FATAL(
		build(&c,
		      HEAD "lun 0 { backend = ram size = 1M initiators = iqn.a serial = S max-iops "
			   "= 9 }\n"
			   "lun 300 { backend = null size = 1G block-size = 4096 vendor = V }\n}",
		      &env, why),
		0);
	t = TAILQ_FIRST(&c.config.world.targets);
	lu = scsi_device_lu(&t->device, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lu);
	CU_ASSERT_EQUAL(lu->blocks, 2048);
	CU_ASSERT_STRING_EQUAL(lu->store->ops->name, "limit");
	CU_ASSERT_STRING_EQUAL(lu->opt.serial, "S");
	CU_ASSERT_EQUAL(lu->opt.physical_block_size, 4096);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lu->opt.user);
	CU_ASSERT_FALSE(access_names_match(&((struct lun_mask *)lu->opt.user)->names, "iqn.b"));
	lu = scsi_device_lu(&t->device, 300);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lu);
	CU_ASSERT_EQUAL(lu->blocks, 262144);
	CU_ASSERT_EQUAL(lu->opt.block_size, 4096);
	CU_ASSERT_STRING_EQUAL(lu->opt.vendor, "V");
	CU_ASSERT_TRUE(lu->opt.serial[0] != '\0');
	CU_ASSERT_PTR_NULL(lu->opt.user);
	conf_close(&c);
	store_env_free(env);
}

static void a_file_with_a_size_is_made(void)
{
	char dir[] = "/tmp/itgtd-test-XXXXXX", text[256], path[64], why[CONFIG_WHY_MAX] = "";
	struct store_env *env;
	struct stat st;
	struct conf c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/disk.img", dir);
	snprintf(text, sizeof(text), HEAD "lun 0 { path = \"%s\" size = 10M io = cached }\n}",
		 path);
	CU_ASSERT_EQUAL_FATAL(build(&c, text, &env, why), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 10 << 20);
	conf_close(&c);
	store_env_free(env);
	unlink(path);
	rmdir(dir);
}

/* Two disks are made, the third cannot be: none is left behind. */
static void what_was_made_for_nothing_goes_again(void)
{
	char dir[] = "/tmp/itgtd-test-XXXXXX", text[512], path[64], why[CONFIG_WHY_MAX] = "";
	struct store_env *env;
	struct conf c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(text, sizeof(text),
		 HEAD "lun 0 { path = \"%s/a\" size = 1M }\nlun 1 { path = \"%s/b\" size = 1M }\n"
		      "lun 2 { path = \"%s\" }\n}",
		 dir, dir, dir);
	CU_ASSERT_EQUAL(build(&c, text, &env, why), -EISDIR);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, ": lun 2: "));
	conf_close(&c);
	store_env_free(env);
	snprintf(path, sizeof(path), "%s/a", dir);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(rmdir(dir), 0); /* nothing is in it */
}

/* The first LUN is open when the second fails: all of it is given back. */
static void all_or_nothing_and_the_reason(void)
{
	static const char want[] = "t.conf:3: target \"iqn.2026-11.org.example:a\": lun 1: ";
	char why[CONFIG_WHY_MAX] = "";
	struct store_env *env;
	struct conf c;

	CU_ASSERT_NOT_EQUAL(build(&c,
				  HEAD "lun 0 { backend = ram size = 1M initiators = iqn.a }\n"
				       "lun 1 { path = /nonexistent/x initiators = iqn.a } }",
				  &env, why),
			    0);
	CU_ASSERT_EQUAL(strncmp(why, want, strlen(want)), 0);
	CU_ASSERT_TRUE(strlen(why) > strlen(want));
	conf_close(&c);
	store_env_free(env);
}

/* Read-only, removable and of 2048 byte blocks, without a word about it. */
static void an_image_is_a_disc(void)
{
	char path[] = "/tmp/itgtd-test-XXXXXX", text[256], why[CONFIG_WHY_MAX] = "";
	int fd = mkstemp(path);
	struct store_env *env;
	const struct scsi_lu *lu;
	struct conf c;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(ftruncate(fd, 64L * 2048), 0);
	close(fd);
	snprintf(text, sizeof(text), HEAD "lun 0 { backend = cdrom path = \"%s\" }\n}", path);
	CU_ASSERT_EQUAL_FATAL(build(&c, text, &env, why), 0);
	lu = scsi_device_lu(&TAILQ_FIRST(&c.config.world.targets)->device, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lu);
	CU_ASSERT_EQUAL(lu->opt.type, SCSI_CDROM);
	CU_ASSERT(lu->blocks == 64 && lu->opt.block_size == 2048);
	CU_ASSERT(lu->opt.read_only && lu->opt.removable && !lu->opt.thin);
	CU_ASSERT(lu->store->caps & STORE_READ_ONLY);
	CU_ASSERT_STRING_EQUAL(lu->opt.product, "VIRTUAL-CDROM");
	conf_close(&c);
	store_env_free(env);
	unlink(path);
}

static const struct unit_test tests[] = {
	{ "an image is a disc in an optical drive", an_image_is_a_disc },
	{ "LUNs become logical units", luns_become_logical_units },
	{ "a file with a size is made", a_file_with_a_size_is_made },
	{ "what was made for nothing goes again", what_was_made_for_nothing_goes_again },
	{ "all or nothing, and the reason is told", all_or_nothing_and_the_reason },
};

UNIT_MAIN("config/build", tests)
