#include "scsi/spc.h"

#include "rig.h"

static void luns(struct rig *r, struct rig_cmd *c, uint8_t select, uint32_t alloc, uint32_t edtl)
{
	uint8_t cdb[12] = { 0xa0, 0, select };

	put_be32(cdb + 6, alloc);
	rig_in(r, c, cdb, 12, edtl);
}

static bool sees_even(const struct scsi_nexus *x, const struct scsi_lu *lu)
{
	(void)x;
	return lu->opt.number % 2 == 0;
}

static void add(struct rig *r, uint32_t number)
{
	struct scsi_lu_options opt = rig_options();

	opt.number = number;
	rig_add_lu(r, &opt);
}

static void report_luns(void)
{
	static const uint8_t all[32] = { 0, 0, 0, 24, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0,
					 0, 1, 0, 0,  0, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0 };
	static const struct {
		const char *what;
		uint8_t select;
		uint32_t alloc, edtl, xfer, in;
	} vectors[] = {
		{ "logical units", 0, 4096, 4096, 32, 32 },
		{ "well known ones: none", 1, 4096, 4096, 8, 8 },
		{ "all", 2, 4096, 4096, 32, 32 },
		{ "room for one", 0, 16, 16, 16, 16 },
		{ "room for half a LUN", 0, 20, 4096, 20, 20 },
		{ "no room", 0, 0, 0, 0, 0 },
		{ "less expected than allowed", 0, 4096, 9, 32, 9 },
		{ "all that can be allowed", 0, UINT32_MAX, UINT32_MAX, 32, 32 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_open(&r);
	add(&r, 256);
	add(&r, 1);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		luns(&r, &c, vectors[i].select, vectors[i].alloc, vectors[i].edtl);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.xfer_len, vectors[i].xfer);
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, vectors[i].in);
		if (vectors[i].select != 1)
			CU_ASSERT_EQUAL(memcmp(c.t.buf->data, all, c.t.in_len), 0);
		scsi_task_fini(&c.t);
	}
	luns(&r, &c, 3, 4096, 4096);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 2, 7);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* What a nexus may not know of is not listed, and not there. */
static void masked(void)
{
	static const uint8_t tur[6];
	struct rig_cmd c;
	struct rig r;

	rig_open(&r);
	add(&r, 1);
	add(&r, 2);
	r.x[0].sees = sees_even;
	luns(&r, &c, 0, 4096, 4096);
	CU_ASSERT_EQUAL(c.t.in_len, 24);
	CU_ASSERT_EQUAL(c.t.buf->data[8 + 1], 0);
	CU_ASSERT_EQUAL(c.t.buf->data[16 + 1], 2);
	scsi_task_fini(&c.t);
	rig_cmd_init(&c, &r.x[0], tur, 6);
	c.t.lun[1] = 1;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_LU);
	scsi_task_fini(&c.t);
	rig_cmd_init(&c, &r.x[1], tur, 6);
	c.t.lun[1] = 1;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_POWER_ON);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* All LUNs there can be, in one list longer than a page. */
static void many_luns(void)
{
	struct rig_cmd c;
	uint32_t number, got;
	struct rig r;

	rig_open(&r);
	for (number = 1; number < 600; number++)
		add(&r, number);
	luns(&r, &c, 0, 1 << 20, 1 << 20);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 8 + 8 * 600);
	for (number = 0; number < 600; number++) {
		CU_ASSERT_EQUAL(scsi_lun_get(c.t.buf->data + 8 + 8 * number, &got), 0);
		CU_ASSERT_EQUAL(got, number);
	}
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void request_sense(void)
{
	static const uint8_t fixed[6] = { 0x03, 0, 0, 0, 252 };
	static const uint8_t desc[6] = { 0x03, 1, 0, 0, 252 };
	static const uint8_t some[6] = { 0x03, 0, 0, 0, 3 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, fixed, 6, 252);
	CU_ASSERT_EQUAL(c.t.in_len, 18);
	CU_ASSERT_EQUAL(c.t.buf->data[0], 0x70);
	CU_ASSERT_EQUAL(c.t.buf->data[2], 0);
	scsi_task_fini(&c.t);
	r.lu->stopped = true;
	rig_in(&r, &c, desc, 6, 252);
	CU_ASSERT_EQUAL(c.t.in_len, 8);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\x72\x02\x04\x02\0\0\0\0", 8), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, some, 6, 252);
	CU_ASSERT_EQUAL(c.t.in_len, 3);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void diagnostics(void)
{
	static const uint8_t self_test[6] = { 0x1d, 0x04 };
	static const uint8_t page[6] = { 0x1d, 0x10, 0, 0, 8 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_none(&r, &c, self_test, 6);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_none(&r, &c, page, 6);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void diagnostic_pages(void)
{
	static const uint8_t list[6] = { 0x1c, 0x01, 0, 0, 255 };
	static const uint8_t other[6] = { 0x1c, 0x01, 0x40, 0, 255 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, list, 6, 255);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 5);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\0\0\0\1\0", 5), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, other, 6, 255);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 2, 7);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void media_serial(void)
{
	static const uint8_t cdb[12] = { 0xab, 0x01, [9] = 255 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	strcpy(opt.serial, "12345");
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_in(&r, &c, cdb, 12, 255);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 12);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data,
			       "\0\0\0\x08"
			       "12345\0\0\0",
			       12),
			0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void supported_tmfs(void)
{
	static const uint8_t brief[12] = { 0xa3, 0x0d, [9] = 255 };
	static const uint8_t extended[12] = { 0xa3, 0x0d, 0x80, [9] = 255 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, brief, 12, 255);
	CU_ASSERT_EQUAL(c.t.in_len, 4);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\xde\x07\0\0", 4), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, extended, 12, 255);
	CU_ASSERT_EQUAL(c.t.in_len, 16);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\xde\x07\0\x0c\0\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "REPORT LUNS lists in order, cut where it must be", report_luns },
	{ "a masked logical unit is not there", masked },
	{ "many LUNs are listed", many_luns },
	{ "REQUEST SENSE tells the state in either format", request_sense },
	{ "the default self-test passes, pages are refused", diagnostics },
	{ "the list of diagnostic pages is the only one", diagnostic_pages },
	{ "the medium has the serial number of its unit", media_serial },
	{ "the supported task management functions are told", supported_tmfs },
};

UNIT_MAIN("scsi/spc", tests)
