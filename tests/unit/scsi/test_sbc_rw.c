#include "scsi/sbc_rw.h"

#include "rig.h"

#include <errno.h>

static const uint8_t read10_one[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };
static const uint8_t read10_two[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 2 };
static const uint8_t write10_one[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 };
static const uint8_t write10_two[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 2 };

/* The same command in its four lengths, LBA 5, two blocks. */
static const struct {
	size_t len;
	uint8_t read[16], write[16];
} forms[] = {
	{ 6, { 0x08, 0, 0, 5, 2 }, { 0x0a, 0, 0, 5, 2 } },
	{ 10, { 0x28, 0, 0, 0, 0, 5, 0, 0, 2 }, { 0x2a, 0, 0, 0, 0, 5, 0, 0, 2 } },
	{ 12, { 0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 2 }, { 0xaa, 0, 0, 0, 0, 5, 0, 0, 0, 2 } },
	{ 16,
	  { 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2 },
	  { 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2 } },
};

static void what_is_written_is_read(void)
{
	static const uint32_t sizes[] = { 512, 4096 };
	static uint8_t data[2 * 4096];
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	size_t s, i;

	for (s = 0; s < 2; s++) {
		uint32_t len = 2 * sizes[s];

		opt.block_size = sizes[s];
		rig_open_with(&r, &opt);
		rig_greet(&r, &r.x[0], 0);
		for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			memset(data, (int)(0x40 + i), len);
			rig_out(&r, &c, forms[i].write, forms[i].len, data, len);
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT_EQUAL(c.t.xfer_len, len);
			scsi_task_fini(&c.t);
			CU_ASSERT_EQUAL(memcmp(r.disk->bytes + 5 * sizes[s], data, len), 0);

			rig_in(&r, &c, forms[i].read, forms[i].len, len);
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT_EQUAL(c.t.xfer_len, len);
			CU_ASSERT_EQUAL_FATAL(c.t.in_len, len);
			CU_ASSERT_EQUAL(memcmp(c.t.buf->data, data, len), 0);
			scsi_task_fini(&c.t);
		}
		rig_close(&r);
	}
}

static void six_byte_zero_is_256(void)
{
	static const uint8_t cdb[6] = { 0x08, 0, 0, 0, 0 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, cdb, 6, 256 * 512);
	CU_ASSERT_EQUAL(c.t.in_len, 256 * 512);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Expected length against the CDB's: what is moved, what is told (RFC 7143's residuals). */
