#include "scsi/log_sense.h"

#include "rig.h"

#include <errno.h>

static void page(struct rig *r, struct rig_cmd *c, uint8_t byte2, uint8_t subpage, uint8_t first)
{
	uint8_t cdb[10] = { 0x4d, 0, byte2, subpage, 0, 0, first, 1, 0 };

	rig_in(r, c, cdb, 10, 256);
}

static void lists(void)
{
	static const uint8_t list[] = { 0, 0, 0, 5, 0x00, 0x02, 0x03, 0x05, 0x07 };
	static const uint8_t sublist[] = {
		0x40, 0xff, 0, 12, 0, 0, 0, 0xff, 2, 0, 3, 0, 5, 0, 7, 0
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	page(&r, &c, 0x40, 0, 0);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 4 + 5);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, list, 9), 0);
	scsi_task_fini(&c.t);
	page(&r, &c, 0x40, 0xff, 0);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, sizeof(sublist));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, sublist, sizeof(sublist)), 0);
	scsi_task_fini(&c.t);
	for (i = 4; i < sizeof(list); i++) { /* what is listed is there */
		page(&r, &c, 0x40 | list[i], 0, 0);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.t.buf->data[0], list[i]);
		CU_ASSERT_EQUAL(be16(c.t.buf->data + 2), c.t.in_len - 4);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* Bytes moved and requests failed, each kind of access in its page. */
static void counters(void)
{
	static const uint8_t read10[10] = { 0x28, [8] = 3 };
	static const uint8_t write10[10] = { 0x2a, [8] = 2 };
	static const uint8_t verify10[10] = { 0x2f, [8] = 1 };
	static const uint32_t bytes[] = { 1024, 1536, 512 }; /* pages 2, 3, 5 */
	static const uint8_t codes[] = { 0x42, 0x43, 0x45 };
	static uint8_t data[1024];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	r.disk->flushes = true; /* VERIFY begins with that */
	for (i = 0; i < 2; i++) {
		r.disk->error = i ? -EIO : 0;
		rig_in(&r, &c, read10, 10, 1536);
		scsi_task_fini(&c.t);
		rig_out(&r, &c, write10, 10, data, 1024);
		scsi_task_fini(&c.t);
		rig_none(&r, &c, verify10, 10);
		scsi_task_fini(&c.t);
	}
	for (i = 0; i < 3; i++) {
		const uint8_t *p;

		page(&r, &c, codes[i], 0, 0);
		p = c.t.buf->data;
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, 4 + 24);
		CU_ASSERT_EQUAL(be32(p + 4), 0x00052208);
		CU_ASSERT_EQUAL(be64(p + 8), bytes[i]);
		CU_ASSERT_EQUAL(be32(p + 16), 0x00062208);
		CU_ASSERT_EQUAL(be64(p + 20), 1);
		scsi_task_fini(&c.t);
		page(&r, &c, codes[i], 0, 6); /* from a parameter on */
		CU_ASSERT_EQUAL_FATAL(c.t.in_len, 4 + 12);
		CU_ASSERT_EQUAL(be16(c.t.buf->data + 4), 6);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void refused(void)
{
	static const struct {
		const char *what;
		uint8_t byte2, subpage, first;
		uint16_t byte;
		uint8_t bit;
	} vectors[] = {
		{ "thresholds", 0x02, 0, 0, 2, 7 },
		{ "default cumulative values", 0xc2, 0, 0, 2, 7 },
		{ "a page that is not there", 0x4d, 0, 0, 2, 5 },
		{ "a subpage that is not there", 0x42, 1, 0, 3, 7 },
		{ "a parameter beyond the last", 0x42, 0, 7, 5, 7 },
	};
	static const uint8_t save[10] = { 0x4d, 0x01, 0x42, [7] = 1 };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		page(&r, &c, vectors[i].byte2, vectors[i].subpage, vectors[i].first);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
		rig_check_pointer(&c, true, vectors[i].byte, vectors[i].bit);
		scsi_task_fini(&c.t);
	}
	rig_in(&r, &c, save, 10, 256);
	rig_check_pointer(&c, true, 1, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "the pages listed are those that are there", lists },
	{ "bytes and errors are counted by kind of access", counters },
	{ "what is not there is refused with its field", refused },
};

UNIT_MAIN("scsi/log_sense", tests)
