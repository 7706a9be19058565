#include "iscsi/stall.h"

#include "recovery.h"

#define LIMIT_MS ((uint64_t)60000)
#define STEP_MS  ((uint64_t)STALL_CHECK_MS)

static uint8_t data[4 * BENCH_BLOCK];

/* Time goes by in steps of the looking; what the peer is sent meanwhile (pings) is thrown away. */
static void wait_ms(struct peer *p, uint64_t ms)
{
	struct got g;
	uint64_t t;

	for (t = 0; t < ms; t += STEP_MS / 2) {
		bench_sleep(p->bench, STEP_MS / 2);
		while (peer_next(p, &g))
			;
	}
}

/* The peer is patient until the limit, and gone soon after it. */
static void expect_gone_at_limit(struct peer *p)
{
	wait_ms(p, LIMIT_MS - STEP_MS);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	wait_ms(p, 3 * STEP_MS);
	CU_ASSERT_PTR_NULL(p->c);
}

/* Of an R2T's data nothing comes. */
static void no_data_for_an_r2t(void)
{
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT(b.pool.lent > 0);
	expect_gone_at_limit(p);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "no more data of task"));
	bench_close(&b);
}

/* A sequence stops in the middle; as long as a piece comes now and then it goes on. */
static void data_that_stops_in_the_middle(void)
{
	struct pdu_data_out out = { .data_len = BENCH_BLOCK };
	struct pdu_r2t r2t;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	out.itt = peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
	out.ttt = r2t.ttt;
	for (i = 0; i < 3; i++) {
		wait_ms(p, LIMIT_MS / 2);
		out.datasn = (uint32_t)i;
		out.offset = (uint32_t)i * BENCH_BLOCK;
		peer_data_out(p, &out, data);
		bench_run(&b);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
	expect_gone_at_limit(p);
	bench_close(&b);
}

/* Unsolicited data was announced and does not come. */
static void unsolicited_data_that_never_comes(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=No\n");
	peer_write(p, 0, 4, data, BENCH_BLOCK, false);
	bench_run(&b);
	expect_gone_at_limit(p);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/* Half a PDU, immediate data of a command that would have a buffer. */
static void half_a_pdu(void)
{
	struct pdu_scsi_cmd cmd;
	uint8_t bhs[PDU_BHS_LEN];
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=No\n");
	peer_rw10(&cmd, 0x2a, 0, 4);
	cmd.cmdsn = p->cmdsn;
	cmd.data_len = 4 * BENCH_BLOCK;
	pdu_put_scsi_cmd(bhs, &cmd);
	peer_feed(p, bhs, sizeof(bhs));
	bench_run(&b);
	CU_ASSERT(b.pool.lent > 0);
	expect_gone_at_limit(p);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/* A CmdSN is left out, and never comes. */
static void a_gap_that_is_never_filled(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	p->cmdsn++;
	peer_write(p, 0, 4, data, sizeof(data), true);
	bench_run(&b);
	CU_ASSERT(b.pool.lent > 0);
	expect_gone_at_limit(p);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

/* At level 2 a lost connection's commands may come again for as long as tasks are kept. */
static void a_gap_that_may_still_be_filled(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "ErrorRecoveryLevel=2\nDefaultTime2Wait=5\nDefaultTime2Retain=20\n");
	CU_ASSERT_EQUAL_FATAL(p->c->session->param.ErrorRecoveryLevel, 2);
	p->cmdsn++;
	peer_write(p, 0, 4, data, sizeof(data), true);
	bench_run(&b);
	wait_ms(p, LIMIT_MS + 3 * STEP_MS);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	wait_ms(p, 25000);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* So it is for a function that waits for a command which never comes. */
static void a_function_whose_turn_never_comes(void)
{
	const struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK_SET };
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	p->cmdsn++;
	peer_tmf(p, &req);
	peer_expect_nothing(p);
	expect_gone_at_limit(p);
	bench_close(&b);
}

static bool is_in_text(const struct peer *p)
{
	return p->c && p->c->text;
}

/* Text without end is forgotten; the session goes on, and its next request is a new one. */
static void text_that_does_not_go_on(void)
{
	static const struct pdu_text_req begin = { .cont = true, .ttt = PDU_TAG_RESERVED };
	static const struct pdu_text_req whole = { .final = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_req more = { .final = true };
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	peer_text_req(p, &begin, "InitiatorAlias=");
	CU_ASSERT(peer_expect(p, PDU_TEXT_RSP, &g));
	CU_ASSERT_EQUAL(pdu_get_text_rsp(g.bhs, &rsp), PDU_OK);
	wait_ms(p, LIMIT_MS - STEP_MS);
	CU_ASSERT(is_in_text(p));
	wait_ms(p, 3 * STEP_MS);
	CU_ASSERT_FALSE(is_in_text(p));
	more.ttt = rsp.ttt;
	peer_text_req(p, &more, "a\n");
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--;
	peer_text_req(p, &whole, "InitiatorAlias=b\n");
	CU_ASSERT(peer_expect(p, PDU_TEXT_RSP, &g));
	bench_close(&b);
}

/* A piece now and then does not prolong a request: all of it has that time. */
static void text_that_dribbles(void)
{
	struct pdu_text_req req = { .cont = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_text_rsp rsp;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < 10; i++) {
		peer_text_req(p, &req, "X");
		bench_run(&b);
		if (!peer_next(p, &g) || g.opcode != PDU_TEXT_RSP)
			break;
		CU_ASSERT_EQUAL(pdu_get_text_rsp(g.bhs, &rsp), PDU_OK);
		req.ttt = rsp.ttt;
		wait_ms(p, LIMIT_MS / 5);
	}
	CU_ASSERT_EQUAL(g.opcode, PDU_REJECT);
	CU_ASSERT(i == 5 || i == 6);
	bench_close(&b);
}

/* Who waits for the target, and not the other way round, waits as long as it takes. */
static void what_the_target_owes(void)
{
	uint8_t block[BENCH_BLOCK];
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	itt = peer_read(p, 0, 1);
	peer_write(p, 0, 1, data, BENCH_BLOCK, true);
	bench_run(&b);
	wait_ms(p, 5 * LIMIT_MS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, itt, block), SCSI_GOOD);
	bench_close(&b);
}

/* A target that is patient with pings is so with data. */
static void as_patient_as_with_pings(void)
{
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	b.target->limits.nop_timeout_ms = 2 * LIMIT_MS;
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	wait_ms(p, b.target->limits.nop_interval_ms + 2 * LIMIT_MS - STEP_MS);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	wait_ms(p, 3 * STEP_MS);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* R2Ts that come in the next seconds; the last one is in *r2t. */
static unsigned int r2ts_in(struct peer *p, unsigned int seconds, struct pdu_r2t *r2t)
{
	unsigned int n = 0;
	struct got g;

	for (; seconds; seconds--) {
		bench_sleep(p->bench, 1000);
		while (peer_next(p, &g)) {
			if (g.opcode != PDU_R2T)
				continue;
			CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, r2t), PDU_OK);
			n++;
		}
	}
	return n;
}

/*
 * 7.8, 7.9: at level 1 an initiator that is silent may not know that something was lost: it is
 * asked again for what is missing, at longer and longer intervals; at level 0 it is not.
 */
static void asked_again(void)
{
	struct pdu_data_out out = { .data_len = BENCH_BLOCK };
	struct pdu_r2t first, r2t = { .len = 0 };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, LEVEL_1);
	out.itt = peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &first), PDU_OK);
	out.ttt = first.ttt;
	peer_data_out(p, &out, data);
	CU_ASSERT_EQUAL(r2ts_in(p, 4, &r2t), 0);
	CU_ASSERT_EQUAL(r2ts_in(p, 4, &r2t), 1);
	CU_ASSERT(r2t.offset == BENCH_BLOCK && r2t.len == 3 * BENCH_BLOCK);
	CU_ASSERT(r2t.ttt != first.ttt && r2t.r2tsn == 1);
	CU_ASSERT_EQUAL(r2ts_in(p, 25, &r2t), 2);
	CU_ASSERT_EQUAL(r2ts_in(p, 25, &r2t), 1);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	out.ttt = r2t.ttt;
	out.offset = r2t.offset;
	out.data_len = r2t.len;
	out.final = true;
	peer_data_out(p, &out, data);
	CU_ASSERT_EQUAL(peer_end(p, out.itt, data), SCSI_GOOD);
	bench_close(&b);
	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(r2ts_in(p, 50, &r2t), 0);
	bench_close(&b);
}

