#include "iscsi/login.h"

#include "iscsi/answer.h"
#include "iscsi/auth.h"
#include "iscsi/conn.h"
#include "iscsi/keys.h"
#include "iscsi/sessions.h"
#include "target/world.h"
#include "wire/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGIN_TEXT_MAX \
	((size_t)64 * 1024) /* bytes of keys that a request may have over all its PDUs */
#define LOGIN_OUT_MAX ((size_t)16 * 1024) /* bytes of our answer to them */
#define LOGIN_PDU_MAX \
	8192u /* bytes of text in a PDU: MaxRecvDataSegmentLength's default holds in login */

struct login {
	struct conn *conn;
	struct pdu_login_req
		first; /* what all requests of a login have in common, and the stage it is in */
	bool started;
	bool is_noted;   /* what became of it is kept (why.h) */
	bool identified; /* who comes, and to whom, is known and allowed */
	struct param param;
	struct keys keys;
	struct auth auth;
	struct target *target;    /* borrowed from the world; NULL: discovery */
	struct pdu_login_req req; /* the request being answered */
	char *in;                 /* owns: text of a request in several PDUs; NULL mostly */
	size_t in_len;
	struct text_out out;
	size_t out_sent; /* bytes of out that are answered already */
	struct session_waiter waiter;
	char out_text[LOGIN_OUT_MAX];
};

/* ---- answers ---- */

static const struct auth_group *group_of(const struct login *l)
{
	const struct portal_group *g = l->conn->portal->group;

	if (l->target)
		return l->target->auth;
	return g->discovery_auth ? g->discovery_auth
				 : world_auth_group(l->conn->iscsi->world, "no-authentication");
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
		.sn = { .expcmdsn = l->req.cmdsn, .maxcmdsn = l->req.cmdsn },
		.data_len = len,
	};
	memcpy(rsp->isid, l->req.isid, PDU_ISID_LEN);
	if (!a)
		conn_drop(l->conn, "no memory for a login response");
	return a;
}

/* Keep what became of a login for those who ask later. */
static const struct why_case *note(struct login *l, uint16_t status, const char *reason)
{
	const struct why_login k = {
		.conn = l->conn,
		.initiator = l->param.InitiatorName,
		.target = l->param.TargetName,
		.user = l->auth.user,
		.group = l->auth.group ? l->auth.group : group_of(l),
		.status = status,
		.reason = reason,
	};

	l->is_noted = true;
	return why_note(&l->conn->iscsi->why, &k);
}

void login_note(struct conn *c, const char *reason)
{
	if (c->login && c->login->started && !c->login->is_noted)
		note(c->login, PDU_LOGIN_SUCCESS, reason);
}

/* The login ends here, with a reason for both sides. */
static void __attribute__((format(printf, 3, 4)))
refuse(struct login *l, enum pdu_login_status status, const char *fmt, ...)
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

/*
 * Answer with the text there is, in as many PDUs as it takes; the last may end the stage.
 * tsih: 0 but in the last response of all.
 */
static void respond(struct login *l, bool transit, uint16_t tsih)
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
	conn_news(c, "session %u: logged in to %s", s->tsih,
		  l->target ? l->target->name : "discovery");
}

/* Make the session; the place may still be taken by one that it replaces (6.3.5). */
static void finish(struct login *l)
{
	struct conn *c = l->conn;
	const struct session_identity id = {
		.target = l->target,
		.initiator = l->param.InitiatorName,
		.isid = l->first.isid,
		.group = c->portal->group->tag,
	};
	struct session *s = sessions_same(c->iscsi, &id);

	if (s) {
		note(l, PDU_LOGIN_SUCCESS,
		     "it takes the place of its own session, by the same name and ISID");
		sessions_drop(s, "the initiator logs in anew: session reinstated");
		l->waiter.waits_for = s;
		TAILQ_INSERT_TAIL(&s->waiters, &l->waiter, link);
		return;
	}
	s = sessions_new(c, &id, &l->param, l->first.cmdsn);
	if (!s) {
		refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "no memory for a session");
		return;
	}
	enter_full_feature(l, s);
	respond(l, true, s->tsih);
	conn_event(c, EV_LOGIN_DONE);
	login_free(c);
}

/* The session whose place we take is gone. */
static void resume(struct session_waiter *w)
{
	struct login *l = (struct login *)((char *)w - offsetof(struct login, waiter));

	if (l->conn->state == CONN_IN_LOGIN)
		finish(l);
}

/* ---- who comes ---- */

/* The keys that decide how all others are taken. */
static bool is_leading_key(const struct text_pair *pair)
{
	static const char *const names[] = { "SessionType", "TargetName" };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (strlen(names[i]) == pair->key_len &&
		    !memcmp(names[i], pair->key, pair->key_len))
			return true;
	}
	return false;
}

