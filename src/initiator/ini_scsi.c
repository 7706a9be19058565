#include "initiator/ini_scsi.h"

#include "base/bytes.h"

#include <assert.h>

void ini_scsi_lun(uint8_t lun[static PDU_LUN_LEN], uint16_t n)
{
	assert(n <= INI_LUN_MAX);
	memset(lun, 0, PDU_LUN_LEN);
	put_be16(lun, n < 256 ? n : (uint16_t)(0x4000 | n));
}

/* Start a task without data. */
static void start(struct ini_task *t, uint16_t lun, uint8_t opcode)
{
	*t = (struct ini_task){ .attr = PDU_ATTR_SIMPLE };
	ini_scsi_lun(t->lun, lun);
	t->cdb[0] = opcode;
}

static void start_read(struct ini_task *t, uint16_t lun, uint8_t opcode, uint8_t *in, uint32_t len)
{
	start(t, lun, opcode);
	t->in = in;
	t->in_len = len;
}

void ini_scsi_test_unit_ready(struct ini_task *t, uint16_t lun)
{
	start(t, lun, 0x00);
}

void ini_scsi_inquiry(struct ini_task *t, uint16_t lun, uint8_t *in, uint16_t len)
{
	start_read(t, lun, 0x12, in, len);
	put_be16(t->cdb + 3, len);
}

void ini_scsi_report_luns(struct ini_task *t, uint8_t *in, uint32_t len)
{
	start_read(t, 0, 0xa0, in, len);
	put_be32(t->cdb + 6, len);
}

void ini_scsi_read_capacity16(struct ini_task *t, uint16_t lun, uint8_t *in, uint32_t len)
{
	start_read(t, lun, 0x9e, in, len);
	t->cdb[1] = 0x10; /* service action */
	put_be32(t->cdb + 10, len);
}

void ini_scsi_synchronize_cache(struct ini_task *t, uint16_t lun)
{
	start(t, lun, 0x35);
}

void ini_scsi_read(struct ini_task *t, uint16_t lun, uint64_t lba, uint32_t blocks, uint8_t *in,
		   uint32_t len)
{
	start_read(t, lun, 0x88, in, len);
	put_be64(t->cdb + 2, lba);
	put_be32(t->cdb + 10, blocks);
}

void ini_scsi_write(struct ini_task *t, uint16_t lun, uint64_t lba, uint32_t blocks,
		    const uint8_t *out, uint32_t len)
{
	start(t, lun, 0x8a);
	put_be64(t->cdb + 2, lba);
	put_be32(t->cdb + 10, blocks);
	t->out = out;
	t->out_len = len;
}
