/* Commands that read, and write what comes of it: COMPARE AND WRITE, ORWRITE (SBC-4, 5.3, 5.12). */
#ifndef SCSI_SBC_CAW_H
#define SCSI_SBC_CAW_H

struct scsi_task;

void sbc_compare_and_write(struct scsi_task *t);
void sbc_orwrite(struct scsi_task *t);

#endif
