/* How a task ends: its status, sense and data, and the way back to the port. */
#ifndef SCSI_FINISH_H
#define SCSI_FINISH_H

#include "scsi/sense.h"
#include "scsi/task.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of data-in the initiator has room for; an EDTL that counts data-out leaves none. */
static inline uint32_t finish_in_room(const struct scsi_task *t)
{
	return t->may_read && !t->may_write ? t->edtl : 0;
}

/* Bytes of data-out the initiator can send. */
static inline uint32_t finish_out_room(const struct scsi_task *t)
{
	return t->may_write ? t->edtl : 0;
}

/*
 * Set CHECK CONDITION with that sense; the task does not end yet. Returns false,
 * as a gate does that lets nobody through.
 */
bool finish_sense(struct scsi_task *t, const struct sense *s);

/* The end: out of the task set, buffers of the device server put, port->done(). */
void finish_task(struct scsi_task *t);

/* End with that status and no data-in. */
void finish_status(struct scsi_task *t, enum scsi_status status);
void finish_good(struct scsi_task *t);

/* End with GOOD; len bytes at t->buf->data are what a large enough initiator would get. */
void finish_in(struct scsi_task *t, uint32_t len);

/* The same, cut to the allocation length (SPC-5, 4.2.5.6). */
void finish_alloc(struct scsi_task *t, uint32_t len);

/* End with CHECK CONDITION. */
void finish_check(struct scsi_task *t, const struct sense *s);
void finish_code(struct scsi_task *t, enum sense_code code);
void finish_cdb_field(struct scsi_task *t, uint16_t byte, uint8_t bit);
void finish_list_field(struct scsi_task *t, uint16_t byte, uint8_t bit);

/*
 * Abort the task: it ends soon, not from inside this call; what the store has is
 * waited for. tell: with status TASK ABORTED, else without any answer.
 */
void finish_abort(struct scsi_task *t, bool tell);

#endif
