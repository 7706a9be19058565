#include "iscsi/exchange.h"

#include "peer.h"

/* A request that begins an exchange, and ends it. */
static const struct pdu_text_req whole = { .final = true, .ttt = PDU_TAG_RESERVED };

/* The next PDU must be a text response to itt. */
static struct pdu_text_rsp expect_text(struct peer *p, uint32_t itt, struct got *g)
{
	struct pdu_text_rsp rsp = { .ttt = 0 };

	if (peer_expect(p, PDU_TEXT_RSP, g))
		CU_ASSERT_EQUAL(pdu_get_text_rsp(g->bhs, &rsp), PDU_OK);
	CU_ASSERT_EQUAL(rsp.itt, itt);
	return rsp;
}

/* A Reject, and that the CmdSN of what was rejected is still to come (7.3). */
static void expect_reject(struct peer *p, uint8_t reason)
{
	struct got g;

	if (peer_expect(p, PDU_REJECT, &g))
		CU_ASSERT_EQUAL(g.bhs[2], reason);
	p->cmdsn--;
	CU_ASSERT_EQUAL(p->expcmdsn, p->cmdsn);
}

/* Is the text of g just that ("A=b\nC=d\n")? */
static bool text_is(const struct got *g, const char *lines)
{
	char text[1024];

	return g->len == strlen(lines) && !memcmp(g->data, text, peer_text(text, lines));
}

static void one_request_one_answer(void)
{
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	rsp = expect_text(p, peer_text_req(p, &whole, "X-a=1\nInitiatorAlias=me\n"), &g);
	CU_ASSERT(rsp.final && !rsp.cont);
	CU_ASSERT_EQUAL(rsp.ttt, PDU_TAG_RESERVED);
	CU_ASSERT(text_is(&g, "X-a=NotUnderstood\n"));
	CU_ASSERT_STRING_EQUAL(p->c->session->param.InitiatorAlias, "me");
	CU_ASSERT_PTR_NULL(p->c->text);
	rsp = expect_text(p, peer_text_req(p, &whole, ""), &g);
	CU_ASSERT(rsp.final);
	CU_ASSERT_EQUAL(g.len, 0);
	bench_close(&b);
}

/* 13.12: how much comes in a PDU may be declared anew; it holds at once. */
static void another_segment_length(void)
{
	uint8_t data[4096];
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	expect_text(p, peer_text_req(p, &whole, "MaxRecvDataSegmentLength=512\n"), &g);
	CU_ASSERT_EQUAL(p->c->max_send, 512);
	peer_read(p, 0, 2);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(g.len, 512);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	peer_nop(p, true, data, sizeof(data));
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(g.len, 512);
	bench_close(&b);
}

