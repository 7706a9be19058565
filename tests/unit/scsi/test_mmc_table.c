#include "scsi/mmc_table.h"

#include "mmc_rig.h"

#include "scsi/lun.h"
#include "scsi/vpd.h"

/* As cmd_find() needs them. */
static void rows_are_in_order(void)
{
	size_t i;

	for (i = 0; i < mmc_table_len; i++) {
		const struct scsi_cmd *a = &mmc_table[i];

		CU_ASSERT_EQUAL(a->usage[0], a->opcode);
		CU_ASSERT_PTR_NOT_NULL(a->run);
		CU_ASSERT_FALSE(a->flags & F_WRITES);
		if (i > 0)
			CU_ASSERT(a[-1].opcode < a->opcode ||
				  (a[-1].opcode == a->opcode && a[-1].sa < a->sa));
	}
}

/* What a disk has beyond it is not there. */
static void nothing_of_a_disk(void)
{
	static const uint8_t write[12] = { 0x2a, [8] = 1 }, unmap[12] = { 0x42 };
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_refuses(&r, write, SENSE_OPCODE);
	mmc_rig_refuses(&r, unmap, SENSE_OPCODE);
	rig_in(&r, &c, (const uint8_t[16]){ 0x83 }, 16, 0);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_OPCODE);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Standard INQUIRY data, and pages up to those about disks only. */
static void inquiry_of_a_drive(void)
{
	static const uint8_t standard[12] = { 0x12, [4] = 96 };
	static const uint8_t pages[12] = { 0x12, 0x01, 0x00, 0, 96 };
	static const uint8_t limits[12] = { 0x12, 0x01, 0xb0, 0, 96 };
	static const uint8_t list[] = { 5, 0, 0, 7, 0x00, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88 };
	const uint8_t *p;
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	rig_in(&r, &c, standard, 6, 96);
	p = c.t.buf->data;
	CU_ASSERT(p[0] == 0x05 && p[1] == 0x80 && p[5] == 0x10);
	CU_ASSERT_EQUAL(memcmp(p + 16, "VIRTUAL-CDROM   ", 16), 0);
	CU_ASSERT_EQUAL(be16(p + 62), 0x04e0); /* MMC-6 */
	scsi_task_fini(&c.t);
	mmc_rig_tells(&r, pages, list, sizeof(list));
	mmc_rig_refuses(&r, limits, SENSE_CDB_FIELD);
	rig_close(&r);
}

static void capacity(void)
{
	static const uint8_t cdb[12] = { 0x25 };
	static const uint8_t answer[8] = { 0, 0, 0x0f, 0xff, 0, 0, 8, 0 };
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, cdb, answer, sizeof(answer));
	rig_close(&r);
}

/* The list of commands is printed from this table, too. */
static void supported_commands(void)
{
	static const uint8_t cdb[16] = { 0xa3, 0x0c, [8] = 0x10 };
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	rig_in(&r, &c, cdb, 12, 4096);
	CU_ASSERT_EQUAL(be32(c.t.buf->data), 8 * mmc_table_len);
	CU_ASSERT_EQUAL(c.t.buf->data[c.t.in_len - 8], 0xbe);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "the rows are in order, and none writes", rows_are_in_order },
	{ "the commands of disks are not there", nothing_of_a_disk },
	{ "INQUIRY tells an optical drive", inquiry_of_a_drive },
	{ "the capacity is in blocks of 2048 bytes", capacity },
	{ "the supported commands are those of the table", supported_commands },
};

UNIT_MAIN("scsi/mmc_table", tests)
