/* EXTENDED COPY: a copy reaches no further than its initiator does. */
#include "fixture.h"

#include "base/bytes.h"

#include <string.h>

#define STRANGER  "iqn.2026-11.org.itgtd:other"
#define TARGET    "iqn.2026-11.org.itgtd:copy"
#define CSCD_LEN  32
#define BLOCKS    16 /* of a copy */
#define LEN       ((size_t)BLOCKS * FIXTURE_BLOCK)
#define COPY_GONE 0x0a0d02 /* copy target device not reachable */
#define COPY_FAIL 0x0a0d01 /* third party device failure */
#define CONFLICT  0x18

/* LUN 0 and 1 are for all; LUN 2 and 3 for another initiator. */
static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"" TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
			     "  lun \"1\" { path = \"${FIXTURE_DIR}/one\" size = \"8M\" }\n"
			     "  lun \"2\" { backend = \"ram\" size = \"8M\"\n"
			     "            initiators = { \"" STRANGER "\" } }\n"
			     "  lun \"3\" { path = \"${FIXTURE_DIR}/three\" size = \"8M\"\n"
			     "            initiators = { \"" STRANGER "\" } }\n"
			     "}\n",
	.target = TARGET,
};

static void login_stranger(struct ini_session *s)
{
	struct ini_login l = { .initiator = STRANGER, .target = TARGET, .operational = "" };
	uint16_t lun;

	fixture_connect(s);
	CHECK_OK(s, ini_login(s, &l));
	for (lun = 0; lun < 4; lun++)
		fixture_ready(s, lun);
}

/* The NAA designator of a logical unit, out of its page 83h. */
static void naa_of(struct ini_session *s, uint16_t lun, uint8_t naa[static 16])
{
	uint8_t page[512] = { 0 };
	struct ini_task t;
	uint32_t at;

	ini_scsi_inquiry(&t, lun, page, sizeof(page));
	t.cdb[1] = 0x01; /* EVPD */
	t.cdb[2] = 0x83;
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	CU_ASSERT_FATAL(ini_task_is_good(&t));
	for (at = 4; at < 4u + be16(page + 2); at += 4u + page[at + 3]) {
		if (page[at + 1] == 0x03)
			memcpy(naa, page + at + 4, 16);
	}
}

/* Copy BLOCKS from LBA 0 of one logical unit to LBA to of another, asking LUN via. */
static uint32_t copy(struct ini_session *s, uint16_t via, const uint8_t source[static 16],
		     const uint8_t dest[static 16], uint64_t to, uint8_t *status)
{
	uint8_t list[16 + 2 * CSCD_LEN + 28] = { 0x01, 0x00, 0x00, 2 * CSCD_LEN };
	struct ini_task t;
	uint8_t *p = list + 16;
	int i;

	list[11] = 28;
	for (i = 0; i < 2; i++, p += CSCD_LEN) {
		p[0] = 0xe4;
		p[4] = 1;
		p[5] = 3;
		p[7] = 16;
		memcpy(p + 8, i ? dest : source, 16);
		put_be24(p + 29, FIXTURE_BLOCK);
	}
	p[0] = 0x02;
	p[3] = 24;
	p[7] = 1; /* from CSCD 0 to 1 */
	p[11] = BLOCKS;
	put_be64(p + 20, to);
	ini_scsi_write(&t, via, 0, 0, list, sizeof(list));
	memset(t.cdb, 0, 16);
	t.cdb[0] = 0x83;
	t.cdb[13] = sizeof(list);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	*status = t.status;
	return ini_task_sense(&t);
}

