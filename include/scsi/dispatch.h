/* The way of a command through the device server. scsi_submit() and its kin are in task.h. */
#ifndef SCSI_DISPATCH_H
#define SCSI_DISPATCH_H

struct scsi_task;

/* A task taken from the ready list: go on with it as its state says. */
void dispatch_go_on(struct scsi_task *t);

#endif
