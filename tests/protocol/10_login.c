/* The login phase (RFC 7143, 6.3, 11.12, 11.13): stages, versions, names, refusals. */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SEC  PDU_STAGE_SECURITY
#define OPER PDU_STAGE_OPERATIONAL
#define FULL PDU_STAGE_FULL

/* A request with the names of a normal session, and more lines; its response and keys. */
static void ask(struct ini_session *s, struct ini_login_step step, const char *lines,
		struct pdu_login_rsp *rsp)
{
	struct ini_text text;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, lines) == 0);
	CHECK_OK(s, ini_login_exchange(s, &step, &text, rsp, &s->answer));
	ini_text_free(&text);
}

struct names {
	char lines[512];
};

/* The lines that say who wants to log in to what. */
static struct names names(void)
{
	struct names n;

	(void)snprintf(n.lines, sizeof(n.lines),
		       "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=%s\nSessionType=Normal\n",
		       fixture_target());
	return n;
}

static void straight_to_operational(void)
{
	struct pdu_login_rsp rsp;
	struct ini_session s;

	fixture_connect(&s);
	ask(&s, (struct ini_login_step){ OPER, FULL, true }, names().lines, &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK(rsp.transit);
	CHECK_NUM(rsp.nsg, FULL);
	CHECK(rsp.tsih != 0);
	CHECK(ini_text_get(&s.answer, "TargetPortalGroupTag", 0) != NULL);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static void security_then_operational(void)
{
	struct pdu_login_rsp rsp;
	struct ini_session s;
	char lines[600];

	fixture_connect(&s);
	(void)snprintf(lines, sizeof(lines), "%sAuthMethod=None\n", names().lines);
	ask(&s, (struct ini_login_step){ SEC, OPER, true }, lines, &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK(rsp.transit);
	CHECK_NUM(rsp.nsg, OPER);
	CHECK_THAT(ini_text_count(&s.answer, "AuthMethod") == 1 &&
			   strcmp(ini_text_get(&s.answer, "AuthMethod", 0), "None") == 0,
		   "AuthMethod=None is not answered with None");
	CHECK_NUM(ini_text_count(&s.answer, "TargetPortalGroupTag"), 1);
	ask(&s, (struct ini_login_step){ OPER, FULL, true }, "MaxBurstLength=65536\n", &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK(rsp.transit);
	CHECK_NUM(rsp.nsg, FULL);
	CHECK(rsp.tsih != 0);
	CHECK_NUM(ini_text_count(&s.answer, "TargetPortalGroupTag"), 0);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static void security_straight_to_full_feature(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .security = "AuthMethod=None\n" };
	struct ini_session s;

	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* An initiator need not be ready at once: T=0 keeps the stage, whatever NSG says. */
static void a_stage_of_many_requests(void)
{
	struct pdu_login_rsp rsp;
	struct ini_session s;

	fixture_connect(&s);
	ask(&s, (struct ini_login_step){ SEC, SEC, false }, names().lines, &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK(!rsp.transit);
	ask(&s, (struct ini_login_step){ SEC, SEC, false }, "AuthMethod=None\n", &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	ask(&s, (struct ini_login_step){ SEC, OPER, true }, NULL, &rsp);
	CHECK(rsp.transit);
	ask(&s, (struct ini_login_step){ OPER, SEC, false }, "MaxBurstLength=65536\n", &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	ask(&s, (struct ini_login_step){ OPER, SEC, false }, "FirstBurstLength=512\n", &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK_NUM(ini_text_count(&s.answer, "FirstBurstLength"), 1);
	ask(&s, (struct ini_login_step){ OPER, FULL, true }, NULL, &rsp);
	CHECK(rsp.transit);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* A request that breaks a rule: what it says, and the statuses that are right. */
struct refusal {
	const char *what;
	struct pdu_login_req req; /* ISID, tags and numbers are filled in */
	const char *lines;        /* NULL: the names */
	uint16_t status, or_status;
};

/* Send it as the first request and expect to be refused, and the connection to be ended. */
static void expect_refusal(const struct refusal *r)
{
	struct pdu_login_req req = r->req;
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	struct ini_pdu pdu = { 0 };

	fixture_connect(&s);
	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, r->lines ? r->lines : names().lines) == 0);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	req.itt = s.itt;
	req.cmdsn = s.cmdsn;
	pdu_put_login_req(pdu.bhs, &req);
	pdu.data = (const uint8_t *)text.buf;
	pdu.data_len = (uint32_t)text.len;
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	ini_text_free(&text);
	CHECK_THAT(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK, "%s: opcode 0x%02x", r->what,
		   pdu_opcode(pdu.bhs));
	CHECK_THAT(rsp.status == r->status || (r->or_status && rsp.status == r->or_status),
		   "%s: status 0x%04x, not 0x%04x", r->what, rsp.status, r->status);
	CHECK_THAT(!rsp.transit, "%s: refused, but T is set", r->what);
	CHECK_NUM(rsp.itt, req.itt);
	fixture_expect_end(&s);
}

static void transitions_that_are_none(void)
{
	static const struct refusal cases[] = {
		{ "0 to 0", { .csg = 0, .nsg = 0, .transit = true }, NULL, 0x0200, 0x020b },
		{ "1 to 1", { .csg = 1, .nsg = 1, .transit = true }, NULL, 0x0200, 0x020b },
		{ "1 to 0", { .csg = 1, .nsg = 0, .transit = true }, NULL, 0x0200, 0x020b },
		{ "0 to 2", { .csg = 0, .nsg = 2, .transit = true }, NULL, 0x0200, 0x020b },
		{ "1 to 2", { .csg = 1, .nsg = 2, .transit = true }, NULL, 0x0200, 0x020b },
		{ "2 to 3", { .csg = 2, .nsg = 3, .transit = true }, NULL, 0x0200, 0x020b },
		{ "3 to 3", { .csg = 3, .nsg = 3, .transit = true }, NULL, 0x0200, 0x020b },
		{ "stage 2", { .csg = 2 }, NULL, 0x0200, 0x020b },
		{ "stage 3", { .csg = 3 }, NULL, 0x0200, 0x020b },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refusal(&cases[i]);
}

/* 11.12.2: T and C exclude each other: a format error (7.7), refused or cut. */
static void transit_and_continue(void)
{
	struct pdu_login_req req = { .csg = OPER, .nsg = FULL, .transit = true, .cont = true };
	struct ini_pdu pdu = { 0 };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	int err;

	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	pdu_put_login_req(pdu.bhs, &req);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	err = ini_session_recv(&s, &pdu, s.timeout_ms);
	if (err != -ECONNRESET) {
		CHECK_OK(&s, err);
		CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK && rsp.status == 0x0200);
	}
	fixture_expect_end(&s);
}

/* 11.12.3: a stage that was left does not come back, and one that was agreed is entered. */
static void stages_do_not_go_back(void)
{
	static const struct ini_login_step wrong[] = { { SEC, OPER, true }, { SEC, FULL, true } };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fixture_connect(&s);
		ask(&s, (struct ini_login_step){ SEC, OPER, true }, names().lines, &rsp);
		CHECK(rsp.transit);
		ask(&s, wrong[i], NULL, &rsp);
		CHECK_THAT(rsp.status == 0x0200 || rsp.status == 0x020b, "status 0x%04x",
			   rsp.status);
		fixture_expect_end(&s);
	}
}

static void versions(void)
{
	static const struct refusal later = {
		"version 1 only",
		{ .csg = OPER, .nsg = FULL, .transit = true, .version_max = 1, .version_min = 1 },
		NULL,
		PDU_LOGIN_UNSUPPORTED_VERSION,
		0
	};
	struct ini_pdu pdu = { 0 };
	struct pdu_login_req req = { .csg = OPER, .version_max = 9 };
	struct pdu_login_rsp rsp;
	struct ini_session s;

	expect_refusal(&later);
	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	pdu_put_login_req(pdu.bhs, &req);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.version_active, 0);
	CHECK_NUM(rsp.version_max, 0);
	ini_session_close(&s);
}

static void missing_and_unknown_names(void)
{
	static const struct refusal cases[] = {
		{ "no InitiatorName",
		  { .csg = OPER, .nsg = FULL, .transit = true },
		  "SessionType=Discovery\n",
		  PDU_LOGIN_MISSING_PARAMETER,
		  0 },
		{ "no InitiatorName, security stage",
		  { .csg = SEC, .nsg = OPER, .transit = true },
		  "TargetName=iqn.2026-11.org.itgtd:demo\nAuthMethod=None\n",
		  PDU_LOGIN_MISSING_PARAMETER,
		  0 },
		{ "no TargetName in a normal session",
		  { .csg = OPER, .nsg = FULL, .transit = true },
		  "InitiatorName=" FIXTURE_INITIATOR "\nSessionType=Normal\n",
		  PDU_LOGIN_MISSING_PARAMETER,
		  0 },
		{ "no TargetName, no SessionType",
		  { .csg = OPER, .nsg = FULL, .transit = true },
		  "InitiatorName=" FIXTURE_INITIATOR "\n",
		  PDU_LOGIN_MISSING_PARAMETER,
		  0 },
		{ "a target that is not here",
		  { .csg = OPER, .nsg = FULL, .transit = true },
		  "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=iqn.2026-11.org.itgtd:none\n",
		  PDU_LOGIN_NOT_FOUND,
		  0 },
		{ "a target name that is none",
		  { .csg = OPER, .nsg = FULL, .transit = true },
		  "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=none\n",
		  PDU_LOGIN_NOT_FOUND,
		  PDU_LOGIN_INITIATOR_ERROR },
		{ "a session that is not here",
		  { .csg = OPER, .nsg = FULL, .transit = true, .tsih = 0x4242 },
		  NULL,
		  PDU_LOGIN_NO_SESSION,
		  0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refusal(&cases[i]);
}

/* 6.3: InitiatorName stands in the first request; a second one is an error, the same or another. */
static void a_second_initiator_name(void)
{
	static const char *const second[] = { "InitiatorName=" FIXTURE_INITIATOR "\n",
					      "InitiatorName=iqn.2026-11.org.itgtd:other\n" };
	static const struct refusal at_once = { "twice in one request",
						{ .csg = OPER, .nsg = FULL, .transit = true },
						"InitiatorName=" FIXTURE_INITIATOR
						"\nInitiatorName=" FIXTURE_INITIATOR "\n"
						"SessionType=Discovery\n",
						PDU_LOGIN_INITIATOR_ERROR,
						0 };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	size_t i;

	expect_refusal(&at_once);
	for (i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		fixture_connect(&s);
		ask(&s, (struct ini_login_step){ SEC, OPER, true }, names().lines, &rsp);
		CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
		ask(&s, (struct ini_login_step){ OPER, FULL, true }, second[i], &rsp);
		CHECK_NUM(rsp.status, PDU_LOGIN_INITIATOR_ERROR);
		fixture_expect_end(&s);
	}
}

/*
 * libiscsi says its names anew when it has offered CHAP and nobody asks for it. That is read over;
 * other names, and a third time, are not.
 */
static void names_again_after_needless_chap(void)
{
	static const char *const third[] = { "InitiatorName=" FIXTURE_INITIATOR "\n",
					     "InitiatorName=iqn.2026-11.org.itgtd:other\n",
					     "TargetName=iqn.2026-11.org.itgtd:other\n",
					     "SessionType=Discovery\n" };
	struct ini_login_step anew = { OPER, OPER, false }, end = { OPER, FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	char lines[1024];
	size_t i;

	(void)snprintf(lines, sizeof(lines), "%sAuthMethod=CHAP,None\n", names().lines);
	for (i = 0; i <= sizeof(third) / sizeof(third[0]); i++) {
		fixture_connect(&s);
		ask(&s, (struct ini_login_step){ SEC, OPER, true }, lines, &rsp);
		CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
		CHECK(strcmp(ini_text_get(&s.answer, "AuthMethod", 0), "None") == 0);
		if (i == sizeof(third) / sizeof(third[0]))
			break;
		if (i == 0) {
			ask(&s, anew, names().lines, &rsp);
			CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
		}
		ask(&s, end, third[i], &rsp);
		CHECK_NUM(rsp.status, PDU_LOGIN_INITIATOR_ERROR);
		fixture_expect_end(&s);
	}
	ask(&s, end, names().lines, &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 4.2.7.1 and RFC 3722: names differ by more than their case. */
static void names_in_capitals(void)
{
	struct ini_login l = { .initiator = "IQN.2026-11.ORG.ITGTD:INITIATOR", .operational = "" };
	char target[TEXT_NAME_MAX + 1];
	struct ini_session s;
	size_t i;

	(void)snprintf(target, sizeof(target), "%s", fixture_target());
	for (i = 0; target[i]; i++)
		target[i] =
			(char)(target[i] >= 'a' && target[i] <= 'z' ? target[i] - 32 : target[i]);
	l.target = target;
	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 11.12.2: a request longer than a PDU; pairs are cut anywhere, and answered when all is there. */
static void a_request_in_pieces(void)
{
	char lines[20000], value[201] = "";
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .operational = lines };
	struct ini_session s;
	size_t at = 0;
	int i;

	memset(value, 'v', sizeof(value) - 1);
	for (i = 0; i < 60; i++)
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "X-org.itgtd.key%d=%s\n", i,
				       value);
	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	for (i = 0; i < 60; i++) {
		(void)snprintf(value, sizeof(value), "X-org.itgtd.key%d", i);
		CHECK_THAT(ini_text_count(&s.answer, value) == 1 &&
				   strcmp(ini_text_get(&s.answer, value, 0), "NotUnderstood") == 0,
			   "%s is not answered with NotUnderstood", value);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* The same the other way: 300 answers of 32 bytes do not fit into one PDU. */
static void an_answer_in_pieces(void)
{
	char lines[10000], key[32];
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .operational = lines };
	struct ini_session s;
	size_t at = 0;
	int i;

	for (i = 0; i < 300; i++)
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "X-org.itgtd.k%03d=1\n", i);
	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	for (i = 0; i < 300; i++) {
		(void)snprintf(key, sizeof(key), "X-org.itgtd.k%03d", i);
		CHECK_THAT(ini_text_count(&s.answer, key) == 1, "%s is not answered once", key);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 6.3: anything but a login request before the login phase ends the connection, unanswered. */
static void no_login_at_all(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_OUT,  PDU_SCSI_CMD, PDU_TMF_REQ,
					   PDU_TEXT_REQ, PDU_DATA_OUT, PDU_LOGOUT_REQ,
					   PDU_SNACK,    PDU_NOP_IN,   0x1f };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(opcodes); i++) {
		fixture_connect(&s);
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL } };
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_ERR(&s, ini_conn_recv(&s.conn, &pdu, s.timeout_ms), -ECONNRESET);
		ini_session_close(&s);
	}
}

/* 6.3: once the login phase has begun, it is refused with "invalid during login". */
static void a_command_during_login(void)
{
	struct ini_pdu pdu = { .bhs = { PDU_NOP_OUT | PDU_IMMEDIATE, PDU_FINAL } };
	struct pdu_login_rsp rsp;
	struct ini_session s;

	fixture_connect(&s);
	ask(&s, (struct ini_login_step){ SEC, SEC, false }, names().lines, &rsp);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.status, PDU_LOGIN_INVALID_DURING_LOGIN);
	fixture_expect_end(&s);
}

/* 6.1: text that is no list of pairs; 6.2: a key negotiated twice. */
static void malformed_text(void)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "MaxBurstLength", sizeof("MaxBurstLength") },
		{ "=512", sizeof("=512") },
		{ "MaxBurstLength=512", sizeof("MaxBurstLength=512") - 1 },
		{ "MaxBurstLength=512\0MaxBurstLength=512",
		  sizeof("MaxBurstLength=512\0MaxBurstLength=512") },
	};
	struct ini_login_step step = { OPER, FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_connect(&s);
		ini_text_init(&text);
		CHECK(ini_text_add_lines(&text, names().lines) == 0);
		CHECK(ini_text_append(&text, cases[i].text, cases[i].len) == 0);
		CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
		CHECK_NUM(rsp.status, PDU_LOGIN_INITIATOR_ERROR);
		ini_text_free(&text);
		fixture_expect_end(&s);
	}
}

/* 11.13: every response acknowledges the CmdSN that the login came with, and takes a StatSN. */
static void numbers_start_where_the_initiator_says(void)
{
	struct pdu_login_rsp rsp;
	struct ini_session s;

	fixture_connect(&s);
	s.cmdsn = s.expcmdsn = s.maxcmdsn = 0xfffffffe;
	ask(&s, (struct ini_login_step){ SEC, OPER, true }, names().lines, &rsp);
	CHECK_NUM(rsp.sn.expcmdsn, 0xfffffffe);
	ask(&s, (struct ini_login_step){ OPER, FULL, true }, NULL, &rsp);
	CHECK_NUM(rsp.sn.expcmdsn, 0xfffffffe);
	CHECK(ini_session_has_room(&s));
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "6.3: a login of the operational stage alone leads to full feature",
	  straight_to_operational },
	{ "6.3: security with AuthMethod=None, then operational", security_then_operational },
	{ "6.3: from security straight to full feature", security_straight_to_full_feature },
	{ "11.12.1: a stage lasts until the initiator sets T", a_stage_of_many_requests },
	{ "11.12.3: transitions that do not exist are refused", transitions_that_are_none },
	{ "11.12.2: a request that ends its stage and goes on", transit_and_continue },
	{ "11.12.3: a stage that was left does not come back", stages_do_not_go_back },
	{ "11.12.4: another version is refused with 0x0205, version 0 is chosen from a range",
	  versions },
	{ "11.13.5: missing and unknown names and sessions are told apart",
	  missing_and_unknown_names },
	{ "6.3: InitiatorName is said once", a_second_initiator_name },
	{ "6.3: names may come again after CHAP that nobody asks for",
	  names_again_after_needless_chap },
	{ "4.2.7.1: names are compared with their case folded", names_in_capitals },
	{ "11.12.2: a login request may come in pieces", a_request_in_pieces },
	{ "11.13.2: a login answer longer than a PDU comes in pieces", an_answer_in_pieces },
	{ "6.3: a connection that does not begin with a login is ended", no_login_at_all },
	{ "6.3: another PDU during login is refused with 0x020b", a_command_during_login },
	{ "6.1: malformed text and keys said twice are refused", malformed_text },
	{ "11.13: CmdSN starts where the login says", numbers_start_where_the_initiator_says },
};

PROTOCOL_MAIN("protocol/login", NULL, tests)
