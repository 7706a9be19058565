/*
 * What task management functions do to tasks, here and in other sessions (RFC 7143, 4.2.3,
 * 11.5, 11.6; RFC 7144, 4 and 5; SAM-5, 7): which end, which go on, who is told.
 */
#include "tmf.h"

#include <errno.h>
#include <string.h>

#define LEVEL_2 TMF_WAITS "iSCSIProtocolLevel=2\n"

#define UA_TARGET_RESET 0x062902
#define UA_LU_RESET     0x062903
#define UA_NEXUS_LOSS   0x062907
#define UA_CLEARED      0x062f00

static uint8_t in[TMF_LEN];

/* ---- task sets ---- */

/* All of this session's tasks on that logical unit, and no others; nobody is told. */
static void abort_task_set(void)
{
	struct ini_session s, other;
	struct ini_task t[3], on_1, others;
	size_t i;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&other, 1, TMF_WAITS);
	for (i = 0; i < 3; i++)
		tmf_start_write(&s, &t[i], 0);
	tmf_start_write(&s, &on_1, 1);
	tmf_start_write(&other, &others, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	for (i = 0; i < 3; i++)
		tmf_ended(&s, &t[i], 0);
	tmf_goes_on(&s, &on_1);
	tmf_goes_on(&other, &others);
	tmf_attention(&s, 0, 0);
	tmf_attention(&other, 0, 0);
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

	tmf_prepare(&s, 0, TMF_WAITS);
	s.cmdsn++;
	for (i = 0; i < 2; i++) {
		ini_scsi_test_unit_ready(&held[i], (uint16_t)i);
		CHECK_OK(&s, ini_task_submit(&s, &held[i]));
	}
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	ini_scsi_test_unit_ready(&gap, 1);
	tmf_fill_gap(&s, &gap, 3);
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	CHECK_OK(&s, ini_task_wait(&s, &gap));
	CHECK_OK(&s, ini_task_wait(&s, &held[1]));
	CHECK(ini_task_is_good(&gap) && ini_task_is_good(&held[1]));
	CHECK_NUM(held[0].outcome, INI_IN_FLIGHT);
	ini_task_forget(&s, &held[0]);
	tmf_silence(&s);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

/* The response stands behind the data of the session's own R2Ts, which is thrown away. */
static void the_response_waits_for_data(void)
{
	static const uint8_t functions[] = { PDU_TMF_ABORT_TASK_SET, PDU_TMF_CLEAR_TASK_SET,
					     PDU_TMF_LU_RESET, PDU_TMF_TARGET_WARM_RESET };
	struct pdu_tmf_req req = { .immediate = true, .rtt = PDU_TAG_RESERVED };
	struct ini_task t, others;
	struct ini_session s, other;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	uint32_t itt;
	size_t i;

	for (i = 0; i < sizeof(functions); i++) {
		tmf_prepare(&s, 0, TMF_WAITS);
		tmf_prepare(&other, 1, TMF_WAITS);
		tmf_start_write(&s, &t, 0);
		tmf_start_write(&other, &others, 0); /* is not waited for */
		req.function = functions[i];
		pdu_put_tmf_req(bhs, &req);
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
		tmf_silence(&s);
		tmf_answer_r2ts(&s, NULL);
		CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
		CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
		tmf_ended(&s, &t, 0);
		fixture_drop(&other);
		fixture_leave(&s);
	}
}

/* The initiator may end the sequence early, too; that is an answer (11.5.1). */
static void a_sequence_cut_short_is_an_answer(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_LU_RESET,
				   .rtt = PDU_TAG_RESERVED };
	struct pdu_data_out end = { .final = true };
	struct ini_pdu pdu = { .data = NULL };
	struct ini_session s;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task t;
	uint32_t itt;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	end.itt = t.itt;
	end.ttt = t.r2ts[0].ttt;
	end.expstatsn = s.expstatsn;
	pdu_put_data_out(pdu.bhs, &end);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	tmf_ended(&s, &t, 0);
	fixture_leave(&s);
}

/*
 * An immediate function waits for the commands before it that have not come; one of its set
 * that comes meanwhile ends with it, one of another set does not.
 */
