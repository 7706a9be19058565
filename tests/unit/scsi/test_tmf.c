#include "scsi/tmf.h"

#include "rig.h"
#include "scsi/tmf_table.h"

struct tmf {
	struct scsi_tmf tmf; /* first */
	int done;
	unsigned int order; /* commands that had ended by then */
	struct rig *rig;
};

static void tmf_done(struct scsi_tmf *tmf)
{
	struct tmf *t = (struct tmf *)tmf;

	t->done++;
	t->order = t->rig->ended;
}

static void run(struct rig *r, struct tmf *t, struct scsi_nexus *x, enum scsi_tmf_function function,
		struct scsi_task *task)
{
	memset(t, 0, sizeof(*t));
	t->rig = r;
	t->tmf.function = function;
	t->tmf.nexus = x;
	t->tmf.task = task;
	t->tmf.done = tmf_done;
	scsi_tmf_submit(&t->tmf);
}

static void read_of(struct rig_cmd *c, struct scsi_nexus *x)
{
	static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };

	rig_cmd_init(c, x, read10, 10);
	rig_expect_in(c, 512);
	rig_submit(c);
}

/* Two reads of each nexus, in the store. */
static void start_held(struct rig *r, struct rig_cmd c[4])
{
	int i;

	rig_start(r);
	r->disk->hold = true;
	for (i = 0; i < 4; i++)
		read_of(&c[i], &r->x[i / 2]);
	rig_run(r);
	CU_ASSERT_EQUAL_FATAL(r->disk->nheld, 4);
}

/* The store gives back; how many ended as aborted. */
static int finish(struct rig *r, struct rig_cmd *c, int n)
{
	int aborted = 0;
	int i;

	rig_release(r->disk, 64);
	rig_run(r);
	for (i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		aborted += c[i].t.aborted;
		if (c[i].t.aborted) {
			CU_ASSERT_EQUAL(c[i].t.in_len, 0);
			CU_ASSERT_EQUAL(c[i].t.sense_len, 0);
		}
		scsi_task_fini(&c[i].t);
	}
	return aborted;
}

static uint32_t attention(struct rig *r, struct scsi_nexus *x)
{
	static const uint8_t tur[6];
	struct rig_cmd c;

	r->disk->hold = false;
	rig_cmd_init(&c, x, tur, 6);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

static void abort_task(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c[1].t);
	rig_run(&r);
	CU_ASSERT_EQUAL(t.done, 0); /* not while the store has it */
	CU_ASSERT_EQUAL(finish(&r, c, 4), 1);
	CU_ASSERT(c[1].t.aborted);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.order, c[1].order); /* behind the task's own end */
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

static void abort_of_what_is_over(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	rig_release(r.disk, 4);
	rig_run(&r);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c[1].t);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 0);
	rig_close(&r);
}

/* In each state a task may be in: it ends, not from inside, and nothing is left behind. */
static void abort_in_every_state(void)
{
	static const uint8_t write10[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 };
	static uint8_t data[512];
	struct rig_cmd c;
	struct tmf t;
	struct rig r;

	rig_start(&r);
	/* on the ready list */
	read_of(&c, &r.x[0]);
	CU_ASSERT_EQUAL(c.t.state, SCSI_TASK_READY);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c.t);
	CU_ASSERT_EQUAL(c.done + t.done, 0);
	CU_ASSERT_EQUAL(finish(&r, &c, 1), 1);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);

	/* waiting for its data */
	rig_cmd_init(&c, &r.x[0], write10, 10);
	rig_expect_out(&c, data, 512);
	c.hold_data = true;
	rig_submit(&c);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.t.state, SCSI_TASK_DATA);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c.t);
	scsi_data_arrived(&c.t); /* too late */
	CU_ASSERT_EQUAL(finish(&r, &c, 1), 1);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);

	/* its data has come, it is on the ready list */
	rig_cmd_init(&c, &r.x[0], write10, 10);
	rig_expect_out(&c, data, 512);
	c.hold_data = true;
	rig_submit(&c);
	rig_run(&r);
	rig_bring(&c);
	CU_ASSERT_EQUAL(c.t.state, SCSI_TASK_ARRIVED);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c.t);
	CU_ASSERT_EQUAL(finish(&r, &c, 1), 1);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);

	/* refused already, not yet told */
	rig_cmd_init(&c, &r.x[0], (const uint8_t[6]){ 0xff }, 6);
	rig_submit(&c);
	CU_ASSERT_EQUAL(c.t.state, SCSI_TASK_ENDING);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c.t);
	CU_ASSERT_EQUAL(finish(&r, &c, 1), 1);
	CU_ASSERT_EQUAL(t.done, 1);
	rig_close(&r);
}

