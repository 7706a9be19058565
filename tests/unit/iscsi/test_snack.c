/* RFC 7143, 11.16: what may be asked for again, how it comes, and what is rejected. */
#include "iscsi/snack.h"

#include "recovery.h"

#define BLOCKS 16u

static struct copy came[BLOCKS];

static struct peer *begin(struct bench *b, const char *keys)
{
	bench_open(b);
	bench_fill(b);
	return bench_login(b, keys);
}

/* Read BLOCKS blocks in as many PDUs, the last of which has the status. The ITT. */
static uint32_t take_read(struct peer *p)
{
	uint32_t itt = peer_read(p, 0, BLOCKS);
	struct got g;
	uint32_t i;

	for (i = 0; i < BLOCKS; i++) {
		CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
		copy_of(&came[i], &g);
		CU_ASSERT_EQUAL(be32(g.bhs + 36), i);
	}
	CU_ASSERT(came[BLOCKS - 1].bhs[1] & PDU_DATA_IN_STATUS);
	return itt;
}

/* What has come is acknowledged up to the last read, that one not. */
static uint32_t before_last(void)
{
	return statsn_of(came[BLOCKS - 1].bhs);
}

static void ask(struct peer *p, uint8_t type, uint32_t itt, uint32_t begrun, uint32_t runlength)
{
	peer_snack(p, &(struct pdu_snack){ .type = type,
					   .itt = itt,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = before_last(),
					   .begrun = begrun,
					   .runlength = runlength });
}

static void expect_run(struct peer *p, uint32_t first, uint32_t n)
{
	struct got g;
	uint32_t i;

	for (i = first; i < first + n; i++) {
		if (peer_again(p, PDU_DATA_IN, &g))
			CU_ASSERT(is_replica(&g, &came[i]));
	}
	peer_expect_nothing(p);
}

/* ---- Data-In ---- */

/* 11.16.6, 11.16.7: 0 is no length but "all from there", and both 0 "all". */
static void runs_of_data(void)
{
	static const struct {
		uint32_t begrun, runlength, first, n;
	} runs[] = {
		{ 3, 1, 3, 1 },
		{ 0, 1, 0, 1 },
		{ 5, 4, 5, 4 },
		{ BLOCKS - 1, 1, BLOCKS - 1, 1 },
		{ BLOCKS - 1, 0, BLOCKS - 1, 1 },
		{ 7, 0, 7, BLOCKS - 7 },
		{ 0, 0, 0, BLOCKS },
		{ 0, BLOCKS, 0, BLOCKS },
	};
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		ask(p, PDU_SNACK_DATA_R2T, itt, runs[i].begrun, runs[i].runlength);
		expect_run(p, runs[i].first, runs[i].n);
	}
	bench_close(&b);
}

/* 11.16: what was never sent or is acknowledged is a protocol error. */
static void runs_that_are_none(void)
{
	static const struct {
		const char *what;
		uint8_t type;
		uint32_t itt; /* more than the read's */
		uint32_t begrun, runlength;
	} runs[] = {
		{ "the next one", PDU_SNACK_DATA_R2T, 0, BLOCKS, 1 },
		{ "all from the next one on", PDU_SNACK_DATA_R2T, 0, BLOCKS, 0 },
		{ "beyond", PDU_SNACK_DATA_R2T, 0, BLOCKS + 1, 0 },
		{ "into what was not sent", PDU_SNACK_DATA_R2T, 0, 3, BLOCKS },
		{ "a number that wraps", PDU_SNACK_DATA_R2T, 0, 0xffffffff, 2 },
		{ "a length that wraps", PDU_SNACK_DATA_R2T, 0, 4, 0xffffffff },
		{ "no such task", PDU_SNACK_DATA_R2T, 1, 0, 0 },
		{ "a type that does not exist", 4, 0, 0, 0 },
		{ "another one", 15, 0, 0, 0 },
	};
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		ask(p, runs[i].type, itt + runs[i].itt, runs[i].begrun, runs[i].runlength);
		peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	}
	ask(p, PDU_SNACK_DATA_R2T, itt, 2, 1); /* it is there all the same */
	expect_run(p, 2, 1);
	peer_nop(p, true, NULL, 0); /* its ExpStatSN acknowledges the read */
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	ask(p, PDU_SNACK_DATA_R2T, itt, 2, 1);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

