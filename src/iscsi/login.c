#include "iscsi/login.h"

#include "base/buf.h"
#include "iscsi/answer.h"
#include "iscsi/auth.h"
#include "iscsi/conn.h"
#include "iscsi/join.h"
#include "iscsi/keys.h"
#include "iscsi/login_room.h"
#include "iscsi/login_rsp.h"
#include "iscsi/login_rules.h"
#include "iscsi/longtext.h"
#include "iscsi/retain.h"
#include "iscsi/sessions.h"
#include "target/world.h"
#include "wire/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void login_note(struct conn *c, const char *reason)
{
	if (c->login && c->login->started && !c->login->is_noted)
		login_rsp_note(c->login, reason);
}

/* ---- the end of a login ---- */

static const struct target_limits *limits_of(const struct login *l)
{
	return l->target ? &l->target->limits : &target_limits_default;
}

static void enter_full_feature(struct login *l, struct session *s)
{
	struct conn *c = l->conn;

	c->cid = l->first.cid;
	c->max_send = l->param.peer_MaxRecvDataSegmentLength;
	c->rx.max_data = l->keys.declared ? limits_of(l)->MaxRecvDataSegmentLength : LOGIN_PDU_MAX;
	c->keeps = s->param.ErrorRecoveryLevel > 0;
	c->rx.skips_bad_headers = c->keeps;
	c->rx.header_digest = l->param.HeaderDigest;
	c->rx.data_digest = l->param.DataDigest;
	c->tx.header_digest = l->param.HeaderDigest;
	c->tx.data_digest = l->param.DataDigest;
	c->iscsi->counts.logins++;
	c->chap = l->auth.account ? l->auth.algorithm : 0;
	c->is_mutual = l->auth.is_mutual;
	memcpy(c->user, l->auth.user, sizeof(c->user));
	if (l->auth.account)
		conn_news(c, "proven by CHAP (%s) to be user \"%s\"",
			  chap_algorithm_name(l->auth.algorithm), l->auth.account->user);
	if (l->first.tsih)
		conn_news(c, "session %u: connection %u joins", s->tsih, c->cid);
	else
		conn_news(c, "session %u: logged in to %s", s->tsih,
			  l->target ? l->target->name : "discovery");
}

static struct session_identity identity_of(const struct login *l)
{
	return (struct session_identity){
		.target = l->target,
		.initiator = l->param.InitiatorName,
		.isid = l->first.isid,
		.group = l->conn->portal->group->tag,
	};
}

static const char *user_of(const struct login *l)
{
	return l->auth.account ? l->auth.account->user : "";
}

static void wait_for(struct login *l, struct session *s, bool joins)
{
	if (l->waiter.waits_for == s)
		return;
	if (l->waiter.waits_for)
		sessions_unwait(&l->waiter);
	l->waiter.waits_for = s;
	l->waiter.joins = joins;
	TAILQ_INSERT_TAIL(&s->waiters, &l->waiter, link);
}

static void welcome(struct login *l, struct session *s)
{
	struct conn *c = l->conn;

	enter_full_feature(l, s);
	login_rsp_send(l, true, s->tsih);
	conn_event(c, EV_LOGIN_DONE);
	login_free(c);
}

/* Make the session; the place may still be taken by one that it replaces (6.3.5). */
static void lead(struct login *l)
{
	const struct session_identity id = identity_of(l);
	struct conn *c = l->conn;
	struct session *s = sessions_same(c->iscsi, &id);

	if (s) {
		login_rsp_note(l,
			       "it takes the place of its own session, by the same name and ISID");
		wait_for(l, s, false);
		sessions_drop(s, "the initiator logs in anew: session reinstated");
		return; /* l may be gone */
	}
	s = sessions_new(c, &id, &l->param, l->first.cmdsn);
	if (!s) {
		login_rsp_refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "no memory for a session");
		return;
	}
	snprintf(s->user, sizeof(s->user), "%s", user_of(l));
	welcome(l, s);
}

/* The session that the login joins (6.3.1), or NULL: refused. */
static struct session *joined(struct login *l)
{
	const struct session_identity id = identity_of(l);
	struct join j = {
		.iscsi = l->conn->iscsi, .id = &id, .tsih = l->first.tsih, .cid = l->first.cid
	};
	struct session *s = join_find(&j);

	if (!s)
		login_rsp_refuse(l, j.status, "%s", j.why);
	return s;
}

