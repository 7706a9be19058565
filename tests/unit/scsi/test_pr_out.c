#include "scsi/pr_out.h"

#include "pr_rig.h"

#include "scsi/itl.h"

/* x[0] has key a, x[1] key b, and a third nexus key c. */
struct three {
	struct rig r;
	struct scsi_nexus c;
};

static void start(struct three *s)
{
	rig_start(&s->r);
	pr_open(&s->r, &s->c, "iqn.c,i,0x01", 1);
	CU_ASSERT_EQUAL(pr_do(&s->r, &s->r.x[0], PR_REGISTER, 0, 0, 0xa), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&s->r, &s->r.x[1], PR_REGISTER, 0, 0, 0xb), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&s->r, &s->c, PR_REGISTER, 0, 0, 0xc), SCSI_GOOD);
}

static void stop(struct three *s)
{
	rig_run(&s->r);
	scsi_nexus_close(&s->c);
	rig_close(&s->r);
}

/* Each is told once, the asking one never. */
static void check_attention(struct three *s, uint32_t a, uint32_t b, uint32_t c)
{
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->r.x[0]), a);
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->r.x[1]), b);
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->c), c);
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->r.x[0]), 0);
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->r.x[1]), 0);
	CU_ASSERT_EQUAL(pr_attention(&s->r, &s->c), 0);
}

static void a_release_is_told_to_registrants(void)
{
	struct three s;

	start(&s);
	pr_do(&s.r, &s.r.x[0], PR_RESERVE, PR_WRITE_EXCLUSIVE_REGISTRANTS, 0xa, 0);
	check_attention(&s, 0, 0, 0);
	pr_do(&s.r, &s.r.x[0], PR_RELEASE, PR_WRITE_EXCLUSIVE_REGISTRANTS, 0xa, 0);
	check_attention(&s, 0, SENSE_RESERVATIONS_RELEASED, SENSE_RESERVATIONS_RELEASED);
	stop(&s);
}

static void a_clear_is_told_to_all(void)
{
	struct three s;

	start(&s);
	pr_do(&s.r, &s.r.x[1], PR_CLEAR, 0, 0xb, 0);
	check_attention(&s, SENSE_RESERVATIONS_PREEMPTED, 0, SENSE_RESERVATIONS_PREEMPTED);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 0);
	stop(&s);
}

static void a_preempt_is_told_to_the_preempted(void)
{
	struct three s;

	start(&s);
	pr_do(&s.r, &s.r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xb, 0);
	CU_ASSERT_EQUAL(pr_do(&s.r, &s.c, PR_PREEMPT, PR_WRITE_EXCLUSIVE, 0xc, 0xb), SCSI_GOOD);
	check_attention(&s, SENSE_RESERVATIONS_RELEASED, SENSE_REGISTRATIONS_PREEMPTED, 0);
	CU_ASSERT_EQUAL(s.r.lu->pr.type, PR_WRITE_EXCLUSIVE);
	stop(&s);
}

/* A session of the same initiator by another target port was never registered: it is not told. */
static void others_of_the_name_are_not_told(void)
{
	struct scsi_nexus twin;
	struct three s;

	start(&s);
	pr_open(&s.r, &twin, s.r.x[1].initiator, 2);
	pr_do(&s.r, &s.r.x[0], PR_PREEMPT, 0, 0xa, 0xb);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &twin), 0);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.r.x[1]), SENSE_REGISTRATIONS_PREEMPTED);
	scsi_nexus_close(&twin);
	stop(&s);
}

static const uint8_t read_cdb[10] = { 0x28, [8] = 1 };

static void read_of(struct rig_cmd *c, struct scsi_nexus *x)
{
	rig_cmd_init(c, x, read_cdb, sizeof(read_cdb));
	rig_expect_in(c, 512);
	rig_submit(c);
}

