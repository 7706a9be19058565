#include "iscsi/why.h"

#include "base/buf.h"
#include "iscsi/conn.h"
#include "scsi/core.h"
#include "target/world.h"
#include "unit.h"
#include "wire/pdu.h"

#include <stdio.h>
#include <string.h>

#define IQN "iqn.2026-11.org.example:disk"

/* A world with a target at a portal, and a connection that came by it. */
struct scene {
	struct buf_pool pool;
	struct scsi_core core;
	struct world world;
	struct iscsi iscsi;
	struct conn conn;
	struct portal_group *group;
	struct auth_group *auth;
};

static void scene_init(struct scene *s)
{
	struct portal_addr addr;
	struct target *t;

	memset(s, 0, sizeof(*s));
	scsi_core_init(&s->core, &s->pool);
	CU_ASSERT_EQUAL_FATAL(world_init(&s->world, &s->core), 0);
	s->group = world_add_portal_group(&s->world, 1);
	CU_ASSERT_EQUAL_FATAL(portal_addr_parse("192.0.2.1:3260", &addr), 0);
	CU_ASSERT_EQUAL_FATAL(world_add_portal(&s->world, s->group, &addr), 0);
	t = world_add_target(&s->world, IQN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	target_add_group(t, s->group);
	s->auth = world_add_auth_group(&s->world, "lab");
	s->iscsi.world = &s->world;
	s->conn.iscsi = &s->iscsi;
	s->conn.portal = TAILQ_FIRST(&s->group->portals);
	portal_addr_parse("198.51.100.7:1000", &s->conn.peer);
	s->conn.heard_ms = 1000;
}

static void scene_fini(struct scene *s)
{
	world_fini(&s->world);
}

static const struct why_case *note(struct scene *s, const char *initiator, uint16_t status,
				   const char *reason)
{
	const struct why_login l = { .conn = &s->conn,
				     .initiator = initiator,
				     .target = IQN,
				     .group = s->auth,
				     .status = status,
				     .reason = reason };

	return why_note(&s->iscsi.why, &l);
}

/* The same case from another port is the same case, and comes to the front. */
static void the_same_again_is_counted(void)
{
	static struct scene s;
	const struct why_case *k;

	scene_init(&s);
	note(&s, "iqn.a", PDU_LOGIN_INITIATOR_ERROR, "x");
	note(&s, "iqn.b", PDU_LOGIN_INITIATOR_ERROR, "x");
	portal_addr_set_port(&s.conn.peer, 1001);
	s.conn.heard_ms = 5000;
	note(&s, "iqn.a", PDU_LOGIN_INITIATOR_ERROR, "x");
	k = why_nth(&s.iscsi.why, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_STRING_EQUAL(k->initiator, "iqn.a");
	CU_ASSERT_EQUAL(k->count, 2);
	CU_ASSERT_EQUAL(k->first_ms, 1000);
	CU_ASSERT_EQUAL(k->last_ms, 5000);
	CU_ASSERT_STRING_EQUAL(why_nth(&s.iscsi.why, 1)->initiator, "iqn.b");
	CU_ASSERT_PTR_NULL(why_nth(&s.iscsi.why, 2));
	note(&s, "iqn.a", PDU_LOGIN_INITIATOR_ERROR, "y");
	CU_ASSERT_EQUAL(why_nth(&s.iscsi.why, 0)->count, 1);
	CU_ASSERT_EQUAL(s.iscsi.why.total, 4);
	scene_fini(&s);
}

/* When all places are taken the oldest goes. */
static void the_oldest_is_forgotten(void)
{
	static struct scene s;
	char name[32];
	size_t i;

	scene_init(&s);
	for (i = 0; i < WHY_CASES + 3; i++) {
		snprintf(name, sizeof(name), "iqn.%zu", i);
		note(&s, name, PDU_LOGIN_INITIATOR_ERROR, "x");
	}
	snprintf(name, sizeof(name), "iqn.%d", WHY_CASES + 2);
	CU_ASSERT_STRING_EQUAL(why_nth(&s.iscsi.why, 0)->initiator, name);
	CU_ASSERT_STRING_EQUAL(why_nth(&s.iscsi.why, WHY_CASES - 1)->initiator, "iqn.3");
	CU_ASSERT_PTR_NULL(why_nth(&s.iscsi.why, WHY_CASES));
	scene_fini(&s);
}

/* The group's rules, its ways to prove oneself, the portals of a target: as the status asks. */
static void what_would_be_accepted_is_told(void)
{
	static struct access_name name = { .pattern = "iqn.good:*" };
	static struct access_chap chap = { .user = "host1", .mutual_user = "itgtd" };
	static struct access_net net;
	static struct scene s;

	scene_init(&s);
	s.auth->kind = ACCESS_DENY;
	CU_ASSERT_STRING_EQUAL(note(&s, "iqn.a", PDU_LOGIN_FORBIDDEN, "x")->accepted,
			       "nobody: auth-group \"lab\" lets no one in");
	s.auth->kind = ACCESS_CHAP;
	access_net_parse("192.0.2.0/24", &net);
	STAILQ_INSERT_TAIL(&s.auth->names, &name, link);
	STAILQ_INSERT_TAIL(&s.auth->portals, &net, link);
	STAILQ_INSERT_TAIL(&s.auth->accounts, &chap, link);
	s.auth->algorithms[0] = 7;
	s.auth->nalgorithms = 1;
	CU_ASSERT_STRING_EQUAL(
		note(&s, "iqn.b", PDU_LOGIN_FORBIDDEN, "x")->accepted,
		"initiator-names \"iqn.good:*\", each from initiator-portals 192.0.2.0/24");
	CU_ASSERT_STRING_EQUAL(note(&s, "iqn.b", PDU_LOGIN_AUTH_FAILED, "x")->accepted,
			       "CHAP with SHA-256 and the secret of user \"host1\" (mutual)");
	CU_ASSERT_STRING_EQUAL(note(&s, "iqn.b", PDU_LOGIN_NOT_FOUND, "x")->accepted,
			       "that target at portal 192.0.2.1:3260");
	CU_ASSERT_STRING_EQUAL(note(&s, "iqn.b", PDU_LOGIN_INITIATOR_ERROR, "x")->accepted, "");
	STAILQ_INIT(&s.auth->names);
	STAILQ_INIT(&s.auth->portals);
	STAILQ_INIT(&s.auth->accounts);
	scene_fini(&s);
}

/* However many there are to be named, the text ends in its place. */
static void long_lists_are_cut(void)
{
	static struct access_name names[40];
	static struct scene s;
	const char *accepted;
	size_t i;

	scene_init(&s);
	s.auth->kind = ACCESS_OPEN;
	for (i = 0; i < 40; i++) {
		snprintf(names[i].pattern, sizeof(names[i].pattern), "iqn.2026-11.org.example:%zu",
			 i);
		STAILQ_INSERT_TAIL(&s.auth->names, &names[i], link);
	}
	accepted = note(&s, "iqn.a", PDU_LOGIN_FORBIDDEN, "x")->accepted;
	CU_ASSERT_EQUAL(strlen(accepted), WHY_TEXT_MAX - 1);
	CU_ASSERT_STRING_EQUAL(accepted + WHY_TEXT_MAX - 4, "...");
	STAILQ_INIT(&s.auth->names);
	scene_fini(&s);
}

static const struct unit_test tests[] = {
	{ "the same again is counted", the_same_again_is_counted },
	{ "the oldest is forgotten", the_oldest_is_forgotten },
	{ "what would be accepted is told", what_would_be_accepted_is_told },
	{ "long lists are cut", long_lists_are_cut },
};

UNIT_MAIN("why", tests)
