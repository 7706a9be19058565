/*
 * Data to the initiator (RFC 7143, 11.7): sequences, numbers, status, residual counts.
 * The initiator library holds each Data-In against the rules; here are the sizes.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DISK_BYTES  (1u << 20)  /* of the disk that hold the pattern */
#define DISK_BLOCKS (64u << 11) /* of 64 MiB */
#define SEED        30

static uint8_t want[DISK_BYTES], got[DISK_BYTES]; /* too large for the stack */

/* Write the pattern that the cases read, once and again. */
static void login_with_pattern(struct ini_session *s, const char *keys)
{
	struct ini_task t;

	fixture_login(s, keys);
	fixture_fill(want, sizeof(want), SEED);
	ini_scsi_write(&t, fixture_lun(), 0, DISK_BYTES / FIXTURE_BLOCK, want, sizeof(want));
	CHECK_GOOD(s, &t);
}

static void read_and_compare(struct ini_session *s, uint32_t lba, uint32_t blocks)
{
	uint32_t len = blocks * FIXTURE_BLOCK, most = s->param.own_MaxRecvDataSegmentLength;
	struct ini_task t;

	memset(got, 0xee, sizeof(got));
	ini_scsi_read(&t, fixture_lun(), lba, blocks, got, len);
	CHECK_GOOD(s, &t);
	CHECK_NUM(t.residual_flags, 0);
	CHECK_NUM(t.in_got, len);
	CHECK_THAT(memcmp(got, want + (size_t)lba * FIXTURE_BLOCK, len) == 0,
		   "%u blocks at %u are not what was written", blocks, lba);
	CHECK_THAT(t.ndata_in >= (len + most - 1) / most, "%u Data-In for %u bytes of at most %u",
		   t.ndata_in, len, most);
	CHECK_THAT(t.has_data_in_status || !len, "GOOD came in a PDU of its own");
}

static void sizes_of_pdus_and_sequences(void)
{
	static const char *const keys[] = {
		"",
		"MaxRecvDataSegmentLength=512\nMaxBurstLength=512\n",
		"MaxRecvDataSegmentLength=512\nMaxBurstLength=262144\n",
		"MaxRecvDataSegmentLength=1000\nMaxBurstLength=3000\n",
		"MaxRecvDataSegmentLength=8192\nMaxBurstLength=8192\n",
		"MaxRecvDataSegmentLength=65536\nMaxBurstLength=4096\n",
		"MaxRecvDataSegmentLength=16777215\nMaxBurstLength=16777215\n",
	};
	static const uint32_t blocks[] = { 1, 2, 7, 8, 15, 16, 17, 127, 128, 129, 511, 512, 513 };
	struct ini_session s;
	size_t i, k;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		login_with_pattern(&s, keys[i]);
		for (k = 0; k < sizeof(blocks) / sizeof(blocks[0]); k++)
			read_and_compare(&s, (uint32_t)k, blocks[k]);
		fixture_leave(&s);
	}
}

static void a_large_read(void)
{
	struct ini_session s;

	login_with_pattern(&s, "MaxRecvDataSegmentLength=4096\nMaxBurstLength=16384\n");
	read_and_compare(&s, 0, DISK_BYTES / FIXTURE_BLOCK);
	fixture_leave(&s);
}

