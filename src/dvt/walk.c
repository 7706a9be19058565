#include "dvt/walk.h"

#include "dvt/exercise.h"
#include "initiator/ini_chap.h"
#include "initiator/ini_login.h"
#include "initiator/ini_request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A round's session: one connection, and a second where that was agreed. */
struct visit {
	struct walk *w;
	const struct round *r;
	struct ini_session conns[EXERCISE_CONNS_MAX];
	unsigned int nconns; /* logged in */
	char *why;
};

static bool wrong(const struct visit *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool wrong(const struct visit *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(v->why, WALK_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

int walk_init(struct walk *w, const struct options *o)
{
	*w = (struct walk){ .options = o };
	expect_init(&w->expect);
	w->out = malloc(EXERCISE_LEN_MAX);
	w->in = malloc(EXERCISE_LEN_MAX);
	return w->out && w->in ? 0 : -ENOMEM;
}

void walk_fini(struct walk *w)
{
	free(w->out);
	free(w->in);
}

int walk_reach(struct walk *w, char why[static WALK_WHY_MAX])
{
	const struct ini_url *url = &w->options->url;
	struct ini_session s;
	int err;

	ini_session_init(&s);
	s.timeout_ms = (int)w->options->timeout_ms;
	err = ini_session_connect(&s, url->host, url->port);
	if (err)
		(void)snprintf(why, WALK_WHY_MAX, "%s port %s: %s", url->host, url->port,
			       strerror(-err));
	ini_session_close(&s);
	return err;
}

/* ---- login ---- */

static enum space_auth auth_of(const struct visit *v)
{
	int8_t edge = v->r->edge[space_find("AuthMethod")];

	if (edge >= 0)
		return (enum space_auth)edge;
	return v->w->options->space.always_chap ? SPACE_ONE_WAY : SPACE_NO_AUTH;
}

static bool tell_login(const struct visit *v, const struct ini_session *s, int err)
{
	if (err == -EACCES)
		return wrong(v, "the login was refused with status 0x%04x, %s", s->login_status,
			     pdu_login_status_name(s->login_status));
	if (s->fault[0])
		return wrong(v, "login: %s", s->fault);
	return wrong(v, "login: %s", strerror(-err));
}

/* Log one connection in; the first begins the session, others join it. */
static bool log_in(struct visit *v, struct ini_session *s, bool joins)
{
	const struct options *o = v->w->options;
	enum space_auth auth = auth_of(v);
	struct ini_chap chap = {
		.user = o->user,
		.secret = &o->secret,
		.mutual_user = o->mutual_user,
		.mutual_secret = auth == SPACE_MUTUAL ? &o->mutual_secret : NULL,
	};
	char lines[SPACE_LINES_MAX];
	struct ini_login l = {
		.initiator = o->initiator,
		.target = o->url.target,
		.operational = lines,
	};
	int err;

	space_lines(v->r, joins, lines);
	if (auth != SPACE_NO_AUTH) {
		l.security = v->r->salt & 1 ? "AuthMethod=CHAP\n" : "AuthMethod=CHAP,None\n";
		l.auth = ini_chap_step;
		l.auth_arg = &chap;
	} else if (v->r->salt & 2) {
		l.security = "AuthMethod=None\n"; /* else straight to the operational stage */
	}
	err = ini_session_connect(s, o->url.host, o->url.port);
	if (err)
		return wrong(v, "cannot connect: %s", strerror(-err));
	v->w->connections++;
	err = ini_login(s, &l);
	if (err)
		return tell_login(v, s, err);
	if (!ini_chap_proved(&chap, &s->answer))
		return wrong(v, "the target does not prove itself (12.1.3)");
	return true;
}

/* 13.12: what the target takes is bounded by what it declares; less may be sent. */
static void send_less(const struct round *r, struct ini_session *s)
{
	const char *text = r->value[space_find("SendDataSegmentLength")];
	unsigned long most = *text ? strtoul(text, NULL, 10) : UINT32_MAX;

	if (most < s->param.MaxRecvDataSegmentLength)
		s->param.MaxRecvDataSegmentLength = (uint32_t)most;
}

static void session_begin(struct visit *v, struct ini_session *s, uint16_t cid)
{
	ini_session_init(s);
	s->timeout_ms = (int)v->w->options->timeout_ms;
	s->is_lenient = v->w->options->lenient;
	s->cid = cid;
	s->isid[0] = 0x80; /* random (11.12.5) */
	s->isid[5] = (uint8_t)v->r->number;
}

static bool lead(struct visit *v)
{
	struct ini_session *s = &v->conns[0];

	if (!log_in(v, s, false))
		return false;
	v->nconns = 1;
	if (!expect_outcome(&v->w->expect, v->r, &s->answer, &s->param, v->why))
		return false;
	send_less(v->r, s);
	return true;
}

/* A second connection, where the session may have one: its own digests and lengths, all else
 * shared. */
static bool join(struct visit *v)
{
	struct ini_session *first = &v->conns[0], *s = &v->conns[1];
	struct ini_param shared;

	if (first->param.MaxConnections < 2)
		return true;
	memcpy(s->isid, first->isid, PDU_ISID_LEN);
	s->tsih = first->tsih;
	s->cmdsn = first->cmdsn;
	s->itt = first->itt;
	if (!log_in(v, s, true))
		return false;
	shared = first->param;
	shared.HeaderDigest = s->param.HeaderDigest;
	shared.DataDigest = s->param.DataDigest;
	shared.MaxRecvDataSegmentLength = s->param.MaxRecvDataSegmentLength;
	shared.own_MaxRecvDataSegmentLength = s->param.own_MaxRecvDataSegmentLength;
	s->param = shared;
	send_less(v->r, s);
	v->nconns = 2;
	return true;
}

/* ---- the round ---- */

static bool exercise(struct visit *v)
{
	const struct options *o = v->w->options;
	struct exercise e = {
		.conns = { &v->conns[0], &v->conns[1] },
		.nconns = v->nconns,
		.lun = o->url.lun,
		.writes = o->writes,
		.salt = v->r->salt,
		.out = v->w->out,
		.in = v->w->in,
	};
	char why[EXERCISE_WHY_MAX];
	bool held;

	held = !exercise_capacity(&e, why) && exercise_run(&e, why);
	v->w->bytes += e.bytes;
	return held || wrong(v, "%s", why);
}

static bool leave(struct visit *v)
{
	struct ini_session *s = &v->conns[0];
	uint8_t response = 0;
	int err = ini_request_logout(s, PDU_LOGOUT_SESSION, 0, &response);

	if (err)
		return wrong(v, "logout: %s", s->fault[0] ? s->fault : strerror(-err));
	return response == PDU_LOGOUT_DONE ||
	       wrong(v, "logout was answered %u (11.15.1)", response);
}

bool walk_round(struct walk *w, const struct round *r, char why[static WALK_WHY_MAX])
{
	struct visit v = { .w = w, .r = r };
	unsigned int i;
	bool held;

	v.why = why;
	for (i = 0; i < EXERCISE_CONNS_MAX; i++)
		session_begin(&v, &v.conns[i], (uint16_t)i);
	held = lead(&v) && join(&v) && exercise(&v) && leave(&v);
	for (i = 0; i < EXERCISE_CONNS_MAX; i++)
		ini_session_close(&v.conns[i]);
	return held;
}