static void the_response_waits_for_commands(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task first, late;
	struct ini_pdu pdu;
	uint32_t itt;

	tmf_prepare(&s, 0, TMF_WAITS);
	s.cmdsn += 2;
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	tmf_silence(&s);
	s.cmdsn -= 2;
	ini_scsi_test_unit_ready(&first, 1);
	CHECK_OK(&s, ini_task_submit(&s, &first));
	CHECK_OK(&s, ini_task_wait(&s, &first));
	CHECK(ini_task_is_good(&first));
	tmf_silence(&s);
	ini_scsi_write(&late, 0, 0, TMF_BLOCKS, tmf_data, TMF_LEN);
	CHECK_OK(&s, ini_task_submit(&s, &late));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	CHECK_NUM(late.outcome, INI_IN_FLIGHT);
	ini_task_forget(&s, &late);
	tmf_silence(&s);
	ini_scsi_read(&late, 0, 0, TMF_BLOCKS, in, TMF_LEN);
	CHECK_GOOD(&s, &late);
	CHECK_THAT(memcmp(in, tmf_old, TMF_LEN) == 0, "an aborted write was written");
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

	tmf_prepare(&s, 0, TMF_WAITS);
	s.cmdsn++; /* the function comes before the command that it stands behind, one for LUN 1 */
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	tmf_silence(&s);
	ini_scsi_test_unit_ready(&first, 1);
	tmf_fill_gap(&s, &first, 2);
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

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&loser, 1, TMF_WAITS);
	tmf_prepare(&idle, 2, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&loser, &lost, 0);
	tmf_start_write(&loser, &on_1, 1);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_CLEAR_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_ended(&s, &t, 0);
	tmf_goes_on(&loser, &on_1);
	tmf_attention(&loser, 0, UA_CLEARED);
	tmf_attention(&loser, 0, 0);
	tmf_ended(&loser, &lost, 0);
	tmf_attention(&idle, 0, 0);
	tmf_attention(&s, 0, 0);
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

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&loser, 1, TMF_WAITS);
	tmf_prepare(&idle, 2, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&loser, &lost, 0);
	tmf_start_write(&loser, &on_1, 1);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_LU_RESET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_goes_on(&loser, &on_1);
	tmf_attention(&loser, 0, UA_LU_RESET);
	tmf_attention(&idle, 0, UA_LU_RESET);
	tmf_attention(&s, 0, UA_LU_RESET);
	tmf_ended(&s, &t, 0);
	tmf_ended(&loser, &lost, 0);
	tmf_attention(&idle, 1, 0);
	tmf_attention(&s, 1, 0);
	fixture_leave(&idle);
	fixture_leave(&loser);
	fixture_leave(&s);
}

/* Log in to the other target, where nothing of this one's happens. */
static void login_to_the_other(struct ini_session *s)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TMF_OTHER,
			       .operational = TMF_WAITS };

	fixture_connect(s);
	CHECK_OK(s, ini_login(s, &l));
	fixture_ready(s, 0);
}

/* All logical units of the target, for everybody; sessions stay, another target's do not notice. */
static void target_warm_reset(void)
{
	struct ini_session s, loser, elsewhere;
	struct ini_task t, lost, theirs;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&loser, 1, TMF_WAITS);
	login_to_the_other(&elsewhere);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&loser, &lost, 1);
	tmf_start_write(&elsewhere, &theirs, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_TARGET_WARM_RESET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_attention(&s, 0, UA_TARGET_RESET);
	tmf_attention(&s, 1, UA_TARGET_RESET);
	tmf_attention(&loser, 0, UA_TARGET_RESET);
	tmf_attention(&loser, 1, UA_TARGET_RESET);
	tmf_ended(&s, &t, 0);
	tmf_ended(&loser, &lost, 1);
	tmf_goes_on(&elsewhere, &theirs);
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

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&loser, 1, TMF_WAITS);
	login_to_the_other(&elsewhere);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&loser, &lost, 0);
	tmf_start_write(&elsewhere, &theirs, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_TARGET_COLD_RESET, 0, NULL), PDU_TMF_COMPLETE);
	CHECK_ERR(&s, ini_session_recv(&s, &pdu, s.timeout_ms), -ECONNRESET);
	CHECK_OK(&loser, ini_session_recv(&loser, &pdu, loser.timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_ASYNC);
	CHECK(pdu_get_async(pdu.bhs, &loser.async) == PDU_OK);
	CHECK_NUM(loser.async.event, PDU_ASYNC_DROP_SESSION);
	CHECK_ERR(&loser, ini_session_recv(&loser, &pdu, loser.timeout_ms), -ECONNRESET);
	fixture_drop(&s);
	fixture_drop(&loser);
	tmf_goes_on(&elsewhere, &theirs);
	fixture_leave(&elsewhere);
	tmf_prepare(&s, 0, TMF_WAITS);
	fixture_leave(&s);
}

/* ---- RFC 7144 ---- */

