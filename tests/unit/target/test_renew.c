#include "target/renew.h"

#include "scsi/alua.h"
#include "scsi/core.h"
#include "scsi/nexus.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define DISK(c) "iqn.2026-11.org.example:" c

/* Two worlds, and what was told while one became the other. */
struct two {
	struct buf_pool pool;
	struct scsi_core core;
	struct world live, next;
	struct renew_left left;
	unsigned int auths, leaves;
	const struct auth_group *auth;
	uint16_t left_tag;
};

static void on_auth(void *user, const struct auth_group *g)
{
	struct two *w = user;

	w->auths++;
	w->auth = g;
}

static void on_leave(void *user, struct target *t, const struct portal_group *g)
{
	struct two *w = user;

	(void)t;
	w->leaves++;
	w->left_tag = g->tag;
}

static void start(struct two *w)
{
	memset(w, 0, sizeof(*w));
	buf_pool_init(&w->pool, 1 << 20, 0);
	scsi_core_init(&w->core, &w->pool);
	CU_ASSERT_EQUAL_FATAL(world_init(&w->live, &w->core), 0);
	CU_ASSERT_EQUAL_FATAL(world_init(&w->next, &w->core), 0);
	renew_left_init(&w->left);
}

static void go(struct two *w)
{
	const struct renew_ops ops = { on_auth, on_leave, w };

	CU_ASSERT_EQUAL_FATAL(renew_prepare(&w->live, &w->next), 0);
	renew(&w->live, &w->next, &w->left, &ops);
	world_fini(&w->next);
}

static void end(struct two *w)
{
	struct portal_group *g;
	struct portal *p;
	struct target *t;

	while ((t = TAILQ_FIRST(&w->left.targets))) {
		TAILQ_REMOVE(&w->left.targets, t, link);
		target_free(t);
	}
	while ((g = TAILQ_FIRST(&w->left.groups))) {
		TAILQ_REMOVE(&w->left.groups, g, link);
		portal_group_free(g);
	}
	while ((p = TAILQ_FIRST(&w->left.portals))) {
		TAILQ_REMOVE(&w->left.portals, p, link);
		free(p);
	}
	world_fini(&w->live);
	buf_pool_fini(&w->pool);
}

static struct portal_group *add_group(struct world *w, uint16_t tag, const char *addr)
{
	struct portal_group *g = world_add_portal_group(w, tag);
	struct portal_addr a;

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL_FATAL(portal_addr_parse(addr, &a), 0);
	CU_ASSERT_EQUAL_FATAL(world_add_portal(w, g, &a), 0);
	g->discovery_auth = world_auth_group(w, "no-authentication");
	return g;
}

static struct target *add_target(struct world *w, const char *name, struct portal_group *g)
{
	struct target *t = world_add_target(w, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(target_add_group(t, g), 0);
	t->auth = world_auth_group(w, "no-authentication");
	return t;
}

static struct auth_group *add_chap(struct world *w, const char *secret)
{
	struct auth_group *g = world_add_auth_group(w, "lab");
	struct access_chap *c = calloc(1, sizeof(*c));

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	strcpy(c->user, "host1");
	CU_ASSERT_EQUAL_FATAL(secret_set(&c->secret, secret, strlen(secret)), 0);
	STAILQ_INSERT_TAIL(&g->accounts, c, link);
	g->kind = ACCESS_CHAP;
	return g;
}

/* What is in both keeps its place, for sessions point to it, and says what is new. */
static void what_stays(void)
{
	struct target *t, *n;
	struct portal *p;
	struct two w;

	start(&w);
	t = add_target(&w.live, DISK("a"), add_group(&w.live, 1, "127.0.0.1:3260"));
	p = TAILQ_FIRST(&t->groups[0]->portals);
	n = add_target(&w.next, DISK("a"), add_group(&w.next, 1, "127.0.0.1:3260"));
	n->limits.queue_depth = 7;
	strcpy(n->alias, "new");
	go(&w);
	CU_ASSERT_PTR_EQUAL(world_target(&w.live, DISK("a")), t);
	CU_ASSERT_EQUAL(t->limits.queue_depth, 7);
	CU_ASSERT_STRING_EQUAL(t->alias, "new");
	CU_ASSERT_EQUAL(t->ngroups, 1);
	CU_ASSERT_PTR_EQUAL(t->groups[0], world_portal_group(&w.live, 1));
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&t->groups[0]->portals), p);
	CU_ASSERT_PTR_EQUAL(t->auth, world_auth_group(&w.live, "no-authentication"));
	CU_ASSERT_EQUAL(w.auths + w.leaves, 0);
	CU_ASSERT(TAILQ_EMPTY(&w.left.targets) && TAILQ_EMPTY(&w.left.groups) &&
		  TAILQ_EMPTY(&w.left.portals));
	end(&w);
}

