/*
 * EXTENDED COPY (LID1) (SPC-4, 5.17 and 6.4): the copy manager, inside one SCSI device.
 *
 * Towards the logical units it is an application client, as SPC has it: what it reads and
 * writes, a part at a time, are commands of its own in the name of the nexus that asked
 * (SCSI_INNER). They enter the task sets and pass all gates, so that masking, reservations,
 * access states, write protection, range locks and task management hold for them as they do
 * for the initiator's own.
 */
#ifndef SCSI_XCOPY_H
#define SCSI_XCOPY_H

struct scsi_task;

void xcopy(struct scsi_task *t);

#endif
