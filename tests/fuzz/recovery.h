/*
 * What there is beyond error recovery level 0 and one connection: asking again, sending again,
 * more connections, and tasks that outlive theirs (RFC 7143, 7, 11.14, 11.16).
 */
#ifndef RECOVERY_H
#define RECOVERY_H

#include "initiator.h"

/* run.recovery: bits 0 and 1 the level, 2 and 3 the connections, 4 and 5 the time, and: */
#define RECOVERY_ANY_ORDER 0x40 /* DataPDUInOrder and DataSequenceInOrder are No */
#define RECOVERY_AT_END    0x80 /* in the end the initiators take over what was lost */

/* The target's limits. */
void recovery_options(uint8_t recovery, struct fuzz_world_options *o);

/* Do one thing of it. */
void recovery_step(struct run *r, struct initiator *in);

/* note is of a TASK REASSIGN. */
void recovery_note(struct initiator *in, struct track_entry *note, const struct pdu_tmf_req *req);

/* A logout is asked for. */
void recovery_part(struct initiator *in, const struct pdu_logout_req *req);

/* Log in again where no connection is left, and take over the tasks of those that are lost. */
void recovery_take_over(struct run *r, struct initiator *in);

/* Acknowledge all that has come. False: that is done. */
bool recovery_acknowledge(struct run *r, struct initiator *in);

/* What was asked on connections that are gone need not be answered any more. */
void recovery_forget(struct initiator *in);

#endif