/* A command of several steps takes no further one. */
static void abort_between_steps(void)
{
	static const uint8_t same[16] = { 0x93, 0, [12] = 0x0f, 0xff };
	static uint8_t block[512] = { 1 };
	struct rig_cmd c;
	struct tmf t;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], same, 16);
	rig_expect_out(&c, block, 512);
	rig_submit(&c);
	rig_run(&r);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK, &c.t);
	CU_ASSERT_EQUAL(finish(&r, &c, 1), 1);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	rig_close(&r);
}

static void abort_task_set(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	run(&r, &t, &r.x[1], SCSI_ABORT_TASK_SET, NULL);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 2);
	CU_ASSERT(c[2].t.aborted && c[3].t.aborted);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.order, c[3].order);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

static void clear_task_set(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	run(&r, &t, &r.x[1], SCSI_CLEAR_TASK_SET, NULL);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 4);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_CLEARED);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	CU_ASSERT_EQUAL(attention(&r, &r.x[1]), SENSE_NONE);
	run(&r, &t, &r.x[1], SCSI_CLEAR_TASK_SET, NULL); /* nobody loses anything */
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

/* With TAS set, the tasks of others end with a status of their own. */
static void task_aborted_status(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	r.lu->tas = true;
	run(&r, &t, &r.x[1], SCSI_CLEAR_TASK_SET, NULL);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 2);
	CU_ASSERT_EQUAL(c[0].t.status, SCSI_TASK_ABORTED);
	CU_ASSERT_FALSE(c[0].t.aborted);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

static void lu_reset(void)
{
	static const uint8_t stop[6] = { 0x1b, 0, 0, 0, 0x04 };
	struct rig_cmd c[4];
	struct rig_cmd s;
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	rig_none(&r, &s, stop, 6);
	scsi_task_fini(&s.t);
	CU_ASSERT(r.lu->stopped);
	run(&r, &t, &r.x[1], SCSI_LU_RESET, NULL);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 4);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_FALSE(r.lu->stopped);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_LU_RESET);
	CU_ASSERT_EQUAL(attention(&r, &r.x[1]), SENSE_LU_RESET);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NONE);
	rig_close(&r);
}

static void target_reset(void)
{
	struct scsi_lu_options opt = rig_options();
	static const uint8_t tur[6];
	struct rig_cmd c;
	struct tmf t;
	struct rig r;

	rig_start(&r);
	opt.number = 7;
	rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[1], 7);
	rig_greet(&r, &r.x[1], 0);
	run(&r, &t, &r.x[0], SCSI_TARGET_RESET, NULL);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	CU_ASSERT_EQUAL(attention(&r, &r.x[1]), SENSE_TARGET_RESET);
	rig_cmd_init(&c, &r.x[1], tur, 6);
	c.t.lun[1] = 7;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_TARGET_RESET);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static bool sees_lun_7(const struct scsi_nexus *x, const struct scsi_lu *lu)
{
	(void)x;
	return lu->opt.number == 7;
}

/* A logical unit that is masked from who asks for the reset has nothing to do with it. */
static void target_reset_by_one_who_sees_less(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	opt.number = 7;
	rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[1], 7);
	while (attention(&r, &r.x[1]) != SENSE_NONE)
		; /* that LUN 7 has come */
	r.x[0].sees = sees_lun_7;
	run(&r, &t, &r.x[0], SCSI_TARGET_RESET, NULL);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 0);
	CU_ASSERT_EQUAL(attention(&r, &r.x[1]), SENSE_NONE);
	rig_close(&r);
}

static void nexus_reset(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	run(&r, &t, &r.x[0], SCSI_IT_NEXUS_RESET, NULL);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 2);
	CU_ASSERT(c[0].t.aborted && c[1].t.aborted);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_NEXUS_LOSS);
	CU_ASSERT_EQUAL(attention(&r, &r.x[1]), SENSE_NONE);
	rig_close(&r);
}

