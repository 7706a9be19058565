#include "scsi/opcodes.h"

#include "rig.h"
#include "scsi/cmd_table.h"

static void report(struct rig *r, struct rig_cmd *c, uint8_t byte2, uint8_t opcode, uint16_t sa)
{
	uint8_t cdb[12] = { 0xa3, 0x0c, byte2, opcode };

	put_be16(cdb + 4, sa);
	put_be32(cdb + 6, 65535);
	rig_in(r, c, cdb, 12, 65535);
}

/* Every row that is there is listed, in order; without and with timeouts. */
static void all_commands(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	size_t i;
	int rctd;

	opt.thin = false; /* nor is it removable */
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	for (rctd = 0; rctd < 2; rctd++) {
		const uint8_t *p;

		report(&r, &c, rctd ? 0x80 : 0, 0, 0);
		CU_ASSERT_EQUAL_FATAL(c.t.status, SCSI_GOOD);
		p = c.t.buf->data;
		CU_ASSERT_EQUAL(be32(p), c.t.in_len - 4);
		p += 4;
		for (i = 0; i < cmd_table_len; i++) {
			const struct scsi_cmd *row = &cmd_table[i];
			bool sa = row->sa != NO_SA;

			if (row->flags & (F_REMOVABLE | F_THIN | F_KEPT))
				continue;
			CU_ASSERT_EQUAL(p[0], row->opcode);
			CU_ASSERT_EQUAL(be16(p + 2), sa ? row->sa : 0);
			CU_ASSERT_EQUAL(p[5], (sa ? 1 : 0) | (rctd ? 2 : 0));
			CU_ASSERT_EQUAL(be16(p + 6), cdb_len(row->opcode));
			p += 8;
			if (rctd) {
				CU_ASSERT_EQUAL(be16(p), 10);
				p += 12;
			}
		}
		CU_ASSERT_EQUAL(p - c.t.buf->data, (long)c.t.in_len);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void one_command(void)
{
	static const uint8_t read10[] = { 0,    0x03, 0,    10,   0x28, 0x18, 0xff,
					  0xff, 0xff, 0xff, 0x00, 0xff, 0xff, 0x00 };
	static const uint8_t capacity[] = { 0, 0x83, 0, 16,   0x9e, 0x10, 0,    0, 0, 0, 0,
					    0, 0,    0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 10,
					    0, 0,    0, 0,    0,    0,    0,    0, 0, 0 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	report(&r, &c, 0x01, 0x28, 0);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, sizeof(read10));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, read10, sizeof(read10)), 0);
	scsi_task_fini(&c.t);
	report(&r, &c, 0x82, 0x9e, 0x10);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, sizeof(capacity));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, capacity, sizeof(capacity)), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void reporting_options(void)
{
	static const struct {
		const char *what;
		uint8_t options, opcode;
		uint16_t sa;
		int support; /* SUPPORT; -1: INVALID FIELD IN CDB */
	} vectors[] = {
		{ "an opcode without service actions", 1, 0x28, 0, 3 },
		{ "its service action is ignored", 1, 0x28, 5, 3 },
		{ "an opcode with them", 1, 0xa3, 0x0c, -1 },
		{ "an opcode that is not there", 1, 0xc1, 0, 1 },
		{ "a service action", 2, 0xa3, 0x0c, 3 },
		{ "one that is not there", 2, 0xa3, 0x1f, 1 },
		{ "of an opcode without", 2, 0x28, 0, -1 },
		{ "of an opcode that is not there", 2, 0xc1, 7, 1 },
		{ "either, without", 3, 0x28, 0, 3 },
		{ "either, without, but one asked for", 3, 0x28, 1, 1 },
		{ "either, without, but the last one there could be", 3, 0x28, 0xffff, 1 },
		{ "either, with", 3, 0x9e, 0x10, 3 },
		{ "either, not there", 3, 0x9e, 0x11, 1 },
		{ "reserved", 4, 0x28, 0, -1 },
		{ "reserved", 7, 0x28, 0, -1 },
		{ "only there on removable media", 1, 0x1e, 0, 1 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		report(&r, &c, vectors[i].options, vectors[i].opcode, vectors[i].sa);
		if (vectors[i].support < 0) {
			CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
			rig_check_pointer(&c, true, 2, 2);
		} else {
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT_EQUAL(c.t.buf->data[1], vectors[i].support);
			CU_ASSERT(vectors[i].support == 3 || c.t.in_len == 4);
		}
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* UNMAP of WRITE SAME is told only where it may be set. */
static void unmap_bit(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	int thin;

	for (thin = 0; thin < 2; thin++) {
		opt.thin = thin;
		rig_open_with(&r, &opt);
		rig_greet(&r, &r.x[0], 0);
		report(&r, &c, 1, 0x93, 0);
		CU_ASSERT_EQUAL(c.t.buf->data[5], thin ? 0x09 : 0x01);
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

/* LOEJ of START STOP UNIT likewise: what does not come out is not ejected. */
static void loej_bit(void)
{
	static const uint8_t eject[6] = { 0x1b, 0, 0, 0, 0x02 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	int removable;

	for (removable = 0; removable < 2; removable++) {
		opt.removable = removable;
		rig_open_with(&r, &opt);
		rig_greet(&r, &r.x[0], 0);
		report(&r, &c, 1, 0x1b, 0);
		CU_ASSERT_EQUAL(c.t.buf->data[4 + 4], removable ? 0x07 : 0x05);
		scsi_task_fini(&c.t);
		rig_none(&r, &c, eject, sizeof(eject));
		CU_ASSERT_EQUAL(c.t.status == SCSI_GOOD, removable);
		if (!removable)
			rig_check_pointer(&c, true, 4, 1);
		scsi_task_fini(&c.t);
		rig_close(&r);
	}
}

static const struct unit_test tests[] = {
	{ "all commands are listed from their rows", all_commands },
	{ "one command comes with its usage data, and timeouts when asked for", one_command },
	{ "reporting options must suit the operation code", reporting_options },
	{ "a bit is told only where it may be set", unmap_bit },
	{ "to eject, too, only where that can be", loej_bit },
};

UNIT_MAIN("scsi/opcodes", tests)
