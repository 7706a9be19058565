#include "iscsi/login.h"

#include "login_steps.h"

static void in_one_request(void)
{
	struct pdu_login_rsp rsp;
	struct session *s;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_peer(&b);
	rsp = step(p, &whole, HOST TARGET "MaxBurstLength=65536\n", &g);
	CU_ASSERT(rsp.transit && rsp.nsg == PDU_STAGE_FULL);
	CU_ASSERT(rsp.tsih != 0);
	CU_ASSERT_EQUAL(rsp.sn.expcmdsn, p->cmdsn);
	CU_ASSERT_EQUAL(rsp.sn.maxcmdsn, p->cmdsn + 127);
	CU_ASSERT(has_pair(&g, "TargetPortalGroupTag=1"));
	CU_ASSERT(has_pair(&g, "MaxBurstLength=65536"));
	CU_ASSERT(has_pair(&g, "MaxRecvDataSegmentLength=262144"));
	CU_ASSERT_EQUAL(p->c->state, CONN_LOGGED_IN);
	CU_ASSERT_PTR_NULL(p->c->login);
	s = p->c->session;
	CU_ASSERT_PTR_EQUAL(s->target, b.target);
	CU_ASSERT_EQUAL(s->tsih, rsp.tsih);
	CU_ASSERT_EQUAL(s->param.MaxBurstLength, 65536);
	CU_ASSERT_STRING_EQUAL(s->nexus.initiator, BENCH_INITIATOR ",i,0x800000000001");
	bench_close(&b);
}

static void stage_after_stage(void)
{
	static const struct pdu_login_req stay = { STAY(1) };
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_peer(&b);
	rsp = step(p, &security, HOST TARGET "AuthMethod=CHAP,None\n", &g);
	CU_ASSERT_FALSE(rsp.transit);
	CU_ASSERT(has_pair(&g, "AuthMethod=None"));
	CU_ASSERT_FALSE(has_pair(&g, "MaxRecvDataSegmentLength=262144"));
	rsp = step(p, &to_operational, "", &g);
	CU_ASSERT(rsp.transit && rsp.nsg == PDU_STAGE_OPERATIONAL);
	rsp = step(p, &stay, "HeaderDigest=CRC32C,None\n", &g);
	CU_ASSERT_FALSE(rsp.transit);
	CU_ASSERT(has_pair(&g, "HeaderDigest=CRC32C"));
	rsp = step(p, &whole, "DataDigest=None\n", &g);
	CU_ASSERT(rsp.transit && rsp.tsih != 0);
	CU_ASSERT_FALSE(has_pair(&g, "MaxRecvDataSegmentLength=262144")); /* was told before */
	CU_ASSERT(p->c->rx.header_digest && p->c->tx.header_digest);
	CU_ASSERT_FALSE(p->c->rx.data_digest || p->c->tx.data_digest);
	bench_close(&b);
}

/* 11.12.2: the text of a request may come in pieces, cut anywhere. */
static void a_request_in_pieces(void)
{
	struct pdu_login_req part = { .csg = PDU_STAGE_OPERATIONAL, .cont = true };
	static const char lines[] = HOST TARGET "MaxBurstLength=65536\n";
	char piece[sizeof(lines)];
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t cut;

	for (cut = 0; cut < sizeof(lines); cut++) {
		bench_open(&b);
		p = bench_peer(&b);
		memset(piece, 0, sizeof(piece));
		memcpy(piece, lines, cut);
		rsp = step(p, &part, piece, &g);
		CU_ASSERT_FALSE(rsp.transit);
		CU_ASSERT_EQUAL(g.len, 0);
		rsp = step(p, &whole, lines + cut, &g);
		CU_ASSERT(rsp.transit && rsp.tsih != 0);
		CU_ASSERT(has_pair(&g, "MaxBurstLength=65536"));
		bench_close(&b);
	}
}

/* So many keys that nobody knows that the answer to them takes two PDUs. */
static const char *many_keys(void)
{
	static char lines[8192];
	size_t len = (size_t)snprintf(lines, sizeof(lines), "%s", HOST TARGET);
	int i;

	for (i = 0; i < 600; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "X-%d=\n", i);
	return lines;
}

/* An answer that is too long for a PDU comes in pieces, asked for by empty requests. */
static void an_answer_in_pieces(void)
{
	struct pdu_login_rsp rsp;
	size_t total = 0;
	struct bench b;
	struct peer *p;
	struct got g;
	int n;

	bench_open(&b);
	p = bench_peer(&b);
	rsp = step(p, &whole, many_keys(), &g);
	for (n = 1; rsp.cont && n < 10; n++) {
		CU_ASSERT_FALSE(rsp.transit);
		CU_ASSERT_EQUAL(rsp.tsih, 0);
		CU_ASSERT_EQUAL(g.len, 8192);
		total += g.len;
		rsp = step(p, &whole, "", &g);
	}
	CU_ASSERT_EQUAL(n, 2);
	CU_ASSERT(total + g.len > (size_t)600 * strlen("X-1=NotUnderstood"));
	CU_ASSERT(rsp.transit && rsp.tsih != 0);
	CU_ASSERT(has_pair(&g, "X-599=NotUnderstood"));
	bench_close(&b);
}

