#include "iscsi/command.h"

#include "peer.h"
#include "scsi/sense.h"
#include "wire/ahs.h"

#define LEN 8192u /* bytes of a write: 16 blocks */

static uint8_t data[LEN];
static uint8_t back[LEN];

static void fill(void)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 11 + i / 512);
	memset(back, 0, sizeof(back));
}

/* Is the write of data at block lba on the medium? */
static bool is_written(const struct bench *b, uint32_t lba, uint32_t len)
{
	return !memcmp(b->disk->bytes + (size_t)lba * BENCH_BLOCK, data, len);
}

/* The sense code in a SCSI response: key, ASC, ASCQ; 0 without. */
static uint32_t sense_of(const struct got *g)
{
	if (g->len < 16)
		return 0;
	return (uint32_t)(g->data[4] & 15) << 16 | (uint32_t)g->data[14] << 8 | g->data[15];
}

/* An unsolicited Data-Out of a write of data. */
static void unsolicited(struct peer *p, uint32_t itt, uint32_t datasn, uint32_t offset,
			uint32_t len, bool final)
{
	const struct pdu_data_out out = {
		.final = final,
		.itt = itt,
		.ttt = PDU_TAG_RESERVED,
		.datasn = datasn,
		.offset = offset,
		.data_len = len,
	};

	peer_data_out(p, &out, data + offset);
}

/* Let the loop run; a SCSI response of that status must come. */
static struct pdu_scsi_rsp expect_status(struct peer *p, uint32_t itt, uint8_t status,
					 struct got *g)
{
	struct pdu_scsi_rsp rsp = { .status = 0xff };

	if (peer_expect(p, PDU_SCSI_RSP, g))
		CU_ASSERT_EQUAL(pdu_get_scsi_rsp(g->bhs, &rsp), PDU_OK);
	CU_ASSERT_EQUAL(rsp.itt, itt);
	CU_ASSERT_EQUAL(rsp.status, status);
	return rsp;
}

static void expect_reject(struct peer *p, uint8_t reason)
{
	struct got g;

	if (peer_expect(p, PDU_REJECT, &g))
		CU_ASSERT_EQUAL(g.bhs[2], reason);
	CU_ASSERT_EQUAL(g.len, PDU_BHS_LEN);
}

/* ---- data both ways ---- */

/* Immediate, unsolicited and solicited data in every mixture, under small limits. */
static void every_way_of_bringing_data(void)
{
	static const uint32_t immediates[] = { 0, 512, 1000, 2048 };
	static const uint32_t lens[] = { 0, 100, 1500 };
	struct bench b;
	struct peer *p;
	size_t i, k;
	uint32_t itt, at;

	fill();
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 3; k++) {
			bench_open(&b);
			p = bench_login(&b, "FirstBurstLength=2048\nMaxBurstLength=2048\n"
					    "InitialR2T=No\nMaxOutstandingR2T=3\n"
					    "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
			at = immediates[i];
			itt = peer_write(p, 7, LEN / BENCH_BLOCK, data, at, !lens[k] || at == 2048);
			if (lens[k] && at < 2048) {
				unsolicited(p, itt, 0, at, lens[k] % (2048 - at), false);
				at += lens[k] % (2048 - at);
				unsolicited(p, itt, 1, at, 2048 - at, true);
			}
			CU_ASSERT_EQUAL(peer_end(p, itt, data), SCSI_GOOD);
			CU_ASSERT(is_written(&b, 7, LEN));
			CU_ASSERT_EQUAL(peer_end(p, peer_read(p, 7, LEN / BENCH_BLOCK), back),
					SCSI_GOOD);
			CU_ASSERT_EQUAL(memcmp(back, data, LEN), 0);
			bench_close(&b);
		}
	}
}

