#include "scsi/pr_out.h"

#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/pr_list.h"
#include "scsi/pr_save.h"
#include "scsi/ready.h"
#include "scsi/ua.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct pr_op {
	struct scsi_task *t; /* NULL: an operator's, of pr_out_clear() */
	struct scsi_lu *lu;
	void (*cleared)(void *user, int error); /* of that one */
	void *user;
	struct pr_change change;
	struct keep save;
};

/* ---- one at a time ---- */

/* Those who wait try again, in their order. */
static void wake(struct scsi_lu *lu)
{
	struct scsi_task *t;

	while ((t = STAILQ_FIRST(&lu->pr_waiting))) {
		STAILQ_REMOVE_HEAD(&lu->pr_waiting, ready_link);
		ready_put(t, SCSI_TASK_ARRIVED);
	}
}

/* The end of what op was; its task is still to be finished. */
static struct scsi_task *leave(struct pr_op *op)
{
	struct scsi_task *t = op->t;

	assert(op->lu->pr_op == op);
	op->lu->pr_op = NULL;
	wake(op->lu);
	free(op);
	return t;
}

/* ---- the commands of those who were preempted ---- */

/* Is one of them still on its way to its end? */
static bool is_one_left(const struct scsi_lu *lu)
{
	const struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t != lu->pr_op->t && t->itl->is_preempted && t->abort_wanted)
			return true;
	}
	return false;
}

static void on_task_left(struct scsi_lu *lu)
{
	struct scsi_itl *itl;

	if (is_one_left(lu))
		return;
	lu->task_left = NULL;
	lu->pr_op->t->fenced = true;
	TAILQ_FOREACH (itl, &lu->itls, lu_link)
		itl->is_preempted = false;
	finish_good(leave(lu->pr_op));
}

/* SPC-5, 5.14.11.5: PREEMPT AND ABORT ends when all of their commands have ended. */
static void abort_preempted(struct scsi_lu *lu)
{
	const struct scsi_task *own = lu->pr_op->t;
	struct scsi_task *t;
	struct scsi_itl *itl;

	TAILQ_FOREACH (itl, &lu->itls, lu_link) {
		if (itl->is_preempted)
			itl_allow(itl);
	}
	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t != own && t->itl->is_preempted)
			finish_abort(t, t->nexus != own->nexus && lu->tas);
	}
	wake(lu); /* also a PERSISTENT RESERVE OUT may be among them */
	lu->task_left = on_task_left;
	on_task_left(lu);
}

/* ---- what was decided comes to count ---- */

static const struct {
	uint8_t mark;
	enum scsi_ua ua;
} attentions[] = {
	{ PR_TELL_CLEARED, UA_RESERVATIONS_PREEMPTED },
	{ PR_TELL_RELEASED, UA_RESERVATIONS_RELEASED },
	{ PR_TELL_REMOVED, UA_REGISTRATIONS_PREEMPTED },
};

/* Tell the nexus of itl. True: its commands are to be aborted. */
static bool tell(struct scsi_itl *itl, const struct pr_change *c)
{
	uint32_t i = pr_find(&itl->lu->pr, &itl->nexus->tid, itl->nexus->tport.rel_id);
	size_t k;

	if (i == PR_NOBODY)
		return false;
	for (k = 0; k < sizeof(attentions) / sizeof(attentions[0]); k++) {
		if (c->marks[i] & attentions[k].mark)
			ua_set(itl, attentions[k].ua);
	}
	return c->marks[i] & PR_ABORT;
}

static void commit(struct pr_op *op)
{
	struct scsi_lu *lu = op->lu;
	struct scsi_itl *itl;
	bool aborts = false;

	TAILQ_FOREACH (itl, &lu->itls, lu_link) {
		itl->is_preempted = tell(itl, &op->change);
		aborts |= itl->is_preempted;
	}
	pr_fini(&lu->pr);
	lu->pr = op->change.next; /* lu owns it now */
	lu->pr_version++;
	if (aborts)
		abort_preempted(lu);
	else if (op->t)
		finish_good(leave(op));
}

