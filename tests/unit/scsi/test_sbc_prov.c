#include "scsi/sbc_prov.h"

#include "rig.h"

#include "scsi/limits.h"

#include <errno.h>

struct range {
	uint64_t lba;
	uint32_t blocks;
};

static uint8_t list[8 + 16 * 300];

/* A parameter list; returns its bytes. */
static uint32_t make_list(const struct range *ranges, uint32_t n)
{
	uint32_t i;

	memset(list, 0, sizeof(list));
	put_be16(list, (uint16_t)(6 + 16 * n));
	put_be16(list + 2, (uint16_t)(16 * n));
	for (i = 0; i < n; i++) {
		put_be64(list + 8 + 16 * i, ranges[i].lba);
		put_be32(list + 16 + 16 * i, ranges[i].blocks);
	}
	return 8 + 16 * n;
}

/* UNMAP with that byte 1 and PARAMETER LIST LENGTH, of which edtl bytes come. */
static void unmap_with(struct rig *r, struct rig_cmd *c, uint8_t byte1, uint32_t len, uint32_t edtl)
{
	uint8_t cdb[10] = { 0x42, byte1 };

	put_be16(cdb + 7, (uint16_t)len);
	memset(r->disk->bytes, 'x', RIG_BLOCKS * 512);
	rig_out(r, c, cdb, 10, list, edtl);
}

static void unmap(struct rig *r, struct rig_cmd *c, uint32_t len, uint32_t edtl)
{
	unmap_with(r, c, 0, len, edtl);
}

static bool all(const uint8_t *p, uint8_t value, size_t len)
{
	return p[0] == value && !memcmp(p, p + 1, len - 1);
}

