/* READ, WRITE, WRITE ATOMIC, PRE-FETCH and SYNCHRONIZE CACHE of block devices (SBC-4). */
#ifndef SCSI_SBC_RW_H
#define SCSI_SBC_RW_H

struct scsi_lu;
struct scsi_task;

void sbc_read(struct scsi_task *t);
void sbc_write(struct scsi_task *t);
void sbc_write_atomic(struct scsi_task *t);
void sbc_prefetch(struct scsi_task *t);
void sbc_sync(struct scsi_task *t);

/* Begin to write the cache out, or once more; when that fails a deferred error tells. */
void sbc_flush_behind(struct scsi_lu *lu);

#endif
