/* RFC 7143, 7.2.2, 7.5, 11.5, 11.6: tasks of a connection that was lost at level 2. */
#include "iscsi/retain.h"

#include "iscsi/sessions.h"
#include "recovery.h"

#define LATER  "MaxRecvDataSegmentLength=512\n"
#define BLOCKS 16u

static uint8_t data[BLOCKS * BENCH_BLOCK];

static struct peer *begin(struct bench *b, const char *keys)
{
	size_t i;

	bench_open(b);
	bench_fill(b);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + i / 512);
	return bench_login(b, keys);
}

static struct session *session_of(const struct peer *p)
{
	return sessions_find(&p->bench->iscsi, p->tsih);
}

static struct pdu_r2t expect_r2t(struct peer *p)
{
	struct pdu_r2t r2t = { .len = 0 };
	struct got g;

	if (peer_expect(p, PDU_R2T, &g))
		CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
	return r2t;
}

/* Send n blocks of what an R2T asks for, from its begin. */
static void answer(struct peer *p, uint32_t itt, const struct pdu_r2t *r2t, uint32_t n)
{
	struct pdu_data_out out = { .itt = itt, .ttt = r2t->ttt, .data_len = BENCH_BLOCK };
	uint32_t i;

	for (i = 0; i < n; i++) {
		out.datasn = i;
		out.offset = r2t->offset + i * BENCH_BLOCK;
		out.final = (i + 1) * BENCH_BLOCK == r2t->len;
		peer_data_out(p, &out, data + out.offset);
	}
	bench_run(p->bench);
}

/* Lines of the log that contain text. */
struct lines {
	const char *text;
	unsigned int n;
};

static void count_lines(void *arg, enum log_level level, const char *line)
{
	struct lines *lines = arg;

	(void)level;
	lines->n += strstr(line, lines->text) != NULL;
}

/* ---- tasks go on elsewhere ---- */

/* 6.3.4: a login with the same CID stands for a logout for recovery. A write goes on: R2Ts for what
 * has not come, and no byte twice. */
static void a_write_goes_on(void)
{
	struct pdu_r2t r2t;
	struct peer *p, *q;
	struct bench b;
	uint32_t itt;

	p = begin(&b, LEVEL_2);
	itt = peer_write(p, 0, BLOCKS, data, 0, true);
	r2t = expect_r2t(p);
	answer(p, itt, &r2t, 3);
	peer_cut(p);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	r2t = expect_r2t(q);
	CU_ASSERT_EQUAL(r2t.offset, 3 * BENCH_BLOCK);
	CU_ASSERT_EQUAL(r2t.r2tsn, 0);
	while (r2t.len) {
		answer(q, itt, &r2t, r2t.len / BENCH_BLOCK);
		if (r2t.offset + r2t.len == sizeof(data))
			break;
		r2t = expect_r2t(q);
	}
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(b.disk->bytes, data, sizeof(data)), 0);
	expect_good(q); /* nobody was told of a loss: there was none */
	bench_close(&b);
}

/* 7.2.2, 11.5.8: a read goes on behind ExpDataSN. One that is more than was sent is ignored, as 0
 * is: all that is not acknowledged comes. */
static void a_read_goes_on(void)
{
	static const struct {
		uint32_t expdatasn, first;
	} cases[] = {
		{ 0, 0 }, { 5, 5 }, { BLOCKS, BLOCKS }, { BLOCKS + 1, 0 }, { 0xffffffff, 0 }
	};
	struct peer *p, *q;
	struct bench b;
	struct got g;
	uint32_t itt, n;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = begin(&b, LEVEL_2);
		itt = peer_read(p, 0, BLOCKS);
		for (n = 0; n < BLOCKS; n++)
			CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
		peer_cut(p);
		q = peer_join(p, 2, LATER);
		CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
		CU_ASSERT_EQUAL(peer_reassign(q, itt, cases[i].expdatasn), PDU_TMF_COMPLETE);
		bench_run(&b);
		for (n = cases[i].first; n < BLOCKS && peer_next(q, &g); n++) {
			CU_ASSERT_EQUAL(g.opcode, PDU_DATA_IN);
			CU_ASSERT_EQUAL(be32(g.bhs + 36), n);
			CU_ASSERT_EQUAL(be32(g.bhs + 40), n * BENCH_BLOCK);
			CU_ASSERT_EQUAL(
				memcmp(g.data, b.disk->bytes + (size_t)n * BENCH_BLOCK, g.len), 0);
		}
		CU_ASSERT_EQUAL(n, BLOCKS);
		if (cases[i].first == BLOCKS)
			CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g) && !g.bhs[3]);
		peer_expect_nothing(q);
		bench_close(&b);
	}
}

