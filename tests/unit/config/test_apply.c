#include "config/apply.h"

#include "conf.h"
#include "config/edit.h"
#include "config/export.h"
#include "config/same.h"
#include "config/save.h"
#include "scsi/core.h"
#include "scsi/device.h"
#include "scsi/lu.h"
#include "store/store.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME      "iqn.2026-11.org.example:"
#define PORTAL    "portal-group \"1\" { listen = { \"127.0.0.1:3260\" } }\n"
#define A(inside) PORTAL "target \"" NAME "a\" { auth-group = deny\n" inside " }\n"
#define RAM(n)    "lun \"" n "\" { backend = ram size = 1M }\n"

/* A daemon without sockets: what it is told is counted. */
struct rig {
	struct conf c; /* its tree is not used */
	struct running now;
	struct store_env *env;
	struct apply *apply;
	char dir[64], path[80];
	uint64_t ms;
	bool is_used; /* what the uses_…() say */
	const char *refuse_listen;
	unsigned int listens, accepts, unlistens, targets, luns, logouts, drops, settings, done;
	struct apply_call *last;
};

static int on_listen(void *user, struct portal *p, char why[static COMMIT_WHY_MAX])
{
	struct rig *r = user;

	(void)p;
	if (r->refuse_listen) {
		snprintf(why, COMMIT_WHY_MAX, "%s", r->refuse_listen);
		return -EADDRINUSE;
	}
	r->listens++;
	return 0;
}

static void on_accept(void *user, struct portal *p)
{
	(void)p;
	((struct rig *)user)->accepts++;
}

static void on_unlisten(void *user, struct portal *p)
{
	(void)p;
	((struct rig *)user)->unlistens++;
}

static void on_targets(void *user)
{
	((struct rig *)user)->targets++;
}

static void on_luns(void *user, const struct target *t)
{
	(void)t;
	((struct rig *)user)->luns++;
}

static void on_auth(void *user, const struct auth_group *g)
{
	(void)user;
	(void)g;
}

static void on_logout(void *user, const struct target *t, uint16_t tag)
{
	(void)t;
	(void)tag;
	((struct rig *)user)->logouts++;
}

static void on_drop(void *user, const struct target *t, uint16_t tag)
{
	(void)t;
	(void)tag;
	((struct rig *)user)->drops++;
}

static bool target_used(void *user, const struct target *t)
{
	(void)t;
	return ((struct rig *)user)->is_used;
}

static bool group_used(void *user, const struct portal_group *g)
{
	(void)g;
	return ((struct rig *)user)->is_used;
}

static bool portal_used(void *user, const struct portal *p)
{
	(void)p;
	return ((struct rig *)user)->is_used;
}

static void on_settings(void *user, const struct conf_settings *s)
{
	(void)s;
	((struct rig *)user)->settings++;
}

static const struct commit_ops ops = {
	on_listen, on_accept, on_unlisten, on_targets, on_luns,     on_auth,
	on_logout, on_drop,   target_used, group_used, portal_used, on_settings,
};

static void quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

/* Run what text says. ${DIR} in it is the rig's folder. */
static void start(struct rig *r, const char *text)
{
	struct conf_tree *t = running_tree();
	char why[CONFIG_WHY_MAX] = "";

	log_set_sink(quiet, NULL);
	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/var/tmp/itgtd-apply-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/t.conf", r->dir);
	put_file(r->path, text);
	conf_start(&r->c);
	CU_ASSERT_EQUAL_FATAL(store_env_new(8, 2, &r->env), 0);
	CU_ASSERT_EQUAL_FATAL(conf_parse_file(t, r->path, &r->c.faults), 0);
	CU_ASSERT_EQUAL_FATAL(config_check(&r->c.config, t, &r->c.faults), 0);
	CU_ASSERT_EQUAL_FATAL(conf_tree_complete(t), 0);
	CU_ASSERT_EQUAL_FATAL(config_build(&r->c.config, r->env, why), 0);
	r->now = (struct running){ .path = r->path,
				   .base = running_tree(),
				   .tree = t,
				   .config = &r->c.config,
				   .state_dir = r->dir };
	CU_ASSERT_EQUAL_FATAL(conf_tree_copy(r->now.base, t), 0);
	r->apply = apply_new(&r->now, r->env, &ops, r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->apply);
}

/* Turns of the loop until nothing moves any more, and nothing comes from outside. */
static void settle(struct rig *r)
{
	struct pollfd p = { .fd = store_env_fd(r->env), .events = POLLIN };
	bool moved = true;

	while (moved || apply_is_working(r->apply) ||
	       (apply_is_busy(r->apply) && poll(&p, 1, 200) > 0)) {
		moved = store_env_reap(r->env, true);
		moved |= scsi_core_run(&r->c.core);
		store_env_flush(r->env);
		moved |= apply_turn(r->apply, r->ms);
		if (!moved && apply_is_working(r->apply))
			poll(&p, 1, 10000);
	}
}

