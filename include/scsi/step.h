/* A step of a command: one request to the store, and what comes after it. */
#ifndef SCSI_STEP_H
#define SCSI_STEP_H

#include "scsi/task.h"

/*
 * Submit t->io, whose op, flags, offset, len and data are set. next() follows
 * when it succeeded; a failure ends the task with the sense of its errno, and so
 * does an abort that came meanwhile. next() may take another step: the store
 * never answers from inside.
 */
void step_io(struct scsi_task *t, void (*next)(struct scsi_task *t));

/*
 * What a cache may have that is newer than the medium is written there, then next() as with
 * step_io(). Also when WCE is 0: writes may be in the cache that were made while it was 1.
 */
void step_flush(struct scsi_task *t, void (*next)(struct scsi_task *t));

/* Does t's CDB ask for access to the medium itself (FUA)? */
bool step_has_fua(const struct scsi_task *t);

/* STORE_FUA when what t writes must be on stable storage before its status: by WCE, or FUA. */
uint32_t step_fua(const struct scsi_task *t);

/* The sense for an errno (> 0) of a read, or of anything that writes. 0: status BUSY instead. */
uint32_t step_errno_sense(int error, bool writes);

#endif