/* 11.19: a ping tells by its StatSN that there was an answer; it goes on until that has come. */
static void pinged_for_an_answer(void)
{
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	b.target->limits.nop_interval_ms = 0;
	p = bench_login(&b, LEVEL_1);
	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	for (i = 0; i < 3; i++) {
		bench_sleep(&b, STEP_MS);
		bench_sleep(&b, STEP_MS);
		CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
		CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);
		CU_ASSERT_EQUAL(statsn_of(g.bhs), p->statsn);
		while (peer_next(p, &g))
			;
	}
	bench_close(&b);
}

/* After a function on many tasks data for them is waited for a little while, no more. */
static void a_function_that_waits_for_data(void)
{
	const struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	peer_write(p, 0, 4, data, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	peer_tmf(p, &req);
	peer_expect_nothing(p);
	bench_sleep(&b, STEP_MS / 2);
	peer_expect_nothing(p);
	bench_sleep(&b, STEP_MS);
	CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "no data for an R2T", no_data_for_an_r2t },
	{ "data that stops in the middle", data_that_stops_in_the_middle },
	{ "unsolicited data that never comes", unsolicited_data_that_never_comes },
	{ "half a PDU", half_a_pdu },
	{ "a gap that is never filled", a_gap_that_is_never_filled },
	{ "7.5: a gap that may still be filled at level 2", a_gap_that_may_still_be_filled },
	{ "a function whose turn never comes", a_function_whose_turn_never_comes },
	{ "text that does not go on", text_that_does_not_go_on },
	{ "text that dribbles", text_that_dribbles },
	{ "what the target owes", what_the_target_owes },
	{ "as patient as with pings", as_patient_as_with_pings },
	{ "7.9: asked again at level 1", asked_again },
	{ "11.19: pinged for an answer", pinged_for_an_answer },
	{ "a function that waits for data", a_function_that_waits_for_data },
};

UNIT_MAIN("iscsi/stall", tests)
