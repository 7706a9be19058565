/*
 * What task management functions do to tasks, here and in other sessions (RFC 7143, 4.2.3,
 * 11.5, 11.6; RFC 7144, 4 and 5; SAM-5, 7): which end, which go on, who is told.
 */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#define NAME(n) "iqn.2026-11.org.itgtd:" n
#define LEN     8192u
#define BLOCKS  (LEN / FIXTURE_BLOCK)
#define WAITS   "InitialR2T=Yes\nImmediateData=No\n" /* writes wait for an R2T's data */
#define LEVEL_2 WAITS "iSCSIProtocolLevel=2\n"
#define DEPTH   8

#define UA_POWER_ON     0x062900
#define UA_TARGET_RESET 0x062902
#define UA_LU_RESET     0x062903
#define UA_NEXUS_LOSS   0x062907
#define UA_CLEARED      0x062f00

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"" NAME(
		"test") "\" {\n"
			"  portal-groups = { \"1\" }\n"
			"  auth-group = \"no-authentication\"\n"
			"  queue-depth = 8\n"
			"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			"  lun \"1\" { backend = \"ram\" size = \"1M\" }\n"
			"}\n"
			"target \"" NAME(
				"other") "\" {\n"
					 "  portal-groups = { \"1\" }\n"
					 "  auth-group = \"no-authentication\"\n"
					 "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
					 "}\n",
	.target = NAME("test"),
};

static uint8_t data[LEN], old[LEN], in[LEN];

/* A session that is ready at both LUNs, and block 0 of each as it must stay. */
static void prepare(struct ini_session *s, uint8_t isid, const char *keys)
{
	struct ini_task t;
	uint16_t lun;

	fixture_login_as(s, isid, keys);
	fixture_fill(old, LEN, 72);
	fixture_fill(data, LEN, 73);
	for (lun = 0; lun < 2; lun++) {
		fixture_ready(s, lun);
		ini_scsi_write(&t, lun, 0, BLOCKS, old, LEN);
		CHECK_GOOD(s, &t);
	}
}

/* A write that waits for its data. */
static void start_write(struct ini_session *s, struct ini_task *t, uint16_t lun)
{
	ini_scsi_write(t, lun, 0, BLOCKS, data, LEN);
	fixture_start_write(s, t);
}

/* A function for a LUN, about t when it is not NULL; the response. */
static uint8_t ask(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t,
		   bool immediate)
{
	struct pdu_tmf_req req = { .immediate = immediate,
				   .function = function,
				   .rtt = t ? t->itt : PDU_TAG_RESERVED,
				   .refcmdsn = t ? t->cmdsn : 0 };
	uint8_t response = 0xee;

	ini_scsi_lun(req.lun, lun);
	CHECK_OK(s, ini_request_tmf(s, &req, &response));
	return response;
}

static uint8_t manage(struct ini_session *s, uint8_t function, uint16_t lun,
		      const struct ini_task *t)
{
	return ask(s, function, lun, t, true);
}

/* Nothing of what was asked before is answered any more: pings are, and nothing else. */
static void silence(struct ini_session *s)
{
	CHECK_OK(s, ini_request_nop(s, true, NULL, 0, NULL));
	CHECK_OK(s, ini_request_nop(s, true, NULL, 0, NULL));
}

/*
 * t was aborted: no answer comes, data for its R2T is read over, and its blocks are as
 * they were. The session goes on.
 */
static void ended(struct ini_session *s, struct ini_task *t, uint16_t lun)
{
	struct ini_task back;

	CHECK_NUM(t->outcome, INI_IN_FLIGHT);
	ini_task_forget(s, t);
	CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[0]));
	silence(s);
	fixture_ready(s, lun);
	ini_scsi_read(&back, lun, 0, BLOCKS, in, LEN);
	CHECK_GOOD(s, &back);
	CHECK_THAT(memcmp(in, old, LEN) == 0, "an aborted write was written");
}

/* t was not: its data is taken, and it ends GOOD. */
static void goes_on(struct ini_session *s, struct ini_task *t)
{
	CHECK_NUM(t->outcome, INI_IN_FLIGHT);
	CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[0]));
	CHECK_OK(s, ini_task_wait(s, t));
	CHECK_THAT(ini_task_is_good(t), "status 0x%02x, sense %06x", t->status, ini_task_sense(t));
}