/* 7.2.2: a status that was said and not acknowledged is said again, with a StatSN of the new
 * connection, and once; then the task is over. */
static void a_status_is_given_again(void)
{
	const struct pdu_scsi_cmd nowhere = { .final = true, .lun = { 0, 99 } };
	struct peer *p, *q;
	struct bench b;
	struct got g;
	uint32_t itt;

	p = begin(&b, LEVEL_2);
	itt = peer_scsi(p, &nowhere, NULL);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	peer_cut(p);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g) && g.itt == itt);
	CU_ASSERT_EQUAL(sense_of(&g), 0x052500);
	peer_expect_nothing(q);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_NO_TASK); /* acknowledged by that */
	bench_close(&b);
}

/* 7.2.2: the SNACK Tag that a final response was to have is deleted. */
static void no_snack_tag_any_more(void)
{
	struct pdu_snack req = { .type = PDU_SNACK_R_DATA, .ttt = 0x77 };
	struct peer *p, *q;
	struct bench b;
	struct got g;

	p = begin(&b, LEVEL_2);
	req.itt = peer_read(p, 0, 1);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	req.expstatsn = p->statsn - 1;
	peer_snack(p, &req);
	CU_ASSERT(peer_again(p, PDU_DATA_IN, &g));
	CU_ASSERT(peer_again(p, PDU_SCSI_RSP, &g) && be32(g.bhs + 20) == 0x77);
	peer_cut(p);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, req.itt, 1), PDU_TMF_COMPLETE);
	CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g) && be32(g.bhs + 20) == 0);
	bench_close(&b);
}

/* Data that was not kept cannot be sent again: the command ends, and says why (11.4.7.2). */
static void data_that_was_let_go(void)
{
	struct peer *p, *q;
	struct bench b;
	struct got g;
	uint32_t itt, n;

	bench_open_with(&b, 16 << 10, 16 << 10);
	p = bench_login(&b, LEVEL_2);
	itt = peer_read(p, 0, BLOCKS);
	for (n = 0; n < BLOCKS; n++)
		CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	peer_cut(p);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 3), PDU_TMF_COMPLETE);
	CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g) && g.itt == itt);
	CU_ASSERT_EQUAL(g.bhs[3], SCSI_CHECK_CONDITION);
	CU_ASSERT_EQUAL(sense_of(&g), 0x0b1113);
	bench_close(&b);
}

/*
 * 11.4.8: ExpDataSN of a read that came to nothing is behind what its initiator has, whatever was
 * made for the lost connection and never went out.
 */
static void data_that_never_went_out(void)
{
	const struct pdu_text_req text = { .immediate = true,
					   .final = true,
					   .ttt = PDU_TAG_RESERVED };
	struct pdu_snack req = { .ttt = PDU_TAG_RESERVED, .runlength = 1 };
	struct peer *p, *q;
	struct bench b;
	struct got g;

	p = begin(&b, LEVEL_2);
	req.itt = peer_read(p, 0, 128);
	peer_take_some(p, 4);
	peer_text_req(p, &text, "MaxRecvDataSegmentLength=1024\n");
	req.expstatsn = p->statsn;
	peer_snack(p, &req); /* the length is another: it is rejected, and the read fails */
	peer_cut(p);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, req.itt, 4), PDU_TMF_COMPLETE);
	CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g) && g.itt == req.itt);
	CU_ASSERT_EQUAL(sense_of(&g), 0x0b1113);
	CU_ASSERT_EQUAL(be32(g.bhs + 36), 4);
	bench_close(&b);
}

