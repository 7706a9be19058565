#include "iscsi/pdu_tx.h"

#include "base/bytes.h"
#include "iscsi/cmdsn.h"
#include "unit.h"
#include "wire/digest.h"

#include <stdlib.h>
#include <string.h>

#define OUT 65536 /* bytes that a test sends at most */

static uint8_t payload[4096];

/* A sender of n PDUs with data_len bytes each. */
struct source {
	struct tx_sender tx; /* first */
	int n;
	int made;
	uint32_t data_len;
	enum tx_statsn statsn;
	enum pdu_opcode opcode;
	int sent;            /* how often sent() came … */
	bool gone;           /* … and what it said */
	struct source *then; /* to be queued from inside sent() */
	struct pdu_tx *where;
};

static bool source_next(struct tx_sender *s, struct tx_pdu *pdu)
{
	struct source *src = (struct source *)s;

	CU_ASSERT(src->made < src->n);
	pdu_begin(pdu->bhs, src->opcode, src->data_len);
	put_be32(pdu->bhs + 16, (uint32_t)src->made);
	pdu->data = payload + src->made;
	pdu->data_len = src->data_len;
	pdu->statsn = src->statsn;
	return ++src->made == src->n;
}

static void source_sent(struct tx_sender *s, bool gone)
{
	struct source *src = (struct source *)s;

	CU_ASSERT_FALSE(s->queued);
	src->sent++;
	src->gone = gone;
	if (src->then)
		pdu_tx_add(src->where, &src->then->tx);
}

static void source_init(struct source *src, int n, uint32_t data_len)
{
	memset(src, 0, sizeof(*src));
	src->tx.next = source_next;
	src->tx.sent = source_sent;
	src->n = n;
	src->data_len = data_len;
	src->opcode = PDU_NOP_IN;
}

/* A queue, and the bytes that it gave. */
struct line {
	struct tx_pool pool;
	struct cmdsn window;
	struct pdu_tx tx;
	uint8_t out[OUT];
	size_t len;
};

static void line_init(struct line *l)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 31 + 7);
	tx_pool_init(&l->pool);
	cmdsn_init(&l->window, 100, 8);
	pdu_tx_init(&l->tx, &l->pool);
	l->tx.window = &l->window;
	l->tx.statsn = 5;
}

static void line_fini(struct line *l)
{
	pdu_tx_reset(&l->tx);
	CU_ASSERT_FALSE(pdu_tx_has(&l->tx));
	tx_pool_fini(&l->pool);
}

/* Take up to n bytes of one pdu_tx_iov(). How many came. */
static size_t take(struct line *l, size_t n, int max, size_t budget)
{
	struct iovec iov[64];
	size_t taken = 0;
	size_t part;
	int i, count;

	count = pdu_tx_iov(&l->tx, iov, max, budget);
	CU_ASSERT_FATAL(count <= max);
	for (i = 0; i < count && taken < n; i++) {
		CU_ASSERT(iov[i].iov_len > 0);
		part = iov[i].iov_len < n - taken ? iov[i].iov_len : n - taken;
		CU_ASSERT_FATAL(l->len + part <= OUT);
		memcpy(l->out + l->len, iov[i].iov_base, part);
		l->len += part;
		taken += part;
	}
	pdu_tx_commit(&l->tx, taken);
	return taken;
}

static void take_all(struct line *l)
{
	while (take(l, SIZE_MAX, 64, SIZE_MAX))
		;
	CU_ASSERT_FALSE(pdu_tx_has(&l->tx));
}

static void numbers_are_stamped_when_a_pdu_leaves(void)
{
	static const struct {
		enum tx_statsn statsn;
		uint32_t told, next;
	} cases[] = {
		{ TX_STATSN_TAKES, 5, 6 }, { TX_STATSN_NEXT, 6, 6 },  { TX_STATSN_NONE, 0, 6 },
		{ TX_STATSN_TAKES, 6, 7 }, { TX_STATSN_TAKES, 7, 8 },
	};
	static struct line l;
	struct source src;
	size_t i;

	line_init(&l);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cmdsn_entry e;

		source_init(&src, 1, 0);
		src.statsn = cases[i].statsn;
		pdu_tx_add(&l.tx, &src.tx);
		/* what comes between queueing and leaving counts */
		CU_ASSERT_EQUAL(cmdsn_accept(&l.window, &e, 100 + (uint32_t)i), CMDSN_RUN);
		l.len = 0;
		take_all(&l);
		CU_ASSERT_EQUAL(l.len, PDU_BHS_LEN);
		CU_ASSERT_EQUAL(be32(l.out + 24), cases[i].told);
		CU_ASSERT_EQUAL(be32(l.out + 28), 101 + i);
		CU_ASSERT_EQUAL(be32(l.out + 32), 107);
		CU_ASSERT_EQUAL(l.tx.statsn, cases[i].next);
	}
	line_fini(&l);
}

