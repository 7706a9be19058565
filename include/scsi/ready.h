/* The ready list: a task that may go on is put there, and scsi_core_run() takes it from there. */
#ifndef SCSI_READY_H
#define SCSI_READY_H

#include "scsi/core.h"
#include "scsi/task.h"

/* The states in which a task is on the list. */
static inline bool ready_is_listed(const struct scsi_task *t)
{
	return t->state == SCSI_TASK_READY || t->state == SCSI_TASK_BUFFERED ||
	       t->state == SCSI_TASK_ARRIVED || t->state == SCSI_TASK_ENDING;
}

/* Put t there in that state; when it is there already it only changes its state. */
static inline void ready_put(struct scsi_task *t, enum scsi_task_state state)
{
	if (!ready_is_listed(t))
		STAILQ_INSERT_TAIL(&t->core->ready, t, ready_link);
	t->state = state;
}

#endif
