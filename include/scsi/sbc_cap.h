/* What the medium is: READ CAPACITY and READ DEFECT DATA (SBC-4, 5.20 to 5.23). */
#ifndef SCSI_SBC_CAP_H
#define SCSI_SBC_CAP_H

struct scsi_task;

void sbc_read_capacity_10(struct scsi_task *t);
void sbc_read_capacity_16(struct scsi_task *t);
void sbc_read_defects_10(struct scsi_task *t);
void sbc_read_defects_12(struct scsi_task *t);

#endif
