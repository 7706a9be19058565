/*
 * What an initiator has asked and not heard of yet: each answer must be to one of
 * these, come once, and fit it (RFC 7143, 4.2.5, 11.4, 11.7, 11.8).
 */
#ifndef TRACK_H
#define TRACK_H

#include "fuzz.h"
#include "wire/pdu.h"

#include <stdbool.h>

#define TRACK_MAX 160 /* requests of one input */
#define TRACK_R2T 64  /* R2Ts of one command */

/* A sequence of Data-Out that the initiator may send. */
struct track_seq {
	uint32_t ttt;
	uint32_t offset; /* bytes: where it begins */
	uint32_t len;    /* bytes */
	uint32_t sent;   /* bytes */
	uint32_t datasn; /* the next one */
	bool ended;      /* F was sent */
};

struct track_entry {
	uint32_t itt;
	uint8_t opcode; /* of the request */
	uint8_t lun[PDU_LUN_LEN];
	bool read, write;
	bool answered;
	bool may_vanish; /* it need not be answered: aborted, perhaps, or never taken */
	bool is_loose;   /* its ITT was used in strange ways: any answer is fine */
	uint32_t edtl;
	uint32_t offset; /* bytes of Data-In so far */
	uint32_t burst;  /* bytes of Data-In since the last F */
	uint32_t datasn; /* the next one of Data-In */
	uint32_t r2tsn;
	uint32_t nseq;
	struct track_seq seq[1 + TRACK_R2T];
};

struct track {
	struct track_entry e[TRACK_MAX];
	uint32_t n;
	bool is_wild; /* what was sent cannot be told any more */
	/* what was agreed on */
	uint32_t max_burst;
	uint32_t max_r2t;
};

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
void track_answer(struct track *t, const uint8_t *bhs, const uint8_t *data, uint32_t len);

/* Is there a request that had to be answered, and was not? */
const struct track_entry *track_left(const struct track *t);

#endif
