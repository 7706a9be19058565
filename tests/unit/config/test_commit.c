#include "config/commit.h"

#include "apply_rig.h"

static void sizes(void)
{
	struct scsi_lu *lu;
	struct rig r;
	char spec[128];

	start(&r, A(RAM("0")));
	snprintf(spec, sizeof(spec), "%s/disk,size=1M", r.dir);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 1, spec), 0);
	lu = unit(&r, NAME "a", 1);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 1, "3M"), 0);
	CU_ASSERT_PTR_EQUAL(unit(&r, NAME "a", 1), lu);
	CU_ASSERT_EQUAL(lu->blocks, 6144);
	CU_ASSERT_FALSE(lu->is_held);
	CU_ASSERT_EQUAL(file_size(&r, "disk"), 3 << 20);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 0, "2M"), 0);
	CU_ASSERT_EQUAL(unit(&r, NAME "a", 0)->blocks, 4096);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 1, "1000"), -EINVAL);
	told(&r, "is not a multiple of block-size");
	/* What is cut off is not lost: a slip of the pen costs nothing. */
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_RESIZE, NAME "a", 1, "1M"), 0);
	CU_ASSERT_EQUAL(lu->blocks, 2048);
	CU_ASSERT_EQUAL(file_size(&r, "disk"), 3 << 20);
	end(&r);
}

static void options(void)
{
	struct scsi_lu *lu;
	struct store *store;
	struct rig r;
	char spec[128];

	start(&r, A(RAM("0")));
	snprintf(spec, sizeof(spec), "%s/disk,size=1M,io=cached", r.dir);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 1, spec), 0);
	lu = unit(&r, NAME "a", 1);
	store = lu->store;
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "write-cache", "no"), 0);
	CU_ASSERT_FALSE(lu->wce);
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "soft-threshold", "75"), 0);
	CU_ASSERT_EQUAL(lu->opt.soft_threshold, 75);
	CU_ASSERT_PTR_EQUAL(lu->store, store);
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "read-only", "yes"), 0);
	CU_ASSERT(lu->opt.read_only && lu->store->caps & STORE_READ_ONLY);
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "read-only", "no"), 0);
	CU_ASSERT_FALSE(lu->opt.read_only || lu->store->caps & STORE_READ_ONLY);
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "initiators", "iqn.x,iqn.y"), 0);
	CU_ASSERT_PTR_NOT_NULL(lu->opt.user);
	CU_ASSERT_EQUAL(r.luns, 2); /* it was added, and somebody sees it no more */
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "write-cache", "yes"), 0);
	CU_ASSERT_PTR_NOT_NULL(lu->opt.user);
	CU_ASSERT_EQUAL(r.luns, 2);
	CU_ASSERT_PTR_EQUAL(unit(&r, NAME "a", 1), lu);
	/* It is claimed again: nobody else gets it. */
	snprintf(spec, sizeof(spec), "%s/disk", r.dir);
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "a", 2, spec), -EINVAL);
	told(&r, "is served by another LUN");
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "block-size", "4096"), -EINVAL);
	told(&r, "cannot change while initiators may use the LUN");
	CU_ASSERT_EQUAL(set(&r, NAME "a", 0, "thin", "no"), -EINVAL);
	told(&r, "without the loss of what is in memory");
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "no-such", "4096"), -EINVAL);
	told(&r, "is not an option here");
	CU_ASSERT_EQUAL(set(&r, NAME "a", 1, "write-cache", "maybe"), -EINVAL);
	told(&r, "\"maybe\" is neither yes nor no");
	end(&r);
}

