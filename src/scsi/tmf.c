#include "scsi/tmf.h"

#include "scsi/core.h"
#include "scsi/device.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/tmf_table.h"
#include "scsi/ua.h"

/*
 * Tell the ends that are due. A function that met a task which an earlier one
 * had aborted already waits for all earlier ones.
 */
static void settle(struct scsi_core *core)
{
	struct scsi_tmf *tmf = TAILQ_FIRST(&core->tmfs);

	while (tmf) {
		if (tmf->pending || (tmf->in_order && tmf != TAILQ_FIRST(&core->tmfs))) {
			tmf = TAILQ_NEXT(tmf, link);
			continue;
		}
		TAILQ_REMOVE(&core->tmfs, tmf, link);
		tmf->done(tmf); /* it is the port's again; the list may have changed */
		tmf = TAILQ_FIRST(&core->tmfs);
	}
}

static void task_ended(struct scsi_tmf *tmf)
{
	tmf->pending--;
	settle(tmf->core);
}

static void abort_one(struct scsi_tmf *tmf, struct scsi_task *t, bool tell)
{
	if (t->state == SCSI_TASK_NEW || t->state == SCSI_TASK_DONE)
		return;
	if (t->abort_tmf) {
		tmf->in_order = true;
	} else {
		t->abort_tmf = tmf;
		tmf->pending++;
	}
	finish_abort(t, tell);
}

/* Abort the tasks of the set; only_own: those of the asking nexus. */
static void abort_set(struct scsi_tmf *tmf, struct scsi_lu *lu, bool only_own)
{
	struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		bool own = t->nexus == tmf->nexus;

		if (own || !only_own)
			abort_one(tmf, t, !own && lu->tas);
	}
}

static void abort_task(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	(void)lu;
	if (tmf->task)
		abort_one(tmf, tmf->task, false);
}

static void abort_task_set(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	abort_set(tmf, lu, true);
}

/* SAM-5, 7.5: whoever loses a task to another nexus is told, unless its status tells (TAS). */
static void clear_task_set(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->nexus != tmf->nexus && !lu->tas)
			ua_set(t->itl, UA_CLEARED);
	}
	abort_set(tmf, lu, false);
}

/* SAM-5, 6.3.3: everybody is told, the asking one too. */
static void reset(struct scsi_tmf *tmf, struct scsi_lu *lu, enum scsi_ua ua)
{
	abort_set(tmf, lu, false);
	scsi_lu_reset(lu);
	ua_set_lu(lu, ua, NULL);
}

static void lu_reset(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	reset(tmf, lu, UA_LU_RESET);
}

/* The logical unit of that number, when the nexus may know of it. */
static struct scsi_lu *seen(const struct scsi_nexus *x, uint32_t number)
{
	struct scsi_lu *lu = scsi_device_lu(x->device, number);

	return lu && (!x->sees || x->sees(x, lu)) ? lu : NULL;
}

/* Who is kept from a logical unit cannot take the commands of others away there either. */
static void target_reset(struct scsi_tmf *tmf, struct scsi_lu *none)
{
	struct scsi_lu *lu;
	uint32_t number;

	(void)none;
	for (number = 0; number <= SCSI_LUN_MAX; number++) {
		lu = seen(tmf->nexus, number);
		if (lu)
			reset(tmf, lu, UA_TARGET_RESET);
	}
}

/* SAM-5, 7.6 */
static void it_nexus_reset(struct scsi_tmf *tmf, struct scsi_lu *none)
{
	struct scsi_itl *itl;

	(void)none;
	TAILQ_FOREACH (itl, &tmf->nexus->known, nexus_link) {
		abort_set(tmf, itl->lu, true);
		itl_allow(itl);
		itl_release(itl);
		xcopy_log_clear(&itl->copies);
	}
	ua_set_nexus(tmf->nexus, UA_NEXUS_LOSS);
}

static void query_task(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	(void)lu;
	if (tmf->task && tmf->task->state != SCSI_TASK_NEW && tmf->task->state != SCSI_TASK_DONE)
		tmf->result = SCSI_TMF_SUCCEEDED;
}

static void query_task_set(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->nexus == tmf->nexus)
			tmf->result = SCSI_TMF_SUCCEEDED;
	}
}

/* SAM-5, 7.10: UADE DEPTH (1, or 2 for more than one), sense key, ASC, ASCQ. */
static void query_async_event(struct scsi_tmf *tmf, struct scsi_lu *lu)
{
	struct scsi_itl *itl = itl_get(tmf->nexus, lu);
	struct sense s;
	unsigned int n = itl ? ua_peek(itl, &s) : 0;

	if (!n)
		return;
	tmf->info = (n > 1 ? 2u : 1u) << 20 | s.code;
	tmf->result = SCSI_TMF_SUCCEEDED;
}

/* By enum scsi_tmf_function; those that tmf_table says are not supported have none. */
static void (*const functions[])(struct scsi_tmf *tmf, struct scsi_lu *lu) = {
	[SCSI_ABORT_TASK] = abort_task,
	[SCSI_ABORT_TASK_SET] = abort_task_set,
	[SCSI_CLEAR_ACA] = NULL,
	[SCSI_CLEAR_TASK_SET] = clear_task_set,
	[SCSI_LU_RESET] = lu_reset,
	[SCSI_TARGET_RESET] = target_reset,
	[SCSI_QUERY_TASK] = query_task,
	[SCSI_QUERY_TASK_SET] = query_task_set,
	[SCSI_IT_NEXUS_RESET] = it_nexus_reset,
	[SCSI_QUERY_ASYNC_EVENT] = query_async_event,
};

static struct scsi_lu *find_lu(const struct scsi_tmf *tmf)
{
	uint32_t number;

	return scsi_lun_get(tmf->lun, &number) ? NULL : seen(tmf->nexus, number);
}

/* What of it can be said at once. True: carry it out. */
static bool check(struct scsi_tmf *tmf, struct scsi_lu **lu)
{
	size_t i = tmf->function;

	if (i >= tmf_table_len || !tmf_table[i].supported) {
		tmf->result = SCSI_TMF_NOT_SUPPORTED;
		return false;
	}
	*lu = NULL;
	if (tmf_table[i].scope != TMF_LU)
		return true;
	*lu = find_lu(tmf);
	if (!*lu)
		tmf->result = SCSI_TMF_NO_LU;
	return *lu;
}

void scsi_tmf_submit(struct scsi_tmf *tmf)
{
	struct scsi_core *core = tmf->nexus->device->core;
	struct scsi_lu *lu;

	tmf->core = core;
	tmf->result = SCSI_TMF_COMPLETE;
	tmf->info = 0;
	tmf->pending = 0;
	tmf->in_order = false;
	tmf->ended = task_ended;
	TAILQ_INSERT_TAIL(&core->tmfs, tmf, link);
	if (check(tmf, &lu))
		functions[tmf->function](tmf, lu);
	settle(core);
}