static void what_comes_and_goes(void)
{
	struct target *t;
	struct two w;

	start(&w);
	t = add_target(&w.live, DISK("a"), add_group(&w.live, 1, "127.0.0.1:3260"));
	add_target(&w.next, DISK("b"), add_group(&w.next, 2, "127.0.0.1:3261"));
	go(&w);
	CU_ASSERT_PTR_NULL(world_target(&w.live, DISK("a")));
	CU_ASSERT(world_is_gone(&w.live, DISK("a")));
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&w.left.targets), t);
	CU_ASSERT_EQUAL(TAILQ_FIRST(&w.left.groups)->tag, 1);
	t = world_target(&w.live, DISK("b"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_PTR_EQUAL(t->groups[0], world_portal_group(&w.live, 2));
	CU_ASSERT_PTR_NOT_NULL(tport_find(&t->device, 2));
	end(&w);
}

/* A name that is taken again is not gone; only so many are remembered. */
static void names_that_are_gone(void)
{
	char name[TARGET_NAME_MAX];
	struct two w;
	unsigned int i;

	start(&w);
	CU_ASSERT_FALSE(world_is_gone(&w.live, ""));
	for (i = 0; i <= WORLD_GONE_MAX; i++) {
		snprintf(name, sizeof(name), DISK("%u"), i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(world_add_target(&w.live, name));
		world_remove_target(&w.live, world_target(&w.live, name));
		CU_ASSERT(world_is_gone(&w.live, name));
	}
	CU_ASSERT_FALSE(world_is_gone(&w.live, DISK("0")));
	CU_ASSERT_PTR_NOT_NULL(world_add_target(&w.live, DISK("1")));
	CU_ASSERT_FALSE(world_is_gone(&w.live, DISK("1")));
	world_fini(&w.next); /* which nothing was made of */
	end(&w);
}

static void portals(void)
{
	struct portal_addr more, free_port;
	struct portal_group *g, *n;
	struct portal *kept;
	struct two w;

	start(&w);
	CU_ASSERT_EQUAL(portal_addr_parse("127.0.0.1:3262", &more), 0);
	CU_ASSERT_EQUAL(portal_addr_parse("127.0.0.1:0", &free_port), 0);
	g = add_group(&w.live, 1, "127.0.0.1:3260");
	CU_ASSERT_EQUAL(world_add_portal(&w.live, g, &free_port), 0);
	kept = TAILQ_LAST(&g->portals, portal_list);
	portal_addr_set_port(&kept->addr, 49152); /* the one taken */
	n = add_group(&w.next, 1, "127.0.0.1:0");
	CU_ASSERT_EQUAL(world_add_portal(&w.next, n, &more), 0);
	go(&w);
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&g->portals), kept);
	CU_ASSERT(portal_addr_equal(&TAILQ_NEXT(kept, link)->addr, &more));
	CU_ASSERT_PTR_EQUAL(TAILQ_NEXT(kept, link)->group, g);
	CU_ASSERT_EQUAL(portal_addr_port(&TAILQ_FIRST(&w.left.portals)->addr), 3260);
	end(&w);
}

/* Who leaves a group is told, and loses its port when nobody is there by it. */
static void a_group_is_left(void)
{
	struct portal_group *one, *two;
	struct target *t;
	struct scsi_nexus x = { .tport = { .rel_id = 1, .group = 1 } };
	struct two w;

	start(&w);
	one = add_group(&w.live, 1, "127.0.0.1:3260");
	two = add_group(&w.live, 2, "127.0.0.1:3261");
	t = add_target(&w.live, DISK("a"), one);
	CU_ASSERT_EQUAL(target_add_group(t, two), 0);
	strcpy(x.initiator, "iqn.a,i,0x01");
	CU_ASSERT_EQUAL_FATAL(scsi_nexus_open(&x, &t->device), 0);
	add_group(&w.next, 1, "127.0.0.1:3260");
	add_target(&w.next, DISK("a"), add_group(&w.next, 2, "127.0.0.1:3261"));
	alua_configure(&world_target(&w.next, DISK("a"))->device, 2, ALUA_STANDBY);
	go(&w);
	CU_ASSERT_EQUAL(w.leaves, 1);
	CU_ASSERT_EQUAL(w.left_tag, 1);
	CU_ASSERT_EQUAL(t->device.nports, 2);
	CU_ASSERT_EQUAL(alua_configured(&t->device, 2), ALUA_STANDBY);
	scsi_nexus_close(&x);
	target_settle_ports(t);
	CU_ASSERT_EQUAL(t->device.nports, 1);
	CU_ASSERT_EQUAL(t->device.ports[0].rel_id, 2);
	CU_ASSERT_EQUAL(alua_configured(&t->device, 2), ALUA_STANDBY);
	end(&w);
}

/* Another secret is another group: logins that know the old one are told first. */
static void secrets(void)
{
	const struct auth_group *old;
	struct two w;

	start(&w);
	old = add_chap(&w.live, "sixteen letters.");
	add_target(&w.live, DISK("a"), add_group(&w.live, 1, "127.0.0.1:3260"))->auth = old;
	add_chap(&w.next, "sixteen letters.");
	add_target(&w.next, DISK("a"), add_group(&w.next, 1, "127.0.0.1:3260"))->auth =
		world_auth_group(&w.next, "lab");
	go(&w);
	CU_ASSERT_EQUAL(w.auths, 0);
	CU_ASSERT_PTR_EQUAL(world_auth_group(&w.live, "lab"), old);
	CU_ASSERT_EQUAL_FATAL(world_init(&w.next, &w.core), 0);
	add_chap(&w.next, "other secret....");
	add_target(&w.next, DISK("a"), add_group(&w.next, 1, "127.0.0.1:3260"))->auth =
		world_auth_group(&w.next, "lab");
	go(&w);
	CU_ASSERT_EQUAL(w.auths, 1);
	CU_ASSERT_PTR_EQUAL(w.auth, old);
	CU_ASSERT_PTR_EQUAL(world_target(&w.live, DISK("a"))->auth,
			    world_auth_group(&w.live, "lab"));
	CU_ASSERT(secret_equal(access_find(world_auth_group(&w.live, "lab"), "host1")->secret.bytes,
			       (const uint8_t *)"other secret....", 16));
	end(&w);
}

static const struct unit_test tests[] = {
	{ "what is in both stays where it is", what_stays },
	{ "what is new comes, what is not in it goes", what_comes_and_goes },
	{ "names of targets that are gone are remembered", names_that_are_gone },
	{ "portals come and go one by one", portals },
	{ "a target leaves a group", a_group_is_left },
	{ "a secret changes", secrets },
};

UNIT_MAIN("target/renew", tests)
