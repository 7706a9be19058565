#include "scsi/fault.h"

#include "base/log.h"
#include "rig.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DISK "iqn.2026-11.org.example:disk1 LUN 0: "

static time_t passed_s;

/* The clock that fault.c reads, as far on as these tests want it. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	if (syscall(SYS_clock_gettime, id, t))
		return -1;
	t->tv_sec += passed_s;
	return 0;
}

/* The last lines of the log, and how many there were. */
struct seen {
	enum log_level level;
	char last[400], before[400];
	unsigned int count;
};

static void see(void *arg, enum log_level level, const char *line)
{
	struct seen *s = arg;

	s->level = level;
	memcpy(s->before, s->last, sizeof(s->last));
	snprintf(s->last, sizeof(s->last), "%s", line);
	s->count++;
}

static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 7, 0, 0, 2 };

/* Commands whose request fails, and what the log has to say. */
static const struct {
	uint8_t cdb[10];
	bool has_data_out;
	int error;
	const char *line;
} rows[] = {
	{ { 0x28, 0, 0, 0, 0, 7, 0, 0, 2 },
	  false,
	  EIO,
	  DISK "read of 1024 bytes at 3584 failed: Input/output error" },
	{ { 0x2a, 0, 0, 0, 0x0f, 0xff, 0, 0, 1 },
	  true,
	  ENOSPC,
	  DISK "write of 512 bytes at 2096640 failed: No space left on device" },
	/* BUSY for the initiator, which tries again: whoever reads the log wants to know why. */
	{ { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 },
	  true,
	  ENOMEM,
	  DISK "write of 512 bytes at 0 failed: Cannot allocate memory" },
	{ { 0x35 }, false, EIO, DISK "flush failed: Input/output error" },
	/* With IMMED the command has ended long before. */
	{ { 0x35, 0x02 }, false, EROFS, DISK "flush failed: Read-only file system" },
};

static void told_with_disk_place_and_reason(void)
{
	static uint8_t data[512];
	struct seen seen = { .count = 0 };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	log_set_sink(see, &seen);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r.disk->error = -rows[i].error;
		if (rows[i].has_data_out)
			rig_out(&r, &c, rows[i].cdb, 10, data, 512);
		else
			rig_in(&r, &c, rows[i].cdb, 10, 1024);
		CU_ASSERT_EQUAL(seen.count, i + 1);
		CU_ASSERT_EQUAL(seen.level, LOG_LEVEL_WARNING);
		CU_ASSERT_STRING_EQUAL(seen.last, rows[i].line);
		scsi_task_fini(&c.t);
	}
	/* Requests that a filter gives back, or that a store does not know, are no faults. */
	fault_tell(r.lu, &(struct store_io){ .op = STORE_READ, .len = 512, .error = -ECANCELED });
	fault_tell(r.lu, &(struct store_io){ .op = STORE_READ, .len = 512, .error = -EOPNOTSUPP });
	CU_ASSERT_EQUAL(seen.count, i);
	r.disk->error = 0;
	rig_greet(&r, &r.x[0], 0); /* takes up the unit attention of the last flush */
	rig_in(&r, &c, read10, 10, 1024);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(seen.count, i); /* what succeeds is not told */
	scsi_task_fini(&c.t);
	rig_close(&r);
	log_set_sink(NULL, NULL);
}

/* A command that was aborted meanwhile gets no sense; its disk has failed all the same. */
static void told_of_an_aborted_command(void)
{
	struct seen seen = { .count = 0 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	log_set_sink(see, &seen);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], read10, 10);
	rig_expect_in(&c, 1024);
	rig_submit(&c);
	rig_run(&r);
	scsi_abort(&c.t);
	r.disk->error = -EIO;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_TRUE(c.t.aborted);
	CU_ASSERT_STRING_EQUAL(seen.last, rows[0].line);
	scsi_task_fini(&c.t);
	rig_close(&r);
	log_set_sink(NULL, NULL);
}

/* An initiator that tries again and again cannot fill the log; another disk is still heard. */
static void one_that_goes_on_is_counted(void)
{
	struct seen seen = { .count = 0 };
	struct scsi_lu *other;
	struct rig_cmd c;
	struct rig r;
	int i;

	rig_start(&r);
	other = rig_add_lu(&r, &(struct scsi_lu_options){ .number = 1, .block_size = 512 });
	rig_greet(&r, &r.x[0], 0);
	log_set_sink(see, &seen);
	r.disk->error = -EIO;
	for (i = 0; i < 1000; i++) {
		rig_in(&r, &c, read10, 10, 1024);
		scsi_task_fini(&c.t);
	}
	CU_ASSERT_EQUAL(seen.count, LOG_RATE_MAX);
	fault_tell(other, &(struct store_io){ .op = STORE_DISCARD, .len = 512, .error = -EIO });
	CU_ASSERT_EQUAL(seen.count, LOG_RATE_MAX + 1);
	CU_ASSERT_STRING_EQUAL(seen.last, "iqn.2026-11.org.example:disk1 LUN 1: discard of 512 "
					  "bytes at 0 failed: Input/output error");
	passed_s += 60;
	rig_in(&r, &c, read10, 10, 1024);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(seen.count, LOG_RATE_MAX + 3);
	CU_ASSERT_STRING_EQUAL(seen.before, "faults of iqn.2026-11.org.example:disk1 LUN 0: "
					    "980 more not told");
	CU_ASSERT_STRING_EQUAL(seen.last, rows[0].line);
	rig_close(&r);
	log_set_sink(NULL, NULL);
}

static const struct unit_test tests[] = {
	{ "a fault is told with its disk, operation, place and reason",
	  told_with_disk_place_and_reason },
	{ "so is that of an aborted command", told_of_an_aborted_command },
	{ "a disk that goes on failing is told of now and then, and counted",
	  one_that_goes_on_is_counted },
};

UNIT_MAIN("scsi/fault", tests)
