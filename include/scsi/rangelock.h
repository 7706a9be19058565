/*
 * Who may touch which blocks. Commands whose row has F_ALONE (COMPARE AND WRITE and
 * its like) have their blocks to themselves while they run: they wait for every command
 * in flight that overlaps, and every later one that overlaps waits for them. All others
 * take no notice of each other, and as long as none has that flag this costs nothing.
 */
#ifndef SCSI_RANGELOCK_H
#define SCSI_RANGELOCK_H

#include <stdbool.h>

struct scsi_lu;
struct scsi_task;

/*
 * May t, all of whose data is there, touch its blocks now? If not it is in line, and
 * on the ready list as SCSI_TASK_ARRIVED when it may.
 */
bool rangelock_take(struct scsi_task *t);

/* Would rangelock_take() let it? Nothing changes. */
bool rangelock_is_free(const struct scsi_task *t);

/* t waits in line and is to be aborted. */
void rangelock_stop(struct scsi_task *t);

/* t is out of the task set: who waited for its blocks goes on. Harmless when it had none. */
void rangelock_leave(struct scsi_task *t);

/* Nobody gets blocks of lu any more, until it may go on. */
void rangelock_hold(struct scsi_lu *lu);
void rangelock_go_on(struct scsi_lu *lu);

#endif
