/*
 * Initiators as they are: each case does what one of them does, beside or against the
 * letter of RFC 7143, and must be served.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET        "iqn.2026-11.org.itgtd:test"
#define SECRET_TARGET "iqn.2026-11.org.itgtd:secret"
#define SECRET        "a secret of the lab"
#define TARGET_SECRET "the target's own secret"
#define ESX           "iqn.1998-01.com.vmware:esx1-4a3b2c1d"
#define CHALLENGE_MAX 1024 /* bytes */
#define PINGS         8    /* of 200 ms: longer than nop-interval and nop-timeout together */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "log-level = \"debug\"\n"
			     "auth-group \"lab\" { chap \"host\" {\n"
			     "  secret = \"" SECRET "\"\n"
			     "  mutual-user = \"itgtd\" mutual-secret = \"" TARGET_SECRET "\"\n"
			     "} }\n"
			     "target \"" TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "  lun \"1\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n"
			     "target \"" SECRET_TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"lab\"\n"
			     "  nop-interval = \"200ms\" nop-timeout = \"1s\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = TARGET,
};

static uint8_t out[65536], in[65536];

/* ---- CHAP as the initiator does it (12.1.3) ---- */

struct chap {
	const char *algorithm; /* CHAP_A: one number */
	bool base64;           /* values in base64, else in hexadecimal */
	size_t challenge_len;  /* bytes of our own challenge; 0: one-way */
	uint8_t challenge[CHALLENGE_MAX + 1];
};

static int hash(const char *algorithm, uint8_t id, const char *secret, const uint8_t *challenge,
		size_t len, uint8_t result[static EVP_MAX_MD_SIZE])
{
	const EVP_MD *md = strcmp(algorithm, "5") == 0 ? EVP_md5() : EVP_sha256();
	uint8_t text[1 + 64 + CHALLENGE_MAX + 1];
	unsigned int n = 0;
	size_t at = 1;

	text[0] = id;
	memcpy(text + at, secret, strlen(secret));
	at += strlen(secret);
	memcpy(text + at, challenge, len);
	return EVP_Digest(text, at + len, result, &n, md, NULL) == 1 ? (int)n : -1;
}

static void encode(char *dst, const uint8_t *bytes, size_t n, bool base64)
{
	size_t i;

	if (base64) {
		strcpy(dst, "0b");
		EVP_EncodeBlock((unsigned char *)dst + 2, bytes, (int)n);
		return;
	}
	strcpy(dst, "0x");
	for (i = 0; i < n; i++)
		(void)sprintf(dst + 2 + i * 2, "%02x", bytes[i]);
}

static size_t decode(const char *text, uint8_t *bytes, size_t size)
{
	unsigned int byte;
	size_t n;

	for (n = 0; n < size && sscanf(text + 2 + n * 2, "%2x", &byte) == 1; n++)
		bytes[n] = (uint8_t)byte;
	return n;
}

/* After each answer of the security stage; as struct ini_login has it. */
static int chap_step(void *arg, const struct ini_text *answer, struct ini_text *next)
{
	const char *challenge = ini_text_get(answer, "CHAP_C", 0);
	const char *id = ini_text_get(answer, "CHAP_I", 0);
	uint8_t theirs[64], response[EVP_MAX_MD_SIZE];
	char text[2 * CHALLENGE_MAX + 8];
	struct chap *c = arg;
	size_t len;
	int n;

	if (ini_text_get(answer, "AuthMethod", 0))
		return ini_text_add(next, "CHAP_A", c->algorithm);
	if (!challenge || !id)
		return -EPROTO;
	len = decode(challenge, theirs, sizeof(theirs));
	n = hash(c->algorithm, (uint8_t)atoi(id), SECRET, theirs, len, response);
	if (n < 0)
		return -EPROTO;
	encode(text, response, (size_t)n, c->base64);
	ini_text_add(next, "CHAP_N", "host");
	ini_text_add(next, "CHAP_R", text);
	if (c->challenge_len) {
		fixture_fill(c->challenge, c->challenge_len, 97);
		encode(text, c->challenge, c->challenge_len, c->base64);
		ini_text_add(next, "CHAP_I", "200");
		ini_text_add(next, "CHAP_C", text);
	}
	return 1;
}

