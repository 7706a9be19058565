#include "iscsi/chap.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Made with another implementation (Python's hashlib): hash(id | secret | challenge). */
static const struct {
	uint8_t algorithm;
	const char *name;
	size_t len;
	const char *small; /* id 0x5a, "secret-of-host1", challenge 00 01 … 0f */
	const char *large; /* id 0xff, secret 01 02 … ff, challenge of 1024 bytes (7i + 3) */
} vectors[] = {
	{ CHAP_MD5, "MD5", 16, "0xdb7875df70657dd3fb7dab74e3c7f64f",
	  "0x66144e61c5e192fde065d2e90b0bf72f" },
	{ CHAP_SHA1, "SHA1", 20, "0x78232d28003048637961c2f8b5aa7c28dd91790d",
	  "0x7c9f9d52429508a7adc89067a0ed101141b21a6f" },
	{ CHAP_SHA256, "SHA-256", 32,
	  "0xf2b087f43afff9b4ef65b5dfcdd692b0abc6d822f04bd6cbc5052cb3249974a9",
	  "0xce1c6d579f0c36fd89f5d301f293709809087d395956ff144fc2555dd374a8f6" },
	{ CHAP_SHA3_256, "SHA3-256", 32,
	  "0xd3a81b5d85254e4ff40bda125ef865e489a5c91f30abf6f49769e39141edd25e",
	  "0x194cd41b26dfcdc9392e208a1cd10d9b3a5b3c13404a97759df9ce8809425559" },
};

static void make_small(struct secret *s, uint8_t challenge[static 16])
{
	uint8_t i;

	if (secret_set(s, "secret-of-host1", 15))
		abort();
	for (i = 0; i < 16; i++)
		challenge[i] = i;
}

static void make_large(struct secret *s, uint8_t challenge[static CHAP_CHALLENGE_MAX])
{
	uint8_t bytes[SECRET_MAX];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	if (secret_set(s, bytes, sizeof(bytes)))
		abort();
	for (i = 0; i < CHAP_CHALLENGE_MAX; i++)
		challenge[i] = (uint8_t)(7 * i + 3);
}

static void responses_are_the_hash(void)
{
	uint8_t out[CHAP_DIGEST_MAX], challenge[CHAP_CHALLENGE_MAX];
	char text[2 * CHAP_DIGEST_MAX + 3];
	struct secret secret;
	size_t i;

	for (i = 0; i < COUNT(vectors); i++) {
		make_small(&secret, challenge);
		CU_ASSERT_EQUAL(
			chap_response(vectors[i].algorithm, 0x5a, &secret, challenge, 16, out), 0);
		CU_ASSERT_STRING_EQUAL(chap_encode(text, sizeof(text), out, vectors[i].len),
				       vectors[i].small);
		make_large(&secret, challenge);
		CU_ASSERT_EQUAL(chap_response(vectors[i].algorithm, 0xff, &secret, challenge,
					      CHAP_CHALLENGE_MAX, out),
				0);
		CU_ASSERT_STRING_EQUAL(chap_encode(text, sizeof(text), out, vectors[i].len),
				       vectors[i].large);
	}
}

static void responses_need_a_challenge_and_an_algorithm(void)
{
	uint8_t out[CHAP_DIGEST_MAX], challenge[CHAP_CHALLENGE_MAX + 1] = { 0 };
	struct secret secret;

	make_small(&secret, challenge);
	CU_ASSERT_EQUAL(chap_response(CHAP_SHA256, 1, &secret, challenge, 0, out), -EINVAL);
	CU_ASSERT_EQUAL(chap_response(CHAP_SHA256, 1, &secret, challenge, sizeof(challenge), out),
			-EINVAL);
	CU_ASSERT_EQUAL(chap_response(0, 1, &secret, challenge, 16, out), -EINVAL);
	CU_ASSERT_EQUAL(chap_response(9, 1, &secret, challenge, 16, out), -EINVAL);
}

