#include "scsi/sbc_verify.h"

#include "rig.h"

#include <errno.h>

#define BLOCKS 700 /* more than fits in the work space of a step */

static uint8_t data[BLOCKS * 512];

static void start(struct rig *r)
{
	size_t i;

	rig_start(r);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / 512 + i % 512 * 7);
	memcpy(r->disk->bytes, data, sizeof(data));
}

static void cdb_of(uint8_t cdb[16], uint8_t opcode, uint8_t bytchk, uint32_t lba, uint16_t blocks)
{
	memset(cdb, 0, 16);
	cdb[0] = opcode;
	cdb[1] = (uint8_t)(bytchk << 1);
	if (opcode == 0x8f)
		put_be32(cdb + 6, lba);
	else
		put_be32(cdb + 2, lba);
	put_be16(cdb + (opcode == 0x8f ? 12 : opcode == 0xaf ? 8 : 7), blocks);
}

static void equal_data_verifies(void)
{
	static const uint8_t opcodes[] = { 0x2f, 0xaf, 0x8f };
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i;

	start(&r);
	for (i = 0; i < sizeof(opcodes); i++) {
		cdb_of(cdb, opcodes[i], BYTCHK_ALL, 0, BLOCKS);
		rig_out(&r, &c, cdb, 16, data, sizeof(data));
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, sizeof(data));
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* The offset of the first difference is told, in whichever step it is found. */
static void difference_is_told(void)
{
	static const uint32_t offsets[] = { 0,          511,
					    512,        256 * 1024 - 1,
					    256 * 1024, sizeof(data) - 1 };
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i;

	start(&r);
	cdb_of(cdb, 0x2f, BYTCHK_ALL, 0, BLOCKS);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		r.disk->bytes[offsets[i]] ^= 1;
		rig_out(&r, &c, cdb, 10, data, sizeof(data));
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MISCOMPARE);
		CU_ASSERT_EQUAL(c.t.sense[0], 0xf0);
		CU_ASSERT_EQUAL(be32(c.t.sense + 3), offsets[i]);
		CU_ASSERT_EQUAL(c.t.xfer_len, sizeof(data));
		scsi_task_fini(&c.t);
		r.disk->bytes[offsets[i]] ^= 1;
	}
	rig_close(&r);
}

