/* Whether reservations let a command through: persistent ones, and those of SPC-2's RESERVE. */
#ifndef SCSI_PR_GATE_H
#define SCSI_PR_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct scsi_cmd;
struct scsi_itl;

/*
 * Do the reservations of itl's logical unit let its nexus do what has those flags
 * (enum cmd_flag)? 0 is a write, F_PR_WE_ANY a read.
 */
bool pr_gate_lets(struct scsi_itl *itl, uint32_t flags);

/* The same for a command of a CDB, some of which are harmless in part. */
bool pr_gate_passes(struct scsi_itl *itl, const struct scsi_cmd *cmd, const uint8_t *cdb);

/* Is its nexus registered, does it hold the reservation? Looks it up where that has changed. */
void pr_gate_look(struct scsi_itl *itl);

#endif