/* Before there is a session a PDU brings its own numbers. */
static void without_a_window_numbers_stay(void)
{
	static struct line l;
	struct source src;
	uint8_t *bhs = l.out;

	line_init(&l);
	l.tx.window = NULL;
	source_init(&src, 1, 0);
	pdu_tx_add(&l.tx, &src.tx);
	take_all(&l);
	CU_ASSERT_EQUAL(be32(bhs + 24), 5);
	CU_ASSERT_EQUAL(be32(bhs + 28), 0);
	line_fini(&l);
}

static void digests(void)
{
	static const uint32_t lens[] = { 0, 1, 2, 3, 4, 5, 511, 512 };
	uint8_t wire[PDU_DIGEST_LEN];
	static struct line l;
	struct source src;
	unsigned int kind;
	size_t i;

	for (kind = 0; kind < 4; kind++) {
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			const uint8_t *p = l.out;

			line_init(&l);
			l.tx.header_digest = kind & 1;
			l.tx.data_digest = kind & 2;
			source_init(&src, 1, lens[i]);
			pdu_tx_add(&l.tx, &src.tx);
			take_all(&l);
			p += PDU_BHS_LEN;
			if (kind & 1) {
				digest_put(wire, l.out, PDU_BHS_LEN);
				CU_ASSERT_EQUAL(memcmp(p, wire, PDU_DIGEST_LEN), 0);
				p += PDU_DIGEST_LEN;
			}
			CU_ASSERT_EQUAL(memcmp(p, payload, lens[i]), 0);
			for (p += lens[i]; (p - l.out) % 4; p++)
				CU_ASSERT_EQUAL(*p, 0);
			if (kind & 2 && lens[i]) {
				digest_put(wire, payload, lens[i]);
				CU_ASSERT_EQUAL(memcmp(p, wire, PDU_DIGEST_LEN), 0);
				p += PDU_DIGEST_LEN;
			}
			CU_ASSERT_EQUAL(l.len, (size_t)(p - l.out));
			line_fini(&l);
		}
	}
}

/* 13.1: digests begin with the full feature phase, behind the login's last response. */
static void a_login_response_has_no_digest(void)
{
	static struct line l;
	struct source src;

	line_init(&l);
	l.tx.header_digest = true;
	l.tx.data_digest = true;
	source_init(&src, 1, 8);
	src.opcode = PDU_LOGIN_RSP;
	pdu_tx_add(&l.tx, &src.tx);
	take_all(&l);
	CU_ASSERT_EQUAL(l.len, PDU_BHS_LEN + 8);
	line_fini(&l);
}

/* Three senders of several PDUs, under both digests. */
static void queue_some(struct line *l, struct source *src)
{
	line_init(l);
	l->tx.header_digest = true;
	l->tx.data_digest = true;
	source_init(&src[0], 3, 17);
	source_init(&src[1], 1, 0);
	source_init(&src[2], 2, 8);
	pdu_tx_add(&l->tx, &src[0].tx);
	pdu_tx_add(&l->tx, &src[1].tx);
	pdu_tx_add(&l->tx, &src[2].tx);
}

/* However the socket takes it: the same bytes, and each sender back once. */
static void partial_commits_at_every_byte(void)
{
	static struct line whole, l;
	struct source src[3];
	size_t first, step;
	int i;

	queue_some(&whole, src);
	take_all(&whole);
	line_fini(&whole);
	for (first = 1; first < whole.len; first++) {
		for (step = 0; step < 3; step++) {
			queue_some(&l, src);
			CU_ASSERT_EQUAL(take(&l, first, 64, SIZE_MAX), first);
			while (pdu_tx_has(&l.tx))
				take(&l, step ? step : SIZE_MAX, step == 2 ? 8 : 64, SIZE_MAX);
			CU_ASSERT_EQUAL(l.len, whole.len);
			CU_ASSERT_EQUAL(memcmp(l.out, whole.out, whole.len), 0);
			for (i = 0; i < 3; i++) {
				CU_ASSERT_EQUAL(src[i].sent, 1);
				CU_ASSERT_FALSE(src[i].gone);
			}
			line_fini(&l);
		}
	}
}

