#include "scsi/rangelock.h"

#include "scsi/cmd.h"
#include "scsi/lu.h"
#include "scsi/ready.h"

#include <assert.h>

/* Blocks from first up to, but without, end. */
struct span {
	uint64_t first;
	uint64_t end;
};

/* What changes the medium and has no range in its CDB (UNMAP) may touch all of it. */
static struct span span_of(const struct scsi_task *t)
{
	if (t->cmd->flags & F_RANGE)
		return (struct span){ t->lba, t->lba + t->nblk };
	if (t->cmd->flags & F_WRITES)
		return (struct span){ 0, UINT64_MAX };
	return (struct span){ 0, 0 };
}

static bool is_alone(const struct scsi_task *t)
{
	return t->cmd->flags & F_ALONE;
}

static bool clash(const struct scsi_task *a, const struct scsi_task *b)
{
	struct span x, y;

	if (!is_alone(a) && !is_alone(b))
		return false;
	x = span_of(a);
	y = span_of(b);
	return x.first < y.end && y.first < x.end;
}

/* By those that have their blocks, and by those that stand in front of it in line. */
static bool is_blocked(const struct scsi_task *t)
{
	const struct scsi_task *other;

	if (t->lu->is_held)
		return true;
	TAILQ_FOREACH (other, &t->lu->tasks, set_link) {
		if (other->in_range && clash(t, other))
			return true;
	}
	TAILQ_FOREACH (other, &t->lu->line, range_link) {
		if (other == t)
			return false;
		if (clash(t, other))
			return true;
	}
	return false;
}

bool rangelock_is_free(const struct scsi_task *t)
{
	return t->in_range || !t->lu || !t->lu->nalone || !is_blocked(t);
}

bool rangelock_take(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (t->in_range || !lu)
		return true;
	if (is_alone(t))
		lu->nalone++;
	if (lu->nalone && is_blocked(t)) {
		t->state = SCSI_TASK_LOCKED;
		TAILQ_INSERT_TAIL(&lu->line, t, range_link);
		return false;
	}
	t->in_range = true;
	return true;
}

static void wake(struct scsi_lu *lu)
{
	struct scsi_task *t = TAILQ_FIRST(&lu->line);

	while (t) {
		struct scsi_task *next = TAILQ_NEXT(t, range_link);

		if (!is_blocked(t)) {
			TAILQ_REMOVE(&lu->line, t, range_link);
			t->in_range = true;
			ready_put(t, SCSI_TASK_ARRIVED);
		}
		t = next;
	}
}

void rangelock_stop(struct scsi_task *t)
{
	TAILQ_REMOVE(&t->lu->line, t, range_link);
	if (is_alone(t))
		t->lu->nalone--;
	wake(t->lu);
}

void rangelock_leave(struct scsi_task *t)
{
	if (!t->in_range || !t->lu)
		return;
	t->in_range = false;
	if (is_alone(t))
		t->lu->nalone--;
	wake(t->lu);
}

/* The whole unit counts as one who is alone: so nobody else pays for the question. */
void rangelock_hold(struct scsi_lu *lu)
{
	assert(!lu->is_held);
	lu->is_held = true;
	lu->nalone++;
}

void rangelock_go_on(struct scsi_lu *lu)
{
	assert(lu->is_held);
	lu->is_held = false;
	lu->nalone--;
	wake(lu);
}
