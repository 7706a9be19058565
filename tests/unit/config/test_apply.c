#include "config/apply.h"

#include "apply_rig.h"

static void luns_come_and_go(void)
{
	struct target *t;
	struct rig r;
	char spec[128];

	start(&r, A(RAM("0")));
	t = target(&r, NAME "a");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "A", 3, "null,size=1G"), 0);
	CU_ASSERT_PTR_EQUAL(target(&r, NAME "a"), t);
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 3));
	CU_ASSERT_EQUAL(r.last->nlines, 1);
	CU_ASSERT_STRING_EQUAL(r.last->lines[0].text, "+ target \"" NAME "a\": lun 3");
	CU_ASSERT_EQUAL(r.luns, 1);
	CU_ASSERT_EQUAL(r.targets, 0);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 3, "null,size=1G"), -EINVAL);
	told(&r, "has a LUN 3 already");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "b", 3, "null,size=1G"), -EINVAL);
	told(&r, "is not a target");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 4, "null,size=1X"), -EINVAL);
	told(&r, "\"1X\" is not a size");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_REMOVE, NAME "a", 9, NULL), -EINVAL);
	told(&r, "has no LUN 9");
	snprintf(spec, sizeof(spec), "%s/none/disk,size=1M", r.dir);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 4, spec), -EINVAL);
	told(&r, "cannot be made");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_REMOVE, NAME "a", 3, NULL), 0);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 3));
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_REMOVE, NAME "a", 0, NULL), 0);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 0));
	CU_ASSERT_EQUAL(r.luns, 3);
	end(&r);
}

static void a_file_can_be_added_again(void)
{
	struct rig r;
	char spec[128];
	int i;

	start(&r, A(RAM("0")));
	snprintf(spec, sizeof(spec), "%s/disk,size=1M", r.dir);
	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 7, spec), 0);
		CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 8, spec), -EINVAL);
		CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_REMOVE, NAME "a", 7, NULL), 0);
	}
	CU_ASSERT_EQUAL(file_size(&r, "disk"), 1 << 20);
	end(&r);
}

static void no_rest(void)
{
	struct scsi_lu *lu;
	struct rig r;

	start(&r, A(RAM("0")));
	lu = unit(&r, NAME "a", 0);
	lu->store->in_flight++; /* a request that does not come back */
	ask(&r, REQUEST_LUN_RESIZE, NAME "a", 0, "2M");
	settle(&r);
	CU_ASSERT(lu->is_held);
	CU_ASSERT_EQUAL(r.done, 0);
	r.ms += 60000;
	settle(&r);
	CU_ASSERT_EQUAL(r.done, 1);
	CU_ASSERT_EQUAL(r.last->err, -EBUSY);
	told(&r, "target \"" NAME "a\": LUN 0: commands in flight have not ended within 10 s, so "
		 "nothing was changed (try again");
	CU_ASSERT_FALSE(lu->is_held);
	CU_ASSERT_EQUAL(lu->blocks, 2048);
	lu->store->in_flight--;
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 0, "2M"), 0);
	end(&r);
}

/* What the file of the rig says, with its folder in the place of each %s. */
static void write_conf(struct rig *r, const char *fmt)
{
	char text[1024];

	snprintf(text, sizeof(text), fmt, r->dir, r->dir);
	put_file(r->path, text);
}

/* All that a running configuration says; the caller frees it. */
static char *exported(const struct rig *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(conf_export(r->now.tree, f), 0);
	fclose(f);
	return text;
}

