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
	CU_ASSERT_FALSE(lu->is_held);
	CU_ASSERT_EQUAL(lu->blocks, 2048);
	lu->store->in_flight--;
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 0, "2M"), 0);
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
	{ "what does not leave in time leaves later", late_leavers },
	{ "a target in use goes by force only", a_target_in_use },
	{ "no change begins when the daemon ends", the_end },
};

UNIT_MAIN("config/apply", tests)
