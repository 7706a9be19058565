/*
 * What the target says without being asked: Async Messages (RFC 7143, 11.9), each on one
 * connection in full feature phase, and what becomes of the connection then.
 */
#ifndef ISCSI_ASYNC_H
#define ISCSI_ASYNC_H

#include <stdint.h>

struct conn;

/*
 * Ask the initiator to log out within time_s seconds (event 1). New commands are rejected from
 * now on; when the time is over and nothing is in flight, door_timeout() drops the connection.
 */
void async_ask_logout(struct conn *c, uint16_t time_s);

/* Say that this connection is dropped (event 2), and drop it behind that. */
void async_drop_connection(struct conn *c);

/* Say that the whole session is dropped (event 3); the caller does so for each connection. */
void async_drop_session(struct conn *c);

/*
 * Tell an initiator that its target has other logical units than before: a SCSI event (0) with the
 * sense data REPORTED LUNS DATA HAS CHANGED, which also waits for it as a unit attention. Only one
 * that has sent a NOP-Out is told: firmware that boots from a LUN (iPXE) ends its session when
 * something comes that it has not asked for, and sends none.
 */
void async_luns_changed(struct conn *c);

/*
 * Tell a discovery session that SendTargets has another answer than before. RFC 7143 has no
 * event for it. Initiators that keep a discovery session open ask again after any event that is
 * not 1, 2 or 3; ours is a SCSI event (0) with the sense data REPORTED LUNS DATA HAS CHANGED,
 * which says the same to those who read it. Said once until the initiator asks: more changes
 * meanwhile need no more words.
 */
void async_targets_changed(struct conn *c);

#endif
