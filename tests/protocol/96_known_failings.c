/*
 * What has brought other targets down, or let strangers in: each is tried here. Section
 * numbers are of RFC 7143; the daemon must go on, and its sanitizers keep silent.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME(n) "iqn.2026-11.org.itgtd:" n
#define LONG \
	"a-name-that-is-long-enough-to-need-a-pdu-of-its-own-when-the-initiator-takes-512-bytes"
#define OPEN(n)                                                            \
	"target \"" n "\" {\n"                                             \
	"  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n" \
	"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"                \
	"}\n"

static const struct fixture_options options = {
	.conf = FIXTURE_CONF
	"auth-group \"lab\" { chap \"host\" { secret = \"a secret of the lab\" } }\n" OPEN(
		NAME("test")) OPEN(NAME("1" LONG)) OPEN(NAME("2" LONG)) OPEN(NAME("3" LONG))
		OPEN(NAME("4" LONG)) OPEN(NAME("5" LONG)) OPEN(NAME("6" LONG))
			OPEN(NAME("7" LONG)) "target \"" NAME(
				"secret") "\" {\n"
					  "  portal-groups = { \"1\" } auth-group = \"lab\"\n"
					  "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
					  "}\n",
	.target = NAME("test"),
};

static uint8_t junk[65536], in[65536];

/* A login with these names; the status, or -1 when the connection just ends. */
static int log_in(const char *initiator, const char *target, const char *operational)
{
	struct ini_login l = { .initiator = initiator,
			       .target = target,
			       .operational = operational };
	struct ini_session s;
	int err;

	fixture_connect(&s);
	err = ini_login(&s, &l);
	if (!err)
		fixture_leave(&s);
	else
		fixture_expect_end(&s);
	return err == -EACCES ? s.login_status : err;
}

/* ---- names ---- */

/* Whatever stands in a name or a value is text and nothing more; the log shows it as it is. */
static void names_as_format_strings(void)
{
	static const char evil[] = "%s%s%s%s%n%n%08x.%1000000d";
	static const char *const forms[] = { "InitiatorAlias=%s\n", "X-org.itgtd.%%n=%s\n",
					     "HeaderDigest=%s\n", "MaxBurstLength=%s\n",
					     "TaskReporting=%s\n" };
	char name[256], lines[256];
	size_t i;

	(void)snprintf(name, sizeof(name), NAME("%s"), evil);
	CHECK(log_in(name, fixture_target(), "") != 0);
	CHECK_NUM(log_in(FIXTURE_INITIATOR, name, ""), PDU_LOGIN_NOT_FOUND);
	CHECK(fixture_log_count("%s%s%s%s%n%n%08x.%1000000d") > 0);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		(void)snprintf(lines, sizeof(lines), forms[i], evil);
		(void)log_in(FIXTURE_INITIATOR, fixture_target(), lines);
	}
	(void)snprintf(lines, sizeof(lines), "SessionType=%s\n", evil);
	CHECK_NUM(log_in(FIXTURE_INITIATOR, fixture_target(), lines), PDU_LOGIN_SESSION_TYPE);
	fixture_serves();
}

/* 4.2.7.1: a name has 223 bytes at most. */
static void names_too_long(void)
{
	static const size_t lengths[] = { 224, 225, 255, 256, 257, 1023, 1024, 4096, 8000 };
	char name[8192] = NAME("");
	size_t start = strlen(name), i;

	memset(name + start, 'n', 223 - start);
	CHECK_NUM(log_in(name, fixture_target(), ""), 0);
	CHECK_NUM(log_in(FIXTURE_INITIATOR, name, ""), PDU_LOGIN_NOT_FOUND);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(name + start, 'n', lengths[i] - start);
		name[lengths[i]] = '\0';
		CHECK_THAT(log_in(name, fixture_target(), "") == PDU_LOGIN_INITIATOR_ERROR,
			   "an initiator's name of %zu bytes is taken", lengths[i]);
		CHECK_THAT(log_in(FIXTURE_INITIATOR, name, "") != 0,
			   "a target's name of %zu bytes is taken", lengths[i]);
	}
	fixture_serves();
}

