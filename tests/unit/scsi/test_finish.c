#include "scsi/finish.h"

#include "rig.h"
#include "scsi/cmd.h"
#include "scsi/ua.h"

/* A handler that ends nothing: the tests do. */
static void keep(struct scsi_task *t)
{
	(void)t;
}

static const struct scsi_cmd kept[] = {
	{ 0x12,
	  NO_SA,
	  "KEPT",
	  CDB_ALLOC6W,
	  XFER_IN_ALLOC,
	  keep,
	  F_KEEP_UA | F_PR_ANY,
	  { 0x12, 0x01, 0xff, 0xff, 0xff, 0x00 } },
};

#define ALLOC 256

static const uint8_t cdb[6] = { 0x12, 0, 0, 1, 0, 0 }; /* an allocation length of ALLOC */

static void kept_start(struct rig *r)
{
	rig_start(r);
	r->lu->cmds = kept;
	r->lu->ncmds = 1;
}

/* A command of nexus x with room for edtl bytes, in the hands of its handler. */
static void kept_submit(struct rig *r, struct rig_cmd *c, struct scsi_nexus *x, uint32_t edtl)
{
	rig_cmd_init(c, x, cdb, sizeof(cdb));
	rig_expect_in(c, edtl);
	rig_submit(c);
	rig_run(r);
	CU_ASSERT_EQUAL_FATAL(c->t.state, SCSI_TASK_RUNNING);
	CU_ASSERT_EQUAL(c->done, 0);
}

static void check_ended(struct rig_cmd *c, uint8_t status)
{
	CU_ASSERT_EQUAL(c->done, 1);
	CU_ASSERT_EQUAL(c->t.state, SCSI_TASK_DONE);
	CU_ASSERT_EQUAL(c->t.status, status);
	CU_ASSERT_FALSE(c->t.in_set);
	scsi_task_fini(&c->t);
}

/* SPC-5, 4.2.5.6: what there is, what the CDB allows, what the initiator has room for. */
static void data_is_cut_to_what_is_wanted(void)
{
	static const struct {
		uint32_t len, edtl;   /* bytes */
		uint32_t sent, moved; /* with the allocation length cutting */
	} rows[] = {
		{ 0, 100, 0, 0 },           { 36, 100, 36, 36 },    { 100, 100, 100, 100 },
		{ 36, 16, 16, 36 },         { 36, 0, 0, 36 },       { ALLOC, ALLOC, ALLOC, ALLOC },
		{ 300, 300, ALLOC, ALLOC }, { 300, 16, 16, ALLOC },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	kept_start(&r);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kept_submit(&r, &c, &r.x[0], rows[i].edtl);
		finish_alloc(&c.t, rows[i].len);
		CU_ASSERT_EQUAL(c.t.in_len, rows[i].sent);
		CU_ASSERT_EQUAL(c.t.xfer_len, rows[i].moved);
		check_ended(&c, SCSI_GOOD);
	}
	rig_close(&r);
}

static void sense_names_the_field(void)
{
	struct rig_cmd c;
	struct rig r;

	kept_start(&r);
	kept_submit(&r, &c, &r.x[0], ALLOC);
	finish_cdb_field(&c.t, 2, 3);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 2, 3);
	check_ended(&c, SCSI_CHECK_CONDITION);
	kept_submit(&r, &c, &r.x[0], ALLOC);
	finish_list_field(&c.t, 300, SENSE_NO_BIT);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LIST_FIELD);
	rig_check_pointer(&c, false, 300, SENSE_NO_BIT);
	check_ended(&c, SCSI_CHECK_CONDITION);
	r.lu->d_sense = true;
	kept_submit(&r, &c, &r.x[0], ALLOC);
	finish_code(&c.t, SENSE_HARDWARE);
	CU_ASSERT_EQUAL(c.t.sense[0], 0x72); /* the logical unit says which format */
	check_ended(&c, SCSI_CHECK_CONDITION);
	rig_close(&r);
}

/* An abort of what runs waits for it; whatever it came to is not told then. */
static void an_abort_has_the_last_word(void)
{
	struct rig_cmd c;
	struct rig r;
	int tell;

	kept_start(&r);
	for (tell = 0; tell < 2; tell++) {
		kept_submit(&r, &c, &r.x[0], ALLOC);
		finish_abort(&c.t, tell);
		finish_abort(&c.t, !tell); /* the first one has said how */
		rig_run(&r);
		CU_ASSERT_EQUAL(c.done, 0);
		finish_alloc(&c.t, 36);
		CU_ASSERT_EQUAL(c.t.aborted, !tell);
		CU_ASSERT_EQUAL(c.t.in_len, 0);
		CU_ASSERT_EQUAL(c.t.sense_len, 0);
		check_ended(&c, SCSI_TASK_ABORTED);
		finish_abort(&c.t, true); /* what has ended stays as it is */
		rig_run(&r);
		CU_ASSERT_EQUAL(c.done, 1);
	}
	rig_close(&r);
}

/* Three commands, the first ends with CHECK CONDITION: what becomes of the others. */
static void qerr_takes_others_with_it(void)
{
	static const struct {
		uint8_t qerr;
		bool tas;
		bool own_goes, other_goes, other_told; /* told by its status */
	} rows[] = {
		{ QERR_NONE, false, false, false, false },
		{ QERR_NEXUS, false, true, false, false },
		{ QERR_ALL, false, true, true, false },
		{ QERR_ALL, true, true, true, true },
	};
	struct rig_cmd c, own, other;
	struct sense s;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kept_start(&r);
		r.lu->qerr = rows[i].qerr;
		r.lu->tas = rows[i].tas;
		kept_submit(&r, &c, &r.x[0], ALLOC);
		kept_submit(&r, &own, &r.x[0], ALLOC);
		kept_submit(&r, &other, &r.x[1], ALLOC);
		finish_code(&c.t, SENSE_HARDWARE);
		check_ended(&c, SCSI_CHECK_CONDITION);
		CU_ASSERT_EQUAL(own.t.abort_wanted, rows[i].own_goes);
		CU_ASSERT_EQUAL(other.t.abort_wanted, rows[i].other_goes);
		CU_ASSERT_EQUAL(ua_take(other.t.itl, &s),
				rows[i].other_goes && !rows[i].other_told);
		finish_good(&own.t);
		finish_good(&other.t);
		CU_ASSERT_EQUAL(own.t.aborted, rows[i].own_goes);
		CU_ASSERT_EQUAL(other.t.aborted, rows[i].other_goes && !rows[i].other_told);
		check_ended(&own, rows[i].own_goes ? SCSI_TASK_ABORTED : SCSI_GOOD);
		check_ended(&other, rows[i].other_goes ? SCSI_TASK_ABORTED : SCSI_GOOD);
		rig_close(&r);
	}
}

static const struct unit_test tests[] = {
	{ "data is cut to what is allowed and has room", data_is_cut_to_what_is_wanted },
	{ "sense names the field, in the format of the logical unit", sense_names_the_field },
	{ "an abort has the last word, and the first one says how", an_abort_has_the_last_word },
	{ "QERR: a CHECK CONDITION takes others with it", qerr_takes_others_with_it },
};

UNIT_MAIN("scsi/finish", tests)
