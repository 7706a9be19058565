/*
 * Connections that were lost at error recovery level 2 (RFC 7143, 7.2.2, 7.5): their tasks wait
 * for DefaultTime2Wait and DefaultTime2Retain to be taken over by TASK REASSIGN.
 */
#ifndef ISCSI_RETAIN_H
#define ISCSI_RETAIN_H

#include "wire/pdu.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct iscsi;
struct session;

/*
 * c is going: c->lost becomes where its tasks wait, or stays NULL, when they end with it. Before
 * anything of c is taken apart.
 */
void retain_start(struct conn *c);

/* c's tasks, which its session still has, wait from now on. c->lost is there. */
void retain_tasks(struct conn *c);

/* Are there lost connections with that CID? */
bool retain_has(const struct session *s, uint16_t cid);

/* They are logged out for recovery: their time begins anew, once. */
void retain_release(struct session *s, uint16_t cid);

/* They are closed: their tasks end. */
void retain_close(struct session *s, uint16_t cid);

/* The session ends: all of them are closed. */
void retain_close_all(struct session *s);

/*
 * Does nobody get memory for data any more? So it is when the first in line is still the one of
 * the last call.
 */
bool retain_is_in_the_way(struct iscsi *iscsi);

/*
 * Close those whose time is over, and all that have tasks when these are in the way: an initiator
 * that never comes back must not stop the others for an hour, which DefaultTime2Wait may say. True:
 * one was closed. The next look is set in iscsi->alarm_ms.
 */
bool retain_expire(struct session *s, uint64_t now_ms, bool in_the_way);

/* TASK REASSIGN (11.5.1): answer it, and let the task go on on c. */
void retain_reassign(struct conn *c, const struct pdu_tmf_req *req);

#endif