/* ---- answers longer than their room ---- */

/* Append n unknown keys, as short as a key can be. */
static void add_short_keys(struct ini_text *text, unsigned int n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char key[4] = "";
	unsigned int i;

	for (i = 0; i < n; i++) {
		key[0] = letters[i % 26];
		key[1] = letters[i / 26 % 26];
		key[2] = letters[i / 676 % 26];
		CHECK(ini_text_add(text, key, "") == 0);
	}
}

/*
 * 6.2: each unknown key of five bytes is answered by 18. In a login that is refused when it
 * gets too much; in full feature phase the answer comes in pieces of what the initiator takes.
 */
static void unknown_keys_grow_in_the_answer(void)
{
	struct ini_login_step step = { PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	unsigned int n;

	for (n = 100; n < 13000; n *= 5) {
		fixture_connect(&s);
		ini_text_init(&text);
		CHECK(ini_text_add(&text, "InitiatorName", FIXTURE_INITIATOR) == 0);
		CHECK(ini_text_add(&text, "TargetName", fixture_target()) == 0);
		add_short_keys(&text, n);
		CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
		CHECK(rsp.status == 0 || (n > 500 && rsp.status == PDU_LOGIN_OUT_OF_RESOURCES));
		ini_session_close(&s);
		fixture_login(&s, "MaxRecvDataSegmentLength=512\n");
		ini_text_clear(&text);
		add_short_keys(&text, n);
		CHECK_OK(&s, ini_request_text(&s, &text));
		CHECK_NUM(s.answer.len, n * sizeof("ABC=NotUnderstood"));
		ini_text_free(&text);
		fixture_leave(&s);
	}
}

/* 13.12: SendTargets for an initiator that takes no more than 512 bytes, and less than before. */
static void send_targets_in_small_pieces(void)
{
	static const char *const lengths[] = { "512", "513", "600", "1023" };
	struct ini_login l = { .initiator = FIXTURE_INITIATOR, .discovery = true };
	char lines[64];
	struct ini_session s;
	struct ini_text text;
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(lines, sizeof(lines), "MaxRecvDataSegmentLength=%s\n", lengths[i]);
		l.operational = lines;
		fixture_connect(&s);
		CHECK_OK(&s, ini_login(&s, &l));
		ini_text_init(&text);
		CHECK(ini_text_add(&text, "SendTargets", "All") == 0);
		CHECK_OK(&s, ini_request_text(&s, &text)); /* holds each piece against the length */
		CHECK_NUM(ini_text_count(&s.answer, "TargetName"), 9);
		ini_text_free(&text);
		fixture_leave(&s);
	}
}

/* ---- lengths that lie, before any authentication ---- */

/* A login header that says len, with so many bytes behind it, and then the end. */
static void login_that_says(uint32_t len, size_t there, uint8_t ahs_words)
{
	struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL,
				     .nsg = PDU_STAGE_FULL,
				     .transit = true };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;

	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	req.data_len = len;
	pdu_put_login_req(bhs, &req);
	bhs[4] = ahs_words;
	CHECK_OK(&s, ini_conn_send_bytes(&s.conn, bhs, sizeof(bhs), s.timeout_ms));
	(void)ini_conn_send_bytes(&s.conn, junk, there, s.timeout_ms);
	ini_conn_end(&s.conn);
	fixture_expect_end(&s);
}

static void logins_shorter_than_they_say(void)
{
	static const uint32_t says[] = { 0, 1, 2, 3, 4, 5, 63, 511, 8191, 8192, 8193, 0xffffff };
	static const size_t there[] = { 0, 1, 3, 4, 47, 100, 9000 };
	static const uint8_t ahs[] = { 0, 1, 255 };
	size_t i, k, a;

	memset(junk, 'k', sizeof(junk)); /* a key without an end */
	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		for (k = 0; k < sizeof(there) / sizeof(there[0]); k++) {
			for (a = 0; a < sizeof(ahs); a++)
				login_that_says(says[i], there[k], ahs[a]);
		}
	}
	fixture_serves();
}

