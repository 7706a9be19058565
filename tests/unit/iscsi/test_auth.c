#include "iscsi/auth.h"

#include "unit.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER          "host1"
#define SECRET        "correct horse battery"
#define MUTUAL_USER   "itgtd"
#define MUTUAL_SECRET "staple of the target"

/* A group, an authentication in it, and the last answer. */
struct scene {
	struct auth_group group;
	struct access_chap account;
	struct auth auth;
	struct text_out out;
	char text[4096];
};

static void scene_init(struct scene *s, enum access_kind kind, bool mutual)
{
	memset(s, 0, sizeof(*s));
	s->group.kind = kind;
	STAILQ_INIT(&s->group.accounts);
	s->group.algorithms[0] = CHAP_SHA256;
	s->group.algorithms[1] = CHAP_MD5;
	s->group.nalgorithms = 2;
	strcpy(s->account.user, USER);
	CU_ASSERT_EQUAL(secret_set(&s->account.secret, SECRET, strlen(SECRET)), 0);
	if (mutual) {
		strcpy(s->account.mutual_user, MUTUAL_USER);
		CU_ASSERT_EQUAL(
			secret_set(&s->account.mutual_secret, MUTUAL_SECRET, strlen(MUTUAL_SECRET)),
			0);
	}
	STAILQ_INSERT_TAIL(&s->group.accounts, &s->account, link);
	auth_init(&s->auth, &s->group);
}

/* One step; lines: "CHAP_A=7\n…" */
static enum auth_verdict step(struct scene *s, const char *lines)
{
	struct auth_keys keys = { { NULL } };
	struct text_pair pair;
	size_t pos = 0;
	size_t len = strlen(lines);
	char in[4096];
	size_t i;

	for (i = 0; i <= len; i++)
		in[i] = (char)(lines[i] == '\n' ? '\0' : lines[i]);
	while (text_next(in, len, &pos, &pair) == TEXT_PAIR)
		CU_ASSERT_EQUAL(auth_keys_take(&keys, &pair), 0);
	s->out = (struct text_out){ .buf = s->text, .size = sizeof(s->text) };
	return auth_step(&s->auth, &keys, &s->out);
}

/* The value of a key of the last answer, or NULL. */
static const char *answered(const struct scene *s, const char *key)
{
	struct text_pair pair;
	size_t pos = 0;

	while (text_next(s->text, s->out.len, &pos, &pair) == TEXT_PAIR) {
		if (pair.key_len == strlen(key) && !memcmp(pair.key, key, pair.key_len))
			return pair.value;
	}
	return NULL;
}

static bool answered_is(const struct scene *s, const char *key, const char *value)
{
	const char *is = answered(s, key);

	return is && !strcmp(is, value);
}

/* The response to the challenge in the last answer. */
static const char *respond(struct scene *s, uint8_t algorithm, const char *user, const char *secret,
			   const char *more)
{
	uint8_t challenge[CHAP_CHALLENGE_MAX];
	uint8_t response[CHAP_DIGEST_MAX];
	char hex[2 * CHAP_DIGEST_MAX + 3];
	static char lines[2048];
	struct secret key;
	int len;

	CU_ASSERT_FATAL(answered(s, "CHAP_C") && answered(s, "CHAP_I"));
	CU_ASSERT_EQUAL(secret_set(&key, secret, strlen(secret)), 0);
	len = chap_decode(answered(s, "CHAP_C"), challenge, sizeof(challenge));
	CU_ASSERT_EQUAL_FATAL(len, CHAP_CHALLENGE_LEN);
	CU_ASSERT_EQUAL(chap_response(algorithm, (uint8_t)atoi(answered(s, "CHAP_I")), &key,
				      challenge, (size_t)len, response),
			0);
	chap_encode(hex, sizeof(hex), response, chap_digest_len(algorithm));
	snprintf(lines, sizeof(lines), "CHAP_N=%s\nCHAP_R=%s\n%s", user, hex, more);
	return lines;
}