static void the_right_response_proves_the_secret(void)
{
	uint8_t response[CHAP_DIGEST_MAX], challenge[16];
	struct secret secret, other;
	size_t i, len;

	make_small(&secret, challenge);
	CU_ASSERT_EQUAL(secret_set(&other, "secret-of-host2", 15), 0);
	for (i = 0; i < COUNT(vectors); i++) {
		uint8_t a = vectors[i].algorithm;

		len = vectors[i].len;
		CU_ASSERT_EQUAL_FATAL(chap_decode(vectors[i].small, response, sizeof(response)),
				      (int)len);
		CU_ASSERT_TRUE(chap_proves(a, 0x5a, &secret, challenge, 16, response, len));
		CU_ASSERT_FALSE(chap_proves(a, 0x5b, &secret, challenge, 16, response, len));
		CU_ASSERT_FALSE(chap_proves(a, 0x5a, &other, challenge, 16, response, len));
		CU_ASSERT_FALSE(chap_proves(a, 0x5a, &secret, challenge, 15, response, len));
		CU_ASSERT_FALSE(chap_proves(a, 0x5a, &secret, challenge, 16, response, len - 1));
		CU_ASSERT_FALSE(chap_proves(a, 0x5a, &secret, challenge, 16, response, 0));
		response[len - 1] ^= 1;
		CU_ASSERT_FALSE(chap_proves(a, 0x5a, &secret, challenge, 16, response, len));
	}
}

/* What is hashed for a user that does not exist must not be a way in. */
static void nobody_proves_nothing(void)
{
	uint8_t response[CHAP_DIGEST_MAX], challenge[16] = { 0 };
	static const struct secret none;
	struct secret stand_in;

	CU_ASSERT_EQUAL(secret_set(&stand_in, "0123456789abcdef", 16), 0);
	CU_ASSERT_EQUAL(chap_response(CHAP_SHA256, 7, &stand_in, challenge, 16, response), 0);
	CU_ASSERT_TRUE(chap_proves(CHAP_SHA256, 7, &stand_in, challenge, 16, response, 32));
	CU_ASSERT_FALSE(chap_proves(CHAP_SHA256, 7, NULL, challenge, 16, response, 32));
	CU_ASSERT_FALSE(chap_proves(CHAP_SHA256, 7, &none, challenge, 16, response, 32));
	CU_ASSERT_EQUAL(chap_response(CHAP_SHA256, 7, &none, challenge, 16, response), 0);
	CU_ASSERT_FALSE(chap_proves(CHAP_SHA256, 7, &none, challenge, 16, response, 32));
	CU_ASSERT_FALSE(chap_proves(0, 7, &stand_in, challenge, 16, response, 32));
}

static void algorithms_have_names_and_lengths(void)
{
	size_t i;

	for (i = 0; i < COUNT(vectors); i++) {
		CU_ASSERT_EQUAL(chap_algorithm_parse(vectors[i].name), vectors[i].algorithm);
		CU_ASSERT_STRING_EQUAL(chap_algorithm_name(vectors[i].algorithm), vectors[i].name);
		CU_ASSERT_EQUAL(chap_digest_len(vectors[i].algorithm), vectors[i].len);
	}
	CU_ASSERT_EQUAL(chap_algorithm_parse("SHA256"), 0);
	CU_ASSERT_EQUAL(chap_algorithm_parse(""), 0);
	CU_ASSERT_STRING_EQUAL(chap_algorithm_name(4), "unknown");
	CU_ASSERT_EQUAL(chap_digest_len(4), 0);
}

static const struct {
	const char *list;
	uint8_t choice;
} lists[] = {
	{ "5", 5 },          { "5,7", 7 },     { "7,5", 7 },
	{ "5,6,7,8", 8 },    { "1,2,3,5", 5 }, { "5,300,4294967303,18446744073709551623", 5 },
	{ "1", 0 },          { "0", 0 },       { "263", 0 },
	{ "4294967303", 0 }, { "", 0 },        { ",", 0 },
	{ "5,", 0 },         { ",5", 0 },      { "5,,7", 0 },
	{ "5 ,7", 0 },       { "5;7", 0 },     { "MD5", 0 },
	{ "-5", 0 },
};

static void our_first_that_is_in_the_list_is_chosen(void)
{
	static const uint8_t ours[] = { 8, 7, 6, 5 }, md5_first[] = { 5, 7 },
			     unknown[] = { 9, 200, 5 };
	size_t i;

	for (i = 0; i < COUNT(lists); i++) {
		if (chap_choose(lists[i].list, ours, sizeof(ours)) != lists[i].choice) {
			printf("\n  \"%s\"", lists[i].list);
			CU_FAIL("choice");
		}
	}
	CU_ASSERT_EQUAL(chap_choose("8,7,6,5", md5_first, sizeof(md5_first)), 5);
	CU_ASSERT_EQUAL(chap_choose("8,6", md5_first, sizeof(md5_first)), 0);
	CU_ASSERT_EQUAL(chap_choose("9,200,5", unknown, sizeof(unknown)), 5);
	CU_ASSERT_EQUAL(chap_choose("5", ours, 0), 0);
}

