/* What the log tells of a store that fails what it is asked. */
#ifndef SCSI_FAULT_H
#define SCSI_FAULT_H

struct scsi_lu;
struct store_io;

/*
 * io, a request of lu to its store, has failed: say of which disk, what was asked, where
 * (bytes) and why. A disk that goes on failing is told of a few times a minute, and counted.
 */
void fault_tell(struct scsi_lu *lu, const struct store_io *io);

#endif