/* 11.4.5: what moved against what was expected. */
static void residuals(void)
{
	static const struct {
		const char *what;
		uint8_t opcode;
		uint16_t blocks;
		uint32_t edtl;
		uint8_t flags;
		uint32_t residual;
	} cases[] = {
		{ "a read of all", 0x28, 4, 2048, 0, 0 },
		{ "a read of less", 0x28, 4, 8192, PDU_RESID_UNDERFLOW, 6144 },
		{ "a read of more", 0x28, 4, 512, PDU_RESID_OVERFLOW, 1536 },
		{ "a write of all", 0x2a, 4, 2048, 0, 0 },
		{ "a write of less", 0x2a, 4, 4096, PDU_RESID_UNDERFLOW, 2048 },
		{ "a write of more", 0x2a, 4, 1024, PDU_RESID_OVERFLOW, 1024 },
	};
	struct pdu_scsi_cmd cmd;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_rw10(&cmd, cases[i].opcode, 0, cases[i].blocks);
		cmd.edtl = cases[i].edtl;
		cmd.data_len = cmd.write ? cmd.edtl : 0;
		peer_scsi(p, &cmd, data);
		CU_ASSERT(peer_expect(p, cmd.write ? PDU_SCSI_RSP : PDU_DATA_IN, &g));
		CU_ASSERT_EQUAL(g.bhs[1] & 6, cases[i].flags);
		CU_ASSERT_EQUAL(be32(g.bhs + 44), cases[i].residual);
		CU_ASSERT_EQUAL(g.bhs[3], SCSI_GOOD);
	}
	bench_close(&b);
}

/* ---- commands that cannot be ---- */

static const struct misfit {
	const char *what, *keys;
	struct pdu_scsi_cmd cmd; /* a WRITE(10), but for this */
	uint8_t reason;
} misfits[] = {
	{ "immediate data of a read",
	  "",
	  { .final = true, .read = true, .edtl = 512, .data_len = 512 },
	  PDU_REJECT_PROTOCOL_ERROR },
	{ "immediate data where none was agreed on",
	  "ImmediateData=No\n",
	  { .final = true, .write = true, .edtl = 512, .data_len = 512 },
	  PDU_REJECT_PROTOCOL_ERROR },
	{ "more immediate data than FirstBurstLength",
	  "FirstBurstLength=512\n",
	  { .final = true, .write = true, .edtl = 4096, .data_len = 1024 },
	  PDU_REJECT_PROTOCOL_ERROR },
	{ "more immediate data than is expected",
	  "",
	  { .final = true, .write = true, .edtl = 512, .data_len = 1024 },
	  PDU_REJECT_PROTOCOL_ERROR },
	{ "unsolicited data where none was agreed on",
	  "InitialR2T=Yes\n",
	  { .write = true, .edtl = 4096 },
	  PDU_REJECT_PROTOCOL_ERROR },
};

/* Rejected; its CmdSN is a gap that the initiator plugs with the next command (7.3). */
static void rejected_and_as_if_never_sent(void)
{
	struct bench b;
	struct peer *p;
	uint32_t exp;
	size_t i;

	for (i = 0; i < sizeof(misfits) / sizeof(misfits[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, misfits[i].keys);
		exp = p->cmdsn;
		peer_scsi(p, &misfits[i].cmd, data);
		expect_reject(p, misfits[i].reason);
		CU_ASSERT_EQUAL(p->expcmdsn, exp);
		p->cmdsn = exp;
		CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_GOOD);
		CU_ASSERT_EQUAL(p->expcmdsn, exp + 1);
		bench_close(&b);
	}
}

static void a_tag_that_is_taken(void)
{
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	itt = peer_read(p, 0, 1);
	peer_expect_nothing(p);
	p->itt--;
	peer_read(p, 1, 1);
	expect_reject(p, PDU_REJECT_TASK_IN_PROGRESS);
	p->cmdsn--;
	p->itt = PDU_TAG_RESERVED - 1;
	peer_read(p, 1, 1);
	expect_reject(p, PDU_REJECT_INVALID_FIELD);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, itt, back), SCSI_GOOD);
	bench_close(&b);
}

/* 4.2.2.1: silently ignored, with all that comes behind its header. */
static void outside_of_the_window(void)
{
	static const int32_t offs[] = { -1, -1000, 128, 100000 };
	struct bench b;
	struct peer *p;
	uint32_t next;
	size_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	next = p->cmdsn;
	for (i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
		p->cmdsn = next + (uint32_t)offs[i];
		peer_read(p, 0, 1);
		p->cmdsn = next + (uint32_t)offs[i];
		peer_write(p, 0, 2, data, 1024, true);
		peer_expect_nothing(p);
	}
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	p->cmdsn = next;
	CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_GOOD);
	bench_close(&b);
}

