#include "scsi/reserve.h"

#include "pr_rig.h"

#include "scsi/tmf.h"

static uint8_t run(struct rig *r, struct scsi_nexus *x, uint8_t opcode)
{
	uint8_t cdb[10] = { opcode };
	struct rig_cmd c;

	rig_cmd_init(&c, x, cdb, sizeof(cdb));
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return c.t.status;
}

static void one_has_it_till_it_gives_it_back(void)
{
	static const uint8_t codes[][2] = { { 0x16, 0x17 }, { 0x56, 0x57 }, { 0x16, 0x57 } };
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(run(&r, &r.x[0], codes[i][0]), SCSI_GOOD);
		CU_ASSERT_EQUAL(run(&r, &r.x[0], codes[i][0]), SCSI_GOOD); /* again */
		CU_ASSERT_EQUAL(run(&r, &r.x[1], codes[i][0]), SCSI_RESERVATION_CONFLICT);
		CU_ASSERT_EQUAL(run(&r, &r.x[1], codes[i][1]), SCSI_GOOD); /* without effect */
		CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x00), SCSI_RESERVATION_CONFLICT);
		CU_ASSERT_EQUAL(run(&r, &r.x[0], codes[i][1]), SCSI_GOOD);
		CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x00), SCSI_GOOD);
	}
	rig_close(&r);
}

static void tmf_done(struct scsi_tmf *tmf)
{
	CU_ASSERT_EQUAL(tmf->result, SCSI_TMF_COMPLETE);
}

static void resets_and_lost_nexuses_end_it(void)
{
	static const enum scsi_tmf_function functions[] = { SCSI_LU_RESET, SCSI_TARGET_RESET,
							    SCSI_IT_NEXUS_RESET };
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < 3; i++) {
		struct scsi_tmf tmf = { .function = functions[i],
					.nexus = &r.x[0],
					.done = tmf_done };

		CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x16), SCSI_GOOD);
		scsi_tmf_submit(&tmf);
		pr_attention(&r, &r.x[0]);
		pr_attention(&r, &r.x[1]);
		CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x00), SCSI_GOOD);
	}
	CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x16), SCSI_GOOD);
	scsi_nexus_close(&r.x[0]);
	CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x00), SCSI_GOOD);
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[0], &r.dev), 0);
	rig_close(&r);
}

/* SPC-5, 5.14.3: where there are registrations, who has access by them is told GOOD. */
static void beside_persistent_ones(void)
{
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0xa);
	CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x16), SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x16), SCSI_RESERVATION_CONFLICT);
	pr_do(&r, &r.x[0], PR_RESERVE, PR_WRITE_EXCLUSIVE, 0xa, 0);
	CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x16), SCSI_GOOD);
	CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x17), SCSI_GOOD);
	CU_ASSERT_PTR_NULL(r.lu->reserved_by);
	CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x16), SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(run(&r, &r.x[1], 0x17), SCSI_RESERVATION_CONFLICT);
	rig_close(&r);
}

static void persistent_ones_beside_it(void)
{
	struct rig r;

	rig_start(&r);
	CU_ASSERT_EQUAL(run(&r, &r.x[0], 0x16), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0xa), SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0xb), SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(r.lu->pr.n, 0);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "one has it till it gives it back", one_has_it_till_it_gives_it_back },
	{ "resets and lost nexuses end it", resets_and_lost_nexuses_end_it },
	{ "it yields to persistent reservations", beside_persistent_ones },
	{ "persistent reservations wait for its end", persistent_ones_beside_it },
};

UNIT_MAIN("scsi/reserve", tests)
