/*
 * What all device servers of a process share: the buffer pool and the ready list.
 *
 * A task that may go on (enabled by its task set, served with a buffer, all its
 * data arrived) is put on the ready list, and scsi_core_run(), which the loop
 * calls, takes it from there. So no command is started from inside the
 * completion of another, and nothing recurses.
 */
#ifndef SCSI_CORE_H
#define SCSI_CORE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_lu;
struct scsi_task;
struct scsi_tmf;
struct scsi_wipe;

struct scsi_core {
	struct buf_pool *pool; /* borrowed; outlives the core */
	const char *state_dir; /* borrowed: where what persists is kept; NULL: nothing does */
	uint64_t now_ns;       /* when what is being worked on came: those who bring it set it */
	STAILQ_HEAD(, scsi_task) ready;
	TAILQ_HEAD(, scsi_tmf) tmfs;   /* task management functions that wait for tasks to end */
	TAILQ_HEAD(, scsi_wipe) wipes; /* of the medium, whose next piece comes next (wipe.h) */
	bool is_closing;               /* nothing goes on behind its command any more */
	TAILQ_HEAD(, scsi_lu) leaving; /* logical units that were taken away, and are not at rest */
};

void scsi_core_init(struct scsi_core *core, struct buf_pool *pool);

/*
 * Run what is on the ready list now, and hand over the logical units that were taken away and
 * have come to rest. True when there was something.
 */
bool scsi_core_run(struct scsi_core *core);

#endif
