#include "scsi/medium.h"

#include "rig.h"

static void start_stop(struct rig *r, struct rig_cmd *c, uint8_t byte4)
{
	uint8_t cdb[6] = { 0x1b, 0, 0, 0, byte4, 0 };

	rig_none(r, c, cdb, 6);
	scsi_task_fini(&c->t);
}

static void prevent(struct rig *r, struct scsi_nexus *x, bool on)
{
	uint8_t cdb[6] = { 0x1e, 0, 0, 0, on, 0 };
	struct rig_cmd c;

	rig_cmd_init(&c, x, cdb, 6);
	rig_do(r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
}

/* The sense that TEST UNIT READY ends with. */
static uint32_t ready(struct rig *r, struct scsi_nexus *x)
{
	static const uint8_t tur[6];
	struct rig_cmd c;

	rig_cmd_init(&c, x, tur, 6);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

static void start_removable(struct rig *r)
{
	struct scsi_lu_options opt = rig_options();

	opt.removable = true;
	rig_open_with(r, &opt);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

static void stop_and_start(void)
{
	static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t inquiry[6] = { 0x12, 0, 0, 0, 96 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	start_stop(&r, &c, 0x00);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_STOPPED);
	rig_in(&r, &c, read10, 10, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_STOPPED);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, inquiry, 6, 96);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	start_stop(&r, &c, 0x01);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NONE);
	CU_ASSERT_EQUAL(ready(&r, &r.x[1]), SENSE_NONE); /* nothing has changed */
	r.disk->nsubmits = 0;
	start_stop(&r, &c, 0x04); /* NO_FLUSH */
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_STOPPED);
	rig_close(&r);
}

static void a_fixed_medium_stays(void)
{
	static const uint8_t prevent_cdb[6] = { 0x1e, 0, 0, 0, 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 4, 1);
	start_stop(&r, &c, 0x10); /* power condition ACTIVE */
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 4, 4);
	rig_none(&r, &c, prevent_cdb, 6);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_OPCODE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void eject_and_load(void)
{
	struct rig_cmd c;
	struct rig r;

	start_removable(&r);
	start_stop(&r, &c, 0x00);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NONE);
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NO_MEDIUM);
	start_stop(&r, &c, 0x01); /* it does not come back by starting */
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NO_MEDIUM);
	start_stop(&r, &c, 0x03);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NONE);
	CU_ASSERT_EQUAL(ready(&r, &r.x[1]), SENSE_MEDIUM_CHANGED);
	CU_ASSERT_EQUAL(ready(&r, &r.x[1]), SENSE_NONE);
	start_stop(&r, &c, 0x03); /* it is loaded: nothing changes */
	CU_ASSERT_EQUAL(ready(&r, &r.x[1]), SENSE_NONE);
	rig_close(&r);
}

static void removal_is_prevented(void)
{
	struct rig_cmd c;
	struct rig r;

	start_removable(&r);
	prevent(&r, &r.x[0], true);
	prevent(&r, &r.x[0], true);
	prevent(&r, &r.x[1], true);
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PREVENTED);
	prevent(&r, &r.x[0], false);
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PREVENTED);
	scsi_nexus_close(&r.x[1]); /* prevention ends with its nexus */
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[1], &r.dev), 0);
	rig_close(&r);
}

/* Prevented with the tray open, it stays as it is until everybody allows again. */
static void an_open_tray_is_locked(void)
{
	struct rig_cmd c;
	struct rig r;

	start_removable(&r);
	start_stop(&r, &c, 0x02);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	prevent(&r, &r.x[0], true);
	start_stop(&r, &c, 0x03);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PREVENTED);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NO_MEDIUM);
	prevent(&r, &r.x[0], false);
	start_stop(&r, &c, 0x03);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(ready(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a stopped unit is not ready until it is started", stop_and_start },
	{ "a fixed medium is not ejected, and there are no power conditions",
	  a_fixed_medium_stays },
	{ "an ejected medium is gone until loaded, and others are told", eject_and_load },
	{ "removal is prevented as long as one nexus prevents it", removal_is_prevented },
	{ "an open tray is locked, too", an_open_tray_is_locked },
};

UNIT_MAIN("scsi/medium", tests)
