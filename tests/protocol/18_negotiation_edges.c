/*
 * The edges of negotiation (RFC 7143, 6.1 to 6.3, 13): keys said twice or in the wrong
 * phase, answers where offers belong, text cut anywhere.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SEC  PDU_STAGE_SECURITY
#define OPER PDU_STAGE_OPERATIONAL
#define FULL PDU_STAGE_FULL

/* Where a key has its place. */
enum place { OPERATIONAL, ANY_STAGE, SECURITY };

/* A legal value for every key that an initiator may say at login. */
static const struct key {
	const char *name, *value;
	enum place place;
} keys[] = {
	{ "AuthMethod", "None", SECURITY },
	{ "InitiatorName", FIXTURE_INITIATOR, ANY_STAGE },
	{ "InitiatorAlias", "a test", ANY_STAGE },
	{ "TargetName", "iqn.2026-11.org.itgtd:demo", ANY_STAGE },
	{ "SessionType", "Normal", ANY_STAGE },
	{ "HeaderDigest", "None", OPERATIONAL },
	{ "DataDigest", "None", OPERATIONAL },
	{ "MaxConnections", "1", OPERATIONAL },
	{ "InitialR2T", "Yes", OPERATIONAL },
	{ "ImmediateData", "Yes", OPERATIONAL },
	{ "MaxRecvDataSegmentLength", "8192", OPERATIONAL },
	{ "MaxBurstLength", "262144", OPERATIONAL },
	{ "FirstBurstLength", "65536", OPERATIONAL },
	{ "DefaultTime2Wait", "2", OPERATIONAL },
	{ "DefaultTime2Retain", "20", OPERATIONAL },
	{ "MaxOutstandingR2T", "1", OPERATIONAL },
	{ "DataPDUInOrder", "Yes", OPERATIONAL },
	{ "DataSequenceInOrder", "Yes", OPERATIONAL },
	{ "ErrorRecoveryLevel", "0", OPERATIONAL },
	{ "IFMarker", "No", OPERATIONAL },
	{ "OFMarker", "No", OPERATIONAL },
	{ "TaskReporting", "RFC3720", OPERATIONAL },
	{ "iSCSIProtocolLevel", "1", OPERATIONAL },
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

/* A login request with these lines; the status of its answer. */
static uint16_t ask(struct ini_session *s, struct ini_login_step step, const char *lines)
{
	struct pdu_login_rsp rsp;
	struct ini_text text;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, lines) == 0);
	CHECK_OK(s, ini_login_exchange(s, &step, &text, &rsp, &s->answer));
	ini_text_free(&text);
	return rsp.status;
}

/* The names that a first request must have, but for the key that the case is about. */
static void add_names(char *lines, size_t size, const char *but)
{
	lines[0] = '\0';
	if (strcmp(but, "InitiatorName") != 0)
		(void)snprintf(lines, size, "InitiatorName=%s\n", FIXTURE_INITIATOR);
	if (strcmp(but, "TargetName") != 0)
		(void)snprintf(lines + strlen(lines), size - strlen(lines), "TargetName=%s\n",
			       fixture_target());
}

/* 6.3: within the login no key is negotiated or declared twice. */
static void every_key_twice(void)
{
	char lines[1024];
	struct ini_session s;
	uint16_t status;
	size_t i, len;

	for (i = 0; i < NKEYS; i++) {
		add_names(lines, sizeof(lines), keys[i].name);
		len = strlen(lines);
		(void)snprintf(lines + len, sizeof(lines) - len, "%s=%s\n%s=%s\n", keys[i].name,
			       keys[i].value, keys[i].name, keys[i].value);
		fixture_connect(&s);
		status = ask(&s,
			     (struct ini_login_step){ keys[i].place == SECURITY ? SEC : OPER, FULL,
						      true },
			     lines);
		CHECK_THAT(status == PDU_LOGIN_INITIATOR_ERROR, "%s: status 0x%04x", keys[i].name,
			   status);
		fixture_expect_end(&s);
	}
}

/* The same in a later request of the stage, where the first was answered well. */
static void every_key_again_later(void)
{
	char lines[1024], again[512];
	struct ini_session s;
	uint16_t status;
	size_t i, len;

	for (i = 0; i < NKEYS; i++) {
		uint8_t csg = keys[i].place == SECURITY ? SEC : OPER;

		add_names(lines, sizeof(lines), keys[i].name);
		len = strlen(lines);
		(void)snprintf(again, sizeof(again), "%s=%s\n", keys[i].name, keys[i].value);
		(void)snprintf(lines + len, sizeof(lines) - len, "%s", again);
		fixture_connect(&s);
		status = ask(&s, (struct ini_login_step){ csg, csg, false }, lines);
		CHECK_THAT(status == 0, "%s: status 0x%04x", keys[i].name, status);
		status = ask(&s, (struct ini_login_step){ csg, FULL, true }, again);
		CHECK_THAT(status == PDU_LOGIN_INITIATOR_ERROR, "%s: status 0x%04x", keys[i].name,
			   status);
		fixture_expect_end(&s);
	}
}

