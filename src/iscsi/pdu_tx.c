#include "iscsi/pdu_tx.h"

#include "base/bytes.h"
#include "iscsi/cmdsn.h"
#include "wire/digest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define IOV_A_PDU 4 /* header, its digest, data, tail */

void tx_pool_init(struct tx_pool *p)
{
	STAILQ_INIT(&p->free);
}

void tx_pool_fini(struct tx_pool *p)
{
	struct tx_pdu *pdu;

	while ((pdu = STAILQ_FIRST(&p->free))) {
		STAILQ_REMOVE_HEAD(&p->free, link);
		free(pdu);
	}
}

static struct tx_pdu *pool_get(struct tx_pool *p)
{
	struct tx_pdu *pdu = STAILQ_FIRST(&p->free);

	if (pdu)
		STAILQ_REMOVE_HEAD(&p->free, link);
	else
		pdu = malloc(sizeof(*pdu));
	if (pdu)
		memset(pdu, 0, sizeof(*pdu));
	return pdu;
}

static void pool_put(struct tx_pool *p, struct tx_pdu *pdu)
{
	STAILQ_INSERT_HEAD(&p->free, pdu, link);
}

void pdu_tx_init(struct pdu_tx *tx, struct tx_pool *pool)
{
	memset(tx, 0, sizeof(*tx));
	tx->pool = pool;
	STAILQ_INIT(&tx->senders);
	STAILQ_INIT(&tx->pdus);
}

static void give_back(struct pdu_tx *tx, struct tx_sender *s, bool gone)
{
	s->queued = false;
	tx->waiting--;
	s->sent(s, gone);
}

void pdu_tx_reset(struct pdu_tx *tx)
{
	struct tx_sender *s;
	struct tx_pdu *pdu;

	while ((pdu = STAILQ_FIRST(&tx->pdus))) {
		STAILQ_REMOVE_HEAD(&tx->pdus, link);
		s = pdu->is_last ? pdu->of : NULL;
		pool_put(tx->pool, pdu);
		if (s)
			give_back(tx, s, true);
	}
	while ((s = STAILQ_FIRST(&tx->senders))) {
		STAILQ_REMOVE_HEAD(&tx->senders, link);
		give_back(tx, s, true);
	}
	tx->offset = 0;
}

void pdu_tx_add(struct pdu_tx *tx, struct tx_sender *s)
{
	if (s->queued)
		return;
	s->queued = true;
	tx->waiting++;
	STAILQ_INSERT_TAIL(&tx->senders, s, link);
}

/* The last PDU that s has made and that is not gone, or NULL. */
static struct tx_pdu *last_made(struct pdu_tx *tx, const struct tx_sender *s)
{
	struct tx_pdu *pdu, *last = NULL;

	STAILQ_FOREACH (pdu, &tx->pdus, link) {
		if (pdu->of == s)
			last = pdu;
	}
	return last;
}

bool pdu_tx_remove(struct pdu_tx *tx, struct tx_sender *s)
{
	struct tx_pdu *last;
	struct tx_sender *at;

	if (!s->queued) /* nearly always: a task has nothing in line when its command ends */
		return true;
	STAILQ_FOREACH (at, &tx->senders, link) {
		if (at == s)
			break;
	}
	if (at)
		STAILQ_REMOVE(&tx->senders, s, tx_sender, link);
	last = last_made(tx, s);
	if (last) { /* it points to the sender's data */
		last->is_last = true;
		return false;
	}
	s->queued = false;
	tx->waiting--;
	return true;
}

void pdu_tx_moved(struct pdu_tx *tx, const struct tx_sender *s, const uint8_t *from, size_t len,
		  const uint8_t *to)
{
	struct tx_pdu *pdu;

	STAILQ_FOREACH (pdu, &tx->pdus, link) {
		if (pdu->of == s && pdu->data >= from && pdu->data < from + len)
			pdu->data = to + (pdu->data - from);
	}
}

bool pdu_tx_has(const struct pdu_tx *tx)
{
	return tx->waiting > 0;
}

static uint32_t statsn_of(struct pdu_tx *tx, struct tx_pdu *pdu)
{
	switch (pdu->statsn) {
	case TX_STATSN_TAKES: return pdu->of->statsn = tx->statsn++;
	case TX_STATSN_NEXT: return tx->statsn;
	case TX_STATSN_GIVEN: return be32(pdu->bhs + 24);
	case TX_STATSN_NONE: break;
	}
	return 0;
}