/* The next command on the LUN is answered with that unit attention (0: GOOD). */
static void expect_attention(struct ini_session *s, uint16_t lun, uint32_t sense)
{
	struct ini_task t;

	ini_scsi_test_unit_ready(&t, lun);
	if (sense)
		CHECK_SENSE(s, &t, sense);
	else
		CHECK_GOOD(s, &t);
}

/* ---- ABORT TASK ---- */

static void abort_in_both_forms(void)
{
	struct ini_session s;
	struct ini_task t;
	int immediate;

	for (immediate = 0; immediate < 2; immediate++) {
		prepare(&s, 0, WAITS);
		start_write(&s, &t, 0);
		CHECK_NUM(ask(&s, PDU_TMF_ABORT_TASK, 0, &t, immediate), PDU_TMF_COMPLETE);
		ended(&s, &t, 0);
		expect_attention(&s, 0, 0);
		fixture_leave(&s);
	}
}

/* Some initiators go on sending data until they have the response, others stop at once. */
static void data_in_the_same_moment(void)
{
	struct pdu_data_out d = { 0 };
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct ini_pdu pdu = { .data = data, .data_len = 4096 };
	struct ini_session s;
	struct ini_task t;
	uint8_t response;

	prepare(&s, 0, WAITS);
	start_write(&s, &t, 0);
	d.itt = t.itt;
	d.ttt = t.r2ts[0].ttt;
	d.expstatsn = s.expstatsn;
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu)); /* the first half */
	req.rtt = t.itt;
	req.refcmdsn = t.cmdsn;
	CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
	CHECK_NUM(response, PDU_TMF_COMPLETE);
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	ini_task_forget(&s, &t);
	d.offset = 4096; /* the second half comes late */
	d.datasn = 1;
	d.final = true;
	pdu.data = data + 4096;
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	silence(&s);
	ini_scsi_read(&t, 0, 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, old, LEN) == 0);
	fixture_leave(&s);
}

/* The tag of an aborted task is free, and its place in the window too. */
static void tag_and_window_come_free(void)
{
	struct ini_session s;
	struct ini_task t, again[DEPTH];
	size_t i;

	prepare(&s, 0, WAITS);
	start_write(&s, &t, 0);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_COMPLETE);
	ini_task_forget(&s, &t);
	s.itt = t.itt;
	for (i = 0; i < DEPTH; i++)
		start_write(&s, &again[i], 0);
	CHECK_NUM(again[0].itt, t.itt);
	for (i = 0; i < DEPTH; i++)
		goes_on(&s, &again[i]);
	fixture_leave(&s);
}

/* 11.5.5: RefCmdSN counts only when there is no such task. */
static void refcmdsn_of_a_task_that_is_there(void)
{
	static const uint32_t off[] = { 1, 1000, 0x80000000 };
	struct ini_session s;
	struct ini_task t, wrong;
	size_t i;

	prepare(&s, 0, WAITS);
	for (i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		start_write(&s, &t, 0);
		wrong = t;
		wrong.cmdsn += off[i];
		CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &wrong), PDU_TMF_COMPLETE);
		ended(&s, &t, 0);
	}
	fixture_leave(&s);
}

/*
 * 11.6.1: within the window and before the function's own CmdSN a number counts as
 * received; the number itself and those behind it do not.
 */
static void refcmdsn_of_a_task_that_is_not(void)
{
	struct ini_task none = { .itt = 0x0badcafe };
	struct ini_session s;
	uint32_t i;

	prepare(&s, 0, WAITS);
	for (i = 0; i < 3; i++) {
		none.cmdsn = s.cmdsn + i;
		CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &none), PDU_TMF_NO_TASK);
		none.cmdsn = s.cmdsn + i;
		CHECK_NUM(ask(&s, PDU_TMF_ABORT_TASK, 0, &none, false), PDU_TMF_NO_TASK);
	}
	expect_attention(&s, 0, 0);
	fixture_leave(&s);
}

/* A command that was taken for lost and aborted comes after all: it is not carried out. */
static void a_lost_command_comes_late(void)
{
	struct pdu_scsi_cmd cmd = { .final = true, .write = true, .edtl = LEN };
	struct ini_session s;
	struct ini_task lost, t;
	struct ini_pdu pdu = { .data = data, .data_len = LEN };

	prepare(&s, 0, "InitialR2T=Yes\nImmediateData=Yes\n");
	ini_scsi_write(&lost, 0, 0, BLOCKS, data, LEN);
	memcpy(cmd.cdb, lost.cdb, PDU_CDB_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	lost.cmdsn = s.cmdsn;
	lost.itt = ini_session_number(&s, pdu.bhs);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &lost), PDU_TMF_COMPLETE);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	silence(&s);
	ini_scsi_read(&t, 0, 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, old, LEN) == 0);
	fixture_leave(&s);
}

