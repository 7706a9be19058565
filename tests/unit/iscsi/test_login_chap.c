#include "iscsi/login.h"

#include "iscsi/chap.h"
#include "login_steps.h"

#include <openssl/rand.h>
#include <sys/random.h>

/* This program's own random bytes, in place of OpenSSL's: a case makes them fail. */
static bool no_random_bytes;

int RAND_bytes(unsigned char *buf, int n)
{
	return !no_random_bytes && getrandom(buf, (size_t)n, 0) == n;
}

static struct secret secret_of(const char *text)
{
	struct secret s;

	CU_ASSERT_EQUAL_FATAL(secret_set(&s, text, strlen(text)), 0);
	return s;
}

static void ask_for_chap(struct bench *b)
{
	struct auth_group *g = world_add_auth_group(&b->world, "lab");
	struct access_chap *account = calloc(1, sizeof(*account));

	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_PTR_NOT_NULL_FATAL(account);
	g->kind = ACCESS_CHAP;
	strcpy(account->user, "host1");
	account->secret = secret_of("correct horse battery");
	STAILQ_INSERT_TAIL(&g->accounts, account, link);
	b->target->auth = g;
}

/* Answer the challenge in g as user with that secret. */
static void answer_challenge(struct peer *p, const struct got *g, const struct pdu_login_req *req,
			     const char *text)
{
	uint8_t challenge[CHAP_CHALLENGE_MAX];
	uint8_t response[CHAP_DIGEST_MAX];
	char hex[2 * CHAP_DIGEST_MAX + 3];
	struct secret secret = secret_of(text);
	const char *at = (const char *)g->data;
	char lines[256];
	int len = 0;
	int id = 0;

	for (; at < (const char *)g->data + g->len; at += strlen(at) + 1) {
		if (!strncmp(at, "CHAP_I=", 7))
			id = atoi(at + 7);
		if (!strncmp(at, "CHAP_C=", 7))
			len = chap_decode(at + 7, challenge, sizeof(challenge));
	}
	CU_ASSERT_FATAL(len > 0);
	CU_ASSERT_EQUAL(
		chap_response(CHAP_SHA256, (uint8_t)id, &secret, challenge, (size_t)len, response),
		0);
	snprintf(lines, sizeof(lines), "CHAP_N=host1\nCHAP_R=%s\n",
		 chap_encode(hex, sizeof(hex), response, chap_digest_len(CHAP_SHA256)));
	peer_login_pdu(p, req, lines);
	secret_wipe(&secret);
}

static void proven_by_chap(void)
{
	static const struct {
		const char *what, *secret;
		uint16_t status;
	} cases[] = {
		{ "right", "correct horse battery", PDU_LOGIN_SUCCESS },
		{ "wrong", "correct horse batterx", PDU_LOGIN_AUTH_FAILED },
	};
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		ask_for_chap(&b);
		p = bench_peer(&b);
		step(p, &security, HOST TARGET "AuthMethod=CHAP,None\n", &g);
		CU_ASSERT(has_pair(&g, "AuthMethod=CHAP"));
		step(p, &security, "CHAP_A=7\n", &g);
		answer_challenge(p, &g, &to_operational, cases[i].secret);
		CU_ASSERT_EQUAL(peer_login_status(p, &rsp), cases[i].status);
		if (rsp.status == PDU_LOGIN_SUCCESS) {
			CU_ASSERT(rsp.transit);
			rsp = step(p, &whole, "", &g);
			CU_ASSERT(rsp.transit && rsp.tsih != 0);
		}
		bench_close(&b);
	}
}

/* Every way around it ends with 0x0201. */
static void no_way_around_chap(void)
{
	static const struct {
		const char *what;
		const struct pdu_login_req req;
		const char *lines;
		uint16_t status;
	} cases[] = {
		{ "straight to the operational stage",
		  { GO(1, 3) },
		  HOST TARGET,
		  PDU_LOGIN_AUTH_FAILED },
		{ "security stage without a method",
		  { GO(0, 1) },
		  HOST TARGET,
		  PDU_LOGIN_AUTH_FAILED },
		{ "straight on from security to full feature phase",
		  { GO(0, 3) },
		  HOST TARGET,
		  PDU_LOGIN_AUTH_FAILED },
		{ "another method",
		  { STAY(0) },
		  HOST TARGET "AuthMethod=None\n",
		  PDU_LOGIN_AUTH_FAILED },
		{ "no algorithm of ours",
		  { STAY(0) },
		  HOST TARGET "AuthMethod=CHAP\nCHAP_A=99\n",
		  PDU_LOGIN_AUTH_FAILED },
		{ "a response without a challenge",
		  { STAY(0) },
		  HOST TARGET "CHAP_N=host1\nCHAP_R=0x00\n",
		  PDU_LOGIN_INITIATOR_ERROR },
	};
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		ask_for_chap(&b);
		p = bench_peer(&b);
		peer_login_pdu(p, &cases[i].req, cases[i].lines);
		CU_ASSERT_EQUAL(peer_login_status(p, &rsp), cases[i].status);
		CU_ASSERT_PTR_NULL(p->c);
		CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
		bench_close(&b);
	}
}

/* 11.13.5, 0x0300: without random bytes there is no challenge, and no login. */
static void no_random_bytes_for_a_challenge(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	ask_for_chap(&b);
	p = bench_peer(&b);
	step(p, &security, HOST TARGET "AuthMethod=CHAP\n", &g);
	no_random_bytes = true;
	peer_login_pdu(p, &security, "CHAP_A=7\n");
	no_random_bytes = false;
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_TARGET_ERROR);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* T with the method only: the stage does not end before all is proven. */
static void the_stage_ends_when_all_is_proven(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	ask_for_chap(&b);
	p = bench_peer(&b);
	rsp = step(p, &to_operational, HOST TARGET "AuthMethod=CHAP\nCHAP_A=7\n", &g);
	CU_ASSERT_FALSE(rsp.transit);
	peer_login_pdu(p, &whole, ""); /* as if it had ended */
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_INVALID_DURING_LOGIN);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "proven by CHAP", proven_by_chap },
	{ "no way around CHAP", no_way_around_chap },
	{ "no random bytes for a challenge: 0x0300", no_random_bytes_for_a_challenge },
	{ "the stage ends when all is proven", the_stage_ends_when_all_is_proven },
};

UNIT_MAIN("iscsi/login, CHAP", tests)