static void targets_come_and_go(void)
{
	struct rig r;

	start(&r, A(RAM("0")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_TARGET_ADD, NAME "B", 0, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(target(&r, NAME "b"));
	CU_ASSERT_EQUAL(target(&r, NAME "b")->ngroups, 1);
	CU_ASSERT_EQUAL(r.targets, 1);
	CU_ASSERT_EQUAL(change(&r, REQUEST_TARGET_ADD, NAME "b", 0, NULL), -EINVAL);
	told(&r, "is a target already");
	CU_ASSERT_EQUAL(change(&r, REQUEST_TARGET_ADD, "disk", 0, NULL), -EINVAL);
	told(&r, "is not an iSCSI name");
	CU_ASSERT_EQUAL(change(&r, REQUEST_LUN_ADD, NAME "b", 0, "ram,size=1M"), 0);
	r.is_used = true; /* a session that does not log out */
	ask(&r, REQUEST_TARGET_REMOVE, NAME "b", 0, NULL);
	settle(&r);
	CU_ASSERT_PTR_NULL(target(&r, NAME "b"));
	CU_ASSERT(world_is_gone(&r.c.config.world, NAME "b"));
	CU_ASSERT_EQUAL(r.logouts, 1);
	CU_ASSERT_EQUAL(r.drops, 0);
	r.ms += 5000;
	settle(&r);
	CU_ASSERT_EQUAL(r.drops, 1);
	CU_ASSERT_EQUAL(r.done, 4);
	r.is_used = false;
	settle(&r);
	CU_ASSERT_EQUAL(r.done, 5);
	CU_ASSERT_EQUAL(r.last->err, 0);
	end(&r);
}

static void portals_come_and_go(void)
{
	struct rig r;

	start(&r, A(RAM("0")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 1, "127.0.0.1:3261"), 0);
	CU_ASSERT_EQUAL(r.listens, 1);
	CU_ASSERT_EQUAL(r.accepts, 1);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 2, "127.0.0.1:3262"), 0);
	CU_ASSERT_EQUAL(target(&r, NAME "a")->ngroups, 2);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 2, "127.0.0.1:3261"), -EINVAL);
	told(&r, "is listened on already");
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 2, "nowhere"), -EINVAL);
	r.refuse_listen = "cannot listen on 127.0.0.1:1: Permission denied";
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 3, "127.0.0.1:1"), -EADDRINUSE);
	told(&r, "Permission denied");
	CU_ASSERT_PTR_NULL(world_portal_group(&r.c.config.world, 3));
	r.refuse_listen = NULL;
	r.unlistens = 0;
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 1, "127.0.0.1:3260"), 0);
	CU_ASSERT_EQUAL(r.unlistens, 1);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 1, "127.0.0.1:3260"), -EINVAL);
	told(&r, "is no portal of that group");
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 2, "127.0.0.1:3262"), 0);
	CU_ASSERT_EQUAL(target(&r, NAME "a")->ngroups, 1);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 2, "127.0.0.1:3262"), -EINVAL);
	told(&r, "there is no portal group 2");
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 1, "127.0.0.1:3261"), -EINVAL);
	told(&r, "is the last portal there is");
	end(&r);
}

/* Any free port, again and again: each time another one. */
static void free_ports(void)
{
	const struct portal_group *g;
	const struct portal *p;
	unsigned int n = 0;
	struct rig r;

	start(&r, A(RAM("0")));
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 1, "127.0.0.1:0"), 0);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_ADD, NULL, 1, "127.0.0.1:0"), 0);
	CU_ASSERT_EQUAL(r.listens, 2);
	CU_ASSERT_EQUAL(r.accepts, 2);
	g = world_portal_group(&r.c.config.world, 1);
	TAILQ_FOREACH (p, &g->portals, link)
		n++;
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(change(&r, REQUEST_PORTAL_REMOVE, NULL, 1, "127.0.0.1:0"), 0);
	CU_ASSERT_EQUAL(r.unlistens, 1);
	end(&r);
}

static const struct unit_test tests[] = {
	{ "LUNs get another size", sizes },
	{ "options change in use, or are refused", options },
	{ "targets come and go", targets_come_and_go },
	{ "portals come and go", portals_come_and_go },
	{ "each free port is another one", free_ports },
};

UNIT_MAIN("config/commit", tests)
