/*
 * The last refused or odd logins, for those who wonder why an initiator does not get in: a ring
 * of fixed size. The same case again is counted, not kept twice.
 */
#ifndef ISCSI_WHY_H
#define ISCSI_WHY_H

#include "target/access.h"
#include "target/portal.h"
#include "target/target.h"

#include <stddef.h>
#include <stdint.h>

#define WHY_CASES    64
#define WHY_TEXT_MAX 400
#define WHY_CLASSES  4  /* of RFC 7143, 11.13.5 */
#define WHY_DETAILS  16 /* more than there are */

struct auth_group;
struct conn;
struct world;

/* A login that did not end as its initiator wished. */
struct why_case {
	char initiator[TARGET_NAME_MAX]; /* "": it did not say */
	char target[TARGET_NAME_MAX];    /* "": discovery, or it did not say */
	char user[ACCESS_USER_MAX];      /* of CHAP; "": none was named */
	struct portal_addr peer;         /* of the last time */
	struct portal_addr local;
	uint16_t status;             /* of the answer: class << 8 | detail; 0: there was none */
	char reason[WHY_TEXT_MAX];   /* which key, which rule */
	char accepted[WHY_TEXT_MAX]; /* what would have been; "": nothing that can be told */
	uint64_t first_ms;
	uint64_t last_ms;
	uint64_t order; /* counts all cases; 0: a free place */
	uint32_t count; /* how often */
};

/* All zero at first. */
struct why {
	struct why_case cases[WHY_CASES];
	uint64_t total;
	uint64_t by_status[WHY_CLASSES][WHY_DETAILS]; /* [0][0]: ended without an answer */
};

/* What a login had come to when it ended; texts are borrowed, NULL where nothing is known. */
struct why_login {
	const struct conn *conn;
	const char *initiator;
	const char *target;
	const char *user;
	const struct auth_group *group; /* that it was held against */
	uint16_t status;
	const char *reason;
};

/*
 * Remember it. Returns what is kept of it, until the next call: its accepted is made here, from
 * the status and what the world allows.
 */
const struct why_case *why_note(struct why *why, const struct why_login *login);

/* The case that came last before the i-th: 0 is the newest. NULL: there are fewer. */
const struct why_case *why_nth(const struct why *why, size_t i);

/* RFC 7143, 11.13.5: "authentication failure". */
const char *why_status_name(uint16_t status);

#endif