static void too_many_immediate_commands(void)
{
	struct pdu_scsi_cmd cmd;
	struct bench b;
	struct peer *p;
	int i;

	bench_open(&b);
	b.target->limits.queue_depth = 4;
	p = bench_login(&b, "");
	b.disk->hold = true;
	peer_rw10(&cmd, 0x28, 0, 1);
	cmd.immediate = true;
	for (i = 0; i < 4; i++)
		peer_scsi(p, &cmd, NULL);
	peer_expect_nothing(p);
	peer_scsi(p, &cmd, NULL);
	expect_reject(p, PDU_REJECT_TOO_MANY_IMMEDIATE);
	bench_close(&b);
}

/* 11.2.2.3: an extended CDB goes through; a segment whose length lies does not. */
static void additional_header_segments(void)
{
	const struct pdu_scsi_cmd cmd = { .final = true, .itt = 900, .cmdsn = 0x1001 };
	uint8_t bhs[PDU_BHS_LEN];
	uint8_t rest[16] = { 0 };
	uint8_t ahs[64];
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "HeaderDigest=CRC32C\n");
	pdu_put_scsi_cmd(bhs, &cmd);
	pdu_set_ahs_len(bhs, (uint32_t)ahs_put_cdb(ahs, sizeof(ahs), rest, sizeof(rest)));
	peer_pdu_ahs(p, bhs, ahs, NULL);
	expect_status(p, 900, SCSI_GOOD, &g);
	put_be32(bhs + 16, 901);
	put_be32(bhs + 24, 0x1002);
	put_be16(ahs, 200);
	peer_pdu_ahs(p, bhs, ahs, NULL);
	expect_reject(p, PDU_REJECT_INVALID_FIELD);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* ---- digests ---- */

/* 7.8: a command whose immediate data is damaged never came; it may come again. */
static void damaged_immediate_data(void)
{
	struct bench b;
	struct peer *p;
	uint32_t itt;

	fill();
	bench_open(&b);
	p = bench_login(&b, "DataDigest=CRC32C\n");
	p->damage_data = true;
	itt = peer_write(p, 3, 2, data, 1024, true);
	expect_reject(p, PDU_REJECT_DATA_DIGEST);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	p->itt = itt - 1;
	p->cmdsn--;
	CU_ASSERT_EQUAL(peer_end(p, peer_write(p, 3, 2, data, 1024, true), NULL), SCSI_GOOD);
	CU_ASSERT(is_written(&b, 3, 1024));
	bench_close(&b);
}

/* 7.8: rejected at once; the command fails when the sequence has ended. */
static void damaged_data_out(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	fill();
	bench_open(&b);
	p = bench_login(&b, "DataDigest=CRC32C\nInitialR2T=No\nImmediateData=No\n");
	itt = peer_write(p, 0, 4, data, 0, false);
	p->damage_data = true;
	unsolicited(p, itt, 0, 0, 1024, false);
	expect_reject(p, PDU_REJECT_DATA_DIGEST);
	unsolicited(p, itt, 1, 1024, 512, false);
	peer_expect_nothing(p);
	unsolicited(p, itt, 2, 1536, 512, true);
	expect_status(p, itt, SCSI_CHECK_CONDITION, &g);
	CU_ASSERT_EQUAL(sense_of(&g), SENSE_PROTOCOL_CRC);
	CU_ASSERT_FALSE(is_written(&b, 0, 512));
	bench_close(&b);
}

/* ---- Data-Out that does not fit ---- */

static void data_for_nobody(void)
{
	struct pdu_data_out out = { .final = true, .itt = 4711, .ttt = 3, .data_len = 512 };
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=Yes\n");
	peer_data_out(p, &out, data); /* of a task that is gone: nothing to say */
	out.ttt = PDU_TAG_RESERVED;
	peer_data_out(p, &out, data);
	peer_expect_nothing(p);
	itt = peer_write(p, 0, 4, data, 0, true);
	out.itt = itt;
	out.ttt = 0x12345;
	peer_data_out(p, &out, data); /* a tag that was never given */
	expect_reject(p, PDU_REJECT_INVALID_FIELD);
	CU_ASSERT_EQUAL(peer_end(p, itt, data), SCSI_GOOD);
	bench_close(&b);
}

