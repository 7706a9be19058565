#include "initiator/ini_chap.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct secret secret_of(const char *text)
{
	struct secret s;

	CU_ASSERT_EQUAL_FATAL(secret_set(&s, text, strlen(text)), 0);
	return s;
}

/* One step with the target's keys; the keys that follow are in next. */
static int step(struct ini_chap *c, const char *keys, struct ini_text *next)
{
	struct ini_text answer;
	int got;

	ini_text_init(&answer);
	CU_ASSERT_EQUAL_FATAL(ini_text_add_lines(&answer, keys), 0);
	got = ini_chap_step(c, &answer, next);
	ini_text_free(&answer);
	return got;
}

/* Responses computed with openssl dgst: hash(0x07 "secret of host1" 0x00010203). */
static const struct {
	const char *keys, *response;
} vectors[] = {
	{ "CHAP_A=5\nCHAP_I=7\nCHAP_C=0x00010203\n", "0xe4d6e90c2aa0d26fd31cc7fafb2ac51d" },
	{ "CHAP_A=6\nCHAP_I=7\nCHAP_C=0x00010203\n", "0xc09df5980ca686ee2b8dfcb1d823c830e9adaee9" },
	{ "CHAP_A=7\nCHAP_I=7\nCHAP_C=0bAAECAw==\n",
	  "0x44d91436386b4c1b1526a8da34feddf8e9f807236192bc52c6b92d803f3f179d" },
	{ "CHAP_A=8\nCHAP_I=7\nCHAP_C=0X00010203\n",
	  "0x05343feb6e36019aa8568452ca280fd3e52b576ce541a0c7e8f1b7e03f50ccae" },
};

static void responses_are_right(void)
{
	struct secret secret = secret_of("secret of host1");
	struct ini_text next;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct ini_chap c = { .user = "host1", .secret = &secret };

		ini_text_init(&next);
		CU_ASSERT_EQUAL(step(&c, "AuthMethod=CHAP\n", &next), 0);
		CU_ASSERT_STRING_EQUAL(ini_text_get(&next, "CHAP_A", 0), INI_CHAP_ALGORITHMS);
		CU_ASSERT_EQUAL(step(&c, vectors[i].keys, &next), 1);
		CU_ASSERT_STRING_EQUAL(ini_text_get(&next, "CHAP_N", 0), "host1");
		CU_ASSERT_STRING_EQUAL(ini_text_get(&next, "CHAP_R", 0), vectors[i].response);
		CU_ASSERT_EQUAL(ini_text_count(&next, "CHAP_C"), 0);
		ini_text_free(&next);
	}
}

static void nonsense_is_refused(void)
{
	static const char *const keys[] = {
		"",
		"CHAP_A=7\nCHAP_I=7\n",
		"CHAP_A=7\nCHAP_C=0x00\n",
		"CHAP_I=7\nCHAP_C=0x00\n",
		"CHAP_A=9\nCHAP_I=7\nCHAP_C=0x00\n",
		"CHAP_A=7\nCHAP_I=256\nCHAP_C=0x00\n",
		"CHAP_A=7\nCHAP_I=-1\nCHAP_C=0x00\n",
		"CHAP_A=7\nCHAP_I=7\nCHAP_C=0x\n",
		"CHAP_A=7\nCHAP_I=7\nCHAP_C=0xzz\n",
		"CHAP_A=7\nCHAP_I=7\nCHAP_C=0b=\n",
		"CHAP_A=7\nCHAP_I=7\nCHAP_C=00010203\n",
		"AuthMethod=SRP\n",
	};
	struct secret secret = secret_of("s");
	struct ini_text next;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct ini_chap c = { .user = "u", .secret = &secret };

		ini_text_init(&next);
		CU_ASSERT_EQUAL(step(&c, "AuthMethod=CHAP\n", &next), 0);
		CU_ASSERT_EQUAL(step(&c, keys[i], &next), -EPROTO);
		ini_text_free(&next);
	}
}

static void a_target_may_go_without(void)
{
	struct secret secret = secret_of("s"), other = secret_of("t");
	struct ini_chap c = { .user = "u", .secret = &secret, .mutual_secret = &other };
	struct ini_text next;

	ini_text_init(&next);
	CU_ASSERT_EQUAL(step(&c, "AuthMethod=None\n", &next), 1);
	CU_ASSERT_FALSE(c.used);
	CU_ASSERT_TRUE(ini_chap_proved(&c, &next));
	ini_text_free(&next);
}

/* The target proves itself with the very arithmetic: its own initiator is asked our challenge. */
static void a_target_proves_itself(void)
{
	struct secret ours = secret_of("ours"), theirs = secret_of("theirs"),
		      bad = secret_of("bad");
	struct ini_chap c = {
		.user = "host1", .secret = &ours, .mutual_user = "itgtd", .mutual_secret = &theirs
	};
	struct ini_chap target = { .user = "itgtd", .secret = &theirs, .used = true };
	struct ini_text next, heard;
	char keys[512];

	ini_text_init(&next);
	ini_text_init(&heard);
	CU_ASSERT_EQUAL(step(&c, "AuthMethod=CHAP\n", &next), 0);
	CU_ASSERT_EQUAL(step(&c, "CHAP_A=7\nCHAP_I=7\nCHAP_C=0x00010203\n", &next), 1);
	(void)snprintf(keys, sizeof(keys), "CHAP_A=7\nCHAP_I=%s\nCHAP_C=%s\n",
		       ini_text_get(&next, "CHAP_I", 0), ini_text_get(&next, "CHAP_C", 0));
	CU_ASSERT_FALSE(ini_chap_proved(&c, &heard)); /* it says nothing */
	CU_ASSERT_EQUAL(step(&target, keys, &heard), 1);
	CU_ASSERT_TRUE(ini_chap_proved(&c, &heard));
	c.mutual_user = "another";
	CU_ASSERT_FALSE(ini_chap_proved(&c, &heard));
	c.mutual_user = NULL;
	CU_ASSERT_TRUE(ini_chap_proved(&c, &heard));
	c.mutual_secret = &bad;
	CU_ASSERT_FALSE(ini_chap_proved(&c, &heard));
	ini_text_free(&next);
	ini_text_free(&heard);
}

static const struct unit_test tests[] = {
	{ "responses are those of RFC 1994", responses_are_right },
	{ "keys that make no sense are refused", nonsense_is_refused },
	{ "a target may go without, where that was offered", a_target_may_go_without },
	{ "12.1.3: a target proves itself, or does not", a_target_proves_itself },
};

UNIT_MAIN("initiator/ini_chap", tests)