/* Log in to the secret target; the result of ini_login(). */
static int log_in(struct ini_session *s, struct chap *c, const char *security,
		  const char *operational)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = SECRET_TARGET,
			       .security = security,
			       .operational = operational,
			       .auth = chap_step,
			       .auth_arg = c };

	fixture_connect(s);
	return ini_login(s, &l);
}

/* Did the target prove that it knows its own secret? */
static void check_proof(const struct ini_session *s, const struct chap *c)
{
	const char *name = ini_text_get(&s->answer, "CHAP_N", 0);
	const char *proof = ini_text_get(&s->answer, "CHAP_R", 0);
	uint8_t want[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE];
	int n = hash(c->algorithm, 200, TARGET_SECRET, c->challenge, c->challenge_len, want);

	CHECK(name && strcmp(name, "itgtd") == 0 && proof && n > 0);
	CHECK_NUM(decode(proof, got, sizeof(got)), n);
	CHECK(memcmp(got, want, (size_t)n) == 0);
}

/* ---- iPXE ---- */

/*
 * iPXE offers CHAP with MD5 alone, the smallest of everything, and does not answer a
 * single ping: while it shows a menu, say, the session must live on.
 */
static void ipxe(void)
{
	static const char keys[] = "HeaderDigest=None\nDataDigest=None\nMaxConnections=1\n"
				   "InitialR2T=Yes\nImmediateData=No\n"
				   "MaxRecvDataSegmentLength=8192\nMaxBurstLength=262144\n"
				   "DefaultTime2Wait=0\nDefaultTime2Retain=0\n"
				   "MaxOutstandingR2T=1\nDataPDUInOrder=Yes\n"
				   "DataSequenceInOrder=Yes\nErrorRecoveryLevel=0\n";
	struct chap c = { .algorithm = "5" };
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	bool is_other;

	CHECK_OK(&s, log_in(&s, &c, "AuthMethod=CHAP,None\n", keys));
	s.ignore_pings = true;
	fixture_ready(&s, 0);
	while (s.pings < PINGS) {
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
		CHECK(!is_other);
	}
	ini_scsi_read(&t, 0, 0, 128, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	fixture_leave(&s);
}

/* ---- firmware and operating system ---- */

/*
 * The firmware logs in, the operating system that it has loaded logs in beside it with the
 * same name and another ISID, and both go on: the nexus is another (4.4.3).
 */
static void firmware_and_operating_system(void)
{
	struct ini_session firmware, os, again;
	struct ini_task t;

	fixture_login_as(&firmware, 1, NULL);
	fixture_login_as(&os, 2, NULL);
	fixture_fill(out, sizeof(out), 1);
	ini_scsi_write(&t, 0, 0, 128, out, sizeof(out));
	CHECK_GOOD(&os, &t);
	ini_scsi_read(&t, 0, 0, 128, in, sizeof(in));
	CHECK_GOOD(&firmware, &t);
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	/* the machine starts anew: the firmware's old session goes, the other one stays */
	fixture_login_as(&again, 1, NULL);
	fixture_expect_end(&firmware);
	fixture_ready(&os, 0);
	fixture_leave(&again);
	fixture_leave(&os);
}

/* ---- ESXi ---- */

static uint8_t abort_an_answered_command(const char *initiator)
{
	struct ini_login l = { .initiator = initiator, .target = TARGET, .operational = "" };
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct ini_session s;
	struct ini_task t;
	uint8_t response;

	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, 0);
	ini_scsi_read(&t, 0, 0, 1, in, FIXTURE_BLOCK);
	CHECK_GOOD(&s, &t);
	req.rtt = t.itt;
	req.refcmdsn = t.cmdsn;
	CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
	fixture_ready(&s, 0);
	fixture_leave(&s);
	return response;
}

