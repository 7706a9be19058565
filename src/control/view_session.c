#include "control/view_session.h"

#include "control/view.h"
#include "iscsi/chap.h"
#include "iscsi/conn.h"
#include "iscsi/server.h"
#include "iscsi/session.h"
#include "iscsi/why.h"

#include <stdio.h>

/* Whole seconds from since to now. */
static json_int_t age_s(const struct control_env *env, uint64_t since_ms)
{
	uint64_t now = iscsi_server_now_ms(env->server);

	return now > since_ms ? (json_int_t)((now - since_ms) / 1000) : 0;
}

/* ---- connections ---- */

/* How the initiator has proven who it is. */
static json_t *auth(const struct conn *c)
{
	char text[64];

	if (!c->chap)
		return json_string("none");
	snprintf(text, sizeof(text), "%s %s", c->is_mutual ? "mutual CHAP" : "CHAP",
		 chap_algorithm_name(c->chap));
	return json_string(text);
}

json_t *view_session_conn(const struct control_env *env, const struct conn *c)
{
	char peer[PORTAL_TEXT_MAX], local[PORTAL_TEXT_MAX];
	const struct session *s = c->session;

	return json_pack(
		"{s:i, s:i, s:s, s:o, s:s, s:s, s:I, s:I, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, "
		"s:I, s:I}",
		"sid", s ? (int)s->tsih : 0, "cid", (int)c->cid, "state", conn_state_name(c->state),
		"initiator", view_text(s ? s->param.InitiatorName : ""), "address",
		portal_addr_format(peer, &c->peer), "portal", portal_addr_format(local, &c->local),
		"age_s", age_s(env, c->opened_ms), "idle_s", age_s(env, c->heard_ms), "auth",
		auth(c), "user", view_text(c->user), "header_digest",
		c->rx.header_digest ? "CRC32C" : "None", "data_digest",
		c->rx.data_digest ? "CRC32C" : "None", "max_receive", (json_int_t)c->rx.max_data,
		"max_send", (json_int_t)c->max_send, "commands", (json_int_t)c->ntasks,
		"received_bytes", (json_int_t)c->bytes_in, "sent_bytes", (json_int_t)c->bytes_out,
		"faults", (json_int_t)c->faults);
}

/* ---- sessions ---- */

static json_t *negotiated(const struct param *p)
{
	return json_pack("{s:I, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:s, s:I}",
			 "MaxConnections", (json_int_t)p->MaxConnections, "InitialR2T",
			 p->InitialR2T, "ImmediateData", p->ImmediateData, "FirstBurstLength",
			 (json_int_t)p->FirstBurstLength, "MaxBurstLength",
			 (json_int_t)p->MaxBurstLength, "MaxOutstandingR2T",
			 (json_int_t)p->MaxOutstandingR2T, "DefaultTime2Wait",
			 (json_int_t)p->DefaultTime2Wait, "DefaultTime2Retain",
			 (json_int_t)p->DefaultTime2Retain, "DataPDUInOrder", p->DataPDUInOrder,
			 "DataSequenceInOrder", p->DataSequenceInOrder, "ErrorRecoveryLevel",
			 (json_int_t)p->ErrorRecoveryLevel, "TaskReporting",
			 task_reporting_name(p->TaskReporting), "iSCSIProtocolLevel",
			 (json_int_t)p->iSCSIProtocolLevel);
}

static json_t *window(const struct session *s)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "exp_cmdsn", (json_int_t)s->cmdsn.exp, "max_cmdsn",
			 (json_int_t)s->cmdsn.max, "depth", (json_int_t)s->cmdsn.depth, "open",
			 (json_int_t)s->cmdsn.open);
}

static json_t *isid(const struct session *s)
{
	const uint8_t *p = s->isid;
	char text[16];

	snprintf(text, sizeof(text), "%02x%02x%02x%02x%02x%02x", p[0], p[1], p[2], p[3], p[4],
		 p[5]);
	return json_string(text);
}

static json_t *conns(const struct control_env *env, const struct session *s)
{
	json_t *list = json_array();
	const struct conn *c;

	TAILQ_FOREACH (c, &s->conns, slink)
		json_array_append_new(list, view_session_conn(env, c));
	return list;
}

static json_t *addresses(const struct session *s)
{
	char text[PORTAL_TEXT_MAX];
	json_t *list = json_array();
	const struct conn *c;

	TAILQ_FOREACH (c, &s->conns, slink)
		json_array_append_new(list, json_string(portal_addr_format(text, &c->peer)));
	return list;
}

json_t *view_session(const struct control_env *env, const struct session *s, bool all)
{
	const struct scsi_traffic *t = s->nexus.traffic;
	json_t *json = json_pack(
		"{s:i, s:o, s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "sid", (int)s->tsih,
		"initiator", view_text(s->param.InitiatorName), "target",
		view_text(s->target ? s->target->name : ""), "addresses", addresses(s), "state",
		s->state == SESSION_ACTIVE ? "active" : "ending", "age_s", age_s(env, s->since_ms),
		"commands", (json_int_t)s->ntasks, "read", view_traffic(&t[FLOW_READ]), "write",
		view_traffic(&t[FLOW_WRITE]), "sync", view_traffic(&t[FLOW_SYNC]), "other",
		view_traffic(&t[FLOW_OTHER]));

	if (!all || !json)
		return json;
	json_object_set_new(json, "type", json_string(s->target ? "normal" : "discovery"));
	json_object_set_new(json, "initiator_alias", view_text(s->param.InitiatorAlias));
	json_object_set_new(json, "isid", isid(s));
	json_object_set_new(json, "portal_group", json_integer(s->group));
	json_object_set_new(json, "window", window(s));
	json_object_set_new(json, "negotiated", negotiated(&s->param));
	json_object_set_new(json, "connections", conns(env, s));
	return json;
}

/* ---- refused logins ---- */

json_t *view_session_why(const struct control_env *env, const struct why_case *k)
{
	char peer[PORTAL_TEXT_MAX], local[PORTAL_TEXT_MAX], status[64] = "not refused";

	if (k->status)
		snprintf(status, sizeof(status), "0x%04x (%s)", (unsigned int)k->status,
			 why_status_name(k->status));
	return json_pack("{s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:I}", "initiator",
			 view_text(k->initiator), "address", portal_addr_format(peer, &k->peer),
			 "portal", portal_addr_format(local, &k->local), "target",
			 view_text(k->target), "status", status, "user", view_text(k->user),
			 "reason", view_text(k->reason), "accepted", view_text(k->accepted),
			 "count", (json_int_t)k->count, "last_ago_s", age_s(env, k->last_ms),
			 "first_ago_s", age_s(env, k->first_ms));
}