/* Tags belong to a session: another session's task of the same tag is not touched. */
static void a_task_of_another_session(void)
{
	struct ini_session s, other;
	struct ini_task t;

	prepare(&s, 0, WAITS);
	prepare(&other, 1, WAITS);
	start_write(&other, &t, 0);
	t.cmdsn = s.cmdsn - 1;
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_NO_TASK);
	goes_on(&other, &t);
	fixture_leave(&other);
	fixture_leave(&s);
}

/* What an ORDERED command waited for is gone: it runs. */
static void those_behind_it_run(void)
{
	struct ini_session s;
	struct ini_task t, behind;

	prepare(&s, 0, WAITS);
	start_write(&s, &t, 0);
	ini_scsi_read(&behind, 0, 0, BLOCKS, in, LEN);
	behind.attr = PDU_ATTR_ORDERED;
	CHECK_OK(&s, ini_task_submit(&s, &behind));
	silence(&s);
	CHECK_NUM(behind.outcome, INI_IN_FLIGHT);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_COMPLETE);
	CHECK_OK(&s, ini_task_wait(&s, &behind));
	CHECK(ini_task_is_good(&behind));
	ini_task_forget(&s, &t);
	fixture_leave(&s);
}

/* Submit t with a CmdSN that was left out, n before the next one. */
static void fill_gap(struct ini_session *s, struct ini_task *t, uint32_t n)
{
	s->cmdsn -= n;
	CHECK_OK(s, ini_task_submit(s, t));
	s->cmdsn += n - 1;
}

/* A command that waits for one before it (4.2.2.1) can be aborted; the window goes on. */
static void a_held_command(void)
{
	struct ini_session s;
	struct ini_task held, gap;

	prepare(&s, 0, WAITS);
	s.cmdsn++;
	ini_scsi_test_unit_ready(&held, 0);
	CHECK_OK(&s, ini_task_submit(&s, &held));
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, 0, &held), PDU_TMF_COMPLETE);
	ini_task_forget(&s, &held);
	ini_scsi_test_unit_ready(&gap, 0);
	fill_gap(&s, &gap, 2);
	CHECK_OK(&s, ini_task_wait(&s, &gap));
	CHECK(ini_task_is_good(&gap));
	silence(&s);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	expect_attention(&s, 0, 0);
	fixture_leave(&s);
}

/* ---- task sets ---- */

/* All of this session's tasks on that logical unit, and no others; nobody is told. */
static void abort_task_set(void)
{
	struct ini_session s, other;
	struct ini_task t[3], on_1, others;
	size_t i;

	prepare(&s, 0, WAITS);
	prepare(&other, 1, WAITS);
	for (i = 0; i < 3; i++)
		start_write(&s, &t[i], 0);
	start_write(&s, &on_1, 1);
	start_write(&other, &others, 0);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	for (i = 0; i < 3; i++)
		ended(&s, &t[i], 0);
	goes_on(&s, &on_1);
	goes_on(&other, &others);
	expect_attention(&s, 0, 0);
	expect_attention(&other, 0, 0);
	fixture_leave(&other);
	fixture_leave(&s);
}

