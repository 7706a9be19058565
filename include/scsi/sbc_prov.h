/* UNMAP and WRITE SAME (SBC-4, 5.35, 5.49 and 5.50). */
#ifndef SCSI_SBC_PROV_H
#define SCSI_SBC_PROV_H

struct scsi_task;

void sbc_unmap(struct scsi_task *t);
void sbc_write_same(struct scsi_task *t);

#endif
