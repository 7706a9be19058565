/*
 * Every refusal that can be provoked: the status classes and details of a login (RFC 7143,
 * 11.13.5), and the reasons of a Reject (11.17.1), one case for each.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TARGET    "iqn.2026-11.org.itgtd:test"
#define SECRET    "iqn.2026-11.org.itgtd:secret"
#define ELSEWHERE "198.51.100.7:3260"
#define MOST      12 /* connections at a time */
#define DEPTH     4  /* commands at a time */
#define WAITS     "InitialR2T=Yes\nImmediateData=No\n"

/* Portals: 0, then one that sends elsewhere for now, one for ever, and one more. */
static const struct fixture_options options = {
	.conf = FIXTURE_CONF
	"max-connections = 12\n"
	"portal-group \"2\" { listen = { \"127.0.0.1:0\" } redirect = \"" ELSEWHERE "\" }\n"
	"portal-group \"3\" { listen = { \"127.0.0.1:0\" } redirect = \"" ELSEWHERE "\"\n"
	"  redirect-permanent = yes }\n"
	"portal-group \"4\" { listen = { \"127.0.0.1:0\" } }\n"
	"auth-group \"friends\" { initiator-names = { \"iqn.2026-11.org.itgtd:friend\" } }\n"
	"auth-group \"lab\" { chap \"host\" { secret = \"a secret of the lab\" } }\n"
	"target \"" TARGET "\" {\n"
	"  portal-groups = { \"1\", \"2\", \"3\", \"4\" }\n"
	"  queue-depth = 4\n"
	"  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
	"}\n"
	"target \"iqn.2026-11.org.itgtd:friends\" {\n"
	"  portal-groups = { \"1\" } auth-group = \"friends\"\n"
	"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
	"}\n"
	"target \"" SECRET "\" {\n"
	"  portal-groups = { \"1\" } auth-group = \"lab\"\n"
	"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
	"}\n",
	.target = TARGET,
};

static uint8_t data[65536];

/* ---- logins ---- */

static void connect_to(struct ini_session *s, size_t portal)
{
	const struct ini_url *p = fixture_portal(portal);

	ini_session_init(s);
	CHECK_OK(s, ini_session_connect(s, p->host, p->port));
}

/* The login over s is refused with that status, and the target ends the connection. */
static void refused(struct ini_session *s, const struct ini_login *l, uint16_t status)
{
	CHECK_ERR(s, ini_login(s, l), -EACCES);
	CHECK_THAT(s->login_status == status, "status 0x%04x, not 0x%04x", s->login_status, status);
	fixture_expect_end(s);
}

/* A login to a target, over a new connection to the first portal, is refused. */
static void refuse(const char *target, const char *operational, uint16_t status)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = target,
			       .operational = operational };
	struct ini_session s;

	fixture_connect(&s);
	refused(&s, &l, status);
}

/* A redirection names the place, and only that. */
static void redirected(size_t portal, uint16_t status)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s;
	const char *where;

	connect_to(&s, portal);
	CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
	CHECK_THAT(s.login_status == status, "status 0x%04x, not 0x%04x", s.login_status, status);
	where = ini_text_get(&s.answer, "TargetAddress", 0);
	CHECK_THAT(where && strcmp(where, ELSEWHERE) == 0, "TargetAddress is %s",
		   where ? where : "missing");
	fixture_expect_end(&s);
}

static void moved_for_now(void)
{
	redirected(1, 0x0101);
}

static void moved_for_ever(void)
{
	redirected(2, 0x0102);
}

static void an_error_of_the_initiator(void)
{
	refuse(TARGET, "MaxRecvDataSegmentLength=1\n", 0x0200);
}

static void no_authentication(void)
{
	refuse(SECRET, "", 0x0201);
}

static void not_allowed(void)
{
	refuse("iqn.2026-11.org.itgtd:friends", "", 0x0202);
}

static void no_such_target(void)
{
	refuse("iqn.2026-11.org.itgtd:none", "", 0x0203);
}

