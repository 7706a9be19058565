/* What is kept to be said again, how long, and how much of it. */
#include "iscsi/resend.h"

#include "recovery.h"

#define KIB ((size_t)1024)

static struct peer *begin(struct bench *b, size_t ceiling, const char *keys)
{
	bench_open_with(b, ceiling, 64 * KIB);
	bench_fill(b);
	return bench_login(b, keys);
}

/* A read that comes whole in PDUs of a block; its last one. The ITT. */
static uint32_t take_read(struct peer *p, uint16_t blocks, struct got *last)
{
	uint32_t itt = peer_read(p, 0, blocks);
	uint16_t i;

	for (i = 0; i < blocks; i++)
		CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, last));
	CU_ASSERT(last->bhs[1] & PDU_DATA_IN_STATUS);
	return itt;
}

static void ask(struct peer *p, uint8_t type, uint32_t itt, uint32_t begrun, uint32_t runlength,
		uint32_t expstatsn)
{
	peer_snack(p, &(struct pdu_snack){ .type = type,
					   .itt = itt,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = expstatsn,
					   .begrun = begrun,
					   .runlength = runlength });
}

/* 4.2.2.2: an answer and its data are kept until ExpStatSN passes them, by whatever request. */
static void kept_until_acknowledged(void)
{
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_1);
	struct got g;

	take_read(p, 8, &g);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0); /* over, to its session */
	CU_ASSERT_EQUAL(p->c->ledger.n, 1);
	CU_ASSERT_EQUAL(b.iscsi.kept, 4 * KIB);
	CU_ASSERT_EQUAL(b.pool.lent, 4 * KIB);
	p->statsn--;
	peer_nop(p, true, NULL, 0);
	p->statsn++;
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(p->c->ledger.n, 2);
	peer_nop(p, true, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(p->c->ledger.n, 1);
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/* At level 0 nobody can ask. */
static void nothing_is_kept_at_level_0(void)
{
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_0);
	struct got g;

	take_read(p, 8, &g);
	CU_ASSERT_EQUAL(p->c->ledger.n, 0);
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/* A response keeps no buffer: what a write brought is never sent again. */
static void a_write_keeps_no_data(void)
{
	static uint8_t data[8 * BENCH_BLOCK];
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_1);

	CU_ASSERT_EQUAL(peer_end(p, peer_write(p, 0, 8, data, 0, true), data), SCSI_GOOD);
	CU_ASSERT_EQUAL(p->c->ledger.n, 1);
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/*
 * A quarter of the pool has data to be asked for again. 7.8: a SNACK for what was let go is
 * rejected with "SNACK reject", and as the status was said before, nothing else follows.
 */
static void kept_data_is_bounded(void)
{
	enum { READS = 20 };
	struct bench b;
	struct peer *p = begin(&b, 64 * KIB, LEVEL_1);
	uint32_t first = p->statsn, itt[READS];
	struct copy last[READS];
	struct got g;
	int i;

	for (i = 0; i < READS; i++) {
		p->statsn = first; /* nothing is acknowledged */
		itt[i] = peer_read(p, 0, 2);
		p->statsn = first + (uint32_t)i;
		CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
		CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
		copy_of(&last[i], &g);
		CU_ASSERT(b.iscsi.kept <= 16 * KIB);
	}
	CU_ASSERT_EQUAL(b.iscsi.kept, 16 * KIB);
	CU_ASSERT_EQUAL(b.pool.lent, 16 * KIB);
	CU_ASSERT_EQUAL(p->c->ledger.n, READS);
	ask(p, PDU_SNACK_DATA_R2T, itt[0], 1, 1, first);
	CU_ASSERT(peer_again(p, PDU_DATA_IN, &g) && is_replica(&g, &last[0]));
	ask(p, PDU_SNACK_DATA_R2T, itt[READS - 1], 1, 1, first);
	peer_rejected(p, PDU_REJECT_SNACK);
	ask(p, PDU_SNACK_R_DATA, itt[READS - 1], 0, 0, first);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR); /* it has no tag */
	/* its status went with its data */
	ask(p, PDU_SNACK_STATUS, PDU_TAG_RESERVED, first + READS - 1, 1, first);
	peer_rejected(p, PDU_REJECT_SNACK);
	ask(p, PDU_SNACK_STATUS, PDU_TAG_RESERVED, first, 1, first);
	CU_ASSERT(peer_again(p, PDU_DATA_IN, &g) && is_replica(&g, &last[0]));
	peer_expect_nothing(p);
	bench_close(&b);
}

/* R-Data for what was let go is rejected, too. */
static void r_data_of_what_was_let_go(void)
{
	struct bench b;
	struct peer *p = begin(&b, 64 * KIB, LEVEL_1);
	struct pdu_snack req = { .type = PDU_SNACK_R_DATA, .ttt = 5 };
	struct got g;

	req.itt = take_read(p, 64, &g); /* more than a quarter */
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	req.expstatsn = p->statsn - 1;
	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_SNACK);
	/* DataACK for what is not kept is no fault, but one of what was never sent is */
	req.type = PDU_SNACK_DATA_ACK;
	req.ttt = req.itt;
	req.itt = PDU_TAG_RESERVED;
	req.begrun = 8;
	peer_snack(p, &req);
	peer_expect_nothing(p);
	req.begrun = 65;
	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_INVALID_DATA_ACK);
	bench_close(&b);
}