static void unmapped_blocks_are_zero(void)
{
	static const struct range ranges[] = { { 1, 2 }, { 100, 0 }, { RIG_BLOCKS - 1, 1 } };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	len = make_list(ranges, 3);
	r.disk->nsubmits = 0;
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.xfer_len, len);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_DISCARD);
	CU_ASSERT(all(r.disk->bytes, 'x', 512));
	CU_ASSERT(all(r.disk->bytes + 512, 0, 1024));
	CU_ASSERT(all(r.disk->bytes + 1536, 'x', (RIG_BLOCKS - 4) * 512));
	CU_ASSERT(all(r.disk->bytes + (RIG_BLOCKS - 1) * 512, 0, 512));
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Parameter lists whose lengths lie. */
static void lists_that_lie(void)
{
	static const struct {
		const char *what;
		uint32_t list_len, edtl;
		uint16_t data_len, descriptors_len;
		uint32_t sense;
		uint16_t field;
	} vectors[] = {
		{ "no list", 0, 0, 0, 0, SENSE_NONE, 0 },
		{ "a header only", 8, 8, 6, 0, SENSE_NONE, 0 },
		{ "less than a header", 7, 7, 22, 16, SENSE_LIST_LENGTH, 0 },
		{ "less comes than the CDB says", 24, 20, 22, 16, SENSE_LIST_LENGTH, 0 },
		{ "nothing comes", 24, 0, 22, 16, SENSE_LIST_LENGTH, 0 },
		{ "more descriptors than list", 24, 24, 38, 32, SENSE_LIST_LENGTH, 0 },
		{ "all that 16 bits can say", 24, 24, 0xffff, 0xffff, SENSE_LIST_LENGTH, 0 },
		{ "data length too small for them", 24, 24, 21, 16, SENSE_LIST_FIELD, 0 },
		{ "a piece of a descriptor is ignored", 24, 24, 22, 15, SENSE_NONE, 0 },
		{ "more list than descriptors", 40, 40, 38, 16, SENSE_NONE, 0 },
	};
	static const struct range one = { 0, 1 };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		make_list(&one, 1);
		put_be16(list, vectors[i].data_len);
		put_be16(list + 2, vectors[i].descriptors_len);
		unmap(&r, &c, vectors[i].list_len, vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		if (vectors[i].sense == SENSE_LIST_FIELD)
			rig_check_pointer(&c, false, vectors[i].field, 7);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void limits_of_unmap(void)
{
	static struct range many[LIMITS_UNMAP_DESCRIPTORS + 1];
	static const struct range whole[] = { { 0, RIG_BLOCKS }, { 0, 1 } };
	static const struct range behind[] = { { 0, 1 }, { RIG_BLOCKS, 1 } };
	static const struct range wraps[] = { { UINT64_MAX, 1 } };
	static const struct range nothing_behind[] = { { RIG_BLOCKS, 0 } };
	static const struct range nothing_far_behind[] = { { RIG_BLOCKS + 1, 0 } };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	len = make_list(whole, 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);

	len = make_list(whole, 2); /* one block more than the limit, all together */
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LIST_FIELD);
	rig_check_pointer(&c, false, 8 + 16 + 8, 7);
	CU_ASSERT(all(r.disk->bytes, 'x', RIG_BLOCKS * 512));
	scsi_task_fini(&c.t);

	len = make_list(behind, 2);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	CU_ASSERT(all(r.disk->bytes, 'x', RIG_BLOCKS * 512)); /* not even the first */
	scsi_task_fini(&c.t);

	len = make_list(wraps, 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	scsi_task_fini(&c.t);

	len = make_list(nothing_behind, 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	len = make_list(nothing_far_behind, 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
	scsi_task_fini(&c.t);

	len = make_list(many, LIMITS_UNMAP_DESCRIPTORS);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	len = make_list(many, LIMITS_UNMAP_DESCRIPTORS + 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LIST_FIELD);
	rig_check_pointer(&c, false, 2, 7);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void not_thin(void)
{
	static const uint8_t unmap_cdb[10] = { 0x42 };
	static const uint8_t same_unmap[10] = { 0x41, 0x08, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t block[512];
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.thin = false;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_none(&r, &c, unmap_cdb, 10);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_OPCODE);
	scsi_task_fini(&c.t);
	rig_out(&r, &c, same_unmap, 10, block, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 3);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* WRITE SAME: the flags of byte 1, what is written, which requests do it. */
static void write_same_writes_everywhere(void)
{
	static const struct {
		const char *what;
		uint8_t opcode, byte1, fill;
		bool data;
		enum store_op op;
	} vectors[] = {
		{ "a pattern", 0x41, 0x00, 0x5a, true, STORE_WRITE },
		{ "a pattern", 0x93, 0x00, 0x5a, true, STORE_WRITE },
		{ "a pattern is never unmapped", 0x93, 0x08, 0x5a, true, STORE_WRITE },
		{ "zeros", 0x93, 0x00, 0x00, true, STORE_ZERO },
		{ "zeros, unmapped", 0x41, 0x08, 0x00, true, STORE_DISCARD },
		{ "zeros, unmapped", 0x93, 0x08, 0x00, true, STORE_DISCARD },
		{ "no data-out", 0x93, 0x01, 0x00, false, STORE_ZERO },
		{ "no data-out, unmapped", 0x93, 0x09, 0x00, false, STORE_DISCARD },
		{ "zeros, anchored", 0x41, 0x18, 0x00, true, STORE_RESERVE },
		{ "zeros, anchored", 0x93, 0x18, 0x00, true, STORE_RESERVE },
		{ "no data-out, anchored", 0x93, 0x19, 0x00, false, STORE_RESERVE },
		{ "a pattern is never anchored", 0x93, 0x18, 0x5a, true, STORE_WRITE },
	};
	static uint8_t block[512];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_RESERVE;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[16] = { vectors[i].opcode, vectors[i].byte1 };

		cdb[vectors[i].opcode == 0x93 ? 9 : 5] = 1;
		put_be16(cdb + (vectors[i].opcode == 0x93 ? 12 : 7), 1000);
		memset(block, vectors[i].fill, 512);
		memset(r.disk->bytes, 'x', RIG_BLOCKS * 512);
		r.disk->nsubmits = 0;
		if (vectors[i].data)
			rig_out(&r, &c, cdb, 16, block, 512);
		else
			rig_none(&r, &c, cdb, 16);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, vectors[i].data ? 512 : 0);
		CU_ASSERT_EQUAL(r.disk->ops[0], vectors[i].op);
		CU_ASSERT_EQUAL(r.disk->nsubmits, vectors[i].op == STORE_WRITE ? 2 : 1);
		CU_ASSERT(all(r.disk->bytes, 'x', 512));
		CU_ASSERT(all(r.disk->bytes + 512, vectors[i].fill, 1000 * 512));
		CU_ASSERT(all(r.disk->bytes + 1001 * 512, 'x', 512));
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void write_same_misuse(void)
{
	static const struct {
		const char *what;
		uint8_t byte1;
		uint32_t lba, blocks, edtl, sense;
	} vectors[] = {
		{ "no blocks: WSNZ", 0, 0, 0, 512, SENSE_CDB_FIELD },
		{ "no blocks behind the end", 0, RIG_BLOCKS + 1, 0, 512, SENSE_RANGE },
		{ "behind the end", 0, RIG_BLOCKS - 1, 2, 512, SENSE_RANGE },
		{ "half a block", 0, 0, 1, 256, SENSE_BAD_UNIT },
		{ "two blocks of data", 0, 0, 1, 1024, SENSE_BAD_UNIT },
		{ "no data", 0, 0, 1, 0, SENSE_BAD_UNIT },
		{ "ANCHOR without UNMAP", 0x10, 0, 1, 512, SENSE_CDB_FIELD },
	};
	static uint8_t block[1024];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_RESERVE;
	memset(r.disk->bytes, 'x', RIG_BLOCKS * 512);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[16] = { 0x93, vectors[i].byte1 };

		put_be32(cdb + 6, vectors[i].lba);
		put_be32(cdb + 10, vectors[i].blocks);
		rig_out(&r, &c, cdb, 16, block, vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		CU_ASSERT(all(r.disk->bytes, 'x', RIG_BLOCKS * 512));
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* ANCHOR of both commands: where blocks can be anchored, with UNMAP, and to stable storage. */
static void anchors(void)
{
	static const struct range two[] = { { 1, 2 }, { 100, 1 } };
	static const uint8_t same[16] = { 0x93, 0x19, [13] = 8 };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;
	int can;

	for (can = 0; can < 2; can++) {
		rig_start(&r);
		if (can)
			r.disk->store.caps |= STORE_CAN_RESERVE;
		r.lu->wce = false;
		r.disk->nsubmits = 0;
		len = make_list(two, 2);
		unmap_with(&r, &c, 0x01, len, len);
		CU_ASSERT_EQUAL(rig_sense(&c), can ? SENSE_NONE : SENSE_CDB_FIELD);
		if (!can)
			rig_check_pointer(&c, true, 1, 0);
		scsi_task_fini(&c.t);
		rig_none(&r, &c, same, 16);
		CU_ASSERT_EQUAL(rig_sense(&c), can ? SENSE_NONE : SENSE_CDB_FIELD);
		if (!can)
			rig_check_pointer(&c, true, 1, 4);
		scsi_task_fini(&c.t);
		CU_ASSERT_EQUAL(r.disk->nsubmits, can ? 5 : 0);
		if (can) {
			CU_ASSERT(r.disk->ops[0] == STORE_RESERVE &&
				  r.disk->ops[1] == STORE_RESERVE && r.disk->ops[2] == STORE_FLUSH);
			CU_ASSERT(r.disk->ops[3] == STORE_RESERVE && r.disk->ops[4] == STORE_FLUSH);
			CU_ASSERT(all(r.disk->bytes + 512, 0, 1024));
		}
		rig_close(&r);
	}
}

/* A unit that is write protected says that, and not that it knows no ANCHOR. */
static void anchors_of_a_protected_unit(void)
{
	static const uint8_t same[16] = { 0x93, 0x19, [13] = 8 };
	static const struct range one = { 1, 2 };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_RESERVE;
	r.lu->opt.read_only = true;
	rig_none(&r, &c, same, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PROTECTED);
	scsi_task_fini(&c.t);
	len = make_list(&one, 1);
	unmap_with(&r, &c, 0x01, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PROTECTED);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Without space nothing is anchored, and the initiator hears why. */
static void no_space_to_anchor(void)
{
	static const uint8_t same[16] = { 0x93, 0x19, [13] = 8 };
	static const struct range one = { 1, 2 };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_RESERVE;
	r.disk->error = -ENOSPC;
	rig_none(&r, &c, same, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_SPACE);
	scsi_task_fini(&c.t);
	len = make_list(&one, 1);
	unmap_with(&r, &c, 0x01, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_SPACE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* With the cache off, nothing that changes the medium ends before it is on stable storage. */
static void cache_off(void)
{
	static const uint8_t same[16] = { 0x93, 0x09, [13] = 8 };
	static const uint8_t pattern[16] = { 0x93, 0x00, [13] = 8 };
	static const struct range one = { 0, 1 };
	static uint8_t block[512] = { 1 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	opt.write_cache = false;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_none(&r, &c, same, 16);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_DISCARD);
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_FLUSH);
	scsi_task_fini(&c.t);

	len = make_list(&one, 1);
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(r.disk->ops[3], STORE_FLUSH);
	scsi_task_fini(&c.t);

	rig_out(&r, &c, pattern, 16, block, 512);
	CU_ASSERT_EQUAL(r.disk->ops[4], STORE_WRITE);
	CU_ASSERT_EQUAL(r.disk->flags[4], STORE_FUA);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A failure in the middle ends the command, and nothing comes after it. */
static void failure_in_the_middle(void)
{
	static const struct range two[] = { { 0, 1 }, { 2, 1 } };
	struct rig_cmd c;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	len = make_list(two, 2);
	r.disk->error = -ENOSPC;
	r.disk->nsubmits = 0;
	unmap(&r, &c, len, len);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_SPACE);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "unmapped blocks read as zeros, others are untouched", unmapped_blocks_are_zero },
	{ "a parameter list is believed only as far as it came", lists_that_lie },
	{ "UNMAP keeps to the limits of VPD page B0h, all or nothing", limits_of_unmap },
	{ "a unit that is not thin knows no unmapping", not_thin },
	{ "WRITE SAME writes its block everywhere", write_same_writes_everywhere },
	{ "WRITE SAME refuses what it cannot do, and touches nothing", write_same_misuse },
	{ "blocks are anchored where they can be", anchors },
	{ "a write protected unit says so", anchors_of_a_protected_unit },
	{ "without space nothing is anchored", no_space_to_anchor },
	{ "with the cache off all of it is durable before its status", cache_off },
	{ "a failure in the middle is the end", failure_in_the_middle },
};

UNIT_MAIN("scsi/sbc_prov", tests)