/* Up to our challenge. */
static void challenge(struct scene *s, bool mutual)
{
	scene_init(s, ACCESS_CHAP, mutual);
	CU_ASSERT_EQUAL(step(s, "AuthMethod=CHAP,None\n"), AUTH_GO_ON);
	CU_ASSERT(answered_is(s, "AuthMethod", "CHAP"));
	CU_ASSERT_EQUAL(step(s, "CHAP_A=5,7\n"), AUTH_GO_ON);
	CU_ASSERT(answered_is(s, "CHAP_A", "7"));
	CU_ASSERT_FALSE(auth_is_done(&s->auth));
}

static void nothing_to_prove(void)
{
	static struct scene s;

	scene_init(&s, ACCESS_OPEN, false);
	CU_ASSERT(auth_is_done(&s.auth));
	CU_ASSERT_EQUAL(step(&s, ""), AUTH_GO_ON);
	CU_ASSERT_EQUAL(s.out.len, 0);
	CU_ASSERT_EQUAL(step(&s, "AuthMethod=KRB5,None\n"), AUTH_GO_ON);
	CU_ASSERT(answered_is(&s, "AuthMethod", "None"));
	CU_ASSERT(auth_is_done(&s.auth));
	CU_ASSERT_EQUAL(step(&s, "AuthMethod=None\n"), AUTH_PROTOCOL_ERROR);
	auth_fini(&s.auth);
}

/* Words of a list are whole words. */
static void methods_that_do_not_do(void)
{
	static const struct {
		const char *what;
		enum access_kind kind;
		const char *lines;
	} cases[] = {
		{ "CHAP only, in the open", ACCESS_OPEN, "AuthMethod=CHAP\n" },
		{ "None, where CHAP is asked for", ACCESS_CHAP, "AuthMethod=None\n" },
		{ "others", ACCESS_CHAP, "AuthMethod=KRB5,SRP\n" },
		{ "a word that begins so", ACCESS_CHAP, "AuthMethod=CHAPS\n" },
		{ "a word that ends so", ACCESS_CHAP, "AuthMethod=XCHAP,CHA\n" },
		{ "other case", ACCESS_CHAP, "AuthMethod=chap\n" },
		{ "nothing", ACCESS_CHAP, "AuthMethod=\n" },
		{ "nobody is let in", ACCESS_DENY, "AuthMethod=CHAP,None\n" },
	};
	static struct scene s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_init(&s, cases[i].kind, false);
		CU_ASSERT_EQUAL(step(&s, cases[i].lines), AUTH_FAILED);
		CU_ASSERT(strlen(s.auth.why) > 0);
		auth_fini(&s.auth);
	}
}

static void one_way(void)
{
	static struct scene s;

	challenge(&s, false);
	CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_SHA256, USER, SECRET, "")), AUTH_GO_ON);
	CU_ASSERT(auth_is_done(&s.auth));
	CU_ASSERT_PTR_EQUAL(s.auth.account, &s.account);
	CU_ASSERT_EQUAL(s.out.len, 0);
	auth_fini(&s.auth);
}

/* AuthMethod and CHAP_A may come together. */
static void method_and_algorithm_together(void)
{
	static struct scene s;

	scene_init(&s, ACCESS_CHAP, false);
	CU_ASSERT_EQUAL(step(&s, "AuthMethod=CHAP\nCHAP_A=5\n"), AUTH_GO_ON);
	CU_ASSERT(answered_is(&s, "AuthMethod", "CHAP"));
	CU_ASSERT(answered_is(&s, "CHAP_A", "5"));
	CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_MD5, USER, SECRET, "")), AUTH_GO_ON);
	CU_ASSERT(auth_is_done(&s.auth));
	auth_fini(&s.auth);
}