static void on_done(struct apply_call *c)
{
	struct rig *r = c->user;

	r->done++;
	if (r->last)
		apply_call_free(r->last);
	r->last = c;
}

static struct apply_call *ask(struct rig *r, enum request_kind kind, const char *target,
			      uint32_t number, const char *text)
{
	struct apply_call *c = calloc(1, sizeof(*c));

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	c->rq.kind = kind;
	c->rq.target = target ? strdup(target) : NULL;
	c->rq.text = text ? strdup(text) : NULL;
	c->rq.lun = number;
	c->rq.tag = number;
	c->done = on_done;
	c->user = r;
	apply_submit(r->apply, c);
	return c;
}

/* Ask, and wait: what came of it, with why it was refused. */
static int change(struct rig *r, enum request_kind kind, const char *target, uint32_t number,
		  const char *text)
{
	unsigned int done = r->done;

	ask(r, kind, target, number, text);
	settle(r);
	CU_ASSERT_EQUAL_FATAL(r->done, done + 1);
	CU_ASSERT_EQUAL(r->last->err != 0, r->last->why != NULL);
	return r->last->err;
}

static int set(struct rig *r, const char *target, uint32_t lun, const char *name, const char *value)
{
	struct apply_call *c = ask(r, REQUEST_LUN_SET, target, lun, NULL);

	c->rq.pairs = calloc(1, sizeof(*c->rq.pairs));
	c->rq.npairs = 1;
	c->rq.pairs[0] = (struct request_pair){ strdup(name), strdup(value) };
	settle(r);
	return r->last->err;
}

static void told(const struct rig *r, const char *what)
{
	CU_ASSERT_PTR_NOT_NULL(r->last->why);
	if (!r->last->why)
		return;
	CU_ASSERT_PTR_NOT_NULL(strstr(r->last->why, what));
	if (!strstr(r->last->why, what))
		fprintf(stderr, "told: %s\nnot: %s\n", r->last->why, what);
}

static void end(struct rig *r)
{
	char command[128];

	r->is_used = false;
	settle(r);
	CU_ASSERT_FALSE(apply_is_busy(r->apply));
	apply_free(r->apply);
	if (r->last)
		apply_call_free(r->last);
	config_fini(&r->c.config);
	running_tree_free(r->now.tree);
	running_tree_free(r->now.base);
	conf_tree_fini(&r->c.tree);
	conf_faults_fini(&r->c.faults);
	store_env_free(r->env);
	buf_pool_fini(&r->c.pool);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static struct target *target(const struct rig *r, const char *name)
{
	return world_target(&r->c.config.world, name);
}

static struct scsi_lu *unit(const struct rig *r, const char *name, uint32_t number)
{
	const struct target *t = target(r, name);

	return t ? scsi_device_lu(&t->device, number) : NULL;
}

/* Bytes of a file of the rig's folder; -1: there is none. */
static long long file_size(const struct rig *r, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return stat(path, &st) ? -1 : (long long)st.st_size;
}

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

/* The same file, again and again: its lock is free when the removal is told done. */
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

/* A held unit whose store does not come to rest is let go on, and the change refused. */
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

/* A unit that goes with a request in its store is done with in a bound, and freed later. */
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

/* Without --force a target with a nexus stays. */
static void a_target_in_use(void)
{
	struct scsi_nexus x = { .tport = { .rel_id = 1, .group = 1 } };
	struct apply_call *c;
	struct rig r;

	start(&r, A(RAM("0")));
	strcpy(x.initiator, "iqn.a,i,0x01");
	CU_ASSERT_EQUAL_FATAL(scsi_nexus_open(&x, &target(&r, NAME "a")->device), 0);
	CU_ASSERT_EQUAL(change(&r, REQUEST_TARGET_REMOVE, NAME "a", 0, NULL), -EBUSY);
	told(&r, "1 session uses it (--force ends them)");
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

/* What did not change keeps its unit and its place; faults change nothing. */
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

/* One LUN that cannot be opened, and nothing of the rest happens; what was made is gone again. */
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

/* LUNs change places: each file is served by another number, and never by two at a time. */
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

/* What was changed at run-time stays when the file is read again, unless it is to be forgotten. */
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

/* What cannot change while it runs is refused with the rest. */
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

/* An end comes in between: calls in line are refused. */
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
	{ "LUNs get another size", sizes },
	{ "options change in use, or are refused", options },
	{ "a unit that does not come to rest stays as it is", no_rest },
	{ "what does not leave in time leaves later", late_leavers },
	{ "targets come and go", targets_come_and_go },
	{ "a target in use goes by force only", a_target_in_use },
	{ "portals come and go", portals_come_and_go },
	{ "a reload changes what has changed", reload },
	{ "all of it happens, or nothing", all_or_nothing },
	{ "files change places", places_change },
	{ "changes at run-time survive a reload", run_time_changes_stay },
	{ "what needs a restart is refused", what_needs_a_restart },
	{ "no change begins when the daemon ends", the_end },
};

UNIT_MAIN("config/apply", tests)
