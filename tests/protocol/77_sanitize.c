/*
 * SANITIZE goes on after a kill of the daemon, until all of the medium is overwritten, and
 * not once more (SBC-4, 4.11). The medium is slow, so that the kill comes in the middle.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <poll.h>
#include <string.h>

#define SLOW       1 /* LUN */
#define BLOCKS     65536
#define PATTERN    0xa5
#define SANITIZING 0x02041b
#define IMMED      0x80
#define OVERWRITE  0x01
#define LOOK_MS    10
#define TRIES      3000 /* looks: half a minute for the work of two seconds */

/* TEST UNIT READY of the slow one. Its sense, once there is no unit attention any more. */
static uint32_t state(struct ini_session *s)
{
	struct ini_task t;

	do {
		ini_scsi_test_unit_ready(&t, SLOW);
		CHECK_OK(s, ini_task_run(s, &t));
	} while (SENSE_KEY(ini_task_sense(&t)) == SENSE_KEY_UNIT_ATTENTION);
	return ini_task_is_good(&t) ? 0 : ini_task_sense(&t);
}

static void write_block(struct ini_session *s, uint64_t lba)
{
	uint8_t block[FIXTURE_BLOCK];
	struct ini_task t;

	memset(block, 'w', sizeof(block));
	ini_scsi_write(&t, SLOW, lba, 1, block, sizeof(block));
	t.cdb[1] |= 0x08; /* FUA */
	CHECK_GOOD(s, &t);
}

/* The byte that all of the block is made of. */
static uint8_t read_block(struct ini_session *s, uint64_t lba)
{
	uint8_t block[FIXTURE_BLOCK];
	struct ini_task t;

	ini_scsi_read(&t, SLOW, lba, 1, block, sizeof(block));
	CHECK_GOOD(s, &t);
	CHECK(!memcmp(block, block + 1, sizeof(block) - 1));
	return block[0];
}

static void start_overwrite(struct ini_session *s)
{
	static const uint8_t list[5] = { 1, 0, 0, 1, PATTERN }; /* once, a byte of pattern */
	struct ini_task t;

	ini_scsi_test_unit_ready(&t, SLOW);
	t.cdb[0] = 0x48;
	t.cdb[1] = IMMED | OVERWRITE;
	put_be16(t.cdb + 7, sizeof(list));
	t.out = list;
	t.out_len = sizeof(list);
	CHECK_GOOD(s, &t);
}

static void crash(struct ini_session *s)
{
	ini_session_close(s);
	fixture_crash();
	fixture_login(s, NULL);
}

static void an_overwrite_survives_a_kill(void)
{
	struct ini_session s;
	uint32_t sense;
	int tries = 0;

	fixture_login(&s, NULL);
	CHECK_NUM(state(&s), 0);
	write_block(&s, 0);
	write_block(&s, BLOCKS - 1);
	start_overwrite(&s);
	CHECK_NUM(state(&s), SANITIZING);
	crash(&s);
	CHECK_NUM(state(&s), SANITIZING);
	while ((sense = state(&s)) == SANITIZING && ++tries < TRIES)
		(void)poll(NULL, 0, LOOK_MS);
	CHECK_NUM(sense, 0);
	CHECK_NUM(read_block(&s, 0), PATTERN);
	CHECK_NUM(read_block(&s, BLOCKS - 1), PATTERN);
	write_block(&s, BLOCKS - 1);
	crash(&s);
	CHECK_NUM(state(&s), 0);
	CHECK_NUM(read_block(&s, BLOCKS - 1), 'w');
	CHECK_NUM(fixture_log_count("overwriting it begins"), 2);
	CHECK_NUM(fixture_log_count("overwriting it is done"), 1);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "an overwrite survives a kill of the daemon, and is done once",
	  an_overwrite_survives_a_kill },
};

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "state-directory = \"${FIXTURE_DIR}/state\"\n"
			     "target \"iqn.2026-11.org.example:wiped\" {\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "  lun \"1\" { path = \"${FIXTURE_DIR}/disk\" size = \"32M\"\n"
			     "              max-bandwidth = \"16MiB/s\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.example:wiped",
};

PROTOCOL_MAIN("protocol/sanitize", &options, tests)
