/* Task management functions on task sets (SAM-5, 7). */
#ifndef SCSI_TMF_H
#define SCSI_TMF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_core;
struct scsi_nexus;
struct scsi_task;

enum scsi_tmf_function {
	SCSI_ABORT_TASK,
	SCSI_ABORT_TASK_SET,
	SCSI_CLEAR_ACA,
	SCSI_CLEAR_TASK_SET,
	SCSI_LU_RESET,
	SCSI_TARGET_RESET, /* every logical unit of the device (warm and cold) */
	SCSI_QUERY_TASK,
	SCSI_QUERY_TASK_SET,
	SCSI_IT_NEXUS_RESET,
	SCSI_QUERY_ASYNC_EVENT,
};

enum scsi_tmf_result {
	SCSI_TMF_COMPLETE,
	SCSI_TMF_SUCCEEDED, /* of a query: yes */
	SCSI_TMF_NO_LU,
	SCSI_TMF_REJECTED,
	SCSI_TMF_NOT_SUPPORTED,
};

struct scsi_tmf {
	/* filled by the port */
	enum scsi_tmf_function function;
	struct scsi_nexus *nexus;
	uint8_t lun[8];
	struct scsi_task *
		task; /* of ABORT TASK and QUERY TASK; the port found it: between submit and done */
	void (*done)(struct scsi_tmf *tmf); /* once; possibly from inside scsi_tmf_submit() */

	/* what came of it */
	enum scsi_tmf_result result;
	uint32_t info; /* QUERY ASYNCHRONOUS EVENT: additional response information */

	/* the device server's own */
	struct scsi_core *core;
	uint32_t pending; /* affected tasks whose done() is still to come */
	bool in_order;    /* shares a task with an earlier one: that one ends first */
	void (*ended)(struct scsi_tmf *tmf); /* an affected task has ended */
	TAILQ_ENTRY(scsi_tmf) link;          /* core->tmfs, in the order of arrival */
};

/*
 * Carry the function out. Each affected task ends with done() and aborted set (or,
 * for another nexus with TAS set, status TASK ABORTED); tmf->done() comes after the
 * done() of all of them.
 */
void scsi_tmf_submit(struct scsi_tmf *tmf);

#endif
