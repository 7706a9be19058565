/* CHAP arithmetic (RFC 7143, 12.1.3; RFC 1994) over OpenSSL. Pure but for the random bytes. */
#ifndef ISCSI_CHAP_H
#define ISCSI_CHAP_H

#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CHAP_A values (IANA "iSCSI authentication methods": CHAP digest algorithms) */
enum chap_algorithm { CHAP_MD5 = 5, CHAP_SHA1 = 6, CHAP_SHA256 = 7, CHAP_SHA3_256 = 8 };

#define CHAP_DIGEST_MAX    32   /* bytes of the longest response */
#define CHAP_CHALLENGE_LEN 32   /* bytes of a challenge of ours */
#define CHAP_CHALLENGE_MAX 1024 /* bytes of one that may come */

/* "MD5" "SHA1" "SHA-256" "SHA3-256" → algorithm; 0 when there is none of that name. */
uint8_t chap_algorithm_parse(const char *name);
const char *chap_algorithm_name(uint8_t algorithm);

/* Bytes of its response; 0: unknown, or the crypto library refuses it here (FIPS). */
size_t chap_digest_len(uint8_t algorithm);

/*
 * The first of ours (our order of preference) that the initiator's list "7,5" names.
 * 0: none in common, or the list is malformed.
 */
uint8_t chap_choose(const char *list, const uint8_t *ours, size_t nours);

/* A fresh identifier and challenge. 0 or -EIO. */
int chap_challenge(uint8_t *id, uint8_t challenge[static CHAP_CHALLENGE_LEN]);

/* hash(id | secret | challenge) → out, chap_digest_len() bytes. 0, -EINVAL, -EIO. */
int chap_response(uint8_t algorithm, uint8_t id, const struct secret *secret,
		  const uint8_t *challenge, size_t len, uint8_t out[static CHAP_DIGEST_MAX]);

/*
 * Does response (len bytes) prove secret? secret NULL (no such user) takes the
 * same time and is false, as is one without a byte.
 */
bool chap_proves(uint8_t algorithm, uint8_t id, const struct secret *secret,
		 const uint8_t *challenge, size_t challenge_len, const uint8_t *response,
		 size_t len);

/*
 * A binary value of a text key: 0x… hex or 0b… base64 (RFC 7143, 6.1), any case of
 * prefix and hex digits; an odd number of hex digits begins with half a byte, and
 * base64 may go without its equals signs. Returns the number of bytes, at least 1,
 * or -EINVAL (malformed), -E2BIG (more than size; out may be partly written).
 */
int chap_decode(const char *text, uint8_t *out, size_t size);

/* Bytes → "0x…"; dst has 2 × len + 3 bytes. Returns dst. */
char *chap_encode(char *dst, size_t size, const uint8_t *bytes, size_t len);

#endif
