#include "config/plan.h"

#include "apply_rig.h"

static void reload(void)
{
	struct scsi_lu *zero;
	struct target *a;
	struct rig r;

	start(&r, A(RAM("0") RAM("1")));
	zero = unit(&r, NAME "a", 0);
	a = target(&r, NAME "a");
	put_file(r.path,
		 A("queue-depth = 7\n" RAM(
			 "0") "lun 2 { backend = null size = 1G }") "target " NAME
								    "b { auth-group = deny }\n");
	CU_ASSERT_EQUAL(change(&r, REQUEST_DIFF, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(r.last->nlines, 4);
	CU_ASSERT_EQUAL(a->limits.queue_depth, 128);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(r.last->nlines, 4);
	CU_ASSERT_PTR_EQUAL(target(&r, NAME "a"), a);
	CU_ASSERT_PTR_EQUAL(unit(&r, NAME "a", 0), zero);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 1));
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 2));
	CU_ASSERT_PTR_NOT_NULL(target(&r, NAME "b"));
	CU_ASSERT_EQUAL(a->limits.queue_depth, 7);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(r.last->nlines, 0);
	put_file(r.path, A("queue-depth = 8\n lun 0 { backend = ram size = 1X }"));
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), -EINVAL);
	told(&r, "t.conf:4: target \"" NAME "a\": lun 0: size: \"1X\" is not a size");
	CU_ASSERT_EQUAL(a->limits.queue_depth, 7);
	unlink(r.path);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), -EINVAL);
	told(&r, "No such file");
	CU_ASSERT_PTR_EQUAL(unit(&r, NAME "a", 0), zero);
	end(&r);
}

static void all_or_nothing(void)
{
	struct rig r;
	char text[1024];

	start(&r, A(RAM("0")));
	snprintf(text, sizeof(text),
		 A("queue-depth = 7\n" RAM("0") "lun 1 { path = %s/new size = 1M }\n"
						"lun 2 { path = %s/none/new size = 1M }\n"),
		 r.dir, r.dir);
	put_file(r.path, text);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), -EINVAL);
	told(&r, "lun 2: ");
	CU_ASSERT_EQUAL(target(&r, NAME "a")->limits.queue_depth, 128);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 1));
	CU_ASSERT_EQUAL(file_size(&r, "new"), -1);
	end(&r);
}

static void places_change(void)
{
	struct rig r;
	char text[1024];

	start(&r, A(""));
	snprintf(text, sizeof(text),
		 A("lun 0 { path = %s/a size = 1M }\nlun 1 { path = %s/b size = 2M }\n"), r.dir,
		 r.dir);
	put_file(r.path, text);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	snprintf(text, sizeof(text),
		 A("lun 0 { path = %s/b size = 2M block-size = 4096 }\nlun 5 { path = %s/a size = "
		   "1M }\n"),
		 r.dir, r.dir);
	put_file(r.path, text);
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_EQUAL(unit(&r, NAME "a", 0)->blocks, 512);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 1));
	CU_ASSERT_EQUAL(unit(&r, NAME "a", 5)->blocks, 2048);
	snprintf(text, sizeof(text), "%s/a", r.dir);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 6, text), -EINVAL);
	told(&r, "is served by another LUN");
	end(&r);
}

static void run_time_changes_stay(void)
{
	struct apply_call *c;
	struct rig r;

	start(&r, A(RAM("0")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 3, "null,size=1G"), 0);
	put_file(r.path, A(RAM("0") RAM("1")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 1));
	CU_ASSERT_PTR_NOT_NULL(unit(&r, NAME "a", 3));
	put_file(r.path, A(RAM("0") RAM("3")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), 0);
	CU_ASSERT_STRING_EQUAL(unit(&r, NAME "a", 3)->store->ops->name, "ram");
	CU_ASSERT_PTR_NOT_NULL(strstr(r.last->notes, "and to the file, which counts"));
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 4, "null,size=1G"), 0);
	c = ask(&r, REQUEST_RELOAD, NULL, 0, NULL);
	c->rq.discard = true;
	settle(&r);
	CU_ASSERT_EQUAL(r.last->err, 0);
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 4));
	end(&r);
}

static void what_needs_a_restart(void)
{
	struct rig r;

	start(&r, A(RAM("0")));
	put_file(r.path, "state-directory = \"/tmp\"\n" A(RAM("0") RAM("1")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_RELOAD, NULL, 0, NULL), -EINVAL);
	told(&r, "state-directory: cannot change while itgtd runs (restart it)");
	CU_ASSERT_PTR_NULL(unit(&r, NAME "a", 1));
	end(&r);
}

static const struct unit_test tests[] = {
	{ "a reload changes what has changed", reload },
	{ "all of it happens, or nothing", all_or_nothing },
	{ "files change places", places_change },
	{ "changes at run-time survive a reload", run_time_changes_stay },
	{ "what needs a restart is refused", what_needs_a_restart },
};

UNIT_MAIN("config/plan", tests)