static void stamp(struct pdu_tx *tx, struct tx_pdu *pdu)
{
	uint32_t statsn = statsn_of(tx, pdu);

	if (tx->window)
		pdu_stamp(pdu->bhs, statsn, tx->window->exp, cmdsn_max(tx->window));
	else
		pdu_stamp(pdu->bhs, statsn, be32(pdu->bhs + 28), be32(pdu->bhs + 32));
}

static void digest(struct pdu_tx *tx, struct tx_pdu *pdu)
{
	uint32_t pad = pdu_pad(pdu->data_len);
	/* The login's last response still goes without (13.1: digests begin with full feature
	 * phase). */
	bool login = pdu_opcode(pdu->bhs) == PDU_LOGIN_RSP;

	pdu->tail_len = (uint8_t)pad;
	if (tx->header_digest && !login) {
		digest_put(pdu->header_digest, pdu->bhs, PDU_BHS_LEN);
		pdu->has_header_digest = true;
	}
	if (tx->data_digest && !login && pdu->data_len) {
		digest_put(pdu->tail + pad, pdu->data, pdu->data_len);
		pdu->tail_len = (uint8_t)(pad + PDU_DIGEST_LEN);
	}
}

/* One PDU from the first sender in line. NULL: no sender, or no memory. */
static struct tx_pdu *make(struct pdu_tx *tx)
{
	struct tx_sender *s = STAILQ_FIRST(&tx->senders);
	struct tx_pdu *pdu;

	if (!s)
		return NULL;
	pdu = pool_get(tx->pool);
	if (!pdu)
		return NULL;
	if (s->next(s, pdu)) {
		STAILQ_REMOVE_HEAD(&tx->senders, link);
		pdu->is_last = true;
	}
	pdu->of = s;
	stamp(tx, pdu);
	digest(tx, pdu);
	STAILQ_INSERT_TAIL(&tx->pdus, pdu, link);
	return pdu;
}

static size_t pdu_len(const struct tx_pdu *pdu)
{
	return PDU_BHS_LEN + (pdu->has_header_digest ? PDU_DIGEST_LEN : 0u) + pdu->data_len +
	       pdu->tail_len;
}

/* An iovec is not const, also where it is only read. */
static void *lent(const uint8_t *p)
{
	union {
		const uint8_t *from;
		void *to;
	} both = { .from = p };

	return both.to;
}

static int add_iov(struct iovec *iov, int n, const void *base, size_t len, size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return n;
	}
	iov[n].iov_base = lent((const uint8_t *)base + *skip);
	iov[n].iov_len = len - *skip;
	*skip = 0;
	return n + 1;
}

static int point_to(const struct tx_pdu *pdu, struct iovec *iov, int n, size_t skip)
{
	n = add_iov(iov, n, pdu->bhs, PDU_BHS_LEN, &skip);
	if (pdu->has_header_digest)
		n = add_iov(iov, n, pdu->header_digest, PDU_DIGEST_LEN, &skip);
	n = add_iov(iov, n, pdu->data, pdu->data_len, &skip);
	return add_iov(iov, n, pdu->tail, pdu->tail_len, &skip);
}

int pdu_tx_iov(struct pdu_tx *tx, struct iovec *iov, int max, size_t budget)
{
	struct tx_pdu *pdu = STAILQ_FIRST(&tx->pdus);
	size_t skip = tx->offset;
	size_t bytes = 0;
	int n = 0;

	assert(max >= 2 * IOV_A_PDU);
	while (n + IOV_A_PDU <= max && bytes < budget) {
		if (!pdu)
			pdu = make(tx);
		if (!pdu)
			break;
		n = point_to(pdu, iov, n, skip);
		bytes += pdu_len(pdu) - skip;
		skip = 0;
		pdu = STAILQ_NEXT(pdu, link);
	}
	return n;
}

void pdu_tx_commit(struct pdu_tx *tx, size_t n)
{
	struct tx_sender *s;
	struct tx_pdu *pdu;

	n += tx->offset;
	while ((pdu = STAILQ_FIRST(&tx->pdus)) && n >= pdu_len(pdu)) {
		n -= pdu_len(pdu);
		STAILQ_REMOVE_HEAD(&tx->pdus, link);
		s = pdu->is_last ? pdu->of : NULL;
		pool_put(tx->pool, pdu);
		if (s)
			give_back(tx, s, false);
	}
	tx->offset = n;
}
