/*
 * What ABORT TASK does to tasks that wait for data, for their turn, or that were lost
 * (RFC 7143, 4.2.3, 11.5, 11.6).
 */
#include "tmf.h"

#include <string.h>

static uint8_t in[TMF_LEN];

static void abort_in_both_forms(void)
{
	struct ini_session s;
	struct ini_task t;
	int immediate;

	for (immediate = 0; immediate < 2; immediate++) {
		tmf_prepare(&s, 0, TMF_WAITS);
		tmf_start_write(&s, &t, 0);
		CHECK_NUM(tmf_ask(&s, PDU_TMF_ABORT_TASK, 0, &t, immediate), PDU_TMF_COMPLETE);
		tmf_ended(&s, &t, 0);
		tmf_attention(&s, 0, 0);
		fixture_leave(&s);
	}
}

/* Some initiators go on sending data until they have the response, others stop at once. */
static void data_in_the_same_moment(void)
{
	struct pdu_data_out d = { 0 };
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct ini_pdu pdu = { .data = tmf_data, .data_len = 4096 };
	struct ini_session s;
	struct ini_task t;
	uint8_t response;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
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
	pdu.data = tmf_data + 4096;
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	tmf_silence(&s);
	ini_scsi_read(&t, 0, 0, TMF_BLOCKS, in, TMF_LEN);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, tmf_old, TMF_LEN) == 0);
	fixture_leave(&s);
}

/* The tag of an aborted task is free, and its place in the window too. */
static void tag_and_window_come_free(void)
{
	struct ini_session s;
	struct ini_task t, again[TMF_DEPTH];
	size_t i;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_COMPLETE);
	ini_task_forget(&s, &t);
	s.itt = t.itt;
	for (i = 0; i < TMF_DEPTH; i++)
		tmf_start_write(&s, &again[i], 0);
	CHECK_NUM(again[0].itt, t.itt);
	for (i = 0; i < TMF_DEPTH; i++)
		tmf_goes_on(&s, &again[i]);
	fixture_leave(&s);
}

/* 11.5.5: RefCmdSN counts only when there is no such task. */
static void refcmdsn_of_a_task_that_is_there(void)
{
	static const uint32_t off[] = { 1, 1000, 0x80000000 };
	struct ini_session s;
	struct ini_task t, wrong;
	size_t i;

	tmf_prepare(&s, 0, TMF_WAITS);
	for (i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		tmf_start_write(&s, &t, 0);
		wrong = t;
		wrong.cmdsn += off[i];
		CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &wrong), PDU_TMF_COMPLETE);
		tmf_ended(&s, &t, 0);
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

	tmf_prepare(&s, 0, TMF_WAITS);
	for (i = 0; i < 3; i++) {
		none.cmdsn = s.cmdsn + i;
		CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &none), PDU_TMF_NO_TASK);
		none.cmdsn = s.cmdsn + i;
		CHECK_NUM(tmf_ask(&s, PDU_TMF_ABORT_TASK, 0, &none, false), PDU_TMF_NO_TASK);
	}
	tmf_attention(&s, 0, 0);
	fixture_leave(&s);
}

/* A command that was taken for lost and aborted comes after all: it is not carried out. */
static void a_lost_command_comes_late(void)
{
	struct pdu_scsi_cmd cmd = { .final = true, .write = true, .edtl = TMF_LEN };
	struct ini_session s;
	struct ini_task lost, t;
	struct ini_pdu pdu = { .data = tmf_data, .data_len = TMF_LEN };

	tmf_prepare(&s, 0, "InitialR2T=Yes\nImmediateData=Yes\n");
	ini_scsi_write(&lost, 0, 0, TMF_BLOCKS, tmf_data, TMF_LEN);
	memcpy(cmd.cdb, lost.cdb, PDU_CDB_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	lost.cmdsn = s.cmdsn;
	lost.itt = ini_session_number(&s, pdu.bhs);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &lost), PDU_TMF_COMPLETE);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	tmf_silence(&s);
	ini_scsi_read(&t, 0, 0, TMF_BLOCKS, in, TMF_LEN);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, tmf_old, TMF_LEN) == 0);
	fixture_leave(&s);
}

/* Tags belong to a session: another session's task of the same tag is not touched. */
static void a_task_of_another_session(void)
{
	struct ini_session s, other;
	struct ini_task t;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_prepare(&other, 1, TMF_WAITS);
	tmf_start_write(&other, &t, 0);
	t.cmdsn = s.cmdsn - 1;
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_NO_TASK);
	tmf_goes_on(&other, &t);
	fixture_leave(&other);
	fixture_leave(&s);
}

/* What an ORDERED command waited for is gone: it runs. */
static void those_behind_it_run(void)
{
	struct ini_session s;
	struct ini_task t, behind;

	tmf_prepare(&s, 0, TMF_WAITS);
	tmf_start_write(&s, &t, 0);
	ini_scsi_read(&behind, 0, 0, TMF_BLOCKS, in, TMF_LEN);
	behind.attr = PDU_ATTR_ORDERED;
	CHECK_OK(&s, ini_task_submit(&s, &behind));
	tmf_silence(&s);
	CHECK_NUM(behind.outcome, INI_IN_FLIGHT);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &t), PDU_TMF_COMPLETE);
	CHECK_OK(&s, ini_task_wait(&s, &behind));
	CHECK(ini_task_is_good(&behind));
	ini_task_forget(&s, &t);
	fixture_leave(&s);
}

/* A command that waits for one before it (4.2.2.1) can be aborted; the window goes on. */
static void a_held_command(void)
{
	struct ini_session s;
	struct ini_task held, gap;

	tmf_prepare(&s, 0, TMF_WAITS);
	s.cmdsn++;
	ini_scsi_test_unit_ready(&held, 0);
	CHECK_OK(&s, ini_task_submit(&s, &held));
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK, 0, &held), PDU_TMF_COMPLETE);
	ini_task_forget(&s, &held);
	ini_scsi_test_unit_ready(&gap, 0);
	tmf_fill_gap(&s, &gap, 2);
	CHECK_OK(&s, ini_task_wait(&s, &gap));
	CHECK(ini_task_is_good(&gap));
	tmf_silence(&s);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	tmf_attention(&s, 0, 0);
	fixture_leave(&s);
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
};

PROTOCOL_MAIN("protocol/abort_task", &tmf_options, tests)
