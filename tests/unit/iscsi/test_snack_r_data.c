/* RFC 7143, 11.16.3, 7.8: data that is cut anew, as its initiator takes other lengths now. */
#include "iscsi/snack.h"

#include "recovery.h"

#define BLOCKS 16u

static struct peer *begin(struct bench *b)
{
	bench_open(b);
	bench_fill(b);
	return bench_login(b, LEVEL_1);
}

/*
 * Read BLOCKS blocks in as many PDUs, the last of which has the status. The ITT; *ttt: the Target
 * Transfer Tag of the last one that asks to be acknowledged.
 */
static uint32_t take_read(struct peer *p, uint32_t *ttt)
{
	uint32_t itt = peer_read(p, 0, BLOCKS);
	struct got g;
	uint32_t i;

	for (i = 0; i < BLOCKS; i++) {
		CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
		if (g.bhs[1] & PDU_DATA_IN_ACK)
			*ttt = be32(g.bhs + 20);
	}
	CU_ASSERT(g.bhs[1] & PDU_DATA_IN_STATUS);
	return itt;
}

/* Declare another MaxRecvDataSegmentLength; the read before is not acknowledged by that. */
static void declare(struct peer *p, const char *pair, uint32_t statsn)
{
	struct pdu_text_req req = { .immediate = true,
				    .final = true,
				    .itt = ++p->itt,
				    .ttt = PDU_TAG_RESERVED,
				    .cmdsn = p->cmdsn,
				    .expstatsn = statsn,
				    .data_len = (uint32_t)strlen(pair) + 1 };
	uint8_t bhs[PDU_BHS_LEN];
	struct got g;

	pdu_put_text_req(bhs, &req);
	peer_pdu(p, bhs, pair);
	CU_ASSERT(peer_expect(p, PDU_TEXT_RSP, &g));
}

static void ask_r_data(struct peer *p, uint32_t itt, uint32_t tag, uint32_t statsn)
{
	peer_snack(p,
		   &(struct pdu_snack){
			   .type = PDU_SNACK_R_DATA, .itt = itt, .ttt = tag, .expstatsn = statsn });
}

/* The Data-In from number first on, in PDUs of len bytes, of which none has a status. */
static void expect_data(struct peer *p, uint32_t first, uint32_t offset, uint32_t len)
{
	struct got g;
	uint32_t i;

	for (i = first; offset < BLOCKS * BENCH_BLOCK; i++, offset += len) {
		if (!peer_again(p, PDU_DATA_IN, &g))
			return;
		CU_ASSERT_EQUAL(be32(g.bhs + 36), i);
		CU_ASSERT_EQUAL(be32(g.bhs + 40), offset);
		CU_ASSERT_EQUAL_FATAL(g.len, len);
		CU_ASSERT_FALSE(g.bhs[1] & PDU_DATA_IN_STATUS);
		CU_ASSERT_EQUAL(memcmp(g.data, p->bench->disk->bytes + offset, len), 0);
	}
}

/* 11.16.3, 11.4.4: cut anew; then a response with the tag, the StatSN that it had, and the new
 * number of PDUs. */