static void responses_that_prove_nothing(void)
{
	static const struct {
		const char *what;
		uint8_t algorithm;
		const char *user, *secret;
	} cases[] = {
		{ "a wrong secret", CHAP_SHA256, USER, SECRET "!" },
		{ "an unknown user", CHAP_SHA256, "host2", SECRET },
		{ "another algorithm", CHAP_MD5, USER, SECRET },
		{ "our own secret", CHAP_SHA256, USER, MUTUAL_SECRET },
		{ "no user", CHAP_SHA256, "", SECRET },
	};
	static struct scene s;
	char unknown[AUTH_WHY_MAX];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		challenge(&s, true);
		CU_ASSERT_EQUAL(step(&s, respond(&s, cases[i].algorithm, cases[i].user,
						 cases[i].secret, "")),
				AUTH_FAILED);
		CU_ASSERT_FALSE(auth_is_done(&s.auth));
		CU_ASSERT_PTR_NULL(s.auth.account);
		CU_ASSERT_EQUAL(s.out.len, 0);
		/* who it was is told, not what was wrong with him */
		snprintf(unknown, sizeof(unknown), "CHAP response of user \"%s\" does not match",
			 cases[i].user);
		CU_ASSERT_STRING_EQUAL(s.auth.why, unknown);
		auth_fini(&s.auth);
	}
}

/* ---- what a refusal costs ---- */

/* Bytes hashed, hashes finished, bytes compared. The linker has these called for the real ones. */
static struct work {
	size_t hashed, hashes, compared;
} work;

/* NOLINTBEGIN(bugprone-reserved-identifier): so --wrap wants them */
int __real_EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t len);
int __real_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *len);
bool __real_secret_equal(const void *a, const void *b, size_t len);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t len);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *len);
bool __wrap_secret_equal(const void *a, const void *b, size_t len);

int __wrap_EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t len)
{
	work.hashed += len;
	return __real_EVP_DigestUpdate(ctx, data, len);
}

int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *len)
{
	work.hashes++;
	return __real_EVP_DigestFinal_ex(ctx, md, len);
}

bool __wrap_secret_equal(const void *a, const void *b, size_t len)
{
	work.compared += len;
	return __real_secret_equal(a, b, len);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static struct work work_of(const char *user, const char *secret)
{
	static struct scene s;
	struct access_chap second = { .user = "host0" };
	char lines[1024];

	challenge(&s, true);
	CU_ASSERT_EQUAL(secret_set(&second.secret, SECRET, strlen(SECRET)), 0);
	STAILQ_INSERT_TAIL(&s.group.accounts, &second, link);
	snprintf(lines, sizeof(lines), "%s", respond(&s, CHAP_SHA256, user, secret, ""));
	work = (struct work){ 0 };
	CU_ASSERT_EQUAL(step(&s, lines), AUTH_FAILED);
	auth_fini(&s.auth);
	return work;
}

/* The same is done for a user that is not there as for one whose secret is wrong. */
static void an_unknown_user_costs_the_same(void)
{
	const struct work known = work_of(USER, "wrong");
	const struct work unknown = work_of("nobody", "wrong");
	const struct work guessed = work_of("nobody", SECRET);

	CU_ASSERT_EQUAL(known.hashes, 1);
	CU_ASSERT_EQUAL(known.hashed, 1 + strlen(SECRET) + CHAP_CHALLENGE_LEN);
	CU_ASSERT_EQUAL(known.compared, 32);
	CU_ASSERT_EQUAL(memcmp(&known, &unknown, sizeof(known)), 0);
	CU_ASSERT_EQUAL(memcmp(&known, &guessed, sizeof(known)), 0);
}

static void malformed_responses(void)
{
	static const char *const values[] = { "", "0x", "0xzz", "12", "0x00", "0b!" };
	static struct scene s;
	char lines[64];
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		challenge(&s, false);
		snprintf(lines, sizeof(lines), "CHAP_N=" USER "\nCHAP_R=%s\n", values[i]);
		CU_ASSERT_EQUAL(step(&s, lines), AUTH_FAILED);
		auth_fini(&s.auth);
	}
}

