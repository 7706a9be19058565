/* PDUs that are no task's: how long they are kept, and what becomes of them. */
#include "iscsi/answer.h"

#include "recovery.h"

/* 11.17: a Reject carries the header that it is about, whole. */
static void a_reject(void)
{
	const struct pdu_snack req = {
		.type = 9, .itt = 0x1234, .ttt = 0x5678, .begrun = 77, .runlength = 99
	};
	uint8_t bhs[PDU_BHS_LEN];
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	pdu_put_snack(bhs, &req);
	peer_pdu(p, bhs, NULL);
	CU_ASSERT_FATAL(peer_expect(p, PDU_REJECT, &g));
	CU_ASSERT_EQUAL(g.bhs[1], PDU_FINAL);
	CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);
	CU_ASSERT_EQUAL_FATAL(g.len, PDU_BHS_LEN);
	CU_ASSERT_EQUAL(memcmp(g.data, bhs, PDU_BHS_LEN), 0);
	bench_close(&b);
}

/* At level 1 each answer that has a StatSN is kept until it is acknowledged; a ping has none. */
static void kept_until_acknowledged(void)
{
	static const char echo[] = "hello";
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t n;

	bench_open(&b);
	p = bench_login(&b, LEVEL_1);
	n = p->c->ledger.n;
	p->statsn--; /* acknowledges nothing */
	peer_nop(p, true, echo, sizeof(echo));
	p->statsn++;
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(p->c->ledger.n, n + 1);
	CU_ASSERT_EQUAL(p->c->kept, sizeof(echo));
	bench_sleep(&b, 2000);
	bench_sleep(&b, 2000); /* it is asked whether all has come */
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g) && g.itt == PDU_TAG_RESERVED);
	CU_ASSERT_EQUAL(p->c->ledger.n, n + 1);
	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(p->c->ledger.n, 1);
	CU_ASSERT_EQUAL(p->c->kept, 0);
	bench_close(&b);
}

/* Acknowledged while it waits to be said again: it is not; while it is on its way: it comes. */
static void acknowledged_while_it_is_said_again(void)
{
	static const char echo[] = "hello";
	struct pdu_snack req = { .type = PDU_SNACK_STATUS,
				 .itt = PDU_TAG_RESERVED,
				 .ttt = PDU_TAG_RESERVED,
				 .runlength = 1 };
	struct bench b;
	struct peer *p;
	struct got g;
	size_t k;

	for (k = 0; k < 2; k++) {
		bench_open(&b);
		p = bench_login(&b, LEVEL_1);
		peer_nop(p, true, echo, sizeof(echo));
		CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
		req.expstatsn = p->statsn - 1;
		req.begrun = p->statsn - 1;
		p->take = k; /* nothing of it leaves, or a byte */
		p->deaf = !k;
		peer_snack(p, &req);
		bench_turn(&b);
		peer_nop(p, true, NULL, 0); /* acknowledges it */
		p->take = SIZE_MAX;
		p->deaf = false;
		bench_run(&b);
		if (k)
			CU_ASSERT(peer_next_any(p, &g) && g.len == sizeof(echo));
		CU_ASSERT(peer_next_any(p, &g) && g.opcode == PDU_NOP_IN && g.len == 0);
		peer_expect_nothing(p);
		CU_ASSERT(p->c->unsent == 0 && p->c->kept == 0 && p->c->ledger.n == 1);
		bench_close(&b);
	}
}

/* Data in answers is bounded, whoever does not acknowledge it. */
static void kept_data_is_bounded(void)
{
	enum { LEN = 128 * 1024 };
	uint8_t *data = bench_alloc(LEN);
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_login(&b, "ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=131072\n");
	for (i = 0; i < 100 && p->c; i++) {
		uint32_t statsn = p->statsn;

		p->statsn = 0; /* acknowledges nothing */
		peer_nop(p, true, data, LEN);
		p->statsn = statsn;
		bench_run(&b);
		while (peer_next(p, &g))
			;
		CU_ASSERT(!p->c || p->c->kept <= 4 << 20);
	}
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(i, 33); /* 4 MiB, and one more */
	free(data);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.17: a Reject", a_reject },
	{ "4.2.2.2: kept until acknowledged", kept_until_acknowledged },
	{ "acknowledged while it is said again", acknowledged_while_it_is_said_again },
	{ "kept data is bounded", kept_data_is_bounded },
};

UNIT_MAIN("iscsi/answer", tests)
