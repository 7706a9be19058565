/*
 * What an initiator has asked and not heard of yet: each answer must be to one of
 * these, come once, on its connection, and fit it (RFC 7143, 4.2.5, 11.4, 11.7, 11.8).
 *
 * Above error recovery level 0 things may come again, when they were asked for: then
 * as they were. Once the initiator has lied about what it got, or wants data cut anew,
 * nobody can say how data is to come: such a command is vague.
 */
#ifndef TRACK_H
#define TRACK_H

#include "fuzz.h"
#include "wire/pdu.h"

#include <stdbool.h>

#define TRACK_MAX    256 /* requests of one input */
#define TRACK_R2T    64  /* R2Ts of one command */
#define TRACK_PIECES 64  /* Data-In PDUs of one command that are remembered */

/* A sequence of Data-Out that the initiator may send. */
struct track_seq {
	uint32_t line; /* where it goes: the connection that asked for it */
	uint32_t ttt;
	uint32_t offset; /* bytes: where it begins */
	uint32_t len;    /* bytes */
	uint32_t sent;   /* bytes */
	uint32_t datasn; /* the next one */
	uint32_t r2tsn;
	bool ended; /* F was sent */
};

/* A Data-In. */
struct track_piece {
	uint32_t offset; /* bytes */
	uint32_t len;    /* bytes */
	uint32_t crc;
};

struct track_entry {
	uint32_t itt;
	uint8_t opcode; /* of the request */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t line; /* the connection that it is answered on … */
	uint16_t cid;  /* … and its CID */
	bool read, write;
	bool answered;
	bool may_vanish;          /* it need not be answered: aborted, perhaps, or never taken */
	bool is_loose;            /* its ITT was used in strange ways: any answer is fine */
	bool is_parted;           /* its connection was to be logged out: it may end with that */
	bool is_missed;           /* it was damaged on its way: it never came */
	bool is_retried;          /* a lost connection may have the first one still */
	bool strays;              /* and so it may be run from other connections than line, too */
	bool is_refused;          /* it was rejected for what it is, or may be */
	bool is_vague;            /* how its data is cut cannot be told any more */
	bool is_acked;            /* some of its data is acknowledged */
	bool is_snacked;          /* it may be told again what it was told */
	bool restarts;            /* reassigned: its numbers may go back, once */
	uint64_t again;           /* set of DataSN: they came again */
	uint8_t bhs[PDU_BHS_LEN]; /* of a command, for who sends it again */
	uint32_t rtt, rtt_datasn; /* of TASK REASSIGN: Referenced Task Tag, ExpDataSN */
	bool is_reassign;
	uint32_t edtl;
	uint32_t offset; /* bytes of Data-In so far */
	uint32_t burst;  /* bytes of Data-In since the last F */
	uint32_t datasn; /* the next one of Data-In */
	uint32_t r2tsn;
	uint32_t nseq;
	struct track_seq seq[1 + TRACK_R2T];
	struct track_piece piece[TRACK_PIECES]; /* by DataSN */
};

struct track {
	struct track_entry e[TRACK_MAX];
	uint32_t n;
	bool is_wild;      /* what was sent cannot be told any more */
	bool is_disturbed; /* above level 0: data may be asked for again, by more R2Ts than else */
	bool is_snacked;   /* what was said may be said again */
	bool reuses_tags;  /* some have been used again */
	uint32_t refusals; /* SNACKs that were rejected */
	/* what was agreed on */
	uint32_t max_burst;
	uint32_t max_r2t;
};

/* An answer. */
struct track_pdu {
	uint32_t line; /* where it came */
	bool is_again; /* its StatSN is one that came before */
	const uint8_t *bhs, *data;
	uint32_t len; /* bytes of data */
};

/* Nothing has been asked. */
void track_clear(struct track *t);

/* Note a request. NULL: there is no room for more. */
struct track_entry *track_add(struct track *t, uint32_t itt, uint8_t opcode);

/* The newest request of that ITT, or NULL. */
struct track_entry *track_find(struct track *t, uint32_t itt);

/* The i-th of the commands that wait for an answer, counted round and round; NULL: there is none.
 */
struct track_entry *track_open(struct track *t, uint32_t i);

/* Whatever waits need not be answered. */
void track_release(struct track *t);

/* An answer has come. */
void track_answer(struct track *t, const struct track_pdu *pdu);

/* Is there a request that had to be answered, and was not? */
const struct track_entry *track_left(const struct track *t);

#endif
