#include "peer.h"

#include "iscsi/sessions.h"

/* A login to the session of p, with that CID. */
static struct peer *join_send(struct peer *p, uint16_t cid)
{
	struct pdu_login_req req = { .transit = true,
				     .csg = PDU_STAGE_OPERATIONAL,
				     .nsg = PDU_STAGE_FULL,
				     .tsih = p->tsih };
	struct peer *q = bench_peer(p->bench);

	q->isid = p->isid;
	q->cid = cid;
	q->cmdsn = p->cmdsn;
	peer_login_pdu(q, &req, PEER_NAMES);
	return q;
}

static uint16_t join_status(struct peer *q)
{
	struct pdu_login_rsp rsp;

	return peer_login_status(q, &rsp);
}

static struct session *session_of(const struct peer *p)
{
	return sessions_find(&p->bench->iscsi, p->tsih);
}

/* The window that a login is told is the session's, not what the login says. */
static void window_goes_on(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p, *q;

	bench_open(&b);
	p = bench_login(&b, "MaxConnections=2\n");
	p->cmdsn += 7;
	q = join_send(p, 2);
	CU_ASSERT_EQUAL(peer_login_status(q, &rsp), PDU_LOGIN_SUCCESS);
	CU_ASSERT_EQUAL(rsp.sn.expcmdsn, session_of(p)->cmdsn.exp);
	CU_ASSERT_EQUAL(rsp.sn.expcmdsn, p->cmdsn - 7);
	CU_ASSERT_EQUAL(rsp.tsih, p->tsih);
	bench_close(&b);
}

static void another_user(void)
{
	struct bench b;
	struct peer *p, *q;

	bench_open(&b);
	p = bench_login(&b, "MaxConnections=2\n");
	memcpy(session_of(p)->user, "somebody", sizeof("somebody"));
	q = join_send(p, 2);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_AUTH_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "another user"));
	bench_close(&b);
}

/* A session whose only connection logs in anew, while the store has a write of it. */
static struct peer *reinstate(struct bench *b, struct peer **p)
{
	static uint8_t data[BENCH_BLOCK];
	struct pdu_scsi_cmd cmd;
	struct peer *q;

	bench_open(b);
	*p = bench_login(b, "");
	b->disk->hold = true;
	peer_rw10(&cmd, 0x2a, 0, 1);
	cmd.data_len = BENCH_BLOCK;
	peer_scsi(*p, &cmd, data);
	bench_run(b);
	CU_ASSERT_EQUAL(b->disk->nheld, 1);
	q = join_send(*p, 1);
	peer_expect_nothing(q);
	CU_ASSERT_PTR_NULL((*p)->c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(session_of(*p));
	CU_ASSERT(TAILQ_EMPTY(&session_of(*p)->conns));
	return q;
}

/* 6.3.4: the session lives on. A write of the old connection that the store still has is waited
 * for: it must not land on what the new one writes. */
static void the_only_one_reinstated(void)
{
	uint8_t back[BENCH_BLOCK];
	struct pdu_login_rsp rsp;
	struct peer *p, *q;
	struct bench b;

	q = reinstate(&b, &p);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_login_status(q, &rsp), PDU_LOGIN_SUCCESS);
	CU_ASSERT_EQUAL(rsp.tsih, p->tsih);
	CU_ASSERT_EQUAL(rsp.sn.expcmdsn, p->cmdsn);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	peer_end(q, peer_test_unit_ready(q), NULL); /* power on */
	CU_ASSERT_EQUAL(peer_end(q, peer_read(q, 0, 1), back), SCSI_GOOD);
	peer_cut(q);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(session_of(p));
	bench_close(&b);
}

/* Nothing is left of a session that nobody comes for in the end. */
static void whoever_reinstates_goes(void)
{
	struct peer *p, *q;
	struct bench b;

	q = reinstate(&b, &p);
	peer_cut(q);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(session_of(p));
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* The same when what it waits for is over in the very turn in which its login fails. */
static void whoever_reinstates_is_refused(void)
{
	struct pdu_login_rsp rsp;
	struct peer *p, *q;
	struct bench b;

	q = reinstate(&b, &p);
	peer_nop(q, true, NULL, 0);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_login_status(q, &rsp), PDU_LOGIN_INVALID_DURING_LOGIN);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* Of two who come for the same place the later one has it. */
static void reinstated_twice(void)
{
	uint8_t back[BENCH_BLOCK];
	struct peer *p, *q, *r;
	struct bench b;

	q = reinstate(&b, &p);
	r = join_send(p, 1);
	peer_expect_nothing(r);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(join_status(r), PDU_LOGIN_SUCCESS);
	CU_ASSERT_PTR_NULL(q->c);
	peer_end(r, peer_test_unit_ready(r), NULL); /* power on */
	CU_ASSERT_EQUAL(peer_end(r, peer_read(r, 0, 1), back), SCSI_GOOD);
	bench_close(&b);
}

/* 6.3.5 goes before 6.3.4: a session that is replaced takes no connection any more. */
static void replaced_while_reinstated(void)
{
	struct peer *p, *q, *r;
	struct bench b;

	q = reinstate(&b, &p);
	r = bench_peer(&b);
	r->isid = p->isid;
	peer_login_send(r, PEER_NAMES, "");
	peer_expect_nothing(r);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_NO_SESSION);
	CU_ASSERT_EQUAL(join_status(r), PDU_LOGIN_SUCCESS);
	bench_close(&b);
}