/* What the store was busy with when the line was lost is said when it is asked for, not before. */
static void answered_while_it_waits(void)
{
	struct peer *p, *q;
	struct bench b;
	uint32_t itt;

	p = begin(&b, LEVEL_2);
	b.disk->hold = true;
	itt = peer_read(p, 0, 1);
	bench_run(&b);
	peer_cut(p);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	q = peer_join(p, 1, LATER);
	peer_expect_nothing(q);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(data, b.disk->bytes, BENCH_BLOCK), 0);
	bench_close(&b);
}

/* A task can lose its connection more than once. */
static void lost_again_and_again(void)
{
	struct peer *p, *q, *r;
	struct bench b;
	uint32_t itt;

	p = begin(&b, LEVEL_2);
	itt = peer_write(p, 0, BLOCKS, data, 0, true);
	(void)expect_r2t(p);
	peer_cut(p);
	q = peer_join(p, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	(void)expect_r2t(q);
	peer_cut(q);
	r = peer_join(q, 1, LATER);
	CU_ASSERT_EQUAL(peer_reassign(r, itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(r, itt, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(b.disk->bytes, data, sizeof(data)), 0);
	bench_close(&b);
}

/* One that waits for its CmdSN runs when the gap is filled before anybody logs its connection out;
 * it was received then, and can be taken over. */
static void held_and_then_run(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, LATER);
	uint32_t first = p->cmdsn, itt;

	p->cmdsn++;
	itt = peer_test_unit_ready(p);
	bench_run(&b);
	peer_cut(p);
	expect_good(q);
	CU_ASSERT_EQUAL(q->expcmdsn, first + 2);
	q->cmdsn = first + 2;
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(q, itt, NULL), SCSI_GOOD);
	bench_close(&b);
}

/* 11.6.1 */
static void response_codes(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct peer *q;
	uint32_t itt;

	CU_ASSERT_EQUAL(peer_reassign(p, 0x7777, 0), PDU_TMF_NO_REASSIGN);
	bench_close(&b);
	p = begin(&b, LEVEL_2);
	q = peer_join(p, 2, LATER);
	itt = peer_write(p, 0, 1, data, 0, true);
	(void)expect_r2t(p);
	peer_pass(p, q);
	CU_ASSERT_EQUAL(peer_reassign(q, 0x7777, 0), PDU_TMF_NO_TASK);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_STILL_ALLEGIANT);
	peer_cut(p);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_STILL_ALLEGIANT); /* no logout yet */
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_COMPLETE);
	(void)expect_r2t(q);
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_STILL_ALLEGIANT); /* to this one */
	bench_close(&b);
}

/* ---- time ---- */

/* 7.5: DefaultTime2Wait and DefaultTime2Retain, then tasks end, which the next command is told. */
static void time_is_over(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, LATER);
	uint32_t itt = peer_write(p, 0, 1, data, 0, true);

	(void)expect_r2t(p);
	peer_cut(p);
	bench_sleep(&b, RETAIN_MS - 1);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	bench_sleep(&b, 1);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 0);
	CU_ASSERT_EQUAL(b.pool.lent, 0);
	peer_pass(p, q);
	while (peer_next(q, &(struct got){ 0 }))
		;
	CU_ASSERT_EQUAL(peer_reassign(q, itt, 0), PDU_TMF_NO_TASK);
	expect_told(q);
	expect_good(q);
	bench_close(&b);
}

/* A session without a connection lives as long; then it is over. */
static void a_session_is_over_in_time(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);

	peer_cut(p);
	bench_sleep(&b, RETAIN_MS - 1);
	CU_ASSERT_PTR_NOT_NULL(session_of(p));
	bench_sleep(&b, 1);
	CU_ASSERT_PTR_NULL(session_of(p));
	bench_close(&b);
}

/* 11.15.4: what the answer to a logout says counts from then on; but nobody gains by asking on and
 * on. */
static void a_logout_begins_the_time(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2_LONG);
	struct peer *q = peer_join(p, 2, LATER);
	struct lost *l;
	uint64_t until;

	peer_write(p, 0, 1, data, 0, true);
	(void)expect_r2t(p);
	peer_cut(p);
	peer_pass(p, q);
	l = TAILQ_FIRST(&session_of(p)->lost);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	until = l->until_ms;
	bench_sleep(&b, 1000);
	while (peer_next(q, &(struct got){ 0 }))
		;
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(l->until_ms, until + 1000);
	bench_sleep(&b, 1000);
	while (peer_next(q, &(struct got){ 0 }))
		;
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 1), PDU_LOGOUT_DONE);
	CU_ASSERT_EQUAL(l->until_ms, until + 1000);
	bench_close(&b);
}

