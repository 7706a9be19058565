#include "scsi/cmd_table.h"

#include "rig.h"

#include <stdio.h>

static void sorted_and_unique(void)
{
	size_t i;

	for (i = 1; i < cmd_table_len; i++) {
		const struct scsi_cmd *a = &cmd_table[i - 1];
		const struct scsi_cmd *b = &cmd_table[i];

		CU_ASSERT(a->opcode < b->opcode || (a->opcode == b->opcode && a->sa < b->sa));
		/* An operation code has service actions or it has none. */
		if (a->opcode == b->opcode)
			CU_ASSERT(b->sa != NO_SA);
	}
}

static void rows_make_sense(void)
{
	size_t i, j;

	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *c = &cmd_table[i];
		uint8_t len = cdb_len(c->opcode);

		CU_ASSERT_PTR_NOT_NULL(c->run);
		CU_ASSERT_PTR_NOT_NULL(c->name);
		CU_ASSERT(len >= 6);
		CU_ASSERT_EQUAL(c->usage[0], c->opcode);
		if (c->sa != NO_SA)
			CU_ASSERT_EQUAL(c->usage[1] & 0x1f, c->sa);
		for (j = len; j < CMD_USAGE_LEN; j++)
			CU_ASSERT_EQUAL(c->usage[j], 0);
		CU_ASSERT_EQUAL(c->usage[len - 1], 0); /* CONTROL */
		if (c->flags & F_RANGE)
			CU_ASSERT(c->form >= CDB_RW6 && c->form <= CDB_LBA16);
	}
}

/* A CDB of the row with nothing but its service action. */
/* SBC-4: which commands have an FUA bit. */
static void who_has_fua(void)
{
	static const uint8_t who[] = { 0x28, 0x2a, 0x88, 0x89, 0x8a, 0x8b, 0x9c, 0xa8, 0xaa };
	size_t i, n = 0;

	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *c = &cmd_table[i];
		bool has = n < sizeof(who) && c->opcode == who[n];

		n += has;
		CU_ASSERT_EQUAL(!!(c->flags & F_FUA), has);
		CU_ASSERT(!has || c->usage[1] & CMD_FUA_BIT);
	}
	CU_ASSERT_EQUAL(n, sizeof(who));
}

static void bare(const struct scsi_cmd *c, uint8_t cdb[16])
{
	memset(cdb, 0, 16);
	cdb[0] = c->opcode;
	if (c->sa != NO_SA)
		cdb[1] = (uint8_t)c->sa;
}

static void each_stray_bit_is_pointed_at(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig r;
	size_t i;

	opt.removable = true; /* every row is there */
	rig_open_with(&r, &opt);
	r.core.state_dir = "/dev/null"; /* every row is there */
	rig_greet(&r, &r.x[0], 0);
	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *c = &cmd_table[i];
		uint8_t byte, bit;

		for (byte = 1; byte < cdb_len(c->opcode); byte++) {
			for (bit = 0; bit < 8; bit++) {
				struct rig_cmd cmd;
				uint8_t cdb[16];

				if (c->usage[byte] >> bit & 1 ||
				    (byte == 1 && c->sa != NO_SA && bit < 5))
					continue;
				bare(c, cdb);
				cdb[byte] |= (uint8_t)(1 << bit);
				rig_none(&r, &cmd, cdb, 16);
				CU_ASSERT_EQUAL(rig_sense(&cmd), SENSE_CDB_FIELD);
				rig_check_pointer(&cmd, true, byte, bit);
				scsi_task_fini(&cmd.t);
			}
		}
	}
	rig_close(&r);
}

/* Every operation code that is in no row, and every service action. */
static void what_is_not_there_is_refused(void)
{
	struct rig r;
	unsigned int op, sa;

	rig_start(&r);
	for (op = 0; op < 256; op++) {
		for (sa = 0; sa < 32; sa++) {
			uint8_t cdb[16] = { (uint8_t)op, (uint8_t)sa };
			struct rig_cmd cmd;
			bool known;

			if (cmd_find(cmd_table, cmd_table_len, cdb, r.lu, &known))
				continue;
			rig_none(&r, &cmd, cdb, 16);
			if (known) {
				CU_ASSERT_EQUAL(rig_sense(&cmd), SENSE_CDB_FIELD);
				rig_check_pointer(&cmd, true, 1, 4);
			} else {
				CU_ASSERT_EQUAL(rig_sense(&cmd), SENSE_OPCODE);
			}
			scsi_task_fini(&cmd.t);
		}
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "rows are sorted, and none is there twice", sorted_and_unique },
	{ "each row fits its CDB", rows_make_sense },
	{ "FUA is where SBC has it", who_has_fua },
	{ "each bit that no row allows is pointed at, byte and bit", each_stray_bit_is_pointed_at },
	{ "unknown operation codes and service actions are told apart",
	  what_is_not_there_is_refused },
};

UNIT_MAIN("scsi/cmd_table", tests)
