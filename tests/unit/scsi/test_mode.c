#include "scsi/mode.h"

#include "rig.h"

#define CACHING  0x08, 18, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define RECOVERY 0x01, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define CONTROL  0x0a, 10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0
#define CONTROL_EXT                                                                                \
	0x4a, 0x01, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
		0, 0, 0, 0
#define INFORMATIONAL 0x1c, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define BLOCKS_6      0, 0, 0x10, 0x00, 0, 0, 0x02, 0x00

static const struct {
	const char *what;
	size_t cdb_len;
	uint8_t cdb[10];
	uint32_t len;
	uint8_t bytes[120];
} vectors[] = {
	{ "all pages",
	  6,
	  { 0x1a, 0, 0x3f, 0, 255 },
	  12 + 56,
	  { 67, 0, 0x10, 8, BLOCKS_6, RECOVERY, CACHING, CONTROL, INFORMATIONAL } },
	{ "all pages and subpages",
	  6,
	  { 0x1a, 0, 0x3f, 0xff, 255 },
	  12 + 88,
	  { 99, 0, 0x10, 8, BLOCKS_6, RECOVERY, CACHING, CONTROL, CONTROL_EXT, INFORMATIONAL } },
	{ "no block descriptor",
	  6,
	  { 0x1a, 8, 0x08, 0, 255 },
	  4 + 20,
	  { 23, 0, 0x10, 0, CACHING } },
	{ "default values", 6, { 0x1a, 8, 0x8a, 0, 255 }, 4 + 12, { 15, 0, 0x10, 0, CONTROL } },
	{ "changeable values: WCE",
	  6,
	  { 0x1a, 8, 0x48, 0, 255 },
	  4 + 20,
	  { 23, 0, 0x10, 0, 0x08, 18, 0x04 } },
	{ "changeable values: D_SENSE, QERR, UA_INTLCK_CTRL, SWP, TAS",
	  6,
	  { 0x1a, 8, 0x4a, 0, 255 },
	  4 + 12,
	  { 15, 0, 0x10, 0, 0x0a, 10, 0x04, 0x06, 0x38, 0x40 } },
	{ "changeable values: none",
	  6,
	  { 0x1a, 8, 0x5c, 0, 255 },
	  4 + 12,
	  { 15, 0, 0x10, 0, 0x1c, 10 } },
	{ "one page with its subpages",
	  6,
	  { 0x1a, 8, 0x0a, 0xff, 255 },
	  4 + 44,
	  { 47, 0, 0x10, 0, CONTROL, CONTROL_EXT } },
	{ "one subpage", 6, { 0x1a, 8, 0x0a, 1, 255 }, 4 + 32, { 35, 0, 0x10, 0, CONTROL_EXT } },
	{ "ten bytes",
	  10,
	  { 0x5a, 0, 0x1c, 0, 0, 0, 0, 1, 0 },
	  8 + 8 + 12,
	  { 0, 26, 0, 0x10, 0, 0, 0, 8, BLOCKS_6, INFORMATIONAL } },
	{ "ten bytes, long block descriptor",
	  10,
	  { 0x5a, 0x10, 0x1c, 0, 0, 0, 0, 1, 0 },
	  8 + 16 + 12,
	  { 0, 34, 0, 0x10, 1, 0, 0, 16,           0, 0, 0, 0, 0, 0, 0x10, 0, 0,
	    0, 0,  0, 0,    0, 2, 0, INFORMATIONAL } },
	{ "ten bytes, long block descriptor allowed but disabled",
	  10,
	  { 0x5a, 0x18, 0x1c, 0, 0, 0, 0, 1, 0 },
	  8 + 12,
	  { 0, 18, 0, 0x10, 0, 0, 0, 0, INFORMATIONAL } },
};

static void pages(void)
{
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		rig_in(&r, &c, vectors[i].cdb, vectors[i].cdb_len, 256);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, vectors[i].len);
		CU_ASSERT_EQUAL(memcmp(c.t.buf->data, vectors[i].bytes, c.t.in_len), 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void refused(void)
{
	static const struct {
		const char *what;
		uint8_t cdb[6];
		uint32_t sense;
		uint16_t byte;
		uint8_t bit;
	} bad[] = {
		{ "saved values", { 0x1a, 0, 0xff, 0, 255 }, SENSE_NO_SAVING, 0, 0 },
		{ "no such page", { 0x1a, 0, 0x02, 0, 255 }, SENSE_CDB_FIELD, 2, 5 },
		{ "no such page, its subpages",
		  { 0x1a, 0, 0x02, 255, 255 },
		  SENSE_CDB_FIELD,
		  2,
		  5 },
		{ "no such subpage", { 0x1a, 0, 0x08, 1, 255 }, SENSE_CDB_FIELD, 3, 7 },
		{ "no such subpage of all", { 0x1a, 0, 0x3f, 2, 255 }, SENSE_CDB_FIELD, 3, 7 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rig_in(&r, &c, bad[i].cdb, 6, 255);
		CU_ASSERT_EQUAL(rig_sense(&c), bad[i].sense);
		if (bad[i].sense == SENSE_CDB_FIELD)
			rig_check_pointer(&c, true, bad[i].byte, bad[i].bit);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void options_show(void)
{
	static const uint8_t cdb[6] = { 0x1a, 8, 0x3f, 0, 255 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.write_cache = false;
	opt.read_only = true;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	r.lu->d_sense = true;
	r.lu->tas = true;
	rig_in(&r, &c, cdb, 6, 255);
	CU_ASSERT_EQUAL(c.t.buf->data[2], 0x90);      /* WP, DPOFUA */
	CU_ASSERT_EQUAL(c.t.buf->data[16 + 2], 0x00); /* WCE */
	CU_ASSERT_EQUAL(c.t.buf->data[36 + 2], 0x04); /* D_SENSE */
	CU_ASSERT_EQUAL(c.t.buf->data[36 + 5], 0x40); /* TAS */
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void d_sense_is_obeyed(void)
{
	static const uint8_t bad[6] = { 0x12, 0x02 };
	static const uint8_t want[] = { 0x72, 0x05, 0x24, 0, 0,    0, 0, 8,
					0x02, 0x06, 0,    0, 0xc9, 0, 1, 0 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.lu->d_sense = true;
	rig_none(&r, &c, bad, 6);
	CU_ASSERT_EQUAL_FATAL(c.t.sense_len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(c.t.sense, want, sizeof(want)), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "mode pages, byte for byte", pages },
	{ "what is not there is refused with its field", refused },
	{ "write cache, write protection, D_SENSE and TAS show", options_show },
	{ "with D_SENSE set, sense comes in descriptors", d_sense_is_obeyed },
};

UNIT_MAIN("scsi/mode", tests)
