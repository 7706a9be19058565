/*
 * Every row of the command table with each of its fields at the edges: what must hold
 * for all commands, whatever they do.
 */
#include "scsi/cmd_table.h"

#include "rig.h"
#include "scsi/cdb.h"

#include <stdio.h>

#define OUT_MAX   (2u << 20)
#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t out[OUT_MAX];

/* Where a form has its fields: first byte and number of bytes. */
static const struct {
	uint8_t lba, lba_len, blocks, blocks_len, alloc, alloc_len;
} forms[CDB_FORMS] = {
	[CDB_RW6] = { 2, 2, 4, 1, 0, 0 },     [CDB_RW10] = { 2, 4, 7, 2, 0, 0 },
	[CDB_RW12] = { 2, 4, 6, 4, 0, 0 },    [CDB_RW16] = { 2, 8, 10, 4, 0, 0 },
	[CDB_CAW16] = { 2, 8, 13, 1, 0, 0 },  [CDB_ATOMIC16] = { 2, 8, 12, 2, 0, 0 },
	[CDB_LBA16] = { 2, 8, 0, 0, 10, 4 },  [CDB_ALLOC6] = { 0, 0, 0, 0, 4, 1 },
	[CDB_ALLOC6W] = { 0, 0, 0, 0, 3, 2 }, [CDB_ALLOC10] = { 0, 0, 0, 0, 7, 2 },
	[CDB_ALLOC12] = { 0, 0, 0, 0, 6, 4 }, [CDB_ALLOC16] = { 0, 0, 0, 0, 10, 4 },
	[CDB_ALLOC24] = { 0, 0, 0, 0, 6, 3 }, [CDB_LIST9] = { 0, 0, 0, 0, 5, 4 },
};

static void put(uint8_t *p, uint8_t len, uint64_t value)
{
	while (len--) {
		p[len] = (uint8_t)value;
		value >>= 8;
	}
}

static void bare(const struct scsi_cmd *row, uint8_t cdb[16])
{
	memset(cdb, 0, 16);
	cdb[0] = row->opcode;
	if (row->sa != NO_SA)
		cdb[1] = (uint8_t)row->sa;
	if (row->opcode == 0x4d)
		cdb[2] = 0x40; /* current cumulative values */
	if (row->opcode == 0x1a || row->opcode == 0x5a)
		cdb[2] = 0x3f;
	if (row->opcode == 0x3b || row->opcode == 0x3c)
		cdb[1] =
			row->opcode == 0x3b ? 0x0a : 0x0b; /* the echo buffer, and its descriptor */
	if (row->opcode == 0x15 || row->opcode == 0x55)
		cdb[1] = 0x10; /* PF */
}

static void start(struct rig *r)
{
	struct scsi_lu_options opt = rig_options();

	opt.removable = true; /* every row is there */
	rig_open_with(r, &opt);
	r->core.state_dir = "/dev/null"; /* no directory: what is to be kept fails */
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

/* What holds at the end of every command; all bytes of the pool's buffers are the tool's to find.
 */
static void check(const struct rig_cmd *c, const struct scsi_cmd *row)
{
	const struct scsi_task *t = &c->t;
	bool is_check = t->status == SCSI_CHECK_CONDITION;
	bool holds = c->done == 1 && is_check == (t->sense_len > 0) && t->in_len <= t->edtl &&
		     t->in_len <= t->xfer_len && t->out_want <= t->edtl &&
		     (!t->in_len || (t->may_read && !is_check && t->in_len <= t->buf->size)) &&
		     (t->may_write || !t->out_want);

	if (!holds)
		printf("\n    %s: status %02x, %u bytes in, %u of %u\n", row->name, t->status,
		       t->in_len, t->xfer_len, t->edtl);
	CU_ASSERT(holds);
}

/* Direction: 0 none, 1 in, 2 out, 3 both. */
static void run(struct rig *r, struct rig_cmd *c, const uint8_t *cdb, int direction, uint32_t edtl)
{
	rig_cmd_init(c, &r->x[0], cdb, 16);
	c->t.may_read = direction & 1;
	c->t.may_write = direction & 2;
	c->t.edtl = direction ? edtl : 0;
	c->out = out;
	c->out_len = OUT_MAX;
	rig_do(r, c);
}

/* Nothing that was moved by one command may bother the next. */
static void calm(struct rig *r)
{
	r->lu->stopped = false;
	r->lu->ejected = false;
}

/* Expected lengths that disagree with the CDB, in each direction. */
static void expected_lengths(void)
{
	static const uint32_t edtls[] = { 0, 1, 7, 511, 512, 513, 1023, 1024, 1025, 4096, OUT_MAX };
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i, e;
	int d;

	start(&r);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *row = &cmd_table[i];

		bare(row, cdb);
		put(cdb + forms[row->form].blocks, forms[row->form].blocks_len, 1);
		put(cdb + forms[row->form].alloc, forms[row->form].alloc_len, 255);
		for (d = 0; d < 4; d++) {
			for (e = 0; e < NELEMS(edtls); e++) {
				run(&r, &c, cdb, d, edtls[e]);
				check(&c, row);
				scsi_task_fini(&c.t);
				calm(&r);
			}
		}
	}
	rig_close(&r);
}