/* Commands that came before the function, but wait for their turn, end as well. */
static void a_task_set_with_a_held_command(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	struct ini_task held[2], gap;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	uint32_t itt;
	size_t i;

	prepare(&s, 0, WAITS);
	s.cmdsn++;
	for (i = 0; i < 2; i++) {
		ini_scsi_test_unit_ready(&held[i], (uint16_t)i);
		CHECK_OK(&s, ini_task_submit(&s, &held[i]));
	}
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	ini_scsi_test_unit_ready(&gap, 1);
	fill_gap(&s, &gap, 3);
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	CHECK_OK(&s, ini_task_wait(&s, &gap));
	CHECK_OK(&s, ini_task_wait(&s, &held[1]));
	CHECK(ini_task_is_good(&gap) && ini_task_is_good(&held[1]));
	CHECK_NUM(held[0].outcome, INI_IN_FLIGHT);
	ini_task_forget(&s, &held[0]);
	silence(&s);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

/* A function in order (not immediate) takes its turn behind commands that take theirs. */
static void a_function_in_order(void)
{
	struct pdu_tmf_req req = { .function = PDU_TMF_ABORT_TASK_SET, .rtt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task first;
	struct ini_pdu pdu;
	uint32_t itt;

	prepare(&s, 0, WAITS);
	s.cmdsn++; /* the function comes before the command that it stands behind, one for LUN 1 */
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	silence(&s);
	ini_scsi_test_unit_ready(&first, 1);
	fill_gap(&s, &first, 2);
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	CHECK_OK(&s, ini_task_wait(&s, &first));
	CHECK(ini_task_is_good(&first));
	fixture_leave(&s);
}

/* Everybody's tasks on that logical unit; who lost one is told, and nobody else. */
static void clear_task_set(void)
{
	struct ini_session s, loser, idle;
	struct ini_task t, lost, on_1;

	prepare(&s, 0, WAITS);
	prepare(&loser, 1, WAITS);
	prepare(&idle, 2, WAITS);
	start_write(&s, &t, 0);
	start_write(&loser, &lost, 0);
	start_write(&loser, &on_1, 1);
	CHECK_NUM(manage(&s, PDU_TMF_CLEAR_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	ended(&s, &t, 0);
	goes_on(&loser, &on_1);
	expect_attention(&loser, 0, UA_CLEARED);
	expect_attention(&loser, 0, 0);
	ended(&loser, &lost, 0);
	expect_attention(&idle, 0, 0);
	expect_attention(&s, 0, 0);
	fixture_leave(&idle);
	fixture_leave(&loser);
	fixture_leave(&s);
}

/* ---- resets ---- */

/* Everybody's tasks on that logical unit, and everybody is told, with or without tasks. */
static void lu_reset(void)
{
	struct ini_session s, loser, idle;
	struct ini_task t, lost, on_1;

	prepare(&s, 0, WAITS);
	prepare(&loser, 1, WAITS);
	prepare(&idle, 2, WAITS);
	start_write(&s, &t, 0);
	start_write(&loser, &lost, 0);
	start_write(&loser, &on_1, 1);
	CHECK_NUM(manage(&s, PDU_TMF_LU_RESET, 0, NULL), PDU_TMF_COMPLETE);
	goes_on(&loser, &on_1);
	expect_attention(&loser, 0, UA_LU_RESET);
	expect_attention(&idle, 0, UA_LU_RESET);
	expect_attention(&s, 0, UA_LU_RESET);
	ended(&s, &t, 0);
	ended(&loser, &lost, 0);
	expect_attention(&idle, 1, 0);
	expect_attention(&s, 1, 0);
	fixture_leave(&idle);
	fixture_leave(&loser);
	fixture_leave(&s);
}

/* Log in to the other target, where nothing of this one's happens. */
static void login_to_the_other(struct ini_session *s)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = NAME("other"),
			       .operational = WAITS };

	fixture_connect(s);
	CHECK_OK(s, ini_login(s, &l));
	fixture_ready(s, 0);
}

/* All logical units of the target, for everybody; sessions stay, another target's do not notice. */
static void target_warm_reset(void)
{
	struct ini_session s, loser, elsewhere;
	struct ini_task t, lost, theirs;

	prepare(&s, 0, WAITS);
	prepare(&loser, 1, WAITS);
	login_to_the_other(&elsewhere);
	start_write(&s, &t, 0);
	start_write(&loser, &lost, 1);
	start_write(&elsewhere, &theirs, 0);
	CHECK_NUM(manage(&s, PDU_TMF_TARGET_WARM_RESET, 0, NULL), PDU_TMF_COMPLETE);
	expect_attention(&s, 0, UA_TARGET_RESET);
	expect_attention(&s, 1, UA_TARGET_RESET);
	expect_attention(&loser, 0, UA_TARGET_RESET);
	expect_attention(&loser, 1, UA_TARGET_RESET);
	ended(&s, &t, 0);
	ended(&loser, &lost, 1);
	goes_on(&elsewhere, &theirs);
	fixture_leave(&elsewhere);
	fixture_leave(&loser);
	fixture_leave(&s);
}

/* The same, and every session of the target ends; the others' with an Async Message (11.9.1). */
static void target_cold_reset(void)
{
	struct ini_session s, loser, elsewhere;
	struct ini_task t, lost, theirs;
	struct ini_pdu pdu;

	prepare(&s, 0, WAITS);
	prepare(&loser, 1, WAITS);
	login_to_the_other(&elsewhere);
	start_write(&s, &t, 0);
	start_write(&loser, &lost, 0);
	start_write(&elsewhere, &theirs, 0);
	CHECK_NUM(manage(&s, PDU_TMF_TARGET_COLD_RESET, 0, NULL), PDU_TMF_COMPLETE);
	CHECK_ERR(&s, ini_session_recv(&s, &pdu, s.timeout_ms), -ECONNRESET);
	CHECK_OK(&loser, ini_session_recv(&loser, &pdu, loser.timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_ASYNC);
	CHECK(pdu_get_async(pdu.bhs, &loser.async) == PDU_OK);
	CHECK_NUM(loser.async.event, PDU_ASYNC_DROP_SESSION);
	CHECK_ERR(&loser, ini_session_recv(&loser, &pdu, loser.timeout_ms), -ECONNRESET);
	fixture_drop(&s);
	fixture_drop(&loser);
	goes_on(&elsewhere, &theirs);
	fixture_leave(&elsewhere);
	prepare(&s, 0, WAITS);
	fixture_leave(&s);
}

/* ---- RFC 7144 ---- */

/* 7: it is there; 0: it is not. Nothing happens to it. */
static void query_task(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	prepare(&s, 0, LEVEL_2);
	prepare(&other, 1, LEVEL_2);
	CHECK_NUM(s.param.iSCSIProtocolLevel, 2);
	start_write(&s, &t, 0);
	start_write(&other, &others, 0);
	others.itt = 0x0badcafe;
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK, 0, &t), PDU_TMF_SUCCEEDED);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK, 0, &others), PDU_TMF_COMPLETE);
	goes_on(&s, &t);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK, 0, &t), PDU_TMF_COMPLETE);
	ini_session_close(&other);
	fixture_leave(&s);
}

