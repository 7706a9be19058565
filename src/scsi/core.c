#include "scsi/core.h"

#include "scsi/dispatch.h"
#include "scsi/lu.h"
#include "scsi/task.h"
#include "scsi/wipe.h"

void scsi_core_init(struct scsi_core *core, struct buf_pool *pool)
{
	core->pool = pool;
	core->state_dir = NULL;
	core->now_ns = 0;
	STAILQ_INIT(&core->ready);
	TAILQ_INIT(&core->tmfs);
	TAILQ_INIT(&core->wipes);
	core->is_closing = false;
	TAILQ_INIT(&core->leaving);
}

/* Only when no task is on the ready list: one that never got into a task set may know its unit. */
static bool let_go(struct scsi_core *core)
{
	struct scsi_lu *lu, *next;
	bool any = false;

	for (lu = TAILQ_FIRST(&core->leaving); lu; lu = next) {
		next = TAILQ_NEXT(lu, leave_link);
		if (!scsi_lu_is_idle(lu))
			continue;
		TAILQ_REMOVE(&core->leaving, lu, leave_link);
		lu->gone(lu, lu->gone_user);
		any = true;
	}
	return any;
}

/* One pass: what becomes ready meanwhile waits for the next, so that others have their turn. */
bool scsi_core_run(struct scsi_core *core)
{
	STAILQ_HEAD(, scsi_task) now = STAILQ_HEAD_INITIALIZER(now);
	struct scsi_task *t;

	bool wiped = !TAILQ_EMPTY(&core->wipes) && wipe_run(core);

	if (STAILQ_EMPTY(&core->ready))
		return wiped || (!TAILQ_EMPTY(&core->leaving) && let_go(core));
	STAILQ_CONCAT(&now, &core->ready);
	while ((t = STAILQ_FIRST(&now))) {
		STAILQ_REMOVE_HEAD(&now, ready_link);
		dispatch_go_on(t);
	}
	return true;
}
