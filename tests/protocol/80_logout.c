/* Logout (RFC 7143, 11.14, 11.15): every reason, and what goes on afterwards. */
#include "fixture.h"

#include <errno.h>

/* Log out and expect that response; the connection goes on, or ends when ends says so. */
static void log_out(struct ini_session *s, uint8_t reason, uint16_t cid, uint8_t want, bool ends)
{
	struct ini_pdu pdu;
	uint8_t response;

	CHECK_OK(s, ini_request_logout(s, (enum pdu_logout_reason)reason, cid, &response));
	CHECK_NUM(response, want);
	if (ends) {
		CHECK_ERR(s, ini_session_recv(s, &pdu, s->timeout_ms), -ECONNRESET);
		fixture_drop(s);
	}
}

static void close_the_session(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	log_out(&s, PDU_LOGOUT_SESSION, 0, PDU_LOGOUT_DONE, true);
	fixture_serves();
}

/* The CID means nothing when the session ends. */
static void close_the_session_with_any_cid(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	log_out(&s, PDU_LOGOUT_SESSION, 0x4711, PDU_LOGOUT_DONE, true);
}

static void close_the_connection(void)
{
	static const uint16_t cids[] = { 0, 1, 0xffff };
	struct ini_login l = { .initiator = FIXTURE_INITIATOR, .operational = "" };
	struct ini_session s;
	size_t i;

	l.target = fixture_target();
	for (i = 0; i < sizeof(cids) / sizeof(cids[0]); i++) {
		fixture_connect(&s);
		s.cid = cids[i];
		CHECK_OK(&s, ini_login(&s, &l));
		log_out(&s, PDU_LOGOUT_CONNECTION, cids[i], PDU_LOGOUT_DONE, true);
	}
	fixture_serves();
}

static void close_a_connection_that_is_not_here(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	log_out(&s, PDU_LOGOUT_CONNECTION, (uint16_t)(s.cid + 1), PDU_LOGOUT_NO_CID, false);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 11.15.1: recovery needs error recovery level 2; the session goes on. */
static void recovery(void)
{
	struct ini_session s;

	fixture_login(&s, "ErrorRecoveryLevel=0\n");
	log_out(&s, PDU_LOGOUT_RECOVERY, s.cid, PDU_LOGOUT_NO_RECOVERY, false);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static void reasons_that_are_none(void)
{
	static const uint8_t reasons[] = { 3, 64, 127 };
	struct ini_session s;
	uint8_t response;
	size_t i;
	int err;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(reasons); i++) {
		response = PDU_LOGOUT_CLEANUP_FAIL;
		err = ini_request_logout(&s, (enum pdu_logout_reason)reasons[i], s.cid, &response);
		CHECK_THAT(err == -EREMOTEIO || (!err && response != PDU_LOGOUT_DONE),
			   "reason %u: %d, response %u", reasons[i], err, response);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* A logout in the order of commands comes behind those before it. */
static void a_logout_in_order(void)
{
	static uint8_t data[8][65536];
	struct pdu_logout_req req = { .reason = PDU_LOGOUT_SESSION };
	struct ini_task tasks[8], *t;
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_logout_rsp rsp;
	struct ini_session s;
	struct ini_pdu pdu;
	unsigned int good = 0;
	uint32_t itt;
	int err;
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < 8; i++) {
		ini_scsi_read(&tasks[i], fixture_lun(), i * 128, 128, data[i], sizeof(data[i]));
		CHECK_OK(&s, ini_task_submit(&s, &tasks[i]));
	}
	pdu_put_logout_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_LOGOUT_RSP, &pdu));
	CHECK(pdu_get_logout_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.response, PDU_LOGOUT_DONE);
	STAILQ_FOREACH (t, &s.done, link)
		good += ini_task_is_good(t);
	CHECK(good <= 8); /* the rest was ended with the session */
	err = ini_session_recv(&s, &pdu, s.timeout_ms);
	CHECK_THAT(err == -ECONNRESET, "opcode 0x%02x (ITT 0x%08x) comes after the logout response",
		   pdu_opcode(pdu.bhs), pdu_itt(pdu.bhs));
	fixture_drop(&s);
	fixture_serves();
}

/* Tasks that wait for data end with the session; data that comes late does no harm. */
static void a_logout_with_writes_waiting(void)
{
	static uint8_t data[65536];
	struct pdu_logout_req req = { .immediate = true, .reason = PDU_LOGOUT_SESSION };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\n");
	ini_scsi_write(&t, fixture_lun(), 0, 128, data, sizeof(data));
	fixture_start_write(&s, &t);
	pdu_put_logout_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	fixture_expect_end(&s);
	fixture_serves();
}

/* Commands behind a logout in the same bytes are not answered. */
static void commands_behind_a_logout(void)
{
	struct pdu_logout_req req = { .immediate = true, .reason = PDU_LOGOUT_SESSION };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	uint32_t itt;

	fixture_login(&s, NULL);
	pdu_put_logout_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_OK(&s, ini_task_submit(&s, &t));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_LOGOUT_RSP, &pdu));
	fixture_expect_end(&s);
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "11.14.1: reason 0 closes the session", close_the_session },
	{ "11.14.1: reason 0 closes it whatever the CID", close_the_session_with_any_cid },
	{ "11.14.1: reason 1 closes the connection", close_the_connection },
	{ "11.15.1: a CID that is not here is answered with 1",
	  close_a_connection_that_is_not_here },
	{ "11.15.1: reason 2 is answered with 2 at error recovery level 0", recovery },
	{ "11.14.1: reasons that do not exist are refused", reasons_that_are_none },
	{ "11.14: a logout that is not immediate comes behind the commands", a_logout_in_order },
	{ "11.14: writes that wait for data end with their session", a_logout_with_writes_waiting },
	{ "11.14: nothing is answered after a logout", commands_behind_a_logout },
};

PROTOCOL_MAIN("protocol/logout", NULL, tests)
