/*
 * The rules of persistent reservations (SPC-5, 5.14): who is registered, who
 * holds the reservation, and what a PERSISTENT RESERVE OUT makes of that. Pure.
 *
 * Nothing is changed in place: pr_decide() makes the next state and marks those
 * who must be told, so that the state can be written down before it counts.
 */
#ifndef SCSI_PR_H
#define SCSI_PR_H

#include "scsi/tid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PR_REGISTRANTS_MAX 256 /* of a logical unit: more find no room */
#define PR_NOBODY          UINT32_MAX

/* 6.16.2, table 203; the same numbers in the TYPE field. */
enum pr_type {
	PR_NONE = 0,
	PR_WRITE_EXCLUSIVE = 1,
	PR_EXCLUSIVE_ACCESS = 3,
	PR_WRITE_EXCLUSIVE_REGISTRANTS = 5,
	PR_EXCLUSIVE_ACCESS_REGISTRANTS = 6,
	PR_WRITE_EXCLUSIVE_ALL = 7,
	PR_EXCLUSIVE_ACCESS_ALL = 8,
};

/* An I_T nexus that is registered. */
struct pr_registrant {
	uint64_t key;
	uint16_t port;  /* relative target port identifier */
	struct tid tid; /* of the initiator port */
};

struct pr {
	uint32_t generation; /* PRGENERATION */
	uint8_t type;        /* enum pr_type of the reservation; PR_NONE: there is none */
	bool aptpl;          /* it persists through the loss of power */
	bool sealed;         /* what persisted could not be read: an operator must clear it */
	uint32_t holder;     /* index; PR_NOBODY: none, or all of them, as the type says */
	uint32_t n;
	uint32_t room;
	struct pr_registrant *reg; /* owns; n of them */
};

/* PERSISTENT RESERVE OUT service actions (6.17.1) */
enum pr_action {
	PR_REGISTER,
	PR_RESERVE,
	PR_RELEASE,
	PR_CLEAR,
	PR_PREEMPT,
	PR_PREEMPT_AND_ABORT,
	PR_REGISTER_AND_IGNORE,
	PR_REGISTER_AND_MOVE,
	PR_ACTIONS
};

/* A PERSISTENT RESERVE OUT, and the I_T nexus that it came by. */
struct pr_request {
	enum pr_action action;
	uint8_t scope;
	uint8_t type;
	uint64_t key;
	uint64_t action_key; /* SERVICE ACTION RESERVATION KEY */
	bool aptpl;
	bool all_ports;  /* ALL_TG_PT */
	bool for_others; /* SPEC_I_PT: others, n of them, are given */
	bool unregister; /* UNREG */
	const struct tid *tid;
	uint16_t port;
	const uint16_t *ports; /* the target ports there are, for ALL_TG_PT */
	size_t nports;
	const struct tid *others; /* initiator ports to be registered, too; or the one to move to */
	size_t nothers;
	uint16_t to_port; /* of REGISTER AND MOVE */
};

enum pr_verdict {
	PR_GOOD,
	PR_CONFLICT,    /* RESERVATION CONFLICT */
	PR_BAD_SCOPE,   /* SCOPE or TYPE in the CDB */
	PR_BAD_CDB,     /* the service action does not go with SPEC_I_PT here */
	PR_BAD_KEY,     /* SERVICE ACTION RESERVATION KEY */
	PR_BAD_TID,     /* a TransportID */
	PR_BAD_RELEASE, /* INVALID RELEASE OF PERSISTENT RESERVATION */
	PR_NO_ROOM,     /* INSUFFICIENT REGISTRATION RESOURCES */
	PR_NO_MEMORY,
};

/* What is to be done about a registrant of the state before. */
enum pr_mark {
	PR_GONE = 0x01,
	PR_TELL_CLEARED = 0x02,  /* RESERVATIONS PREEMPTED */
	PR_TELL_RELEASED = 0x04, /* RESERVATIONS RELEASED */
	PR_TELL_REMOVED = 0x08,  /* REGISTRATIONS PREEMPTED */
	PR_ABORT = 0x10,         /* its commands are aborted */
};

struct pr_change {
	struct pr next;                    /* owns; the caller's after PR_GOOD */
	uint8_t marks[PR_REGISTRANTS_MAX]; /* enum pr_mark, by index in the state before */
};

/* No registration, no reservation. */
void pr_init(struct pr *pr);
void pr_fini(struct pr *pr);

/* Append a registrant. Its index; PR_NOBODY: no memory, or PR_REGISTRANTS_MAX are there. */
uint32_t pr_add(struct pr *pr, const struct tid *tid, uint16_t port, uint64_t key);

/* The index of an I_T nexus, or PR_NOBODY when it is not registered. */
uint32_t pr_find(const struct pr *pr, const struct tid *tid, uint16_t port);

bool pr_is_type(uint8_t type);

/* Do all registrants hold a reservation of that type? */
bool pr_is_all(uint8_t type);

/* Has a registrant all access, the holder or not? */
bool pr_is_shared(uint8_t type);

/* Are strangers kept from writing only? */
bool pr_is_write_exclusive(uint8_t type);

/* Does the registrant with that index hold the reservation? */
bool pr_holds(const struct pr *pr, uint32_t i);

/*
 * What becomes of now by a request. c is filled on PR_GOOD, and c->next is the
 * caller's to keep or to pr_fini() then.
 */
enum pr_verdict pr_decide(const struct pr *now, const struct pr_request *req, struct pr_change *c);

#endif
