/* RECEIVE COPY RESULTS: what came of an EXTENDED COPY, and what one may ask for (SPC-4, 6.18
 * to 6.24). */
#ifndef SCSI_RECEIVE_COPY_H
#define SCSI_RECEIVE_COPY_H

struct scsi_task;

void receive_copy_status(struct scsi_task *t);
void receive_copy_data(struct scsi_task *t);
void receive_copy_parameters(struct scsi_task *t);
void receive_copy_failure(struct scsi_task *t);

#endif