/* Who agrees on no time has none; at the levels below there is nothing to wait for. */
static void no_time(void)
{
	static const char *const keys[] = { LEVEL_0, LEVEL_1,
					    "ErrorRecoveryLevel=2\nDefaultTime2Retain=0\n" };
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		p = begin(&b, keys[i]);
		peer_read(p, 0, 1);
		peer_cut(p);
		bench_run(&b);
		CU_ASSERT_EQUAL(b.iscsi.nlost, 0);
		CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
		CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
		bench_close(&b);
	}
}

/* ---- bounds ---- */

/* As many lost connections wait as there may be connections; beyond, their tasks end with them. */
static void lost_connections_are_bounded(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct peer *q = peer_join(p, 2, LATER);

	(void)peer_join(p, 3, LATER); /* the session goes on by it */
	b.iscsi.max_connections = 1;
	peer_write(p, 0, 1, data, 0, true);
	(void)expect_r2t(p);
	peer_cut(p);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 1);
	peer_write(peer_pass(p, q), 1, 1, data, 0, true);
	(void)expect_r2t(q);
	peer_cut(q);
	bench_run(&b);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 1);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	bench_close(&b);
}

/* Tasks that wait for an hour are given up when others get no memory for their data. */
static void others_need_the_memory(void)
{
	enum { WRITES = 4 };
	struct peer *p, *q;
	struct bench b;
	uint32_t itt;
	int i;

	bench_open_with(&b, 64 << 10, 16 << 10);
	p = bench_login(&b, LEVEL_2_LONG);
	q = bench_login(&b, "");
	for (i = 0; i < WRITES; i++)
		peer_write(p, 0, 32, NULL, 0, true);
	bench_run(&b);
	CU_ASSERT_EQUAL(b.pool.lent, 64 << 10);
	peer_cut(p);
	itt = peer_read(q, 0, 8);
	peer_expect_nothing(q);
	bench_sleep(&b, 2000);
	bench_sleep(&b, 2000);
	CU_ASSERT_EQUAL(b.iscsi.nlost, 0);
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	bench_close(&b);
}

/* A peer whose connections break in a loop does not fill the log. */
static void the_log_is_not_filled(void)
{
	enum { LOST = LOG_RATE_MAX + 5 };
	struct lines lines = { .text = "not recovered in time" };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_2);
	struct session *s = session_of(p);
	unsigned int i;

	for (i = 0; i < LOST; i++) {
		peer_cut(p);
		p = peer_join(p, 1, LATER);
	}
	peer_cut(p);
	CU_ASSERT_EQUAL(s->nrecords, LOST + 1);
	log_set_sink(count_lines, &lines);
	bench_sleep(&b, RETAIN_MS);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	CU_ASSERT_EQUAL(lines.n, LOG_RATE_MAX);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "7.2.2: a write goes on", a_write_goes_on },
	{ "7.2.2: a read goes on", a_read_goes_on },
	{ "7.2.2: a status is given again", a_status_is_given_again },
	{ "11.4.8: data that never went out", data_that_never_went_out },
	{ "7.2.2: no SNACK Tag any more", no_snack_tag_any_more },
	{ "11.4.7.2: data that was let go", data_that_was_let_go },
	{ "answered while it waits", answered_while_it_waits },
	{ "lost again and again", lost_again_and_again },
	{ "held, and then run", held_and_then_run },
	{ "11.6.1: response codes", response_codes },
	{ "7.5: time is over", time_is_over },
	{ "7.5: a session is over in time", a_session_is_over_in_time },
	{ "11.15.4: a logout begins the time", a_logout_begins_the_time },
	{ "13.16: no time", no_time },
	{ "lost connections are bounded", lost_connections_are_bounded },
	{ "others need the memory", others_need_the_memory },
	{ "the log is not filled", the_log_is_not_filled },
};

UNIT_MAIN("iscsi/retain", tests)
