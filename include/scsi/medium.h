/* Start, stop, load and eject the medium, and keep it from being ejected. */
#ifndef SCSI_MEDIUM_H
#define SCSI_MEDIUM_H

struct scsi_task;

void medium_start_stop(struct scsi_task *t);
void medium_prevent_allow(struct scsi_task *t);

#endif