/* One more connection; the place may still be taken by one that it replaces (6.3.4). */
static void join(struct login *l)
{
	struct session *s = joined(l);

	if (!s)
		return;
	if (strcmp(s->user, user_of(l)) != 0) {
		login_rsp_refuse(l, PDU_LOGIN_AUTH_FAILED, "session %u is another user's", s->tsih);
	} else if (!join_is_clear(s, l->first.cid)) {
		wait_for(l, s, true);
	} else {
		session_add_conn(s, l->conn);
		retain_release(s, l->first.cid); /* 6.3.4: an implicit logout for recovery */
		welcome(l, s);
	}
}

static void finish(struct login *l)
{
	(l->first.tsih ? join : lead)(l);
}

/* What had the place that we take is gone, or a part of it is. */
static void resume(struct session_waiter *w)
{
	struct login *l = (struct login *)((char *)w - offsetof(struct login, waiter));

	if (l->conn->state == CONN_IN_LOGIN)
		finish(l);
}

/* ---- who comes ---- */

/* The keys that decide how all others are taken, and who it is that is refused for them. */
static bool is_leading_key(const struct text_pair *pair)
{
	static const char *const names[] = { "InitiatorName", "SessionType", "TargetName" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == pair->key_len &&
		    !memcmp(names[i], pair->key, pair->key_len))
			return true;
	}
	return false;
}

/* 11.13.5 tells those who come back to a target that was here from those who never should have
 * come. */
static void refuse_target(struct login *l)
{
	const char *name = l->param.TargetName;
	char quoted[TARGET_NAME_MAX + 16];

	log_quote(quoted, sizeof(quoted), name, strlen(name));
	if (world_is_gone(l->conn->iscsi->world, name))
		login_rsp_refuse(l, PDU_LOGIN_REMOVED, "target %s has been removed", quoted);
	else
		login_rsp_refuse(l, PDU_LOGIN_NOT_FOUND, "there is no target %s at this portal",
				 quoted);
}

static bool find_target(struct login *l)
{
	if (l->param.SessionType == SESSION_DISCOVERY)
		return true;
	if (!l->param.TargetName[0]) {
		login_rsp_refuse(l, PDU_LOGIN_MISSING_PARAMETER, "TargetName is missing");
		return false;
	}
	l->target = world_target(l->conn->iscsi->world, l->param.TargetName);
	if (!l->target || !target_in_group(l->target, l->conn->portal->group)) {
		l->target = NULL;
		refuse_target(l);
		return false;
	}
	l->keys.limits = &l->target->limits;
	return true;
}

static bool may_enter(struct login *l)
{
	const struct auth_group *auth = login_rsp_group(l);

	if (!l->param.InitiatorName[0]) {
		login_rsp_refuse(l, PDU_LOGIN_MISSING_PARAMETER, "InitiatorName is missing");
		return false;
	}
	conn_set_who(l->conn, l->param.InitiatorName);
	if (!auth || !access_may_enter(auth, l->param.InitiatorName, &l->conn->peer)) {
		login_rsp_refuse(l, PDU_LOGIN_FORBIDDEN, "auth-group \"%s\" does not let it in",
				 auth ? auth->name : "deny");
		return false;
	}
	auth_init(&l->auth, auth);
	return true;
}

/* The group's logins are answered by another portal (11.13.5, 0x0101 and 0x0102). */
static bool is_redirected(struct login *l)
{
	const struct portal_group *g = l->conn->portal->group;
	char addr[PORTAL_TEXT_MAX];

	if (!l->target || !g->has_redirect)
		return false;
	portal_addr_format(addr, &g->redirect);
	l->out.len = 0;
	text_add(&l->out, "TargetAddress", addr);
	login_rsp_refuse(l, g->is_moved ? PDU_LOGIN_MOVED_PERMANENTLY : PDU_LOGIN_MOVED_TEMPORARILY,
			 "portal group %u sends it to %s", g->tag, addr);
	return true;
}

static bool identify(struct login *l)
{
	if (!may_enter(l) || is_redirected(l) || (l->first.tsih && !joined(l)))
		return false;
	l->identified = true;
	if (l->target) {
		text_addf(&l->out, "TargetPortalGroupTag", "%u", l->conn->portal->group->tag);
		if (l->target->alias[0])
			text_add(&l->out, "TargetAlias", l->target->alias);
	}
	return true;
}

/* ---- one request, all of its text there ---- */

static enum keys_phase phase_of(const struct login *l)
{
	if (l->req.csg == PDU_STAGE_SECURITY)
		return l->first.tsih ? KEYS_OTHER_SECURITY : KEYS_LEADING_SECURITY;
	return l->first.tsih ? KEYS_OTHER_OPERATIONAL : KEYS_LEADING_OPERATIONAL;
}