/* 6.2: C and nothing in it, again and again; what is said then is heard all the same. */
static void nothing_continued_in_a_login(void)
{
	struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL, .cont = true };
	struct ini_login_step step = { PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	struct ini_pdu pdu;
	int i;

	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	req.itt = s.itt;
	req.cmdsn = s.cmdsn;
	for (i = 0; i < 100; i++) {
		pdu = (struct ini_pdu){ 0 };
		pdu_put_login_req(pdu.bhs, &req);
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
		CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK(rsp.status == 0 && !rsp.transit && !rsp.cont && pdu.data_len == 0);
	}
	ini_text_init(&text);
	CHECK(ini_text_add(&text, "InitiatorName", FIXTURE_INITIATOR) == 0);
	CHECK(ini_text_add(&text, "TargetName", fixture_target()) == 0);
	CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
	CHECK_NUM(rsp.status, 0);
	CHECK(rsp.transit);
	ini_text_free(&text);
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

static void nothing_continued_in_text(void)
{
	struct pdu_text_req req = { .immediate = true, .cont = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_rsp rsp;
	struct ini_session s;
	struct ini_pdu pdu = { 0 };
	uint32_t itt = 0;
	int i;

	fixture_login(&s, NULL);
	for (i = 0; i < 100; i++) {
		req.cont = i < 99;
		req.final = !req.cont;
		pdu = (struct ini_pdu){ 0 };
		pdu_put_text_req(pdu.bhs, &req);
		ini_session_number(&s, pdu.bhs);
		if (i)
			put_be32(pdu.bhs + 16, itt);
		itt = pdu_itt(pdu.bhs);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TEXT_RSP, &pdu));
		CHECK(pdu_get_text_rsp(pdu.bhs, &rsp) == PDU_OK);
		CHECK(rsp.final == req.final && pdu.data_len == 0);
		req.ttt = rsp.ttt;
	}
	fixture_ready(&s, 0);
	fixture_leave(&s);
}

/* 6.3: whatever comes first is a login request, or the connection ends without an answer. */
static void another_pdu_first(void)
{
	struct ini_session s;
	struct ini_pdu pdu;
	unsigned int opcode;

	for (opcode = 0; opcode < 0x80; opcode++) {
		if ((opcode & 0x3f) == PDU_LOGIN_REQ)
			continue;
		fixture_fill(junk, PDU_BHS_LEN, opcode);
		junk[0] = (uint8_t)opcode;
		junk[4] = junk[5] = junk[6] = junk[7] = 0;
		fixture_connect(&s);
		CHECK_OK(&s, ini_conn_send_bytes(&s.conn, junk, PDU_BHS_LEN, s.timeout_ms));
		CHECK_ERR(&s, ini_conn_recv(&s.conn, &pdu, s.timeout_ms), -ECONNRESET);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* ---- authentication ---- */

#define CHALLENGES 8u

/* The target's CHAP_C and CHAP_I, as it says them. */
static void challenge(char *out, size_t size)
{
	struct ini_login_step step = { PDU_STAGE_SECURITY, PDU_STAGE_SECURITY, false };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;

	fixture_connect(&s);
	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, "InitiatorName=" FIXTURE_INITIATOR
					"\nTargetName=" NAME("secret") "\nAuthMethod=CHAP\n") == 0);
	CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
	ini_text_clear(&text);
	CHECK(ini_text_add(&text, "CHAP_A", "7") == 0);
	CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
	CHECK(ini_text_get(&s.answer, "CHAP_C", 0) && ini_text_get(&s.answer, "CHAP_I", 0));
	(void)snprintf(out, size, "%s", ini_text_get(&s.answer, "CHAP_C", 0));
	ini_text_free(&text);
	ini_session_close(&s);
}

/* 9.2.1: what was heard once is of no use later, after a restart neither. */
static void challenges_after_a_restart(void)
{
	char said[2 * CHALLENGES][160];
	size_t i, k;

	for (i = 0; i < 2 * CHALLENGES; i++) {
		if (i == CHALLENGES)
			fixture_restart();
		challenge(said[i], sizeof(said[i]));
		CHECK(strlen(said[i]) >= 2 + 2 * 16); /* 16 bytes in hex */
		for (k = 0; k < i; k++)
			CHECK_THAT(strcmp(said[i], said[k]) != 0, "challenge %zu is number %zu", i,
				   k);
	}
}