static void residuals_of_reads(void)
{
	static const struct {
		const uint8_t *cdb;
		uint32_t edtl, xfer, in;
		unsigned int submits;
	} vectors[] = {
		{ read10_one, 0, 512, 0, 0 },      { read10_one, 10000, 512, 512, 1 },
		{ read10_one, 200, 512, 200, 1 },  { read10_two, 512, 1024, 512, 1 },
		{ read10_two, 513, 1024, 513, 1 }, { read10_two, UINT32_MAX, 1024, 1024, 1 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		r.disk->nsubmits = 0;
		rig_in(&r, &c, vectors[i].cdb, 10, vectors[i].edtl);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, vectors[i].xfer);
		CU_ASSERT_EQUAL(c.t.in_len, vectors[i].in);
		CU_ASSERT_EQUAL(r.disk->nsubmits, vectors[i].submits);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void residuals_of_writes(void)
{
	static const struct {
		const char *what;
		const uint8_t *cdb;
		uint32_t edtl, xfer, moved, sense;
	} vectors[] = {
		{ "nothing comes", write10_one, 0, 512, 0, 0 },
		{ "more comes than is taken", write10_one, 10000, 512, 512, 0 },
		{ "a piece of a block", write10_one, 200, 512, 0, SENSE_BAD_UNIT },
		{ "one block of two", write10_two, 512, 1024, 512, 0 },
		{ "a block and a half", write10_two, 768, 1024, 0, SENSE_BAD_UNIT },
	};
	static uint8_t data[10000];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	memset(data, 'b', sizeof(data));
	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		memset(r.disk->bytes, 'a', 2048);
		rig_out(&r, &c, vectors[i].cdb, 10, data, vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		CU_ASSERT_EQUAL(c.t.xfer_len, vectors[i].xfer);
		CU_ASSERT_EQUAL(memcmp(r.disk->bytes, data, vectors[i].moved), 0);
		CU_ASSERT_EQUAL(r.disk->bytes[vectors[i].moved], 'a');
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* A READ with data-out only, a WRITE with room for data-in only: no harm. */
static void the_wrong_direction(void)
{
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	memset(r.disk->bytes, 'a', 512);
	rig_out(&r, &c, read10_one, 10, data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.in_len, 0);
	CU_ASSERT_EQUAL(c.t.xfer_len, 0); /* of the 512 bytes of data-out none was taken */
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);

	rig_in(&r, &c, write10_one, 10, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_BAD_UNIT);
	CU_ASSERT_EQUAL(c.t.in_len, 0);
	CU_ASSERT_EQUAL(c.got_data, 0);
	CU_ASSERT_EQUAL(r.disk->bytes[0], 'a');
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void ranges(void)
{
	static const struct {
		const char *what;
		uint64_t lba;
		uint32_t blocks;
		uint32_t sense;
	} vectors[] = {
		{ "the last block", RIG_BLOCKS - 1, 1, SENSE_NONE },
		{ "one behind it", RIG_BLOCKS - 1, 2, SENSE_RANGE },
		{ "begins behind it", RIG_BLOCKS, 1, SENSE_RANGE },
		{ "no blocks, on the medium", 7, 0, SENSE_NONE },
		{ "no blocks, behind it", RIG_BLOCKS + 1, 0, SENSE_RANGE },
		{ "wraps", UINT64_MAX, 1, SENSE_RANGE },
		{ "wraps", UINT64_MAX - 1, 4, SENSE_RANGE },
		{ "the sign bit", (uint64_t)1 << 63, 1, SENSE_RANGE },
		{ "a shift would lose it", (uint64_t)1 << 55, 1, SENSE_RANGE },
		{ "all there can be", 0, UINT32_MAX, SENSE_RANGE },
	};
	static const uint8_t opcodes[] = { 0x88, 0x8a, 0x8f, 0x91 };
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;
	size_t i, o;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		for (o = 0; o < sizeof(opcodes); o++) {
			uint8_t cdb[16] = { opcodes[o] };

			put_be64(cdb + 2, vectors[i].lba);
			put_be32(cdb + 10, vectors[i].blocks);
			if (opcodes[o] == 0x8a)
				rig_out(&r, &c, cdb, 16, data, 512);
			else
				rig_in(&r, &c, cdb, 16, 512);
			CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
			scsi_task_fini(&c.t);
		}
	}
	rig_close(&r);
}

static void too_much_for_one_command(void)
{
	struct scsi_lu_options opt = rig_options();
	static uint8_t data[512];
	uint8_t cdb[16] = { 0x88 };
	struct rig_cmd c;
	struct rig r;

	opt.block_size = 4096; /* the medium has 16 MiB */
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	put_be32(cdb + 10, SCSI_XFER_MAX / 4096);
	rig_in(&r, &c, cdb, 16, SCSI_XFER_MAX);
	CU_ASSERT_EQUAL(c.t.in_len, SCSI_XFER_MAX);
	scsi_task_fini(&c.t);

	put_be32(cdb + 10, SCSI_XFER_MAX / 4096 + 1);
	rig_in(&r, &c, cdb, 16, 4096);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 10, 7);
	scsi_task_fini(&c.t);

	cdb[0] = 0x8a;
	rig_out(&r, &c, cdb, 16, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Which writes must be on stable storage before their status. */
static void forced_writes(void)
{
	static const struct {
		bool write_cache;
		uint8_t byte1;
		uint32_t flags;
	} vectors[] = {
		{ true, 0x00, 0 },          { true, 0x08, STORE_FUA },  { true, 0x10, 0 },
		{ false, 0x00, STORE_FUA }, { false, 0x08, STORE_FUA },
	};
	struct scsi_lu_options opt = rig_options();
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[10] = { 0x2a, vectors[i].byte1, 0, 0, 0, 0, 0, 0, 1 };
		static const uint8_t six[6] = { 0x0a, 0x08, 0, 0, 1 }; /* LBA 80000h */

		opt.write_cache = vectors[i].write_cache;
		rig_open_with(&r, &opt);
		rig_greet(&r, &r.x[0], 0);
		rig_out(&r, &c, cdb, 10, data, 512);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(r.disk->flags[0], vectors[i].flags);
		scsi_task_fini(&c.t);
		rig_out(&r, &c, six, 6, data, 512);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE); /* it is no FUA bit there */
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

/* Which reads wait until what is in a cache is on the medium. */
static void forced_reads(void)
{
	static const struct {
		bool write_cache;
		uint8_t byte1;
		bool flushes;
	} vectors[] = {
		{ true, 0x00, false }, { true, 0x08, true },  { true, 0x10, false },
		{ true, 0x18, true },  { false, 0x08, true },
	};
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[10] = { 0x28, vectors[i].byte1, 0, 0, 0, 0, 0, 0, 1 };
		static const uint8_t six[6] = { 0x08, 0x08, 0, 0, 1 }; /* LBA 80000h */
		size_t n = vectors[i].flushes;

		opt.write_cache = vectors[i].write_cache;
		rig_open_with(&r, &opt);
		rig_greet(&r, &r.x[0], 0);
		rig_in(&r, &c, cdb, 10, 512);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.in_len, 512);
		CU_ASSERT_EQUAL(r.disk->nsubmits, n + 1);
		CU_ASSERT_EQUAL(r.disk->ops[0], n ? STORE_FLUSH : STORE_READ);
		CU_ASSERT_EQUAL(r.disk->ops[n], STORE_READ);
		scsi_task_fini(&c.t);
		rig_in(&r, &c, six, 6, 512);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE); /* it is no FUA bit there */
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

/* What cannot be written is not read either: the medium does not have it. */
static void a_forced_read_that_cannot_flush(void)
{
	static const uint8_t cdb[16] = { 0x88, 0x08, [13] = 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->error = -EIO;
	rig_in(&r, &c, cdb, 16, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_WRITE_ERROR);
	CU_ASSERT_EQUAL(c.t.in_len, 0);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void write_protected(void)
{
	static const uint8_t same_unmap[10] = { 0x41, 0x08, 0, 0, 0, 0, 0, 0, 1 };
	struct scsi_lu_options opt = rig_options();
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;

	opt.read_only = true;
	opt.thin = false; /* a store that may not be written cannot discard either */
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_out(&r, &c, write10_one, 10, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PROTECTED);
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);
	rig_out(&r, &c, same_unmap, 10, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PROTECTED);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, read10_one, 10, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void sync_flushes(void)
{
	static const uint8_t sync10[10] = { 0x35 };
	static const uint8_t sync16[16] = { 0x91 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], sync10, 10);
	rig_submit(&c);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 0); /* not before the store says so */
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	r.disk->hold = false;
	rig_none(&r, &c, sync16, 16);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* IMMED: three commands end at once; two flushes are made, one after the other. */
static void sync_goes_on_behind(void)
{
	static const uint8_t sync10[10] = { 0x35, 0x02 };
	struct rig_cmd c;
	struct rig r;
	int i;

	rig_start(&r);
	r.disk->hold = true;
	for (i = 0; i < 3; i++) {
		rig_none(&r, &c, sync10, 10);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		scsi_task_fini(&c.t);
	}
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	CU_ASSERT_FALSE(scsi_device_is_idle(&r.dev));
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	r.disk->error = -EIO;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	CU_ASSERT(scsi_device_is_idle(&r.dev));

	r.disk->hold = false;
	r.disk->error = 0;
	rig_in(&r, &c, read10_one, 10, 512); /* the failure is told as a deferred error */
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_WRITE_ERROR);
	CU_ASSERT_EQUAL(c.t.sense[0], 0x71);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, read10_one, 10, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* One physical block, aligned, and nothing else. */
static void atomic_writes(void)
{
	static const struct {
		uint64_t lba;
		uint16_t blocks;
		uint16_t byte; /* of the field that is told; 0: GOOD */
	} vectors[] = { { 0, 8, 0 },  { 8, 8, 0 }, { 8, 16, 12 },
			{ 8, 4, 12 }, { 4, 8, 2 }, { 4, 0, 0 } };
	struct scsi_lu_options opt = rig_options();
	static uint8_t data[16 * 512];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	opt.physical_block_size = 4096;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	memset(data, 'x', sizeof(data));
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[16] = { 0x9c, 0x08 };

		put_be64(cdb + 2, vectors[i].lba);
		put_be16(cdb + 12, vectors[i].blocks);
		r.disk->nsubmits = 0;
		rig_out(&r, &c, cdb, 16, data, vectors[i].blocks * 512u);
		if (vectors[i].byte) {
			CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
			rig_check_pointer(&c, true, vectors[i].byte, 7);
		} else {
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		}
		CU_ASSERT_EQUAL(r.disk->nsubmits, !vectors[i].byte && vectors[i].blocks);
		scsi_task_fini(&c.t);
	}
	CU_ASSERT_EQUAL(memcmp(r.disk->bytes, data, sizeof(data)), 0);
	rig_close(&r);
}

static void prefetch(void)
{
	static const uint8_t ten[10] = { 0x34, 0x02, 0, 0, 0, 5, 0x1f, 0, 8 };
	static const uint8_t beyond[16] = { 0x90, 0, [7] = 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_none(&r, &c, ten, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	scsi_task_fini(&c.t);
	rig_none(&r, &c, beyond, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "what is written is read, in every CDB length and block size", what_is_written_is_read },
	{ "a six byte CDB with length 0 moves 256 blocks", six_byte_zero_is_256 },
	{ "a read moves what is expected and tells what there is", residuals_of_reads },
	{ "a write moves whole blocks of what comes, or nothing", residuals_of_writes },
	{ "an expectation in the other direction does no harm", the_wrong_direction },
	{ "a range must be on the medium, however large its numbers", ranges },
	{ "a command moves 8 MiB at most", too_much_for_one_command },
	{ "FUA and a cache that is off force writes through", forced_writes },
	{ "a write protected unit is not written, and asks for no data", write_protected },
	{ "FUA makes a read wait for the cache", forced_reads },
	{ "which must be written first, or there is nothing to read",
	  a_forced_read_that_cannot_flush },
	{ "SYNCHRONIZE CACHE ends after the flush", sync_flushes },
	{ "with IMMED it ends before, and a failure is told later", sync_goes_on_behind },
	{ "an atomic write is one aligned physical block", atomic_writes },
	{ "PRE-FETCH checks its range and promises nothing", prefetch },
};

UNIT_MAIN("scsi/sbc_rw", tests)
