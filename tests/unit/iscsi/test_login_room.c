#include "iscsi/login_room.h"

#include "peer.h"

static void expect_no_room(struct bench *b)
{
	struct peer *p = bench_peer(b);
	struct pdu_login_rsp rsp;

	peer_login_send(p, PEER_NAMES, "");
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_OUT_OF_RESOURCES);
	CU_ASSERT_PTR_NULL(p->c);
}

static void who_has_logged_in_stays(void)
{
	struct peer *one;
	struct bench b;

	bench_open(&b);
	b.iscsi.max_connections = 1;
	one = bench_login(&b, "");
	expect_no_room(&b);
	CU_ASSERT_PTR_NOT_NULL(one->c);
	bench_close(&b);
}

/* Connections that say nothing do not keep those out that log in at once. */
static void who_is_slow_gives_way(void)
{
	struct peer *slow, *other, *quick;
	struct bench b;

	bench_open(&b);
	b.iscsi.max_connections = 2;
	slow = bench_peer(&b);
	other = bench_peer(&b);
	expect_no_room(&b); /* they have only come */
	bench_sleep(&b, 1000);
	quick = bench_login(&b, "");
	CU_ASSERT_PTR_NOT_NULL(quick->c);
	CU_ASSERT_PTR_NULL(slow->c);
	CU_ASSERT_PTR_NOT_NULL(other->c);
	(void)bench_login(&b, "InitiatorAlias=two\n");
	CU_ASSERT_PTR_NULL(other->c);
	expect_no_room(&b); /* who has logged in stays */
	CU_ASSERT_PTR_NOT_NULL(quick->c);
	bench_close(&b);
}

/* Whatever login-timeout becomes meanwhile. */
static void the_time_to_log_in_may_change(void)
{
	struct peer *slow, *fresh;
	struct bench b;

	bench_open(&b);
	b.iscsi.max_connections = 1;
	fresh = bench_peer(&b);
	b.iscsi.login_timeout_ms *= 4;
	expect_no_room(&b);
	CU_ASSERT_PTR_NOT_NULL(fresh->c);
	bench_close(&b);

	bench_open(&b);
	b.iscsi.max_connections = 1;
	slow = bench_peer(&b);
	b.iscsi.login_timeout_ms = 5000;
	bench_sleep(&b, 1000);
	CU_ASSERT_PTR_NOT_NULL(bench_login(&b, "")->c);
	CU_ASSERT_PTR_NULL(slow->c);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "who has logged in stays", who_has_logged_in_stays },
	{ "who is slow to log in gives way", who_is_slow_gives_way },
	{ "the time to log in may change", the_time_to_log_in_may_change },
};

UNIT_MAIN("iscsi/login_room", tests)
