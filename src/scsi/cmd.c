#include "scsi/cmd.h"

#include "scsi/core.h"
#include "scsi/limits.h"
#include "scsi/lu.h"

#define SA_MASK 0x1f /* SPC-5, 4.2.2: SERVICE ACTION, in byte 1 */

/* Rows with a bit that is there on some logical units only. */
#define SOME_BITS (F_THIN_BIT | F_ANCHOR | F_SAVE_BIT | F_LOEJ)

bool cmd_is_there(const struct scsi_cmd *c, const struct scsi_lu *lu)
{
	if (!lu)
		return c->flags & F_NO_LU;
	if (c->flags & F_REMOVABLE && !lu->opt.removable)
		return false;
	if (c->flags & F_KEPT && !lu->core->state_dir)
		return false;
	return !(c->flags & F_THIN) || lu->opt.thin;
}

size_t cmd_first(const struct scsi_cmd *rows, size_t n, uint8_t opcode)
{
	size_t low = 0;
	size_t high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (rows[mid].opcode < opcode)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct scsi_cmd *cmd_find(const struct scsi_cmd *rows, size_t n, const uint8_t *cdb,
				const struct scsi_lu *lu, bool *opcode_known)
{
	size_t i;

	*opcode_known = false;
	for (i = cmd_first(rows, n, cdb[0]); i < n && rows[i].opcode == cdb[0]; i++) {
		if (!cmd_is_there(&rows[i], lu))
			continue;
		*opcode_known = true;
		if (rows[i].sa == NO_SA || rows[i].sa == (cdb[1] & SA_MASK))
			return &rows[i];
	}
	return NULL;
}

/* A write protected unit takes the UNMAP bit, too: its protection is what must be told then. */
static bool may_unmap(const struct scsi_lu *lu)
{
	return lu && (lu->opt.thin || lu->opt.read_only);
}

/* Of a row with SOME_BITS. Kept out of the way of all reads and writes. */
static __attribute__((noinline)) uint8_t some_usage(const struct scsi_cmd *c,
						    const struct scsi_lu *lu, size_t i)
{
	uint8_t mask = c->usage[i];

	if (i == 1 && c->flags & F_THIN_BIT && !may_unmap(lu))
		mask &= (uint8_t)~CMD_UNMAP_BIT;
	if (i == 1 && c->flags & F_ANCHOR && !(lu && limits_may_anchor(lu)))
		mask &= (uint8_t)~cmd_anchor_bit(c);
	if (i == 1 && c->flags & F_SAVE_BIT && !(lu && lu->core->state_dir))
		mask &= (uint8_t)~CMD_SAVE_BIT;
	if (i == 4 && c->flags & F_LOEJ && !(lu && lu->opt.removable))
		mask &= (uint8_t)~CMD_LOEJ_BIT;
	return mask;
}

uint8_t cmd_usage(const struct scsi_cmd *c, const struct scsi_lu *lu, size_t i)
{
	return c->flags & SOME_BITS ? some_usage(c, lu, i) : c->usage[i];
}

bool cmd_stray_bit(const struct scsi_cmd *c, const struct scsi_lu *lu, const uint8_t *cdb,
		   uint16_t *byte, uint8_t *bit)
{
	uint8_t len = cdb_len(c->opcode);
	uint8_t i;

	for (i = 1; i < len; i++) {
		uint8_t allowed = cmd_usage(c, lu, i);
		uint8_t stray;

		if (i == 1 && c->sa != NO_SA)
			allowed |= SA_MASK;
		stray = (uint8_t)(cdb[i] & ~allowed);
		if (stray) {
			*byte = i;
			*bit = (uint8_t)(31 - __builtin_clz(stray));
			return true;
		}
	}
	return false;
}