static void both_ways(void)
{
	static const uint8_t theirs[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t response[CHAP_DIGEST_MAX], expected[CHAP_DIGEST_MAX];
	static struct scene s;

	challenge(&s, true);
	CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_SHA256, USER, SECRET,
					 "CHAP_I=0x2A\nCHAP_C=0x0102030405060708\n")),
			AUTH_GO_ON);
	CU_ASSERT(auth_is_done(&s.auth));
	CU_ASSERT(answered_is(&s, "CHAP_N", MUTUAL_USER));
	CU_ASSERT_PTR_NOT_NULL_FATAL(answered(&s, "CHAP_R"));
	CU_ASSERT_EQUAL(chap_decode(answered(&s, "CHAP_R"), response, sizeof(response)), 32);
	CU_ASSERT_EQUAL(chap_response(CHAP_SHA256, 42, &s.account.mutual_secret, theirs,
				      sizeof(theirs), expected),
			0);
	CU_ASSERT_EQUAL(memcmp(response, expected, 32), 0);
	auth_fini(&s.auth);
}

/* What an initiator may not ask of us; nothing is answered then. */
static void challenges_that_are_not_answered(void)
{
	static const struct {
		const char *what;
		bool mutual;
		const char *more;
		enum auth_verdict verdict;
	} cases[] = {
		{ "no mutual secret", false, "CHAP_I=1\nCHAP_C=0x0102\n", AUTH_FAILED },
		{ "no challenge", true, "CHAP_I=1\n", AUTH_PROTOCOL_ERROR },
		{ "no identifier", true, "CHAP_C=0x0102\n", AUTH_PROTOCOL_ERROR },
		{ "an empty challenge", true, "CHAP_I=1\nCHAP_C=0x\n", AUTH_FAILED },
		{ "an identifier of more than a byte", true, "CHAP_I=256\nCHAP_C=0x01\n",
		  AUTH_FAILED },
		{ "a large one in hexadecimal", true, "CHAP_I=0x100\nCHAP_C=0x01\n", AUTH_FAILED },
		{ "one that is no number", true, "CHAP_I=-1\nCHAP_C=0x01\n", AUTH_FAILED },
		{ "one without digits", true, "CHAP_I=0x\nCHAP_C=0x01\n", AUTH_FAILED },
		{ "an empty one", true, "CHAP_I=\nCHAP_C=0x01\n", AUTH_FAILED },
	};
	static struct scene s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		challenge(&s, cases[i].mutual);
		CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_SHA256, USER, SECRET, cases[i].more)),
				cases[i].verdict);
		CU_ASSERT_PTR_NULL(answered(&s, "CHAP_R"));
		auth_fini(&s.auth);
	}
}

/* Our own challenge sent back would have us compute the response to it (9.2.1). */
static void our_challenge_reflected(void)
{
	static struct scene s;
	char more[128];

	challenge(&s, true);
	snprintf(more, sizeof(more), "CHAP_I=1\nCHAP_C=%s\n", answered(&s, "CHAP_C"));
	CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_SHA256, USER, SECRET, more)), AUTH_FAILED);
	CU_ASSERT_EQUAL(s.out.len, 0);
	auth_fini(&s.auth);
}