/* 12, 13: each key has its stage. */
static void every_key_in_the_other_stage(void)
{
	char lines[1024];
	struct ini_session s;
	uint16_t status;
	size_t i, len;

	for (i = 0; i < NKEYS; i++) {
		uint8_t csg = keys[i].place == SECURITY ? OPER : SEC;
		bool may = keys[i].place == ANY_STAGE;

		add_names(lines, sizeof(lines), keys[i].name);
		len = strlen(lines);
		(void)snprintf(lines + len, sizeof(lines) - len, "%s=%s\n", keys[i].name,
			       keys[i].value);
		fixture_connect(&s);
		status = ask(&s, (struct ini_login_step){ csg, FULL, true }, lines);
		CHECK_THAT(status == (may ? 0 : PDU_LOGIN_INITIATOR_ERROR), "%s: status 0x%04x",
			   keys[i].name, status);
		if (may)
			ini_session_close(&s);
		else
			fixture_expect_end(&s);
	}
}

/*
 * 13: in full feature phase only MaxRecvDataSegmentLength and the alias may be said again;
 * for all others the exchange fails, and the session goes on as it was.
 */
static void every_key_in_full_feature(void)
{
	struct ini_session s;
	struct ini_text text;
	size_t i;
	int err;

	for (i = 0; i < NKEYS; i++) {
		bool may = strcmp(keys[i].name, "MaxRecvDataSegmentLength") == 0 ||
			   strcmp(keys[i].name, "InitiatorAlias") == 0;

		fixture_login(&s, NULL);
		ini_text_init(&text);
		CHECK(ini_text_add(&text, keys[i].name, keys[i].value) == 0);
		err = ini_request_text(&s, &text);
		ini_text_free(&text);
		CHECK_THAT(err == (may ? 0 : -EREMOTEIO), "%s: %d (%s)", keys[i].name, err,
			   s.fault);
		fixture_ready(&s, fixture_lun());
		fixture_leave(&s);
	}
}

/* 6.2: these words are answers; nobody offers them. */
static void answers_as_offers(void)
{
	static const char *const words[] = { "NotUnderstood", "Irrelevant", "Reject" };
	char lines[1024];
	struct ini_session s;
	uint16_t status;
	size_t i, k, len;

	for (i = 0; i < NKEYS; i++) {
		if (keys[i].place != OPERATIONAL ||
		    strcmp(keys[i].name, "MaxRecvDataSegmentLength") == 0)
			continue; /* a word that answers the target's own declaration */
		for (k = 0; k < 3; k++) {
			add_names(lines, sizeof(lines), keys[i].name);
			len = strlen(lines);
			(void)snprintf(lines + len, sizeof(lines) - len, "%s=%s\n", keys[i].name,
				       words[k]);
			fixture_connect(&s);
			status = ask(&s, (struct ini_login_step){ OPER, FULL, true }, lines);
			CHECK_THAT(status == PDU_LOGIN_INITIATOR_ERROR, "%s=%s: status 0x%04x",
				   keys[i].name, words[k], status);
			fixture_expect_end(&s);
		}
	}
}

/* 6.2: the initiator may answer what the target declared, though nothing asks it to. */
static void answers_to_what_the_target_declares(void)
{
	static const char *const lines[] = { "TargetPortalGroupTag=NotUnderstood\n",
					     "TargetAlias=Irrelevant\n",
					     "MaxRecvDataSegmentLength=Reject\n",
					     "TargetAddress=NotUnderstood\n" };
	char first[1024];
	struct ini_session s;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		add_names(first, sizeof(first), "");
		fixture_connect(&s);
		CHECK_NUM(ask(&s, (struct ini_login_step){ OPER, OPER, false }, first), 0);
		CHECK_NUM(ask(&s, (struct ini_login_step){ OPER, FULL, true }, lines[i]), 0);
		fixture_ready(&s, fixture_lun());
		fixture_leave(&s);
	}
}

