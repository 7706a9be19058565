#include "iscsi/full.h"

#include "iscsi/async.h"
#include "peer.h"

static void expect_reject(struct peer *p, uint8_t reason, const uint8_t *bhs)
{
	struct got g;

	if (!peer_expect(p, PDU_REJECT, &g))
		return;
	CU_ASSERT_EQUAL(g.bhs[2], reason);
	CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);
	CU_ASSERT_EQUAL_FATAL(g.len, PDU_BHS_LEN);
	CU_ASSERT_EQUAL(memcmp(g.data, bhs, PDU_BHS_LEN), 0);
}

/* ---- NOP ---- */

static void a_ping_comes_back_with_its_data(void)
{
	static const uint32_t lens[] = { 0, 1, 2, 3, 4, 511, 512, 4096 };
	uint8_t data[4096];
	struct pdu_nop_in in;
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 3);
	bench_open(&b);
	p = bench_login(&b, "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		itt = peer_nop(p, i & 1, data, lens[i]);
		CU_ASSERT_FATAL(peer_expect(p, PDU_NOP_IN, &g));
		CU_ASSERT_EQUAL(pdu_get_nop_in(g.bhs, &in), PDU_OK);
		CU_ASSERT_EQUAL(in.itt, itt);
		CU_ASSERT_EQUAL(in.ttt, PDU_TAG_RESERVED);
		CU_ASSERT_EQUAL_FATAL(g.len, lens[i]);
		CU_ASSERT_EQUAL(memcmp(g.data, data, lens[i]), 0);
	}
	bench_close(&b);
}

/* 11.18: a ping without a tag asks for nothing, an answer to none neither. */
static void pings_that_are_not_answered(void)
{
	struct pdu_nop_out nop = { .immediate = true,
				   .itt = PDU_TAG_RESERVED,
				   .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	nop.cmdsn = p->cmdsn;
	pdu_put_nop_out(bhs, &nop);
	peer_pdu(p, bhs, NULL);
	peer_expect_nothing(p);
	CU_ASSERT_FALSE(p->c->answers_pings);
	nop.ttt = 4711;
	pdu_put_nop_out(bhs, &nop);
	peer_pdu(p, bhs, NULL);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* ---- what cannot be taken ---- */

static void opcodes_that_have_no_place(void)
{
	static const struct {
		const char *what;
		uint8_t byte, reason;
	} cases[] = {
		{ "SNACK at level 0", PDU_SNACK, PDU_REJECT_PROTOCOL_ERROR },
		{ "a login", PDU_LOGIN_REQ | PDU_IMMEDIATE, PDU_REJECT_PROTOCOL_ERROR },
		{ "a target's opcode", PDU_NOP_IN, PDU_REJECT_NOT_SUPPORTED },
		{ "an unknown one", 0x1c, PDU_REJECT_NOT_SUPPORTED },
		{ "the last one", 0x3f, PDU_REJECT_NOT_SUPPORTED },
	};
	uint8_t bhs[PDU_BHS_LEN];
	uint8_t data[100] = { 0 };
	struct bench b;
	struct peer *p;
	size_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pdu_begin(bhs, PDU_NOP_OUT, i & 1 ? sizeof(data) : 0);
		bhs[0] = cases[i].byte;
		peer_pdu(p, bhs, data);
		expect_reject(p, cases[i].reason, bhs);
	}
	CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_GOOD);
	bench_close(&b);
}

static void requests_with_wrong_fields(void)
{
	static const struct {
		const char *what;
		enum pdu_opcode opcode;
		uint8_t byte_1;
		uint32_t data_len;
		uint8_t reason;
	} cases[] = {
		{ "task management with data", PDU_TMF_REQ, 0x81, 4, PDU_REJECT_PROTOCOL_ERROR },
		{ "logout with data", PDU_LOGOUT_REQ, 0x80, 4, PDU_REJECT_PROTOCOL_ERROR },
		{ "logout for no reason", PDU_LOGOUT_REQ, 0x83, 0, PDU_REJECT_INVALID_FIELD },
		{ "text with C and F", PDU_TEXT_REQ, 0xc0, 4, PDU_REJECT_PROTOCOL_ERROR },
	};
	uint8_t bhs[PDU_BHS_LEN];
	uint8_t data[4] = { 0 };
	struct bench b;
	struct peer *p;
	size_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pdu_begin(bhs, cases[i].opcode, cases[i].data_len);
		bhs[0] |= PDU_IMMEDIATE;
		bhs[1] = cases[i].byte_1;
		put_be32(bhs + 24, p->cmdsn);
		peer_pdu(p, bhs, data);
		expect_reject(p, cases[i].reason, bhs);
	}
	bench_close(&b);
}

