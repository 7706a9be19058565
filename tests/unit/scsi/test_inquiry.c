#include "scsi/inquiry.h"

#include "rig.h"

/* Standard data of the rig's logical unit. */
static const uint8_t standard[96] = {
	0x00, 0x00, 0x06, 0x12, 91,   0x38, 0x10, 0x02, 'I',  'T',  'G', 'T', ' ', ' ',
	' ',  ' ',  'V',  'I',  'R',  'T',  'U',  'A',  'L',  '-',  'D', 'I', 'S', 'K',
	' ',  ' ',  ' ',  ' ',  '0',  '0',  '0',  '1',  0,    0,    0,   0,   0,   0,
	0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,   0,   0,   0,
	0,    0,    0x00, 0xa0, 0x04, 0x60, 0x04, 0xc0, 0x09, 0x60,
};

static void inquire(struct rig *r, struct rig_cmd *c, uint8_t byte1, uint8_t page, uint16_t alloc,
		    uint32_t edtl)
{
	uint8_t cdb[6] = { 0x12, byte1, page };

	put_be16(cdb + 3, alloc);
	rig_in(r, c, cdb, 6, edtl);
}

static void standard_data(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_open(&r);
	inquire(&r, &c, 0, 0, 96, 96);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 96);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, standard, 96), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Every allocation length gives so much of it, and no more. */
static void allocation_lengths(void)
{
	struct rig_cmd c;
	uint16_t alloc;
	struct rig r;

	rig_open(&r);
	for (alloc = 0; alloc < 300; alloc++) {
		uint32_t want = alloc < 96 ? alloc : 96;

		inquire(&r, &c, 0, 0, alloc, alloc);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, want);
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, want);
		CU_ASSERT_EQUAL(memcmp(c.t.buf->data, standard, want), 0);
		scsi_task_fini(&c.t);
	}
	inquire(&r, &c, 0, 0, 0xffff, 36); /* more is allowed than is expected */
	CU_ASSERT_EQUAL(c.t.xfer_len, 96);
	CU_ASSERT_EQUAL(c.t.in_len, 36);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void page_code_needs_evpd(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_open(&r);
	inquire(&r, &c, 0, 0x80, 96, 96);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 2, 7);
	scsi_task_fini(&c.t);
	inquire(&r, &c, 1, 0xc0, 96, 96); /* a page that is not there */
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 2, 7);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void names_are_padded(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.removable = true;
	strcpy(opt.vendor, "ABCDEFGH");
	strcpy(opt.product, "0123456789abcdef");
	rig_open_with(&r, &opt);
	inquire(&r, &c, 0, 0, 96, 96);
	CU_ASSERT_EQUAL(c.t.buf->data[1], 0x80); /* RMB */
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 8, "ABCDEFGH0123456789abcdef0001", 28), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A command to a LUN where there is nothing. */
static void to_nobody(struct rig *r, struct rig_cmd *c, const uint8_t lun[8], const uint8_t *cdb,
		      size_t len)
{
	rig_cmd_init(c, &r->x[0], cdb, len);
	memcpy(c->t.lun, lun, 8);
	rig_expect_in(c, 96);
	rig_do(r, c);
}

/* The commands that are answered all the same, and what they say. */
static void answered_by_nobody(struct rig *r, const uint8_t lun[8])
{
	static const struct {
		const char *what;
		uint8_t cdb[12];
		uint32_t len;
		uint8_t first[20]; /* bytes, as far as they are compared */
		size_t nfirst;
	} vectors[] = {
		{ "INQUIRY", { 0x12, 0, 0, 0, 96 }, 96, { 0x7f, 0x00, 0x06, 0x12 }, 4 },
		{ "its pages", { 0x12, 1, 0, 0, 96 }, 5, { 0x7f, 0, 0, 1, 0 }, 5 },
		{ "REQUEST SENSE",
		  { 0x03, 0, 0, 0, 18 },
		  18,
		  { 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0x00 },
		  18 },
		{ "REPORT LUNS", { 0xa0, [9] = 16 }, 16, { 0, 0, 0, 8 }, 4 },
	};
	struct rig_cmd c;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		to_nobody(r, &c, lun, vectors[i].cdb, 12);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, vectors[i].len);
		CU_ASSERT_EQUAL(memcmp(c.t.buf->data, vectors[i].first, vectors[i].nfirst), 0);
		scsi_task_fini(&c.t);
	}
}

static void no_logical_unit(void)
{
	static const uint8_t luns[][8] = { { 0, 9 }, { 0xc1, 0x01 }, { 0, 0, 0, 1 } };
	static const uint8_t serial[6] = { 0x12, 1, 0x80, 0, 96 };
	static const uint8_t other[][10] = { { 0x00 }, { 0x28, [8] = 1 }, { 0x1a }, { 0xff } };
	struct rig_cmd c;
	struct rig r;
	size_t i, j;

	rig_open(&r);
	for (i = 0; i < sizeof(luns) / sizeof(luns[0]); i++) {
		answered_by_nobody(&r, luns[i]);
		to_nobody(&r, &c, luns[i], serial, 6);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
		scsi_task_fini(&c.t);
		for (j = 0; j < sizeof(other) / sizeof(other[0]); j++) {
			to_nobody(&r, &c, luns[i], other[j], 10);
			CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_LU);
			scsi_task_fini(&c.t);
		}
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "standard data, byte for byte", standard_data },
	{ "each allocation length gives so much of it", allocation_lengths },
	{ "a page code needs EVPD, and a page", page_code_needs_evpd },
	{ "vendor and product fill their fields, RMB tells", names_are_padded },
	{ "where no logical unit is, three commands are answered all the same", no_logical_unit },
};

UNIT_MAIN("scsi/inquiry", tests)