/* Nor does one that a reset ends, though a connection of it is slow to go (11.5.1). */
static void reinstated_after_a_reset(void)
{
	const struct pdu_tmf_req req = { .function = PDU_TMF_TARGET_COLD_RESET };
	struct peer *p, *r;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	r = bench_login(&b, "");
	p->deaf = true;
	peer_tmf(r, &req);
	CU_ASSERT(peer_expect(r, PDU_TMF_RSP, &g));
	CU_ASSERT_PTR_NOT_NULL(session_of(p));
	CU_ASSERT_EQUAL(join_status(join_send(p, 1)), PDU_LOGIN_NO_SESSION);
	bench_close(&b);
}

/* Nor does one whose logout is under way (11.14.1, reason 0). */
static void reinstated_after_a_logout(void)
{
	struct pdu_scsi_cmd cmd;
	struct peer *p, *q;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	peer_rw10(&cmd, 0x28, 0, 1);
	peer_scsi(p, &cmd, NULL);
	peer_logout(p, PDU_LOGOUT_SESSION, 0);
	peer_expect_nothing(p);
	q = join_send(p, 1);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_NO_SESSION);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* Nor does it keep a server from its stop. */
static void reinstated_while_the_server_stops(void)
{
	struct peer *p, *q;
	struct bench b;

	q = reinstate(&b, &p);
	door_stop(&b.iscsi, 2);
	bench_run(&b);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* The same where another connection keeps the session. */
static void reinstated_beside_another(void)
{
	static uint8_t data[BENCH_BLOCK];
	struct pdu_scsi_cmd cmd;
	struct peer *p, *q, *r;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, "MaxConnections=2\n");
	q = join_send(p, 2);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_SUCCESS);
	b.disk->hold = true;
	peer_rw10(&cmd, 0x2a, 0, 1);
	cmd.data_len = BENCH_BLOCK;
	peer_scsi(p, &cmd, data);
	bench_run(&b);
	r = join_send(p, 1);
	peer_expect_nothing(r);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(session_of(p)->nlost, 1);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(join_status(r), PDU_LOGIN_SUCCESS);
	bench_close(&b);
}

/* An answer to a logout of another connection waits for the store, too. */
static void logged_out_by_another(void)
{
	static uint8_t data[BENCH_BLOCK];
	struct pdu_scsi_cmd cmd;
	struct peer *p, *q;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "MaxConnections=2\n");
	q = join_send(p, 2);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_SUCCESS);
	b.disk->hold = true;
	peer_rw10(&cmd, 0x2a, 0, 1);
	cmd.data_len = BENCH_BLOCK;
	peer_scsi(p, &cmd, data);
	q->cmdsn = p->cmdsn;
	peer_logout(q, PDU_LOGOUT_CONNECTION, 1);
	peer_expect_nothing(q);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(q, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* Who asked for it may be gone before. */
static void logged_out_by_one_that_goes(void)
{
	struct pdu_scsi_cmd cmd;
	struct peer *p, *q;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, "MaxConnections=2\n");
	q = join_send(p, 2);
	CU_ASSERT_EQUAL(join_status(q), PDU_LOGIN_SUCCESS);
	b.disk->hold = true;
	peer_rw10(&cmd, 0x28, 0, 1);
	peer_scsi(p, &cmd, NULL);
	q->cmdsn = p->cmdsn;
	peer_logout(q, PDU_LOGOUT_CONNECTION, 1);
	bench_run(&b);
	peer_cut(q);
	bench_run(&b);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "the window goes on", window_goes_on },
	{ "another user is refused", another_user },
	{ "6.3.4: the only connection is reinstated", the_only_one_reinstated },
	{ "whoever reinstates it goes", whoever_reinstates_goes },
	{ "whoever reinstates it is refused", whoever_reinstates_is_refused },
	{ "reinstated twice", reinstated_twice },
	{ "replaced while it is reinstated", replaced_while_reinstated },
	{ "reinstated after a reset", reinstated_after_a_reset },
	{ "reinstated after a logout", reinstated_after_a_logout },
	{ "reinstated while the server stops", reinstated_while_the_server_stops },
	{ "reinstated beside another connection", reinstated_beside_another },
	{ "logged out by another connection", logged_out_by_another },
	{ "logged out by one that goes", logged_out_by_one_that_goes },
};

UNIT_MAIN("iscsi/join", tests)
