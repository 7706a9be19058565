/* RESERVE and RELEASE, 6 and 10 bytes (SPC-2, 7.16 to 7.22): the reservations of older hosts. */
#ifndef SCSI_RESERVE_H
#define SCSI_RESERVE_H

struct scsi_task;

void reserve(struct scsi_task *t);
void reserve_release(struct scsi_task *t);

#endif
