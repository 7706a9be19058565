/*
 * Logical block provisioning (SBC-4, 4.7): the space that a thin provisioned unit takes of
 * its file system, what is left of that, and the soft threshold that tells when it grows short.
 */
#ifndef SCSI_THIN_H
#define SCSI_THIN_H

#include "scsi/lu.h"

#include <stdbool.h>
#include <stdint.h>

/* Resources are counted in threshold sets of 1 MiB. */
#define THIN_SET_SHIFT 20

/* Is it known of lu what it takes? */
bool thin_is_counted(const struct scsi_lu *lu);

/* THRESHOLD EXPONENT: a threshold set has two to that power of blocks. */
uint8_t thin_exponent(const struct scsi_lu *lu);

/* Bytes as a resource count. */
uint32_t thin_sets(uint64_t bytes);

/* THRESHOLD COUNT: the resource count left at which the threshold is reached. */
uint32_t thin_threshold(const struct scsi_lu *lu);

/*
 * Look how full the file system is; who is told when the threshold is reached are all nexuses,
 * once, and the log. Called at the start, and by thin_wrote() when enough has been written.
 */
void thin_look(struct scsi_lu *lu);

/* A write has ended well. */
static inline void thin_wrote(struct scsi_lu *lu)
{
	if (lu->writes.bytes >= lu->thin.due)
		thin_look(lu);
}

#endif
