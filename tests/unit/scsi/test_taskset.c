#include "scsi/taskset.h"

#include "rig.h"
#include "scsi/limits.h"

/* Reads held by the store, with attributes; what has been started after each step. */
static void submit_read(struct rig *r, struct rig_cmd *c, enum scsi_attr attr)
{
	static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };

	rig_cmd_init(c, &r->x[0], read10, 10);
	rig_expect_in(c, 512);
	c->t.attr = (uint8_t)attr;
	rig_submit(c);
	rig_run(r);
}

static void fini(struct rig *r, struct rig_cmd *c, size_t n)
{
	size_t i;

	rig_release(r->disk, 64);
	rig_run(r);
	rig_release(r->disk, 64);
	rig_run(r);
	for (i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT_EQUAL(r->lu->ndormant, 0);
	CU_ASSERT_EQUAL(r->lu->nordering, 0);
	rig_close(r);
}

static void simple_ones_run_together(void)
{
	struct rig_cmd c[4];
	struct rig r;
	int i;

	rig_start(&r);
	r.disk->hold = true;
	for (i = 0; i < 4; i++)
		submit_read(&r, &c[i], SCSI_SIMPLE);
	CU_ASSERT_EQUAL(r.disk->nheld, 4);
	fini(&r, c, 4);
}

/* simple, simple, ORDERED, simple, simple */
static void ordered_stands_between(void)
{
	struct rig_cmd c[5];
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	submit_read(&r, &c[0], SCSI_SIMPLE);
	submit_read(&r, &c[1], SCSI_SIMPLE);
	submit_read(&r, &c[2], SCSI_ORDERED);
	submit_read(&r, &c[3], SCSI_SIMPLE);
	submit_read(&r, &c[4], SCSI_SIMPLE);
	CU_ASSERT_EQUAL(r.disk->nheld, 2);
	CU_ASSERT_EQUAL(c[2].t.state, SCSI_TASK_DORMANT);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[2].t.state, SCSI_TASK_DORMANT); /* c[1] is still there */
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[2].t.state, SCSI_TASK_RUNNING);
	CU_ASSERT_EQUAL(c[3].t.state, SCSI_TASK_DORMANT);
	CU_ASSERT_EQUAL(r.disk->nheld, 1);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nheld, 2); /* both, together */
	fini(&r, c, 5);
}

static void ordered_ones_go_one_by_one(void)
{
	struct rig_cmd c[3];
	struct rig r;
	int i;

	rig_start(&r);
	r.disk->hold = true;
	for (i = 0; i < 3; i++)
		submit_read(&r, &c[i], SCSI_ORDERED);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(r.disk->nheld, 1);
		CU_ASSERT_EQUAL(c[i].t.state, SCSI_TASK_RUNNING);
		rig_release(r.disk, 1);
		rig_run(&r);
	}
	CU_ASSERT(c[0].order < c[1].order && c[1].order < c[2].order);
	fini(&r, c, 3);
}

/* simple, ORDERED (waits), HEAD OF QUEUE (runs at once); the ordered one waits for it, too. */
static void head_of_queue_goes_first(void)
{
	struct rig_cmd c[4];
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	submit_read(&r, &c[0], SCSI_SIMPLE);
	submit_read(&r, &c[1], SCSI_ORDERED);
	submit_read(&r, &c[2], SCSI_HEAD_OF_QUEUE);
	submit_read(&r, &c[3], SCSI_SIMPLE);
	CU_ASSERT_EQUAL(c[2].t.state, SCSI_TASK_RUNNING);
	CU_ASSERT_EQUAL(c[3].t.state, SCSI_TASK_DORMANT);
	rig_release(r.disk, 1); /* c[0] */
	rig_run(&r);
	CU_ASSERT_EQUAL(c[1].t.state, SCSI_TASK_DORMANT);
	rig_release(r.disk, 1); /* c[2] */
	rig_run(&r);
	CU_ASSERT_EQUAL(c[1].t.state, SCSI_TASK_RUNNING);
	fini(&r, c, 4);
}

