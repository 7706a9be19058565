#include "scsi/stats.h"

#include "rig.h"

#include <errno.h>

static const uint8_t read_two[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 2 };
static const uint8_t write_one[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 };
static const uint8_t read_beyond[10] = { 0x28, 0, 0, 0xff, 0, 0, 0, 0, 1 };
static const uint8_t sync_all[10] = { 0x35 };
static const uint8_t no_command[6] = { 0xc9 };

/* Each direction has its operations and bytes, in the logical unit and in the nexus. */
static void each_direction_is_counted(void)
{
	static uint8_t block[512];
	const struct scsi_traffic *t;
	struct rig_cmd c;
	struct rig r;
	int i;

	rig_start(&r);
	for (i = 0; i < 3; i++) {
		rig_in(&r, &c, read_two, 10, 1024);
		scsi_task_fini(&c.t);
	}
	rig_out(&r, &c, write_one, 10, block, sizeof(block));
	scsi_task_fini(&c.t);
	rig_in(&r, &c, sync_all, 10, 0);
	scsi_task_fini(&c.t);
	t = r.lu->stats.flows;
	CU_ASSERT_EQUAL(t[FLOW_READ].ops, 3);
	CU_ASSERT_EQUAL(t[FLOW_READ].bytes, 3 * 1024);
	CU_ASSERT_EQUAL(t[FLOW_WRITE].ops, 1);
	CU_ASSERT_EQUAL(t[FLOW_WRITE].bytes, 512);
	CU_ASSERT_EQUAL(t[FLOW_SYNC].ops, 1);
	CU_ASSERT_EQUAL(t[FLOW_READ].errors + t[FLOW_WRITE].errors + t[FLOW_SYNC].errors, 0);
	CU_ASSERT_EQUAL(r.x[0].traffic[FLOW_READ].ops, 3);
	CU_ASSERT_EQUAL(r.x[0].traffic[FLOW_WRITE].bytes, 512);
	CU_ASSERT_EQUAL(r.x[1].traffic[FLOW_READ].ops, 0);
	rig_close(&r);
}

/* Errors are counted by sense key, and move no bytes. */
static void errors_are_counted_by_key(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, read_beyond, 10, 512);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, no_command, 6, 0);
	scsi_task_fini(&c.t);
	r.disk->error = -EIO;
	rig_in(&r, &c, read_two, 10, 1024);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(r.lu->stats.sense[0x5], 2);
	CU_ASSERT_EQUAL(r.lu->stats.sense[0x3], 1);
	CU_ASSERT_EQUAL(r.lu->stats.flows[FLOW_READ].errors, 2);
	CU_ASSERT_EQUAL(r.lu->stats.flows[FLOW_READ].bytes, 0);
	CU_ASSERT_EQUAL(r.lu->stats.flows[FLOW_OTHER].errors, 1);
	rig_close(&r);
}

/* From the batch that brought it to the batch that found it finished. */
static void latency_is_measured(void)
{
	const struct histogram *h;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.core.now_ns = 1000;
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], read_two, 10);
	rig_expect_in(&c, 1024);
	rig_submit(&c);
	rig_run(&r);
	r.core.now_ns = 251000;
	rig_release(r.disk, 1);
	rig_wait(&r, &c);
	scsi_task_fini(&c.t);
	h = r.lu->stats.latency[FLOW_READ];
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	CU_ASSERT_EQUAL(h->count, 1);
	CU_ASSERT_EQUAL(h->max, 250000);
	CU_ASSERT_EQUAL(r.lu->stats.flows[FLOW_READ].time_ns, 250000);
	CU_ASSERT_PTR_NULL(r.lu->stats.latency[FLOW_WRITE]);
	rig_close(&r);
}

/* What was aborted is counted as that, and as nothing else. */
static void aborted_is_none_of_these(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], read_two, 10);
	rig_expect_in(&c, 1024);
	rig_submit(&c);
	rig_run(&r);
	scsi_abort(&c.t);
	rig_release(r.disk, 1);
	rig_wait(&r, &c);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(r.lu->stats.aborted, 1);
	CU_ASSERT_EQUAL(r.lu->stats.flows[FLOW_READ].ops, 0);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "each direction is counted", each_direction_is_counted },
	{ "errors are counted by key", errors_are_counted_by_key },
	{ "latency is measured", latency_is_measured },
	{ "aborted is none of these", aborted_is_none_of_these },
};

UNIT_MAIN("stats", tests)
