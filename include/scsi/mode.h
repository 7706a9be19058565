/* MODE SENSE (SPC-5, 6.14 and 6.15), one row of a table for each mode page. */
#ifndef SCSI_MODE_H
#define SCSI_MODE_H

struct scsi_task;

void mode_sense_6(struct scsi_task *t);
void mode_sense_10(struct scsi_task *t);

#endif
