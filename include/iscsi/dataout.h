/*
 * Data-Out: what a write has been promised, what it asked for, what has come
 * (RFC 7143, 4.2.5.2, 11.7, 11.8). Pure: offsets and numbers, no buffer.
 *
 * Data comes in sequences: at most one unsolicited, then one for each R2T. With
 * DataPDUInOrder each PDU goes on where the one before ended, else it is anywhere
 * in its sequence; no byte comes twice. A PDU that is missing or damaged is not
 * asked for again at error recovery level 0: the sequence is waited for, and the
 * command fails (7.8). The order of sequences does not matter.
 *
 * At level 1 (recovers) what a sequence did not bring is asked for by recovery R2Ts, for
 * exactly the bytes that are missing; what comes twice is read over.
 */
#ifndef ISCSI_DATAOUT_H
#define ISCSI_DATAOUT_H

#include "iscsi/ranges.h"
#include "wire/pdu.h"

#include <stdbool.h>
#include <stdint.h>

#define DATAOUT_R2T_MAX 16 /* R2Ts of a command in flight, whatever was negotiated */
#define DATAOUT_OLD_MAX 4  /* sequences that were given up and may still bring something */

/* What spoils a command's data; the first fault counts (11.4.7.2). */
enum dataout_fault {
	DATAOUT_WHOLE,
	DATAOUT_LOST,   /* a PDU was damaged or missing: protocol service CRC error */
	DATAOUT_AMOUNT, /* more or less came than was to come: incorrect amount of data */
};

/* A sequence of Data-Out PDUs. */
struct dataout_seq {
	uint32_t ttt;    /* PDU_TAG_RESERVED: unsolicited */
	uint32_t offset; /* bytes: where it begins */
	uint32_t len;    /* bytes: how much it may bring */
	uint32_t got;    /* bytes that came */
	uint32_t datasn; /* the next one */
	uint32_t r2tsn;  /* of the R2T that asked for it */
	bool is_old;     /* it was too slow: its bytes may be asked for anew */
};

struct dataout {
	uint32_t want;    /* bytes the command takes; known when started */
	uint32_t asked;   /* bytes: all before it has come or is asked for */
	uint32_t r2tsn;   /* the next R2TSN */
	uint32_t arrived; /* Data-Out PDUs so far */
	bool started;     /* R2Ts may be sent */
	bool unsolicited; /* an unsolicited sequence is open: seq[0] is it, no R2T yet */
	bool exact;       /* the unsolicited sequence must fill FirstBurstLength */
	enum dataout_fault bad;
	bool recovers;      /* error recovery level 1 or 2 */
	bool in_order;      /* DataPDUInOrder: a PDU goes on where the one before ended */
	struct ranges come; /* which bytes are there */
	uint8_t nseq;
	uint8_t untold; /* of the last sequences: how many R2Ts are still to be made */
	struct dataout_seq seq[DATAOUT_R2T_MAX + DATAOUT_OLD_MAX];
};

/*
 * A write begins. immediate: bytes that came with the command. more: unsolicited Data-Out
 * follows (F bit was 0), up to first_burst bytes in all. edtl: Expected Data Transfer Length.
 * in_order is set, recovers is not; the caller may change them then.
 */
void dataout_init(struct dataout *d, uint32_t immediate, bool more, uint32_t first_burst,
		  uint32_t edtl);

/* Gives memory back. Fine before dataout_init() where all is zero. */
void dataout_fini(struct dataout *d);

enum dataout_verdict {
	DATAOUT_TAKE,    /* its bytes belong at its Buffer Offset */
	DATAOUT_SKIP,    /* read over it; the sequence is spoiled already, or is now */
	DATAOUT_UNKNOWN, /* its Target Transfer Tag names nothing */
	DATAOUT_BEYOND,  /* outside of what was asked for: a protocol error */
};

/* A Data-Out's header is here: may its data come? Nothing changes but for what is spoiled. */
enum dataout_verdict dataout_place(struct dataout *d, const struct pdu_data_out *pdu);

/* All of it has come; good: its digest matched and dataout_place() said TAKE. */
void dataout_arrived(struct dataout *d, const struct pdu_data_out *pdu, bool good);

/* The command wants that many bytes: from here on R2Ts are made for what is missing. */
void dataout_start(struct dataout *d, uint32_t want);

/* Plan R2Ts as far as the limits allow. True: there are some to make with dataout_r2t(). */
bool dataout_plan(struct dataout *d, uint32_t max_burst, uint32_t max_outstanding,
		  uint32_t (*ttt)(void *arg), void *arg);

/* The next planned R2T's fields (ttt, offset, len, r2tsn). True: it was the last planned. */
bool dataout_r2t(struct dataout *d, struct pdu_r2t *out);

/*
 * The initiator has been silent for long: what is open is given up, so that it is asked for anew.
 * False: nothing was. With recovers only.
 */
bool dataout_retry(struct dataout *d);

/* The connection is another one: nothing that was asked for comes any more. R2Ts begin at r2tsn. */
void dataout_restart(struct dataout *d, uint32_t r2tsn);

/*
 * The R2T with the least R2TSN from begin to before end that was told and is not satisfied, once
 * more (11.16). False: there is none.
 */
bool dataout_r2t_again(const struct dataout *d, uint32_t begin, uint32_t end, struct pdu_r2t *out);

/* Is more to come before the command can go on? edtl: bytes. */
bool dataout_lacks(const struct dataout *d, uint32_t edtl);

/* Is a sequence under way that the initiator has to end? Not one that there is no data for. */
bool dataout_is_open(const struct dataout *d);

/* Forget the R2Ts that are planned and not made. */
void dataout_stop(struct dataout *d);

/* Has everything come, or all that ever will? */
bool dataout_complete(const struct dataout *d);

#endif
