#include "scsi/receive_copy.h"

#include "xcopy_rig.h"

#include "scsi/itl.h"

#include <errno.h>

static void operating_parameters(void)
{
	static const uint8_t cdb[16] = { 0x84, 0x03, [13] = 255 };
	const uint8_t *p;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, cdb, 16, 255);
	p = c.t.buf->data;
	CU_ASSERT_EQUAL(c.t.in_len, 46);
	CU_ASSERT_EQUAL(be32(p), 42);
	CU_ASSERT_EQUAL(p[4], 1); /* SNLID */
	CU_ASSERT(be16(p + 8) == XCOPY_CSCDS && be16(p + 10) == XCOPY_SEGMENTS);
	CU_ASSERT_EQUAL(be32(p + 12), XCOPY_DESCRIPTOR_MAX);
	CU_ASSERT_EQUAL(be32(p + 16), 65535u * 4096);
	CU_ASSERT(be16(p + 34) == 64 && p[36] == 64 && p[37] == 9);
	CU_ASSERT(p[43] == 2 && p[44] == 0x02 && p[45] == 0xe4);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A copy inside LUN 0 with that identifier. */
static void copy(struct rig *r, uint8_t id, uint64_t to)
{
	struct rig_cmd c;
	struct xlist l;

	xlist_init(&l, id, XLIST_HELD);
	xlist_cscd(&l, r->lu);
	xlist_segment(&l, 0, 0, 0, to, 8);
	xlist_do(r, &c, &l);
	scsi_task_fini(&c.t);
}

static uint32_t receive_sense(struct rig *r, uint8_t sa, uint8_t id)
{
	struct rig_cmd c;
	uint32_t code;

	xlist_receive(r, &c, sa, id);
	code = rig_sense(&c);
	if (code)
		rig_check_pointer(&c, true, 2, 7);
	scsi_task_fini(&c.t);
	return code;
}

/* A copy that went well is told once, and has no details of a failure. */
static void one_that_went_well(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x00, 7), SENSE_CDB_FIELD);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x01, 7), SENSE_CDB_FIELD);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x04, 7), SENSE_CDB_FIELD);
	copy(&r, 7, 8);
	xlist_receive(&r, &c, 0x01, 7);
	CU_ASSERT(c.t.in_len == 4 && be32(c.t.buf->data) == 0);
	scsi_task_fini(&c.t);
	xlist_receive(&r, &c, 0x04, 7);
	CU_ASSERT(c.t.in_len == 4 && be32(c.t.buf->data) == 0);
	scsi_task_fini(&c.t);
	xlist_receive(&r, &c, 0x00, 7);
	CU_ASSERT_EQUAL(c.t.in_len, 12);
	CU_ASSERT(be32(c.t.buf->data) == 8 && c.t.buf->data[4] == 1);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x00, 7), SENSE_CDB_FIELD);
	rig_close(&r);
}

/* One that failed keeps its status and sense until they are asked for. */
static void one_that_failed(void)
{
	const uint8_t *p;
	struct rig_cmd c;
	struct rig r;
	int i;

	rig_start(&r);
	r.disk->error = -EIO;
	copy(&r, 7, 8);
	r.disk->error = 0;
	for (i = 0; i < 2; i++) {
		xlist_receive(&r, &c, 0x00, 7);
		CU_ASSERT_EQUAL(c.t.buf->data[4], 2);
		scsi_task_fini(&c.t);
	}
	xlist_receive(&r, &c, 0x04, 7);
	p = c.t.buf->data;
	CU_ASSERT_EQUAL(c.t.in_len, 60 + 37);
	CU_ASSERT_EQUAL(be32(p), 56 + 37);
	CU_ASSERT(p[56] == SCSI_CHECK_CONDITION && be16(p + 58) == 37);
	CU_ASSERT(p[60] == 0x70 && p[62] == 0x0a && p[60 + 18] == SCSI_CHECK_CONDITION);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x04, 7), SENSE_CDB_FIELD);
	rig_close(&r);
}

/* While it runs only its status is told; another nexus knows nothing of it. */
static void one_that_runs(void)
{
	static const uint8_t status[16] = { 0x84, 0x00, 7, [13] = 12 };
	struct rig_cmd c, other, run;
	struct xlist l;
	struct rig r;

	rig_start(&r);
	xlist_init(&l, 7, XLIST_HELD);
	xlist_cscd(&l, r.lu);
	xlist_segment(&l, 0, 0, 0, 8, 1);
	r.disk->hold = true;
	xlist_cmd(&run, &r.x[0], &l);
	rig_submit(&run);
	rig_run(&r);
	xlist_receive(&r, &c, 0x00, 7);
	CU_ASSERT_EQUAL(c.t.buf->data[4], 0);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x01, 7), SENSE_CDB_FIELD);
	CU_ASSERT_EQUAL(receive_sense(&r, 0x04, 7), SENSE_CDB_FIELD);
	rig_cmd_init(&other, &r.x[1], status, 16);
	rig_expect_in(&other, 12);
	rig_do(&r, &other);
	CU_ASSERT_EQUAL(rig_sense(&other), SENSE_CDB_FIELD);
	scsi_task_fini(&other.t);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(run.done, 1);
	scsi_task_fini(&run.t);
	rig_close(&r);
}

/* More bytes than the field holds are told in KiB. */
static void large_counts(void)
{
	struct xcopy_record *rec;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rec = xcopy_log_start(&itl_get(&r.x[0], r.lu)->copies, 7);
	rec->bytes = (uint64_t)6 << 30;
	rec->segments = 0x102;
	xcopy_log_end(&itl_get(&r.x[0], r.lu)->copies, rec);
	xlist_receive(&r, &c, 0x00, 7);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 5), 0x102);
	CU_ASSERT_EQUAL(c.t.buf->data[7], 1);
	CU_ASSERT_EQUAL(be32(c.t.buf->data + 8), 6u << 20);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "what a copy may ask for is told", operating_parameters },
	{ "a copy that went well is told once", one_that_went_well },
	{ "one that failed keeps its details until they are asked for", one_that_failed },
	{ "one that runs tells its status only, and to its nexus only", one_that_runs },
	{ "large counts have a unit", large_counts },
};

UNIT_MAIN("scsi/receive_copy", tests)
