#include "scsi/core.h"

#include "scsi/dispatch.h"
#include "scsi/task.h"

void scsi_core_init(struct scsi_core *core, struct buf_pool *pool)
{
	core->pool = pool;
	core->state_dir = NULL;
	STAILQ_INIT(&core->ready);
	TAILQ_INIT(&core->tmfs);
}

/* One pass: what becomes ready meanwhile waits for the next, so that others have their turn. */
bool scsi_core_run(struct scsi_core *core)
{
	STAILQ_HEAD(, scsi_task) now = STAILQ_HEAD_INITIALIZER(now);
	struct scsi_task *t;

	if (STAILQ_EMPTY(&core->ready))
		return false;
	STAILQ_CONCAT(&now, &core->ready);
	while ((t = STAILQ_FIRST(&now))) {
		STAILQ_REMOVE_HEAD(&now, ready_link);
		dispatch_go_on(t);
	}
	return true;
}