/* A reset that meets a task which an abort waits for already: both wait, and end in order. */
static void one_behind_the_other(void)
{
	struct rig_cmd c[4];
	struct tmf first, second;
	struct rig r;

	start_held(&r, c);
	run(&r, &first, &r.x[1], SCSI_ABORT_TASK, &c[3].t);
	run(&r, &second, &r.x[0], SCSI_LU_RESET, NULL);
	rig_release(r.disk, 3);
	rig_run(&r);
	CU_ASSERT_EQUAL(first.done + second.done, 0);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(first.done, 1);
	CU_ASSERT_EQUAL(second.done, 1);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 4);
	rig_close(&r);
}

/* The port gave up first: the function waits all the same. */
static void behind_the_ports_own_abort(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	scsi_abort(&c[0].t);
	run(&r, &t, &r.x[0], SCSI_ABORT_TASK_SET, NULL);
	CU_ASSERT_EQUAL(t.done, 0);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 2);
	CU_ASSERT_EQUAL(t.done, 1);
	rig_close(&r);
}

static void queries(void)
{
	struct rig_cmd c[4];
	struct tmf t;
	struct rig r;

	start_held(&r, c);
	run(&r, &t, &r.x[0], SCSI_QUERY_TASK, &c[0].t);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_SUCCEEDED);
	run(&r, &t, &r.x[0], SCSI_QUERY_TASK, NULL);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	run(&r, &t, &r.x[0], SCSI_QUERY_TASK_SET, NULL);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_SUCCEEDED);
	run(&r, &t, &r.x[0], SCSI_QUERY_ASYNC_EVENT, NULL);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	CU_ASSERT_EQUAL(finish(&r, c, 4), 0);
	run(&r, &t, &r.x[0], SCSI_QUERY_TASK_SET, NULL);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_COMPLETE);
	r.disk->store.size /= 2;
	scsi_lu_capacity_changed(r.lu);
	run(&r, &t, &r.x[0], SCSI_QUERY_ASYNC_EVENT, NULL);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_SUCCEEDED);
	CU_ASSERT_EQUAL(t.tmf.info, 0x162a09);
	CU_ASSERT_EQUAL(attention(&r, &r.x[0]), SENSE_CAPACITY); /* it was only asked about */
	rig_close(&r);
}

static void what_cannot_be(void)
{
	struct tmf t;
	struct rig r;

	rig_start(&r);
	run(&r, &t, &r.x[0], SCSI_CLEAR_ACA, NULL);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_NOT_SUPPORTED);
	memset(&t, 0, sizeof(t));
	t.rig = &r;
	t.tmf = (struct scsi_tmf){
		.function = SCSI_LU_RESET, .nexus = &r.x[0], .lun = { 0, 9 }, .done = tmf_done
	};
	scsi_tmf_submit(&t.tmf);
	CU_ASSERT_EQUAL(t.done, 1);
	CU_ASSERT_EQUAL(t.tmf.result, SCSI_TMF_NO_LU);
	rig_close(&r);
}

static void table_is_in_order(void)
{
	size_t i;

	CU_ASSERT_EQUAL(tmf_table_len, SCSI_QUERY_ASYNC_EVENT + 1);
	for (i = 0; i < tmf_table_len; i++)
		CU_ASSERT_EQUAL(tmf_table[i].function, i);
}

static const struct unit_test tests[] = {
	{ "ABORT TASK ends behind the task it aborts", abort_task },
	{ "a task that is over is not aborted", abort_of_what_is_over },
	{ "a task can be aborted in every state", abort_in_every_state },
	{ "an aborted command of several steps takes no further one", abort_between_steps },
	{ "ABORT TASK SET takes the tasks of its nexus only", abort_task_set },
	{ "CLEAR TASK SET takes all, and tells those who lost one", clear_task_set },
	{ "with TAS set others get TASK ABORTED instead", task_aborted_status },
	{ "LOGICAL UNIT RESET takes all, and tells all", lu_reset },
	{ "TARGET RESET resets every logical unit", target_reset },
	{ "… that who asks for it may see", target_reset_by_one_who_sees_less },
	{ "I_T NEXUS RESET is about one nexus only", nexus_reset },
	{ "functions that share a task end one behind the other", one_behind_the_other },
	{ "a task that the port gave up is waited for", behind_the_ports_own_abort },
	{ "queries tell and change nothing", queries },
	{ "unknown LUNs and functions are told apart", what_cannot_be },
	{ "the table is in the order of the functions", table_is_in_order },
};

UNIT_MAIN("scsi/tmf", tests)