static void damaged_data_of_other_requests(void)
{
	static const struct pdu_text_req text = { .immediate = true,
						  .final = true,
						  .ttt = PDU_TAG_RESERVED };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "DataDigest=CRC32C\n");
	p->damage_data = true;
	peer_nop(p, true, "ping", 4);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_DATA_DIGEST);
	p->damage_data = true;
	peer_text_req(p, &text, "InitiatorAlias=x\n");
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	CU_ASSERT_STRING_EQUAL(p->c->session->param.InitiatorAlias, "");
	bench_close(&b);
}

/* ---- logout ---- */

static void ways_to_log_out(void)
{
	static const struct {
		const char *what;
		enum pdu_logout_reason reason;
		uint16_t cid;
		uint8_t response;
	} cases[] = {
		{ "the session", PDU_LOGOUT_SESSION, 1, PDU_LOGOUT_DONE },
		{ "the session, whatever the CID", PDU_LOGOUT_SESSION, 4711, PDU_LOGOUT_DONE },
		{ "the connection", PDU_LOGOUT_CONNECTION, 1, PDU_LOGOUT_DONE },
		{ "a connection that is not there", PDU_LOGOUT_CONNECTION, 2, PDU_LOGOUT_NO_CID },
		{ "for recovery", PDU_LOGOUT_RECOVERY, 1, PDU_LOGOUT_NO_RECOVERY },
	};
	struct pdu_logout_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, "DefaultTime2Wait=3\n");
		itt = peer_logout(p, cases[i].reason, cases[i].cid);
		CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
		CU_ASSERT_EQUAL(pdu_get_logout_rsp(g.bhs, &rsp), PDU_OK);
		CU_ASSERT_EQUAL(rsp.itt, itt);
		CU_ASSERT_EQUAL(rsp.response, cases[i].response);
		CU_ASSERT_EQUAL(rsp.time2wait, 3);
		CU_ASSERT_EQUAL(!p->c, rsp.response == PDU_LOGOUT_DONE);
		CU_ASSERT_EQUAL(TAILQ_EMPTY(&b.iscsi.sessions), rsp.response == PDU_LOGOUT_DONE);
		bench_close(&b);
	}
}

/* What was sent before an ordered logout is answered before it, also when the store is slow. */
static void a_logout_in_order_comes_behind_the_commands(void)
{
	uint32_t one, two;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	one = peer_read(p, 0, 1);
	two = peer_read(p, 1, 1);
	peer_expect_nothing(p);
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	peer_expect_nothing(p);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(g.itt, one);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(g.itt, two);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* An immediate one ends them; its answer says that they are gone. */
static void an_immediate_logout_ends_the_commands(void)
{
	struct pdu_logout_req req = { .immediate = true, .itt = 900, .cid = 1 };
	uint8_t bhs[PDU_BHS_LEN];
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(p, 0, 1);
	peer_expect_nothing(p);
	req.cmdsn = p->cmdsn;
	pdu_put_logout_req(bhs, &req);
	peer_pdu(p, bhs, NULL);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* A store that never answers does not keep the connection for ever. */
static void a_logout_that_cannot_end(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(p, 0, 1);
	peer_expect_nothing(p);
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	peer_expect_nothing(p);
	bench_sleep(&b, 4999);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	bench_sleep(&b, 1);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* 11.9.1: asked to log out, it sends no new command; what runs already finishes. */
static void no_new_command_once_it_is_to_log_out(void)
{
	uint8_t block[BENCH_BLOCK];
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	itt = peer_read(p, 0, 1);
	peer_expect_nothing(p);
	async_ask_logout(p->c, 3);
	CU_ASSERT(peer_expect(p, PDU_ASYNC, &g));
	peer_write(p, 0, 1, block, sizeof(block), true);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_WAITING_FOR_LOGOUT);
	p->cmdsn--;
	peer_nop(p, false, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, itt, block), SCSI_GOOD);
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "a ping comes back with its data", a_ping_comes_back_with_its_data },
	{ "pings that are not answered", pings_that_are_not_answered },
	{ "opcodes that have no place", opcodes_that_have_no_place },
	{ "requests with wrong fields", requests_with_wrong_fields },
	{ "damaged data of other requests", damaged_data_of_other_requests },
	{ "ways to log out", ways_to_log_out },
	{ "a logout in order comes behind the commands",
	  a_logout_in_order_comes_behind_the_commands },
	{ "an immediate logout ends the commands", an_immediate_logout_ends_the_commands },
	{ "a logout that cannot end", a_logout_that_cannot_end },
	{ "no new command once it is to log out", no_new_command_once_it_is_to_log_out },
};

UNIT_MAIN("iscsi/full", tests)
