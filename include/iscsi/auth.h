/*
 * The security stage of a login (RFC 7143, 6.3.2, 12): which method, and CHAP's
 * steps. Keys in, keys out; no PDU.
 */
#ifndef ISCSI_AUTH_H
#define ISCSI_AUTH_H

#include "iscsi/chap.h"
#include "target/access.h"
#include "wire/text.h"

#include <stdbool.h>
#include <stdint.h>

enum auth_state {
	AUTH_START,     /* no method yet */
	AUTH_ALGORITHM, /* CHAP: CHAP_A comes next */
	AUTH_RESPONSE,  /* CHAP: our challenge is out, CHAP_N and CHAP_R come next */
	AUTH_DONE,      /* proven, or nothing had to be */
};

enum auth_key { AUTH_METHOD, AUTH_A, AUTH_I, AUTH_C, AUTH_N, AUTH_R, AUTH_KEYS };

/* The security keys of one login request; values are borrowed from its text. */
struct auth_keys {
	const char *value[AUTH_KEYS]; /* NULL: not there */
};

enum auth_verdict {
	AUTH_GO_ON,          /* answered; the stage may end when state is DONE */
	AUTH_FAILED,         /* login ends with 0x0201 */
	AUTH_TARGET_ERROR,   /* it is our fault: login ends with 0x0300 */
	AUTH_PROTOCOL_ERROR, /* login ends with 0x0200 */
};

#define AUTH_WHY_MAX 400

struct auth {
	enum auth_state state;
	const struct auth_group *group; /* borrowed */
	uint8_t algorithm;
	uint8_t id;
	uint8_t challenge[CHAP_CHALLENGE_LEN];
	const struct access_chap *account; /* borrowed: who it proved to be; NULL: none */
	char user[ACCESS_USER_MAX];        /* who it says it is; "": it did not say */
	bool is_mutual;                    /* the target has proven itself, too */
	char why[AUTH_WHY_MAX];            /* after a failure, for the log */
};

void auth_init(struct auth *a, const struct auth_group *group);

/* Wipes what should not stay in memory. */
void auth_fini(struct auth *a);

/* Is nothing (left) to be proven? */
bool auth_is_done(const struct auth *a);

/* Has it offered CHAP in these keys, where nothing has to be proven? */
bool auth_is_needless(const struct auth *a, const struct auth_keys *keys);

/* Note a pair if its key is one of the security stage. 0; -ENOENT: another key; -EEXIST: a second
 * time. */
int auth_keys_take(struct auth_keys *keys, const struct text_pair *pair);

/* One step: what the initiator's keys ask for is checked and answered. */
enum auth_verdict auth_step(struct auth *a, const struct auth_keys *keys, struct text_out *out);

#endif