static bool take_pair(struct login *l, const struct text_pair *pair, struct auth_keys *auth_keys)
{
	switch (keys_take(&l->keys, phase_of(l), pair, &l->out)) {
	case KEYS_OK: return true;
	case KEYS_SECURITY:
		if (l->req.csg == PDU_STAGE_SECURITY && !auth_keys_take(auth_keys, pair))
			return true;
		login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%.*s does not belong here",
				 (int)pair->key_len, pair->key);
		return false;
	case KEYS_SESSION_TYPE:
		login_rsp_refuse(l, PDU_LOGIN_SESSION_TYPE, "%s", l->keys.why);
		return false;
	case KEYS_NOT_FOUND:
		login_rsp_refuse(l, PDU_LOGIN_NOT_FOUND, "%s", l->keys.why);
		return false;
	case KEYS_SEND_TARGETS:
		login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR,
				 "SendTargets has no place in a login");
		return false;
	case KEYS_PROTOCOL_ERROR: break;
	}
	login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->keys.why);
	return false;
}

/* Take all pairs of one kind: the leading keys, or the others. */
static bool take_pairs(struct login *l, const char *text, size_t len, bool leading,
		       struct auth_keys *auth_keys)
{
	struct text_pair pair;
	enum text_next next;
	size_t pos = 0;

	while ((next = text_next(text, len, &pos, &pair)) == TEXT_PAIR) {
		if (is_leading_key(&pair) == leading && !take_pair(l, &pair, auth_keys))
			return false;
	}
	if (next == TEXT_BAD) {
		login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "its text is malformed at byte %zu",
				 pos);
		return false;
	}
	return true;
}

static bool authenticate(struct login *l, const struct auth_keys *keys)
{
	static const struct auth_keys none;
	bool asks = memcmp(keys, &none, sizeof(none)) != 0;

	switch (auth_step(&l->auth, keys, &l->out)) {
	case AUTH_GO_ON: break;
	case AUTH_FAILED:
		login_rsp_refuse(l, PDU_LOGIN_AUTH_FAILED, "%s", l->auth.why);
		return false;
	case AUTH_TARGET_ERROR:
		login_rsp_refuse(l, PDU_LOGIN_TARGET_ERROR, "%s", l->auth.why);
		return false;
	case AUTH_PROTOCOL_ERROR:
		login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->auth.why);
		return false;
	}
	if (auth_is_needless(&l->auth, keys))
		keys_names_again(&l->keys);
	if (auth_is_done(&l->auth))
		return true;
	if (l->req.csg != PDU_STAGE_SECURITY || (l->req.transit && !asks)) {
		login_rsp_refuse(l, PDU_LOGIN_AUTH_FAILED,
				 "it passes over authentication, which is asked for here");
		return false;
	}
	return true;
}

static bool take_text(struct login *l, const char *text, size_t len)
{
	struct auth_keys auth_keys = { { NULL } };

	if (!take_pairs(l, text, len, true, &auth_keys))
		return false;
	if (!l->identified && !find_target(l))
		return false;
	if (!take_pairs(l, text, len, false, &auth_keys))
		return false;
	if (!l->identified && !identify(l))
		return false;
	if (!authenticate(l, &auth_keys))
		return false;
	if (l->req.csg == PDU_STAGE_OPERATIONAL)
		keys_declare(&l->keys, &l->out);
	if (l->out.full) {
		login_rsp_refuse(l, PDU_LOGIN_OUT_OF_RESOURCES,
				 "the answer to its keys is too long");
		return false;
	}
	return true;
}

/* May the stage end here, as the initiator wishes? */
static bool may_transit(const struct login *l)
{
	return l->req.transit && auth_is_done(&l->auth);
}

static void conclude(struct login *l)
{
	bool transit = may_transit(l);

	/* An answer in several PDUs ends the stage with its last one. */
	if (l->out.len - l->out_sent > LOGIN_PDU_MAX || !transit) {
		login_rsp_send(l, false, 0);
		return;
	}
	if (l->req.nsg != PDU_STAGE_FULL) {
		login_rsp_send(l, true, 0);
		l->first.csg = l->req.nsg;
		return;
	}
	if (keys_finish(&l->keys) != KEYS_OK) {
		login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->keys.why);
		return;
	}
	finish(l);
}

/* ---- the header of a request ---- */

static bool begin(struct login *l)
{
	const struct iscsi *iscsi = l->conn->iscsi;

	l->first = l->req;
	l->started = true;
	conn_event(l->conn, EV_LOGIN_PDU);
	if (iscsi->stopping) {
		login_rsp_refuse(l, PDU_LOGIN_SERVICE_UNAVAILABLE, "the daemon is stopping");
		return false;
	}
	if (!login_room(l->conn)) {
		login_rsp_refuse(l, PDU_LOGIN_OUT_OF_RESOURCES,
				 "there are as many connections as max-connections allows, %u",
				 iscsi->max_connections);
		return false;
	}
	if (l->req.version_min > PDU_VERSION) {
		login_rsp_refuse(l, PDU_LOGIN_UNSUPPORTED_VERSION,
				 "it speaks version 0x%02x to 0x%02x", l->req.version_min,
				 l->req.version_max);
		return false;
	}
	return true;
}