/* Who wants to read what a command takes is told so, before anything moves. */
static void the_other_way_round(void)
{
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i;

	start(&r);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *row = &cmd_table[i];

		if (row->xfer < XFER_OUT_BLOCKS)
			continue;
		bare(row, cdb);
		put(cdb + forms[row->form].blocks, forms[row->form].blocks_len, 1);
		put(cdb + forms[row->form].alloc, forms[row->form].alloc_len, 16);
		if (row->xfer == XFER_OUT_CHECK)
			cdb[1] = 0x02; /* BYTCHK 01b */
		if (row->xfer == XFER_OUT_FORMAT)
			cdb[1] = 0x10; /* FMTDATA */
		r.disk->nsubmits = 0;
		run(&r, &c, cdb, 1, 4096);
		check(&c, row);
		if (rig_sense(&c) != SENSE_BAD_UNIT)
			CU_FAIL(row->name);
		CU_ASSERT_EQUAL(r.disk->nsubmits + (unsigned int)c.got_data, 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* LBA and number of blocks at the ends of the medium and of their fields. */
static void ranges(void)
{
	static const uint64_t lbas[] = { 0,
					 1,
					 RIG_BLOCKS - 1,
					 RIG_BLOCKS,
					 RIG_BLOCKS + 1,
					 UINT32_MAX,
					 (uint64_t)1 << 55,
					 INT64_MAX,
					 UINT64_MAX };
	static const uint32_t counts[] = { 0, 1, 2, 255, 256, 65535, UINT32_MAX };
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i, l, n;

	start(&r);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *row = &cmd_table[i];
		int d = row->xfer >= XFER_OUT_BLOCKS ? 2 : 1;

		if (!(row->flags & F_RANGE))
			continue;
		for (l = 0; l < NELEMS(lbas); l++) {
			for (n = 0; n < NELEMS(counts); n++) {
				struct cdb_fields f;

				bare(row, cdb);
				put(cdb + forms[row->form].lba, forms[row->form].lba_len, lbas[l]);
				put(cdb + forms[row->form].blocks, forms[row->form].blocks_len,
				    counts[n]);
				cdb_get((enum cdb_form)row->form, cdb, &f);
				r.disk->nsubmits = 0;
				run(&r, &c, cdb, d, 512);
				check(&c, row);
				if (f.lba >= RIG_BLOCKS || f.blocks > RIG_BLOCKS - f.lba) {
					CU_ASSERT_EQUAL(rig_sense(&c), SENSE_RANGE);
					CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
				}
				scsi_task_fini(&c.t);
			}
		}
	}
	rig_close(&r);
}

/* Is what the command tells another thing by itself, or the length a question of its own? */
static bool is_steady(const struct scsi_cmd *row)
{
	return row->opcode != 0x03 && !(row->opcode == 0x9e && row->sa == 0x12);
}

/* Does it tell something at any time? Of a copy only when there was one. */
static bool tells(const struct scsi_cmd *row)
{
	return row->xfer == XFER_IN_ALLOC && !(row->opcode == 0x84 && row->sa != 0x03);
}

/* An allocation length is never an error, and cuts what a large one would bring. */
static void allocation_lengths(void)
{
	static const uint32_t lens[] = { 0, 1, 3, 4, 5, 7, 8, 17, 23, 35, 95, 255 };
	static uint8_t full[4096];
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i, l;

	start(&r);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *row = &cmd_table[i];
		uint8_t len = forms[row->form].alloc_len;
		uint32_t have;

		if (!tells(row) || !len)
			continue;
		bare(row, cdb);
		put(cdb + forms[row->form].alloc, len, len > 1 ? 4096 : 255);
		run(&r, &c, cdb, 1, 4096);
		check(&c, row);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		have = c.t.in_len;
		memcpy(full, c.t.buf->data, have);
		scsi_task_fini(&c.t);
		for (l = 0; l < NELEMS(lens); l++) {
			put(cdb + forms[row->form].alloc, len, lens[l]);
			run(&r, &c, cdb, 1, 4096);
			check(&c, row);
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT(c.t.in_len <= lens[l]);
			if (is_steady(row)) {
				CU_ASSERT_EQUAL(c.t.in_len, lens[l] < have ? lens[l] : have);
				CU_ASSERT_EQUAL(memcmp(c.t.buf->data, full, c.t.in_len), 0);
			}
			scsi_task_fini(&c.t);
		}
	}
	rig_close(&r);
}

/* Parameter lists too short for their kind, of all ones, and with lengths that lie. */
static void parameter_lists(void)
{
	static const uint32_t lens[] = {
		0, 1, 3, 4, 5, 7, 8, 9, 12, 23, 24, 25, 28, 40, 255, 65535
	};
	static const uint8_t fills[] = { 0x00, 0xff, 0x01, 0x80, 0x5a };
	struct rig_cmd c;
	uint8_t cdb[16];
	struct rig r;
	size_t i, l, k;

	start(&r);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *row = &cmd_table[i];

		if (row->xfer != XFER_OUT_LIST)
			continue;
		for (k = 0; k < NELEMS(fills); k++) {
			memset(out, fills[k], 65536);
			for (l = 0; l < NELEMS(lens); l++) {
				bare(row, cdb);
				put(cdb + forms[row->form].alloc, forms[row->form].alloc_len,
				    lens[l]);
				run(&r, &c, cdb, 2, lens[l]);
				check(&c, row);
				scsi_task_fini(&c.t);
				run(&r, &c, cdb, 2, lens[l] / 2); /* less comes than it says */
				check(&c, row);
				scsi_task_fini(&c.t);
			}
		}
	}
	memset(out, 0, 65536);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "expected lengths that disagree, in each direction", expected_lengths },
	{ "data the other way round is refused by each that takes some", the_other_way_round },
	{ "ranges at the ends of the medium and of their fields", ranges },
	{ "allocation lengths cut, and are never an error", allocation_lengths },
	{ "parameter lists too short, too long, and lying", parameter_lists },
};

UNIT_MAIN("scsi/cmd_edges", tests)
