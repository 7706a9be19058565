#include "iscsi/login_rsp.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/sessions.h"
#include "target/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct auth_group *login_rsp_group(const struct login *l)
{
	const struct portal_group *g = l->conn->portal->group;

	if (l->target)
		return l->target->auth;
	return g->discovery_auth ? g->discovery_auth
				 : world_auth_group(l->conn->iscsi->world, "no-authentication");
}

/* The window of a session that is there goes on; that of a new one begins with the login. */
static struct pdu_sns window_of(const struct login *l)
{
	struct session *s = l->first.tsih && l->identified
				    ? sessions_find(l->conn->iscsi, l->first.tsih)
				    : NULL;

	if (!s)
		return (struct pdu_sns){ .expcmdsn = l->req.cmdsn, .maxcmdsn = l->req.cmdsn };
	return (struct pdu_sns){ .expcmdsn = s->cmdsn.exp, .maxcmdsn = cmdsn_max(&s->cmdsn) };
}

static struct answer *new_response(struct login *l, struct pdu_login_rsp *rsp, uint32_t len)
{
	struct answer *a = answer_new(len);

	*rsp = (struct pdu_login_rsp){
		.csg = l->req.csg,
		.version_max = PDU_VERSION,
		.version_active = PDU_VERSION,
		.tsih = l->req.tsih,
		.itt = l->req.itt,
		.sn = window_of(l),
		.data_len = len,
	};
	memcpy(rsp->isid, l->req.isid, PDU_ISID_LEN);
	if (!a)
		conn_drop(l->conn, "no memory for a login response");
	return a;
}

static const struct why_case *note(struct login *l, uint16_t status, const char *reason)
{
	const struct why_login k = {
		.conn = l->conn,
		.initiator = l->param.InitiatorName,
		.target = l->param.TargetName,
		.user = l->auth.user,
		.group = l->auth.group ? l->auth.group : login_rsp_group(l),
		.status = status,
		.reason = reason,
	};

	l->is_noted = true;
	return why_note(&l->conn->iscsi->why, &k);
}

void login_rsp_note(struct login *l, const char *reason)
{
	note(l, PDU_LOGIN_SUCCESS, reason);
}

void login_rsp_refuse(struct login *l, enum pdu_login_status status, const char *fmt, ...)
{
	struct conn *c = l->conn;
	struct pdu_login_rsp rsp;
	const struct why_case *k;
	char why[WHY_TEXT_MAX];
	struct answer *a;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	k = note(l, (uint16_t)status, why);
	conn_rated(c, "login refused (0x%04x): %s%s%s", (unsigned int)status, why,
		   k->accepted[0] ? "; accepted: " : "", k->accepted);
	/* A redirection says where to. */
	a = new_response(l, &rsp, status >> 8 == 1 ? (uint32_t)l->out.len : 0);
	if (!a)
		return;
	rsp.status = (uint16_t)status;
	memcpy(a->data, l->out.buf, a->data_len);
	pdu_put_login_rsp(a->bhs, &rsp);
	answer_send(c, a);
	conn_event(c, EV_REFUSED);
}

void login_rsp_send(struct login *l, bool transit, uint16_t tsih)
{
	size_t left = l->out.len - l->out_sent;
	uint32_t len = left > LOGIN_PDU_MAX ? LOGIN_PDU_MAX : (uint32_t)left;
	struct pdu_login_rsp rsp;
	struct answer *a = new_response(l, &rsp, len);

	if (!a)
		return;
	memcpy(a->data, l->out.buf + l->out_sent, len);
	l->out_sent += len;
	rsp.cont = len < left;
	rsp.transit = transit && !rsp.cont;
	rsp.nsg = rsp.transit ? l->req.nsg : 0;
	if (tsih)
		rsp.tsih = tsih;
	pdu_put_login_rsp(a->bhs, &rsp);
	answer_send(l->conn, a);
}
