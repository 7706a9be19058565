#include "iscsi/pdu_rx.h"

#include "base/crc32c.h"
#include "wire/digest.h"

#include <stdlib.h>
#include <string.h>

void pdu_rx_init(struct pdu_rx *rx, const struct pdu_rx_ops *ops, void *arg)
{
	memset(rx, 0, sizeof(*rx));
	rx->ops = ops;
	rx->arg = arg;
	rx->max_data = 8192; /* 13.12: what holds until something else is declared */
}

static void start_header(struct pdu_rx *rx)
{
	free(rx->own);
	rx->own = NULL;
	rx->state = PDU_RX_IN_HEADER;
	rx->have = 0;
}

void pdu_rx_reset(struct pdu_rx *rx)
{
	start_header(rx);
	rx->in.left = 0;
}

bool pdu_rx_in_middle(const struct pdu_rx *rx)
{
	return rx->state != PDU_RX_IN_HEADER || rx->have > 0;
}

/*
 * A long rest of a segment is received where it belongs. Little is taken in beyond it: that would
 * be copied, unless such segments may stay in the stage, whole ones. And not too much at a time:
 * others have their turn.
 */
#define DIRECT_LEAST  (16u << 10)
#define DIRECT_MOST   (128u << 10)
#define DIRECT_BEYOND ((size_t)4 << 10)

int pdu_rx_space(struct pdu_rx *rx, struct iovec iov[static 2], uint8_t *stage, size_t stage_len)
{
	uint32_t rest = rx->pdu.data_len - rx->have;
	int n = 0;

	if (rx->state == PDU_RX_IN_DATA && !rx->place.discard) {
		iov[n].iov_base = rx->pdu.data + rx->have;
		iov[n++].iov_len = rest < DIRECT_MOST ? rest : DIRECT_MOST;
		if (rest > DIRECT_MOST)
			return n;
		if (rest >= DIRECT_LEAST && !rx->place.may_stay && stage_len > DIRECT_BEYOND)
			stage_len = DIRECT_BEYOND;
	}
	iov[n].iov_base = stage;
	iov[n++].iov_len = stage_len;
	return n;
}

/* Take up to want - have bytes into to; true when want are there. */
static bool gather(struct pdu_rx *rx, struct pdu_rx_input *in, uint8_t *to, uint32_t want)
{
	size_t n = want - rx->have;

	if (n > in->left)
		n = in->left;
	if (to)
		memcpy(to + rx->have, in->p, n);
	in->p += n;
	in->left -= n;
	rx->have += (uint32_t)n;
	return rx->have == want;
}

static uint32_t header_len(const struct pdu_rx *rx, const uint8_t *bhs)
{
	return PDU_BHS_LEN + pdu_ahs_len(bhs) + (rx->header_digest ? PDU_DIGEST_LEN : 0);
}

/*
 * A whole header, digest and all: in place when all of it is in the input,
 * else collected in rx->header. NULL: more must come.
 */
static const uint8_t *take_header(struct pdu_rx *rx, struct pdu_rx_input *in)
{
	const uint8_t *bhs = in->p;
	uint32_t len;

	if (rx->have == 0 && in->left >= PDU_BHS_LEN && in->left >= header_len(rx, bhs)) {
		len = header_len(rx, bhs);
		in->p += len;
		in->left -= len;
		return bhs;
	}
	if (rx->have < PDU_BHS_LEN && !gather(rx, in, rx->header, PDU_BHS_LEN))
		return NULL;
	return gather(rx, in, rx->header, header_len(rx, rx->header)) ? rx->header : NULL;
}

static bool header_is_good(const struct pdu_rx *rx, const uint8_t *bhs)
{
	uint32_t len = PDU_BHS_LEN + pdu_ahs_len(bhs);

	return !rx->header_digest || digest_matches(crc32c_add(CRC32C_START, bhs, len), bhs + len);
}

static uint32_t tail_len(const struct pdu_rx *rx)
{
	return pdu_pad(rx->pdu.data_len) + (rx->data_digest ? PDU_DIGEST_LEN : 0);
}

/* Is all of the segment there, and what follows it? */
static bool has_segment(const struct pdu_rx *rx, const struct pdu_rx_input *in)
{
	return in->left >= rx->pdu.data_len + tail_len(rx);
}

/* Decide where the data segment goes, and keep the header where it stays until then. */
static enum pdu_rx_err enter_data(struct pdu_rx *rx, const struct pdu_rx_input *in)
{
	struct pdu_in *pdu = &rx->pdu;

	rx->place = (struct pdu_rx_place){ 0 };
	if (rx->ops->header(rx->arg, pdu, &rx->place) == PDU_RX_STOP)
		return PDU_RX_STOPPED;
	if (!rx->place.may_stay || !has_segment(rx, in))
		pdu->data = rx->place.data;
	if (!pdu->data && !rx->place.discard && !has_segment(rx, in)) {
		rx->own = malloc(pdu->data_len);
		if (!rx->own)
			return PDU_RX_NO_MEMORY;
		pdu->data = rx->own;
	}
	if (pdu->bhs != rx->header) {
		memcpy(rx->header, pdu->bhs, PDU_BHS_LEN + pdu->ahs_len);
		pdu->bhs = rx->header;
		pdu->ahs = rx->header + PDU_BHS_LEN;
	}
	rx->state = PDU_RX_IN_DATA;
	rx->have = 0;
	rx->crc = CRC32C_START;
	return PDU_RX_OK;
}

