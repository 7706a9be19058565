#include "initiator/ini_chap.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_MAX (2 * EVP_MAX_MD_SIZE + 3) /* bytes of "0x…" with the ending zero */

static const EVP_MD *digest_of(int algorithm)
{
	switch (algorithm) {
	case 5: return EVP_md5();
	case 6: return EVP_sha1();
	case 7: return EVP_sha256();
	case 8: return EVP_sha3_256();
	default: return NULL;
	}
}

/* hash(id | secret | challenge): its bytes, or -EIO. */
static int respond(int algorithm, uint8_t id, const struct secret *secret, const uint8_t *challenge,
		   size_t len, uint8_t out[static EVP_MAX_MD_SIZE])
{
	const EVP_MD *md = digest_of(algorithm);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int n = 0;
	bool done;

	done = md && ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, &id, 1) == 1 &&
	       EVP_DigestUpdate(ctx, secret->bytes, secret->len) == 1 &&
	       EVP_DigestUpdate(ctx, challenge, len) == 1 && EVP_DigestFinal_ex(ctx, out, &n) == 1;
	EVP_MD_CTX_free(ctx);
	return done ? (int)n : -EIO;
}

static void hex(char *dst, const uint8_t *bytes, size_t n)
{
	size_t i;

	dst += sprintf(dst, "0x");
	for (i = 0; i < n; i++)
		dst += sprintf(dst, "%02x", bytes[i]);
}

/* base64 in whole groups of four. The number of bytes, or -EPROTO. */
static int base64(const char *text, uint8_t *out, size_t size)
{
	size_t len = strlen(text), pad = 0;
	int n;

	if (!len || len % 4 || len / 4 * 3 > size)
		return -EPROTO;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	return n < (int)pad ? -EPROTO : n - (int)pad;
}

/* A binary value (6.1): "0x…" or "0b…". The number of bytes, or -EPROTO. */
static int binary(const char *text, uint8_t *out, size_t size)
{
	size_t n = 0;

	if (!text || text[0] != '0')
		return -EPROTO;
	if (text[1] == 'b' || text[1] == 'B')
		return base64(text + 2, out, size);
	if ((text[1] != 'x' && text[1] != 'X') || !text[2] || strchr(text, ':'))
		return -EPROTO;
	return OPENSSL_hexstr2buf_ex(out, size, &n, text + 2, '\0') == 1 ? (int)n : -EPROTO;
}

static int challenge_target(struct ini_chap *c, struct ini_text *next)
{
	char text[2 * INI_CHAP_CHALLENGE + 3], id[8];

	if (RAND_bytes(&c->id, 1) != 1 || RAND_bytes(c->challenge, sizeof(c->challenge)) != 1)
		return -EIO;
	(void)snprintf(id, sizeof(id), "%u", c->id);
	hex(text, c->challenge, sizeof(c->challenge));
	return ini_text_add(next, "CHAP_I", id) || ini_text_add(next, "CHAP_C", text) ? -ENOMEM : 1;
}

static int answer_challenge(struct ini_chap *c, const struct ini_text *answer,
			    struct ini_text *next)
{
	const char *a = ini_text_get(answer, "CHAP_A", 0), *i = ini_text_get(answer, "CHAP_I", 0);
	uint8_t challenge[INI_CHAP_CHALLENGE_MAX + 2], response[EVP_MAX_MD_SIZE];
	char text[HEX_MAX];
	int len = binary(ini_text_get(answer, "CHAP_C", 0), challenge, sizeof(challenge)), n;

	if (!a || !i || len < 1 || len > INI_CHAP_CHALLENGE_MAX || atoi(i) < 0 || atoi(i) > 255)
		return -EPROTO;
	c->algorithm = atoi(a);
	if (!digest_of(c->algorithm))
		return -EPROTO;
	n = respond(c->algorithm, (uint8_t)atoi(i), c->secret, challenge, (size_t)len, response);
	if (n < 0)
		return n;
	hex(text, response, (size_t)n);
	if (ini_text_add(next, "CHAP_N", c->user) || ini_text_add(next, "CHAP_R", text))
		return -ENOMEM;
	return c->mutual_secret ? challenge_target(c, next) : 1;
}

int ini_chap_step(void *arg, const struct ini_text *answer, struct ini_text *next)
{
	struct ini_chap *c = arg;
	const char *method = ini_text_get(answer, "AuthMethod", 0);

	if (!method)
		return c->used ? answer_challenge(c, answer, next) : -EPROTO;
	if (strcmp(method, "None") == 0)
		return 1;
	if (strcmp(method, "CHAP") != 0)
		return -EPROTO;
	c->used = true;
	return ini_text_add(next, "CHAP_A", c->algorithms ? c->algorithms : INI_CHAP_ALGORITHMS);
}

bool ini_chap_proved(const struct ini_chap *c, const struct ini_text *heard)
{
	const char *name = ini_text_get(heard, "CHAP_N", 0);
	uint8_t want[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE + 2];
	int n;

	if (!c->used || !c->mutual_secret)
		return true;
	if (!name || (c->mutual_user && strcmp(name, c->mutual_user) != 0))
		return false;
	n = respond(c->algorithm, c->id, c->mutual_secret, c->challenge, sizeof(c->challenge),
		    want);
	return n > 0 && binary(ini_text_get(heard, "CHAP_R", 0), got, sizeof(got)) == n &&
	       secret_equal(want, got, (size_t)n);
}
