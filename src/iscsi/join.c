#include "iscsi/join.h"

#include "base/units.h"
#include "iscsi/conn.h"

#include <stdio.h>
#include <string.h>

static struct session *refuse(struct join *j, enum pdu_login_status status)
{
	j->status = status;
	return NULL;
}

/* Connections of s, without one whose place a new one takes. */
static uint32_t count_others(const struct session *s, uint16_t cid)
{
	const struct conn *c;
	uint32_t n = 0;

	TAILQ_FOREACH (c, &s->conns, slink)
		n += c->cid != cid && c->state != CONN_DEAD;
	return n;
}

struct session *join_find(struct join *j)
{
	const struct session_identity *id = j->id;
	struct session *s = sessions_find(j->iscsi, j->tsih);
	char count[COUNT_TEXT_MAX];

	if (!s || s->is_dropped || s->target != id->target ||
	    memcmp(s->isid, id->isid, PDU_ISID_LEN) != 0 ||
	    strcmp(s->param.InitiatorName, id->initiator) != 0) {
		snprintf(j->why, sizeof(j->why), "it has no session %u", j->tsih);
		return refuse(j, PDU_LOGIN_NO_SESSION);
	}
	if (s->group != id->group) {
		snprintf(j->why, sizeof(j->why), "session %u is in portal group %u", s->tsih,
			 s->group);
		return refuse(j, PDU_LOGIN_CANNOT_INCLUDE);
	}
	if (count_others(s, j->cid) >= s->param.MaxConnections) {
		snprintf(j->why, sizeof(j->why), "session %u has %s already, as was agreed",
			 s->tsih, count_format(count, s->param.MaxConnections, "connection"));
		return refuse(j, PDU_LOGIN_TOO_MANY_CONNECTIONS);
	}
	return s;
}

bool join_is_clear(struct session *s, uint16_t cid)
{
	struct conn *old = session_conn(s, cid);

	if (!old)
		return s->nlost == 0;
	if (old->state != CONN_DEAD)
		conn_drop(old, "connection %u logs in anew: reinstated", cid);
	return false;
}