static void challenges_differ(void)
{
	uint8_t a[CHAP_CHALLENGE_LEN], b[CHAP_CHALLENGE_LEN], id;

	CU_ASSERT_EQUAL(chap_challenge(&id, a), 0);
	CU_ASSERT_EQUAL(chap_challenge(&id, b), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof(a)), 0);
}

static const struct {
	const char *what;
	const char *text;
	int n; /* bytes, or an error */
	uint8_t bytes[8];
} codes[] = {
	{ "hex", "0x00ff10", 3, { 0x00, 0xff, 0x10 } },
	{ "hex in capitals", "0XABcdEF", 3, { 0xab, 0xcd, 0xef } },
	{ "odd number of digits", "0x123", 2, { 0x01, 0x23 } },
	{ "one digit", "0xf", 1, { 0x0f } },
	{ "8 bytes", "0x0102030405060708", 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ "9 bytes", "0x010203040506070809", -E2BIG, { 0 } },
	{ "17 digits", "0x01020304050607080", -E2BIG, { 0 } },
	{ "no digits", "0x", -EINVAL, { 0 } },
	{ "no hex digit", "0x0g", -EINVAL, { 0 } },
	{ "a space", "0x00 ", -EINVAL, { 0 } },
	{ "base64, 3 bytes", "0bTWFu", 3, { 'M', 'a', 'n' } },
	{ "base64, 2 bytes", "0bTWE=", 2, { 'M', 'a' } },
	{ "base64, 1 byte", "0BTQ==", 1, { 'M' } },
	{ "base64 unfilled, 2 bytes", "0bTWE", 2, { 'M', 'a' } },
	{ "base64 unfilled, 1 byte", "0bTQ", 1, { 'M' } },
	{ "base64, last digits of the alphabet", "0b+/+/", 3, { 0xfb, 0xff, 0xbf } },
	{ "base64, 8 bytes", "0bAQIDBAUGBwg=", 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ "base64, 9 bytes", "0bAQIDBAUGBwgJ", -E2BIG, { 0 } },
	{ "base64, no digits", "0b", -EINVAL, { 0 } },
	{ "base64, only filling", "0b==", -EINVAL, { 0 } },
	{ "base64, one digit", "0bT", -EINVAL, { 0 } },
	{ "base64, too little filling", "0bTQ=", -EINVAL, { 0 } },
	{ "base64, too much filling", "0bTWFu====", -EINVAL, { 0 } },
	{ "base64, filling inside", "0bTQ=A", -EINVAL, { 0 } },
	{ "base64, bits left over", "0bTR==", -EINVAL, { 0 } },
	{ "base64, another character", "0bTW-u", -EINVAL, { 0 } },
	{ "base64, a line end", "0bTWF\n", -EINVAL, { 0 } },
	{ "decimal", "123", -EINVAL, { 0 } },
	{ "nothing", "", -EINVAL, { 0 } },
	{ "zero", "0", -EINVAL, { 0 } },
};

static void binary_values_are_decoded(void)
{
	uint8_t out[8];
	size_t i;

	for (i = 0; i < COUNT(codes); i++) {
		int n = chap_decode(codes[i].text, out, sizeof(out));

		if (n != codes[i].n || (n > 0 && memcmp(out, codes[i].bytes, (size_t)n) != 0)) {
			printf("\n  %s: %d", codes[i].what, n);
			CU_FAIL("code");
		}
	}
}

static void binary_values_are_encoded(void)
{
	static const uint8_t bytes[] = { 0x00, 0x7f, 0xa0 };
	char text[9];

	CU_ASSERT_STRING_EQUAL(chap_encode(text, sizeof(text), bytes, sizeof(bytes)), "0x007fa0");
	CU_ASSERT_STRING_EQUAL(chap_encode(text, sizeof(text), bytes, 0), "0x");
}

static const struct unit_test tests[] = {
	{ "responses are the hash", responses_are_the_hash },
	{ "responses need a challenge and an algorithm",
	  responses_need_a_challenge_and_an_algorithm },
	{ "the right response proves the secret", the_right_response_proves_the_secret },
	{ "nobody proves nothing", nobody_proves_nothing },
	{ "algorithms have names and lengths", algorithms_have_names_and_lengths },
	{ "our first that is in the list is chosen", our_first_that_is_in_the_list_is_chosen },
	{ "challenges differ", challenges_differ },
	{ "binary values are decoded", binary_values_are_decoded },
	{ "binary values are encoded", binary_values_are_encoded },
};

UNIT_MAIN("iscsi/chap", tests)
