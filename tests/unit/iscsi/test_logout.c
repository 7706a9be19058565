/* RFC 7143, 11.14, 11.15: what a logout ends, what it leaves, and when it is answered. */
#include "iscsi/logout.h"

#include "iscsi/sessions.h"
#include "recovery.h"

static uint8_t data[4 * BENCH_BLOCK];

static struct peer *begin(struct bench *b, const char *keys)
{
	bench_open(b);
	memset(data, 0xa5, sizeof(data));
	return bench_login(b, keys);
}

static struct session *session_of(const struct peer *p)
{
	return sessions_find(&p->bench->iscsi, p->tsih);
}

/* A write of a block, whose data is in the store, which does not answer. The ITT. */
static uint32_t hold_a_write(struct peer *p)
{
	const struct pdu_data_out out = { .final = true, .itt = p->itt + 1, .data_len = 512 };
	struct pdu_data_out d = out;
	struct pdu_r2t r2t;
	struct got g;

	peer_write(p, 0, 1, data, 0, true);
	CU_ASSERT_FATAL(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
	p->bench->disk->hold = true;
	d.ttt = r2t.ttt;
	peer_data_out(p, &d, data);
	bench_run(p->bench);
	CU_ASSERT_EQUAL(p->bench->disk->nheld, 1);
	return out.itt;
}

/* ---- responses ---- */

/* 11.15.1, 11.15.4: the code, and 0 s of Time2Retain where nothing is left to take over. */
static void responses(void)
{
	static const struct {
		const char *keys;
		enum pdu_logout_reason reason;
		uint16_t cid;
		uint8_t response;
		uint16_t time2retain;
	} cases[] = {
		{ LEVEL_0, PDU_LOGOUT_SESSION, 1, PDU_LOGOUT_DONE, 0 },
		{ LEVEL_0, PDU_LOGOUT_SESSION, 4711, PDU_LOGOUT_DONE, 0 },
		{ LEVEL_0, PDU_LOGOUT_CONNECTION, 1, PDU_LOGOUT_DONE, 0 },
		{ LEVEL_0, PDU_LOGOUT_CONNECTION, 2, PDU_LOGOUT_NO_CID, 0 },
		{ LEVEL_0, PDU_LOGOUT_RECOVERY, 1, PDU_LOGOUT_NO_RECOVERY, 0 },
		{ LEVEL_1, PDU_LOGOUT_RECOVERY, 1, PDU_LOGOUT_NO_RECOVERY, 0 },
		{ LEVEL_2, PDU_LOGOUT_SESSION, 1, PDU_LOGOUT_DONE, 0 },
		{ LEVEL_2, PDU_LOGOUT_CONNECTION, 1, PDU_LOGOUT_DONE, 0 },
		{ LEVEL_2, PDU_LOGOUT_RECOVERY, 1, PDU_LOGOUT_DONE, 20 },
	};
	struct pdu_logout_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = begin(&b, cases[i].keys);
		peer_logout(p, cases[i].reason, cases[i].cid);
		CU_ASSERT_FATAL(peer_expect(p, PDU_LOGOUT_RSP, &g));
		CU_ASSERT_EQUAL(pdu_get_logout_rsp(g.bhs, &rsp), PDU_OK);
		CU_ASSERT_EQUAL(rsp.itt, p->itt);
		CU_ASSERT_EQUAL(rsp.response, cases[i].response);
		if (rsp.response == PDU_LOGOUT_DONE) {
			CU_ASSERT_EQUAL(rsp.time2retain, cases[i].time2retain);
			CU_ASSERT_PTR_NULL(p->c);
		} else {
			expect_good(p); /* it goes on */
		}
		bench_close(&b);
	}
}

/* ---- reason 0 ---- */

/* Asked for on any connection, it ends all; the answer is the last that is said. */
static void the_session(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");
	struct got g;

	hold_a_write(p);
	peer_logout(peer_pass(p, q), PDU_LOGOUT_SESSION, 2);
	peer_expect_nothing(q); /* 11.14: not while the store may still write */
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(q, PDU_LOGOUT_RSP, &g));
	CU_ASSERT(!p->c && !q->c);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* It ends what was lost and could still be taken over, too. */
