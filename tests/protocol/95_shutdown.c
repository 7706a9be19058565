/*
 * The end of the daemon (RFC 7143, 11.9.1): commands in flight finish, sessions are
 * asked to log out, nobody else comes in. One case: there is one end.
 */
#include "fixture.h"

#include <errno.h>
#include <string.h>

static uint8_t data[65536];

static void sessions_are_asked_to_log_out(void)
{
	struct ini_session s, careless;
	struct ini_task t;
	struct ini_pdu pdu;
	bool is_other;

	fixture_login_as(&careless, 1, NULL);
	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\n");
	ini_scsi_write(&t, fixture_lun(), 0, 128, data, sizeof(data));
	fixture_start_write(&s, &t);
	fixture_terminate();
	while (!s.asyncs) {
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
		CHECK_THAT(!is_other, "opcode 0x%02x comes", pdu_opcode(pdu.bhs));
	}
	CHECK_NUM(s.async.event, PDU_ASYNC_LOGOUT);
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	t.holds_r2ts = false;
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	fixture_leave(&s);
	/* who does not care is cut off, and the daemon ends all the same */
	fixture_expect_end(&careless);
}

static const struct unit_test tests[] = {
	{ "11.9.1: sessions are asked to log out, their commands finish",
	  sessions_are_asked_to_log_out },
};

PROTOCOL_MAIN("protocol/shutdown", NULL, tests)