static void query_task_set(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	prepare(&s, 0, LEVEL_2);
	prepare(&other, 1, LEVEL_2);
	start_write(&other, &others, 0);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	start_write(&s, &t, 0);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK_SET, 0, NULL), PDU_TMF_SUCCEEDED);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK_SET, 1, NULL), PDU_TMF_COMPLETE);
	CHECK_NUM(manage(&s, PDU_TMF_QUERY_TASK_SET, 9, NULL), PDU_TMF_NO_LUN);
	goes_on(&s, &t);
	goes_on(&other, &others);
	fixture_leave(&other);
	fixture_leave(&s);
}

/* 4.3.1 of RFC 7144: the response tells of the unit attention that waits, which stays. */
static void query_async_event(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_QUERY_ASYNC_EVENT,
				   .rtt = PDU_TAG_RESERVED };
	struct pdu_tmf_rsp rsp;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t itt;
	int waits;

	prepare(&s, 0, LEVEL_2);
	for (waits = 0; waits < 2; waits++) {
		if (waits)
			CHECK_NUM(manage(&s, PDU_TMF_LU_RESET, 0, NULL), PDU_TMF_COMPLETE);
		pdu_put_tmf_req(bhs, &req);
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
		CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
		CHECK(pdu_get_tmf_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK_NUM(rsp.response, waits ? PDU_TMF_SUCCEEDED : PDU_TMF_COMPLETE);
		CHECK_NUM(rsp.info & 0xfffff, waits ? UA_LU_RESET : 0);
	}
	expect_attention(&s, 0, UA_LU_RESET);
	fixture_leave(&s);
}

/* All of this session's tasks, on every logical unit; it is told, others notice nothing. */
static void it_nexus_reset(void)
{
	struct ini_session s, other;
	struct ini_task t, on_1, others;

	prepare(&s, 0, LEVEL_2);
	prepare(&other, 1, LEVEL_2);
	start_write(&s, &t, 0);
	start_write(&s, &on_1, 1);
	start_write(&other, &others, 0);
	CHECK_NUM(manage(&s, PDU_TMF_IT_NEXUS_RESET, 0, NULL), PDU_TMF_COMPLETE);
	expect_attention(&s, 0, UA_NEXUS_LOSS);
	expect_attention(&s, 1, UA_NEXUS_LOSS);
	ended(&s, &t, 0);
	ended(&s, &on_1, 1);
	goes_on(&other, &others);
	expect_attention(&other, 0, 0);
	fixture_leave(&other);
	fixture_leave(&s);
}