/* Nothing is taken: pdu_tx_iov() gives the same again. */
static void nothing_taken_nothing_lost(void)
{
	static struct line l;
	struct source src[3];
	struct iovec a[64], b[64];
	int n;

	queue_some(&l, src);
	n = pdu_tx_iov(&l.tx, a, 64, SIZE_MAX);
	pdu_tx_commit(&l.tx, 0);
	CU_ASSERT_EQUAL(pdu_tx_iov(&l.tx, b, 64, SIZE_MAX), n);
	CU_ASSERT_EQUAL(memcmp(a, b, (size_t)n * sizeof(a[0])), 0);
	CU_ASSERT_EQUAL(src[2].made, 2);
	line_fini(&l);
}

/* The connection is gone after any byte: every sender comes back once. */
static void a_reset_at_every_byte(void)
{
	static struct line l;
	struct source src[3];
	size_t n;
	int i;

	for (n = 0; n < 300; n++) {
		queue_some(&l, src);
		if (n)
			take(&l, n, 64, SIZE_MAX);
		pdu_tx_reset(&l.tx);
		for (i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(src[i].sent, 1);
		CU_ASSERT(src[2].gone);
		CU_ASSERT_FALSE(pdu_tx_has(&l.tx));
		CU_ASSERT_EQUAL(pdu_tx_iov(&l.tx, (struct iovec[8]){ { NULL, 0 } }, 8, 1), 0);
		line_fini(&l);
	}
}

static void a_sender_is_queued_once(void)
{
	static struct line l;
	struct source src;

	line_init(&l);
	source_init(&src, 2, 0);
	pdu_tx_add(&l.tx, &src.tx);
	pdu_tx_add(&l.tx, &src.tx);
	CU_ASSERT_EQUAL(l.tx.waiting, 1);
	take_all(&l);
	CU_ASSERT_EQUAL(src.sent, 1);
	CU_ASSERT_EQUAL(l.len, (size_t)2 * PDU_BHS_LEN);
	line_fini(&l);
}

static void removed_before_its_last_pdu(void)
{
	static struct line l;
	struct source src, other;

	line_init(&l);
	source_init(&src, 3, 0);
	source_init(&other, 1, 0);
	CU_ASSERT(pdu_tx_remove(&l.tx, &src.tx)); /* never queued */
	pdu_tx_add(&l.tx, &other.tx);
	pdu_tx_add(&l.tx, &src.tx);
	CU_ASSERT(pdu_tx_remove(&l.tx, &src.tx));
	CU_ASSERT_EQUAL(src.sent, 0);
	take_all(&l);
	CU_ASSERT_EQUAL(l.len, PDU_BHS_LEN);

	/* in the middle: what is made leaves, no more is made, and then sent() comes */
	pdu_tx_add(&l.tx, &src.tx);
	CU_ASSERT_EQUAL(take(&l, 10, 64, 1), 10);
	CU_ASSERT_EQUAL(src.made, 1);
	CU_ASSERT_FALSE(pdu_tx_remove(&l.tx, &src.tx));
	CU_ASSERT_FALSE(pdu_tx_remove(&l.tx, &src.tx));
	CU_ASSERT(src.tx.queued);
	take_all(&l);
	CU_ASSERT_EQUAL(l.len, (size_t)2 * PDU_BHS_LEN);
	CU_ASSERT_EQUAL(src.sent, 1);
	CU_ASSERT_FALSE(src.gone);
	CU_ASSERT_EQUAL(src.made, 1);
	line_fini(&l);
}

static void removed_after_its_last_pdu(void)
{
	static struct line l;
	struct source src;

	line_init(&l);
	source_init(&src, 1, 0);
	pdu_tx_add(&l.tx, &src.tx);
	CU_ASSERT_EQUAL(take(&l, 10, 64, SIZE_MAX), 10);
	CU_ASSERT_FALSE(pdu_tx_remove(&l.tx, &src.tx));
	CU_ASSERT(src.tx.queued);
	CU_ASSERT_EQUAL(src.sent, 0);
	take_all(&l);
	CU_ASSERT_EQUAL(src.sent, 1);
	line_fini(&l);
}

/* PDUs are made only as far as they may leave now. */
static void the_budget_bounds_what_is_made(void)
{
	static struct line l;
	struct iovec iov[64];
	struct source src;

	line_init(&l);
	source_init(&src, 20, 512);
	pdu_tx_add(&l.tx, &src.tx);
	CU_ASSERT_EQUAL(pdu_tx_iov(&l.tx, iov, 64, 1), 2);
	CU_ASSERT_EQUAL(src.made, 1);
	CU_ASSERT_EQUAL(pdu_tx_iov(&l.tx, iov, 64, 561), 4);
	CU_ASSERT_EQUAL(src.made, 2);
	CU_ASSERT_EQUAL(pdu_tx_iov(&l.tx, iov, 8, SIZE_MAX), 6);
	CU_ASSERT_EQUAL(src.made, 3);
	take_all(&l);
	CU_ASSERT_EQUAL(l.len, (size_t)20 * 560);
	line_fini(&l);
}

/* sent() may queue: itself again, or another. */
/* What a sender points to moves while its PDUs are in the queue; another's stay. */
static void data_that_moves(void)
{
	static uint8_t elsewhere[sizeof(payload)];
	struct source one, two;
	struct line l;
	size_t i;

	line_init(&l);
	memset(elsewhere, 0x77, sizeof(elsewhere));
	source_init(&one, 3, 64);
	source_init(&two, 1, 64);
	pdu_tx_add(&l.tx, &one.tx);
	pdu_tx_add(&l.tx, &two.tx);
	take(&l, PDU_BHS_LEN + 32, 64, SIZE_MAX); /* all are made, half of the first is gone */
	pdu_tx_moved(&l.tx, &one.tx, payload, sizeof(payload), elsewhere);
	take_all(&l);
	CU_ASSERT_EQUAL_FATAL(l.len, 4 * (PDU_BHS_LEN + 64));
	CU_ASSERT_EQUAL(memcmp(l.out + PDU_BHS_LEN, payload, 32), 0);
	for (i = PDU_BHS_LEN + 32; i < PDU_BHS_LEN + 64; i++)
		CU_ASSERT_EQUAL(l.out[i], 0x77);
	for (i = 1; i < 3; i++)
		CU_ASSERT_EQUAL(memcmp(l.out + i * (PDU_BHS_LEN + 64) + PDU_BHS_LEN, elsewhere, 64),
				0);
	CU_ASSERT_EQUAL(memcmp(l.out + 3 * (PDU_BHS_LEN + 64) + PDU_BHS_LEN, payload, 64), 0);
	line_fini(&l);
}

static void sent_may_queue_again(void)
{
	static struct line l;
	struct source a, b;

	line_init(&l);
	source_init(&a, 1, 0);
	source_init(&b, 1, 4);
	a.then = &b;
	a.where = &l.tx;
	pdu_tx_add(&l.tx, &a.tx);
	take_all(&l);
	CU_ASSERT_EQUAL(b.sent, 1);
	CU_ASSERT_EQUAL(l.len, (size_t)2 * PDU_BHS_LEN + 4);
	line_fini(&l);
}

static const struct unit_test tests[] = {
	{ "numbers are stamped when a PDU leaves", numbers_are_stamped_when_a_pdu_leaves },
	{ "without a window numbers stay as they are", without_a_window_numbers_stay },
	{ "digests and padding", digests },
	{ "a login response has no digest", a_login_response_has_no_digest },
	{ "partial commits at every byte", partial_commits_at_every_byte },
	{ "nothing taken, nothing lost", nothing_taken_nothing_lost },
	{ "a reset at every byte", a_reset_at_every_byte },
	{ "a sender is queued once", a_sender_is_queued_once },
	{ "a sender removed before its last PDU", removed_before_its_last_pdu },
	{ "a sender removed after its last PDU", removed_after_its_last_pdu },
	{ "the budget bounds what is made", the_budget_bounds_what_is_made },
	{ "data that moves while PDUs point to it", data_that_moves },
	{ "sent() may queue again", sent_may_queue_again },
};

UNIT_MAIN("iscsi/pdu_tx", tests)
