/*
 * Bytes → PDUs. It knows lengths and digests, no opcode and no socket.
 *
 * Whoever has bytes asks pdu_rx_space() where they go, puts them there, and
 * reports with pdu_rx_put(); pdu_rx_run() makes PDUs of them. Mostly they go to a
 * stage that all connections share, for nothing stays in it when it is used anew; a
 * data segment that has come in part goes on straight to its place.
 */
#ifndef ISCSI_PDU_RX_H
#define ISCSI_PDU_RX_H

#include "wire/pdu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* A PDU as it came; all borrowed until the callback returns, but for data that may stay. */
struct pdu_in {
	const uint8_t *bhs;
	const uint8_t *ahs;
	uint32_t ahs_len;  /* bytes */
	uint8_t *data;     /* where the data segment is; in header(): NULL */
	uint32_t data_len; /* bytes */
	bool data_ok;      /* its digest matched, or there is none */
};

enum pdu_rx_verdict { PDU_RX_GO_ON, PDU_RX_STOP };

/* Where a data segment goes. */
struct pdu_rx_place {
	uint8_t *data; /* room for data_len bytes; NULL: where rx likes, gone after pdu() */
	bool discard;  /* nowhere: pdu() gets data NULL */
	bool may_stay; /* where it is, when all of it is in the stage: until pdu_rx_space() */
};

struct pdu_rx_ops {
	/* The header is there and good. place is all zero. */
	enum pdu_rx_verdict (*header)(void *arg, const struct pdu_in *pdu,
				      struct pdu_rx_place *place);
	/* All of it is there. */
	enum pdu_rx_verdict (*pdu)(void *arg, const struct pdu_in *pdu);
};

enum pdu_rx_err {
	PDU_RX_OK,
	PDU_RX_STOPPED,       /* a callback said so */
	PDU_RX_HEADER_DIGEST, /* the header cannot be trusted, so the next one cannot be found */
	PDU_RX_TOO_LONG,      /* DataSegmentLength beyond max_data */
	PDU_RX_NO_MEMORY,
};

#define PDU_RX_HEADER_MAX (PDU_BHS_LEN + PDU_AHS_MAX + PDU_DIGEST_LEN)

/* Bytes in the stage that were not looked at yet. */
struct pdu_rx_input {
	uint8_t *p;
	size_t left;
};

enum pdu_rx_state { PDU_RX_IN_HEADER, PDU_RX_IN_DATA, PDU_RX_IN_TAIL };

struct pdu_rx {
	const struct pdu_rx_ops *ops;
	void *arg;
	uint32_t max_data; /* bytes: our MaxRecvDataSegmentLength */
	bool header_digest;
	bool data_digest;
	bool skips_bad_headers; /* a PDU with a damaged header is passed over, if only one */
	bool is_skipping;       /* one is */

	enum pdu_rx_state state;
	struct pdu_rx_input in;
	uint32_t have;     /* bytes of this state that are there */
	struct pdu_in pdu; /* points into header and to the data's place */
	struct pdu_rx_place place;
	uint32_t crc; /* of the discarded data so far */
	uint8_t *own; /* owns: a data segment in pieces that has no place; NULL mostly */
	uint8_t tail[4 + PDU_DIGEST_LEN]; /* padding, data digest */
	uint8_t header[PDU_RX_HEADER_MAX];
};

void pdu_rx_init(struct pdu_rx *rx, const struct pdu_rx_ops *ops, void *arg);

/* Forget what has come in part. */
void pdu_rx_reset(struct pdu_rx *rx);

/* Is a PDU there in part? */
bool pdu_rx_in_middle(const struct pdu_rx *rx);

/*
 * Fill iov with where the next bytes go, no more than fits there; the last one is the stage, unless
 * a long segment is coming. Returns their number.
 */
int pdu_rx_space(struct pdu_rx *rx, struct iovec iov[static 2], uint8_t *stage, size_t stage_len);

/* n bytes, at least one, were put where pdu_rx_space() said. The stage is borrowed until all of it
 * is run. */
void pdu_rx_put(struct pdu_rx *rx, uint8_t *stage, size_t n);

/* Call back for the PDUs that are complete, at most so many; with an error, what is left is lost.
 * To be called once after pdu_rx_put(), and again while there is input. */
enum pdu_rx_err pdu_rx_run(struct pdu_rx *rx, uint32_t most);

/* Is there something in the stage that was not run? */
bool pdu_rx_has_input(const struct pdu_rx *rx);

#endif
