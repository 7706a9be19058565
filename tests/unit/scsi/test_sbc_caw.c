#include "scsi/sbc_caw.h"

#include "rig.h"
#include "scsi/limits.h"

#include <errno.h>

#define MAX_BYTES (LIMITS_CAW_BLOCKS * 4096)

static uint8_t data[2 * MAX_BYTES];

static void caw(struct rig *r, struct rig_cmd *c, uint8_t byte1, uint8_t blocks, uint32_t edtl)
{
	uint8_t cdb[16] = { 0x89, byte1, [9] = 8, [13] = blocks };

	rig_out(r, c, cdb, 16, data, edtl);
}

static void open_with(struct rig *r, uint32_t block_size)
{
	struct scsi_lu_options opt = rig_options();
	size_t i;

	opt.block_size = block_size;
	rig_open_with(r, &opt);
	rig_greet(r, &r->x[0], 0);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i % 251);
}

/* What is as expected is replaced, up to the limit of VPD page B0h, in steps of the work space. */
static void equal_blocks_are_replaced(void)
{
	static const struct {
		uint32_t block_size;
		uint8_t blocks;
	} vectors[] = { { 512, 1 }, { 512, LIMITS_CAW_BLOCKS }, { 4096, LIMITS_CAW_BLOCKS } };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint32_t len = vectors[i].blocks * vectors[i].block_size;
		uint8_t *at;

		open_with(&r, vectors[i].block_size);
		at = r.disk->bytes + (size_t)8 * vectors[i].block_size;
		memcpy(at, data, len);
		caw(&r, &c, 0, vectors[i].blocks, 2 * len);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, 2 * len);
		CU_ASSERT_EQUAL(memcmp(at, data + len, len), 0);
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

/* INFORMATION is the offset in the data-out, in whichever step the difference is found. */
static void a_difference_is_told(void)
{
	static const uint32_t offsets[] = { 0, 4095, 4096, 256 * 1024, MAX_BYTES - 1 };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	open_with(&r, 4096);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint8_t *at = r.disk->bytes + 8 * 4096;

		memcpy(at, data, MAX_BYTES);
		at[offsets[i]] ^= 0x80;
		caw(&r, &c, 0, LIMITS_CAW_BLOCKS, 2 * MAX_BYTES);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MISCOMPARE);
		CU_ASSERT_EQUAL(c.t.sense[0], 0xf0);
		CU_ASSERT_EQUAL(be32(c.t.sense + 3), offsets[i]);
		at[offsets[i]] ^= 0x80;
		CU_ASSERT_EQUAL(memcmp(at, data, MAX_BYTES), 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void caw_misuse(void)
{
	static const struct {
		const char *what;
		uint8_t blocks;
		uint32_t edtl, sense;
	} vectors[] = {
		{ "no blocks", 0, 0, SENSE_NONE },
		{ "no blocks, but data", 0, 512, SENSE_CDB_FIELD },
		{ "one more than the limit", LIMITS_CAW_BLOCKS + 1, 1024, SENSE_CDB_FIELD },
		{ "nothing comes", 1, 0, SENSE_BAD_UNIT },
		{ "nothing to write", 1, 512, SENSE_BAD_UNIT },
		{ "a byte too few", 1, 1023, SENSE_BAD_UNIT },
		{ "a block too much", 1, 1536, SENSE_BAD_UNIT },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	open_with(&r, 512);
	memcpy(r.disk->bytes + 8 * 512, data, 512);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		caw(&r, &c, 0, vectors[i].blocks, vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		if (vectors[i].sense == SENSE_CDB_FIELD)
			rig_check_pointer(&c, true, 13, 7);
		scsi_task_fini(&c.t);
	}
	CU_ASSERT_EQUAL(memcmp(r.disk->bytes + 8 * 512, data, 512), 0);
	r.disk->error = -EIO;
	caw(&r, &c, 0, 1, 1024);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_READ_ERROR);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void orwrite(void)
{
	uint8_t cdb[16] = { 0x8b, 0, [9] = 8 };
	uint32_t blocks = 600; /* more than the work space holds */
	struct rig_cmd c;
	struct rig r;
	uint32_t i;

	open_with(&r, 512);
	put_be32(cdb + 10, blocks);
	for (i = 0; i < blocks * 512; i++)
		r.disk->bytes[8 * 512 + i] = (uint8_t)(i / 512);
	rig_out(&r, &c, cdb, 16, data, blocks * 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	for (i = 0; i < blocks * 512; i++) {
		uint8_t want = (uint8_t)(i / 512) | data[i];

		if (r.disk->bytes[8 * 512 + i] != want)
			break;
	}
	CU_ASSERT_EQUAL(i, blocks * 512);
	scsi_task_fini(&c.t);

	memset(r.disk->bytes, 0, 16 * 512); /* what comes is written, the rest is a residual */
	put_be32(cdb + 10, 2);
	rig_out(&r, &c, cdb, 16, data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, 1024);
	CU_ASSERT_EQUAL(memcmp(r.disk->bytes + 8 * 512, data, 512), 0);
	CU_ASSERT_EQUAL(r.disk->bytes[9 * 512 + 1], 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* FUA, and a cache that is off, force the write through. */
static void forced(void)
{
	static const struct {
		bool write_cache;
		uint8_t byte1;
		uint32_t flags;
	} vectors[] = { { true, 0, 0 }, { true, 0x18, STORE_FUA }, { false, 0, STORE_FUA } };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		open_with(&r, 512);
		r.lu->wce = vectors[i].write_cache;
		memcpy(r.disk->bytes + 8 * 512, data, 512);
		caw(&r, &c, vectors[i].byte1, 1, 1024);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(r.disk->ops[1], STORE_WRITE);
		CU_ASSERT_EQUAL(r.disk->flags[1], vectors[i].flags);
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

static const struct unit_test tests[] = {
	{ "COMPARE AND WRITE replaces what is as expected", equal_blocks_are_replaced },
	{ "it tells where the first difference is, and writes nothing", a_difference_is_told },
	{ "it takes exactly the data it needs, and no more blocks than its limit", caw_misuse },
	{ "ORWRITE adds bits, in steps", orwrite },
	{ "both force writes through where they must", forced },
};

UNIT_MAIN("scsi/sbc_caw", tests)
