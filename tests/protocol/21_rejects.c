/*
 * What a Reject does to the order of commands (RFC 7143, 7.3): the CmdSN of a request that was
 * rejected does not count as received. The initiator closes the gap with another request, or by
 * aborting the task.
 */
#include "base/bytes.h"
#include "fixture.h"

#include <string.h>

#define KEYS "ImmediateData=No\nInitialR2T=Yes\n"

static uint8_t data[512];

/* Requests that are rejected whenever they come. */
static void bad_tmf(uint8_t *bhs)
{
	pdu_put_tmf_req(bhs, &(struct pdu_tmf_req){ .function = PDU_TMF_ABORT_TASK_SET,
						    .rtt = PDU_TAG_RESERVED });
}

static void bad_text(uint8_t *bhs)
{
	pdu_put_text_req(bhs, &(struct pdu_text_req){ .final = true, .ttt = 0x12345678 });
}

static void bad_logout(uint8_t *bhs)
{
	pdu_put_logout_req(bhs, &(struct pdu_logout_req){ .reason = 99 });
}

static void bad_command(uint8_t *bhs)
{
	struct pdu_scsi_cmd cmd = { .final = true, .write = true, .edtl = sizeof(data) };

	cmd.cdb[0] = 0x2a;
	cmd.cdb[8] = 1;
	pdu_put_scsi_cmd(bhs, &cmd);
}

static const struct request {
	const char *what;
	void (*make)(uint8_t *bhs);
	uint32_t len; /* bytes of data */
} requests[] = {
	{ "task management with data", bad_tmf, 4 },
	{ "text that continues nothing", bad_text, 4 },
	{ "a logout for no reason", bad_logout, 0 },
	{ "immediate data that was not agreed to", bad_command, sizeof(data) },
};

#define REQUESTS (sizeof(requests) / sizeof(requests[0]))

/* Send one that takes a CmdSN. */
static void send_bad(struct ini_session *s, const struct request *r)
{
	struct ini_pdu pdu = { .data = data, .data_len = r->len };

	r->make(pdu.bhs);
	put_be32(pdu.bhs + 4, r->len); /* no AHS */
	ini_session_number(s, pdu.bhs);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
}

static void take_reject(struct ini_session *s, const char *what)
{
	struct ini_pdu pdu;

	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	CHECK_THAT(pdu_opcode(pdu.bhs) == PDU_REJECT, "%s: answered by opcode 0x%02x", what,
		   pdu_opcode(pdu.bhs));
}

static void the_number_is_still_to_come(void)
{
	struct ini_session s;
	struct ini_task t;
	size_t i;

	for (i = 0; i < REQUESTS; i++) {
		fixture_login(&s, KEYS);
		send_bad(&s, &requests[i]);
		take_reject(&s, requests[i].what);
		s.cmdsn--;
		CHECK_THAT(s.expcmdsn == s.cmdsn, "%s: ExpCmdSN is %u, not %u", requests[i].what,
			   s.expcmdsn, s.cmdsn);
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_GOOD(&s, &t);
		CHECK_NUM(s.expcmdsn, s.cmdsn);
		fixture_leave(&s);
	}
}

/* What came behind it waits until the gap is closed. */
static void those_behind_it_wait(void)
{
	struct ini_task behind, plug;
	struct ini_session s;
	size_t i;

	for (i = 0; i < REQUESTS; i++) {
		fixture_login(&s, KEYS);
		send_bad(&s, &requests[i]);
		ini_scsi_test_unit_ready(&behind, fixture_lun());
		CHECK_OK(&s, ini_task_submit(&s, &behind));
		take_reject(&s, requests[i].what);
		CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
		CHECK_NUM(behind.outcome, INI_IN_FLIGHT);
		s.cmdsn -= 2;
		ini_scsi_test_unit_ready(&plug, fixture_lun());
		CHECK_OK(&s, ini_task_submit(&s, &plug));
		s.cmdsn++;
		CHECK_OK(&s, ini_task_wait(&s, &plug));
		CHECK_OK(&s, ini_task_wait(&s, &behind));
		CHECK(ini_task_is_good(&plug) && ini_task_is_good(&behind));
		fixture_leave(&s);
	}
}

/* One that is rejected only when its turn comes, for it came too early. */
static void one_that_had_to_wait(void)
{
	struct ini_session s;
	struct ini_task t;
	size_t i;

	for (i = 0; i < REQUESTS - 1; i++) { /* commands are rejected when they come */
		fixture_login(&s, KEYS);
		s.cmdsn++;
		send_bad(&s, &requests[i]);
		s.cmdsn -= 2;
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_OK(&s, ini_task_submit(&s, &t));
		take_reject(&s, requests[i].what);
		CHECK_OK(&s, ini_task_wait(&s, &t));
		CHECK(ini_task_is_good(&t));
		CHECK_NUM(s.expcmdsn, s.cmdsn);
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_GOOD(&s, &t);
		fixture_leave(&s);
	}
}

/* ABORT TASK with that RefCmdSN closes the gap, too (11.5.5). */
static void an_abort_closes_the_gap(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK,
				   .rtt = 0x0badcafe };
	struct ini_session s;
	uint8_t response;
	struct ini_task t;
	size_t i;

	for (i = 0; i < REQUESTS; i++) {
		fixture_login(&s, KEYS);
		req.refcmdsn = s.cmdsn;
		send_bad(&s, &requests[i]);
		take_reject(&s, requests[i].what);
		CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
		CHECK_NUM(response, PDU_TMF_COMPLETE);
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_GOOD(&s, &t);
		fixture_leave(&s);
	}
}

/* An immediate request has no number to lose. */
static void immediate_requests_lose_nothing(void)
{
	struct ini_pdu pdu = { 0 };
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, KEYS);
	pdu_put_logout_req(pdu.bhs, &(struct pdu_logout_req){ .immediate = true, .reason = 99 });
	ini_session_number(&s, pdu.bhs);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	take_reject(&s, "a logout for no reason");
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_GOOD(&s, &t);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "7.3: the CmdSN of a rejected request is still to come", the_number_is_still_to_come },
	{ "7.3: requests behind a rejected one wait for the gap to close", those_behind_it_wait },
	{ "7.3: a request that waited for its turn may be rejected, too", one_that_had_to_wait },
	{ "7.3: ABORT TASK closes the gap of a rejected request", an_abort_closes_the_gap },
	{ "7.3: a rejected immediate request leaves no gap", immediate_requests_lose_nothing },
};

PROTOCOL_MAIN("protocol/rejects", NULL, tests)