/* While data is on its way what was sent can be asked for, and comes behind it; all comes once. */
static void while_data_is_on_its_way(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct pdu_snack req = { .ttt = PDU_TAG_RESERVED, .begrun = 1, .runlength = 1 };
	unsigned int again = 0, all = 4;
	struct got g;

	req.itt = peer_read(p, 0, 128);
	peer_take_some(p, 4);
	req.expstatsn = p->statsn;
	peer_snack(p, &req);
	req.begrun = 127; /* not yet */
	peer_snack(p, &req);
	p->take = SIZE_MAX;
	for (bench_run(&b); peer_next(p, &g);) {
		if (g.opcode == PDU_REJECT) {
			CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_PROTOCOL_ERROR);
			continue;
		}
		all++;
		if (be32(g.bhs + 36) != 1)
			continue;
		again++;
		CU_ASSERT_EQUAL(memcmp(g.data, b.disk->bytes + BENCH_BLOCK, BENCH_BLOCK), 0);
	}
	CU_ASSERT_EQUAL(again, 1);
	CU_ASSERT_EQUAL(all, 128 + 1);
	bench_close(&b);
}

/* Asked for again while the last that was is on its way. */
static void asked_for_twice(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);

	p->deaf = true;
	ask(p, PDU_SNACK_DATA_R2T, itt, 4, 3);
	bench_run(&b);
	ask(p, PDU_SNACK_DATA_R2T, itt, 9, 2);
	bench_run(&b);
	p->deaf = false;
	conn_touch(p->c);
	expect_run(p, 4, 7); /* with what lies between */
	/* all of the first is made, and not gone */
	p->take = 1;
	ask(p, PDU_SNACK_DATA_R2T, itt, 9, 2);
	bench_turn(&b);
	ask(p, PDU_SNACK_DATA_R2T, itt, 4, 1);
	ask(p, PDU_SNACK_DATA_R2T, itt, 2, 1);
	p->take = SIZE_MAX;
	bench_run(&b);
	{
		static const uint32_t order[] = { 9, 10, 2, 3, 4 };
		struct got g;
		size_t i;

		for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
			if (peer_again(p, PDU_DATA_IN, &g))
				CU_ASSERT(is_replica(&g, &came[order[i]]));
		}
	}
	peer_expect_nothing(p);
	bench_close(&b);
}

