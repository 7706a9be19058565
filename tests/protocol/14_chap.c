/* Authentication by CHAP (RFC 7143, 9.2.1, 12.1.3), computed here by OpenSSL alone. */
#include "fixture.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET        "a secret of host1"
#define OTHER_SECRET  "a secret of host2"
#define TARGET_SECRET "the target's own secret"
#define BINARY_MAX    64 /* bytes of a challenge or a response here */

static const struct fixture_options options = {
	.conf = "portal-group \"1\" {\n"
		"  listen = { \"127.0.0.1:0\" }\n"
		"  discovery-auth-group = \"lab\"\n"
		"}\n"
		"auth-group \"lab\" {\n"
		"  chap \"host1\" {\n"
		"    secret = \"" SECRET "\"\n"
		"    mutual-user = \"itgtd\"\n"
		"    mutual-secret = \"" TARGET_SECRET "\"\n"
		"  }\n"
		"  chap \"host2\" { secret = \"" OTHER_SECRET "\" }\n"
		"  chap-algorithms = { \"SHA3-256\", \"SHA-256\", \"SHA1\", \"MD5\" }\n"
		"  initiator-names = { \"iqn.2026-11.org.itgtd:*\" }\n"
		"}\n"
		"target \"iqn.2026-11.org.itgtd:test\" {\n"
		"  portal-groups = { \"1\" }\n"
		"  auth-group = \"lab\"\n"
		"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
		"}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

/* How an initiator goes about it. */
struct chap {
	const char *algorithms; /* CHAP_A */
	const char *user;
	const char *secret;
	bool base64;  /* CHAP_R in base64, else in hex */
	bool mutual;  /* the target shall prove itself */
	bool reflect; /* with the target's own challenge */

	int step;
	int algorithm;                   /* what the target chose */
	uint8_t challenge[BINARY_MAX];   /* ours */
	char theirs[BINARY_MAX * 2 + 3]; /* CHAP_C as the target sent it */
};

static int hex_decode(const char *text, uint8_t *out)
{
	unsigned int byte;
	int n;

	if (!text || strncmp(text, "0x", 2) != 0)
		return -1;
	for (n = 0, text += 2; *text && n < BINARY_MAX; n++, text += 2) {
		if (sscanf(text, "%2x", &byte) != 1)
			return -1;
		out[n] = (uint8_t)byte;
	}
	return *text ? -1 : n;
}

static void encode(char *dst, const uint8_t *bytes, int n, bool base64)
{
	int i;

	if (base64) {
		strcpy(dst, "0b");
		EVP_EncodeBlock((unsigned char *)dst + 2, bytes, n);
		return;
	}
	strcpy(dst, "0x");
	for (i = 0; i < n; i++)
		(void)sprintf(dst + 2 + i * 2, "%02X", bytes[i]);
}

/* hash(identifier, secret, challenge); bytes of it, or -1. */
static int chap_hash(int algorithm, uint8_t id, const char *secret, const uint8_t *challenge,
		     int len, uint8_t *out)
{
	const EVP_MD *md = algorithm == 5   ? EVP_md5()
			   : algorithm == 6 ? EVP_sha1()
			   : algorithm == 7 ? EVP_sha256()
			   : algorithm == 8 ? EVP_sha3_256()
					    : NULL;
	uint8_t in[512];
	unsigned int n = 0;
	size_t at = 0;

	if (!md)
		return -1;
	in[at++] = id;
	memcpy(in + at, secret, strlen(secret));
	at += strlen(secret);
	memcpy(in + at, challenge, (size_t)len);
	at += (size_t)len;
	return EVP_Digest(in, at, out, &n, md, NULL) == 1 ? (int)n : -1;
}

/* The answer to the target's challenge, and our own. */
static int answer_challenge(struct chap *c, const struct ini_text *answer, struct ini_text *next)
{
	const char *a = ini_text_get(answer, "CHAP_A", 0), *i = ini_text_get(answer, "CHAP_I", 0);
	const char *theirs = ini_text_get(answer, "CHAP_C", 0);
	char text[BINARY_MAX * 2 + 3];
	uint8_t challenge[BINARY_MAX], response[EVP_MAX_MD_SIZE];
	int len = hex_decode(theirs, challenge), n;

	if (!a || !i || len < 1)
		return -EPROTO;
	c->algorithm = atoi(a);
	(void)snprintf(c->theirs, sizeof(c->theirs), "%s", theirs);
	n = chap_hash(c->algorithm, (uint8_t)atoi(i), c->secret, challenge, len, response);
	if (n < 0)
		return -EPROTO;
	encode(text, response, n, c->base64);
	ini_text_add(next, "CHAP_N", c->user);
	ini_text_add(next, "CHAP_R", text);
	if (!c->mutual)
		return 1;
	fixture_fill(c->challenge, 16, 14);
	encode(text, c->challenge, 16, false);
	ini_text_add(next, "CHAP_I", "77");
	ini_text_add(next, "CHAP_C", c->reflect ? c->theirs : text);
	return 1;
}

/* What the login calls after each answer of the security stage. */
static int chap_step(void *arg, const struct ini_text *answer, struct ini_text *next)
{
	struct chap *c = arg;
	const char *method = ini_text_get(answer, "AuthMethod", 0);

	switch (c->step++) {
	case 0:
		if (!method || strcmp(method, "CHAP") != 0)
			return -EPROTO;
		ini_text_add(next, "CHAP_A", c->algorithms);
		return 0;
	case 1: return answer_challenge(c, answer, next);
	default: return -EPROTO;
	}
}

/* Log in as c says; the result of ini_login(). */
static int log_in(struct ini_session *s, struct chap *c, bool discovery)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = discovery ? NULL : fixture_target(),
			       .discovery = discovery,
			       .security = "AuthMethod=CHAP\n",
			       .operational = "",
			       .auth = chap_step,
			       .auth_arg = c };

	fixture_connect(s);
	return ini_login(s, &l);
}

