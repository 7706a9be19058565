/* CHAP as the initiator goes about it (RFC 7143, 12.1.3; RFC 1994). */
#ifndef INITIATOR_INI_CHAP_H
#define INITIATOR_INI_CHAP_H

#include "base/secret.h"
#include "initiator/ini_text.h"

#include <stdbool.h>
#include <stdint.h>

#define INI_CHAP_ALGORITHMS    "8,7,6,5" /* SHA3-256, SHA-256, SHA1, MD5 */
#define INI_CHAP_CHALLENGE     32        /* bytes of ours */
#define INI_CHAP_CHALLENGE_MAX 1024      /* bytes of the target's */

struct ini_chap {
	/* Set by the caller, borrowed during the login. */
	const char *user;
	const struct secret *secret;
	const char *mutual_user;            /* the name that the target gives; NULL: any */
	const struct secret *mutual_secret; /* NULL: the target need not prove itself */
	const char *algorithms;             /* CHAP_A; NULL: INI_CHAP_ALGORITHMS */

	/* Of the dialogue. */
	bool used; /* the target chose CHAP */
	int algorithm;
	uint8_t id; /* of our challenge */
	uint8_t challenge[INI_CHAP_CHALLENGE];
};

/*
 * An ini_login's auth, with the struct ini_chap as its argument. The login's security keys offer
 * AuthMethod; when the target chooses None, nothing is proved. -EPROTO: the target's keys make no
 * sense, -EIO: no hash or no random bytes.
 */
int ini_chap_step(void *arg, const struct ini_text *answer, struct ini_text *next);

/*
 * After a login whose keys are in heard: has the target proved itself where it was asked to?
 * True where it was not.
 */
bool ini_chap_proved(const struct ini_chap *c, const struct ini_text *heard);

#endif