static void on_saved(struct keep *save, int error)
{
	struct pr_op *op = (struct pr_op *)((char *)save - offsetof(struct pr_op, save));

	if (!error) {
		commit(op);
		return;
	}
	pr_fini(&op->change.next);
	finish_code(leave(op), SENSE_HARDWARE);
}

/* What is not to persist must be gone from where it did. */
static void settle(struct pr_op *op)
{
	struct scsi_lu *lu = op->lu;

	if (lu->core->state_dir && (lu->pr.aptpl || op->change.next.aptpl))
		pr_save_start(&op->save, lu, &op->change.next, on_saved);
	else
		commit(op);
}

/* ---- from the list to the decision ---- */

static void refuse(struct scsi_task *t, enum pr_verdict v)
{
	switch (v) {
	case PR_GOOD: return;
	case PR_CONFLICT: finish_status(t, SCSI_RESERVATION_CONFLICT); return;
	case PR_BAD_SCOPE: finish_cdb_field(t, 2, t->cdb[2] >> 4 ? 7 : 3); return;
	case PR_BAD_CDB: finish_cdb_field(t, 1, 4); return;
	case PR_BAD_KEY: finish_list_field(t, 8, 7); return;
	case PR_BAD_TID: finish_list_field(t, 24, SENSE_NO_BIT); return;
	case PR_BAD_RELEASE: finish_code(t, SENSE_BAD_RELEASE); return;
	case PR_NO_ROOM: finish_code(t, SENSE_NO_REGISTRATION); return;
	case PR_NO_MEMORY: finish_status(t, SCSI_BUSY); return;
	}
}

static void start(struct scsi_task *t)
{
	struct pr_op *op = calloc(1, sizeof(*op));
	enum pr_verdict v = PR_NO_MEMORY;
	struct pr_list list;

	if (!pr_list_get(&list, t)) {
		pr_list_fini(&list);
		free(op);
		finish_task(t);
		return;
	}
	if (op)
		v = pr_decide(&t->lu->pr, &list.request, &op->change);
	pr_list_fini(&list);
	if (v != PR_GOOD) {
		free(op);
		refuse(t, v);
		return;
	}
	op->t = t;
	op->lu = t->lu;
	t->lu->pr_op = op;
	settle(op);
}

void pr_out(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (t->abort_wanted)
		finish_task(t);
	else if (lu->pr_op)
		STAILQ_INSERT_TAIL(&lu->pr_waiting, t, ready_link);
	else if (lu->reserved_by) /* SPC-2, 7.13: not while RESERVE reserves the unit */
		finish_status(t, SCSI_RESERVATION_CONFLICT);
	else
		start(t);
}

/* ---- an operator's ---- */

/* It is over: the operation goes, and then the one who asked is told. */
static void tell_operator(struct pr_op *op, int error)
{
	void (*cleared)(void *, int) = op->cleared;
	void *user = op->user;

	if (error) {
		pr_fini(&op->change.next);
	} else {
		op->lu->reserved_by = NULL;
		commit(op);
	}
	leave(op);
	cleared(user, error);
}

static void on_removed(struct keep *save, int error)
{
	tell_operator((struct pr_op *)((char *)save - offsetof(struct pr_op, save)), error);
}

int pr_out_clear(struct scsi_lu *lu, void (*cleared)(void *user, int error), void *user)
{
	struct pr_op *op;

	if (lu->pr_op)
		return -EBUSY;
	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	op->lu = lu;
	op->cleared = cleared;
	op->user = user;
	pr_init(&op->change.next);
	op->change.next.generation = lu->pr.generation + 1;
	memset(op->change.marks, PR_TELL_CLEARED, sizeof(op->change.marks));
	lu->pr_op = op;
	/* Also what could not be read is gone from the directory. */
	if (lu->core->state_dir)
		pr_save_start(&op->save, lu, &op->change.next, on_removed);
	else
		tell_operator(op, 0);
	return 0;
}