static void expect_refusal(struct chap c, const char *what)
{
	struct ini_session s;
	int err = log_in(&s, &c, false);

	CHECK_THAT(err == -EACCES && s.login_status == PDU_LOGIN_AUTH_FAILED,
		   "%s: %d, status 0x%04x; %s", what, err, s.login_status, s.fault);
	fixture_expect_end(&s);
}

static void every_algorithm(void)
{
	static const char *const lists[] = { "5", "6", "7", "8", "99,5", "8,7,6,5", "5,6,7,8" };
	struct ini_session s;
	struct chap c;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		c = (struct chap){ .algorithms = lists[i], .user = "host1", .secret = SECRET };
		CHECK_OK(&s, log_in(&s, &c, false));
		CHECK_THAT(strchr(lists[i], '0' + c.algorithm), "CHAP_A=%d of %s", c.algorithm,
			   lists[i]);
		fixture_ready(&s, fixture_lun());
		fixture_leave(&s);
	}
}

static void a_response_in_base64(void)
{
	struct chap c = {
		.algorithms = "7", .user = "host2", .secret = OTHER_SECRET, .base64 = true
	};
	struct ini_session s;

	CHECK_OK(&s, log_in(&s, &c, false));
	fixture_leave(&s);
}

static void who_cannot_prove_it(void)
{
	expect_refusal((struct chap){ .algorithms = "7", .user = "host1", .secret = "wrong" },
		       "a wrong secret");
	expect_refusal((struct chap){ .algorithms = "7", .user = "host1", .secret = OTHER_SECRET },
		       "another's secret");
	expect_refusal((struct chap){ .algorithms = "7", .user = "nobody", .secret = SECRET },
		       "an unknown user");
	expect_refusal((struct chap){ .algorithms = "7", .user = "HOST1", .secret = SECRET },
		       "a user in capitals");
	expect_refusal((struct chap){ .algorithms = "7", .user = "", .secret = SECRET }, "no user");
	expect_refusal((struct chap){ .algorithms = "99", .user = "host1", .secret = SECRET },
		       "an unknown algorithm");
	expect_refusal((struct chap){ .algorithms = "", .user = "host1", .secret = SECRET },
		       "no algorithm");
}

