/* Task management requests (RFC 7143, 11.5, 11.6; RFC 7144, 4.2). */
#ifndef ISCSI_TMF_H
#define ISCSI_TMF_H

#include "wire/pdu.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct session;

/*
 * Carry out a request. The answer follows the end of every task that it affects, and the data
 * that its own session was asked for on behalf of those.
 */
void tmf_start(struct conn *c, const struct pdu_tmf_req *req);

/* A PDU was taken: functions that waited for it are answered. */
void tmf_settle(struct session *s);

/* Functions that have waited for too long are answered. Does one wait still? */
bool tmf_check(struct session *s, uint64_t now_ms);

/* c is going: functions that it asked for go on, and are answered to nobody; those whose turn has
 * not come never were. */
void tmf_orphan(struct session *s, const struct conn *c);

#endif
