/*
 * Text keys: one table row for each key of RFC 7143 section 13 (and RFC 7144's),
 * with its type, scope, when it may be sent, range, and result function. Pure:
 * pairs in, answers and values out; no PDU, no stage machine, no memory.
 */
#ifndef ISCSI_KEYS_H
#define ISCSI_KEYS_H

#include "iscsi/param.h"
#include "wire/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When a pair came: each row says in which of these its key is allowed. */
enum keys_phase {
	KEYS_LEADING_SECURITY = 0x01,    /* first PDU(s) of a leading connection, CSG 0 */
	KEYS_LEADING_OPERATIONAL = 0x02, /* … CSG 1 */
	KEYS_OTHER_SECURITY = 0x04,      /* a connection added to a session */
	KEYS_OTHER_OPERATIONAL = 0x08,
	KEYS_FULL_FEATURE = 0x10,
};

enum keys_verdict {
	KEYS_OK,       /* taken, and answered where an answer is due */
	KEYS_SECURITY, /* a key of authentication (AuthMethod, CHAP_…): for auth.c; nothing was done
			*/
	KEYS_SEND_TARGETS,   /* SendTargets: for discovery.c; nothing was done */
	KEYS_PROTOCOL_ERROR, /* the negotiation fails: login ends with 0x0200, text with Reject */
	KEYS_SESSION_TYPE,   /* no such SessionType: login ends with 0x0209 */
	KEYS_NOT_FOUND,      /* TargetName cannot be a name at all: login ends with 0x0203 */
};

#define KEYS_WHY_MAX 160

/* One negotiation: a login, or one text exchange in full feature phase. */
struct keys {
	const struct target_limits
		*limits;     /* borrowed; NULL: the built-in ones (discovery, before TargetName) */
	struct param *param; /* borrowed: read and set */
	uint64_t seen;       /* a bit for each row that was negotiated: a second time is an error */
	uint64_t again;      /* of these: may be said once more, see keys_names_again() */
	bool declared;       /* keys_declare() has done its work */
	char why[KEYS_WHY_MAX]; /* after an error: which key, which rule, for the log */
};

/*
 * Negotiate one received pair: look it up, check that it may come in this phase
 * (enum keys_phase), check its value, apply the key's result function to it and to
 * limits, store the outcome in param, and append the answer to out where the key's
 * type asks for one. A key that was declared is not answered.
 *
 * An unknown key is answered NotUnderstood (RFC 7143, 6.2; its name is no longer than
 * TEXT_KEY_MAX, as text_next() gives it). An offer out of range or of the wrong form is
 * answered Reject, and the value stays as it was (6.2); in a discovery session Irrelevant
 * where 13 says so. A declaration of the wrong form is a protocol error: there is no answer
 * to it, and going on with another value than the initiator's would do harm.
 *
 * NotUnderstood, Irrelevant and Reject cannot be offered (6.2): they are a protocol error,
 * but for keys that the target itself declares, where they are the initiator's answer.
 *
 * SessionType and TargetName decide how others are taken (Irrelevant, limits): the caller
 * takes these two out of a login request first.
 */
enum keys_verdict keys_take(struct keys *k, enum keys_phase phase, const struct text_pair *pair,
			    struct text_out *out);

/*
 * From now on InitiatorName, SessionType and TargetName may be said once more, as they were. 6.3
 * forbids it; but libiscsi, and QEMU with it, begins anew in the operational stage where it has
 * offered CHAP, for it was given an account, and the target asks for none.
 */
void keys_names_again(struct keys *k);

/*
 * The result of all pairs together, when the login's operational stage ends: values that
 * bound each other (FirstBurstLength ≤ MaxBurstLength) are made to agree. A protocol error
 * when the target does not take a connection without a digest, and none was agreed.
 */
enum keys_verdict keys_finish(struct keys *k);

/* Append what the target declares by itself: MaxRecvDataSegmentLength (once). */
void keys_declare(struct keys *k, struct text_out *out);

/* The name of row i of the table, in its order; NULL past the end. */
const char *keys_name(size_t i);

#endif
