/* The PDUs of a task's answer (RFC 7143, 11.4, 11.7): the first time and once more. */
#ifndef ISCSI_REPLY_H
#define ISCSI_REPLY_H

#include "iscsi/datain.h"

#include <stdbool.h>

struct task;
struct tx_pdu;

/* Does the status go in the last Data-In (11.7.3)? */
bool reply_rides(const struct task *t);

/* What the Data-In of t are cut from; t->conn is there, the data perhaps not (resend_has_data()).
 */
struct datain_source reply_source(const struct task *t);

/* The SCSI Response; its StatSN is for the caller to say. */
void reply_response(struct task *t, struct tx_pdu *pdu);

#endif
