#include "scsi/wipe.h"

#include "wipe_rig.h"

static const uint8_t erase[10] = { 0x48, 0x02 };
static const uint8_t erase_immed[10] = { 0x48, 0x82 };
static const uint8_t tur[6];
static const uint8_t read10[10] = { 0x28, [8] = 1 };

/* What is with the store ends before it begins; what comes behind it is told of it at once. */
static void what_was_under_way(void)
{
	struct rig_cmd before, wipe, behind;
	struct rig r;

	wipe_open(&r);
	r.disk->hold = true;
	rig_cmd_init(&before, &r.x[1], read10, 10);
	rig_expect_in(&before, 512);
	rig_submit(&before);
	rig_run(&r);
	rig_cmd_init(&wipe, &r.x[0], erase, 10);
	rig_submit(&wipe);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1); /* the read alone */
	rig_cmd_init(&behind, &r.x[1], read10, 10);
	rig_expect_in(&behind, 512);
	rig_submit(&behind);
	rig_run(&r);
	CU_ASSERT(!before.done && !wipe.done && !behind.done);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(before.done, 1);
	CU_ASSERT_EQUAL(before.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(behind.done, 1);
	CU_ASSERT_EQUAL(rig_sense(&behind), SENSE_SANITIZING);
	CU_ASSERT_EQUAL(wipe.done, 0);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_wait(&r, &wipe);
	scsi_task_fini(&before.t);
	scsi_task_fini(&wipe.t);
	scsi_task_fini(&behind.t);
	wipe_close(&r);
}

/* SBC-4, 5.30: it goes ahead of all that waits, whatever attribute it came with. */
static void it_is_head_of_queue(void)
{
	struct rig_cmd reading, ordered, wiping;
	struct rig r;

	wipe_open(&r);
	r.disk->hold = true;
	rig_cmd_init(&reading, &r.x[0], read10, 10);
	rig_expect_in(&reading, 512);
	rig_submit(&reading);
	rig_cmd_init(&ordered, &r.x[0], tur, 6);
	ordered.t.attr = SCSI_ORDERED;
	rig_submit(&ordered);
	rig_cmd_init(&wiping, &r.x[0], erase_immed, 10);
	rig_submit(&wiping);
	rig_run(&r);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_wait(&r, &ordered);
	CU_ASSERT_EQUAL(reading.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(wiping.t.status, SCSI_GOOD);
	CU_ASSERT(wiping.order < ordered.order);
	CU_ASSERT_EQUAL(rig_sense(&ordered), SENSE_SANITIZING);
	rig_run(&r);
	scsi_task_fini(&reading.t);
	scsi_task_fini(&ordered.t);
	scsi_task_fini(&wiping.t);
	wipe_close(&r);
}

/* Who stands behind an ORDERED one is told how far it is, too, and does not wait. */
static void nobody_waits_for_its_end(void)
{
	static const enum scsi_attr attrs[] = { SCSI_ORDERED, SCSI_SIMPLE, SCSI_HEAD_OF_QUEUE };
	struct rig_cmd wipe, others[3];
	struct rig r;
	size_t i;

	wipe_open(&r);
	r.disk->hold = true;
	rig_cmd_init(&wipe, &r.x[0], erase, 10);
	wipe.t.attr = SCSI_ORDERED;
	rig_submit(&wipe);
	for (i = 0; i < 3; i++) {
		rig_cmd_init(&others[i], &r.x[1], tur, 6);
		others[i].t.attr = (uint8_t)attrs[i];
		rig_submit(&others[i]);
	}
	rig_run(&r);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(others[i].done, 1);
		CU_ASSERT_EQUAL(rig_sense(&others[i]), SENSE_SANITIZING);
		scsi_task_fini(&others[i].t);
	}
	CU_ASSERT_EQUAL(wipe.done, 0);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_wait(&r, &wipe);
	CU_ASSERT_EQUAL(wipe.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->nordering, 0);
	scsi_task_fini(&wipe.t);
	wipe_close(&r);
}

static const struct unit_test tests[] = {
	{ "commands in flight end first, others are told", what_was_under_way },
	{ "SANITIZE goes ahead of all that waits", it_is_head_of_queue },
	{ "and nobody waits for its end", nobody_waits_for_its_end },
};

UNIT_MAIN("scsi/wipe", tests)