/*
 * ESXi gives up a target that answers "task does not exist" for a command whose answer
 * crossed with the abort; it is told "function complete". Everybody else hears the truth.
 */
static void esxi(void)
{
	CHECK_NUM(abort_an_answered_command(ESX), PDU_TMF_COMPLETE);
	CHECK_NUM(abort_an_answered_command("IQN.1998-01.COM.VMWARE:ESX2"), PDU_TMF_COMPLETE);
	CHECK_NUM(abort_an_answered_command(FIXTURE_INITIATOR), PDU_TMF_NO_TASK);
}

/* But a command that it never sent does not exist for ESXi, either. */
static void esxi_and_a_command_that_never_was(void)
{
	struct ini_login l = { .initiator = ESX, .target = TARGET, .operational = "" };
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK,
				   .rtt = 0x0badcafe };
	struct ini_session s;
	uint8_t response;

	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, 0);
	req.refcmdsn = s.cmdsn + 5;
	CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
	CHECK_NUM(response, PDU_TMF_NO_TASK);
	fixture_leave(&s);
}

/* ---- Windows ---- */

/* Windows may put another LUN into a Data-Out than the command had; its tags say what is meant. */
static void windows(void)
{
	static const uint64_t luns[] = { 0x0001000000000000, 0x4001000000000000, UINT64_MAX, 0 };
	struct ini_session s;
	struct ini_task t;
	uint16_t lun;
	size_t i;

	fixture_login(&s, "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=16384\n");
	for (i = 0; i < sizeof(luns) / sizeof(luns[0]); i++) {
		for (lun = 0; lun < 2; lun++) {
			fixture_ready(&s, lun);
			fixture_fill(out, sizeof(out), (uint32_t)i * 2 + lun);
			ini_scsi_write(&t, lun, 0, 128, out, sizeof(out));
			t.holds_r2ts = true;
			t.no_unsolicited = i == 3;
			fixture_start_write(&s, &t);
			put_be64(t.lun, luns[i]); /* what its Data-Out say from now on */
			CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
			CHECK_OK(&s, ini_task_wait(&s, &t));
			CHECK(ini_task_is_good(&t));
			ini_scsi_read(&t, lun, 0, 128, in, sizeof(in));
			CHECK_GOOD(&s, &t);
			CHECK(memcmp(in, out, sizeof(in)) == 0);
		}
	}
	fixture_leave(&s);
}

/* ---- libiscsi ---- */

/* libiscsi writes binary values in base64, and takes a name said twice for an error. */
static void libiscsi(void)
{
	static const char *const algorithms[] = { "5", "7" };
	struct ini_login_step step = { PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	struct chap c;
	size_t i;

	for (i = 0; i < 2; i++) {
		c = (struct chap){ .algorithm = algorithms[i], .base64 = true };
		CHECK_OK(&s, log_in(&s, &c, "AuthMethod=CHAP,None\n", ""));
		fixture_ready(&s, 0);
		fixture_leave(&s);
	}
	fixture_connect(&s);
	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=" TARGET
					"\nInitiatorName=" FIXTURE_INITIATOR "2\n") == 0);
	CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
	CHECK_NUM(rsp.status, PDU_LOGIN_INITIATOR_ERROR);
	ini_text_free(&text);
	fixture_expect_end(&s);
}

/* 12.1.3: an initiator's challenge may have up to 1,024 bytes; most have 16. */
static void challenges_of_any_length(void)
{
	static const size_t lengths[] = { 1, 16, 17, 24, 32, 255, 256, 1000, 1023, 1024 };
	struct ini_session s;
	struct chap c;
	size_t i, base64;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (base64 = 0; base64 < 2; base64++) {
			c = (struct chap){ .algorithm = "7",
					   .base64 = base64,
					   .challenge_len = lengths[i] };
			CHECK_OK(&s, log_in(&s, &c, "AuthMethod=CHAP\n", ""));
			check_proof(&s, &c);
			fixture_leave(&s);
		}
	}
	c = (struct chap){ .algorithm = "7", .challenge_len = CHALLENGE_MAX + 1 };
	CHECK_ERR(&s, log_in(&s, &c, "AuthMethod=CHAP\n", ""), -EACCES);
	CHECK_NUM(s.login_status, PDU_LOGIN_AUTH_FAILED);
	fixture_expect_end(&s);
}