/* The aborted one leaves, and those behind it go on. */
static void abort_of_a_dormant_one(void)
{
	struct rig_cmd c[3];
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	submit_read(&r, &c[0], SCSI_SIMPLE);
	submit_read(&r, &c[1], SCSI_ORDERED);
	submit_read(&r, &c[2], SCSI_SIMPLE);
	scsi_abort(&c[1].t);
	CU_ASSERT_EQUAL(c[1].done, 0);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[1].done, 1);
	CU_ASSERT(c[1].t.aborted);
	CU_ASSERT_EQUAL(c[2].t.state, SCSI_TASK_RUNNING);
	fini(&r, c, 3);
}

static void other_units_do_not_wait(void)
{
	struct scsi_lu_options opt = rig_options();
	static const uint8_t tur[6];
	struct rig_cmd c[2];
	struct rig r;

	rig_start(&r);
	opt.number = 1;
	rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[0], 1);
	rig_greet(&r, &r.x[0], 0);
	r.disk->hold = true;
	submit_read(&r, &c[0], SCSI_ORDERED);
	rig_cmd_init(&c[1], &r.x[0], tur, 6);
	c[1].t.lun[1] = 1;
	rig_do(&r, &c[1]);
	CU_ASSERT_EQUAL(c[1].t.status, SCSI_GOOD);
	fini(&r, c, 2);
}

static void attributes_that_are_none(void)
{
	static const uint8_t tur[6];
	struct rig_cmd c;
	struct rig r;
	int attr;

	rig_start(&r);
	for (attr = SCSI_ACA; attr < 8; attr++) {
		rig_cmd_init(&c, &r.x[0], tur, 6);
		c.t.attr = (uint8_t)attr;
		rig_do(&r, &c);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MESSAGE);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* Who has a task in a full set is told FULL, who has none BUSY; room comes with an end. */
static void full(void)
{
	static const uint8_t read10[10] = { 0x28, [8] = 1 };
	struct rig_cmd *c = calloc(LIMITS_TASKS, sizeof(*c));
	struct rig_cmd more;
	struct rig r;
	int i, x;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_start(&r);
	r.disk->hold = true;
	for (i = 0; i < LIMITS_TASKS; i++) {
		rig_cmd_init(&c[i], &r.x[0], read10, 10);
		rig_expect_in(&c[i], 512);
		rig_submit(&c[i]);
	}
	rig_run(&r);
	for (x = 0; x < 2; x++) {
		rig_cmd_init(&more, &r.x[x], read10, 10);
		rig_expect_in(&more, 512);
		rig_do(&r, &more);
		CU_ASSERT_EQUAL(more.t.status, x ? SCSI_BUSY : SCSI_TASK_SET_FULL);
		scsi_task_fini(&more.t);
	}
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[0].done, 1);
	r.disk->hold = false;
	rig_cmd_init(&more, &r.x[1], read10, 10);
	rig_expect_in(&more, 512);
	rig_do(&r, &more);
	CU_ASSERT_EQUAL(more.t.status, SCSI_GOOD);
	scsi_task_fini(&more.t);
	rig_release(r.disk, LIMITS_TASKS);
	rig_run(&r);
	for (i = 0; i < LIMITS_TASKS; i++) {
		if (c[i].done != 1)
			CU_FAIL("a task has not ended");
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT_EQUAL(r.lu->ntasks, 0);
	rig_close(&r);
	free(c);
}

static const struct unit_test tests[] = {
	{ "SIMPLE tasks run together", simple_ones_run_together },
	{ "an ORDERED task stands between those before and behind it", ordered_stands_between },
	{ "ORDERED tasks go one by one", ordered_ones_go_one_by_one },
	{ "a HEAD OF QUEUE task goes first, and others wait for it", head_of_queue_goes_first },
	{ "an aborted dormant task lets those behind it go on", abort_of_a_dormant_one },
	{ "each logical unit has a task set of its own", other_units_do_not_wait },
	{ "ACA and what is no attribute are refused", attributes_that_are_none },
	{ "a full task set says FULL, or BUSY", full },
};

UNIT_MAIN("scsi/taskset", tests)