/* One request that ends the login, one way or another. */
static const struct refusal {
	const char *what;
	struct pdu_login_req req;
	const char *lines;
	uint16_t status;
} refusals[] = {
	{ "no TargetName", { GO(1, 3) }, HOST, PDU_LOGIN_MISSING_PARAMETER },
	{ "no InitiatorName", { GO(1, 3) }, TARGET, PDU_LOGIN_MISSING_PARAMETER },
	{ "no such target",
	  { GO(1, 3) },
	  HOST "TargetName=iqn.2026-11.org.example:other\n",
	  PDU_LOGIN_NOT_FOUND },
	{ "no name at all", { GO(1, 3) }, HOST "TargetName=disk\n", PDU_LOGIN_NOT_FOUND },
	{ "a bad initiator name",
	  { GO(1, 3) },
	  TARGET "InitiatorName=host\n",
	  PDU_LOGIN_INITIATOR_ERROR },
	{ "a key twice", { GO(1, 3) }, HOST HOST TARGET, PDU_LOGIN_INITIATOR_ERROR },
	{ "not a pair", { GO(1, 3) }, HOST TARGET "nonsense\n", PDU_LOGIN_INITIATOR_ERROR },
	{ "no zero byte at the end", { GO(1, 3) }, HOST TARGET "X-a=b", PDU_LOGIN_INITIATOR_ERROR },
	{ "SendTargets", { GO(1, 3) }, HOST TARGET "SendTargets=All\n", PDU_LOGIN_INITIATOR_ERROR },
	{ "CHAP in the operational stage",
	  { GO(1, 3) },
	  HOST TARGET "CHAP_A=5\n",
	  PDU_LOGIN_INITIATOR_ERROR },
	{ "an operational key in the security stage",
	  { STAY(0) },
	  HOST TARGET "MaxBurstLength=512\n",
	  PDU_LOGIN_INITIATOR_ERROR },
	{ "only CHAP, where none is asked for",
	  { STAY(0) },
	  HOST TARGET "AuthMethod=CHAP\n",
	  PDU_LOGIN_AUTH_FAILED },
	{ "stage 2", { STAY(2) }, HOST TARGET, PDU_LOGIN_INVALID_DURING_LOGIN },
	{ "full feature phase as the current stage",
	  { STAY(3) },
	  HOST TARGET,
	  PDU_LOGIN_INVALID_DURING_LOGIN },
	{ "back to security", { GO(1, 0) }, HOST TARGET, PDU_LOGIN_INITIATOR_ERROR },
	{ "on to where it is", { GO(1, 1) }, HOST TARGET, PDU_LOGIN_INITIATOR_ERROR },
	{ "on to stage 2", { GO(1, 2) }, HOST TARGET, PDU_LOGIN_INITIATOR_ERROR },
	{ "a newer version only",
	  { .transit = true, .csg = 1, .nsg = 3, .version_max = 1, .version_min = 1 },
	  HOST TARGET,
	  PDU_LOGIN_UNSUPPORTED_VERSION },
	{ "a session that is not there",
	  { .transit = true, .csg = 1, .nsg = 3, .tsih = 77 },
	  HOST TARGET,
	  PDU_LOGIN_NO_SESSION },
};

/* The answer says why, the connection closes behind it, and the log has the reason. */
static void refused_for_a_reason(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		bench_open(&b);
		p = bench_peer(&b);
		peer_login_pdu(p, &refusals[i].req, refusals[i].lines);
		CU_ASSERT_EQUAL(peer_login_status(p, &rsp), refusals[i].status);
		CU_ASSERT_FALSE(rsp.transit);
		CU_ASSERT_PTR_NULL(p->c);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "login refused"));
		CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
		bench_close(&b);
	}
}