static void the_session_and_what_it_lost(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, "");

	peer_write(p, 0, 1, data, 0, true);
	bench_run(&b);
	peer_cut(p);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 1);
	CU_ASSERT_EQUAL(peer_logged_out(peer_pass(p, q), PDU_LOGOUT_SESSION, 0), PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 0);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* ---- reason 1 ---- */

/* A write that waits for its data ends with its connection, and the session is told (7.6). */
static void a_connection_by_itself(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");
	struct got g;

	peer_write(p, 0, 1, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(peer_logged_out(p, PDU_LOGOUT_CONNECTION, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	expect_told(peer_pass(p, q));
	expect_good(q);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* 11.14: what stands before it is answered, before it is. */
static void behind_its_commands(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");
	uint32_t itt = hold_a_write(p);
	struct got g;

	peer_logout(p, PDU_LOGOUT_CONNECTION, 1);
	peer_expect_nothing(p);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g) && g.itt == itt && !g.bhs[3]);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	expect_good(peer_pass(p, q));
	bench_close(&b);
}

/* Of the connection that asks and is not there any more. */
static void twice(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");

	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_CONNECTION, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_CONNECTION, 1), PDU_LOGOUT_NO_CID);
	expect_good(q);
	bench_close(&b);
}

/* ---- what waits for its CmdSN ---- */

enum ending { BY_ITSELF, BY_ANOTHER, CUT, RECOVERED_BY_ITSELF, RECOVERED_BY_ANOTHER, CUT_AND_OUT };

/* An immediate request: what the connection has in the store ends without an answer. */
static void ask_at_once(struct peer *by, enum pdu_logout_reason reason, uint16_t cid)
{
	const struct pdu_logout_req req = {
		.immediate = true,
		.reason = (uint8_t)reason,
		.itt = 0x7000,
		.cid = cid,
		.cmdsn = by->cmdsn,
		.expstatsn = by->statsn,
	};
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_logout_req(bhs, &req);
	peer_pdu(by, bhs, NULL);
}

