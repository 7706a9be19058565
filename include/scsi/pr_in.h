/* PERSISTENT RESERVE IN (SPC-5, 6.16), a function for each service action. */
#ifndef SCSI_PR_IN_H
#define SCSI_PR_IN_H

struct scsi_task;

void pr_in_keys(struct scsi_task *t);
void pr_in_reservation(struct scsi_task *t);
void pr_in_capabilities(struct scsi_task *t);
void pr_in_full_status(struct scsi_task *t);

#endif