/* A LUN whose file would be opened anew has a request that does not come back: all stays. */
static void no_rest_for_a_reload(void)
{
	static const char before[] = A(RAM("0") "lun 1 { path = \"%s/disk\" size = 1M }\n");
	static const char after[] =
		PORTAL "portal-group \"2\" { listen = { \"127.0.0.1:3261\" } }\n"
		       "target \"" NAME "a\" { auth-group = deny queue-depth = 7\n"
		       "lun \"0\" { backend = ram size = 2M }\n"
		       "lun 1 { path = \"%s/disk\" size = 2M thin = no }\n"
		       "lun 2 { path = \"%s/new\" size = 1M } }\n";
	char *said, *says;
	struct store *store;
	struct scsi_lu *lu;
	struct rig r;

	start(&r, A(RAM("0")));
	write_conf(&r, before);
	CU_ASSERT_EQUAL_FATAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	said = exported(&r);
	lu = unit(&r, NAME "a", 1);
	store = lu->store;
	store->in_flight++;
	write_conf(&r, after);
	ask(&r, REQUEST_RELOAD, NULL, 0, NULL);
	settle(&r);
	CU_ASSERT(lu->is_held);
	CU_ASSERT_EQUAL(file_size(&r, "new"), 1 << 20);
	r.ms += 10000;
	settle(&r);
	CU_ASSERT_EQUAL(r.last->err, -EBUSY);
	told(&r, "LUN 1: commands in flight have not ended");
	says = exported(&r);
	CU_ASSERT_STRING_EQUAL(says, said);
	CU_ASSERT_PTR_EQUAL(lu->store, store);
	CU_ASSERT(lu->opt.thin && !lu->is_held && !unit(&r, NAME "a", 0)->is_held);
	CU_ASSERT_EQUAL(unit(&r, NAME "a", 0)->blocks, 2048);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 2));
	CU_ASSERT_EQUAL(target(&r, NAME "a")->limits.queue_depth, 128);
	CU_ASSERT_EQUAL(file_size(&r, "disk"), 1 << 20);
	CU_ASSERT_EQUAL(file_size(&r, "new"), -1);
	CU_ASSERT_EQUAL(r.listens, 1);
	CU_ASSERT_EQUAL(r.unlistens, 1);
	CU_ASSERT_EQUAL(r.accepts, 0);
	store->in_flight--;
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_FALSE(lu->opt.thin);
	CU_ASSERT_EQUAL(file_size(&r, "disk"), 2 << 20);
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 2));
	free(said);
	free(says);
	end(&r);
}

static void late_leavers(void)
{
	struct store *store;
	struct rig r;

	start(&r, A(RAM("0") RAM("1")));
	store = unit(&r, NAME "a", 0)->store;
	store->in_flight++;
	ask(&r, REQUEST_LUN_REMOVE, NAME "a", 0, NULL);
	settle(&r);
	CU_ASSERT_EQUAL(r.done, 0);
	r.ms += 60000;
	settle(&r);
	CU_ASSERT_EQUAL(r.done, 1);
	CU_ASSERT_EQUAL(r.last->err, 0);
	CU_ASSERT(apply_is_busy(r.apply));
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 1, "2M"), 0);
	store->in_flight--;
	settle(&r);
	CU_ASSERT_FALSE(apply_is_busy(r.apply));
	end(&r);
}

static void a_target_in_use(void)
{
	struct scsi_nexus x = { .tport = { .rel_id = 1, .group = 1 } };
	struct apply_call *c;
	struct rig r;

	start(&r, A(RAM("0")));
	strcpy(x.initiator, "iqn.a,i,0x01");
	CU_ASSERT_EQUAL_FATAL(scsi_nexus_open(&x, &target(&r, NAME "a")->device), 0);
	CU_ASSERT_EQUAL(change(&r, REQUEST_TARGET_REMOVE, NAME "a", 0, NULL), -EBUSY);
	told(&r, "it is in use by 1 session (--force ends them)");
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 0));
	c = ask(&r, REQUEST_TARGET_REMOVE, NAME "a", 0, NULL);
	c->rq.force = true;
	r.is_used = true;
	settle(&r);
	CU_ASSERT_PTR_NULL(target(&r, NAME "a"));
	scsi_nexus_close(&x);
	r.is_used = false;
	settle(&r);
	CU_ASSERT_EQUAL(r.last->err, 0);
	end(&r);
}

static void the_end(void)
{
	struct rig r;

	start(&r, A(RAM("0")));
	apply_stop(r.apply);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_REMOVE, NAME "a", 0, NULL), -ESHUTDOWN);
	told(&r, "itgtd is stopping");
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 0));
	end(&r);
}

static const struct unit_test tests[] = {
	{ "LUNs come and go", luns_come_and_go },
	{ "a file can be added again when its LUN is gone", a_file_can_be_added_again },
	{ "a unit that does not come to rest stays as it is", no_rest },
	{ "and so does all that was to change with it", no_rest_for_a_reload },
	{ "what does not leave in time leaves later", late_leavers },
	{ "a target in use goes by force only", a_target_in_use },
	{ "no change begins when the daemon ends", the_end },
};

UNIT_MAIN("config/apply", tests)
