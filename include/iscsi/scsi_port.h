/* The SCSI port (SAM-5): a task's way into the device server and its answer's way out. */
#ifndef ISCSI_SCSI_PORT_H
#define ISCSI_SCSI_PORT_H

#include "scsi/task.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct lost;
struct pdu_data_out;
struct task;

extern const struct scsi_port_ops scsi_port_ops;

/* The task's turn has come: give it to the device server. */
void port_submit(struct task *t);

/* A Data-Out PDU of the task is complete (dataout_arrived() was told): go on if that was all. */
void port_data(struct task *t);

/* The initiator has been silent while data is due. Error recovery level 1 and 2. */
void port_retry(struct task *t);

/*
 * R-Data SNACK (RFC 7143, 11.16.3): send all data that is not acknowledged anew, and then a SCSI
 * Response with that tag. The task is ANSWERING or TOLD, and its data is there.
 */
void port_reread(struct task *t, uint32_t snack_tag);

/*
 * Some of its data was asked for once more and cannot be given: unless its status is said, it ends
 * with a CHECK CONDITION that says so (7.8). The task is ANSWERING.
 */
void port_give_up(struct task *t);

/*
 * Its connection is logged out for recovery: nothing more of it is said there, but for PDUs that
 * are made already. One that is HELD is discarded (11.14). May free the task.
 */
void port_hush(struct task *t);

/*
 * Its connection is lost at error recovery level 2: it goes on, and what it has to say waits for
 * port_reassign(), or for port_orphan() after task_unpark(). May free the task.
 */
void port_park(struct task *t, struct lost *l);

/* It goes on on c (RFC 7143, 7.2.2), behind Data-In or R2T number expdatasn. */
void port_reassign(struct task *t, struct conn *c, uint32_t expdatasn);

/*
 * The task has no connection any more: at error recovery level 0 it ends, as soon as the
 * device server gives it back. May free the task.
 */
void port_orphan(struct task *t);

/*
 * Its connection logs out: what waits for the initiator ends, and at_once also what does not;
 * anything else is still answered. One that is HELD is discarded (11.14), and leaves its CmdSN to
 * be sent again. whole: it is the session that ends. May free the task.
 */
void port_part(struct task *t, bool whole, bool at_once);

/*
 * Abort a task that the device server does not have. One that is HELD uses up its CmdSN, and
 * nothing else; one that is DRAINING ends, and may be freed.
 */
void port_cancel(struct task *t);

#endif
