/* Anchored blocks: refused where they would be a promise only, kept where they can be. */
#include "fixture.h"

#include "base/bytes.h"

#include <string.h>

#define TARGET     "iqn.2026-11.org.itgtd:anchored"
#define FILE_LUN   0
#define RAM_LUN    1
#define BLOCKS     256 /* of a range: whole blocks of any file system */
#define LEN        ((size_t)BLOCKS * FIXTURE_BLOCK)
#define BAD_FIELD  0x052400 /* invalid field in CDB */
#define WRITE_SAME 0x93
#define NDOB       0x01
#define UNMAP      0x08
#define ANCHOR     0x10

enum { MAPPED, DEALLOCATED, ANCHORED };

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"" TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { path = \"${FIXTURE_DIR}/disk\" size = \"8M\" }\n"
			     "  lun \"1\" { backend = \"ram\" size = \"8M\" }\n"
			     "}\n",
	.target = TARGET,
};

/* ANC_SUP of the Logical Block Provisioning page: the file system decides. */
static bool may_anchor(struct ini_session *s, uint16_t lun)
{
	uint8_t page[64] = { 0 };
	struct ini_task t;

	ini_scsi_inquiry(&t, lun, page, sizeof(page));
	t.cdb[1] = 0x01; /* EVPD */
	t.cdb[2] = 0xb2;
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	CU_ASSERT(ini_task_is_good(&t) && page[1] == 0xb2);
	return page[5] & 0x02;
}

/* WRITE SAME of zeros that the target has, with these bits; its sense. */
static uint32_t write_same(struct ini_session *s, uint16_t lun, uint64_t lba, uint8_t bits)
{
	struct ini_task t;

	ini_scsi_test_unit_ready(&t, lun);
	t.cdb[0] = WRITE_SAME;
	t.cdb[1] = NDOB | bits;
	put_be64(t.cdb + 2, lba);
	put_be32(t.cdb + 10, BLOCKS);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	return ini_task_sense(&t);
}

/* UNMAP of the range with ANCHOR; its sense. */
static uint32_t unmap_anchored(struct ini_session *s, uint16_t lun, uint64_t lba)
{
	uint8_t list[24] = { 0, 22, 0, 16 };
	struct ini_task t;

	put_be64(list + 8, lba);
	put_be32(list + 16, BLOCKS);
	ini_scsi_write(&t, lun, 0, 0, list, sizeof(list));
	memset(t.cdb, 0, 16);
	t.cdb[0] = 0x42;
	t.cdb[1] = 0x01;
	t.cdb[8] = sizeof(list);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	return ini_task_sense(&t);
}

static void check_status(struct ini_session *s, uint64_t lba, uint8_t status)
{
	uint8_t data[24] = { 0 };
	struct ini_task t;

	ini_scsi_read(&t, FILE_LUN, lba, 0, data, sizeof(data));
	memset(t.cdb + 10, 0, 6);
	t.cdb[0] = 0x9e;
	t.cdb[1] = 0x12;
	t.cdb[13] = sizeof(data);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	CU_ASSERT(ini_task_is_good(&t) && be64(data + 8) == lba);
	CU_ASSERT(be32(data + 16) >= BLOCKS);
	CU_ASSERT_EQUAL(data[20], status);
}

static void write_blocks(struct ini_session *s, uint64_t lba)
{
	static uint8_t data[LEN];
	struct ini_task t;

	fixture_fill(data, LEN, 1);
	ini_scsi_write(&t, FILE_LUN, lba, BLOCKS, data, LEN);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	CU_ASSERT(ini_task_is_good(&t));
}

static bool is_zero(struct ini_session *s, uint64_t lba)
{
	static const uint8_t zeros[LEN];
	static uint8_t data[LEN];
	struct ini_task t;

	ini_scsi_read(&t, FILE_LUN, lba, BLOCKS, data, LEN);
	CU_ASSERT_EQUAL_FATAL(ini_task_run(s, &t), 0);
	return ini_task_is_good(&t) && memcmp(data, zeros, LEN) == 0;
}

/* Memory is promised by the kernel only. */
static void refused_in_memory(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	fixture_ready(&s, RAM_LUN);
	CU_ASSERT_FALSE(may_anchor(&s, RAM_LUN));
	CU_ASSERT_EQUAL(write_same(&s, RAM_LUN, 0, UNMAP | ANCHOR), BAD_FIELD);
	CU_ASSERT_EQUAL(unmap_anchored(&s, RAM_LUN, 0), BAD_FIELD);
	CU_ASSERT_EQUAL(write_same(&s, RAM_LUN, 0, UNMAP), 0);
	fixture_leave(&s);
}

/* In a file, as far as its file system goes; the end of the daemon changes nothing about it. */
static void kept_in_a_file(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	CU_ASSERT_EQUAL(write_same(&s, FILE_LUN, 0, ANCHOR), BAD_FIELD); /* not without UNMAP */
	if (!may_anchor(&s, FILE_LUN)) {
		CU_ASSERT_EQUAL(write_same(&s, FILE_LUN, 0, UNMAP | ANCHOR), BAD_FIELD);
		CU_ASSERT_EQUAL(unmap_anchored(&s, FILE_LUN, 0), BAD_FIELD);
		fixture_leave(&s);
		return;
	}
	write_blocks(&s, 0);
	write_blocks(&s, 2 * BLOCKS);
	CU_ASSERT_EQUAL(write_same(&s, FILE_LUN, 0, UNMAP | ANCHOR), 0);
	CU_ASSERT_EQUAL(unmap_anchored(&s, FILE_LUN, 4 * BLOCKS), 0);
	check_status(&s, 0, ANCHORED);
	check_status(&s, BLOCKS, DEALLOCATED);
	check_status(&s, 2 * BLOCKS, MAPPED);
	check_status(&s, 4 * BLOCKS, ANCHORED);
	fixture_drop(&s);
	fixture_crash();
	fixture_login(&s, NULL);
	check_status(&s, 0, ANCHORED);
	check_status(&s, 4 * BLOCKS, ANCHORED);
	write_blocks(&s, 4 * BLOCKS);
	check_status(&s, 4 * BLOCKS, MAPPED);
	CU_ASSERT_EQUAL(write_same(&s, FILE_LUN, 0, UNMAP), 0);
	check_status(&s, 0, DEALLOCATED);
	CU_ASSERT(is_zero(&s, 0) && is_zero(&s, BLOCKS) && !is_zero(&s, 2 * BLOCKS));
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "memory cannot keep the promise: refused", refused_in_memory },
	{ "a file keeps it where its file system does", kept_in_a_file },
};

PROTOCOL_MAIN("78_anchored", &options, tests)
