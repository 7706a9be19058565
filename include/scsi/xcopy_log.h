/*
 * What came of copies, by list identifier, for RECEIVE COPY RESULTS: one log for each
 * I_T_L nexus. Of those that have ended it keeps the last XCOPY_LOG_KEPT.
 */
#ifndef SCSI_XCOPY_LOG_H
#define SCSI_XCOPY_LOG_H

#include "scsi/task.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define XCOPY_LOG_KEPT 16

struct xcopy_record {
	uint8_t id; /* LIST IDENTIFIER */
	bool is_running;
	bool is_forgotten; /* it is gone when it ends */
	uint16_t segments; /* carried out, the whole of them */
	uint64_t bytes;    /* that the destinations got */

	/* of one that has ended */
	uint8_t status; /* enum scsi_status */
	uint8_t sense_len;
	uint8_t sense[SCSI_SENSE_MAX];
	TAILQ_ENTRY(xcopy_record) link;
};

struct xcopy_log {
	TAILQ_HEAD(, xcopy_record) records; /* owns; those that have ended in the order of that */
	uint8_t ended;                      /* of them */
};

void xcopy_log_init(struct xcopy_log *l);

/* Frees all records; none is running. */
void xcopy_log_fini(struct xcopy_log *l);

/* The record with that identifier, or NULL. */
struct xcopy_record *xcopy_log_find(const struct xcopy_log *l, uint8_t id);

/*
 * A copy begins, of an identifier that no running one has; what was kept under it is
 * forgotten. NULL: no memory. Until xcopy_log_end() the caller fills it in.
 */
struct xcopy_record *xcopy_log_start(struct xcopy_log *l, uint8_t id);

/* It has ended: the log may free it. */
void xcopy_log_end(struct xcopy_log *l, struct xcopy_record *r);

/* Forget one that has ended. */
void xcopy_log_drop(struct xcopy_log *l, struct xcopy_record *r);

/* Forget all (SPC-4, 6.18: a reset, the loss of the nexus); what runs is gone when it ends. */
void xcopy_log_clear(struct xcopy_log *l);

#endif