/* Send one login request by hand; the status of what comes. */
static uint16_t ask(struct ini_session *s, struct pdu_login_req req, const char *lines)
{
	struct pdu_login_rsp rsp;
	struct ini_pdu pdu = { 0 };
	struct ini_text text;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, lines) == 0);
	memcpy(req.isid, s->isid, PDU_ISID_LEN);
	req.itt = s->itt;
	req.cmdsn = s->cmdsn;
	pdu_put_login_req(pdu.bhs, &req);
	pdu.data = (const uint8_t *)text.buf;
	pdu.data_len = (uint32_t)text.len;
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	ini_text_free(&text);
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	return rsp.status;
}

/* The drafts before RFC 3720 counted their versions from 1 upwards. */
static void an_unsupported_version(void)
{
	static const uint8_t versions[] = { 1, 2, 3, 0xff };
	struct pdu_login_req req = { .csg = 1, .nsg = 3, .transit = true };
	struct ini_session s;
	size_t i;

	for (i = 0; i < sizeof(versions); i++) {
		req.version_max = req.version_min = versions[i];
		fixture_connect(&s);
		CHECK_NUM(ask(&s, req, "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=" TARGET),
			  0x0205);
		fixture_expect_end(&s);
	}
}

static void a_connection_too_many_for_the_session(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s, more;

	fixture_login(&s, NULL);
	fixture_connect(&more);
	memcpy(more.isid, s.isid, PDU_ISID_LEN);
	more.tsih = s.tsih;
	more.cid = 1;
	refused(&more, &l, 0x0206);
	fixture_leave(&s);
}

static void a_missing_parameter(void)
{
	refuse(NULL, "", 0x0207);
}

/* 6.3.1: a session's connections are all to portals of one group. */
static void a_connection_by_another_group(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s, more;

	fixture_login(&s, NULL);
	connect_to(&more, 3);
	memcpy(more.isid, s.isid, PDU_ISID_LEN);
	more.tsih = s.tsih;
	more.cid = 1;
	refused(&more, &l, 0x0208);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

static void a_session_type_that_is_none(void)
{
	refuse(TARGET, "SessionType=Backup\n", 0x0209);
}

static void a_session_that_is_not_here(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s;

	fixture_connect(&s);
	s.tsih = 0x4711;
	refused(&s, &l, 0x020a);
}

static void something_else_during_login(void)
{
	struct ini_pdu pdu = { .bhs = { PDU_TEXT_REQ | PDU_IMMEDIATE, PDU_FINAL } };
	struct pdu_login_req req = { .csg = 1 };
	struct pdu_login_rsp rsp;
	struct ini_session s;

	fixture_connect(&s);
	CHECK_NUM(ask(&s, req, "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=" TARGET), 0);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.status, 0x020b);
	fixture_expect_end(&s);
}

/* All connections are taken by sessions; as soon as one leaves there is room again. */
static void out_of_resources(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s[MOST], more;
	size_t i;

	for (i = 0; i < MOST; i++)
		fixture_login_as(&s[i], (uint8_t)i, NULL);
	fixture_connect(&more);
	more.isid[PDU_ISID_LEN - 1] = MOST;
	refused(&more, &l, 0x0302);
	fixture_leave(&s[0]);
	fixture_login_as(&s[0], MOST, NULL);
	for (i = 0; i < MOST; i++)
		fixture_leave(&s[i]);
}

/* ---- rejects ---- */

/*
 * Take the Reject of what was sent: the reason, the reserved tag, F, and the header
 * complained of (11.17).
 */
static void rejected(struct ini_session *s, const uint8_t *bhs, uint8_t reason)
{
	struct ini_pdu pdu;

	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	CHECK_THAT(pdu_opcode(pdu.bhs) == PDU_REJECT, "opcode 0x%02x comes, no Reject",
		   pdu_opcode(pdu.bhs));
	CHECK_THAT(pdu.bhs[2] == reason, "the reason is 0x%02x, not 0x%02x", pdu.bhs[2], reason);
	CHECK(pdu.bhs[1] & PDU_FINAL);
	CHECK_NUM(be32(pdu.bhs + 16), PDU_TAG_RESERVED);
	CHECK_NUM(pdu.data_len, PDU_BHS_LEN);
	CHECK_NUM(pdu.data[0], bhs[0]);
	CHECK(memcmp(pdu.data + 8, bhs + 8, PDU_BHS_LEN - 8) == 0);
}

