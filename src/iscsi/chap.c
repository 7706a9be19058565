#include "iscsi/chap.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* CHAP_A numbers of IANA's registry; fetch is OpenSSL's name for the hash. */
static const struct algorithm {
	uint8_t number;
	uint8_t len; /* bytes of a digest */
	const char *name;
	const char *fetch;
} algorithms[] = {
	{ CHAP_MD5, 16, "MD5", "MD5" },
	{ CHAP_SHA1, 20, "SHA1", "SHA1" },
	{ CHAP_SHA256, 32, "SHA-256", "SHA2-256" },
	{ CHAP_SHA3_256, 32, "SHA3-256", "SHA3-256" },
};

#define NALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static const struct algorithm *find(uint8_t number)
{
	size_t i;

	for (i = 0; i < NALGORITHMS; i++) {
		if (algorithms[i].number == number)
			return &algorithms[i];
	}
	return NULL;
}

uint8_t chap_algorithm_parse(const char *name)
{
	size_t i;

	for (i = 0; i < NALGORITHMS; i++) {
		if (strcmp(algorithms[i].name, name) == 0)
			return algorithms[i].number;
	}
	return 0;
}

const char *chap_algorithm_name(uint8_t algorithm)
{
	const struct algorithm *a = find(algorithm);

	return a ? a->name : "unknown";
}

/* The hash, which the caller frees; NULL when unknown, or refused (MD5 under FIPS rules). */
static EVP_MD *hash_of(uint8_t algorithm)
{
	const struct algorithm *a = find(algorithm);

	return a ? EVP_MD_fetch(NULL, a->fetch, NULL) : NULL;
}

size_t chap_digest_len(uint8_t algorithm)
{
	EVP_MD *md = hash_of(algorithm);

	if (!md)
		return 0;
	EVP_MD_free(md);
	return find(algorithm)->len;
}

/*
 * The numbers of a list, as a set of bits for those below 32 (no algorithm is above).
 * False when it is no list of numbers.
 */
static bool list_parse(const char *list, uint32_t *set)
{
	*set = 0;
	for (;;) {
		size_t digits = strspn(list, "0123456789"), i;
		unsigned int v = 0;

		if (digits == 0)
			return false;
		for (i = 0; i < digits && v < 32; i++)
			v = v * 10 + (unsigned int)(list[i] - '0');
		if (v < 32)
			*set |= 1u << v;
		list += digits;
		if (*list == '\0')
			return true;
		if (*list++ != ',')
			return false;
	}
}

uint8_t chap_choose(const char *list, const uint8_t *ours, size_t nours)
{
	uint32_t set;
	size_t i;

	if (!list_parse(list, &set))
		return 0;
	for (i = 0; i < nours; i++) {
		if (ours[i] < 32 && (set & 1u << ours[i]) && chap_digest_len(ours[i]) > 0)
			return ours[i];
	}
	return 0;
}

int chap_challenge(uint8_t *id, uint8_t challenge[static CHAP_CHALLENGE_LEN])
{
	if (RAND_bytes(id, 1) != 1 || RAND_bytes(challenge, CHAP_CHALLENGE_LEN) != 1)
		return -EIO;
	return 0;
}

int chap_response(uint8_t algorithm, uint8_t id, const struct secret *secret,
		  const uint8_t *challenge, size_t len, uint8_t out[static CHAP_DIGEST_MAX])
{
	EVP_MD *md = hash_of(algorithm);
	EVP_MD_CTX *ctx = NULL;
	int err = -EINVAL;

	if (!md || len == 0 || len > CHAP_CHALLENGE_MAX)
		goto done;
	err = -EIO;
	ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestInit_ex2(ctx, md, NULL) && EVP_DigestUpdate(ctx, &id, 1) &&
	    EVP_DigestUpdate(ctx, secret->bytes, secret->len) &&
	    EVP_DigestUpdate(ctx, challenge, len) && EVP_DigestFinal_ex(ctx, out, NULL))
		err = 0;
done:
	EVP_MD_CTX_free(ctx); /* wipes its state */
	EVP_MD_free(md);
	return err;
}

bool chap_proves(uint8_t algorithm, uint8_t id, const struct secret *secret,
		 const uint8_t *challenge, size_t challenge_len, const uint8_t *response,
		 size_t len)
{
	/* Stands in for the secret of a user that does not exist: the hash is made all the same. */
	static const struct secret nobody = { .bytes = "0123456789abcdef", .len = 16 };
	const bool known = secret && secret->len > 0;
	uint8_t want[CHAP_DIGEST_MAX] = { 0 };

	if (chap_response(algorithm, id, known ? secret : &nobody, challenge, challenge_len, want))
		return false;
	if (len != find(algorithm)->len)
		return false;
	return secret_equal(want, response, len) && known;
}

/* ---- binary values ---- */

/* 0 to 15; -1: no hexadecimal digit. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* An odd number of digits has half a byte in front: n digits are (n + 1) / 2 bytes (6.1). */
static int hex_decode(const char *text, uint8_t *out, size_t size)
{
	size_t digits = strlen(text), i;
	bool low = digits % 2;
	size_t n = 0;

	if (digits == 0)
		return -EINVAL;
	if ((digits + 1) / 2 > size)
		return -E2BIG;
	if (low)
		out[0] = 0;
	for (i = 0; i < digits; i++) {
		int d = hex_digit(text[i]);

		if (d < 0)
			return -EINVAL;
		if (low)
			out[n++] |= (uint8_t)d;
		else
			out[n] = (uint8_t)(d << 4);
		low = !low;
	}
	return (int)n;
}

/* 0 to 63; -1: no base64 digit. */
static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * RFC 4648, 4. n digits are n * 3 / 4 bytes (6.1), the equals signs that fill up the last
 * four digits may be left out, and the bits that fill up the last digit are zero.
 */
static int base64_decode(const char *text, uint8_t *out, size_t size)
{
	size_t len = strlen(text), digits = strcspn(text, "="), i, n = 0;
	uint32_t bits = 0;
	int nbits = 0;

	if (digits == 0 || digits % 4 == 1)
		return -EINVAL;
	if (digits < len && (len % 4 || len - digits > 2 || text[len - 1] != '='))
		return -EINVAL;
	if (digits * 3 / 4 > size)
		return -E2BIG;
	for (i = 0; i < digits; i++) {
		int d = base64_digit(text[i]);

		if (d < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)d;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = (uint8_t)(bits >> nbits);
		}
	}
	return bits & ((1u << nbits) - 1) ? -EINVAL : (int)n;
}

int chap_decode(const char *text, uint8_t *out, size_t size)
{
	if (text[0] != '0')
		return -EINVAL;
	switch (text[1]) {
	case 'x':
	case 'X': return hex_decode(text + 2, out, size);
	case 'b':
	case 'B': return base64_decode(text + 2, out, size);
	default: return -EINVAL;
	}
}

char *chap_encode(char *dst, size_t size, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *p = dst;
	size_t i;

	assert(len <= CHAP_CHALLENGE_MAX && size >= 2 * len + 3);
	*p++ = '0';
	*p++ = 'x';
	for (i = 0; i < len; i++) {
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 0xf];
	}
	*p = '\0';
	return dst;
}