/* Reads of all three are with the store; those of the preempted one end before the status. */
static void preempt_and_abort_waits(bool tas)
{
	struct rig_cmd reads[3];
	struct pr_cmd p;
	struct three s;
	size_t i;

	start(&s);
	s.r.lu->tas = tas;
	s.r.disk->hold = true;
	read_of(&reads[0], &s.r.x[0]);
	read_of(&reads[1], &s.r.x[1]);
	read_of(&reads[2], &s.c);
	rig_run(&s.r);
	pr_cmd_init(&p, PR_PREEMPT_AND_ABORT, 0, 0xa, 0xb);
	pr_submit(&p, &s.r.x[0]);
	rig_run(&s.r);
	CU_ASSERT_EQUAL(p.c.done, 0);
	rig_release(s.r.disk, 1); /* the own one: it goes on as if nothing were */
	rig_run(&s.r);
	CU_ASSERT_EQUAL(reads[0].t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(p.c.done, 0);
	rig_release(s.r.disk, 1);
	rig_run(&s.r);
	CU_ASSERT_EQUAL(p.c.done, 1);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT(reads[1].order < p.c.order);
	CU_ASSERT_EQUAL(reads[1].t.aborted, !tas);
	CU_ASSERT_EQUAL(reads[1].t.status, SCSI_TASK_ABORTED);
	rig_release(s.r.disk, 1);
	rig_run(&s.r);
	CU_ASSERT_EQUAL(reads[2].t.status, SCSI_GOOD);
	CU_ASSERT_PTR_NULL(s.r.lu->task_left);
	s.r.disk->hold = false;
	for (i = 0; i < 3; i++)
		scsi_task_fini(&reads[i].t);
	scsi_task_fini(&p.c.t);
	check_attention(&s, 0, SENSE_REGISTRATIONS_PREEMPTED, 0);
	stop(&s);
}

static void without_tas_nothing_is_answered(void)
{
	preempt_and_abort_waits(false);
}

static void with_tas_the_abort_is_answered(void)
{
	preempt_and_abort_waits(true);
}

/* Two preempt each other: the first wins, the other's own command is aborted with the rest. */
static void two_preempt_each_other(void)
{
	struct pr_cmd p, q;
	struct rig_cmd read;
	struct three s;

	start(&s);
	s.r.disk->hold = true;
	read_of(&read, &s.r.x[1]);
	rig_run(&s.r);
	pr_cmd_init(&p, PR_PREEMPT_AND_ABORT, 0, 0xa, 0xb);
	pr_cmd_init(&q, PR_PREEMPT_AND_ABORT, 0, 0xb, 0xa);
	pr_submit(&p, &s.r.x[0]);
	pr_submit(&q, &s.r.x[1]);
	rig_run(&s.r);
	CU_ASSERT_EQUAL(p.c.done, 0);
	rig_release(s.r.disk, 1);
	s.r.disk->hold = false;
	rig_run(&s.r);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(q.c.done, 1);
	CU_ASSERT(q.c.t.aborted || q.c.t.status == SCSI_RESERVATION_CONFLICT ||
		  q.c.t.status == SCSI_CHECK_CONDITION);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 2);
	scsi_task_fini(&p.c.t);
	scsi_task_fini(&q.c.t);
	scsi_task_fini(&read.t);
	stop(&s);
}

/* Medium removal that a preempted nexus prevents is prevented no more (SBC-4, 5.16). */
static void preempted_ones_prevent_nothing(void)
{
	static const uint8_t prevent[6] = { 0x1e, [4] = 1 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.removable = true;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_greet(&r, &r.x[1], 0);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0xa);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0xb);
	rig_cmd_init(&c, &r.x[1], prevent, sizeof(prevent));
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(r.lu->prevents, 1);
	pr_do(&r, &r.x[0], PR_PREEMPT_AND_ABORT, 0, 0xa, 0xb);
	CU_ASSERT_EQUAL(r.lu->prevents, 0);
	rig_close(&r);
}

/* Resets and lost nexuses leave them alone (SPC-5, 5.14.1). */
static void a_reset_changes_nothing(void)
{
	struct three s;

	start(&s);
	pr_do(&s.r, &s.r.x[0], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xa, 0);
	scsi_lu_reset(s.r.lu);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 3);
	CU_ASSERT_EQUAL(s.r.lu->pr.type, PR_EXCLUSIVE_ACCESS);
	stop(&s);
}

static const struct {
	const char *what;
	enum pr_action action;
	uint8_t cdb2;
	uint64_t key, action_key;
	uint32_t sense;
	bool in_cdb;
	uint16_t byte;
	uint8_t bit;
} faults[] = {
	{ "scope 1", PR_RESERVE, 0x11, 0xa, 0, SENSE_CDB_FIELD, true, 2, 7 },
	{ "type 2", PR_RESERVE, 0x02, 0xa, 0, SENSE_CDB_FIELD, true, 2, 3 },
	{ "key 0", PR_PREEMPT, 0x01, 0xa, 0, SENSE_LIST_FIELD, false, 8, 7 },
};

static void each_fault_has_its_sense(void)
{
	struct pr_cmd p;
	struct three s;
	size_t i;

	start(&s);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		pr_cmd_init(&p, faults[i].action, faults[i].cdb2, faults[i].key,
			    faults[i].action_key);
		CU_ASSERT_EQUAL(pr_fault(&s.r, &p, &s.r.x[0]), faults[i].sense);
		rig_check_pointer(&p.c, faults[i].in_cdb, faults[i].byte, faults[i].bit);
	}
	pr_do(&s.r, &s.r.x[0], PR_RESERVE, PR_WRITE_EXCLUSIVE, 0xa, 0);
	pr_cmd_init(&p, PR_RELEASE, PR_EXCLUSIVE_ACCESS, 0xa, 0);
	CU_ASSERT_EQUAL(pr_fault(&s.r, &p, &s.r.x[0]), SENSE_BAD_RELEASE);
	stop(&s);
}

