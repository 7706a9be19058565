/* The task set of a logical unit: who waits for whom (SAM-5, 8). */
#ifndef SCSI_TASKSET_H
#define SCSI_TASKSET_H

struct scsi_task;

/* Enter the task set of t->lu: t is then on the ready list, or dormant behind others. */
void taskset_enter(struct scsi_task *t);

/* Leave it. Those that waited for t go on the ready list. */
void taskset_leave(struct scsi_task *t);

#endif
