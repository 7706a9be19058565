#include "scsi/buffer.h"

#include "rig.h"

static void read_buffer(struct rig *r, int x, struct rig_cmd *c, uint8_t mode, uint16_t alloc)
{
	uint8_t cdb[10] = { 0x3c, mode };

	put_be16(cdb + 7, alloc);
	rig_cmd_init(c, &r->x[x], cdb, 10);
	rig_expect_in(c, alloc);
	rig_do(r, c);
}

static uint32_t write_echo(struct rig *r, int x, const void *data, uint16_t len)
{
	uint8_t cdb[10] = { 0x3b, 0x0a };
	struct rig_cmd c;

	put_be16(cdb + 7, len);
	rig_cmd_init(&c, &r->x[x], cdb, 10);
	rig_expect_out(&c, data, len);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

/* What was written comes back, cut by the allocation length; the medium has no part in it. */
static void the_echo(void)
{
	static uint8_t data[4096];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	memset(data, 0x5a, sizeof(data));
	CU_ASSERT_EQUAL(write_echo(&r, 0, data, 4096), SENSE_NONE);
	read_buffer(&r, 0, &c, 0x0a, 8192);
	CU_ASSERT_EQUAL(c.t.in_len, 4096);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, data, 4096), 0);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(write_echo(&r, 0, "short", 5), SENSE_NONE);
	read_buffer(&r, 0, &c, 0x0a, 4096);
	CU_ASSERT_EQUAL(c.t.in_len, 5);
	scsi_task_fini(&c.t);
	read_buffer(&r, 0, &c, 0x0a, 2);
	CU_ASSERT_EQUAL(c.t.in_len, 2);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "sh", 2), 0);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(write_echo(&r, 0, NULL, 0), SENSE_NONE);
	read_buffer(&r, 0, &c, 0x0a, 16);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.in_len, 0);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	rig_close(&r);
}

/* Nobody reads what another has written, nor what nobody has. */
static void each_his_own(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	read_buffer(&r, 0, &c, 0x0a, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_SEQUENCE);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(write_echo(&r, 0, "mine", 4), SENSE_NONE);
	read_buffer(&r, 1, &c, 0x0a, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_SEQUENCE);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(write_echo(&r, 1, "yours", 5), SENSE_NONE);
	read_buffer(&r, 0, &c, 0x0a, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_ECHO_OVERWRITTEN);
	scsi_task_fini(&c.t);
	scsi_nexus_close(&r.x[1]);
	CU_ASSERT_PTR_NULL(r.lu->echo_owner);
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[1], &r.dev), 0);
	rig_greet(&r, &r.x[1], 0);
	read_buffer(&r, 1, &c, 0x0a, 16);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_SEQUENCE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void descriptors(void)
{
	static const uint8_t want[2][4] = { { 0 }, { 0x01, 0, 0x10, 0 } };
	struct rig_cmd c;
	struct rig r;
	int i;

	rig_start(&r);
	for (i = 0; i < 2; i++) {
		read_buffer(&r, 0, &c, i ? 0x0b : 0x03, 64);
		CU_ASSERT_EQUAL(c.t.in_len, 4);
		CU_ASSERT_EQUAL(memcmp(c.t.buf->data, want[i], 4), 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* Every other mode is refused, firmware's above all; and too much for the buffer. */
static void other_modes(void)
{
	static uint8_t data[4097];
	uint8_t cdb[10] = { 0x3b, 0, [8] = 8 };
	struct rig_cmd c;
	struct rig r;
	uint8_t mode;

	rig_start(&r);
	for (mode = 0; mode < 0x20; mode++) {
		if (mode != 0x0a) {
			cdb[1] = mode;
			rig_out(&r, &c, cdb, 10, data, 8);
			CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
			rig_check_pointer(&c, true, 1, 4);
			scsi_task_fini(&c.t);
		}
		if (mode == 0x03 || mode == 0x0a || mode == 0x0b)
			continue;
		read_buffer(&r, 0, &c, mode, 8);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
		rig_check_pointer(&c, true, 1, 4);
		scsi_task_fini(&c.t);
	}
	CU_ASSERT_EQUAL(write_echo(&r, 0, data, 4097), SENSE_CDB_FIELD);
	cdb[1] = 0x0a;
	rig_out(&r, &c, cdb, 10, data, 7);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LIST_LENGTH);
	scsi_task_fini(&c.t);
	CU_ASSERT_PTR_NULL(r.lu->echo);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "what was written comes back", the_echo },
	{ "nobody reads what another has written", each_his_own },
	{ "descriptors of what is there", descriptors },
	{ "every other mode is refused", other_modes },
};

UNIT_MAIN("scsi/buffer", tests)
