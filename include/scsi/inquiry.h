/* INQUIRY (SPC-5, 6.6): standard data; the vital product data pages are in vpd.c. */
#ifndef SCSI_INQUIRY_H
#define SCSI_INQUIRY_H

struct scsi_task;

void inquiry(struct scsi_task *t);

#endif