static void end(struct peer *p, struct peer *q, enum ending how)
{
	bool recovers = how >= RECOVERED_BY_ITSELF;
	struct peer *by = how == BY_ITSELF || how == RECOVERED_BY_ITSELF ? p : q;
	struct got g;

	if (how == CUT || how == CUT_AND_OUT)
		peer_cut(p);
	if (how == CUT)
		return;
	ask_at_once(peer_pass(p, by), recovers ? PDU_LOGOUT_RECOVERY : PDU_LOGOUT_CONNECTION, 1);
	CU_ASSERT(peer_expect(by, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
}

/* A connection whose last task ends so closes all the same, at once. */
static void its_last_task_ends_without_an_answer(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "MaxRecvDataSegmentLength=512\n");
	struct got g;

	hold_a_write(p);
	ask_at_once(peer_pass(p, q), PDU_LOGOUT_CONNECTION, 1);
	peer_expect_nothing(q);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(q, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* Nor does it wait for data that a task had asked for which is being aborted: it is not read any
 * more. */
static void an_aborted_one_waits_for_no_data(void)
{
	const struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK_SET };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");
	bool is_told = false;
	struct got g;

	peer_write(p, 0, 1, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	peer_tmf(peer_pass(p, q), &req);
	ask_at_once(q, PDU_LOGOUT_CONNECTION, 1);
	for (bench_run(&b); peer_next(q, &g); bench_run(&b))
		is_told |= g.opcode == PDU_LOGOUT_RSP;
	CU_ASSERT_TRUE(is_told);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/*
 * 11.14: commands of the connection that have not been delivered, as one before them is missing,
 * are discarded. That leaves holes, which the initiator fills by sending them again with their
 * CmdSN, on another connection (7.2.1), the first one first.
 */
static void held_commands(const char *keys, enum ending how)
{
	struct bench b;
	struct peer *p = begin(&b, keys);
	struct peer *q = peer_join(p, 2, "");
	uint32_t first = p->cmdsn, itt;
	struct got g;

	bench_fill(&b);
	p->cmdsn = first + 1;
	itt = peer_test_unit_ready(p);
	peer_nop(p, false, NULL, 0);
	peer_expect_nothing(p);
	end(p, q, how);
	CU_ASSERT_EQUAL(session_of(q)->ntasks, 0);
	q->cmdsn = first;
	expect_good(q);
	CU_ASSERT_EQUAL(q->expcmdsn, first + 1); /* what was discarded is not acknowledged */
	q->itt = itt - 1;
	expect_good(q); /* and nothing was lost, of which they would be told */
	peer_nop(q, false, NULL, 0);
	CU_ASSERT(peer_expect(q, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(q->expcmdsn, first + 3);
	bench_close(&b);
}

static void held_commands_are_discarded(void)
{
	held_commands(LEVEL_0, BY_ITSELF);
	held_commands(LEVEL_0, BY_ANOTHER);
	held_commands(LEVEL_0, CUT);
	held_commands(LEVEL_1, BY_ITSELF);
	held_commands(LEVEL_1, CUT);
	held_commands(LEVEL_2, BY_ITSELF);
	held_commands(LEVEL_2, BY_ANOTHER);
	held_commands(LEVEL_2, RECOVERED_BY_ITSELF);
	held_commands(LEVEL_2, RECOVERED_BY_ANOTHER);
	held_commands(LEVEL_2, CUT_AND_OUT);
}

/* So it is from the logout on, though its answer has not left and the connection is still there. */
static void held_while_it_leaves(const char *keys, enum pdu_logout_reason reason, bool command)
{
	struct bench b;
	struct peer *p = begin(&b, keys);
	struct peer *q = peer_join(p, 2, "");
	uint32_t first = p->cmdsn;
	struct pdu_logout_req req = {
		.immediate = true, .reason = (uint8_t)reason, .cid = 1, .cmdsn = first
	};
	uint8_t bhs[PDU_BHS_LEN];

	p->cmdsn = first + 1;
	if (command)
		peer_test_unit_ready(p);
	else
		peer_nop(p, false, NULL, 0);
	p->deaf = true;
	req.itt = 0x7000;
	req.expstatsn = p->statsn;
	pdu_put_logout_req(bhs, &req);
	peer_pdu(p, bhs, NULL);
	bench_run(&b);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	q->cmdsn = first;
	expect_good(q);
	CU_ASSERT_EQUAL(q->expcmdsn, first + 1);
	bench_close(&b);
}

static void held_commands_are_discarded_at_once(void)
{
	held_while_it_leaves(LEVEL_0, PDU_LOGOUT_CONNECTION, true);
	held_while_it_leaves(LEVEL_0, PDU_LOGOUT_CONNECTION, false);
	held_while_it_leaves(LEVEL_2, PDU_LOGOUT_RECOVERY, true);
	held_while_it_leaves(LEVEL_2, PDU_LOGOUT_RECOVERY, false);
}

/* One that was aborted while it was held counts as received (4.2.3.3): its number stays used. */
static void an_aborted_one_is_not_missing(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 2, "");
	uint32_t first = p->cmdsn;
	struct got g;

	p->cmdsn = first + 1;
	req.rtt = peer_test_unit_ready(p);
	req.refcmdsn = first + 1;
	peer_tmf(p, &req);
	CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g) && g.bhs[2] == PDU_TMF_COMPLETE);
	end(p, q, BY_ANOTHER);
	q->cmdsn = first;
	expect_good(q);
	CU_ASSERT_EQUAL(q->expcmdsn, first + 2);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* Nor is one that was aborted before it came, whoever asked for that. */
static void one_that_was_aborted_before_it_came(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK, .rtt = 99 };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct peer *q = peer_join(p, 0, "");
	uint32_t first = p->cmdsn;
	struct got g;

	q->cmdsn = first + 2;
	req.refcmdsn = first + 1;
	peer_tmf(q, &req);
	CU_ASSERT(peer_expect(q, PDU_TMF_RSP, &g) && g.bhs[2] == PDU_TMF_COMPLETE);
	peer_cut(q);
	expect_good(p);
	CU_ASSERT_EQUAL(p->expcmdsn, first + 2);
	bench_close(&b);
}

/* ---- reason 2 ---- */

/* Nothing more is said on the connection that asks but the answer; its task goes on elsewhere. */
static void recovery_by_itself(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, "MaxRecvDataSegmentLength=512\n");
	uint32_t itt = hold_a_write(p);

	CU_ASSERT_EQUAL(peer_logged_out(p, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_reassign(peer_pass(p, q), itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	expect_good(q);
	bench_close(&b);
}

/* In the middle of a read: the PDUs that are made leave, and no status. */
static void recovery_in_the_middle_of_a_read(void)
{
	static uint8_t in[(size_t)128 * BENCH_BLOCK];
	uint32_t itt, n = 0;
	struct peer *p, *q;
	struct bench b;
	struct got g;

	bench_open_with(&b, 128 << 10, 64 << 10); /* more than may be kept once it is answered */
	p = bench_login(&b, LEVEL_2);
	q = peer_join(p, 2, "MaxRecvDataSegmentLength=512\n");
	bench_fill(&b);
	itt = peer_read(p, 0, 128);
	p->take = (size_t)2 * (PDU_BHS_LEN + BENCH_BLOCK);
	bench_turn(&b);
	bench_turn(&b);
	peer_logout(p, PDU_LOGOUT_RECOVERY, 1);
	p->take = SIZE_MAX;
	for (bench_run(&b); peer_next(p, &g) && g.opcode == PDU_DATA_IN; n++) {
		CU_ASSERT_FALSE(g.bhs[1] & PDU_DATA_IN_STATUS);
		memcpy(in + be32(g.bhs + 40), g.data, g.len);
	}
	CU_ASSERT(n > 0 && n < 128);
	CU_ASSERT_EQUAL(g.opcode, PDU_LOGOUT_RSP);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(peer_reassign(peer_pass(p, q), itt, n), PDU_TMF_COMPLETE);
	for (bench_run(&b); peer_next(q, &g) && g.opcode == PDU_DATA_IN; n++) {
		CU_ASSERT_EQUAL(be32(g.bhs + 36), n);
		memcpy(in + be32(g.bhs + 40), g.data, g.len);
	}
	CU_ASSERT_EQUAL(n, 128);
	CU_ASSERT_EQUAL(memcmp(in, b.disk->bytes, sizeof(in)), 0);
	bench_close(&b);
}

/* Somebody else's: that connection ends first, without a word. */
static void recovery_of_another(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, "MaxRecvDataSegmentLength=512\n");
	uint32_t itt;
	struct got g;

	itt = peer_write(p, 0, 1, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(peer_reassign(peer_pass(p, q), itt, 0), PDU_TMF_STILL_ALLEGIANT);
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(b.disk->bytes, data, BENCH_BLOCK), 0);
	bench_close(&b);
}

/* Reason 1 of one that is lost ends its tasks, which is told (7.6). */
static void closed_when_it_was_lost(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, "");
	uint32_t itt = peer_write(p, 0, 1, data, 0, true);

	bench_run(&b);
	peer_cut(p);
	CU_ASSERT_EQUAL(peer_logged_out(peer_pass(p, q), PDU_LOGOUT_CONNECTION, 1),
			PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_NO_TASK);
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_CONNECTION, 1), PDU_LOGOUT_NO_CID);
	expect_told(q);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.15: responses", responses },
	{ "11.14.1, 0: the session", the_session },
	{ "11.14.1, 0: the session and what it lost", the_session_and_what_it_lost },
	{ "11.14.1, 1: a connection by itself", a_connection_by_itself },
	{ "11.14: behind its commands", behind_its_commands },
	{ "11.14.1, 1: twice", twice },
	{ "11.14: held commands are discarded", held_commands_are_discarded },
	{ "11.14: held commands are discarded at once", held_commands_are_discarded_at_once },
	{ "11.14: its last task ends without an answer", its_last_task_ends_without_an_answer },
	{ "11.14: an aborted one waits for no data", an_aborted_one_waits_for_no_data },
	{ "4.2.3.3: an aborted one is not missing", an_aborted_one_is_not_missing },
	{ "11.6.1: nor is one that was aborted before it came",
	  one_that_was_aborted_before_it_came },
	{ "11.14.1, 2: by itself", recovery_by_itself },
	{ "11.14.1, 2: in the middle of a read", recovery_in_the_middle_of_a_read },
	{ "11.14.1, 2: of another", recovery_of_another },
	{ "11.14.1, 1: closed when it was lost", closed_when_it_was_lost },
};

UNIT_MAIN("iscsi/logout", tests)
