/* RFC 7143, 11.13: what is said to the requests of a login. */
#include "iscsi/login_rsp.h"

#include "iscsi/why.h"
#include "login_steps.h"
#include "recovery.h"

#define ITT 0x01020304u

/* A connection in login, and what its last request said. */
static struct login *begin(struct bench *b, struct peer **p)
{
	static struct login l;

	bench_open(b);
	*p = bench_peer(b);
	conn_event((*p)->c, EV_LOGIN_PDU);
	memset(&l, 0, sizeof(l));
	l.conn = (*p)->c;
	l.out = (struct text_out){ .buf = l.out_text, .size = sizeof(l.out_text) };
	l.req = (struct pdu_login_req){
		.transit = true,
		.csg = PDU_STAGE_SECURITY,
		.nsg = PDU_STAGE_OPERATIONAL,
		.version_max = 7,
		.isid = { 0x80, 1, 2, 3, 4, 5 },
		.itt = ITT,
		.cmdsn = 0xfffffff0u,
	};
	l.first = l.req;
	return &l;
}

static struct pdu_login_rsp expect(struct peer *p, struct got *g)
{
	struct pdu_login_rsp rsp = { .status = 0xffff };

	if (peer_expect(p, PDU_LOGIN_RSP, g))
		CU_ASSERT_EQUAL(pdu_get_login_rsp(g->bhs, &rsp), PDU_OK);
	return rsp;
}

/* 11.13: what is given back as it came, and what is ours. */
static void its_fields(void)
{
	struct pdu_login_rsp rsp;
	struct login *l;
	struct bench b;
	struct peer *p;
	struct got g;

	l = begin(&b, &p);
	l->req.tsih = 0x0506; /* nobody's: it is given back, and the window is the request's */
	l->first.tsih = 0x0506;
	text_add(&l->out, "A", "b");
	login_rsp_send(l, true, 0);
	rsp = expect(p, &g);
	CU_ASSERT_EQUAL(memcmp(rsp.isid, l->req.isid, PDU_ISID_LEN), 0);
	CU_ASSERT(rsp.itt == ITT && rsp.tsih == 0x0506);
	CU_ASSERT(rsp.version_max == 0 && rsp.version_active == 0);
	CU_ASSERT(rsp.transit && !rsp.cont);
	CU_ASSERT(rsp.csg == PDU_STAGE_SECURITY && rsp.nsg == PDU_STAGE_OPERATIONAL);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_SUCCESS);
	CU_ASSERT_EQUAL(rsp.sn.statsn, 0);
	CU_ASSERT(rsp.sn.expcmdsn == l->req.cmdsn && rsp.sn.maxcmdsn == l->req.cmdsn);
	CU_ASSERT(g.len == 4 && !memcmp(g.data, "A=b", 4));
	login_rsp_send(l, false, 0);
	rsp = expect(p, &g);
	CU_ASSERT(!rsp.transit && rsp.nsg == 0); /* reserved without the T bit (11.13.3) */
	CU_ASSERT_EQUAL(rsp.sn.statsn, 1);
	CU_ASSERT_EQUAL(g.len, 0); /* all was said */
	login_rsp_send(l, true, 0x0708);
	rsp = expect(p, &g);
	CU_ASSERT_EQUAL(rsp.tsih, 0x0708); /* the last one has the new session's */
	bench_close(&b);
}

/* 13.12: no PDU of a login has more than 8192 bytes; all but the last have the C bit, and only the
 * last may end the stage. */
static void in_so_many_pdus(void)
{
	static const uint32_t lens[] = { 0,    1,     4,     8191,  8192,
					 8193, 12288, 16383, 16384, LOGIN_OUT_MAX };
	struct pdu_login_rsp rsp;
	uint32_t at, left, i, n;
	struct login *l;
	struct bench b;
	struct peer *p;
	struct got g;

	for (n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
		l = begin(&b, &p);
		for (i = 0; i < lens[n]; i++)
			l->out_text[i] = (char)(i * 13 + i / 256);
		l->out.len = lens[n];
		at = 0;
		do {
			left = lens[n] - at;
			login_rsp_send(l, true, 0);
			rsp = expect(p, &g);
			CU_ASSERT_EQUAL_FATAL(g.len, left < 8192 ? left : 8192);
			CU_ASSERT(!g.len || !memcmp(g.data, l->out_text + at, g.len));
			CU_ASSERT_EQUAL(rsp.cont, left > 8192);
			CU_ASSERT_EQUAL(rsp.transit, left <= 8192);
			CU_ASSERT_EQUAL(rsp.nsg, rsp.transit ? l->req.nsg : 0);
			at += g.len;
			CU_ASSERT_EQUAL(l->out_sent, at);
		} while (rsp.cont);
		CU_ASSERT_EQUAL(at, lens[n]);
		bench_close(&b);
	}
}

/*
 * 11.13.5: a refusal ends the login: no T bit, no text but where a redirection points to, whatever
 * keys were answered before. The reason is for the log, and for those who ask why.
 */