static bool find_target(struct login *l)
{
	char quoted[TARGET_NAME_MAX + 16];

	if (l->param.SessionType == SESSION_DISCOVERY)
		return true;
	if (!l->param.TargetName[0]) {
		refuse(l, PDU_LOGIN_MISSING_PARAMETER, "TargetName is missing");
		return false;
	}
	l->target = world_target(l->conn->iscsi->world, l->param.TargetName);
	if (!l->target || !target_in_group(l->target, l->conn->portal->group)) {
		l->target = NULL;
		refuse(l, PDU_LOGIN_NOT_FOUND, "there is no target %s at this portal",
		       log_quote(quoted, sizeof(quoted), l->param.TargetName,
				 strlen(l->param.TargetName)));
		return false;
	}
	l->keys.limits = &l->target->limits;
	return true;
}

static bool may_enter(struct login *l)
{
	const struct auth_group *auth = group_of(l);

	if (!l->param.InitiatorName[0]) {
		refuse(l, PDU_LOGIN_MISSING_PARAMETER, "InitiatorName is missing");
		return false;
	}
	conn_set_who(l->conn, l->param.InitiatorName);
	if (!auth || !access_may_enter(auth, l->param.InitiatorName, &l->conn->peer)) {
		refuse(l, PDU_LOGIN_FORBIDDEN, "auth-group \"%s\" does not let it in",
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
	refuse(l, g->is_moved ? PDU_LOGIN_MOVED_PERMANENTLY : PDU_LOGIN_MOVED_TEMPORARILY,
	       "portal group %u sends it to %s", g->tag, addr);
	return true;
}

/*
 * A connection for a session that is there (6.3.1). There can be none yet: a session has one
 * connection. The refusal tells only its owner that it exists.
 */
static bool joins_nothing(struct login *l)
{
	const struct session *s = sessions_find(l->conn->iscsi, l->first.tsih);

	if (!l->first.tsih)
		return true;
	if (!s || s->target != l->target || memcmp(s->isid, l->first.isid, PDU_ISID_LEN) != 0 ||
	    strcmp(s->param.InitiatorName, l->param.InitiatorName) != 0)
		refuse(l, PDU_LOGIN_NO_SESSION, "it has no session %u", l->first.tsih);
	else if (s->group != l->conn->portal->group->tag)
		refuse(l, PDU_LOGIN_CANNOT_INCLUDE, "session %u is in portal group %u", s->tsih,
		       s->group);
	else
		refuse(l, PDU_LOGIN_TOO_MANY_CONNECTIONS,
		       "session %u has its one connection already", s->tsih);
	return false;
}

static bool identify(struct login *l)
{
	if (!may_enter(l) || is_redirected(l) || !joins_nothing(l))
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

static bool take_pair(struct login *l, const struct text_pair *pair, struct auth_keys *auth_keys)
{
	enum keys_phase phase =
		l->req.csg == PDU_STAGE_SECURITY ? KEYS_LEADING_SECURITY : KEYS_LEADING_OPERATIONAL;

	switch (keys_take(&l->keys, phase, pair, &l->out)) {
	case KEYS_OK: return true;
	case KEYS_SECURITY:
		if (l->req.csg == PDU_STAGE_SECURITY && !auth_keys_take(auth_keys, pair))
			return true;
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%.*s does not belong here",
		       (int)pair->key_len, pair->key);
		return false;
	case KEYS_SESSION_TYPE: refuse(l, PDU_LOGIN_SESSION_TYPE, "%s", l->keys.why); return false;
	case KEYS_NOT_FOUND: refuse(l, PDU_LOGIN_NOT_FOUND, "%s", l->keys.why); return false;
	case KEYS_SEND_TARGETS:
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "SendTargets has no place in a login");
		return false;
	case KEYS_PROTOCOL_ERROR: break;
	}
	refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->keys.why);
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
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "its text is malformed at byte %zu", pos);
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
	case AUTH_FAILED: refuse(l, PDU_LOGIN_AUTH_FAILED, "%s", l->auth.why); return false;
	case AUTH_TARGET_ERROR: refuse(l, PDU_LOGIN_TARGET_ERROR, "%s", l->auth.why); return false;
	case AUTH_PROTOCOL_ERROR:
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->auth.why);
		return false;
	}
	if (auth_is_done(&l->auth))
		return true;
	if (l->req.csg != PDU_STAGE_SECURITY || (l->req.transit && !asks)) {
		refuse(l, PDU_LOGIN_AUTH_FAILED,
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
		refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "the answer to its keys is too long");
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
		respond(l, false, 0);
		return;
	}
	if (l->req.nsg != PDU_STAGE_FULL) {
		respond(l, true, 0);
		l->first.csg = l->req.nsg;
		return;
	}
	if (keys_finish(&l->keys) != KEYS_OK) {
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", l->keys.why);
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
		refuse(l, PDU_LOGIN_SERVICE_UNAVAILABLE, "the daemon is stopping");
		return false;
	}
	if (iscsi->nconns > iscsi->max_connections) {
		refuse(l, PDU_LOGIN_OUT_OF_RESOURCES,
		       "all %u connections are taken (max-connections)", iscsi->max_connections);
		return false;
	}
	if (l->req.version_min > PDU_VERSION) {
		refuse(l, PDU_LOGIN_UNSUPPORTED_VERSION, "it speaks version 0x%02x to 0x%02x",
		       l->req.version_min, l->req.version_max);
		return false;
	}
	return true;
}

