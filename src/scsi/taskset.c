#include "scsi/taskset.h"

#include "scsi/itl.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/ready.h"

#define BIT(attr) (1u << (attr))

/*
 * Behind which older tasks one with that attribute stays dormant (SAM-5, 8.6).
 * A HEAD OF QUEUE task is entered in front of all others, and so counts as older.
 */
static const uint8_t waits_for[] = {
	[SCSI_SIMPLE] = BIT(SCSI_ORDERED) | BIT(SCSI_HEAD_OF_QUEUE),
	[SCSI_ORDERED] = BIT(SCSI_SIMPLE) | BIT(SCSI_ORDERED) | BIT(SCSI_HEAD_OF_QUEUE),
	[SCSI_HEAD_OF_QUEUE] = 0,
	[SCSI_INNER] = 0, /* it is part of one that had its turn already; nobody waits for it */
	[SCSI_LET_BY] = 0,
};

static bool must_wait(const struct scsi_lu *lu, const struct scsi_task *t)
{
	const struct scsi_task *older;

	if (t->attr == SCSI_SIMPLE && !lu->nordering)
		return false; /* the usual case */
	TAILQ_FOREACH (older, &lu->tasks, set_link) {
		if (older == t)
			return false;
		if (waits_for[t->attr] & BIT(older->attr))
			return true;
	}
	return false;
}

bool taskset_has_room(struct scsi_task *t)
{
	if (t->lu->ntasks < LIMITS_TASKS)
		return true;
	t->status = t->itl->ntasks ? SCSI_TASK_SET_FULL : SCSI_BUSY;
	return false;
}

void taskset_enter(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (t->attr == SCSI_HEAD_OF_QUEUE)
		TAILQ_INSERT_HEAD(&lu->tasks, t, set_link);
	else
		TAILQ_INSERT_TAIL(&lu->tasks, t, set_link);
	t->in_set = true;
	lu->ntasks++;
	t->itl->ntasks++;
	if (t->attr != SCSI_SIMPLE)
		lu->nordering++;
	if (must_wait(lu, t)) {
		t->state = SCSI_TASK_DORMANT;
		lu->ndormant++;
		return;
	}
	ready_put(t, SCSI_TASK_READY);
}

/* One walk along the set enables all that wait for nobody any more. */
static void wake(struct scsi_lu *lu)
{
	struct scsi_task *t;
	unsigned int older = 0;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->state == SCSI_TASK_DORMANT && !(waits_for[t->attr] & older)) {
			lu->ndormant--;
			ready_put(t, SCSI_TASK_READY);
		}
		older |= BIT(t->attr);
		if (!lu->ndormant)
			return;
	}
}

void taskset_let_by(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (t->attr == SCSI_SIMPLE)
		lu->nordering++; /* as of all others; taskset_leave() takes it back */
	t->attr = SCSI_LET_BY;
	if (lu->ndormant)
		wake(lu);
}

void taskset_leave(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	TAILQ_REMOVE(&lu->tasks, t, set_link);
	t->in_set = false;
	lu->ntasks--;
	t->itl->ntasks--;
	if (t->attr != SCSI_SIMPLE)
		lu->nordering--;
	if (lu->ndormant)
		wake(lu);
}