/* 9.2.1: whoever reads the log learns no secret, and nothing that could stand for one. */
static void nothing_secret_in_the_log(void)
{
	struct chap c = { .algorithm = "7", .challenge_len = 16 };
	struct ini_session s;
	const char *proof;

	CHECK_OK(&s, log_in(&s, &c, "AuthMethod=CHAP\n", ""));
	proof = ini_text_get(&s.answer, "CHAP_R", 0);
	CHECK(proof != NULL);
	CHECK_NUM(fixture_log_count(proof + 2), 0);
	CHECK_NUM(fixture_log_count(ini_text_get(&s.answer, "CHAP_C", 0) + 2), 0);
	CHECK_NUM(fixture_log_count(SECRET), 0);
	CHECK_NUM(fixture_log_count(TARGET_SECRET), 0);
	CHECK(fixture_log_count("proven by CHAP") > 0);
	fixture_leave(&s);
}

/* ---- old and terse ones ---- */

/* 11.12.4: initiators of the drafts spoke versions of their own; who speaks both is served. */
static void old_versions(void)
{
	static const struct {
		uint8_t min, max;
		uint16_t status;
	} cases[] = { { 0, 0, 0 },      { 0, 3, 0 },      { 0, 255, 0 },     { 1, 1, 0x0205 },
		      { 2, 3, 0x0205 }, { 3, 3, 0x0205 }, { 8, 20, 0x0205 }, { 255, 255, 0x0205 } };
	struct ini_session s;
	struct ini_pdu pdu;
	struct ini_text text;
	struct pdu_login_rsp rsp;
	size_t i;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=" TARGET
					"\n") == 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL,
					     .nsg = PDU_STAGE_FULL,
					     .transit = true,
					     .version_min = cases[i].min,
					     .version_max = cases[i].max };

		fixture_connect(&s);
		memcpy(req.isid, s.isid, PDU_ISID_LEN);
		pdu = (struct ini_pdu){ .data = (uint8_t *)text.buf,
					.data_len = (uint32_t)text.len };
		pdu_put_login_req(pdu.bhs, &req);
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
		CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK_THAT(rsp.status == cases[i].status, "version %u to %u: status 0x%04x",
			   cases[i].min, cases[i].max, rsp.status);
		CHECK_NUM(rsp.version_active, 0);
		ini_session_close(&s);
	}
	ini_text_free(&text);
}

/*
 * 13: who says nothing gets the RFC's defaults, though this target's own limits are wider:
 * R2Ts before data (InitialR2T), one of them at a time, of 262,144 bytes at most, immediate
 * data of up to 8,192 bytes, Data-In of 8,192.
 */
static void one_that_says_nothing(void)
{
	enum { BIG = 300 * 1024 };
	static uint8_t big[BIG], back[BIG];
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	CHECK(s.param.InitialR2T && s.param.ImmediateData);
	CHECK_NUM(s.param.MaxBurstLength, 262144);
	CHECK_NUM(s.param.FirstBurstLength, 65536);
	CHECK_NUM(s.param.MaxOutstandingR2T, 1);
	CHECK_NUM(s.param.ErrorRecoveryLevel, 0);
	CHECK_NUM(s.param.own_MaxRecvDataSegmentLength, 8192);
	CHECK(!s.conn.header_digest && !s.conn.data_digest);
	s.param.MaxRecvDataSegmentLength = 8192; /* what an initiator that reads no keys sends */
	fixture_fill(big, sizeof(big), 7);
	ini_scsi_write(&t, 0, 0, BIG / FIXTURE_BLOCK, big, BIG);
	t.no_immediate = true;
	fixture_start_write(&s, &t);
	CHECK_NUM(t.r2ts[0].len, 262144);
	CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
	CHECK_NUM(t.nwaiting, 1);
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	t.holds_r2ts = false;
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	CHECK_NUM(t.nr2t, 2);
	ini_scsi_write(&t, 0, 0, 16, big, 8192); /* all of it immediate */
	CHECK_GOOD(&s, &t);
	CHECK_NUM(t.nr2t, 0);
	ini_scsi_read(&t, 0, 0, BIG / FIXTURE_BLOCK, back, BIG);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(back, big, BIG) == 0);
	fixture_leave(&s);
}

