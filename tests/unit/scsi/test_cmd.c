#include "scsi/cmd.h"

#include "rig.h"

/* What the standards allow but this device server does not, whatever its table says. */
static const struct {
	const char *what;
	uint8_t cdb[16];
	uint16_t byte;
	uint8_t bit;
} vectors[] = {
	{ "RDPROTECT 001b", { 0x28, 0x20, [8] = 1 }, 1, 5 },
	{ "RDPROTECT 111b: its highest bit", { 0x28, 0xe0, [8] = 1 }, 1, 7 },
	{ "WRPROTECT", { 0x2a, 0x20, [8] = 1 }, 1, 5 },
	{ "VRPROTECT", { 0x2f, 0x40, [8] = 1 }, 1, 6 },
	{ "RARC of READ(10)", { 0x28, 0x04, [8] = 1 }, 1, 2 },
	{ "reserved in WRITE(10)", { 0x2a, 0x04, [8] = 1 }, 1, 2 },
	{ "FUA_NV", { 0x28, 0x02, [8] = 1 }, 1, 1 },
	{ "RELADR", { 0x2a, 0x01, [8] = 1 }, 1, 0 },
	{ "GROUP NUMBER of READ(10)", { 0x28, [6] = 0x1f, [8] = 1 }, 6, 4 },
	{ "GROUP NUMBER of WRITE(16)", { 0x8a, [13] = 1, [14] = 0x01 }, 14, 0 },
	{ "NACA of TEST UNIT READY", { 0x00, [5] = 0x04 }, 5, 2 },
	{ "NACA of READ(16)", { 0x88, [13] = 1, [15] = 0x04 }, 15, 2 },
	{ "vendor specific bits of CONTROL", { 0x12, [4] = 96, [5] = 0xc0 }, 5, 7 },
	{ "CMDDT of INQUIRY", { 0x12, 0x02, [4] = 96 }, 1, 1 },
	{ "ANCHOR of WRITE SAME, where nothing can be anchored", { 0x41, 0x10, [8] = 1 }, 1, 4 },
	{ "LBDATA and PBDATA of WRITE SAME", { 0x41, 0x06, [8] = 1 }, 1, 2 },
	{ "ANCHOR of UNMAP, likewise", { 0x42, 0x01, [8] = 24 }, 1, 0 },
	{ "PMI of READ CAPACITY", { 0x25, [8] = 0x01 }, 8, 0 },
	{ "LBA of READ CAPACITY", { 0x25, [3] = 0x11 }, 3, 4 },
	{ "the first byte comes before the highest bit", { 0x28, 0x01, [6] = 0x80 }, 1, 0 },
};

static void refused_with_their_field(void)
{
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		rig_none(&r, &c, vectors[i].cdb, 16);
		CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
		rig_check_pointer(&c, true, vectors[i].byte, vectors[i].bit);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void noted(struct scsi_task *t)
{
	(void)t;
}

/* Rows of an own table: with and without service actions, removable, thin. */
static void rows_are_found(void)
{
	static const struct scsi_cmd rows[] = {
		{ .opcode = 0x00, .sa = NO_SA, .run = noted, .flags = F_NO_LU },
		{ .opcode = 0x1e, .sa = NO_SA, .run = noted, .flags = F_REMOVABLE },
		{ .opcode = 0x42, .sa = NO_SA, .run = noted, .flags = F_THIN },
		{ .opcode = 0x9e, .sa = 0x10, .run = noted },
		{ .opcode = 0x9e, .sa = 0x12, .run = noted },
	};
	static const struct {
		uint8_t opcode, sa;
		bool removable, thin;
		int row; /* -1: none */
		bool known;
	} finds[] = {
		{ 0x00, 0x1f, false, false, 0, true },  { 0x01, 0, false, false, -1, false },
		{ 0x1e, 0, false, false, -1, false },   { 0x1e, 0, true, false, 1, true },
		{ 0x42, 0, false, false, -1, false },   { 0x42, 0, false, true, 2, true },
		{ 0x9e, 0x10, false, false, 3, true },  { 0x9e, 0x12, false, false, 4, true },
		{ 0x9e, 0x11, false, false, -1, true }, { 0xff, 0, true, true, -1, false },
	};
	const struct scsi_cmd *found;
	struct scsi_lu lu = { 0 };
	bool known;
	size_t i;

	for (i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		uint8_t cdb[16] = { finds[i].opcode, finds[i].sa };

		lu.opt.removable = finds[i].removable;
		lu.opt.thin = finds[i].thin;
		found = cmd_find(rows, 5, cdb, &lu, &known);
		CU_ASSERT_PTR_EQUAL(found, finds[i].row < 0 ? NULL : &rows[finds[i].row]);
		CU_ASSERT_EQUAL(known, finds[i].known);
		found = cmd_find(rows, 5, cdb, NULL, &known);
		CU_ASSERT_PTR_EQUAL(found, finds[i].opcode ? NULL : &rows[0]);
	}
	CU_ASSERT_PTR_NULL(cmd_find(rows, 0, (const uint8_t[16]){ 0 }, &lu, &known));
}

static const struct unit_test tests[] = {
	{ "bits that are not supported are refused, byte and bit told", refused_with_their_field },
	{ "rows are found by operation code and service action", rows_are_found },
};

UNIT_MAIN("scsi/cmd", tests)