/* The initiator expects more or less than the command moves (11.4.5). */
static void residual_counts(void)
{
	static const struct {
		const char *what;
		uint32_t blocks, edtl;
		uint8_t flags;
		uint32_t residual, moved;
	} cases[] = {
		{ "as much", 8, 4096, 0, 0, 4096 },
		{ "one byte less", 8, 4095, PDU_RESID_OVERFLOW, 1, 4095 },
		{ "half", 8, 2048, PDU_RESID_OVERFLOW, 2048, 2048 },
		{ "an odd part", 8, 1001, PDU_RESID_OVERFLOW, 3095, 1001 },
		{ "nothing", 8, 0, PDU_RESID_OVERFLOW, 4096, 0 },
		{ "one byte more", 8, 4097, PDU_RESID_UNDERFLOW, 1, 4096 },
		{ "twice", 8, 8192, PDU_RESID_UNDERFLOW, 4096, 4096 },
		{ "no blocks at all", 0, 512, PDU_RESID_UNDERFLOW, 512, 0 },
		{ "no blocks and nothing", 0, 0, 0, 0, 0 },
	};
	struct ini_session s;
	struct ini_task t;
	size_t i;

	login_with_pattern(&s, "MaxRecvDataSegmentLength=512\nMaxBurstLength=1024\n");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(got, 0xee, sizeof(got));
		ini_scsi_read(&t, fixture_lun(), 0, cases[i].blocks, got, cases[i].edtl);
		CHECK_GOOD(&s, &t);
		CHECK_THAT(t.residual_flags == cases[i].flags && t.residual == cases[i].residual,
			   "%s: flags 0x%02x, residual %u", cases[i].what, t.residual_flags,
			   t.residual);
		CHECK_THAT(t.in_got == cases[i].moved, "%s: %u bytes came", cases[i].what,
			   t.in_got);
		CHECK(memcmp(got, want, t.in_got) == 0);
	}
	fixture_leave(&s);
}

/* A short answer (INQUIRY) leaves a residual, whatever the allocation length was. */
static void a_short_answer(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	ini_scsi_inquiry(&t, fixture_lun(), got, 255);
	CHECK_GOOD(&s, &t);
	CHECK(t.in_got >= 36 && t.in_got < 255);
	CHECK_NUM(t.residual_flags, PDU_RESID_UNDERFLOW);
	ini_scsi_inquiry(&t, fixture_lun(), got, 5);
	CHECK_GOOD(&s, &t);
	CHECK_NUM(t.in_got, 5);
	CHECK_NUM(t.residual_flags, 0);
	fixture_leave(&s);
}

/* A failed read: sense data, and all that was expected is residual. */
static void a_read_that_fails(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	ini_scsi_read(&t, fixture_lun(), DISK_BLOCKS, 1, got, FIXTURE_BLOCK);
	CHECK_SENSE(&s, &t, SENSE_LBA_OUT_OF_RANGE);
	CHECK_NUM(t.in_got, 0);
	CHECK_NUM(t.residual_flags, PDU_RESID_UNDERFLOW);
	CHECK_NUM(t.residual, FIXTURE_BLOCK);
	ini_scsi_read(&t, fixture_lun(), DISK_BLOCKS - 1, 2, got, 2 * FIXTURE_BLOCK);
	CHECK_SENSE(&s, &t, SENSE_LBA_OUT_OF_RANGE);
	fixture_leave(&s);
}

/* Many reads at once: the Data-In of one may stand between those of another, each in its order. */
static void many_reads_at_once(void)
{
	enum { N = 16, BLOCKS = 100 };
	struct ini_session s;
	struct ini_task tasks[N], *t;
	size_t i;

	login_with_pattern(&s, "MaxRecvDataSegmentLength=2048\nMaxBurstLength=8192\n");
	memset(got, 0xee, sizeof(got));
	for (i = 0; i < N; i++) {
		ini_scsi_read(&tasks[i], fixture_lun(), i * BLOCKS, BLOCKS,
			      got + i * BLOCKS * FIXTURE_BLOCK, BLOCKS * FIXTURE_BLOCK);
		CHECK_OK(&s, ini_task_submit(&s, &tasks[i]));
	}
	for (i = 0; i < N; i++) {
		CHECK_OK(&s, ini_task_next(&s, &t, s.timeout_ms));
		CHECK(ini_task_is_good(t));
	}
	CHECK(memcmp(got, want, (size_t)N * BLOCKS * FIXTURE_BLOCK) == 0);
	fixture_leave(&s);
}