/*
 * 7.8: the PDU is dropped. What is behind it is found if it is not just its length that is
 * damaged; if so, the next header is none, and the connection ends.
 */
static enum pdu_rx_err skip_bad_header(struct pdu_rx *rx, const uint8_t *bhs)
{
	if (!rx->skips_bad_headers || rx->is_skipping || pdu_data_len(bhs) > rx->max_data)
		return PDU_RX_HEADER_DIGEST;
	rx->is_skipping = true;
	rx->have = 0;
	if (!pdu_data_len(bhs))
		return PDU_RX_OK;
	rx->pdu = (struct pdu_in){ .bhs = rx->header, .data_len = pdu_data_len(bhs) };
	rx->place = (struct pdu_rx_place){ .discard = true };
	rx->state = PDU_RX_IN_DATA;
	rx->crc = CRC32C_START;
	return PDU_RX_OK;
}

static enum pdu_rx_err on_header(struct pdu_rx *rx, struct pdu_rx_input *in)
{
	const uint8_t *bhs = take_header(rx, in);

	if (!bhs)
		return PDU_RX_OK;
	if (!header_is_good(rx, bhs))
		return skip_bad_header(rx, bhs);
	rx->is_skipping = false;
	if (pdu_data_len(bhs) > rx->max_data)
		return PDU_RX_TOO_LONG;
	rx->pdu = (struct pdu_in){
		.bhs = bhs,
		.ahs = bhs + PDU_BHS_LEN,
		.ahs_len = pdu_ahs_len(bhs),
		.data_len = pdu_data_len(bhs),
		.data_ok = true,
	};
	if (rx->pdu.data_len)
		return enter_data(rx, in);
	/* Nothing follows a header without data, not even a digest (11.2.3). */
	rx->have = 0;
	return rx->ops->pdu(rx->arg, &rx->pdu) == PDU_RX_STOP ? PDU_RX_STOPPED : PDU_RX_OK;
}

static enum pdu_rx_err on_tail(struct pdu_rx *rx, struct pdu_rx_input *in)
{
	struct pdu_in *pdu = &rx->pdu;
	uint32_t pad = pdu_pad(pdu->data_len);
	enum pdu_rx_verdict verdict;
	uint32_t crc;

	if (!gather(rx, in, rx->tail, tail_len(rx)))
		return PDU_RX_OK;
	if (rx->data_digest) {
		crc = pdu->data ? crc32c_add(CRC32C_START, pdu->data, pdu->data_len) : rx->crc;
		pdu->data_ok = digest_matches(crc32c_add(crc, rx->tail, pad), rx->tail + pad);
	}
	verdict = rx->is_skipping ? PDU_RX_GO_ON : rx->ops->pdu(rx->arg, pdu);
	start_header(rx);
	return verdict == PDU_RX_STOP ? PDU_RX_STOPPED : PDU_RX_OK;
}

/* Data that is read over has a digest, too: a PDU that is damaged is told as such (7.8). */
static void sum_discarded(struct pdu_rx *rx, const struct pdu_rx_input *in)
{
	size_t n = rx->pdu.data_len - rx->have;

	if (rx->data_digest)
		rx->crc = crc32c_add(rx->crc, in->p, n < in->left ? n : in->left);
}

static enum pdu_rx_err on_data(struct pdu_rx *rx, struct pdu_rx_input *in)
{
	struct pdu_in *pdu = &rx->pdu;

	if (rx->place.discard)
		sum_discarded(rx, in);
	if (!pdu->data && !rx->place.discard) {
		/* All of it is in the stage, tail and all, and nobody wants it elsewhere. */
		pdu->data = in->p;
		in->p += pdu->data_len;
		in->left -= pdu->data_len;
	} else if (!gather(rx, in, pdu->data, pdu->data_len)) {
		return PDU_RX_OK;
	}
	rx->state = PDU_RX_IN_TAIL;
	rx->have = 0;
	return on_tail(rx, in); /* which may be of no bytes */
}

static enum pdu_rx_err step(struct pdu_rx *rx, struct pdu_rx_input *in)
{
	switch (rx->state) {
	case PDU_RX_IN_HEADER: return on_header(rx, in);
	case PDU_RX_IN_DATA: return on_data(rx, in);
	case PDU_RX_IN_TAIL: return on_tail(rx, in);
	}
	return PDU_RX_STOPPED;
}

/* Data in the stage is handed on as pdu_in.data, which may be written to.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
void pdu_rx_put(struct pdu_rx *rx, uint8_t *stage, size_t n)
{
	size_t direct;

	rx->in = (struct pdu_rx_input){ .p = stage, .left = n };
	/* What pdu_rx_space() gave first is filled first. */
	if (rx->state == PDU_RX_IN_DATA && !rx->place.discard) {
		direct = rx->pdu.data_len - rx->have;
		if (direct > n)
			direct = n;
		rx->have += (uint32_t)direct;
		rx->in.left -= direct;
	}
}

enum pdu_rx_err pdu_rx_run(struct pdu_rx *rx, uint32_t most)
{
	enum pdu_rx_err err;
	uint32_t n = 0;

	/* Each step takes at least a byte, or ends what pdu_rx_space() gave. */
	do {
		err = step(rx, &rx->in);
		n += !pdu_rx_in_middle(rx);
	} while (!err && rx->in.left > 0 && n < most);
	if (err)
		rx->in.left = 0;
	return err;
}

bool pdu_rx_has_input(const struct pdu_rx *rx)
{
	return rx->in.left > 0;
}
