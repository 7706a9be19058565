/*
 * PERSISTENT RESERVE OUT (SPC-5, 6.17), one at a time for a logical unit: its list is
 * read, decided upon, written down where it must persist, made to count, and those
 * concerned are told. Its status comes after all of that.
 */
#ifndef SCSI_PR_OUT_H
#define SCSI_PR_OUT_H

struct scsi_task;

void pr_out(struct scsi_task *t);

#endif
