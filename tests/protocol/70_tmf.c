/* Task management (RFC 7143, 4.2.3, 11.5, 11.6): what is aborted, what is answered. */
#include "tmf.h"

#include <errno.h>
#include <string.h>

#define LEN    16384u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define WAITS  "InitialR2T=Yes\nImmediateData=No\n" /* writes wait for an R2T's data */

static uint8_t data[LEN], old[LEN], in[LEN];

/* A write that waits for its data. */
static void start_write(struct ini_session *s, struct ini_task *t, uint64_t lba)
{
	ini_scsi_write(t, fixture_lun(), lba, BLOCKS, data, LEN);
	fixture_start_write(s, t);
}

/* An immediate request for the first LUN, about t when it is not NULL; the response. */
static uint8_t manage(struct ini_session *s, uint8_t function, const struct ini_task *t)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = function,
				   .rtt = t ? t->itt : PDU_TAG_RESERVED,
				   .refcmdsn = t ? t->cmdsn : 0 };

	ini_scsi_lun(req.lun, fixture_lun());
	return tmf_request(s, &req);
}

/* The task is gone: no response of it comes, and data for its R2T changes nothing. */
static void check_gone(struct ini_session *s, struct ini_task *t)
{
	struct ini_task back;
	int err;

	CHECK_NUM(t->outcome, INI_IN_FLIGHT);
	ini_task_forget(s, t);
	CHECK_OK(s, ini_task_answer_r2t(s, t, &t->r2ts[0]));
	err = ini_request_nop(s, true, NULL, 0, NULL);
	if (err == -EPROTO) /* data for a task that is gone may be rejected */
		CHECK_THAT(s->reject_reason, "%s", s->fault);
	ini_session_close(s);
	fixture_login_as(s, 7, NULL);
	ini_scsi_read(&back, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_GOOD(s, &back);
	CHECK_THAT(memcmp(in, old, LEN) == 0, "an aborted write was written");
	fixture_leave(s);
}

/* Log in, and write what an aborted write must not change. */
static void prepare(struct ini_session *s, uint8_t isid)
{
	struct ini_task t;

	fixture_login_as(s, isid, WAITS);
	fixture_fill(old, LEN, 70);
	fixture_fill(data, LEN, 71);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, old, LEN);
	CHECK_GOOD(s, &t);
}

static void abort_a_waiting_write(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, 0);
	start_write(&s, &t, 0);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &t), PDU_TMF_COMPLETE);
	check_gone(&s, &t);
}

/* The others go on when one is aborted. */
static void abort_one_of_three(void)
{
	struct ini_task t[3];
	struct ini_session s;
	int i;

	prepare(&s, 0);
	for (i = 0; i < 3; i++)
		start_write(&s, &t[i], (uint64_t)(i == 1 ? 0 : (i + 1) * 1000));
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &t[1]), PDU_TMF_COMPLETE);
	for (i = 0; i < 3; i += 2) {
		CHECK_OK(&s, ini_task_answer_r2t(&s, &t[i], &t[i].r2ts[0]));
		CHECK_OK(&s, ini_task_wait(&s, &t[i]));
		CHECK(ini_task_is_good(&t[i]));
	}
	check_gone(&s, &t[1]);
}

/* 11.6.1: a RefCmdSN outside of the window is of a task that does not exist: done, or never was. */
static void abort_what_is_not_there(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_GOOD(&s, &t);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &t), PDU_TMF_NO_TASK);
	t.itt = 0x0badcafe;
	t.cmdsn = s.cmdsn - 1000000;
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &t), PDU_TMF_NO_TASK);
	t.cmdsn = s.maxcmdsn + 100;
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &t), PDU_TMF_NO_TASK);
	fixture_leave(&s);
}

/*
 * 11.6.1: a command that was lost on its way, but whose RefCmdSN is in the window and
 * before the request's own CmdSN, counts as received and aborted: the gap closes.
 */
