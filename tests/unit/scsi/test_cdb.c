#include "scsi/cdb.h"

#include "unit.h"

static const struct {
	const char *what;
	enum cdb_form form;
	uint8_t cdb[16];
	struct cdb_fields want;
	uint8_t length_at;
} vectors[] = {
	{ "READ(6)", CDB_RW6, { 0x08, 0xff, 0x34, 0x56, 0x07, 0 }, { 0x1f3456, 7, 0 }, 4 },
	{ "READ(6) of 0 blocks is 256", CDB_RW6, { 0x08, 0, 0, 1, 0, 0 }, { 1, 256, 0 }, 4 },
	{ "READ(10)",
	  CDB_RW10,
	  { 0x28, 0, 0x81, 0x23, 0x45, 0x67, 0, 0xfe, 0xdc, 0 },
	  { 0x81234567, 0xfedc, 0 },
	  7 },
	{ "READ(12)",
	  CDB_RW12,
	  { 0xa8, 0, 1, 2, 3, 4, 0x85, 6, 7, 8, 0, 0 },
	  { 0x01020304, 0x85060708, 0 },
	  6 },
	{ "READ(16)",
	  CDB_RW16,
	  { 0x88, 0, 0x81, 2, 3, 4, 5, 6, 7, 8, 0x89, 10, 11, 12, 0, 0 },
	  { 0x8102030405060708, 0x890a0b0c, 0 },
	  10 },
	{ "REQUEST SENSE", CDB_ALLOC6, { 0x03, 0, 0, 0, 0xfe, 0 }, { 0, 0, 0xfe }, 4 },
	{ "INQUIRY", CDB_ALLOC6W, { 0x12, 0, 0, 0x81, 0x02, 0 }, { 0, 0, 0x8102 }, 3 },
	{ "UNMAP", CDB_ALLOC10, { 0x42, 0, 0, 0, 0, 0, 0, 0x81, 2, 0 }, { 0, 0, 0x8102 }, 7 },
	{ "REPORT LUNS",
	  CDB_ALLOC12,
	  { 0xa0, 0, 0, 0, 0, 0, 0x81, 2, 3, 4, 0, 0 },
	  { 0, 0, 0x81020304 },
	  6 },
	{ "READ CAPACITY(16)",
	  CDB_ALLOC16,
	  { 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 2, 3, 4, 0, 0 },
	  { 0, 0, 0x81020304 },
	  10 },
	{ "TEST UNIT READY", CDB_PLAIN, { 0, 0xff, 0xff, 0xff, 0xff }, { 0, 0, 0 }, 0 },
};

static void fields_of_each_form(void)
{
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct cdb_fields got;

		cdb_get(vectors[i].form, vectors[i].cdb, &got);
		CU_ASSERT_EQUAL(got.lba, vectors[i].want.lba);
		CU_ASSERT_EQUAL(got.blocks, vectors[i].want.blocks);
		CU_ASSERT_EQUAL(got.alloc_len, vectors[i].want.alloc_len);
		CU_ASSERT_EQUAL(cdb_length_at(vectors[i].form), vectors[i].length_at);
	}
}

static void length_by_group(void)
{
	CU_ASSERT_EQUAL(cdb_len(0x00), 6);
	CU_ASSERT_EQUAL(cdb_len(0x1f), 6);
	CU_ASSERT_EQUAL(cdb_len(0x28), 10);
	CU_ASSERT_EQUAL(cdb_len(0x5f), 10);
	CU_ASSERT_EQUAL(cdb_len(0x7f), 0);
	CU_ASSERT_EQUAL(cdb_len(0x88), 16);
	CU_ASSERT_EQUAL(cdb_len(0xa0), 12);
	CU_ASSERT_EQUAL(cdb_len(0xc0), 0);
}

static const struct unit_test tests[] = {
	{ "each form has LBA, blocks and allocation length where they belong",
	  fields_of_each_form },
	{ "the group code of an operation code gives the length", length_by_group },
};

UNIT_MAIN("scsi/cdb", tests)