/* A response without data is said again however much is kept. */
static void statuses_are_always_kept(void)
{
	struct bench b;
	struct peer *p = begin(&b, 64 * KIB, LEVEL_1);
	uint32_t first = p->statsn;
	struct copy response;
	struct got g;

	take_read(p, 32, &g); /* a quarter */
	p->statsn = first;
	peer_test_unit_ready(p);
	p->statsn = first + 1;
	CU_ASSERT_FATAL(peer_expect(p, PDU_SCSI_RSP, &g));
	copy_of(&response, &g);
	ask(p, PDU_SNACK_STATUS, PDU_TAG_RESERVED, first + 1, 1, first);
	CU_ASSERT(peer_again(p, PDU_SCSI_RSP, &g) && is_replica(&g, &response));
	bench_close(&b);
}

/*
 * It is acknowledged while PDUs of it that point to its buffer are made, and not gone: the buffer
 * stays until they are, or they would carry what is in it next.
 */
static void acknowledged_while_it_is_said_again(uint8_t type)
{
	static uint8_t data[8 * BENCH_BLOCK];
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_1 "DataDigest=CRC32C\n");
	struct pdu_snack req = { .type = type, .ttt = PDU_TAG_RESERVED };
	struct got g;
	uint32_t i;

	memset(data, 0xee, sizeof(data));
	req.itt = take_read(p, 64, &g);
	req.expstatsn = p->statsn - 1;
	if (type == PDU_SNACK_R_DATA)
		req.ttt = 9;
	p->take = 1;
	peer_snack(p, &req);
	bench_turn(&b);
	p->take = 0;
	peer_nop(p, true, NULL, 0);
	bench_turn(&b);
	CU_ASSERT_EQUAL(b.iscsi.kept, 32 * KIB);
	p->take = SIZE_MAX;
	conn_touch(p->c);
	bench_run(&b);
	for (i = 0; peer_next_any(p, &g) && g.opcode == PDU_DATA_IN; i++)
		CU_ASSERT_EQUAL(memcmp(g.data, b.disk->bytes + be32(g.bhs + 40), g.len), 0);
	CU_ASSERT(i > 0 && i < 64); /* those that were made */
	CU_ASSERT_EQUAL(g.opcode, PDU_NOP_IN);
	CU_ASSERT_FALSE(peer_next_any(p, &g));
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	bench_close(&b);
}

/* It is answered while PDUs of it come again, and is more than may be kept: it stays until then. */
static void on_its_way_again_when_it_is_answered(void)
{
	struct bench b;
	struct peer *p = begin(&b, 64 * KIB, LEVEL_1);
	const size_t pdu = PDU_BHS_LEN + BENCH_BLOCK;
	uint32_t itt = peer_read(p, 0, 64);
	struct got g;
	uint32_t i;

	peer_take_some(p, 4);
	ask(p, PDU_SNACK_DATA_R2T, itt, 0, 0, p->statsn);
	p->take = 60 * pdu; /* the rest of the answer */
	bench_turn(&b);
	p->deaf = true;
	peer_read(p, 128, 64); /* into another buffer */
	bench_run(&b);
	p->deaf = false;
	p->take = SIZE_MAX;
	conn_touch(p->c);
	for (i = 0; i < 60; i++)
		CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT(g.bhs[1] & PDU_DATA_IN_STATUS);
	for (i = 0; i < 4; i++) {
		CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
		CU_ASSERT_EQUAL(g.itt, itt);
		CU_ASSERT_EQUAL_FATAL(be32(g.bhs + 40), i * BENCH_BLOCK);
		CU_ASSERT_EQUAL(memcmp(g.data, b.disk->bytes + i * BENCH_BLOCK, BENCH_BLOCK), 0);
	}
	for (i = 0; i < 64; i++)
		CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

static void acknowledged_meanwhile(void)
{
	acknowledged_while_it_is_said_again(PDU_SNACK_DATA_R2T);
}

static void acknowledged_in_r_data(void)
{
	acknowledged_while_it_is_said_again(PDU_SNACK_R_DATA);
}

/* 11.2.1.8: who uses a tag anew has the answer to the task that had it. */
static void a_tag_is_used_anew(void)
{
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_1);
	uint32_t statsn = p->statsn;
	struct got g;

	take_read(p, 8, &g);
	p->statsn = statsn;
	p->itt--;
	peer_test_unit_ready(p);
	p->statsn++;
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(b.iscsi.kept, 0);
	CU_ASSERT_EQUAL(p->c->ledger.n, 1);
	bench_close(&b);
}

/* An initiator that acknowledges nothing is given up. */
static void nothing_is_ever_acknowledged(void)
{
	struct bench b;
	struct peer *p = begin(&b, 1024 * KIB, LEVEL_1);
	uint32_t first = p->statsn;
	struct got g;
	int i;

	for (i = 0; i < 2000 && p->c; i++) {
		p->statsn = first;
		peer_test_unit_ready(p);
		bench_run(&b);
		p->statsn = first + (uint32_t)i;
		(void)peer_next(p, &g);
	}
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT(i > 256 && i < 1000); /* what the window lets be under way never harms */
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "does not acknowledge"));
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "4.2.2.2: kept until acknowledged", kept_until_acknowledged },
	{ "nothing is kept at level 0", nothing_is_kept_at_level_0 },
	{ "a write keeps no data", a_write_keeps_no_data },
	{ "7.8: kept data is bounded", kept_data_is_bounded },
	{ "7.8: R-Data of what was let go", r_data_of_what_was_let_go },
	{ "statuses are always kept", statuses_are_always_kept },
	{ "acknowledged while it is said again", acknowledged_meanwhile },
	{ "acknowledged while it is cut anew", acknowledged_in_r_data },
	{ "on its way again when it is answered", on_its_way_again_when_it_is_answered },
	{ "a tag is used anew", a_tag_is_used_anew },
	{ "nothing is ever acknowledged", nothing_is_ever_acknowledged },
};

UNIT_MAIN("iscsi/resend", tests)