/* Each state takes its own keys, and no others. */
static void keys_out_of_order(void)
{
	static const struct {
		const char *what, *before, *lines;
	} cases[] = {
		{ "algorithm before method", "", "CHAP_A=7\n" },
		{ "response at once", "", "CHAP_N=" USER "\nCHAP_R=0x00\n" },
		{ "method twice", "AuthMethod=CHAP\n", "AuthMethod=CHAP\n" },
		{ "method again with the algorithm", "AuthMethod=CHAP\n",
		  "AuthMethod=CHAP\nCHAP_A=7\n" },
		{ "response instead of an algorithm", "AuthMethod=CHAP\n",
		  "CHAP_N=" USER "\nCHAP_R=0x00\n" },
		{ "algorithm twice", "AuthMethod=CHAP\nCHAP_A=7\n", "CHAP_A=7\n" },
		{ "algorithm again with the response", "AuthMethod=CHAP\nCHAP_A=7\n",
		  "CHAP_A=7\nCHAP_N=" USER "\nCHAP_R=0x00\n" },
		{ "name without a response", "AuthMethod=CHAP\nCHAP_A=7\n", "CHAP_N=" USER "\n" },
		{ "response without a name", "AuthMethod=CHAP\nCHAP_A=7\n", "CHAP_R=0x00\n" },
		{ "a challenge of its own first", "AuthMethod=CHAP\nCHAP_A=7\n",
		  "CHAP_I=1\nCHAP_C=0x01\n" },
	};
	static struct scene s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene_init(&s, ACCESS_CHAP, true);
		CU_ASSERT_EQUAL(step(&s, cases[i].before), AUTH_GO_ON);
		CU_ASSERT_EQUAL(step(&s, cases[i].lines), AUTH_PROTOCOL_ERROR);
		CU_ASSERT_FALSE(auth_is_done(&s.auth));
		auth_fini(&s.auth);
	}
	challenge(&s, true);
	CU_ASSERT_EQUAL(step(&s, respond(&s, CHAP_SHA256, USER, SECRET, "")), AUTH_GO_ON);
	CU_ASSERT_EQUAL(step(&s, "CHAP_I=1\nCHAP_C=0x01\n"), AUTH_PROTOCOL_ERROR);
	auth_fini(&s.auth);
}

static void every_challenge_is_another(void)
{
	static struct scene a, b;

	challenge(&a, false);
	challenge(&b, false);
	CU_ASSERT_STRING_NOT_EQUAL(answered(&a, "CHAP_C"), answered(&b, "CHAP_C"));
	auth_fini(&a.auth);
	auth_fini(&b.auth);
}

static void which_keys_are_ours(void)
{
	static const struct {
		const char *text;
		int first, again;
	} cases[] = {
		{ "AuthMethod=None", 0, -EEXIST }, { "CHAP_A=5", 0, -EEXIST },
		{ "CHAP_R=0x1", 0, -EEXIST },      { "CHAP_X=5", -ENOENT, -ENOENT },
		{ "CHAP=5", -ENOENT, -ENOENT },    { "AuthMethods=5", -ENOENT, -ENOENT },
	};
	struct auth_keys keys = { { NULL } };
	struct text_pair pair;
	size_t i, pos;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pos = 0;
		CU_ASSERT_EQUAL(text_next(cases[i].text, strlen(cases[i].text) + 1, &pos, &pair),
				TEXT_PAIR);
		CU_ASSERT_EQUAL(auth_keys_take(&keys, &pair), cases[i].first);
		CU_ASSERT_EQUAL(auth_keys_take(&keys, &pair), cases[i].again);
	}
}

static const struct unit_test tests[] = {
	{ "nothing to prove", nothing_to_prove },
	{ "methods that do not do", methods_that_do_not_do },
	{ "CHAP one way", one_way },
	{ "method and algorithm together", method_and_algorithm_together },
	{ "responses that prove nothing", responses_that_prove_nothing },
	{ "an unknown user costs the same", an_unknown_user_costs_the_same },
	{ "malformed responses", malformed_responses },
	{ "CHAP both ways", both_ways },
	{ "challenges that are not answered", challenges_that_are_not_answered },
	{ "our challenge reflected", our_challenge_reflected },
	{ "keys out of order", keys_out_of_order },
	{ "every challenge is another", every_challenge_is_another },
	{ "which keys are ours", which_keys_are_ours },
};

UNIT_MAIN("iscsi/auth", tests)
