/* The time limit of the login phase: nobody holds a connection without logging in. */
#include "fixture.h"

#include "base/bytes.h"

#include <string.h>

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "login-timeout = \"1s\"\n"
			     "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static void silence(void)
{
	struct ini_session s;

	fixture_connect(&s);
	fixture_expect_end(&s);
}

static void half_a_header(void)
{
	static const uint8_t half[24] = { PDU_LOGIN_REQ | PDU_IMMEDIATE };
	struct ini_session s;

	fixture_connect(&s);
	CHECK_OK(&s, ini_conn_send_bytes(&s.conn, half, sizeof(half), s.timeout_ms));
	fixture_expect_end(&s);
}

/* Each answer in time does not make the whole any longer. */
static void a_login_without_end(void)
{
	struct ini_login_step step = { .csg = PDU_STAGE_OPERATIONAL };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;

	fixture_connect(&s);
	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, "InitiatorName=" FIXTURE_INITIATOR
					"\nSessionType=Discovery\n") == 0);
	CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	ini_text_free(&text);
	fixture_expect_end(&s);
}

/* A second connection is the clock: it is ended by the limit, the first lives on. */
static void a_session_has_no_such_limit(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	silence();
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "a connection that says nothing is ended", silence },
	{ "a connection that stops within a header is ended", half_a_header },
	{ "a login that does not come to its end is ended", a_login_without_end },
	{ "a session that has logged in is left alone", a_session_has_no_such_limit },
};

PROTOCOL_MAIN("protocol/login_timeout", &options, tests)
