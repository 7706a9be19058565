/* What may change of a logical unit while nexuses use it: its options, its store, its size. */
#ifndef SCSI_LU_CHANGE_H
#define SCSI_LU_CHANGE_H

#include "scsi/lu.h"

/*
 * Hold it: commands that have not begun wait, those that have go on to their end, at
 * once if it is a limit that they wait for. It is quiet when these have ended and its store has
 * given everything back.
 */
void scsi_lu_hold(struct scsi_lu *lu);
bool scsi_lu_is_quiet(const struct scsi_lu *lu);

/* Let those go on that have waited. */
void scsi_lu_go_on(struct scsi_lu *lu);

/* What may change of a logical unit that is in use. */
struct scsi_lu_change {
	struct store *store; /* another one for the same data, of the same size; NULL: stays */
	uint32_t physical_block_size; /* bytes; fits as in struct scsi_lu_options */
	bool write_cache;
	bool thin;
	uint8_t soft_threshold; /* percent, as in struct scsi_lu_options */
	bool read_only;
	void *user;
};

/*
 * Take these over; with another store it must be held and quiet. The old store comes back to the
 * caller (NULL: it has stayed). Everybody is told of what he can see.
 */
struct store *scsi_lu_change(struct scsi_lu *lu, const struct scsi_lu_change *change);

#endif
