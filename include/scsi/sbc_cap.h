/* READ CAPACITY (SBC-4, 5.20 and 5.21). */
#ifndef SCSI_SBC_CAP_H
#define SCSI_SBC_CAP_H

struct scsi_task;

void sbc_read_capacity_10(struct scsi_task *t);
void sbc_read_capacity_16(struct scsi_task *t);

#endif