static void abort_a_command_that_never_came(void)
{
	struct ini_session s;
	struct ini_task lost = { .itt = 0x0badcafe }, t;

	fixture_login(&s, NULL);
	lost.cmdsn = s.cmdsn++;
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_OK(&s, ini_task_submit(&s, &t));
	CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK, &lost), PDU_TMF_COMPLETE);
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

/* A request with a CmdSN of its own waits for the commands before it. */
static void a_request_in_order(void)
{
	struct pdu_tmf_req req = { .function = PDU_TMF_ABORT_TASK_SET, .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	uint8_t response;

	fixture_login(&s, NULL);
	ini_scsi_lun(req.lun, fixture_lun());
	CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
	CHECK_NUM(response, PDU_TMF_COMPLETE);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

static void abort_the_task_set(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	prepare(&s, 0);
	fixture_login_as(&other, 1, WAITS);
	start_write(&s, &t, 0);
	start_write(&other, &others, 1000);
	CHECK_NUM(manage(&s, PDU_TMF_ABORT_TASK_SET, NULL), PDU_TMF_COMPLETE);
	check_gone(&s, &t);
	CHECK_OK(&other, ini_task_answer_r2t(&other, &others, &others.r2ts[0]));
	CHECK_OK(&other, ini_task_wait(&other, &others));
	CHECK(ini_task_is_good(&others));
	fixture_leave(&other);
}

/* A function that ends the tasks of everybody; sense is the others' next unit attention. */
static void end_all_tasks(uint8_t function, uint8_t asc)
{
	struct ini_session s, other;
	struct ini_task t, others, tur;

	prepare(&s, 0);
	fixture_login_as(&other, 1, WAITS);
	start_write(&s, &t, 0);
	start_write(&other, &others, 1000);
	CHECK_NUM(manage(&s, function, NULL), PDU_TMF_COMPLETE);
	CHECK_OK(&other, ini_request_nop(&other, true, NULL, 0, NULL));
	CHECK_NUM(others.outcome, INI_IN_FLIGHT);
	ini_task_forget(&other, &others);
	ini_scsi_test_unit_ready(&tur, fixture_lun());
	CHECK_OK(&other, ini_task_run(&other, &tur));
	CHECK_THAT(SENSE_KEY(ini_task_sense(&tur)) == SENSE_KEY_UNIT_ATTENTION &&
			   SENSE_ASC(ini_task_sense(&tur)) == asc,
		   "the other initiator's sense is %06x", ini_task_sense(&tur));
	fixture_ready(&other, fixture_lun());
	fixture_leave(&other);
	check_gone(&s, &t);
}

static void clear_the_task_set(void)
{
	end_all_tasks(PDU_TMF_CLEAR_TASK_SET, 0x2f);
}

static void reset_the_logical_unit(void)
{
	end_all_tasks(PDU_TMF_LU_RESET, SENSE_ASC_RESET);
}

/* SAM-5, 6.3.3: every nexus hears of a reset, the one that asked for it as well. */
static void the_resetter_hears_of_it(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	CHECK_NUM(manage(&s, PDU_TMF_LU_RESET, NULL), PDU_TMF_COMPLETE);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_OK(&s, ini_task_run(&s, &t));
	CHECK_THAT(SENSE_KEY(ini_task_sense(&t)) == SENSE_KEY_UNIT_ATTENTION &&
			   SENSE_ASC(ini_task_sense(&t)) == SENSE_ASC_RESET,
		   "the sense is %06x", ini_task_sense(&t));
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_GOOD(&s, &t);
	fixture_leave(&s);
}

static void a_lun_that_is_not_here(void)
{
	static const uint8_t functions[] = { PDU_TMF_ABORT_TASK_SET, PDU_TMF_CLEAR_TASK_SET,
					     PDU_TMF_LU_RESET };
	struct pdu_tmf_req req = { .immediate = true, .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	uint8_t response;
	size_t i;

	fixture_login(&s, NULL);
	ini_scsi_lun(req.lun, 99);
	for (i = 0; i < sizeof(functions); i++) {
		req.function = functions[i];
		CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
		CHECK_NUM(response, PDU_TMF_NO_LUN);
	}
	fixture_leave(&s);
}

/* 11.6.1: what the target does not do is answered, not ignored. */
static void functions_that_are_not_supported(void)
{
	static const uint8_t functions[] = { 0, 13, 64, 127 };
	struct ini_session s;
	uint8_t response;
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(functions); i++) {
		response = manage(&s, functions[i], NULL);
		CHECK_THAT(response == PDU_TMF_NOT_SUPPORTED || response == PDU_TMF_REJECTED,
			   "function %u is answered with %u", functions[i], response);
	}
	response = manage(&s, PDU_TMF_CLEAR_ACA, NULL);
	CHECK(response == PDU_TMF_NOT_SUPPORTED || response == PDU_TMF_COMPLETE);
	fixture_leave(&s);
}

/* 11.6.1: at error recovery level 0 no task changes its connection. */
static void no_reassignment(void)
{
	struct ini_session s;
	uint8_t response;

	fixture_login(&s, NULL);
	response = manage(&s, PDU_TMF_TASK_REASSIGN, NULL);
	CHECK_THAT(response == PDU_TMF_NO_REASSIGN || response == PDU_TMF_NO_TASK ||
			   response == PDU_TMF_NOT_SUPPORTED,
		   "the response is %u", response);
	fixture_leave(&s);
}

/* 11.5.1: a target reset is allowed or refused; a cold one ends all connections. */
static void target_resets(void)
{
	struct ini_session s;
	struct ini_pdu pdu;
	uint8_t response;

	fixture_login(&s, NULL);
	response = manage(&s, PDU_TMF_TARGET_WARM_RESET, NULL);
	CHECK_THAT(response == PDU_TMF_COMPLETE || response == PDU_TMF_NOT_SUPPORTED ||
			   response == PDU_TMF_AUTHORIZATION_FAILED,
		   "the response is %u", response);
	fixture_ready(&s, fixture_lun());
	response = manage(&s, PDU_TMF_TARGET_COLD_RESET, NULL);
	if (response == PDU_TMF_COMPLETE)
		CHECK_ERR(&s, ini_session_recv(&s, &pdu, s.timeout_ms), -ECONNRESET);
	else
		CHECK(response == PDU_TMF_NOT_SUPPORTED ||
		      response == PDU_TMF_AUTHORIZATION_FAILED);
	fixture_drop(&s);
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "11.5.1: ABORT TASK of a write that waits for data", abort_a_waiting_write },
	{ "11.5.1: ABORT TASK leaves the others alone", abort_one_of_three },
	{ "11.6.1: ABORT TASK of a task that is not there", abort_what_is_not_there },
	{ "11.6.1: ABORT TASK of a command that never came", abort_a_command_that_never_came },
	{ "11.5: a request that is not immediate takes a CmdSN", a_request_in_order },
	{ "11.5.1: ABORT TASK SET ends the initiator's own tasks", abort_the_task_set },
	{ "11.5.1: CLEAR TASK SET ends everybody's tasks", clear_the_task_set },
	{ "11.5.1: LOGICAL UNIT RESET ends everybody's tasks", reset_the_logical_unit },
	{ "11.5.1: after a reset a unit attention awaits the one who asked",
	  the_resetter_hears_of_it },
	{ "11.6.1: functions for a LUN that is not here", a_lun_that_is_not_here },
	{ "11.6.1: functions that are not supported", functions_that_are_not_supported },
	{ "11.6.1: TASK REASSIGN at error recovery level 0", no_reassignment },
	{ "11.5.1: target resets", target_resets },
};

PROTOCOL_MAIN("protocol/tmf", NULL, tests)