static void without_bytchk_the_medium_is_read(void)
{
	static uint8_t other[512];
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;

	start(&r);
	cdb_of(cdb, 0x2f, BYTCHK_NONE, 0, BLOCKS);
	r.disk->nsubmits = 0;
	rig_none(&r, &c, cdb, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 3);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH); /* what is only cached */
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_READ);  /* 256 KiB, and the rest */
	scsi_task_fini(&c.t);

	cdb_of(cdb, 0x2f, BYTCHK_NONE, 0, 0); /* nothing to verify, nothing to flush */
	r.disk->nsubmits = 0;
	rig_none(&r, &c, cdb, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	scsi_task_fini(&c.t);

	r.lu->wce = false; /* what was cached before that may be so still */
	cdb_of(cdb, 0x2f, BYTCHK_NONE, 0, 1);
	rig_none(&r, &c, cdb, 10);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_READ);
	scsi_task_fini(&c.t);

	/* Data that comes all the same is not taken. */
	cdb_of(cdb, 0x2f, BYTCHK_NONE, 0, 1);
	rig_out(&r, &c, cdb, 10, other, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, 0);
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);

	r.disk->error = -EIO;
	r.disk->flushes = true;
	rig_none(&r, &c, cdb, 10);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_READ_ERROR);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void one_block_against_all(void)
{
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;

	start(&r);
	memset(r.disk->bytes, 0x5a, sizeof(data));
	memset(data, 0x5a, 512);
	cdb_of(cdb, 0x8f, BYTCHK_ONE, 0, BLOCKS);
	rig_out(&r, &c, cdb, 16, data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, 512);
	scsi_task_fini(&c.t);

	r.disk->bytes[600 * 512 + 77] ^= 1;
	rig_out(&r, &c, cdb, 16, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MISCOMPARE);
	CU_ASSERT_EQUAL(be32(c.t.sense + 3), 77);
	scsi_task_fini(&c.t);

	rig_out(&r, &c, cdb, 16, data, 500); /* half a block says nothing */
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_BAD_UNIT);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void misuse(void)
{
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;

	start(&r);
	cdb_of(cdb, 0x2f, 2, 0, 1);
	rig_out(&r, &c, cdb, 10, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 2);
	scsi_task_fini(&c.t);

	cdb_of(cdb, 0x2f, BYTCHK_ALL, 0, 0);
	rig_none(&r, &c, cdb, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);

	cdb_of(cdb, 0x2f, BYTCHK_ALL, 0, 2); /* what came is compared, the rest is a residual */
	rig_out(&r, &c, cdb, 10, data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, 1024);
	scsi_task_fini(&c.t);

	memset(cdb, 0, 16);
	cdb[0] = 0x8f;
	put_be32(cdb + 10, SCSI_XFER_MAX / 512 + 1);
	rig_none(&r, &c, cdb, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* WRITE AND VERIFY writes through, reads it again, and compares when it is told to. */
static void write_and_verify(void)
{
	static const uint8_t opcodes[] = { 0x2e, 0xae, 0x8e };
	static uint8_t other[BLOCKS * 512];
	struct rig_cmd c;
	struct rig r;
	size_t i, b;

	start(&r);
	for (i = 0; i < sizeof(other); i++)
		other[i] = (uint8_t)(i * 3 + i / 512);
	for (i = 0; i < sizeof(opcodes); i++) {
		for (b = BYTCHK_NONE; b <= BYTCHK_ALL; b++) {
			uint8_t cdb[16] = { opcodes[i], (uint8_t)(b << 1) };

			put_be16(cdb + (i == 0 ? 7 : i == 1 ? 8 : 12), BLOCKS);
			memset(r.disk->bytes, 0, sizeof(other));
			r.disk->nsubmits = 0;
			rig_out(&r, &c, cdb, 16, other, sizeof(other));
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT_EQUAL(memcmp(r.disk->bytes, other, sizeof(other)), 0);
			CU_ASSERT_EQUAL(r.disk->nsubmits, 3);
			CU_ASSERT_EQUAL(r.disk->ops[0], STORE_WRITE);
			CU_ASSERT_EQUAL(r.disk->flags[0], STORE_FUA);
			CU_ASSERT_EQUAL(r.disk->ops[1], STORE_READ);
			scsi_task_fini(&c.t);
		}
	}
	rig_close(&r);
}

/* A medium that loses a bit between writing and reading. */
static void a_lost_bit_is_found(void)
{
	uint8_t cdb[10] = { 0x2e, BYTCHK_ALL << 1, [8] = 2 };
	struct rig_cmd c;
	struct rig r;

	start(&r);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], cdb, 10);
	rig_expect_out(&c, data, 1024);
	rig_submit(&c);
	rig_run(&r);
	rig_release(r.disk, 1);
	r.disk->bytes[700] ^= 4;
	rig_run(&r);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MISCOMPARE);
	CU_ASSERT_EQUAL(be32(c.t.sense + 3), 700);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "equal data verifies, in every CDB length", equal_data_verifies },
	{ "a difference is told with its offset", difference_is_told },
	{ "without BYTCHK it is enough that the medium can be read",
	  without_bytchk_the_medium_is_read },
	{ "one block is compared with each of the range", one_block_against_all },
	{ "a reserved BYTCHK, no blocks, too little data", misuse },
	{ "WRITE AND VERIFY writes through and reads again", write_and_verify },
	{ "WRITE AND VERIFY finds a lost bit", a_lost_bit_is_found },
};

UNIT_MAIN("scsi/sbc_verify", tests)