/* ---- values ---- */

/* 13.13: a number that is right only when its upper bits are lost is none. */
static void bursts_near_the_end_of_numbers(void)
{
	static const char *const values[] = {
		"16777216",   "2147483647", "2147483648",          "4294967295", "4294967296",
		"4294967808", "0xffffffff", "0x100000200",         "-1",         "-512",
		"0xfffffe00", "4294966784", "18446744073709551615"
	};
	static const char *const names[] = { "MaxBurstLength", "FirstBurstLength" };
	struct ini_session s;
	struct ini_task t;
	const char *answer;
	char line[128];
	size_t i, k;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (k = 0; k < 2; k++) {
			(void)snprintf(line, sizeof(line), "InitialR2T=No\n%s=%s\n", names[k],
				       values[i]);
			fixture_login(&s, line);
			answer = ini_text_get(&s.answer, names[k], 0);
			CHECK_THAT(answer && strcmp(answer, "Reject") == 0,
				   "%s=%s is answered with %s", names[k], values[i],
				   answer ? answer : "nothing");
			CHECK_NUM(s.param.MaxBurstLength, 262144);
			ini_scsi_write(&t, 0, 0, 128, junk, sizeof(junk));
			CHECK_GOOD(&s, &t);
			ini_scsi_read(&t, 0, 0, 128, in, sizeof(in));
			CHECK_GOOD(&s, &t);
			fixture_leave(&s);
		}
	}
}

/* 13.12: who declares no MaxRecvDataSegmentLength gets 8192 bytes in a PDU; in discovery, too. */
static void no_segment_length_declared(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .security = "AuthMethod=None\n" };
	struct ini_session s;
	struct ini_pdu echo;
	struct ini_task t;

	fixture_connect(&s);
	CHECK_OK(&s,
		 ini_login(&s, &l)); /* from security straight to full feature: no keys at all */
	fixture_ready(&s, 0);
	ini_scsi_read(&t, 0, 0, 128, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK_NUM(t.ndata_in, sizeof(in) / 8192);
	CHECK_OK(&s, ini_request_nop(&s, true, junk, 8192, &echo));
	CHECK_NUM(echo.data_len, 8192);
	fixture_leave(&s);
}

/* Who connects and says nothing, or half of something, is in nobody's way. */
static void half_open_logins_block_nobody(void)
{
	enum { N = 100 };
	static const uint8_t half[100] = { PDU_LOGIN_REQ | PDU_IMMEDIATE, 0x87, 0, 0, 0, 0, 1, 0 };
	struct ini_session s[N];
	size_t i;

	for (i = 0; i < N; i++) {
		fixture_connect(&s[i]);
		CHECK_OK(&s[i], ini_conn_send_bytes(&s[i].conn, half, i, s[i].timeout_ms));
	}
	fixture_serves();
	for (i = 0; i < N; i++)
		ini_session_close(&s[i]);
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "names and values are no format strings", names_as_format_strings },
	{ "4.2.7.1: a name has 223 bytes and no more", names_too_long },
	{ "6.2: short unknown keys, whose answers are long", unknown_keys_grow_in_the_answer },
	{ "C, 13.12: SendTargets in pieces as small as can be", send_targets_in_small_pieces },
	{ "11.12: a login PDU shorter than what it says", logins_shorter_than_they_say },
	{ "11.12.2: a login that continues nothing", nothing_continued_in_a_login },
	{ "11.10.2: a text request that continues nothing", nothing_continued_in_text },
	{ "6.3: any other PDU first", another_pdu_first },
	{ "9.2.1: no challenge comes twice, a restart between", challenges_after_a_restart },
	{ "13.13: MaxBurstLength near 2^31, 2^32 and 2^64", bursts_near_the_end_of_numbers },
	{ "13.12: an initiator that declares no MaxRecvDataSegmentLength",
	  no_segment_length_declared },
	{ "logins that are half open block nobody", half_open_logins_block_nobody },
};

PROTOCOL_MAIN("protocol/known_failings", &options, tests)