static bool is_all(const uint8_t *p, size_t len, uint8_t byte)
{
	return p[0] == byte && memcmp(p, p + 1, len - 1) == 0;
}

/*
 * Reads of which the initiator takes nothing yet, more than sockets hold; then another session
 * writes over what they read. Each read brings what was there when it ran, and no mixture; the
 * first, of which data had come before, what was there before.
 */
static void a_read_is_of_one_moment(void)
{
	enum { N = 32 };
	static uint8_t all[N][DISK_BYTES];
	struct ini_session s, other;
	struct ini_task reads[N], write, *t;
	struct ini_pdu pdu;
	bool is_other;
	size_t i;

	fixture_login(&s, "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
	fixture_login_as(&other, 2, NULL);
	memset(want, 0x11, sizeof(want));
	ini_scsi_write(&write, fixture_lun(), 0, DISK_BYTES / FIXTURE_BLOCK, want, sizeof(want));
	CHECK_GOOD(&other, &write);
	for (i = 0; i < N; i++) {
		ini_scsi_read(&reads[i], fixture_lun(), 0, DISK_BYTES / FIXTURE_BLOCK, all[i],
			      DISK_BYTES);
		CHECK_OK(&s, ini_task_submit(&s, &reads[i]));
	}
	CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
	memset(want, 0x22, sizeof(want));
	ini_scsi_write(&write, fixture_lun(), 0, DISK_BYTES / FIXTURE_BLOCK, want, sizeof(want));
	CHECK_GOOD(&other, &write);
	for (i = 0; i < N; i++) {
		CHECK_OK(&s, ini_task_next(&s, &t, s.timeout_ms));
		CHECK(ini_task_is_good(t));
	}
	CHECK(is_all(all[0], DISK_BYTES, 0x11));
	for (i = 1; i < N; i++)
		CHECK_THAT(is_all(all[i], DISK_BYTES, 0x11) || is_all(all[i], DISK_BYTES, 0x22),
			   "read %zu is of two moments", i);
	fixture_leave(&other);
	fixture_leave(&s);
}

/* 11.3.4: with neither R nor W no length is to be expected; such a command may be rejected. */
static void a_read_without_r(void)
{
	struct pdu_scsi_cmd cmd = { .final = true, .attr = PDU_ATTR_SIMPLE };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	uint32_t itt;

	fixture_login(&s, NULL);
	ini_scsi_read(&t, fixture_lun(), 0, 8, got, 4096);
	memcpy(cmd.cdb, t.cdb, PDU_CDB_LEN);
	memcpy(cmd.lun, t.lun, PDU_LUN_LEN);
	cmd.edtl = 4096;
	pdu_put_scsi_cmd(bhs, &cmd);
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, &itt));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_opcode(pdu.bhs) == PDU_REJECT || pdu_itt(pdu.bhs) == itt);
	CHECK_THAT(pdu_opcode(pdu.bhs) == PDU_SCSI_RSP || pdu_opcode(pdu.bhs) == PDU_REJECT,
		   "opcode 0x%02x comes", pdu_opcode(pdu.bhs));
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "11.7: reads of every size, in PDUs and sequences of every size",
	  sizes_of_pdus_and_sequences },
	{ "11.7: a read of 1 MiB in small sequences", a_large_read },
	{ "11.4.5: more or less is expected than the command reads", residual_counts },
	{ "11.4.5: an answer shorter than expected leaves a residual", a_short_answer },
	{ "11.4.7: a read that fails has sense data and a residual", a_read_that_fails },
	{ "4.2.2.3: many reads at once, each with its own DataSN", many_reads_at_once },
	{ "4.2.2.3: a read shows one moment, whenever its data is taken", a_read_is_of_one_moment },
	{ "11.3.1: a read that the header does not call one gets no data", a_read_without_r },
};

PROTOCOL_MAIN("protocol/data_in", NULL, tests)
