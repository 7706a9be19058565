/*
 * Two initiators that log in to a target, and the way of their requests: digests,
 * numbers and tags are mostly right, and go out in pieces as the input wishes.
 */
#ifndef INITIATOR_H
#define INITIATOR_H

#include "fuzz.h"
#include "track.h"
#include "world.h"

#include <stdbool.h>

#define INITIATOR_DATA_MAX (160u << 10) /* bytes: the longest data segment that is ever made */
#define INITIATOR_PDU_MAX  (PDU_BHS_LEN + PDU_AHS_MAX + INITIATOR_DATA_MAX + 16)

struct initiator {
	struct peer peer; /* first */
	struct track track;
	/* what was agreed on */
	bool immediate_data, initial_r2t;
	uint32_t first_burst; /* bytes */
	uint32_t max_data;    /* bytes: of a data segment to the target */

	uint32_t cmdsn; /* the next one */
	uint32_t gap;   /* a number that was left out */
	bool has_gap;
	uint32_t next_itt;
	uint32_t text_itt, text_ttt; /* of the exchange that goes on */
	unsigned int tmfs;           /* functions that are not answered yet */
	uint8_t *waiting;            /* owns: bytes to go out with those that come next */
	size_t waiting_len;
};

struct run {
	struct fuzz_world w;
	struct initiator in[2];
	struct feed f;
	uint8_t how;      /* the first byte */
	size_t out_limit; /* as the input wishes it */
	uint8_t scratch[INITIATOR_PDU_MAX];
};

/* What a request's number is: mostly the next one. */
struct order {
	uint32_t cmdsn;
	bool immediate;
	bool is_sure; /* the target will take it */
};

/* Log in as initiator isid (0 to 7) by a new connection; the one before is gone. */
void initiator_log_in(struct run *r, struct initiator *in, uint8_t isid);

/* Is it in full feature phase? */
bool initiator_is_up(const struct initiator *in);

/* ahs_len bytes of AHS and data_len bytes of data follow the header in pdu; digests are put in. */
void initiator_send(struct run *r, struct initiator *in, uint8_t *pdu, uint32_t ahs_len,
		    uint32_t data_len);

/* Bytes that go out with those that come next, … */
void initiator_add(struct initiator *in, const uint8_t *p, size_t len);

/* … or now, chunk of them at a time. */
void initiator_push(struct initiator *in, size_t chunk);

struct order initiator_order(struct run *r, struct initiator *in);

/* An ITT: mostly a fresh one, else *is_odd. */
uint32_t initiator_itt(struct run *r, struct initiator *in, bool *is_odd);

/* Note a request; one with an ITT that is in use makes what is there loose. NULL: no room. */
struct track_entry *initiator_note(struct initiator *in, uint32_t itt, bool is_odd, uint8_t opcode,
				   const struct order *o);

#endif
