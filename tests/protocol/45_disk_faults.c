/* A disk that fails: the initiator gets its sense, the log tells which disk, where and why. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TARGET           "iqn.2026-11.org.itgtd:faults"
#define BLOCKS           2048u
#define LUNS             2
#define SENSE_READ_ERROR 0x031100

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"" TARGET "\" {\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { path = \"${FIXTURE_DIR}/direct\" size = \"1M\" }\n"
			     "  lun \"1\" { path = \"${FIXTURE_DIR}/cached\" size = \"1M\" "
			     "io = \"cached\" }\n"
			     "}\n",
	.target = TARGET,
};

static const char *const files[LUNS] = { "direct", "cached" };

/* Somebody cuts a file that is served, or makes it whole again. */
static void set_length(uint16_t lun, off_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", getenv("FIXTURE_DIR"), files[lun]);
	CHECK(truncate(path, len) == 0);
}

/* Sense of a READ of 4 KiB there; 0: GOOD. */
static uint32_t read_at(struct ini_session *s, uint16_t lun, uint64_t lba)
{
	uint8_t in[4096];
	struct ini_task t;

	ini_scsi_read(&t, lun, lba, 8, in, sizeof(in));
	CHECK_OK(s, ini_task_run(s, &t));
	return t.status ? ini_task_sense(&t) : 0;
}

static void told_to_initiator_and_log(void)
{
	struct ini_session s;
	struct ini_task t;
	char line[256];
	uint16_t lun;

	fixture_login(&s, NULL);
	for (lun = 0; lun < LUNS; lun++) {
		fixture_ready(&s, lun);
		set_length(lun, 0);
		CHECK_NUM(read_at(&s, lun, 1024), SENSE_READ_ERROR);
		snprintf(line, sizeof(line),
			 TARGET
			 " LUN %u: read of 4096 bytes at 524288 failed: Input/output error\n",
			 lun);
		CHECK_NUM(fixture_log_count(line), 1);
		ini_scsi_synchronize_cache(&t, lun);
		CHECK_GOOD(&s, &t);
		set_length(lun, BLOCKS * FIXTURE_BLOCK);
		CHECK_NUM(read_at(&s, lun, 1024), 0);
	}
	CHECK_NUM(fixture_log_count(" failed: "), LUNS);
	fixture_leave(&s);
}

/* Many more faults than anybody wants to read. */
static void a_flood_is_counted(void)
{
	struct ini_session s;
	uint64_t lba;

	fixture_login(&s, NULL);
	set_length(0, 0);
	for (lba = 0; lba < 100; lba++)
		CHECK_NUM(read_at(&s, 0, lba), SENSE_READ_ERROR);
	CHECK(fixture_log_count(TARGET " LUN 0: read of 4096 bytes at ") < 50);
	set_length(0, BLOCKS * FIXTURE_BLOCK);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "a disk's fault is told to the initiator and to the log", told_to_initiator_and_log },
	{ "a disk that goes on failing does not fill the log", a_flood_is_counted },
};

PROTOCOL_MAIN("protocol/disk_faults", &options, tests)