/* 7: it is there; 0: it is not. Nothing happens to it. */
static void query_task(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	tmf_prepare(&s, 0, LEVEL_2);
	tmf_prepare(&other, 1, LEVEL_2);
	CHECK_NUM(s.param.iSCSIProtocolLevel, 2);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&other, &others, 0);
	others.itt = 0x0badcafe;
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK, 0, &t), PDU_TMF_SUCCEEDED);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK, 0, &others), PDU_TMF_COMPLETE);
	tmf_goes_on(&s, &t);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK, 0, &t), PDU_TMF_COMPLETE);
	ini_session_close(&other);
	fixture_leave(&s);
}

static void query_task_set(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	tmf_prepare(&s, 0, LEVEL_2);
	tmf_prepare(&other, 1, LEVEL_2);
	tmf_start_write(&other, &others, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_start_write(&s, &t, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK_SET, 0, NULL), PDU_TMF_SUCCEEDED);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK_SET, 1, NULL), PDU_TMF_COMPLETE);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_QUERY_TASK_SET, 9, NULL), PDU_TMF_NO_LUN);
	tmf_goes_on(&s, &t);
	tmf_goes_on(&other, &others);
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

	tmf_prepare(&s, 0, LEVEL_2);
	for (waits = 0; waits < 2; waits++) {
		if (waits)
			CHECK_NUM(tmf_manage(&s, PDU_TMF_LU_RESET, 0, NULL), PDU_TMF_COMPLETE);
		pdu_put_tmf_req(bhs, &req);
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
		CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TMF_RSP, &pdu));
		CHECK(pdu_get_tmf_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK_NUM(rsp.response, waits ? PDU_TMF_SUCCEEDED : PDU_TMF_COMPLETE);
		CHECK_NUM(rsp.info & 0xfffff, waits ? UA_LU_RESET : 0);
	}
	tmf_attention(&s, 0, UA_LU_RESET);
	fixture_leave(&s);
}

/* All of this session's tasks, on every logical unit; it is told, others notice nothing. */
static void it_nexus_reset(void)
{
	struct ini_session s, other;
	struct ini_task t, on_1, others;

	tmf_prepare(&s, 0, LEVEL_2);
	tmf_prepare(&other, 1, LEVEL_2);
	tmf_start_write(&s, &t, 0);
	tmf_start_write(&s, &on_1, 1);
	tmf_start_write(&other, &others, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_IT_NEXUS_RESET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_attention(&s, 0, UA_NEXUS_LOSS);
	tmf_attention(&s, 1, UA_NEXUS_LOSS);
	tmf_ended(&s, &t, 0);
	tmf_ended(&s, &on_1, 1);
	tmf_goes_on(&other, &others);
	tmf_attention(&other, 0, 0);
	fixture_leave(&other);
	fixture_leave(&s);
}

static void not_at_level_1(void)
{
	static const uint8_t functions[] = { PDU_TMF_QUERY_TASK, PDU_TMF_QUERY_TASK_SET,
					     PDU_TMF_IT_NEXUS_RESET, PDU_TMF_QUERY_ASYNC_EVENT };
	static const char *const keys[] = { TMF_WAITS, TMF_WAITS "iSCSIProtocolLevel=1\n" };
	struct ini_session s;
	struct ini_task t;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		tmf_prepare(&s, 0, keys[k]);
		tmf_start_write(&s, &t, 0);
		for (i = 0; i < sizeof(functions); i++)
			CHECK_NUM(tmf_manage(&s, functions[i], 0, &t), PDU_TMF_NOT_SUPPORTED);
		tmf_goes_on(&s, &t);
		fixture_leave(&s);
	}
}

static void clear_aca(void)
{
	struct ini_session s;
	struct ini_task t;

	tmf_prepare(&s, 0, LEVEL_2);
	tmf_start_write(&s, &t, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_CLEAR_ACA, 0, NULL), PDU_TMF_NOT_SUPPORTED);
	tmf_goes_on(&s, &t);
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
		tmf_prepare(&s, 0, LEVEL_2);
		tmf_start_write(&s, &t, 0);
		for (k = 0; k < 4; k++) {
			ini_scsi_read(&read[k], 0, 0, TMF_BLOCKS, in, TMF_LEN);
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
	{ "4.2.3.2: ABORT TASK SET ends one session's tasks on one LU", abort_task_set },
	{ "4.2.3.3: commands that wait for their turn are in the task set",
	  a_task_set_with_a_held_command },
	{ "4.2.3.3: the response waits for the data of open R2Ts", the_response_waits_for_data },
	{ "11.5.1: a sequence that is cut short ends the wait for it",
	  a_sequence_cut_short_is_an_answer },
	{ "4.2.3.3: an immediate function waits for the commands before it",
	  the_response_waits_for_commands },
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

PROTOCOL_MAIN("protocol/tmf_semantics", &tmf_options, tests)