/* open-iscsi: security stage first, keys that the target may not know, pings in both forms. */
static void open_iscsi(void)
{
	struct ini_login l = {
		.initiator = FIXTURE_INITIATOR,
		.target = TARGET,
		.security = "InitiatorAlias=host\nSessionType=Normal\nAuthMethod=None\n",
		.operational = "HeaderDigest=None\nDataDigest=None\nDefaultTime2Wait=2\n"
			       "DefaultTime2Retain=0\nIFMarker=No\nOFMarker=No\n"
			       "ErrorRecoveryLevel=0\nInitialR2T=No\nImmediateData=Yes\n"
			       "MaxBurstLength=16776192\nFirstBurstLength=262144\n"
			       "MaxOutstandingR2T=1\nMaxConnections=1\nDataPDUInOrder=Yes\n"
			       "DataSequenceInOrder=Yes\nMaxRecvDataSegmentLength=262144\n"
	};
	struct ini_session s;
	struct ini_task t;

	fixture_connect(&s);
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, 0);
	CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
	CHECK_OK(&s, ini_request_nop(&s, false, NULL, 0, NULL));
	fixture_fill(out, sizeof(out), 5);
	ini_scsi_write(&t, 0, 0, 128, out, sizeof(out));
	CHECK_GOOD(&s, &t);
	CHECK_NUM(t.nr2t, 0);
	ini_scsi_read(&t, 0, 0, 128, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	fixture_leave(&s);
}

/*
 * open-iscsi with FastAbort, its default: after LOGICAL UNIT RESET it sends no data for the tasks
 * of that unit any more, and gives the session up when it has no response after 30 s.
 */
static void open_iscsi_sends_no_more_data(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_LU_RESET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	uint8_t response;
	struct ini_task t;

	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\n");
	ini_scsi_write(&t, 0, 0, 128, out, sizeof(out));
	fixture_start_write(&s, &t);
	s.timeout_ms = 15000;
	CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
	CHECK_NUM(response, PDU_TMF_COMPLETE);
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	ini_task_forget(&s, &t);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "iPXE: CHAP by MD5 alone, and no answer to any ping", ipxe },
	{ "firmware and operating system log in one after the other",
	  firmware_and_operating_system },
	{ "ESXi: ABORT TASK of an answered command is complete", esxi },
	{ "ESXi: ABORT TASK of a command that never was is not",
	  esxi_and_a_command_that_never_was },
	{ "Windows: Data-Out with another LUN in its header", windows },
	{ "libiscsi: CHAP in base64, and a name said twice is refused", libiscsi },
	{ "12.1.3: an initiator's challenge has up to 1,024 bytes", challenges_of_any_length },
	{ "9.2.1: a log of everything has no secrets in it", nothing_secret_in_the_log },
	{ "11.12.4: initiators of draft versions are refused", old_versions },
	{ "13: an initiator that says nothing gets every default", one_that_says_nothing },
	{ "open-iscsi: its keys, and pings in both forms", open_iscsi },
	{ "open-iscsi: no more data after LOGICAL UNIT RESET", open_iscsi_sends_no_more_data },
};

PROTOCOL_MAIN("protocol/initiators", &options, tests)
