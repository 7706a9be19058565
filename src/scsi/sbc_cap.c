#include "scsi/sbc_cap.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"

#include <string.h>

void sbc_read_capacity_10(struct scsi_task *t)
{
	uint64_t last = t->lu->blocks - 1;
	uint8_t *p = t->buf->data;

	/* FFFFFFFFh: too large for this command, READ CAPACITY (16) tells */
	put_be32(p, last < UINT32_MAX ? (uint32_t)last : UINT32_MAX);
	put_be32(p + 4, t->lu->opt.block_size);
	finish_in(t, 8);
}

void sbc_read_capacity_16(struct scsi_task *t)
{
	const struct scsi_lu *lu = t->lu;
	uint8_t *p = t->buf->data;

	memset(p, 0, 32);
	put_be64(p, lu->blocks - 1);
	put_be32(p + 8, lu->opt.block_size);
	/* LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT; the first physical block begins at LBA 0 */
	p[13] = (uint8_t)__builtin_ctz(lu->opt.physical_block_size / lu->opt.block_size);
	if (lu->opt.thin)
		p[14] = 0xc0; /* LBPME, LBPRZ */
	finish_alloc(t, 32);
}

/*
 * The lists asked for, and their format, as the header tells them (SBC-4, 5.22). Both
 * are empty: what lies below takes care of its own defects. So every format suits.
 */
static bool put_defects(struct scsi_task *t, uint8_t byte)
{
	if ((t->cdb[byte] & 0x07) == 0x07) { /* DEFECT LIST FORMAT: reserved */
		finish_cdb_field(t, byte, 2);
		return false;
	}
	memset(t->buf->data, 0, 8);
	t->buf->data[1] = t->cdb[byte] & 0x1f; /* PLISTV, GLISTV, DEFECT LIST FORMAT */
	return true;
}

void sbc_read_defects_10(struct scsi_task *t)
{
	if (put_defects(t, 2))
		finish_alloc(t, 4);
}

void sbc_read_defects_12(struct scsi_task *t)
{
	if (put_defects(t, 1))
		finish_alloc(t, 8);
}