static void not_at_level_1(void)
{
	static const uint8_t functions[] = { PDU_TMF_QUERY_TASK, PDU_TMF_QUERY_TASK_SET,
					     PDU_TMF_IT_NEXUS_RESET, PDU_TMF_QUERY_ASYNC_EVENT };
	static const char *const keys[] = { WAITS, WAITS "iSCSIProtocolLevel=1\n" };
	struct ini_session s;
	struct ini_task t;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		prepare(&s, 0, keys[k]);
		start_write(&s, &t, 0);
		for (i = 0; i < sizeof(functions); i++)
			CHECK_NUM(manage(&s, functions[i], 0, &t), PDU_TMF_NOT_SUPPORTED);
		goes_on(&s, &t);
		fixture_leave(&s);
	}
}

static void clear_aca(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, 0, LEVEL_2);
	start_write(&s, &t, 0);
	CHECK_NUM(manage(&s, PDU_TMF_CLEAR_ACA, 0, NULL), PDU_TMF_NOT_SUPPORTED);
	goes_on(&s, &t);
	fixture_leave(&s);
}

/* A function and the end of its session in the same moment, with tasks of all kinds. */
static void the_session_ends_meanwhile(void)
{
	static const uint8_t functions[] = { PDU_TMF_ABORT_TASK,        PDU_TMF_ABORT_TASK_SET,
					     PDU_TMF_CLEAR_TASK_SET,    PDU_TMF_LU_RESET,
					     PDU_TMF_TARGET_WARM_RESET, PDU_TMF_TARGET_COLD_RESET,
					     PDU_TMF_IT_NEXUS_RESET };
	struct pdu_tmf_req req = { .immediate = true };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task t, read[4];
	size_t i, k;

	for (i = 0; i < sizeof(functions); i++) {
		prepare(&s, 0, LEVEL_2);
		start_write(&s, &t, 0);
		for (k = 0; k < 4; k++) {
			ini_scsi_read(&read[k], 0, 0, BLOCKS, in, LEN);
			CHECK_OK(&s, ini_task_submit(&s, &read[k]));
		}
		req.function = functions[i];
		req.rtt = functions[i] == PDU_TMF_ABORT_TASK ? t.itt : PDU_TAG_RESERVED;
		req.refcmdsn = t.cmdsn;
		pdu_put_tmf_req(bhs, &req);
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
		CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
		CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
		if (i % 2)
			ini_conn_reset(&s.conn);
		ini_session_close(&s);
	}
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "11.5: ABORT TASK is immediate or takes its turn", abort_in_both_forms },
	{ "4.2.3: data that comes around an abort is read over", data_in_the_same_moment },
	{ "11.5.1: an aborted task gives back its tag and its place", tag_and_window_come_free },
	{ "11.5.5: RefCmdSN does not count where the task is there",
	  refcmdsn_of_a_task_that_is_there },
	{ "11.6.1: RefCmdSN at and behind the function's own is of no task",
	  refcmdsn_of_a_task_that_is_not },
	{ "11.6.1: a command that was aborted before it came does not run",
	  a_lost_command_comes_late },
	{ "11.5.4: ABORT TASK does not reach another session's task", a_task_of_another_session },
	{ "SAM-5, 8: what waited for an aborted task runs", those_behind_it_run },
	{ "11.5.1: ABORT TASK of a command that waits for its turn", a_held_command },
	{ "4.2.3.2: ABORT TASK SET ends one session's tasks on one LU", abort_task_set },
	{ "4.2.3.3: commands that wait for their turn are in the task set",
	  a_task_set_with_a_held_command },
	{ "4.2.2.1: a function that is not immediate takes its turn", a_function_in_order },
	{ "4.2.3.2: CLEAR TASK SET tells those who lost a task", clear_task_set },
	{ "4.2.3.2: LOGICAL UNIT RESET tells everybody", lu_reset },
	{ "4.2.3.2: TARGET WARM RESET resets all LUs of the target", target_warm_reset },
	{ "11.5.1: TARGET COLD RESET ends the target's sessions", target_cold_reset },
	{ "RFC 7144, 5: QUERY TASK tells whether a task is there", query_task },
	{ "RFC 7144, 5: QUERY TASK SET asks for own tasks on one LU", query_task_set },
	{ "RFC 7144, 4.3: QUERY ASYNCHRONOUS EVENT shows what waits to be told",
	  query_async_event },
	{ "RFC 7144, 5: I_T NEXUS RESET ends one session's tasks on all LUs", it_nexus_reset },
	{ "RFC 7144, 7.1.1: at level 1 its functions are not supported", not_at_level_1 },
	{ "11.6.1: CLEAR ACA is not supported", clear_aca },
	{ "a session may end in the middle of a function", the_session_ends_meanwhile },
};

PROTOCOL_MAIN("protocol/tmf_semantics", &options, tests)