static void refused(void)
{
	static const enum pdu_login_status status[] = {
		PDU_LOGIN_MOVED_TEMPORARILY, PDU_LOGIN_MOVED_PERMANENTLY, PDU_LOGIN_INITIATOR_ERROR,
		PDU_LOGIN_AUTH_FAILED,       PDU_LOGIN_NO_SESSION,        PDU_LOGIN_OUT_OF_RESOURCES
	};
	const struct why_case *k;
	struct pdu_login_rsp rsp;
	struct login *l;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		l = begin(&b, &p);
		memcpy(l->param.InitiatorName, BENCH_INITIATOR, sizeof(BENCH_INITIATOR));
		text_add(&l->out, "TargetAddress", "198.51.100.7:3260");
		login_rsp_refuse(l, status[i], "because of %d %s", 7, "things");
		CU_ASSERT_EQUAL(p->c->state, CONN_REFUSED);
		CU_ASSERT(l->is_noted);
		k = why_nth(&b.iscsi.why, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(k);
		CU_ASSERT_EQUAL(k->status, status[i]);
		CU_ASSERT_STRING_EQUAL(k->reason, "because of 7 things");
		CU_ASSERT_STRING_EQUAL(k->initiator, BENCH_INITIATOR);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "because of 7 things"));
		rsp = expect(p, &g);
		CU_ASSERT_EQUAL(rsp.status, status[i]);
		CU_ASSERT(!rsp.transit && !rsp.cont && rsp.nsg == 0 && rsp.itt == ITT);
		CU_ASSERT_EQUAL(g.len > 0, i < 2);
		peer_expect_nothing(p);
		CU_ASSERT_PTR_NULL(p->c);
		bench_close(&b);
	}
}

/* A reason of any length: cut, and ended by zero. */
static void a_long_reason(void)
{
	static char long_one[4 * WHY_TEXT_MAX];
	struct pdu_login_rsp rsp;
	struct login *l;
	struct bench b;
	struct peer *p;
	struct got g;

	memset(long_one, 'x', sizeof(long_one) - 1);
	l = begin(&b, &p);
	login_rsp_refuse(l, PDU_LOGIN_INITIATOR_ERROR, "%s", long_one);
	CU_ASSERT_EQUAL(strlen(why_nth(&b.iscsi.why, 0)->reason), WHY_TEXT_MAX - 1);
	rsp = expect(p, &g);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_INITIATOR_ERROR);
	bench_close(&b);
}

/* Who may come: the target's group, else that of discovery, else everybody. */
static void the_group_it_is_held_against(void)
{
	const struct auth_group *deny, *none;
	struct login *l;
	struct bench b;
	struct peer *p;

	l = begin(&b, &p);
	deny = world_auth_group(&b.world, "deny");
	none = world_auth_group(&b.world, "no-authentication");
	CU_ASSERT_PTR_EQUAL(login_rsp_group(l), none);
	b.group->discovery_auth = deny;
	CU_ASSERT_PTR_EQUAL(login_rsp_group(l), deny);
	l->target = b.target;
	CU_ASSERT_PTR_EQUAL(login_rsp_group(l), none);
	b.target->auth = deny;
	CU_ASSERT_PTR_EQUAL(login_rsp_group(l), deny);
	b.target->auth = NULL; /* nobody */
	CU_ASSERT_PTR_NULL(login_rsp_group(l));
	bench_close(&b);
}

/* A connection that has begun to join p's session, and what it was answered. */
static struct peer *joins(struct peer *p, struct pdu_login_rsp *rsp)
{
	struct peer *q = bench_peer(p->bench);
	struct got g;

	q->isid = p->isid;
	q->cid = 2;
	q->cmdsn = 77;
	peer_login_pdu(q, &(struct pdu_login_req){ STAY(0), .tsih = p->tsih }, HOST TARGET);
	*rsp = expect(q, &g);
	CU_ASSERT_EQUAL(rsp->status, PDU_LOGIN_SUCCESS);
	return q;
}

/*
 * One more connection is told the session's window, but only once it is known to be let in: a
 * stranger who guesses a TSIH learns nothing of it.
 */
static void the_window_of_a_session(void)
{
	struct peer *p, *stranger;
	struct pdu_login_rsp rsp;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	expect_good(p);
	stranger = bench_peer(&b);
	stranger->tsih = p->tsih;
	stranger->cmdsn = 77;
	peer_login_pdu(stranger, &(struct pdu_login_req){ GO(1, 3), .tsih = p->tsih },
		       "InitiatorName=iqn.2026-11.org.example:other\n" TARGET);
	rsp = expect(stranger, &g);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_NO_SESSION);
	CU_ASSERT(rsp.sn.expcmdsn == 77 && rsp.sn.maxcmdsn == 77);
	(void)joins(p, &rsp);
	CU_ASSERT(rsp.sn.expcmdsn == p->cmdsn && rsp.sn.maxcmdsn == p->maxcmdsn);
	CU_ASSERT_EQUAL(rsp.tsih, p->tsih);
	bench_close(&b);
}

/* The session ends in the middle of that: the login goes on without its window, to its refusal. */
static void the_session_goes_meanwhile(void)
{
	struct pdu_login_rsp rsp;
	struct peer *p, *q;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	q = joins(p, &rsp);
	peer_cut(p);
	bench_run(&b);
	q->maxcmdsn = 0;
	peer_login_pdu(q, &(struct pdu_login_req){ STAY(0), .tsih = p->tsih }, "");
	rsp = expect(q, &g);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_SUCCESS);
	CU_ASSERT(rsp.sn.expcmdsn == 77 && rsp.sn.maxcmdsn == 77);
	peer_login_pdu(q, &(struct pdu_login_req){ GO(0, 3), .tsih = p->tsih }, "");
	rsp = expect(q, &g);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_NO_SESSION);
	CU_ASSERT_PTR_NULL(q->c);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.13: its fields", its_fields },
	{ "13.12: in so many PDUs", in_so_many_pdus },
	{ "11.13.5: refused", refused },
	{ "a long reason", a_long_reason },
	{ "the group it is held against", the_group_it_is_held_against },
	{ "the window of a session", the_window_of_a_session },
	{ "the session goes meanwhile", the_session_goes_meanwhile },
};

UNIT_MAIN("iscsi/login_rsp", tests)