/* Number a request, send it, and expect its Reject. */
static void reject(struct ini_session *s, struct ini_pdu *pdu, uint8_t reason)
{
	ini_session_number(s, pdu->bhs);
	CHECK_OK(s, ini_conn_send(&s->conn, pdu, s->timeout_ms));
	rejected(s, pdu->bhs, reason);
}

static void a_data_digest_error(void)
{
	struct ini_pdu pdu = { .data = data, .data_len = 100, .faults = INI_BAD_DATA_DIGEST };
	struct ini_session s;

	fixture_login(&s, "DataDigest=CRC32C\n");
	pdu_put_nop_out(pdu.bhs,
			&(struct pdu_nop_out){ .immediate = true, .ttt = PDU_TAG_RESERVED });
	reject(&s, &pdu, PDU_REJECT_DATA_DIGEST);
	fixture_leave(&s);
}

/* Immediate data where it was not agreed to. */
static void a_protocol_error(void)
{
	struct pdu_scsi_cmd cmd = { .immediate = true, .final = true, .write = true, .edtl = 512 };
	struct ini_pdu pdu = { .data = data, .data_len = 512 };
	struct ini_session s;

	fixture_login(&s, WAITS);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	reject(&s, &pdu, PDU_REJECT_PROTOCOL_ERROR);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

static void a_command_not_supported(void)
{
	struct ini_pdu pdu = { .bhs = { 0x1d | PDU_IMMEDIATE, PDU_FINAL } };
	struct ini_session s;

	fixture_login(&s, NULL);
	reject(&s, &pdu, PDU_REJECT_NOT_SUPPORTED);
	fixture_leave(&s);
}

/* Immediate commands are not bounded by the window, so the target bounds them (4.2.2.1). */
static void too_many_immediate_commands(void)
{
	struct pdu_scsi_cmd cmd = { .immediate = true, .final = true, .attr = PDU_ATTR_SIMPLE };
	struct ini_task t[DEPTH];
	struct ini_pdu pdu = { 0 };
	struct ini_session s;
	size_t i;

	fixture_login(&s, WAITS);
	for (i = 0; i < DEPTH; i++) {
		ini_scsi_write(&t[i], 0, i * 8, 8, data, 4096);
		t[i].immediate = true;
		fixture_start_write(&s, &t[i]);
	}
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	reject(&s, &pdu, PDU_REJECT_TOO_MANY_IMMEDIATE);
	for (i = 0; i < DEPTH; i++) {
		CHECK_OK(&s, ini_task_answer_r2t(&s, &t[i], &t[i].r2ts[0]));
		CHECK_OK(&s, ini_task_wait(&s, &t[i]));
		CHECK(ini_task_is_good(&t[i]));
	}
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

static void a_task_in_progress(void)
{
	struct pdu_scsi_cmd cmd = { .immediate = true, .final = true };
	struct ini_pdu pdu = { 0 };
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, WAITS);
	ini_scsi_write(&t, 0, 0, 8, data, 4096);
	fixture_start_write(&s, &t);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	s.itt = t.itt;
	reject(&s, &pdu, PDU_REJECT_TASK_IN_PROGRESS);
	s.itt = t.itt + 100;
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	fixture_leave(&s);
}

static void an_invalid_field(void)
{
	struct ini_pdu pdu = { 0 };
	struct ini_session s;

	fixture_login(&s, NULL);
	pdu_put_logout_req(pdu.bhs, &(struct pdu_logout_req){
					    .immediate = true,
					    .reason = 99,
				    });
	reject(&s, &pdu, PDU_REJECT_INVALID_FIELD);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

/* Text that goes on and on, a request after the other: at some time the target has enough. */
static void a_long_operation(void)
{
	struct pdu_text_req req = { .immediate = true, .cont = true, .ttt = PDU_TAG_RESERVED };
	struct ini_pdu pdu, rsp;
	struct pdu_text_rsp text;
	struct ini_session s;
	uint32_t itt = 0;
	int i;

	fixture_login(&s, NULL);
	memset(data, 'k', 8192);
	for (i = 0;; i++) {
		CHECK_THAT(i < 200, "a megabyte of text in one request is taken");
		pdu = (struct ini_pdu){ .data = data, .data_len = 8192 };
		pdu_put_text_req(pdu.bhs, &req);
		ini_session_number(&s, pdu.bhs);
		if (i)
			put_be32(pdu.bhs + 16, itt);
		itt = pdu_itt(pdu.bhs);
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_OK(&s, ini_session_recv(&s, &rsp, s.timeout_ms));
		if (pdu_opcode(rsp.bhs) == PDU_REJECT)
			break;
		CHECK(pdu_get_text_rsp(rsp.bhs, &text) == PDU_OK && !text.final);
		req.ttt = text.ttt;
	}
	CHECK_NUM(rsp.bhs[2], PDU_REJECT_LONG_OPERATION);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

/*
 * The daemon is told to stop while a write waits for its data: who comes now is refused,
 * and who is here gets no new command through (11.9.1), while the write is finished. A
 * rejected command uses up its number, so that a logout in order can follow it.
 */
static void the_daemon_stops(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	struct ini_session s, more;
	struct ini_task t, late;
	struct ini_pdu pdu;
	bool is_other;

	fixture_login(&s, WAITS);
	ini_scsi_write(&t, 0, 0, 8, data, 4096);
	fixture_start_write(&s, &t);
	fixture_terminate();
	while (!s.asyncs) {
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
		CHECK(!is_other);
	}
	CHECK_NUM(s.async.event, PDU_ASYNC_LOGOUT);
	fixture_connect(&more);
	more.isid[PDU_ISID_LEN - 1] = 1;
	refused(&more, &l, 0x0301);
	ini_scsi_test_unit_ready(&late, 0);
	CHECK_OK(&s, ini_task_submit(&s, &late));
	while (late.outcome == INI_IN_FLIGHT)
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
	CHECK_NUM(late.outcome, INI_REJECTED);
	CHECK_NUM(late.reject_reason, PDU_REJECT_WAITING_FOR_LOGOUT);
	s.cmdsn--; /* 7.3: it was not received; the logout has it */
	STAILQ_INIT(&s.done);
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	t.holds_r2ts = false;
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	pdu = (struct ini_pdu){ 0 };
	pdu_put_logout_req(pdu.bhs, &(struct pdu_logout_req){ .reason = PDU_LOGOUT_SESSION });
	ini_session_number(&s, pdu.bhs);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_LOGOUT_RSP);
	fixture_expect_end(&s);
}

static const struct unit_test tests[] = {
	{ "11.13.5: 0x0101, the target has moved for now", moved_for_now },
	{ "11.13.5: 0x0102, the target has moved for ever", moved_for_ever },
	{ "11.13.5: 0x0200, a value that no initiator may declare", an_error_of_the_initiator },
	{ "11.13.5: 0x0201, authentication is passed over", no_authentication },
	{ "11.13.5: 0x0202, the initiator may not come to this target", not_allowed },
	{ "11.13.5: 0x0203, there is no such target", no_such_target },
	{ "11.13.5: 0x0205, versions of the drafts are not spoken", an_unsupported_version },
	{ "11.13.5: 0x0206, one connection too many for its session",
	  a_connection_too_many_for_the_session },
	{ "11.13.5: 0x0207, no TargetName in a normal session", a_missing_parameter },
	{ "11.13.5: 0x0208, a session's connection by another portal group",
	  a_connection_by_another_group },
	{ "11.13.5: 0x0209, a session type that does not exist", a_session_type_that_is_none },
	{ "11.13.5: 0x020a, a session that is not here", a_session_that_is_not_here },
	{ "11.13.5: 0x020b, another PDU during login", something_else_during_login },
	{ "11.13.5: 0x0302, one connection more than max-connections", out_of_resources },
	{ "11.17.1: 0x02, a data digest that does not match", a_data_digest_error },
	{ "11.17.1: 0x04, immediate data that was not agreed to", a_protocol_error },
	{ "11.17.1: 0x05, an opcode that does not exist", a_command_not_supported },
	{ "11.17.1: 0x06, more immediate commands than the target takes",
	  too_many_immediate_commands },
	{ "11.17.1: 0x07, a tag in use", a_task_in_progress },
	{ "11.17.1: 0x09, a logout reason that does not exist", an_invalid_field },
	{ "11.17.1: 0x0a, text without end", a_long_operation },
	{ "11.13.5: 0x0301 and 11.17.1: 0x0c, the daemon stops", the_daemon_stops },
};

PROTOCOL_MAIN("protocol/refusals", &options, tests)
