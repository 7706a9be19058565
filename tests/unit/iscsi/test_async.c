/* RFC 7143, 11.9: Async Messages, and what becomes of the connection that they come by. */
#include "iscsi/async.h"

#include "recovery.h"

/* It must be the next PDU; all that it does not say is zero. */
static struct pdu_async expect_event(struct peer *p, enum pdu_async_event event)
{
	static const uint8_t nil[16];
	struct pdu_async async = { .event = 0xfe };
	struct got g;

	if (!peer_expect(p, PDU_ASYNC, &g))
		return async;
	CU_ASSERT_EQUAL(pdu_get_async(g.bhs, &async), PDU_OK);
	CU_ASSERT_EQUAL(async.event, event);
	CU_ASSERT_EQUAL(async.vcode, 0);
	CU_ASSERT_EQUAL(g.bhs[1], PDU_FINAL);
	CU_ASSERT_EQUAL(memcmp(g.bhs + 2, nil, 3), 0);  /* reserved, no AHS */
	CU_ASSERT_EQUAL(memcmp(g.bhs + 8, nil, 8), 0);  /* LUN 0 */
	CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);       /* where others have their tag */
	CU_ASSERT_EQUAL(memcmp(g.bhs + 20, nil, 4), 0); /* reserved */
	CU_ASSERT_EQUAL(memcmp(g.bhs + 44, nil, 4), 0);
	CU_ASSERT_EQUAL(event == PDU_ASYNC_SCSI, g.len > 0);
	return async;
}