/* 4.2.5.1, 11.16: a SNACK comes by the connection of what it asks for. */
static void on_another_connection(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);
	struct peer *q = peer_join(p, 2, "MaxRecvDataSegmentLength=512\n");
	const struct pdu_snack req = { .type = PDU_SNACK_DATA_R2T,
				       .itt = itt,
				       .ttt = PDU_TAG_RESERVED,
				       .expstatsn = q->statsn };

	peer_snack(q, &req);
	peer_rejected(q, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

/* ---- DataACK ---- */

/* 11.7.2: each sequence but the last asks for it, and shows a tag and the LUN for that. */
static void a_bits(void)
{
	static const uint8_t lun[PDU_LUN_LEN];
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t i;

	take_read(p);
	for (i = 0; i < BLOCKS; i++) {
		bool asks = i % RECOVERY_BURST == RECOVERY_BURST - 1 && i < BLOCKS - 1;

		CU_ASSERT_EQUAL(!!(came[i].bhs[1] & PDU_DATA_IN_ACK), asks);
		CU_ASSERT_EQUAL(be32(came[i].bhs + 20) != PDU_TAG_RESERVED, asks);
		CU_ASSERT_EQUAL(memcmp(came[i].bhs + 8, lun, PDU_LUN_LEN), 0);
	}
	bench_close(&b);
}

/* 11.16.2: what is acknowledged is not sent again, and "all" is what is not. */
static void acknowledged_data(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);
	struct pdu_snack ack = { .type = PDU_SNACK_DATA_ACK,
				 .itt = PDU_TAG_RESERVED,
				 .expstatsn = before_last(),
				 .begrun = 8 };

	ack.ttt = be32(came[7].bhs + 20);
	peer_snack(p, &ack);
	peer_snack(p, &ack); /* twice is no harm */
	peer_expect_nothing(p);
	ask(p, PDU_SNACK_DATA_R2T, itt, 0, 0);
	expect_run(p, 8, BLOCKS - 8);
	ask(p, PDU_SNACK_DATA_R2T, itt, 8, 1);
	expect_run(p, 8, 1);
	ask(p, PDU_SNACK_DATA_R2T, itt, 7, 1);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

/* 11.17.1: a DataACK that acknowledges nothing that there is. */
static void acks_that_are_none(void)
{
	static const struct {
		const char *what;
		uint32_t ttt; /* more than the right one */
		uint32_t begrun, runlength;
		uint8_t lun;
	} acks[] = {
		{ "no such tag", 1, 4, 0, 0 },
		{ "more than was sent", 0, BLOCKS + 1, 0, 0 },
		{ "a length", 0, 4, 1, 0 },
		{ "another LUN", 0, 4, 0, 3 },
		{ "behind the last one", 0, 3, 0, 0 },
	};
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct pdu_snack ack = { .type = PDU_SNACK_DATA_ACK, .itt = PDU_TAG_RESERVED, .begrun = 4 };
	size_t i;

	take_read(p);
	ack.expstatsn = before_last();
	ack.ttt = be32(came[3].bhs + 20);
	peer_snack(p, &ack);
	peer_expect_nothing(p);
	for (i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
		ack.ttt = be32(came[3].bhs + 20) + acks[i].ttt;
		ack.begrun = acks[i].begrun;
		ack.runlength = acks[i].runlength;
		ack.lun[1] = acks[i].lun;
		peer_snack(p, &ack);
		peer_rejected(p, PDU_REJECT_INVALID_DATA_ACK);
	}
	bench_close(&b);
}

/* ---- R2T ---- */

static void answer(struct peer *p, uint32_t itt, const struct pdu_r2t *r2t, const uint8_t *data)
{
	const struct pdu_data_out out = { .final = true,
					  .itt = itt,
					  .ttt = r2t->ttt,
					  .offset = r2t->offset,
					  .data_len = r2t->len };

	peer_data_out(p, &out, data + r2t->offset);
}

/* 11.16: an R2T comes again as it was; one whose data has come is acknowledged by that. */
static void r2ts(void)
{
	static uint8_t data[BLOCKS * BENCH_BLOCK] = { 1, 2, 3 };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct pdu_snack req = { .ttt = PDU_TAG_RESERVED };
	struct pdu_r2t r2t;
	struct copy first;
	struct got g;

	req.itt = peer_write(p, 0, BLOCKS, data, 0, true);
	CU_ASSERT_FATAL(peer_expect(p, PDU_R2T, &g));
	copy_of(&first, &g);
	req.expstatsn = p->statsn;
	req.runlength = 1;
	peer_snack(p, &req);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g) && is_replica(&g, &first));
	req.runlength = 0;
	peer_snack(p, &req);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g) && is_replica(&g, &first));
	req.begrun = 1; /* there is no other yet */
	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(pdu_get_r2t(first.bhs, &r2t), PDU_OK);
	answer(p, req.itt, &r2t, data);
	CU_ASSERT_FATAL(peer_expect(p, PDU_R2T, &g));
	copy_of(&first, &g);
	req.begrun = 0;
	req.runlength = 1;
	req.expstatsn = p->statsn;
	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	req.runlength = 0; /* all that is not satisfied */
	req.expstatsn = p->statsn;
	peer_snack(p, &req);
	CU_ASSERT(peer_again(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(memcmp(g.bhs, first.bhs, 24), 0);
	CU_ASSERT_EQUAL(memcmp(g.bhs + 36, first.bhs + 36, 12), 0);
	CU_ASSERT_EQUAL(statsn_of(g.bhs), p->statsn); /* the current one */
	CU_ASSERT_EQUAL(pdu_get_r2t(first.bhs, &r2t), PDU_OK);
	answer(p, req.itt, &r2t, data);
	CU_ASSERT_EQUAL(peer_end(p, req.itt, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(b.disk->bytes, data, sizeof(data)), 0);
	bench_close(&b);
}

/* ---- statuses ---- */

/* 11.16: an answer of any kind comes again as it was, its StatSN and all. */
static void statuses(void)
{
	static const char echo[] = "hello";
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct pdu_snack req = { .type = PDU_SNACK_STATUS,
				 .itt = PDU_TAG_RESERVED,
				 .ttt = PDU_TAG_RESERVED };
	const struct pdu_scsi_cmd nowhere = { .final = true, .lun = { 0, 99 } };
	struct copy first[3];
	struct got g;
	uint32_t i;

	req.expstatsn = p->statsn;
	peer_scsi(p, &nowhere, NULL);
	CU_ASSERT_FATAL(peer_expect(p, PDU_SCSI_RSP, &g));
	copy_of(&first[0], &g);
	CU_ASSERT(sense_of(&g) == 0x052500);
	p->statsn = req.expstatsn;
	peer_nop(p, true, echo, sizeof(echo));
	p->statsn++;
	CU_ASSERT_FATAL(peer_expect(p, PDU_NOP_IN, &g));
	copy_of(&first[1], &g);
	p->statsn = req.expstatsn;
	peer_read(p, 0, 1);
	p->statsn += 2;
	CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
	copy_of(&first[2], &g);
	for (i = 0; i < 3; i++) {
		req.begrun = req.expstatsn + i;
		req.runlength = 1;
		peer_snack(p, &req);
		CU_ASSERT(peer_again(p, first[i].bhs[0] & 0x3f, &g) && is_replica(&g, &first[i]));
		peer_expect_nothing(p);
	}
	req.begrun = req.expstatsn + 1; /* from there on … */
	req.runlength = 0;
	peer_snack(p, &req);
	for (i = 1; i < 3; i++)
		CU_ASSERT(peer_again(p, first[i].bhs[0] & 0x3f, &g) && is_replica(&g, &first[i]));
	req.begrun = 0; /* … and all */
	peer_snack(p, &req);
	for (i = 0; i < 3; i++)
		CU_ASSERT(peer_again(p, first[i].bhs[0] & 0x3f, &g) && is_replica(&g, &first[i]));
	peer_expect_nothing(p);
	bench_close(&b);
}

/* 11.16: those that were never said, or are acknowledged. */
static void statuses_that_are_none(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	static const int32_t offs[] = { -2, -1, 1, 100 };
	struct pdu_snack req = { .type = PDU_SNACK_STATUS,
				 .itt = PDU_TAG_RESERVED,
				 .ttt = PDU_TAG_RESERVED };
	struct got g;
	size_t i;

	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	for (i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
		req.expstatsn = p->statsn - 1;
		req.begrun = req.expstatsn + (uint32_t)offs[i];
		req.runlength = offs[i] < 0;
		peer_snack(p, &req);
		if (peer_expect(p, PDU_REJECT, &g))
			CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_PROTOCOL_ERROR);
		peer_nop(p, true, NULL, 0); /* all is acknowledged but its answer */
		CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	}
	bench_close(&b);
}

/* 4.2.2.2: an ExpStatSN of what was never said acknowledges nothing. */
static void acknowledged_before_it_was_said(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	uint32_t itt = take_read(p);
	struct pdu_snack req = { .itt = itt, .ttt = PDU_TAG_RESERVED, .runlength = 1 };
	struct got g;

	req.expstatsn = p->statsn + 1;
	peer_snack(p, &req);
	CU_ASSERT(peer_again(p, PDU_DATA_IN, &g) && is_replica(&g, &came[0]));
	req.expstatsn = p->statsn;
	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

/* 11.16: at level 0 none of it is there. */
static void at_level_0(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	const struct pdu_snack req = { .type = PDU_SNACK_STATUS,
				       .itt = PDU_TAG_RESERVED,
				       .ttt = PDU_TAG_RESERVED };

	peer_snack(p, &req);
	peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.16: runs of Data-In", runs_of_data },
	{ "11.16: runs that are none", runs_that_are_none },
	{ "11.16: while data is on its way", while_data_is_on_its_way },
	{ "11.16: asked for twice", asked_for_twice },
	{ "4.2.5.1: on another connection", on_another_connection },
	{ "11.7.2: A bits", a_bits },
	{ "11.16.2: acknowledged data", acknowledged_data },
	{ "11.17.1: DataACKs that are none", acks_that_are_none },
	{ "11.16: R2Ts", r2ts },
	{ "11.16: statuses", statuses },
	{ "11.16: statuses that are none", statuses_that_are_none },
	{ "4.2.2.2: acknowledged before it was said", acknowledged_before_it_was_said },
	{ "11.16: at level 0", at_level_0 },
};

UNIT_MAIN("iscsi/snack", tests)
