/* A connection that comes to a session that is there (RFC 7143, 6.3.1, 6.3.4). */
#ifndef ISCSI_JOIN_H
#define ISCSI_JOIN_H

#include "iscsi/sessions.h"
#include "wire/pdu.h"

#include <stdbool.h>
#include <stdint.h>

#define JOIN_WHY_MAX 160

struct join {
	struct iscsi *iscsi;
	const struct session_identity *id; /* who comes, to whom, by which group */
	uint16_t tsih;
	uint16_t cid;
	enum pdu_login_status status; /* after a refusal … */
	char why[JOIN_WHY_MAX];       /* … and the reason for the log */
};

/*
 * The session that it may join, or NULL with a reason. Who is not the session's initiator is not
 * told whether there is one.
 */
struct session *join_find(struct join *j);

/*
 * Is the place of that CID empty? Else its connection is dropped (it is reinstated: 6.3.4), and
 * session_wake() comes when it is gone, and when no task of it is left to change anything.
 */
bool join_is_clear(struct session *s, uint16_t cid);

#endif