/* The target's CHAP_N and CHAP_R come with its last answer of the stage. */
static void the_target_proves_itself(void)
{
	struct chap c = { .algorithms = "7", .user = "host1", .secret = SECRET, .mutual = true };
	uint8_t want[EVP_MAX_MD_SIZE], got[BINARY_MAX];
	struct ini_session s;
	int n;

	CHECK_OK(&s, log_in(&s, &c, false));
	CHECK(ini_text_get(&s.answer, "CHAP_N", 0) != NULL);
	CHECK(strcmp(ini_text_get(&s.answer, "CHAP_N", 0), "itgtd") == 0);
	n = chap_hash(c.algorithm, 77, TARGET_SECRET, c.challenge, 16, want);
	CHECK_NUM(hex_decode(ini_text_get(&s.answer, "CHAP_R", 0), got), n);
	CHECK(memcmp(got, want, (size_t)n) == 0);
	fixture_leave(&s);
}

static void proofs_that_are_refused(void)
{
	expect_refusal((struct chap){ .algorithms = "7",
				      .user = "host1",
				      .secret = SECRET,
				      .mutual = true,
				      .reflect = true },
		       "the target's own challenge");
	expect_refusal((struct chap){ .algorithms = "7",
				      .user = "host2",
				      .secret = OTHER_SECRET,
				      .mutual = true },
		       "mutual CHAP without a mutual secret");
	expect_refusal(
		(struct chap){
			.algorithms = "7", .user = "host1", .secret = "wrong", .mutual = true },
		"a wrong secret with mutual CHAP");
}

static void a_fresh_challenge_each_time(void)
{
	struct chap c[4];
	struct ini_session s;
	int i, k;

	for (i = 0; i < 4; i++) {
		c[i] = (struct chap){ .algorithms = "7", .user = "host1", .secret = SECRET };
		CHECK_OK(&s, log_in(&s, &c[i], false));
		fixture_leave(&s);
		CHECK(strlen(c[i].theirs) >= 2 + 2 * 16);
		for (k = 0; k < i; k++)
			CHECK(strcmp(c[i].theirs, c[k].theirs) != 0);
	}
}

/* Whoever goes around it does not get in. */
static void without_chap(void)
{
	static const struct {
		const char *what, *security, *operational;
	} cases[] = {
		{ "no method but None", "AuthMethod=None\n", NULL },
		{ "None, then operational", "AuthMethod=None\n", "" },
		{ "an empty security stage", "", NULL },
		{ "an empty security stage, then operational", "", "" },
		{ "operational at once", NULL, "" },
		{ "an unknown method", "AuthMethod=KRB5\n", "" },
	};
	struct ini_session s;
	size_t i;
	int err;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ini_login l = { .initiator = FIXTURE_INITIATOR,
				       .target = fixture_target(),
				       .security = cases[i].security,
				       .operational = cases[i].operational };

		fixture_connect(&s);
		err = ini_login(&s, &l);
		CHECK_THAT(err == -EACCES && s.login_status == PDU_LOGIN_AUTH_FAILED,
			   "%s: %d, status 0x%04x", cases[i].what, err, s.login_status);
		fixture_expect_end(&s);
	}
}