static void data_beyond_the_sequence(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	fill();
	bench_open(&b);
	p = bench_login(&b, "InitialR2T=No\nImmediateData=No\nFirstBurstLength=1024\n");
	itt = peer_write(p, 0, 4, data, 0, false);
	unsolicited(p, itt, 0, 0, 512, false);
	unsolicited(p, itt, 1, 512, 1024, false);
	expect_reject(p, PDU_REJECT_PROTOCOL_ERROR);
	unsolicited(p, itt, 2, 512, 512, true);
	expect_status(p, itt, SCSI_CHECK_CONDITION, &g);
	CU_ASSERT_FALSE(is_written(&b, 0, 512));
	bench_close(&b);
}

/* 11.4.2: a command that fails at once is answered when all that was promised has come. */
static void an_early_answer_waits_for_the_last_data(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=No\nImmediateData=No\n");
	itt = peer_write(p, BENCH_BLOCKS, 4, data, 0, false); /* out of range */
	peer_expect_nothing(p);
	unsolicited(p, itt, 0, 0, 1024, false);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_GOOD);
	unsolicited(p, itt, 1, 1024, 1024, true);
	expect_status(p, itt, SCSI_CHECK_CONDITION, &g);
	CU_ASSERT_EQUAL(sense_of(&g), SENSE_RANGE);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* All data is there, though F promises more: there is none to wait for. */
static void nothing_to_wait_for(void)
{
	struct bench b;
	struct peer *p;
	uint32_t itt;

	fill();
	bench_open(&b);
	p = bench_login(&b, "InitialR2T=No\n");
	itt = peer_write(p, 0, 2, data, 1024, false);
	CU_ASSERT_EQUAL(peer_end(p, itt, NULL), SCSI_GOOD);
	CU_ASSERT(is_written(&b, 0, 1024));
	unsolicited(p, itt, 0, 1024, 0, true);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* While it waits so it may be aborted alone, or its session may end. */
static void an_early_answer_may_never_come(void)
{
	static const uint8_t functions[] = { PDU_TMF_ABORT_TASK, PDU_TMF_ABORT_TASK_SET,
					     PDU_TMF_LU_RESET };
	struct pdu_tmf_req req = { .immediate = true };
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;
	size_t i;

	for (i = 0; i <= sizeof(functions); i++) {
		bench_open(&b);
		p = bench_login(&b, "InitialR2T=No\nImmediateData=No\n");
		req.refcmdsn = p->cmdsn;
		itt = peer_write(p, BENCH_BLOCKS, 4, data, 0, false);
		peer_expect_nothing(p);
		if (i < sizeof(functions)) {
			req.function = functions[i];
			req.rtt = itt;
			peer_tmf(p, &req);
			if (i > 0) { /* a function on many waits, and is behind the answer then */
				peer_expect_nothing(p);
				unsolicited(p, itt, 0, 0, 2048, true);
				CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
			}
			CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
			CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_COMPLETE);
		} else {
			peer_logout(p, PDU_LOGOUT_SESSION, 1);
			CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
		}
		CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
		unsolicited(p, itt, 0, 0, 2048, true);
		peer_expect_nothing(p);
		bench_close(&b);
	}
}

/* ---- memory ---- */

/* Without memory for what was promised: TASK SET FULL, when all of it has come. */
static void no_memory_for_unsolicited_data(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t first, second;

	fill();
	bench_open_with(&b, 4096, 4096);
	p = bench_login(&b, "InitialR2T=No\nImmediateData=No\nFirstBurstLength=4096\n");
	b.disk->hold = true;
	peer_read(p, 0, 8);
	peer_expect_nothing(p);
	first = peer_write(p, 0, 8, data, 0, false);
	second = peer_write(p, 16, 8, data, 0, false);
	peer_expect_nothing(p);
	unsolicited(p, second, 0, 0, 4096, true);
	expect_status(p, second, SCSI_TASK_SET_FULL, &g);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	unsolicited(p, first, 0, 0, 4096, true);
	expect_status(p, first, SCSI_GOOD, &g);
	CU_ASSERT(is_written(&b, 0, 4096));
	CU_ASSERT_FALSE(is_written(&b, 16, 512));
	bench_close(&b);
}

