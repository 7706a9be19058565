#include "scsi/pr_gate.h"

#include "scsi/cmd.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"

void pr_gate_look(struct scsi_itl *itl)
{
	const struct scsi_lu *lu = itl->lu;
	uint32_t i;

	if (itl->pr_version == lu->pr_version)
		return;
	i = pr_find(&lu->pr, &itl->nexus->tid, itl->nexus->tport.rel_id);
	itl->is_registered = i != PR_NOBODY;
	itl->is_holder = lu->pr.type && pr_holds(&lu->pr, i);
	itl->pr_version = lu->pr_version;
}

bool pr_gate_lets(struct scsi_itl *itl, uint32_t flags)
{
	const struct scsi_lu *lu = itl->lu;
	uint8_t type = lu->pr.type;

	if (lu->reserved_by && lu->reserved_by != itl->nexus && !(flags & F_RESERVED_ANY))
		return false;
	if (!type)
		return true;
	pr_gate_look(itl);
	if (itl->is_holder || (itl->is_registered && pr_is_shared(type)))
		return true;
	return flags & (pr_is_write_exclusive(type) ? F_PR_WE_ANY : F_PR_EA_ANY);
}

bool pr_gate_passes(struct scsi_itl *itl, const struct scsi_cmd *cmd, const uint8_t *cdb)
{
	uint32_t flags = cmd->flags;

	if (flags & F_PR_START && (cdb[4] & 0xf1) == 0x01) /* POWER CONDITION, START */
		flags |= F_PR_ANY;
	if (flags & F_PR_ALLOW && !(cdb[4] & 0x03)) /* PREVENT */
		flags |= F_PR_ANY | F_RESERVED_ANY;
	return pr_gate_lets(itl, flags);
}
