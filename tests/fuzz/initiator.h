/*
 * Two initiators that log in to a target, each by one connection or more, and the way of
 * their requests: digests, numbers and tags are mostly right, and go out in pieces as the
 * input wishes.
 */
#ifndef INITIATOR_H
#define INITIATOR_H

#include "fuzz.h"
#include "track.h"
#include "world.h"

#include <stdbool.h>

#define INITIATOR_DATA_MAX  (160u << 10) /* bytes: the longest data segment that is ever made */
#define INITIATOR_PDU_MAX   (PDU_BHS_LEN + PDU_AHS_MAX + INITIATOR_DATA_MAX + 16)
#define INITIATOR_LINES_MAX 6 /* MaxConnections, and some that take another's place */

struct initiator;

/* A connection. */
struct line {
	struct peer peer; /* first */
	struct initiator *in;
	uint32_t serial; /* no two of an initiator have the same */
	uint16_t cid;
	uint32_t max_data;           /* bytes: of a data segment to the target */
	uint32_t text_itt, text_ttt; /* of the exchange that goes on */
	uint32_t expstatsn;          /* what was acknowledged last */
	uint32_t ack_error;          /* what is added to the true number */
	uint32_t acked;              /* the furthest that was ever said */
	bool holds_acks;             /* nothing more is acknowledged */
	bool leaves;                 /* a logout of it was asked for */
	uint8_t *waiting;            /* owns: bytes to go out with those that come next */
	size_t waiting_len;
};

struct initiator {
	struct track track;
	struct line lines[INITIATOR_LINES_MAX];
	struct line *line; /* where requests go now; NULL: nowhere */
	uint32_t last_serial;
	uint8_t isid;
	uint16_t tsih; /* of its session */
	/* what was agreed on */
	uint8_t level;
	bool immediate_data, initial_r2t;
	uint32_t first_burst; /* bytes */

	uint32_t cmdsn; /* the next one */
	uint32_t gap;   /* a number that was left out */
	bool has_gap;
	uint32_t next_itt;
	unsigned int tmfs; /* functions that are not answered yet */
};

struct run {
	struct fuzz_world w;
	struct initiator in[2];
	struct feed f;
	uint8_t how;      /* the first byte */
	uint8_t recovery; /* the third: what there is beyond level 0 and one connection */
	size_t out_limit; /* as the input wishes it */
	bool was_aborted; /* there was a task management function */
	uint8_t scratch[INITIATOR_PDU_MAX];
};

/* What a request's number is: mostly the next one. */
struct order {
	uint32_t cmdsn;
	bool immediate;
	bool is_sure; /* the target will take it */
};

/* No connection, no request. Memory of what was is lost: initiator_fini() first. */
void initiator_init(struct initiator *in);
void initiator_fini(struct initiator *in);

/* Log in as initiator isid (0 to 7) by a new connection; all that was before is gone. */
void initiator_log_in(struct run *r, struct initiator *in, uint8_t isid);

/* One more connection to its session, with that CID, perhaps in another's place. */
void initiator_join(struct run *r, struct initiator *in, uint16_t cid);

/* All connections are cut. */
void initiator_lose(struct initiator *in);

/* Is it in full feature phase? */
bool line_is_up(const struct line *l);

/* The connection with that serial number, when it is up, or NULL. */
struct line *initiator_line(struct initiator *in, uint32_t serial);

/* Is it there still, if only to say its last? */
bool initiator_has(const struct initiator *in, uint32_t serial);

/* Requests go to the i-th of those that are up, counted round and round. False: none is. */
bool initiator_choose(struct initiator *in, uint32_t i);

/* Is one of its connections up? */
bool initiator_is_up(const struct initiator *in);

/* Is one in a login that has not ended? */
bool initiator_is_coming(const struct initiator *in);

/* ahs_len bytes of AHS and data_len bytes of data follow the header in pdu; digests are put in.
 * False: it was damaged so that it counts as not sent. */
bool initiator_send(struct run *r, struct initiator *in, uint8_t *pdu, uint32_t ahs_len,
		    uint32_t data_len);

/* Bytes that go out with those that come next, … */
void initiator_add(struct initiator *in, const uint8_t *p, size_t len);

/* … or now, chunk of them at a time. */
void initiator_push(struct initiator *in, size_t chunk);

/* On all of its connections. */
void initiator_push_all(struct initiator *in);

struct order initiator_order(struct run *r, struct initiator *in);

/* An ITT: mostly a fresh one, else *is_odd. */
uint32_t initiator_itt(struct run *r, struct initiator *in, bool *is_odd);

/* Note a request; one with an ITT that is in use makes what is there loose. NULL: no room. */
struct track_entry *initiator_note(struct initiator *in, uint32_t itt, bool is_odd, uint8_t opcode,
				   const struct order *o);

#endif