/* Send the first n bytes of text as a request that goes on (C), then the rest. */
static void login_cut_at(struct ini_session *s, const struct ini_text *text, size_t n)
{
	struct pdu_login_req req = { .csg = OPER, .cont = true, .itt = s->itt };
	struct pdu_login_rsp rsp;
	struct ini_pdu pdu = { .data = (const uint8_t *)text->buf, .data_len = (uint32_t)n };

	memcpy(req.isid, s->isid, PDU_ISID_LEN);
	req.cmdsn = s->cmdsn;
	pdu_put_login_req(pdu.bhs, &req);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_THAT(rsp.status == 0 && !rsp.transit && !rsp.cont && pdu.data_len == 0,
		   "cut at %zu: status 0x%04x, %u bytes of answer", n, rsp.status, pdu.data_len);
	req.cont = false;
	req.transit = true;
	req.nsg = FULL;
	pdu = (struct ini_pdu){ .data = (const uint8_t *)text->buf + n,
				.data_len = (uint32_t)(text->len - n) };
	pdu_put_login_req(pdu.bhs, &req);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_THAT(rsp.status == 0 && rsp.transit, "cut at %zu: status 0x%04x", n, rsp.status);
	ini_text_clear(&s->answer);
	CHECK(ini_text_append(&s->answer, pdu.data, pdu.data_len) == 0);
	s->itt++;
}

/* 6.2, 11.12.2: a pair may be cut anywhere, also between the last byte and its zero. */
static void text_cut_at_every_byte(void)
{
	struct ini_session s;
	struct ini_text text;
	const char *answer;
	size_t n;

	ini_text_init(&text);
	CHECK(ini_text_add(&text, "InitiatorName", FIXTURE_INITIATOR) == 0);
	CHECK(ini_text_add(&text, "TargetName", fixture_target()) == 0);
	CHECK(ini_text_add(&text, "MaxBurstLength", "4096") == 0);
	for (n = 0; n <= text.len; n++) {
		fixture_connect(&s);
		login_cut_at(&s, &text, n);
		answer = ini_text_get(&s.answer, "MaxBurstLength", 0);
		CHECK_THAT(answer && strcmp(answer, "4096") == 0, "cut at %zu: the answer is %s", n,
			   answer ? answer : "missing");
		fixture_drop(&s);
	}
	ini_text_free(&text);
}

/* 13.23: the best of the offered reports that the target has, and commands run with it. */
static void task_reporting(void)
{
	static const struct {
		const char *offer, *want;
	} rows[] = {
		{ "TaskReporting=RFC3720\n", "RFC3720" },
		{ "TaskReporting=ResponseFence,RFC3720\n", "ResponseFence" },
		{ "TaskReporting=RFC3720,ResponseFence\n", "RFC3720" },
		{ "TaskReporting=FastAbort\n", "Reject" },
		{ "TaskReporting=FastAbort,RFC3720\n", "RFC3720" },
		{ "TaskReporting=fastabort,responsefence\n", "Reject" },
	};
	struct ini_session s;
	const char *answer;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_login(&s, rows[i].offer);
		answer = ini_text_get(&s.answer, "TaskReporting", 0);
		CHECK_THAT(answer && strcmp(answer, rows[i].want) == 0, "%s the answer is %s",
			   rows[i].offer, answer ? answer : "missing");
		fixture_leave(&s);
	}
}

/* RFC 7144, 7.1.1: the highest level that both have; left out it is 1. */
static void protocol_levels(void)
{
	struct ini_session s;
	const char *answer;

	fixture_login(&s, "iSCSIProtocolLevel=1\n");
	CHECK_NUM(s.param.iSCSIProtocolLevel, 1);
	fixture_leave(&s);
	fixture_login(&s, "iSCSIProtocolLevel=31\n");
	answer = ini_text_get(&s.answer, "iSCSIProtocolLevel", 0);
	CHECK_THAT(answer && answer[0] >= '1', "the answer is %s", answer ? answer : "missing");
	fixture_leave(&s);
}

/* 13: what means nothing in a discovery session is Irrelevant there. */
static void irrelevant_in_discovery(void)
{
	static const char *const names[] = { "MaxConnections",      "InitialR2T",
					     "ImmediateData",       "MaxBurstLength",
					     "FirstBurstLength",    "DataPDUInOrder",
					     "DataSequenceInOrder", "TaskReporting",
					     "MaxOutstandingR2T",   "iSCSIProtocolLevel" };
	char lines[1024] = "";
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .discovery = true,
			       .operational = lines };
	struct ini_session s;
	const char *answer;
	size_t i, k, len = 0;

	for (i = 0; i < NKEYS; i++) {
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			if (strcmp(keys[i].name, names[k]) == 0)
				len += (size_t)snprintf(lines + len, sizeof(lines) - len, "%s=%s\n",
							names[k], keys[i].value);
		}
	}
	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		answer = ini_text_get(&s.answer, names[k], 0);
		CHECK_THAT(answer && strcmp(answer, "Irrelevant") == 0, "%s is answered with %s",
			   names[k], answer ? answer : "nothing");
	}
	fixture_leave(&s);
}

