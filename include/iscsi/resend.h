/*
 * What of a task is said once more (RFC 7143, 11.16): Data-In, R2T and status PDUs, as they were;
 * and how long it is kept for that. Error recovery level 1 and 2 only.
 */
#ifndef ISCSI_RESEND_H
#define ISCSI_RESEND_H

#include <stdbool.h>
#include <stdint.h>

struct task;
struct tx_pdu;

/* The number of a SCSI Response: a new StatSN, or that of the status that was sent before. */
void resend_number(struct task *t, struct tx_pdu *pdu);

/*
 * Its answer has left: it is kept until that is acknowledged, its data too as long as there is
 * memory for that. State TOLD from now on.
 */
void resend_keep(struct task *t);

/* Nothing of a TOLD task is in the transmit queue: free it when it is acknowledged. */
void resend_settle(struct task *t);

/* Is its data (still) there to be sent again? */
bool resend_has_data(const struct task *t);

/* Say Data-In or R2T PDUs again, from number begin to before end, and then the status. */
void resend_start(struct task *t, uint32_t begin, uint32_t end, bool status);

/* Say nothing again. False: a PDU is on its way. */
bool resend_stop(struct task *t);

/* A TOLD task has to be answered on another connection: it is ANSWERING again. */
void resend_revive(struct task *t);

/* A TOLD task that waits for that is over. */
void resend_drop(struct task *t);

/* A TOLD task's tag is used anew: its initiator has its answer. */
void resend_forget(struct task *t);

#endif
