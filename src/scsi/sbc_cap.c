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
