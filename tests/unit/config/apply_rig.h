/* What the tests of changes share: a configuration that runs, without sockets. */
#ifndef UNIT_CONFIG_APPLY_RIG_H
#define UNIT_CONFIG_APPLY_RIG_H

#include "conf.h"
#include "config/apply.h"
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
	int reloading; /* begun and not over */
	struct apply_call *last;
};

static inline int on_listen(void *user, struct portal *p, char why[static COMMIT_WHY_MAX])
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

static inline void on_accept(void *user, struct portal *p)
{
	(void)p;
	((struct rig *)user)->accepts++;
}

static inline void on_unlisten(void *user, struct portal *p)
{
	(void)p;
	((struct rig *)user)->unlistens++;
}

static inline void on_targets(void *user)
{
	((struct rig *)user)->targets++;
}

static inline void on_luns(void *user, const struct target *t)
{
	(void)t;
	((struct rig *)user)->luns++;
}

static inline void on_auth(void *user, const struct auth_group *g)
{
	(void)user;
	(void)g;
}

static inline void on_logout(void *user, const struct target *t, uint16_t tag)
{
	(void)t;
	(void)tag;
	((struct rig *)user)->logouts++;
}

static inline void on_drop(void *user, const struct target *t, uint16_t tag)
{
	(void)t;
	(void)tag;
	((struct rig *)user)->drops++;
}

static inline bool target_used(void *user, const struct target *t)
{
	(void)t;
	return ((struct rig *)user)->is_used;
}

static inline bool group_used(void *user, const struct portal_group *g)
{
	(void)g;
	return ((struct rig *)user)->is_used;
}

static inline bool portal_used(void *user, const struct portal *p)
{
	(void)p;
	return ((struct rig *)user)->is_used;
}

static inline void on_settings(void *user, const struct conf_settings *before,
			       const struct conf_settings *after)
{
	(void)before;
	(void)after;
	((struct rig *)user)->settings++;
}

static inline void on_reloading(void *user, bool begins)
{
	((struct rig *)user)->reloading += begins ? 1 : -1;
}

static const struct commit_ops ops = {
	on_listen, on_accept,   on_unlisten, on_targets,  on_luns,     on_auth,      on_logout,
	on_drop,   target_used, group_used,  portal_used, on_settings, on_reloading,
};

static inline void quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static inline void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

/* Run what text says. */
static inline void start(struct rig *r, const char *text)
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
static inline void settle(struct rig *r)
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

static inline void on_done(struct apply_call *c)
{
	struct rig *r = c->user;

	r->done++;
	if (r->last)
		apply_call_free(r->last);
	r->last = c;
}

static inline struct apply_call *ask(struct rig *r, enum request_kind kind, const char *target,
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
static inline int change(struct rig *r, enum request_kind kind, const char *target, uint32_t number,
			 const char *text)
{
	unsigned int done = r->done;

	ask(r, kind, target, number, text);
	settle(r);
	CU_ASSERT_EQUAL_FATAL(r->done, done + 1);
	CU_ASSERT_EQUAL(r->last->err != 0, r->last->why != NULL);
	return r->last->err;
}

static inline int set(struct rig *r, const char *target, uint32_t lun, const char *name,
		      const char *value)
{
	struct apply_call *c = ask(r, REQUEST_LUN_SET, target, lun, NULL);

	c->rq.pairs = calloc(1, sizeof(*c->rq.pairs));
	c->rq.npairs = 1;
	c->rq.pairs[0] = (struct request_pair){ strdup(name), strdup(value) };
	settle(r);
	return r->last->err;
}

static inline void told(const struct rig *r, const char *what)
{
	CU_ASSERT_PTR_NOT_NULL(r->last->why);
	if (!r->last->why)
		return;
	CU_ASSERT_PTR_NOT_NULL(strstr(r->last->why, what));
	if (!strstr(r->last->why, what))
		fprintf(stderr, "told: %s\nnot: %s\n", r->last->why, what);
}

static inline void end(struct rig *r)
{
	char command[128];

	r->is_used = false;
	settle(r);
	CU_ASSERT_FALSE(apply_is_busy(r->apply));
	CU_ASSERT_EQUAL(r->reloading, 0);
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

static inline struct target *target(const struct rig *r, const char *name)
{
	return world_target(&r->c.config.world, name);
}

static inline struct scsi_lu *unit(const struct rig *r, const char *name, uint32_t number)
{
	const struct target *t = target(r, name);

	return t ? scsi_device_lu(&t->device, number) : NULL;
}

/* Bytes of a file of the rig's folder; -1: there is none. */
static inline long long file_size(const struct rig *r, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	return stat(path, &st) ? -1 : (long long)st.st_size;
}

#endif
