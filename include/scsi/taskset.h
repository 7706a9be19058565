/* The task set of a logical unit: who waits for whom (SAM-5, 8). */
#ifndef SCSI_TASKSET_H
#define SCSI_TASKSET_H

#include <stdbool.h>

struct scsi_task;

/*
 * May t enter the task set of t->lu? Else its status says when to try again (SAM-5,
 * 5.3.1): TASK SET FULL when one of its nexus ends, BUSY when there is none.
 */
bool taskset_has_room(struct scsi_task *t);

/* Enter the task set of t->lu: t is then on the ready list, or dormant behind others. */
void taskset_enter(struct scsi_task *t);

/* t, which is in the set, has begun and goes on for long: nobody waits for it any more. */
void taskset_let_by(struct scsi_task *t);

/* Leave it. Those that waited for t go on the ready list. */
void taskset_leave(struct scsi_task *t);

#endif