/* Event 1: Parameter3 is the time; new commands are not taken, what is in flight ends. */
static void asked_to_log_out(void)
{
	static uint8_t data[BENCH_BLOCK];
	struct pdu_async async;
	uint32_t in_flight;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	b.disk->hold = true;
	in_flight = peer_read(p, 0, 1);
	peer_expect_nothing(p);
	async_ask_logout(p->c, 5);
	async = expect_event(p, PDU_ASYNC_LOGOUT);
	CU_ASSERT(!async.parameter1 && !async.parameter2 && async.parameter3 == 5);
	CU_ASSERT_EQUAL(p->c->state, CONN_LOGOUT_REQUESTED);
	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--; /* 7.3: that of the command is still to come */
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, in_flight, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(peer_logged_out(p, PDU_LOGOUT_SESSION, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* Who does not log out in time is told that it is dropped, to the millisecond; 0 is at once. */
static void not_in_time(void)
{
	static const uint16_t times[] = { 0, 1, 65535 };
	struct pdu_async async;
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		bench_open(&b);
		b.target->limits.nop_interval_ms = 0;
		p = bench_login(&b, LEVEL_0);
		async_ask_logout(p->c, times[i]);
		async = expect_event(p, PDU_ASYNC_LOGOUT);
		CU_ASSERT_EQUAL(async.parameter3, times[i]);
		if (times[i]) {
			bench_sleep(&b, (uint64_t)times[i] * 1000 - 1);
			peer_expect_nothing(p);
			CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
		}
		bench_sleep(&b, 1);
		async = expect_event(p, PDU_ASYNC_DROP_CONNECTION);
		CU_ASSERT_EQUAL(async.parameter1, 1);
		CU_ASSERT_PTR_NULL(p->c);
		bench_close(&b);
	}
}

/*
 * Event 2: Parameter1 is the CID; Time2Wait and Time2Retain are 0, and true: nothing is kept for
 * anybody, at level 2 neither. What was said before comes first, what comes later is not heard.
 */
static void a_connection_is_dropped(void)
{
	struct pdu_async async;
	struct peer *p, *q;
	struct bench b;
	struct got g;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, LEVEL_2);
	q = peer_join(p, 0xbeef, "");
	b.disk->hold = true;
	peer_read(q, 0, 1);
	peer_expect_nothing(q);
	itt = peer_nop(q, true, NULL, 0);
	async_drop_connection(q->c);
	peer_nop(q, true, NULL, 0);
	if (peer_expect(q, PDU_NOP_IN, &g))
		CU_ASSERT_EQUAL(g.itt, itt);
	async = expect_event(q, PDU_ASYNC_DROP_CONNECTION);
	CU_ASSERT(async.parameter1 == 0xbeef && !async.parameter2 && !async.parameter3);
	peer_expect_nothing(q);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT(TAILQ_EMPTY(&p->c->session->lost));
	bench_store_release(b.disk);
	expect_told(peer_pass(q, p)); /* 7.6: of the read that went with it */
	expect_good(p);
	bench_close(&b);
}

/* Event 3: of the whole session, on each of its connections. */
static void a_session_is_dropped(void)
{
	struct pdu_async async;
	struct peer *p[2];
	struct bench b;
	int i;

	bench_open(&b);
	p[0] = bench_login(&b, LEVEL_0);
	p[1] = peer_join(p[0], 2, "");
	for (i = 0; i < 2; i++)
		async_drop_session(p[i]->c);
	for (i = 0; i < 2; i++) {
		async = expect_event(p[i], PDU_ASYNC_DROP_SESSION);
		CU_ASSERT(!async.parameter1 && !async.parameter2 && !async.parameter3);
		CU_ASSERT_PTR_NULL(p[i]->c);
	}
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* A peer that reads nothing is not waited for: it goes with its time to read the last word. */
static void nobody_reads_it(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	p->deaf = true;
	async_drop_connection(p->c);
	bench_run(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
	CU_ASSERT_FALSE(door_wants_input(p->c));
	bench_sleep(&b, 60000);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* Event 0 goes to those that have sent a NOP-Out, of whatever kind, each time, digests and all. */
static void luns_have_changed(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0 "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
	async_luns_changed(p->c);
	peer_expect_nothing(p);
	peer_nop(p, true, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	for (i = 0; i < 3; i++)
		async_luns_changed(p->c);
	for (i = 0; i < 3; i++)
		peer_expect_luns_changed(p);
	expect_good(p);
	bench_close(&b);
}

/* Discovery is told once, whether it has sent a NOP-Out or not (it may not), until it asks. */
static void targets_have_changed(void)
{
	static const struct pdu_text_req whole = { .final = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_peer(&b);
	peer_login_send(p, PEER_DISCOVERY_NAMES, "");
	CU_ASSERT_EQUAL_FATAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	for (i = 0; i < 2; i++) {
		async_targets_changed(p->c);
		async_targets_changed(p->c);
		peer_expect_luns_changed(p);
		async_targets_changed(p->c);
		peer_expect_nothing(p);
		peer_text_req(p, &whole, "SendTargets=All\n");
		CU_ASSERT(peer_expect(p, PDU_TEXT_RSP, &g));
	}
	bench_close(&b);
}

/* Level 1: it has a StatSN, so it is kept until that is acknowledged, and comes again (11.16). */
static void comes_again(void)
{
	struct copy first;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_1);
	peer_nop(p, true, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	async_luns_changed(p->c);
	CU_ASSERT_FATAL(peer_expect(p, PDU_ASYNC, &g));
	copy_of(&first, &g);
	peer_snack(p, &(struct pdu_snack){ .type = PDU_SNACK_STATUS,
					   .itt = PDU_TAG_RESERVED,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = statsn_of(first.bhs),
					   .begrun = statsn_of(first.bhs),
					   .runlength = 1 });
	if (peer_again(p, PDU_ASYNC, &g))
		CU_ASSERT(is_replica(&g, &first));
	peer_expect_nothing(p);
	expect_good(p);
	CU_ASSERT_EQUAL(p->c->ledger.n, 1); /* but for that answer */
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.9.1: asked to log out", asked_to_log_out },
	{ "not in time", not_in_time },
	{ "11.9.1: a connection is dropped", a_connection_is_dropped },
	{ "11.9.1: a session is dropped", a_session_is_dropped },
	{ "nobody reads it", nobody_reads_it },
	{ "LUNs have changed", luns_have_changed },
	{ "targets have changed", targets_have_changed },
	{ "level 1: it comes again", comes_again },
};

UNIT_MAIN("iscsi/async", tests)
