#include "scsi/finish.h"

#include "scsi/lu.h"
#include "scsi/rangelock.h"
#include "scsi/ready.h"
#include "scsi/stats.h"
#include "scsi/taskset.h"
#include "scsi/tmf.h"
#include "scsi/ua.h"

#include <assert.h>

bool finish_sense(struct scsi_task *t, const struct sense *s)
{
	t->status = SCSI_CHECK_CONDITION;
	t->sense_len = sense_format(t->sense, s, t->lu && t->lu->d_sense);
	return false;
}

/*
 * QERR (SPC-5, 7.5.9): a command that ends with CHECK CONDITION takes others with it,
 * those of its nexus or all. The other nexuses are told, by status or unit attention.
 */
static void abort_others(const struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;
	struct scsi_task *other;

	TAILQ_FOREACH (other, &lu->tasks, set_link) {
		bool own = other->nexus == t->nexus;

		if (!own && lu->qerr == QERR_NEXUS)
			continue;
		if (!own && !lu->tas)
			ua_set(other->itl, UA_CLEARED);
		finish_abort(other, !own && lu->tas);
	}
}

/* What the end of t means for others than its port. */
static void consequences(const struct scsi_task *t)
{
	if (t->aborted || !t->lu || t->attr == SCSI_INNER)
		return;
	if (t->status == SCSI_CHECK_CONDITION && t->lu->qerr)
		abort_others(t);
	if (t->lu->ua_intlck == UA_INTLCK_ESTABLISH)
		ua_set_status(t->itl, t->status);
}

void finish_task(struct scsi_task *t)
{
	struct scsi_tmf *tmf = t->abort_tmf;
	struct scsi_lu *lu = t->lu;
	void (*left)(struct scsi_lu * lu) = lu ? lu->task_left : NULL;

	assert(t->state == SCSI_TASK_RUNNING || t->state == SCSI_TASK_READY ||
	       t->state == SCSI_TASK_ENDING);
	if (t->abort_wanted) {
		t->aborted = !t->abort_tell;
		t->status = SCSI_TASK_ABORTED;
		t->sense_len = 0;
		t->in_len = 0;
	}
	stats_count(t);
	buf_put(t->work);
	t->work = NULL;
	t->early = NULL;
	t->state = SCSI_TASK_DONE;
	if (t->in_set)
		taskset_leave(t);
	rangelock_leave(t);
	consequences(t);
	t->port->done(t); /* the task is the port's again */
	if (tmf)
		tmf->ended(tmf);
	if (left) /* then another task is in the set, and lu lives */
		left(lu);
}

void finish_status(struct scsi_task *t, enum scsi_status status)
{
	t->status = (uint8_t)status;
	finish_task(t);
}

void finish_good(struct scsi_task *t)
{
	finish_status(t, SCSI_GOOD);
}

void finish_in(struct scsi_task *t, uint32_t len)
{
	uint32_t room = finish_in_room(t);

	/* An EDTL of data-out says nothing of data-in, and nothing moved the way it counts. */
	t->xfer_len = t->may_write ? 0 : len;
	t->in_len = len < room ? len : room;
	assert(!t->in_len || (t->buf && t->in_len <= t->buf->size));
	finish_good(t);
}

void finish_alloc(struct scsi_task *t, uint32_t len)
{
	finish_in(t, len < t->alloc_len ? len : t->alloc_len);
}

void finish_check(struct scsi_task *t, const struct sense *s)
{
	finish_sense(t, s);
	finish_task(t);
}

void finish_code(struct scsi_task *t, enum sense_code code)
{
	finish_check(t, &(struct sense){ .code = code });
}

void finish_cdb_field(struct scsi_task *t, uint16_t byte, uint8_t bit)
{
	finish_check(t, &(struct sense){ .code = SENSE_CDB_FIELD,
					 .where = SENSE_IN_CDB,
					 .byte = byte,
					 .bit = bit });
}

void finish_list_field(struct scsi_task *t, uint16_t byte, uint8_t bit)
{
	finish_check(t, &(struct sense){ .code = SENSE_LIST_FIELD,
					 .where = SENSE_IN_LIST,
					 .byte = byte,
					 .bit = bit });
}

void finish_abort(struct scsi_task *t, bool tell)
{
	if (t->state == SCSI_TASK_NEW || t->state == SCSI_TASK_DONE)
		return;
	if (!t->abort_wanted) /* the first who aborts says how */
		t->abort_tell = tell;
	t->abort_wanted = true;
	switch (t->state) {
	case SCSI_TASK_RUNNING: /* step.c and finish_task() see to it */
		if (t->inner)
			finish_abort(t->inner, false);
		else if (t->lu)
			store_recall(t->lu->store, &t->io);
		return;
	case SCSI_TASK_NO_BUF: buf_wait_stop(t->core->pool, &t->wait); break;
	case SCSI_TASK_DORMANT: t->lu->ndormant--; break;
	case SCSI_TASK_LOCKED: rangelock_stop(t); break;
	default: break;
	}
	ready_put(t, SCSI_TASK_ENDING);
}
