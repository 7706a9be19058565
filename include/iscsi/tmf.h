/* Task management requests (RFC 7143, 11.5, 11.6; RFC 7144, 4.2). */
#ifndef ISCSI_TMF_H
#define ISCSI_TMF_H

#include "wire/pdu.h"

struct conn;
struct session;

/* Its turn has come. The answer follows the end of every task that it affects. */
void tmf_start(struct conn *c, const struct pdu_tmf_req *req);

/* c is going: functions that it asked for go on, and are answered to nobody. */
void tmf_orphan(struct session *s, const struct conn *c);

#endif