static void write_blocks(struct ini_session *s, uint16_t lun, uint64_t lba, uint32_t seed)
{
	uint8_t data[LEN];
	struct ini_task t;

	fixture_fill(data, sizeof(data), seed);
	ini_scsi_write(&t, lun, lba, BLOCKS, data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	CU_ASSERT(ini_task_is_good(&t));
}

static bool holds(struct ini_session *s, uint16_t lun, uint64_t lba, uint32_t seed)
{
	uint8_t data[LEN], wanted[LEN];
	struct ini_task t;

	fixture_fill(wanted, sizeof(wanted), seed);
	ini_scsi_read(&t, lun, lba, BLOCKS, data, sizeof(data));
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	return ini_task_is_good(&t) && memcmp(data, wanted, sizeof(data)) == 0;
}

/* Between memory and a file, inside either, and between files. */
static void what_is_seen_is_copied(void)
{
	static const uint16_t pairs[][2] = { { 0, 1 }, { 1, 0 }, { 2, 2 }, { 3, 3 }, { 1, 3 } };
	uint8_t source[16] = { 0 }, dest[16] = { 0 }, status;
	struct ini_session s;
	uint32_t i;

	login_stranger(&s);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		naa_of(&s, pairs[i][0], source);
		naa_of(&s, pairs[i][1], dest);
		write_blocks(&s, pairs[i][0], 0, i);
		CU_ASSERT_EQUAL(copy(&s, 0, source, dest, 100, &status), 0);
		CU_ASSERT_EQUAL(status, 0);
		CU_ASSERT(holds(&s, pairs[i][1], 100, i));
		CU_ASSERT(holds(&s, pairs[i][0], 0, i));
	}
	fixture_leave(&s);
}

/* A copy that names a LUN masked from it is refused, whoever knows its name, and from either side.
 */
static void what_is_masked_is_refused(void)
{
	uint8_t open[16] = { 0 }, masked[16] = { 0 }, status;
	struct ini_session owner, s;
	uint16_t lun;

	login_stranger(&owner);
	fixture_login_as(&s, 1, NULL);
	fixture_ready(&s, 1);
	for (lun = 2; lun <= 3; lun++) {
		naa_of(&owner, 1, open);
		naa_of(&owner, lun, masked);
		write_blocks(&owner, lun, 0, 10);
		write_blocks(&owner, lun, 200, 11);
		write_blocks(&s, 1, 0, 12);
		write_blocks(&s, 1, 200, 13);
		CU_ASSERT_EQUAL(copy(&s, 1, masked, open, 200, &status), COPY_GONE);
		CU_ASSERT_EQUAL(copy(&s, 1, open, masked, 200, &status), COPY_GONE);
		CU_ASSERT_EQUAL(copy(&s, 0, masked, masked, 200, &status), COPY_GONE);
		CU_ASSERT(holds(&owner, lun, 200, 11)); /* nothing came */
		CU_ASSERT(holds(&s, 1, 200, 13));       /* nothing went */
	}
	fixture_leave(&s);
	fixture_leave(&owner);
}

/* A reservation of another holds against a copy as it does against a write. */
static void what_is_reserved_is_not_written(void)
{
	uint8_t source[16] = { 0 }, dest[16] = { 0 }, status;
	struct ini_session holder, s;
	struct ini_task t;

	login_stranger(&holder);
	fixture_login_as(&s, 1, NULL);
	fixture_ready(&s, 1);
	naa_of(&s, 0, source);
	naa_of(&s, 1, dest);
	write_blocks(&s, 0, 0, 20);
	write_blocks(&s, 1, 300, 21);
	ini_scsi_test_unit_ready(&t, 1);
	t.cdb[0] = 0x16; /* RESERVE(6) */
	CU_ASSERT_EQUAL_FATAL(ini_task_run(&holder, &t), 0);
	CU_ASSERT(ini_task_is_good(&t));
	CU_ASSERT_EQUAL(copy(&s, 0, source, dest, 300, &status), COPY_FAIL);
	CU_ASSERT_EQUAL(copy(&s, 1, source, dest, 300, &status), 0);
	CU_ASSERT_EQUAL(status, CONFLICT); /* the copy manager itself is of the reserved unit */
	CU_ASSERT(holds(&holder, 1, 300, 21));
	fixture_leave(&holder); /* the loss of the nexus releases it */
	fixture_ready(&s, 1);
	CU_ASSERT_EQUAL(copy(&s, 0, source, dest, 300, &status), 0);
	CU_ASSERT(holds(&s, 1, 300, 20));
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "what an initiator sees it may copy", what_is_seen_is_copied },
	{ "a copy that names a LUN masked from it is refused", what_is_masked_is_refused },
	{ "a copy does not write what another has reserved", what_is_reserved_is_not_written },
};

PROTOCOL_MAIN("76_copy", &options, tests)
