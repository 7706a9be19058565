/* GET LBA STATUS (SBC-4, 5.6): which blocks are mapped. */
#ifndef SCSI_SBC_EXTENT_H
#define SCSI_SBC_EXTENT_H

struct scsi_task;

void sbc_get_lba_status(struct scsi_task *t);

#endif
