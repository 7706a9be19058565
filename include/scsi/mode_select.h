/* MODE SELECT (SPC-5, 6.12 and 6.13): changes current values, and saves them with SP. */
#ifndef SCSI_MODE_SELECT_H
#define SCSI_MODE_SELECT_H

struct scsi_task;

void mode_select_6(struct scsi_task *t);
void mode_select_10(struct scsi_task *t);

#endif
