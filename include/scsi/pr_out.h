/*
 * PERSISTENT RESERVE OUT (SPC-5, 6.17), one at a time for a logical unit: its list is
 * read, decided upon, written down where it must persist, made to count, and those
 * concerned are told. Its status comes after all of that.
 */
#ifndef SCSI_PR_OUT_H
#define SCSI_PR_OUT_H

struct scsi_lu;
struct scsi_task;

void pr_out(struct scsi_task *t);

/*
 * An operator takes all reservations and registrations away, also RESERVE's and those that
 * could not be read; registrants are told (RESERVATIONS PREEMPTED). cleared() is called once,
 * perhaps from inside: 0, or -errno when what is kept could not be removed, and then all is as
 * before. Returns 0; -EBUSY: an initiator is changing them; -ENOMEM; then cleared() is not called.
 */
int pr_out_clear(struct scsi_lu *lu, void (*cleared)(void *user, int error), void *user);

#endif