static void more_than_there_is_room_for(void)
{
	struct pr_cmd p;
	struct rig r;
	uint16_t i;

	rig_start(&r);
	for (i = 0; i < PR_REGISTRANTS_MAX; i++)
		pr_add(&r.lu->pr, &r.x[1].tid, (uint16_t)(100 + i), 1);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	CU_ASSERT_EQUAL(pr_fault(&r, &p, &r.x[0]), SENSE_NO_REGISTRATION);
	CU_ASSERT_EQUAL(r.lu->pr.n, PR_REGISTRANTS_MAX);
	rig_close(&r);
}

static void aborted_while_it_waits(void)
{
	struct pr_cmd p, q;
	struct rig_cmd read;
	struct three s;

	start(&s);
	s.r.disk->hold = true;
	read_of(&read, &s.r.x[1]);
	rig_run(&s.r);
	pr_cmd_init(&p, PR_PREEMPT_AND_ABORT, 0, 0xa, 0xb);
	pr_cmd_init(&q, PR_CLEAR, 0, 0xc, 0);
	pr_submit(&p, &s.r.x[0]);
	pr_submit(&q, &s.c);
	rig_run(&s.r);
	scsi_abort(&q.c.t);
	scsi_abort(&p.c.t);
	rig_release(s.r.disk, 1);
	s.r.disk->hold = false;
	rig_run(&s.r);
	CU_ASSERT(p.c.t.aborted && q.c.t.aborted);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 2); /* what was begun is done, what waited is not */
	CU_ASSERT_PTR_NULL(s.r.lu->pr_op);
	scsi_task_fini(&p.c.t);
	scsi_task_fini(&q.c.t);
	scsi_task_fini(&read.t);
	stop(&s);
}

static int told, told_error;

static void on_cleared(void *user, int error)
{
	(void)user;
	told++;
	told_error = error;
}

/* An operator's clear takes all away and tells the registrants. */
static void an_operator_clears_all(void)
{
	struct three s;
	uint32_t generation;

	start(&s);
	generation = s.r.lu->pr.generation;
	CU_ASSERT_EQUAL(pr_do(&s.r, &s.r.x[0], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xa, 0), SCSI_GOOD);
	told = 0;
	CU_ASSERT_EQUAL(pr_out_clear(s.r.lu, on_cleared, NULL), 0);
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(told_error, 0);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 0);
	CU_ASSERT_EQUAL(s.r.lu->pr.type, PR_NONE);
	CU_ASSERT_EQUAL(s.r.lu->pr.generation, generation + 1);
	CU_ASSERT_PTR_NULL(s.r.lu->pr_op);
	check_attention(&s, SENSE_RESERVATIONS_PREEMPTED, SENSE_RESERVATIONS_PREEMPTED,
			SENSE_RESERVATIONS_PREEMPTED);
	stop(&s);
}

/* What is kept cannot be removed: all is as before. */
static void what_cannot_be_removed_stays(void)
{
	struct pollfd fd = { .events = POLLIN };
	struct three s;
	int i;

	start(&s);
	fd.fd = store_env_fd(s.r.env);
	s.r.core.state_dir = "/nonexistent/directory";
	told = 0;
	CU_ASSERT_EQUAL(pr_out_clear(s.r.lu, on_cleared, NULL), 0);
	CU_ASSERT_EQUAL(pr_out_clear(s.r.lu, on_cleared, NULL), -EBUSY);
	for (i = 0; i < 1000 && !told; i++) { /* a worker has tried */
		poll(&fd, 1, 10);
		rig_run(&s.r);
	}
	CU_ASSERT_EQUAL(told_error, -ENOENT);
	CU_ASSERT_EQUAL(s.r.lu->pr.n, 3);
	CU_ASSERT_PTR_NULL(s.r.lu->pr_op);
	s.r.core.state_dir = NULL;
	stop(&s);
}

static const struct unit_test tests[] = {
	{ "an operator clears all", an_operator_clears_all },
	{ "what cannot be removed stays", what_cannot_be_removed_stays },
	{ "a release is told to registrants", a_release_is_told_to_registrants },
	{ "a clear is told to all", a_clear_is_told_to_all },
	{ "a preempt is told to the preempted, a new type to the rest",
	  a_preempt_is_told_to_the_preempted },
	{ "other nexuses of the initiator are not told", others_of_the_name_are_not_told },
	{ "PREEMPT AND ABORT waits for what it aborts", without_tas_nothing_is_answered },
	{ "… which is answered with TAS", with_tas_the_abort_is_answered },
	{ "two who preempt each other do not wait for ever", two_preempt_each_other },
	{ "preempted nexuses prevent no removal", preempted_ones_prevent_nothing },
	{ "a reset changes nothing", a_reset_changes_nothing },
	{ "each fault has its sense", each_fault_has_its_sense },
	{ "more than there is room for is refused", more_than_there_is_room_for },
	{ "aborted while it waits", aborted_while_it_waits },
};

UNIT_MAIN("scsi/pr_out", tests)