static void r_data(void)
{
	struct bench b;
	struct peer *p = begin(&b);
	uint32_t ttt, itt = take_read(p, &ttt), statsn = p->statsn - 1;
	struct got g;

	declare(p, "MaxRecvDataSegmentLength=1024", statsn);
	ask_r_data(p, itt, 0x77, statsn);
	expect_data(p, 0, 0, 1024);
	CU_ASSERT_FATAL(peer_again(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(g.itt, itt);
	CU_ASSERT_EQUAL(g.bhs[3], SCSI_GOOD);
	CU_ASSERT_EQUAL(be32(g.bhs + 20), 0x77);
	CU_ASSERT_EQUAL(statsn_of(g.bhs), statsn);
	CU_ASSERT_EQUAL(be32(g.bhs + 36), BLOCKS / 2);
	/* again, with another tag: the last one counts, also for a Status SNACK */
	ask_r_data(p, itt, 0x78, statsn);
	expect_data(p, 0, 0, 1024);
	CU_ASSERT_FATAL(peer_again(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(be32(g.bhs + 20), 0x78);
	peer_snack(p, &(struct pdu_snack){ .type = PDU_SNACK_STATUS,
					   .itt = PDU_TAG_RESERVED,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = statsn,
					   .begrun = statsn,
					   .runlength = 1 });
	CU_ASSERT_FATAL(peer_again(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(be32(g.bhs + 20), 0x78);
	CU_ASSERT_EQUAL(statsn_of(g.bhs), statsn);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* 11.16.3: DataSN goes on at BegRun of the last DataACK. */
static void r_data_behind_an_ack(void)
{
	struct bench b;
	struct peer *p = begin(&b);
	uint32_t ttt, itt = take_read(p, &ttt), statsn = p->statsn - 1;
	struct pdu_snack ack = { .type = PDU_SNACK_DATA_ACK,
				 .itt = PDU_TAG_RESERVED,
				 .expstatsn = statsn,
				 .begrun = 8 };
	struct got g;

	ack.ttt = ttt;
	peer_snack(p, &ack);
	peer_expect_nothing(p);
	declare(p, "MaxRecvDataSegmentLength=2048", statsn);
	ask_r_data(p, itt, 1, statsn);
	expect_data(p, 8, 8 * BENCH_BLOCK, 2048);
	CU_ASSERT_FATAL(peer_again(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(be32(g.bhs + 36), 10);
	bench_close(&b);
}

/* 11.16.5, 11.16.6, 11.16.7: its tag is one, and it has no run. */
static void r_data_that_is_none(void)
{
	static const struct pdu_snack none[] = {
		{ .ttt = 0 },
		{ .ttt = PDU_TAG_RESERVED },
		{ .ttt = 1, .begrun = 1 },
		{ .ttt = 1, .runlength = 1 },
	};
	struct bench b;
	struct peer *p = begin(&b);
	uint32_t ttt, itt = take_read(p, &ttt), statsn = p->statsn - 1;
	struct pdu_snack req;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		req = none[i];
		req.type = PDU_SNACK_R_DATA;
		req.itt = itt;
		req.expstatsn = statsn;
		peer_snack(p, &req);
		peer_rejected(p, PDU_REJECT_PROTOCOL_ERROR);
	}
	bench_close(&b);
}

/*
 * 11.16.3: with another length it is R-Data that has to be asked for. 7.8: of a command whose
 * status is said nothing follows a rejected SNACK.
 */
static void data_of_another_length(void)
{
	struct bench b;
	struct peer *p = begin(&b);
	uint32_t ttt, itt = take_read(p, &ttt), statsn = p->statsn - 1;

	declare(p, "MaxRecvDataSegmentLength=1024", statsn);
	peer_snack(p, &(struct pdu_snack){ .itt = itt,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = statsn,
					   .begrun = 3,
					   .runlength = 1 });
	peer_rejected(p, PDU_REJECT_SNACK);
	/* nor does the status come, which rode in the last of it */
	peer_snack(p, &(struct pdu_snack){ .type = PDU_SNACK_STATUS,
					   .itt = PDU_TAG_RESERVED,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = statsn,
					   .begrun = statsn,
					   .runlength = 1 });
	peer_rejected(p, PDU_REJECT_SNACK);
	bench_close(&b);
}

/*
 * 7.8, 11.4.7.2, 11.17.1: a rejected SNACK ends a command whose status is not said yet with CHECK
 * CONDITION, "SNACK rejected".
 */
static void rejected_before_the_status(void)
{
	const struct pdu_text_req text = { .immediate = true,
					   .final = true,
					   .ttt = PDU_TAG_RESERVED };
	struct bench b;
	struct peer *p = begin(&b);
	struct pdu_snack req = { .ttt = PDU_TAG_RESERVED, .runlength = 1 };
	unsigned int rejects = 0, responses = 0;
	uint32_t n = 4;
	struct got g;

	req.itt = peer_read(p, 0, 128);
	peer_take_some(p, n);
	peer_text_req(p, &text, "MaxRecvDataSegmentLength=1024\n");
	req.expstatsn = p->statsn;
	peer_snack(p, &req);
	peer_snack(p, &req); /* once more, which changes nothing */
	p->take = SIZE_MAX;
	for (bench_run(&b); peer_next(p, &g);) {
		rejects += g.opcode == PDU_REJECT && g.bhs[2] == PDU_REJECT_SNACK;
		n += g.opcode == PDU_DATA_IN;
		CU_ASSERT_FALSE(g.opcode == PDU_DATA_IN && responses);
		if (g.opcode != PDU_SCSI_RSP)
			continue;
		responses++;
		CU_ASSERT_EQUAL(g.bhs[3], SCSI_CHECK_CONDITION);
		CU_ASSERT_EQUAL(sense_of(&g), 0x0b1113);
		CU_ASSERT_EQUAL(be32(g.bhs + 36), n);
	}
	CU_ASSERT(rejects == 2 && responses == 1);
	CU_ASSERT(n < 128);
	bench_close(&b);
}

/*
 * Its initiator takes another length while a read is on its way: PDUs from there on can be asked
 * for again, and DataACK of what came before is no fault.
 */
static void another_length_on_the_way(void)
{
	const struct pdu_text_req text = { .immediate = true,
					   .final = true,
					   .ttt = PDU_TAG_RESERVED };
	struct pdu_snack req = { .type = PDU_SNACK_DATA_ACK, .itt = PDU_TAG_RESERVED, .begrun = 4 };
	struct bench b;
	struct peer *p = begin(&b);
	struct copy last = { .len = 0 };
	struct got g;
	uint32_t itt;

	itt = peer_read(p, 0, 128);
	peer_take_some(p, 2);
	peer_text_req(p, &text, "MaxRecvDataSegmentLength=1024\n");
	p->take = SIZE_MAX;
	for (bench_run(&b); peer_next(p, &g);) {
		if (g.opcode == PDU_DATA_IN && g.bhs[1] & PDU_DATA_IN_ACK && !req.ttt)
			req.ttt = be32(g.bhs + 20);
		if (g.opcode == PDU_DATA_IN)
			copy_of(&last, &g);
	}
	CU_ASSERT_EQUAL(last.len, 1024);
	req.expstatsn = statsn_of(last.bhs);
	peer_snack(p, &req);
	peer_expect_nothing(p);
	req.type = PDU_SNACK_DATA_R2T;
	req.itt = itt;
	req.ttt = PDU_TAG_RESERVED;
	req.begrun = be32(last.bhs + 36);
	req.runlength = 1;
	peer_snack(p, &req);
	CU_ASSERT(peer_again(p, PDU_DATA_IN, &g) && is_replica(&g, &last));
	peer_expect_nothing(p);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.16.3: R-Data", r_data },
	{ "11.16.3: R-Data behind a DataACK", r_data_behind_an_ack },
	{ "11.16.5: R-Data that is none", r_data_that_is_none },
	{ "11.16.3: data of another length", data_of_another_length },
	{ "11.16.3: another length on the way", another_length_on_the_way },
	{ "7.8: rejected before the status", rejected_before_the_status },
};

UNIT_MAIN("iscsi/snack_r_data", tests)