static bool keeps_rules(struct login *l)
{
	const char *why;
	enum pdu_login_status status = login_rules_check(&l->first, &l->req, &why);

	if (status != PDU_LOGIN_SUCCESS)
		login_rsp_refuse(l, status, "%s", why);
	return status == PDU_LOGIN_SUCCESS;
}

/* ---- text in several PDUs ---- */

/* Keep the text of a PDU until the rest is there. */
static bool collect(struct login *l, const struct pdu_in *pdu)
{
	switch (longtext_add(&l->in, pdu->data, pdu->data_len)) {
	case 0: return true;
	case -E2BIG:
		login_rsp_refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "more than %zu bytes of keys",
				 LONGTEXT_MAX);
		return false;
	default:
		login_rsp_refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "no memory for its keys");
		return false;
	}
}

static void answer_request(struct login *l, const struct pdu_in *pdu)
{
	/* The rest of our own answer goes out first, asked for by empty requests (6.2). */
	if (l->out_sent < l->out.len) {
		if (pdu->data_len || l->req.cont) {
			login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR,
					 "new keys where the rest of an answer is due");
			return;
		}
		conclude(l);
		return;
	}
	l->out.len = 0;
	l->out_sent = 0;
	if ((l->req.cont || l->in.buf) && !collect(l, pdu))
		return;
	if (l->req.cont) {
		login_rsp_send(l, false, 0);
		return;
	}
	if (!take_text(l, l->in.buf ? l->in.buf : (const char *)pdu->data,
		       l->in.buf ? l->in.len : pdu->data_len))
		return;
	longtext_free(&l->in);
	conclude(l);
}

static struct login *login_new(struct conn *c)
{
	struct login *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->conn = c;
	l->waiter.resume = resume;
	l->out = (struct text_out){ .buf = l->out_text, .size = sizeof(l->out_text) };
	param_init(&l->param);
	l->keys.param = &l->param;
	c->login = l;
	return l;
}

const struct target *login_target(const struct conn *c)
{
	return c->login ? c->login->target : NULL;
}

const struct auth_group *login_group(const struct conn *c)
{
	return c->login ? c->login->auth.group : NULL;
}

/* An initiator that does not trust our proof says so by leaving. */
static void note_hangup(struct login *l)
{
	const char *hint = l->auth.is_mutual ? ", having seen the target's CHAP response: is its "
					       "mutual secret the same?"
					     : "";
	char reason[WHY_TEXT_MAX];

	snprintf(reason, sizeof(reason), "it left in the middle of the login%s", hint);
	conn_rated(l->conn, "login not finished: %s", reason);
	login_rsp_note(l, reason);
}

void login_free(struct conn *c)
{
	struct login *l = c->login;

	if (!l)
		return;
	if (!c->session && l->started && !l->is_noted)
		note_hangup(l);
	if (l->waiter.waits_for)
		sessions_unwait(&l->waiter);
	auth_fini(&l->auth);
	longtext_free(&l->in);
	free(l);
	c->login = NULL;
}

enum pdu_rx_verdict login_pdu(struct conn *c, const struct pdu_in *pdu)
{
	struct login *l = c->login ? c->login : login_new(c);

	if (!l) {
		/* The next one finds what is kept for data now. */
		buf_pool_trim(c->iscsi->pool);
		conn_drop(c, "no memory for a login");
		return PDU_RX_STOP;
	}
	if (pdu_get_login_req(pdu->bhs, &l->req) != PDU_OK || l->waiter.waits_for) {
		/* 6.3: once login has begun this is answered, before it the connection just ends.
		 */
		if (l->started)
			login_rsp_refuse(l, PDU_LOGIN_INVALID_DURING_LOGIN,
					 "PDU 0x%02x where a login request is due",
					 pdu_opcode(pdu->bhs));
		else
			conn_drop(c, "PDU 0x%02x where a login request is due",
				  pdu_opcode(pdu->bhs));
		return PDU_RX_STOP;
	}
	if ((l->started || begin(l)) && keeps_rules(l))
		answer_request(l, pdu);
	return c->state == CONN_IN_LOGIN || conn_is_full(c) ? PDU_RX_GO_ON : PDU_RX_STOP;
}