/* Stages go forward only, and a login stays what it began as (11.12). */
static bool check_request(struct login *l)
{
	const struct pdu_login_req *r = &l->req;
	const struct pdu_login_req *f = &l->first;

	if (memcmp(r->isid, f->isid, PDU_ISID_LEN) != 0 || r->tsih != f->tsih || r->cid != f->cid ||
	    r->itt != f->itt) {
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "ISID, TSIH, CID or ITT change during login");
		return false;
	}
	if (r->csg != f->csg || (r->csg != PDU_STAGE_SECURITY && r->csg != PDU_STAGE_OPERATIONAL)) {
		refuse(l, PDU_LOGIN_INVALID_DURING_LOGIN, "stage %u where stage %u runs", r->csg,
		       f->csg);
		return false;
	}
	if (r->transit && (r->nsg <= r->csg || r->nsg == 2)) {
		refuse(l, PDU_LOGIN_INITIATOR_ERROR, "it wants to go from stage %u to %u", r->csg,
		       r->nsg);
		return false;
	}
	return true;
}

/* ---- text in several PDUs ---- */

/* Keep the text of a PDU until the rest is there. */
static bool collect(struct login *l, const struct pdu_in *pdu)
{
	char *in;

	if (pdu->data_len > LOGIN_TEXT_MAX - l->in_len) {
		refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "more than %zu bytes of keys",
		       LOGIN_TEXT_MAX);
		return false;
	}
	in = realloc(l->in, l->in_len + pdu->data_len + 1);
	if (!in) {
		refuse(l, PDU_LOGIN_OUT_OF_RESOURCES, "no memory for its keys");
		return false;
	}
	l->in = in;
	if (pdu->data_len)
		memcpy(in + l->in_len, pdu->data, pdu->data_len);
	l->in_len += pdu->data_len;
	return true;
}

static void answer_request(struct login *l, const struct pdu_in *pdu)
{
	/* The rest of our own answer goes out first, asked for by empty requests (6.2). */
	if (l->out_sent < l->out.len) {
		if (pdu->data_len || l->req.cont) {
			refuse(l, PDU_LOGIN_INITIATOR_ERROR,
			       "new keys where the rest of an answer is due");
			return;
		}
		conclude(l);
		return;
	}
	l->out.len = 0;
	l->out_sent = 0;
	if ((l->req.cont || l->in) && !collect(l, pdu))
		return;
	if (l->req.cont) {
		respond(l, false, 0);
		return;
	}
	if (!take_text(l, l->in ? l->in : (const char *)pdu->data,
		       l->in ? l->in_len : pdu->data_len))
		return;
	free(l->in);
	l->in = NULL;
	l->in_len = 0;
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

/* An initiator that does not trust our proof says so by leaving. */
static void note_hangup(struct login *l)
{
	const char *hint = l->auth.is_mutual ? ", having seen the target's CHAP response: is its "
					       "mutual secret the same?"
					     : "";
	char reason[WHY_TEXT_MAX];

	snprintf(reason, sizeof(reason), "it left in the middle of the login%s", hint);
	conn_rated(l->conn, "login not finished: %s", reason);
	note(l, PDU_LOGIN_SUCCESS, reason);
}

void login_free(struct conn *c)
{
	struct login *l = c->login;

	if (!l)
		return;
	if (!c->session && l->started && !l->is_noted)
		note_hangup(l);
	if (l->waiter.waits_for)
		TAILQ_REMOVE(&l->waiter.waits_for->waiters, &l->waiter, link);
	auth_fini(&l->auth);
	free(l->in);
	free(l);
	c->login = NULL;
}

enum pdu_rx_verdict login_pdu(struct conn *c, const struct pdu_in *pdu)
{
	struct login *l = c->login ? c->login : login_new(c);

	if (!l) {
		conn_drop(c, "no memory for a login");
		return PDU_RX_STOP;
	}
	if (pdu_get_login_req(pdu->bhs, &l->req) != PDU_OK || l->waiter.waits_for) {
		/* 6.3: once login has begun this is answered, before it the connection just ends.
		 */
		if (l->started)
			refuse(l, PDU_LOGIN_INVALID_DURING_LOGIN,
			       "PDU 0x%02x where a login request is due", pdu_opcode(pdu->bhs));
		else
			conn_drop(c, "PDU 0x%02x where a login request is due",
				  pdu_opcode(pdu->bhs));
		return PDU_RX_STOP;
	}
	if ((l->started || begin(l)) && check_request(l))
		answer_request(l, pdu);
	return c->state == CONN_IN_LOGIN || conn_is_full(c) ? PDU_RX_GO_ON : PDU_RX_STOP;
}
