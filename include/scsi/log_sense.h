/* LOG SENSE (SPC-5, 6.8): a row of a table for each log page (SPC-5, 7.3). */
#ifndef SCSI_LOG_SENSE_H
#define SCSI_LOG_SENSE_H

struct scsi_task;

void log_sense(struct scsi_task *t);

#endif
