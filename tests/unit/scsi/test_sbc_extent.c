#include "scsi/sbc_extent.h"

#include "rig.h"

#include <errno.h>

/* Every second run of eight blocks is a hole; told in runs, or block by block. */
static uint32_t run_blocks;
static uint64_t reserved_from; /* the LBA from which on holes are reserved space */

static void extents(struct store_io *io)
{
	uint64_t block = io->offset / 512;
	uint64_t left = 8 - block % 8;

	if (io->op != STORE_EXTENT) {
		rig_store_submit(io);
		return;
	}
	io->mapped = block / 8 % 2 == 0;
	io->reserved = !io->mapped && block >= reserved_from;
	io->extent_len = (left < run_blocks ? left : run_blocks) * 512;
	if (io->extent_len > io->len)
		io->extent_len = io->len;
	env_finish(io, ((struct rig_store *)io->store)->error);
}

static const struct store_ops extent_ops = {
	.name = "extents",
	.submit = extents,
	.close = rig_store_close,
};

static void start(struct rig *r)
{
	rig_start(r);
	r->disk->store.ops = &extent_ops;
	r->disk->store.caps |= STORE_CAN_EXTENT;
	run_blocks = 8;
	reserved_from = UINT64_MAX;
}

static void status(struct rig *r, struct rig_cmd *c, uint64_t lba, uint32_t alloc)
{
	uint8_t cdb[16] = { 0x9e, 0x12 };

	put_be64(cdb + 2, lba);
	put_be32(cdb + 10, alloc);
	rig_in(r, c, cdb, 16, alloc);
}

static void check_descriptor(const struct rig_cmd *c, uint32_t i, uint64_t lba, uint32_t blocks,
			     uint8_t is)
{
	const uint8_t *d = c->t.buf->data + 8 + (size_t)16 * i;

	CU_ASSERT_EQUAL(be64(d), lba);
	CU_ASSERT_EQUAL(be32(d + 8), blocks);
	CU_ASSERT_EQUAL(d[12], is);
	CU_ASSERT_EQUAL(be24(d + 13), 0);
}

static void runs_are_told(void)
{
	struct rig_cmd c;
	struct rig r;

	start(&r);
	for (run_blocks = 8; run_blocks; run_blocks /= 2) { /* however the store cuts them */
		status(&r, &c, 3, 8 + 3 * 16);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, 8 + 3 * 16);
		CU_ASSERT_EQUAL(be32(c.t.buf->data), 4 + 3 * 16);
		check_descriptor(&c, 0, 3, 5, 0);
		check_descriptor(&c, 1, 8, 8, 1);
		check_descriptor(&c, 2, 16, 8, 0);
		scsi_task_fini(&c.t);
	}
	run_blocks = 8;
	status(&r, &c, RIG_BLOCKS - 3, 4096);
	CU_ASSERT_EQUAL(c.t.in_len, 24);
	check_descriptor(&c, 0, RIG_BLOCKS - 3, 3, 1);
	scsi_task_fini(&c.t);
	status(&r, &c, 0, 65536); /* more than one command tells */
	CU_ASSERT_EQUAL(c.t.in_len, 8 + 16 * 128);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Reserved space is told from none, also where the one follows the other. */
static void anchored_is_told(void)
{
	struct rig_cmd c;
	struct rig r;

	start(&r);
	run_blocks = 4;
	reserved_from = 28;
	status(&r, &c, 0, 8 + 5 * 16);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 8 + 5 * 16);
	check_descriptor(&c, 0, 0, 8, 0);
	check_descriptor(&c, 1, 8, 8, 1);
	check_descriptor(&c, 2, 16, 8, 0);
	check_descriptor(&c, 3, 24, 4, 1);
	check_descriptor(&c, 4, 28, 4, 2);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Why no more is told: the allocation length, the end of the medium, or neither of them. */
static void conditions(void)
{
	static const struct {
		uint64_t lba;
		uint32_t alloc;
		uint8_t condition;
		const char *what;
	} vectors[] = {
		{ 0, 24, 1, "one of many" },
		{ 0, 39, 1, "there is no room for a second" },
		{ 0, 8, 1, "there is no room for the first" },
		{ RIG_BLOCKS - 8, 8, 1, "nor for the last" },
		{ RIG_BLOCKS - 8, 24, 3, "the last, which fills it" },
		{ RIG_BLOCKS - 8, 4096, 3, "the last" },
		{ RIG_BLOCKS - 16, 40, 3, "the last two" },
		{ RIG_BLOCKS - 16, 24, 1, "the last but one" },
		{ 0, 8 + 16 * 128, 1, "as many as one command tells" },
		{ 0, 8 + 16 * 129, 0, "more than one command tells" },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		status(&r, &c, vectors[i].lba, vectors[i].alloc);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		if (c.t.buf->data[7] != vectors[i].condition << 1)
			printf("\n    %s: %02x\n", vectors[i].what, c.t.buf->data[7]);
		CU_ASSERT_EQUAL(c.t.buf->data[7], vectors[i].condition << 1);
		CU_ASSERT_EQUAL(be24(c.t.buf->data + 4), 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void lengths(void)
{
	static const struct {
		uint32_t alloc, in;
	} vectors[] = { { 0, 0 }, { 7, 7 }, { 8, 8 }, { 23, 23 }, { 24, 24 }, { 39, 24 } };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		status(&r, &c, 0, vectors[i].alloc);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.in_len, vectors[i].in);
		if (vectors[i].in >= 4)
			CU_ASSERT_EQUAL(be32(c.t.buf->data),
					20); /* one descriptor, whoever sees it */
		scsi_task_fini(&c.t);
	}
	status(&r, &c, RIG_BLOCKS, 24);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A medium that is not thin has no holes to tell of; a store that does not know has none. */
static void all_mapped(void)
{
	struct rig_cmd c;
	struct rig r;

	start(&r);
	r.lu->opt.thin = false;
	status(&r, &c, 0, 24);
	check_descriptor(&c, 0, 0, RIG_BLOCKS, 0);
	scsi_task_fini(&c.t);
	r.lu->opt.thin = true;
	r.disk->store.caps &= ~(uint32_t)STORE_CAN_EXTENT;
	status(&r, &c, 0, 24);
	check_descriptor(&c, 0, 0, RIG_BLOCKS, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* To ask where data is is no write, and fails as a read does. */
static void a_look_fails(void)
{
	struct rig_cmd c;
	struct rig r;

	start(&r);
	r.disk->error = -EIO;
	status(&r, &c, 0, 24);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_READ_ERROR);
	scsi_task_fini(&c.t);
	r.disk->error = 0;
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "runs of mapped and deallocated blocks are told from the first LBA on", runs_are_told },
	{ "anchored blocks are told from deallocated ones", anchored_is_told },
	{ "the completion condition says why no more is told", conditions },
	{ "the allocation length cuts the list, the LBA must be there", lengths },
	{ "without thin provisioning or knowledge all is mapped", all_mapped },
	{ "a look that fails is a read that fails", a_look_fails },
};

UNIT_MAIN("scsi/sbc_extent", tests)