/* 13.12: a new value that is none is refused, and the old one holds. */
static void a_bad_new_segment_length(void)
{
	static const char *const values[] = { "0", "511", "16777216", "4294967296", "none", "" };
	static uint8_t in[16384];
	struct ini_session s;
	struct ini_text text;
	struct ini_task t;
	size_t i;

	fixture_login(&s, "MaxRecvDataSegmentLength=4096\n");
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ini_text_init(&text);
		CHECK(ini_text_add(&text, "MaxRecvDataSegmentLength", values[i]) == 0);
		CHECK_ERR(&s, ini_request_text(&s, &text), -EREMOTEIO);
		ini_text_free(&text);
		ini_scsi_read(&t, fixture_lun(), 0, 32, in, sizeof(in));
		CHECK_GOOD(&s, &t);
		CHECK_NUM(t.ndata_in, 4);
	}
	fixture_leave(&s);
}

/* 6.2: a request that fails changes nothing, though a good key stood before the bad one. */
static void a_failed_negotiation_changes_nothing(void)
{
	static uint8_t in[16384];
	struct ini_session s;
	struct ini_text text;
	struct ini_task t;

	fixture_login(&s, "MaxRecvDataSegmentLength=4096\n");
	ini_text_init(&text);
	CHECK(ini_text_add(&text, "MaxRecvDataSegmentLength", "8192") == 0);
	CHECK(ini_text_add(&text, "InitialR2T", "Yes") == 0);
	CHECK_ERR(&s, ini_request_text(&s, &text), -EREMOTEIO);
	ini_text_free(&text);
	ini_scsi_read(&t, fixture_lun(), 0, 32, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK_NUM(t.ndata_in, 4);
	fixture_leave(&s);
}

/* 11.15.3, 11.15.4: a logout repeats how long to wait; at level 0 nothing is retained. */
static void times_of_a_logout(void)
{
	static const struct {
		const char *keys;
		uint16_t time2wait;
	} rows[] = { { "", 2 },
		     { "DefaultTime2Wait=0\nDefaultTime2Retain=0\n", 2 },
		     { "DefaultTime2Wait=7\nDefaultTime2Retain=3600\n", 7 },
		     { "DefaultTime2Wait=3600\n", 3600 } };
	struct pdu_logout_req req = { .immediate = true, .reason = PDU_LOGOUT_SESSION };
	struct pdu_logout_rsp rsp;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t itt;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fixture_login(&s, rows[i].keys);
		pdu_put_logout_req(bhs, &req);
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
		CHECK_OK(&s, ini_request_wait(&s, itt, PDU_LOGOUT_RSP, &pdu));
		CHECK(pdu_get_logout_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK_NUM(rsp.time2wait, rows[i].time2wait);
		CHECK_NUM(rsp.time2retain, 0);
		fixture_expect_end(&s);
	}
}

static const struct unit_test tests[] = {
	{ "6.3: every key said twice in a request is refused", every_key_twice },
	{ "6.3: every key said again in a later request is refused", every_key_again_later },
	{ "12, 13: every key in the wrong stage of the login is refused",
	  every_key_in_the_other_stage },
	{ "13: every key of the login is refused in full feature phase",
	  every_key_in_full_feature },
	{ "6.2: answers are no offers", answers_as_offers },
	{ "6.2: the target's declarations may be answered", answers_to_what_the_target_declares },
	{ "11.12.2: text may be cut at every byte", text_cut_at_every_byte },
	{ "13.23: TaskReporting is the first offered that the target has", task_reporting },
	{ "13.24: iSCSIProtocolLevel is at least 1", protocol_levels },
	{ "13: keys of normal sessions are Irrelevant in discovery", irrelevant_in_discovery },
	{ "13.12: a new segment length that is none is refused", a_bad_new_segment_length },
	{ "11.15.3: a logout tells the Time2Wait that was agreed to", times_of_a_logout },
	{ "6.2: a negotiation that fails changes nothing", a_failed_negotiation_changes_nothing },
};

PROTOCOL_MAIN("protocol/negotiation_edges", NULL, tests)
