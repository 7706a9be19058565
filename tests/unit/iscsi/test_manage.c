#include "iscsi/manage.h"

#include "iscsi/sessions.h"
#include "peer.h"
#include "scsi/sense.h"

static const struct pdu_text_req whole = { .final = true, .ttt = PDU_TAG_RESERVED };

static struct peer *discover(struct bench *b)
{
	struct peer *p = bench_peer(b);
	struct pdu_login_rsp rsp;

	peer_login_send(p, PEER_DISCOVERY_NAMES, "");
	CU_ASSERT_EQUAL_FATAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	return p;
}

/* The Async Message that comes next; its event, or -1. */
static int next_event(struct peer *p, struct pdu_async *async)
{
	struct got g;

	memset(async, 0, sizeof(*async));
	if (!peer_expect(p, PDU_ASYNC, &g) || pdu_get_async(g.bhs, async) != PDU_OK)
		return -1;
	return async->event;
}

/* A change is told to discovery, to nobody else, and once until SendTargets asks. */
static void discovery_is_told_of_a_change(void)
{
	struct peer *p, *disk;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = discover(&b);
	disk = bench_login(&b, "");
	manage_targets_changed(&b.iscsi, NULL);
	peer_expect_luns_changed(p);
	manage_targets_changed(&b.iscsi, b.target);
	manage_targets_changed(&b.iscsi, NULL);
	peer_expect_nothing(p);
	peer_text_req(p, &whole, "SendTargets=All\n");
	CU_ASSERT(peer_expect(p, PDU_TEXT_RSP, &g));
	manage_targets_changed(&b.iscsi, b.target);
	peer_expect_luns_changed(p);
	peer_expect_nothing(disk);
	bench_close(&b);
}

/* A discovery session may wait for hours, silent on both sides, and is told even then. */
static void discovery_stays_for_hours(void)
{
	struct bench b;
	struct peer *p;
	int hour;

	bench_open(&b);
	p = discover(&b);
	for (hour = 0; hour < 12; hour++) {
		bench_sleep(&b, 3600 * 1000);
		peer_expect_nothing(p);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
	}
	manage_targets_changed(&b.iscsi, NULL);
	peer_expect_luns_changed(p);
	bench_close(&b);
}

/* Of a target that it may not see nobody is told. */
static void what_is_hidden_is_not_told(void)
{
	struct target *t;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	t = world_add_target(&b.world, "iqn.2026-11.org.example:disk2");
	if (!t)
		abort();
	t->groups[t->ngroups++] = b.group;
	t->auth = world_auth_group(&b.world, "deny");
	p = discover(&b);
	manage_targets_changed(&b.iscsi, t);
	peer_expect_nothing(p);
	t->auth = b.target->auth;
	manage_targets_changed(&b.iscsi, t);
	peer_expect_luns_changed(p);
	bench_close(&b);
}

/* Asked to log out: who does is gone, who does not is told so and dropped. */
static void a_target_s_sessions_are_asked_to_log_out(void)
{
	struct peer *p, *careless, *other;
	struct pdu_async async;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	careless = bench_login(&b, "");
	other = discover(&b);
	CU_ASSERT_EQUAL(manage_logout(&b.iscsi, b.target, 0, 7), 2);
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_LOGOUT);
	CU_ASSERT_EQUAL(async.parameter3, 7);
	CU_ASSERT_EQUAL(next_event(careless, &async), PDU_ASYNC_LOGOUT);
	peer_expect_nothing(other);
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_sleep(&b, 6999);
	peer_expect_nothing(careless);
	bench_sleep(&b, 1);
	CU_ASSERT_EQUAL(next_event(careless, &async), PDU_ASYNC_DROP_CONNECTION);
	CU_ASSERT_EQUAL(async.parameter1, 1); /* CID */
	CU_ASSERT_PTR_NULL(careless->c);
	CU_ASSERT_FALSE(manage_is_used(&b.iscsi, b.target));
	CU_ASSERT_PTR_NOT_NULL(other->c);
	bench_close(&b);
}

/* Time is over, but a command is in the store: the session is dropped behind its answer. */
static void what_is_in_flight_may_finish(void)
{
	uint8_t block[BENCH_BLOCK];
	struct pdu_async async;
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	itt = peer_read(p, 0, 1);
	bench_run(&b);
	CU_ASSERT_EQUAL(manage_logout_session(p->c->session, 1), 1);
	CU_ASSERT_EQUAL(manage_logout_session(p->c->session, 1), 0);
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_LOGOUT);
	bench_sleep(&b, 1000);
	bench_sleep(&b, 60000);
	peer_expect_nothing(p);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, itt, block), SCSI_GOOD);
	bench_sleep(&b, 60000);
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_DROP_CONNECTION);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* Dropped: sessions are told and closed; the target is in use until the store is done. */
static void a_target_s_sessions_are_dropped(void)
{
	static const struct pdu_login_req half = { .csg = PDU_STAGE_OPERATIONAL };
	struct peer *p, *half_in, *other;
	struct pdu_login_rsp rsp;
	struct pdu_async async;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, "");
	other = discover(&b);
	half_in = bench_peer(&b);
	peer_login_pdu(half_in, &half, PEER_NAMES);
	CU_ASSERT_EQUAL(peer_login_status(half_in, &rsp), PDU_LOGIN_SUCCESS);
	b.disk->hold = true;
	peer_read(p, 0, 1);
	bench_run(&b);
	manage_drop(&b.iscsi, b.target, 0, "the target is removed");
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_DROP_SESSION);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_PTR_NULL(half_in->c);
	CU_ASSERT(manage_is_used(&b.iscsi, b.target));
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT_FALSE(manage_is_used(&b.iscsi, b.target));
	CU_ASSERT_PTR_NOT_NULL(other->c);
	bench_close(&b);
}