/* A text in pieces, cut anywhere (6.2). */
static void a_request_in_pieces(void)
{
	static const char lines[] = "InitiatorAlias=somebody\nX-a=1\n";
	struct pdu_text_req part = { .cont = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_req rest = { .final = true };
	char piece[sizeof(lines)];
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t cut;

	for (cut = 0; cut < sizeof(lines); cut++) {
		bench_open(&b);
		p = bench_login(&b, "");
		memset(piece, 0, sizeof(piece));
		memcpy(piece, lines, cut);
		rsp = expect_text(p, peer_text_req(p, &part, piece), &g);
		CU_ASSERT(!rsp.final && !rsp.cont);
		CU_ASSERT_NOT_EQUAL(rsp.ttt, PDU_TAG_RESERVED);
		CU_ASSERT_EQUAL(g.len, 0);
		rest.ttt = rsp.ttt;
		rsp = expect_text(p, peer_text_req(p, &rest, lines + cut), &g);
		CU_ASSERT(rsp.final);
		CU_ASSERT(text_is(&g, "X-a=NotUnderstood\n"));
		CU_ASSERT_STRING_EQUAL(p->c->session->param.InitiatorAlias, "somebody");
		bench_close(&b);
	}
}

/* An answer longer than the initiator's PDUs comes in pieces, asked for by empty requests. */
static void an_answer_in_pieces(void)
{
	struct pdu_text_req more = { .final = true };
	struct pdu_text_rsp rsp;
	char lines[2048] = "";
	size_t len = 0, got = 0;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	for (i = 0; i < 100; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "X-%02d=\n", i);
	bench_open(&b);
	p = bench_login(&b, "MaxRecvDataSegmentLength=512\n");
	rsp = expect_text(p, peer_text_req(p, &whole, lines), &g);
	while (rsp.cont && got < 10000) {
		CU_ASSERT_FALSE(rsp.final);
		CU_ASSERT_EQUAL(g.len, 512);
		got += g.len;
		more.ttt = rsp.ttt;
		rsp = expect_text(p, peer_text_req(p, &more, ""), &g);
	}
	CU_ASSERT(rsp.final);
	CU_ASSERT_EQUAL(rsp.ttt, PDU_TAG_RESERVED);
	CU_ASSERT_EQUAL(got + g.len, 100 * strlen("X-00=NotUnderstood "));
	bench_close(&b);
}

/* F not set: the initiator has more to say, and the exchange goes on. */
static void an_exchange_of_several_rounds(void)
{
	struct pdu_text_req open = { .ttt = PDU_TAG_RESERVED };
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	rsp = expect_text(p, peer_text_req(p, &open, "X-a=1\n"), &g);
	CU_ASSERT_FALSE(rsp.final);
	open.ttt = rsp.ttt;
	rsp = expect_text(p, peer_text_req(p, &open, "X-b=1\n"), &g);
	CU_ASSERT_FALSE(rsp.final);
	CU_ASSERT(text_is(&g, "X-b=NotUnderstood\n"));
	open.ttt = rsp.ttt;
	open.final = true;
	rsp = expect_text(p, peer_text_req(p, &open, ""), &g);
	CU_ASSERT(rsp.final);
	CU_ASSERT_PTR_NULL(p->c->text);
	bench_close(&b);
}

/* 11.10.4: a new exchange gives up the one before. */
static void a_new_exchange_ends_the_old_one(void)
{
	struct pdu_text_req part = { .cont = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_req rest = { .final = true };
	struct pdu_text_rsp old;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	old = expect_text(p, peer_text_req(p, &part, "InitiatorAl"), &g);
	expect_text(p, peer_text_req(p, &whole, "X-a=1\n"), &g);
	CU_ASSERT(text_is(&g, "X-a=NotUnderstood\n"));
	rest.ttt = old.ttt;
	peer_text_req(p, &rest, "ias=x\n");
	expect_reject(p, PDU_REJECT_PROTOCOL_ERROR);
	CU_ASSERT_STRING_EQUAL(p->c->session->param.InitiatorAlias, "");
	bench_close(&b);
}

/* Rejected; nothing of the request holds, and a new one may come. */
static void requests_that_fail(void)
{
	static const struct {
		const char *what;
		struct pdu_text_req req;
		const char *lines;
		uint8_t reason;
	} cases[] = {
		{ "no pair",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "nonsense\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "no zero byte",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "X-a=1",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "a key of the login",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "InitiatorAlias=x\nMaxBurstLength=512\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "a key twice",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "InitiatorAlias=x\nInitiatorAlias=y\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "all targets, in a normal session",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "InitiatorAlias=x\nSendTargets=All\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "SendTargets twice",
		  { .final = true, .ttt = PDU_TAG_RESERVED },
		  "SendTargets=\nSendTargets=\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "a tag that was not given",
		  { .final = true, .ttt = 4711 },
		  "X-a=1\n",
		  PDU_REJECT_PROTOCOL_ERROR },
		{ "C and F",
		  { .final = true, .cont = true, .ttt = PDU_TAG_RESERVED },
		  "X-a=1\n",
		  PDU_REJECT_PROTOCOL_ERROR },
	};
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, "");
		peer_text_req(p, &cases[i].req, cases[i].lines);
		expect_reject(p, cases[i].reason);
		CU_ASSERT_STRING_EQUAL(p->c->session->param.InitiatorAlias, "");
		CU_ASSERT_PTR_NULL(p->c->text);
		expect_text(p, peer_text_req(p, &whole, "X-b=1\n"), &g);
		bench_close(&b);
	}
}

static void new_keys_where_the_rest_of_an_answer_is_due(void)
{
	struct pdu_text_req more = { .final = true };
	struct pdu_text_rsp rsp;
	char lines[2048] = "";
	size_t len = 0;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	for (i = 0; i < 100; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "X-%02d=\n", i);
	bench_open(&b);
	p = bench_login(&b, "MaxRecvDataSegmentLength=512\n");
	rsp = expect_text(p, peer_text_req(p, &whole, lines), &g);
	CU_ASSERT(rsp.cont);
	more.ttt = rsp.ttt;
	peer_text_req(p, &more, "X-more=1\n");
	expect_reject(p, PDU_REJECT_PROTOCOL_ERROR);
	bench_close(&b);
}

/* An initiator cannot make the target keep all that it likes. */
static void text_without_end(void)
{
	struct pdu_text_req part = { .cont = true, .ttt = PDU_TAG_RESERVED };
	static char piece[8001];
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	int n;

	memset(piece, 'x', 8000);
	bench_open(&b);
	p = bench_login(&b, "");
	for (n = 0; n < 8; n++) {
		rsp = expect_text(p, peer_text_req(p, &part, piece), &g);
		part.ttt = rsp.ttt;
	}
	peer_text_req(p, &part, piece);
	expect_reject(p, PDU_REJECT_LONG_OPERATION);
	CU_ASSERT_PTR_NULL(p->c->text);
	bench_close(&b);
}

/* The connection goes in the middle of an exchange. */
static void cut_in_the_middle(void)
{
	struct pdu_text_req part = { .cont = true, .ttt = PDU_TAG_RESERVED };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	expect_text(p, peer_text_req(p, &part, "InitiatorAl"), &g);
	CU_ASSERT_PTR_NOT_NULL(p->c->text);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "one request, one answer", one_request_one_answer },
	{ "another segment length", another_segment_length },
	{ "a request in pieces", a_request_in_pieces },
	{ "an answer in pieces", an_answer_in_pieces },
	{ "an exchange of several rounds", an_exchange_of_several_rounds },
	{ "a new exchange ends the old one", a_new_exchange_ends_the_old_one },
	{ "requests that fail", requests_that_fail },
	{ "new keys where the rest of an answer is due",
	  new_keys_where_the_rest_of_an_answer_is_due },
	{ "text without end", text_without_end },
	{ "cut in the middle", cut_in_the_middle },
};

UNIT_MAIN("iscsi/exchange", tests)