/* A first request that goes well, then one that does not fit to it. */
static void a_login_stays_what_it_began_as(void)
{
	static const struct {
		const char *what;
		int byte; /* of the header that changes */
		uint16_t status;
	} cases[] = {
		{ "ISID", 13, PDU_LOGIN_INITIATOR_ERROR },
		{ "TSIH", 15, PDU_LOGIN_INITIATOR_ERROR },
		{ "ITT", 19, PDU_LOGIN_INITIATOR_ERROR },
		{ "CID", 21, PDU_LOGIN_INITIATOR_ERROR },
	};
	struct pdu_login_req req = whole;
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_peer(&b);
		step(p, &(struct pdu_login_req){ STAY(1) }, HOST TARGET, &g);
		req.isid[0] = 0x80;
		req.isid[5] = p->isid;
		req.itt = p->itt;
		req.cid = 1;
		pdu_put_login_req(bhs, &req);
		bhs[cases[i].byte] ^= 0x40;
		peer_pdu(p, bhs, NULL);
		CU_ASSERT_EQUAL(peer_login_status(p, &rsp), cases[i].status);
		CU_ASSERT_PTR_NULL(p->c);
		bench_close(&b);
	}
}

static void keys_where_the_rest_of_an_answer_is_due(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_peer(&b);
	rsp = step(p, &whole, many_keys(), &g);
	CU_ASSERT(rsp.cont);
	peer_login_pdu(p, &whole, "X-more=\n");
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_INITIATOR_ERROR);
	bench_close(&b);
}

/* An initiator cannot make the target keep all that it likes. */
static void text_without_end(void)
{
	const struct pdu_login_req part = { .csg = PDU_STAGE_OPERATIONAL, .cont = true };
	static char piece[8001];
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	int n;

	memset(piece, 'x', 8000);
	bench_open(&b);
	p = bench_peer(&b);
	for (n = 0; n < 20 && p->c; n++) {
		peer_login_pdu(p, &part, piece);
		if (peer_login_status(p, &rsp) != PDU_LOGIN_SUCCESS)
			break;
	}
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_OUT_OF_RESOURCES);
	CU_ASSERT_EQUAL(n, 8);
	bench_close(&b);
}

/* 6.3: before login nothing else is answered; later it is, with a refusal. */
static void other_pdus_have_no_place(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_peer(&b);
	peer_nop(p, true, NULL, 0);
	peer_expect_nothing(p);
	CU_ASSERT_PTR_NULL(p->c);
	p = bench_peer(&b);
	step(p, &security, HOST TARGET, &g);
	peer_nop(p, true, NULL, 0);
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_INVALID_DURING_LOGIN);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* One login, of whatever kind, that is refused. */
static void expect_refusal(struct bench *b, const char *names, uint16_t status)
{
	struct peer *p = bench_peer(b);
	struct pdu_login_rsp rsp;

	peer_login_send(p, names, "");
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), status);
	CU_ASSERT_PTR_NULL(p->c);
}

static void sent_elsewhere(void)
{
	struct pdu_login_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	b.group->has_redirect = true;
	b.group->redirect = bench_addr("198.51.100.7:3260");
	p = bench_peer(&b);
	peer_login_send(p, PEER_NAMES, "");
	CU_ASSERT_FATAL(peer_expect(p, PDU_LOGIN_RSP, &g));
	CU_ASSERT_EQUAL(pdu_get_login_rsp(g.bhs, &rsp), PDU_OK);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_MOVED_TEMPORARILY);
	CU_ASSERT(has_pair(&g, "TargetAddress=198.51.100.7:3260"));
	/* discovery is for this portal all the same */
	p = bench_peer(&b);
	peer_login_send(p, PEER_DISCOVERY_NAMES, "");
	CU_ASSERT_EQUAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	bench_close(&b);
}

static void who_may_not_enter(void)
{
	struct bench b;

	bench_open(&b);
	b.target->auth = world_auth_group(&b.world, "deny");
	expect_refusal(&b, PEER_NAMES, PDU_LOGIN_FORBIDDEN);
	b.target->auth = NULL;
	expect_refusal(&b, PEER_NAMES, PDU_LOGIN_FORBIDDEN);
	b.group->discovery_auth = world_auth_group(&b.world, "deny");
	expect_refusal(&b, PEER_DISCOVERY_NAMES, PDU_LOGIN_FORBIDDEN);
	b.target->ngroups = 0; /* a target that is in another portal group is not there */
	expect_refusal(&b, PEER_NAMES, PDU_LOGIN_NOT_FOUND);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "a login in one request", in_one_request },
	{ "stage after stage", stage_after_stage },
	{ "a request in pieces", a_request_in_pieces },
	{ "an answer in pieces", an_answer_in_pieces },
	{ "refused, for a reason", refused_for_a_reason },
	{ "a login stays what it began as", a_login_stays_what_it_began_as },
	{ "keys where the rest of an answer is due", keys_where_the_rest_of_an_answer_is_due },
	{ "text without end", text_without_end },
	{ "other PDUs have no place in a login", other_pdus_have_no_place },
	{ "sent elsewhere", sent_elsewhere },
	{ "who may not enter", who_may_not_enter },
};

UNIT_MAIN("iscsi/login", tests)