/* A login that is half done keeps its target in use. */
static void a_login_uses_its_target(void)
{
	static const struct pdu_login_req half = { .csg = PDU_STAGE_OPERATIONAL };
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	CU_ASSERT_FALSE(manage_is_used(&b.iscsi, b.target));
	p = bench_peer(&b);
	peer_login_pdu(p, &half, PEER_NAMES);
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	CU_ASSERT(manage_is_used(&b.iscsi, b.target));
	peer_cut(p);
	CU_ASSERT_FALSE(manage_is_used(&b.iscsi, b.target));
	bench_close(&b);
}

#define OTHER_NAMES "InitiatorName=" BENCH_INITIATOR "\nTargetName=iqn.2026-11.org.example:disk2\n"

static uint16_t login_to_other(struct bench *b)
{
	struct peer *p = bench_peer(b);
	struct pdu_login_rsp rsp;

	peer_login_send(p, OTHER_NAMES, "");
	return peer_login_status(p, &rsp);
}

/* Who comes for a target that was removed is told so, not that it never was here. */
static void a_target_that_was_removed(void)
{
	struct target *t;
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(login_to_other(&b), PDU_LOGIN_NOT_FOUND);
	t = world_add_target(&b.world, "iqn.2026-11.org.example:disk2");
	if (!t)
		abort();
	t->groups[t->ngroups++] = b.group;
	t->auth = b.target->auth;
	CU_ASSERT_EQUAL(login_to_other(&b), PDU_LOGIN_SUCCESS);
	manage_drop(&b.iscsi, t, 0, "the target is removed");
	bench_run(&b);
	CU_ASSERT_FALSE_FATAL(manage_is_used(&b.iscsi, t));
	world_remove_target(&b.world, t);
	CU_ASSERT_EQUAL(login_to_other(&b), PDU_LOGIN_REMOVED);
	bench_close(&b);
}

/* Other LUNs: who has sent a NOP-Out is told, and not those who boot from a LUN and know none. */
static void other_luns_are_told_to_those_who_ping(void)
{
	struct peer *p, *quiet, *other;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	quiet = bench_login(&b, "");
	other = discover(&b);
	peer_nop(p, true, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	manage_luns_changed(&b.iscsi, b.target);
	peer_expect_luns_changed(p);
	peer_expect_nothing(quiet);
	peer_expect_nothing(other);
	bench_close(&b);
}

/* Who came by a portal group is asked by its tag; what refers to it is known until he is gone. */
static void a_group_s_sessions_are_asked(void)
{
	struct portal_group none = { .tag = 9 };
	struct pdu_async async;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	CU_ASSERT_FALSE(manage_uses_group(&b.iscsi, b.group));
	CU_ASSERT_FALSE(manage_uses_portal(&b.iscsi, b.portal));
	p = bench_login(&b, "");
	CU_ASSERT(manage_uses_group(&b.iscsi, b.group));
	CU_ASSERT(manage_uses_portal(&b.iscsi, b.portal));
	CU_ASSERT_FALSE(manage_uses_group(&b.iscsi, &none));
	CU_ASSERT_EQUAL(manage_logout(&b.iscsi, NULL, 9, 7), 0);
	CU_ASSERT_EQUAL(manage_logout(&b.iscsi, b.target, 9, 7), 0);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(manage_logout(&b.iscsi, NULL, b.group->tag, 7), 1);
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_LOGOUT);
	manage_drop(&b.iscsi, NULL, b.group->tag, "its portal group goes");
	CU_ASSERT_EQUAL(next_event(p, &async), PDU_ASYNC_DROP_SESSION);
	bench_run(&b);
	CU_ASSERT_FALSE(manage_uses_group(&b.iscsi, b.group));
	bench_close(&b);
}

/* A login that was begun by rules that are no more has to begin anew; a session stays. */
static void rules_change_under_a_login(void)
{
	static const struct pdu_login_req half = { .csg = PDU_STAGE_OPERATIONAL };
	struct pdu_login_rsp rsp;
	struct auth_group *g;
	struct bench b;
	struct peer *p, *in;

	bench_open(&b);
	in = bench_login(&b, "");
	p = bench_peer(&b);
	peer_login_pdu(p, &half, PEER_NAMES);
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	g = world_auth_group(&b.world, "deny");
	manage_auth_changes(&b.iscsi, g);
	bench_run(&b);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	manage_auth_changes(&b.iscsi, b.target->auth);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_PTR_NOT_NULL(in->c);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "discovery is told of a change", discovery_is_told_of_a_change },
	{ "discovery stays for hours", discovery_stays_for_hours },
	{ "what is hidden is not told", what_is_hidden_is_not_told },
	{ "a target's sessions are asked to log out", a_target_s_sessions_are_asked_to_log_out },
	{ "what is in flight may finish", what_is_in_flight_may_finish },
	{ "a target's sessions are dropped", a_target_s_sessions_are_dropped },
	{ "a login uses its target", a_login_uses_its_target },
	{ "a target that was removed: 0x0204", a_target_that_was_removed },
	{ "other LUNs are told to those who ping", other_luns_are_told_to_those_who_ping },
	{ "the sessions of a portal group are asked", a_group_s_sessions_are_asked },
	{ "rules change under a login", rules_change_under_a_login },
};

UNIT_MAIN("iscsi/manage", tests)
