#include "scsi/ua.h"

#include "rig.h"
#include "scsi/itl.h"

static uint32_t take(struct scsi_itl *itl)
{
	struct sense s;

	return ua_take(itl, &s) ? s.code : SENSE_NONE;
}

static void power_on_comes_first(void)
{
	struct scsi_itl *itl;
	struct rig r;

	rig_open(&r);
	itl = itl_get(&r.x[0], r.lu);
	CU_ASSERT_PTR_NOT_NULL_FATAL(itl);
	CU_ASSERT_PTR_EQUAL(itl_get(&r.x[0], r.lu), itl);
	ua_set(itl, UA_LUNS_CHANGED);
	ua_set(itl, UA_CAPACITY);
	CU_ASSERT_EQUAL(take(itl), SENSE_POWER_ON);
	CU_ASSERT_EQUAL(take(itl), SENSE_CAPACITY);
	CU_ASSERT_EQUAL(take(itl), SENSE_LUNS_CHANGED);
	CU_ASSERT_EQUAL(take(itl), SENSE_NONE);
	rig_close(&r);
}

static void resets_take_the_place_of_others(void)
{
	struct scsi_itl *itl;
	struct rig r;

	rig_open(&r);
	itl = itl_get(&r.x[0], r.lu);
	ua_set(itl, UA_LU_RESET); /* power on tells more */
	CU_ASSERT_EQUAL(take(itl), SENSE_POWER_ON);
	CU_ASSERT_EQUAL(take(itl), SENSE_NONE);
	ua_set(itl, UA_CLEARED);
	ua_set(itl, UA_NEXUS_LOSS);
	ua_set(itl, UA_FLUSH_FAILED);
	ua_set(itl, UA_LU_RESET);
	CU_ASSERT_EQUAL(take(itl), SENSE_LU_RESET);
	CU_ASSERT_EQUAL(take(itl), SENSE_WRITE_ERROR); /* a failure of the medium remains */
	CU_ASSERT_EQUAL(take(itl), SENSE_NONE);
	rig_close(&r);
}

/* The commands that do not report it, and those that do. */
static void who_reports(void)
{
	static const uint8_t inquiry[6] = { 0x12, 0, 0, 0, 96 };
	static const uint8_t report_luns[12] = { 0xa0, [9] = 16 };
	static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t request_sense[6] = { 0x03, 0, 0, 0, 252 };
	struct rig_cmd c;
	struct rig r;

	rig_open(&r);
	rig_in(&r, &c, inquiry, 6, 96);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, report_luns, 12, 16);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, read10, 10, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_POWER_ON);
	CU_ASSERT_EQUAL(c.t.xfer_len, 0);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, read10, 10, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);

	/* The other nexus has its own; REQUEST SENSE tells it as data and takes it away. */
	rig_cmd_init(&c, &r.x[1], request_sense, 6);
	rig_expect_in(&c, 252);
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, 18);
	CU_ASSERT_EQUAL(c.t.buf->data[2], 0x06);
	CU_ASSERT_EQUAL(c.t.buf->data[12], 0x29);
	scsi_task_fini(&c.t);
	rig_cmd_init(&c, &r.x[1], read10, 10);
	rig_expect_in(&c, 512);
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void told_by_report_luns(void)
{
	static const uint8_t report_luns[12] = { 0xa0, [8] = 1 };
	static const uint8_t tur[6];
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	opt.number = 1;
	rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[0], 1); /* the new one has only its power on */
	rig_cmd_init(&c, &r.x[1], tur, 6);
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LUNS_CHANGED);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, report_luns, 12, 256);
	CU_ASSERT_EQUAL(be32(c.t.buf->data), 16);
	scsi_task_fini(&c.t);
	rig_none(&r, &c, tur, 6);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void capacity_changes(void)
{
	static const uint8_t tur[6];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->store.size = 1000 * 512;
	scsi_lu_capacity_changed(r.lu);
	CU_ASSERT_EQUAL(r.lu->blocks, 1000);
	rig_none(&r, &c, tur, 6);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CAPACITY);
	scsi_task_fini(&c.t);
	scsi_lu_capacity_changed(r.lu); /* it has not, this time */
	rig_none(&r, &c, tur, 6);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* All there are, established in the opposite order: each is told once, by a command each. */
static void precedence(void)
{
	static const struct {
		enum scsi_ua ua;
		uint32_t sense;
		bool deferred;
	} order[] = {
		{ UA_MEDIUM_CHANGED, SENSE_MEDIUM_CHANGED, false },
		{ UA_CAPACITY, SENSE_CAPACITY, false },
		{ UA_MODE_CHANGED, SENSE_MODE_CHANGED, false },
		{ UA_RESERVATIONS_PREEMPTED, SENSE_RESERVATIONS_PREEMPTED, false },
		{ UA_RESERVATIONS_RELEASED, SENSE_RESERVATIONS_RELEASED, false },
		{ UA_REGISTRATIONS_PREEMPTED, SENSE_REGISTRATIONS_PREEMPTED, false },
		{ UA_ALUA_STATE, SENSE_ALUA_STATE, false },
		{ UA_SOFT_THRESHOLD, SENSE_SOFT_THRESHOLD, false },
		{ UA_IDENT_CHANGED, SENSE_IDENT_CHANGED, false },
		{ UA_LUNS_CHANGED, SENSE_LUNS_CHANGED, false },
		{ UA_CLEARED, SENSE_CLEARED, false },
		{ UA_WAS_BUSY, SENSE_WAS_BUSY, false },
		{ UA_WAS_FULL, SENSE_WAS_FULL, false },
		{ UA_WAS_CONFLICT, SENSE_WAS_CONFLICT, false },
		{ UA_FLUSH_FAILED, SENSE_WRITE_ERROR, true },
	};
	static const uint8_t tur[6];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = sizeof(order) / sizeof(order[0]); i--;) {
		ua_set_lu(r.lu, order[i].ua, &r.x[1]);
		ua_set_lu(r.lu, order[i].ua, &r.x[1]); /* twice is once */
	}
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		rig_none(&r, &c, tur, 6);
		CU_ASSERT_EQUAL(rig_sense(&c), order[i].sense);
		CU_ASSERT_EQUAL(c.t.sense[0] & 0x7f, order[i].deferred ? 0x71 : 0x70);
		scsi_task_fini(&c.t);
	}
	rig_none(&r, &c, tur, 6);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_cmd_init(&c, &r.x[1], tur, 6); /* the other has none of them */
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "power on is told first, others after it, each once", power_on_comes_first },
	{ "a reset takes the place of what it makes void", resets_take_the_place_of_others },
	{ "INQUIRY and REPORT LUNS do not report, REQUEST SENSE does as data", who_reports },
	{ "REPORT LUNS settles a change of the LUNs on all logical units", told_by_report_luns },
	{ "a new capacity is told to all", capacity_changes },
	{ "all of them, each once, in order of precedence", precedence },
};

UNIT_MAIN("scsi/ua", tests)
