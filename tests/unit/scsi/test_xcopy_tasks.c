#include "scsi/xcopy.h"

#include "xcopy_pair.h"

#include "scsi/limits.h"
#include "scsi/lun.h"
#include "scsi/tmf.h"
#include "scsi/ua.h"

#include <errno.h>

/* ---- with others ---- */

static void aborted_by_its_port(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	check_status(&p, 0, 0, 0);
	scsi_abort(&p.c.t);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(p.c.done, 0); /* what the store has is waited for */
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
	CU_ASSERT(TAILQ_EMPTY(&p.other->tasks));
	check_status(&p, 2, 0, 0);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

static void tmf_done(struct scsi_tmf *tmf)
{
	tmf->info++;
}

static void reset_lu(struct pair *p, struct scsi_tmf *tmf, uint32_t lun)
{
	*tmf = (struct scsi_tmf){ .function = SCSI_LU_RESET,
				  .nexus = &p->r.x[1],
				  .done = tmf_done };
	scsi_lun_put(tmf->lun, lun);
	scsi_tmf_submit(tmf);
	rig_run(&p->r);
}

/* A reset of the destination takes what is under way there, and waits for it. */
static void reset_of_the_destination(void)
{
	struct scsi_tmf tmf;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	reset_lu(&p, &tmf, 1);
	CU_ASSERT_EQUAL(tmf.info, 0);
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(tmf.info, 1);
	CU_ASSERT_EQUAL(p.c.done, 1);
	check_forwarded(&p, true, SCSI_TASK_ABORTED, 0);
	pair_close(&p);
}

/* A reset of the unit that copies ends the command, and what was kept of copies. */
static void reset_of_the_copy_manager(void)
{
	struct scsi_tmf tmf;
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	reset_lu(&p, &tmf, 0);
	CU_ASSERT_EQUAL(tmf.info, 0);
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(tmf.info, 1);
	CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
	scsi_task_fini(&p.c.t);
	rig_greet(&p.r, &p.r.x[0], 0);
	xlist_receive(&p.r, &c, 0x00, 1);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* Aborted while its part stands in line behind an atomic command: it leaves the line. */
static void behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	int round;

	for (round = 0; round < 2; round++) {
		pair_open(&p, 512);
		p.disk->hold = true;
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, 1);
		memset(data + 512, 0x33, 512);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(p.disk->nheld, 1); /* it reads */
		list_of(&l, &p);
		xlist_segment(&l, 0, 0, 1, 0, 1);
		xlist_cmd(&p.c, &p.r.x[0], &l);
		rig_submit(&p.c);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(p.disk->nheld, 1); /* the copy waits */
		if (round) {
			scsi_abort(&p.c.t);
			rig_run(&p.r);
			CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
		}
		p.disk->hold = false;
		rig_release(p.disk, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT_EQUAL(p.c.done, 1);
		/* The copy came after it, or not at all. */
		CU_ASSERT_EQUAL(p.disk->bytes[0], round ? 0x33 : p.r.disk->bytes[0]);
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

/* An ORDERED task behind the copy waits for all of it, and does not stop it. */
static void an_ordered_task_behind_it(void)
{
	static const uint8_t ready[16] = { 0x00 };
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	rig_cmd_init(&c, &p.r.x[0], ready, 6);
	c.t.attr = SCSI_ORDERED;
	rig_submit(&c);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(c.done, 0);
	p.disk->hold = false;
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT(c.done == 1 && p.c.order < c.order);
	scsi_task_fini(&p.c.t);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* An ORDERED copy inside its own unit. */
static void an_ordered_copy(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 0, 8, 8);
	xlist_cmd(&p.c, &p.r.x[0], &l);
	p.c.t.attr = SCSI_ORDERED;
	rig_do(&p.r, &p.c);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* A unit attention of the destination is still the initiator's after the copy. */
static void unit_attentions_stay(void)
{
	static const uint8_t ready[16] = { 0x00 };
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	ua_set_lu(p.other, UA_CAPACITY, NULL);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	rig_cmd_init(&c, &p.r.x[0], ready, 6);
	scsi_lun_put(c.t.lun, 1);
	rig_do(&p.r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CAPACITY);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* A command of nexus x that is held in LUN 1's store. */
static void hold_read(struct pair *p, struct rig_cmd *c, struct scsi_nexus *x)
{
	static const uint8_t read[16] = { 0x28, [8] = 1 };

	rig_cmd_init(c, x, read, 10);
	scsi_lun_put(c->t.lun, 1);
	rig_expect_in(c, 512);
	rig_submit(c);
	rig_run(&p->r);
}

/*
 * QERR is of commands that an initiator sent to the logical unit: that a part of a copy ends
 * with CHECK CONDITION there takes nobody with it, neither of its nexus nor of another.
 */
static void a_part_that_fails_aborts_nobody(void)
{
	struct rig_cmd own, other;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	rig_greet(&p.r, &p.r.x[1], 1);
	p.other->qerr = QERR_ALL;
	start_held(&p, &l);
	hold_read(&p, &own, &p.r.x[0]);
	hold_read(&p, &other, &p.r.x[1]);
	CU_ASSERT_EQUAL_FATAL(p.disk->nheld, 3);
	p.disk->error = -EIO;
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL_FATAL(p.c.done, 1);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_WRITE_ERROR);
	p.disk->error = 0;
	rig_release(p.disk, 2);
	rig_run(&p.r);
	CU_ASSERT(own.done == 1 && !own.t.aborted && own.t.status == SCSI_GOOD);
	CU_ASSERT(other.done == 1 && !other.t.aborted && other.t.status == SCSI_GOOD);
	scsi_task_fini(&own.t);
	scsi_task_fini(&other.t);
	pair_close(&p);
}

/* Nor is it the initiator, who never saw the status of a part, whom UA_INTLCK_CTRL has told. */
static void a_conflict_of_a_part_is_no_unit_attention(void)
{
	static const uint8_t ready[16] = { 0x00 }, reserve[16] = { 0x16 };
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	rig_greet(&p.r, &p.r.x[1], 1);
	p.other->ua_intlck = UA_INTLCK_ESTABLISH;
	rig_cmd_init(&c, &p.r.x[1], reserve, 6);
	scsi_lun_put(c.t.lun, 1);
	rig_do(&p.r, &c);
	CU_ASSERT_EQUAL_FATAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_RESERVATION_CONFLICT, 0);
	p.other->reserved_by = NULL;
	rig_cmd_init(&c, &p.r.x[0], ready, 6);
	scsi_lun_put(c.t.lun, 1);
	rig_do(&p.r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* An identifier that is in use; another nexus, or none, may use what it likes. */
static void identifiers(void)
{
	struct rig_cmd c[3];
	struct xlist l, none;
	struct pair p;
	int i;

	pair_open(&p, 512);
	start_held(&p, &l);
	xlist_cmd(&c[0], &p.r.x[0], &l);
	rig_do(&p.r, &c[0]);
	CU_ASSERT_EQUAL(rig_sense(&c[0]), SENSE_IN_PROGRESS);
	xlist_cmd(&c[1], &p.r.x[1], &l);
	rig_submit(&c[1]);
	xlist_init(&none, 0, XLIST_NO_ID);
	xlist_cscd(&none, p.r.lu);
	xlist_segment(&none, 0, 0, 0, 1, 1);
	xlist_cmd(&c[2], &p.r.x[0], &none);
	rig_do(&p.r, &c[2]);
	CU_ASSERT_EQUAL(c[2].t.status, SCSI_GOOD);
	p.disk->hold = false;
	rig_release(p.disk, 2);
	rig_run(&p.r);
	CU_ASSERT(p.c.t.status == SCSI_GOOD && c[1].t.status == SCSI_GOOD && c[1].done == 1);
	check_status(&p, 1, 1, 512);
	for (i = 0; i < 3; i++)
		scsi_task_fini(&c[i].t);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* So many at a time, and no more. */
static void many_at_once(void)
{
	static struct rig_cmd c[LIMITS_COPIES + 1];
	struct xlist l;
	struct pair p;
	int i;

	pair_open(&p, 512);
	p.disk->hold = true;
	xlist_init(&l, 0, XLIST_NO_ID);
	xlist_cscd(&l, p.r.lu);
	xlist_cscd(&l, p.other);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	for (i = 0; i <= LIMITS_COPIES; i++) {
		xlist_cmd(&c[i], &p.r.x[0], &l);
		rig_submit(&c[i]);
		rig_run(&p.r);
	}
	CU_ASSERT(c[LIMITS_COPIES].done == 1 && c[LIMITS_COPIES].t.status == SCSI_BUSY);
	p.disk->hold = false;
	rig_release(p.disk, LIMITS_COPIES);
	rig_run(&p.r);
	for (i = 0; i <= LIMITS_COPIES; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT_EQUAL(p.r.lu->ncopies, 0);
	pair_close(&p);
}

static const struct unit_test tests[] = {
	{ "a copy is aborted when its part is done", aborted_by_its_port },
	{ "a reset of the destination ends the copy", reset_of_the_destination },
	{ "a reset of its own unit ends the copy, and forgets it", reset_of_the_copy_manager },
	{ "a part waits for an atomic command, and an abort takes it out of the line",
	  behind_an_atomic_command },
	{ "an ORDERED task behind a copy does not stop it", an_ordered_task_behind_it },
	{ "an ORDERED copy does not wait for itself", an_ordered_copy },
	{ "a copy takes no unit attention away", unit_attentions_stay },
	{ "a part that fails aborts nobody", a_part_that_fails_aborts_nobody },
	{ "a conflict of a part is no unit attention", a_conflict_of_a_part_is_no_unit_attention },
	{ "an identifier is for one copy of a nexus at a time", identifiers },
	{ "more copies than can be are BUSY", many_at_once },
};

UNIT_MAIN("scsi/xcopy, among other tasks", tests)
