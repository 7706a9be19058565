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

/* They are logged out for recovery. */
void retain_release(struct session *s, uint16_t cid);

/* They are closed: their tasks end. */
void retain_close(struct session *s, uint16_t cid);

/* The session ends: all of them are closed. */
void retain_close_all(struct session *s);

/* Close those whose time is over. True: one was. */
bool retain_expire(struct session *s, uint64_t now_ms);

/* The earliest time at which one's is; 0: there is none. */
uint64_t retain_next(const struct session *s);

/* TASK REASSIGN (11.5.1): answer it, and let the task go on on c. */
void retain_reassign(struct conn *c, const struct pdu_tmf_req *req);

#endif
