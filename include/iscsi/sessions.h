/* The table of sessions: made at the end of a login, found, ended (RFC 7143, 6.3, 8.3). */
#ifndef ISCSI_SESSIONS_H
#define ISCSI_SESSIONS_H

#include "iscsi/session.h"
#include "target/target.h"

struct conn;

/* Who a session is between (4.4.3): no two of them are alike at one time. */
struct session_identity {
	struct target *target; /* NULL: discovery */
	const char *initiator; /* normalised */
	const uint8_t *isid;   /* PDU_ISID_LEN bytes */
	uint16_t group;        /* target portal group tag */
};

/* The session of that identity, also one that is ending; NULL: none. Discovery sessions are all
 * different. */
struct session *sessions_same(const struct iscsi *iscsi, const struct session_identity *id);

/* The active session of that TSIH, or NULL. */
struct session *sessions_find(const struct iscsi *iscsi, uint16_t tsih);

/*
 * A new, active session with c as its leading connection, which has the identity to
 * itself. first_cmdsn: the CmdSN of the login. NULL: no memory, or no TSIH left.
 */
struct session *sessions_new(struct conn *c, const struct session_identity *id,
			     const struct param *param, uint32_t first_cmdsn);

/*
 * End it: its connections are given up, and its tasks end as the device server gives them back. One
 * without connections may be freed at once.
 */
void sessions_drop(struct session *s, const char *why);

/*
 * c is going: its tasks wait for another connection (c->lost), or end (RFC 7143, 7.5); its session
 * ends with the last connection when nothing waits. c may be freed afterwards.
 */
void sessions_leave(struct conn *c);

/*
 * w, which waits for a session, waits no longer: its login is over. When it was to bring the
 * connection that the session lives for, and did not, the session ends, and may be freed.
 */
void sessions_unwait(struct session_waiter *w);

/* Time has passed: what waited for too long ends. iscsi->alarm_ms is set anew. */
void sessions_expire(struct iscsi *iscsi, uint64_t now_ms);

/* The server stops: nothing waits for another connection any more. */
void sessions_stop_waiting(struct iscsi *iscsi);

#endif
