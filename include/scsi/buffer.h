/*
 * READ BUFFER (10) and WRITE BUFFER (SPC-5, 6.22 and 6.56): the echo buffer, which tests
 * the way of data without touching the medium, and nothing else. Firmware has no way in.
 */
#ifndef SCSI_BUFFER_H
#define SCSI_BUFFER_H

struct scsi_lu;
struct scsi_task;

void buffer_read(struct scsi_task *t);
void buffer_write(struct scsi_task *t);

/* lu is freed. */
void buffer_free(struct scsi_lu *lu);

#endif