/* One request after the other; the last must be refused, or at least not end the stage. */
static void steps_out_of_order(void)
{
	static const struct {
		const char *what;
		const char *keys[3];
	} cases[] = {
		{ "a response to no challenge",
		  { "AuthMethod=CHAP\n",
		    "CHAP_N=host1\nCHAP_R=0x00112233445566778899aabbccddeeff\n" } },
		{ "an algorithm before the method", { "CHAP_A=7\n" } },
		{ "nothing in answer to the method", { "AuthMethod=CHAP\n", "" } },
		{ "nothing in answer to the challenge", { "AuthMethod=CHAP\n", "CHAP_A=7\n", "" } },
		{ "a name without a response",
		  { "AuthMethod=CHAP\n", "CHAP_A=7\n", "CHAP_N=host1\n" } },
		{ "an empty response",
		  { "AuthMethod=CHAP\n", "CHAP_A=7\n", "CHAP_N=host1\nCHAP_R=0x\n" } },
		{ "a response that is no number",
		  { "AuthMethod=CHAP\n", "CHAP_A=7\n", "CHAP_N=host1\nCHAP_R=hello\n" } },
		{ "the method again", { "AuthMethod=CHAP\n", "AuthMethod=None\n" } },
	};
	struct ini_login_step step = { PDU_STAGE_SECURITY, PDU_STAGE_FULL, true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_connect(&s);
		ini_text_init(&text);
		CHECK(ini_text_add(&text, "InitiatorName", FIXTURE_INITIATOR) == 0);
		CHECK(ini_text_add(&text, "TargetName", fixture_target()) == 0);
		rsp.status = 0;
		for (k = 0; k < 3 && cases[i].keys[k] && !rsp.status; k++) {
			CHECK(ini_text_add_lines(&text, cases[i].keys[k]) == 0);
			CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
			CHECK_THAT(rsp.status || !rsp.transit, "%s: it is let in", cases[i].what);
			ini_text_clear(&text);
		}
		CHECK_THAT(!rsp.status || rsp.status == PDU_LOGIN_AUTH_FAILED ||
				   rsp.status == PDU_LOGIN_INITIATOR_ERROR,
			   "%s: status 0x%04x", cases[i].what, rsp.status);
		ini_text_free(&text);
		ini_session_close(&s);
	}
}

/* The group names who may come at all. */
static void a_name_that_may_not_come(void)
{
	struct chap c = { .algorithms = "7", .user = "host1", .secret = SECRET };
	struct ini_login l = { .initiator = "iqn.2026-11.org.example:host",
			       .target = fixture_target(),
			       .security = "AuthMethod=CHAP\n",
			       .operational = "",
			       .auth = chap_step,
			       .auth_arg = &c };
	struct ini_session s;

	fixture_connect(&s);
	CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
	CHECK_NUM(s.login_status, PDU_LOGIN_FORBIDDEN);
	fixture_expect_end(&s);
}

static void discovery(void)
{
	struct chap c = { .algorithms = "7", .user = "host1", .secret = SECRET };
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .discovery = true,
			       .operational = "" };
	struct ini_session s;
	struct ini_text text;

	fixture_connect(&s);
	CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
	CHECK_NUM(s.login_status, PDU_LOGIN_AUTH_FAILED);
	fixture_expect_end(&s);
	CHECK_OK(&s, log_in(&s, &c, true));
	ini_text_init(&text);
	CHECK(ini_text_add(&text, "SendTargets", "All") == 0);
	CHECK_OK(&s, ini_request_text(&s, &text));
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), 1);
	ini_text_free(&text);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "12.1.3: a right response with every algorithm", every_algorithm },
	{ "12.1.3: a response in base64", a_response_in_base64 },
	{ "12.1.3: who cannot prove it is refused with 0x0201", who_cannot_prove_it },
	{ "12.1.3: the target proves itself", the_target_proves_itself },
	{ "9.2.1: reflected challenges and missing secrets are refused", proofs_that_are_refused },
	{ "9.2.1: each challenge is fresh", a_fresh_challenge_each_time },
	{ "12.1: nobody gets around it", without_chap },
	{ "12.1.3: steps out of order lead nowhere", steps_out_of_order },
	{ "11.13.5: a name that may not come is refused with 0x0202", a_name_that_may_not_come },
	{ "12.1: discovery asks for it, too", discovery },
};

PROTOCOL_MAIN("protocol/chap", &options, tests)
