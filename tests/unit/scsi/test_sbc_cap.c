#include "scsi/sbc_cap.h"

#include "rig.h"

static const uint8_t cap10[10] = { 0x25 };
static const uint8_t cap16[16] = { 0x9e, 0x10, [13] = 32 };

static void capacity(void)
{
	static const uint8_t want10[8] = { 0, 0, 0x0f, 0xff, 0, 0, 2, 0 };
	static const uint8_t want16[32] = { 0, 0, 0, 0, 0, 0, 0x0f, 0xff, 0, 0, 2, 0, 0, 3, 0xc0 };
	static const uint8_t thick16[32] = { 0, 0, 0, 0, 0, 0, 0x0f, 0xff, 0, 0, 0x10, 0, 0, 0 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.physical_block_size = 4096;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_in(&r, &c, cap10, 10, 8);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 8);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, want10, 8), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, cap16, 16, 32);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 32);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, want16, 32), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);

	opt.block_size = 4096;
	opt.thin = false;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_in(&r, &c, cap16, 16, 32);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 32);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, thick16, 32), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Where READ CAPACITY(10) has no number any more. */
static void large(void)
{
	static const struct {
		uint64_t blocks;
		uint32_t told;
	} vectors[] = {
		{ 0xffffffff, 0xfffffffe },
		{ 0x100000000, 0xffffffff },
		{ 0x100000001, 0xffffffff },
		{ (uint64_t)1 << 54, 0xffffffff },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		r.lu->blocks = vectors[i].blocks;
		rig_in(&r, &c, cap10, 10, 8);
		CU_ASSERT_EQUAL(be32(c.t.buf->data), vectors[i].told);
		scsi_task_fini(&c.t);
		rig_in(&r, &c, cap16, 16, 32);
		CU_ASSERT_EQUAL(be64(c.t.buf->data), vectors[i].blocks - 1);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void lengths(void)
{
	static const uint8_t none[16] = { 0x9e, 0x10 };
	static const uint8_t odd[16] = { 0x9e, 0x10, [13] = 13 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, none, 16, 32);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, odd, 16, 32);
	CU_ASSERT_EQUAL(c.t.in_len, 13);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, cap10, 10, 3);
	CU_ASSERT_EQUAL(c.t.xfer_len, 8);
	CU_ASSERT_EQUAL(c.t.in_len, 3);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Both lists are empty, in whatever format. */
static void no_defects(void)
{
	static const struct {
		size_t len;
		uint8_t cdb[12];
		uint32_t in; /* 0: INVALID FIELD IN CDB */
		uint8_t byte1;
	} vectors[] = {
		{ 10, { 0x37, 0, 0x1d, [8] = 255 }, 4, 0x1d },
		{ 10, { 0x37, 0, 0x08, [8] = 3 }, 3, 0x08 },
		{ 10, { 0x37, 0, 0x1f, [8] = 255 }, 0, 0 },
		{ 12, { 0xb7, 0x10, [9] = 255 }, 8, 0x10 },
		{ 12, { 0xb7, 0x1b, 0, 0, 0, 9, [9] = 255 }, 8, 0x1b },
		{ 12, { 0xb7, 0x07, [9] = 255 }, 0, 0 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t want[8] = { 0, vectors[i].byte1 };

		rig_in(&r, &c, vectors[i].cdb, vectors[i].len, 255);
		CU_ASSERT_EQUAL(c.t.in_len, vectors[i].in);
		if (!vectors[i].in)
			rig_check_pointer(&c, true, vectors[i].len == 10 ? 2 : 1, 2);
		else if (memcmp(c.t.buf->data, want, vectors[i].in) != 0)
			CU_FAIL("not the header of empty lists");
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "capacity, block sizes and provisioning, byte for byte", capacity },
	{ "a capacity beyond 32 bits is told by the long form", large },
	{ "allocation length 0 and odd", lengths },
	{ "the defect lists are empty, in every format", no_defects },
};

UNIT_MAIN("scsi/sbc_cap", tests)