/* A write that moves to a larger buffer in the middle takes all of its data along. */
static void a_larger_buffer_in_the_middle(void)
{
	static const char *const keys[] = {
		"InitialR2T=No\nImmediateData=No\nFirstBurstLength=2048\n",
		"InitialR2T=No\nImmediateData=No\nFirstBurstLength=2048\nDataPDUInOrder=No\n",
	};
	struct bench b;
	struct peer *p;
	uint32_t itt;
	size_t i;

	fill();
	for (i = 0; i < 2; i++) {
		bench_open_with(&b, 8192, 8192);
		p = bench_login(&b, keys[i]);
		b.disk->hold = true;
		peer_read(p, 0, 16); /* has all the memory there is */
		peer_expect_nothing(p);
		itt = peer_write(p, 32, 16, data, 0, false);
		unsolicited(p, itt, 0, i ? 1024 : 0, 1024, false);
		peer_expect_nothing(p);
		bench_store_release(b.disk);
		bench_run(&b);
		unsolicited(p, itt, 1, i ? 0 : 1024, 1024, true);
		CU_ASSERT_EQUAL(peer_end(p, itt, data), SCSI_GOOD);
		CU_ASSERT(is_written(&b, 32, LEN));
		bench_close(&b);
	}
}

/* Sixteen writes and reads through a buffer for one of them: all come to their end. */
static void everybody_gets_memory_in_the_end(void)
{
	uint32_t itts[16];
	struct bench b;
	struct peer *p;
	int i;

	fill();
	bench_open_with(&b, LEN, 0);
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	for (i = 0; i < 16; i++)
		itts[i] = i % 2 ? peer_read(p, 0, 16) : peer_write(p, 0, 16, data, 0, true);
	for (i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(peer_end(p, itts[i], i % 2 ? back : data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(back, data, LEN), 0);
	bench_close(&b);
}

/* A write that waits behind an ordered read does not hold the memory that the read waits for. */
static void who_comes_later_does_not_hold_all_memory(void)
{
	struct pdu_scsi_cmd cmd;
	uint32_t first, second;
	struct bench b;
	struct peer *p;

	fill();
	bench_open_with(&b, LEN, LEN);
	p = bench_login(&b, "ImmediateData=Yes\n");
	peer_rw10(&cmd, 0x28, 0, 16);
	cmd.attr = PDU_ATTR_ORDERED;
	first = peer_scsi(p, &cmd, NULL);
	second = peer_write(p, 32, 16, data, 512, true);
	CU_ASSERT_EQUAL(peer_end(p, first, back), SCSI_GOOD);
	CU_ASSERT_EQUAL(peer_end(p, second, data), SCSI_GOOD);
	CU_ASSERT(is_written(&b, 32, LEN));
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "every way of bringing data", every_way_of_bringing_data },
	{ "residuals", residuals },
	{ "rejected, and as if never sent", rejected_and_as_if_never_sent },
	{ "a tag that is taken", a_tag_that_is_taken },
	{ "outside of the window", outside_of_the_window },
	{ "too many immediate commands", too_many_immediate_commands },
	{ "additional header segments", additional_header_segments },
	{ "damaged immediate data", damaged_immediate_data },
	{ "damaged Data-Out", damaged_data_out },
	{ "data for nobody", data_for_nobody },
	{ "data beyond the sequence", data_beyond_the_sequence },
	{ "an early answer waits for the last data", an_early_answer_waits_for_the_last_data },
	{ "nothing to wait for", nothing_to_wait_for },
	{ "an early answer may never come", an_early_answer_may_never_come },
	{ "no memory for unsolicited data", no_memory_for_unsolicited_data },
	{ "a larger buffer in the middle", a_larger_buffer_in_the_middle },
	{ "everybody gets memory in the end", everybody_gets_memory_in_the_end },
	{ "who comes later does not hold all memory", who_comes_later_does_not_hold_all_memory },
};

UNIT_MAIN("iscsi/command", tests)
