/* RFC 7143, 4.2.2.3: the answers that stand in line behind a fence, on whatever connection. */
#include "fenced.h"

/* The same goes for a connection that joins only when it is said already, or before that. */
static void one_that_joins_meanwhile(void)
{
	struct peer *p, *q, *early, *late;
	struct fenced f;
	struct bench b;
	uint32_t itt[2], ttt;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	ttt = expect_mark(q);
	early = peer_join(q, 3, "");
	itt[0] = peer_test_unit_ready(early);
	peer_expect_nothing(early);
	pong(peer_pass(early, q), ttt, 0);
	expect_answer(p, &f);
	ttt = expect_mark(p);
	late = peer_join(q, 4, "");
	itt[1] = peer_test_unit_ready(late);
	peer_expect_nothing(early);
	peer_expect_nothing(late);
	pong(peer_pass(late, p), ttt, 0);
	expect_status(early, itt[0]);
	expect_status(late, itt[1]);
	bench_close(&b);
}

/* Level 1: what was lost is given again, or it could not be acknowledged. */
static void what_was_lost_comes_again(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t itt, ttt;

	bench_open(&b);
	p = bench_login(&b, LEVEL_1);
	q = peer_join(p, 2, "");
	itt = peer_test_unit_ready(q);
	CU_ASSERT(peer_expect(q, PDU_SCSI_RSP, &g)); /* as if it had not come */
	fence_one(peer_pass(q, p), &f, 7);
	ttt = expect_mark(q);
	peer_snack(q, &(struct pdu_snack){ .type = PDU_SNACK_STATUS,
					   .itt = PDU_TAG_RESERVED,
					   .ttt = PDU_TAG_RESERVED,
					   .expstatsn = q->statsn - 1,
					   .begrun = q->statsn - 1,
					   .runlength = 1 });
	if (peer_again(q, PDU_SCSI_RSP, &g))
		CU_ASSERT_EQUAL(g.itt, itt);
	pong(q, ttt, 0);
	expect_answer(p, &f);
	bench_close(&b);
}

/*
 * Level 1: so may the question have been, where nothing else is left that a SNACK could ask for. It
 * is asked once more. At level 0 nothing is lost but with its connection.
 */
static void the_question_is_lost(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	uint32_t ttt;
	int level;

	for (level = 0; level < 2; level++) {
		bench_open(&b);
		p = bench_login(&b, level ? LEVEL_1 : LEVEL_0);
		q = peer_join(p, 2, "");
		expect_good(q);
		pong(q, PDU_TAG_RESERVED, 0); /* it has come, and nobody is asked for anything */
		CU_ASSERT_EQUAL(q->c->ledger.n, 0);
		fence_one(p, &f, 7);
		ttt = expect_mark(q);
		bench_sleep(&b, 2000);
		if (level)
			ttt = expect_mark(q);
		peer_expect_nothing(q);
		CU_ASSERT_EQUAL(f.said, 0);
		pong(q, ttt, 0);
		expect_answer(p, &f);
		bench_close(&b);
	}
}

/* The ways in which a connection goes. */
static void go(struct bench *b, struct peer *p, int how)
{
	switch (how) {
	case 0: peer_cut(p); break;
	case 1: conn_event(p->c, EV_DROP); break;
	case 2: p->takes = p->taken; break; /* it breaks when something is sent */
	case 3: conn_event(p->c, EV_CLOSE); break;
	default: break;
	}
	if (p->c)
		conn_touch(p->c);
	bench_run(b);
}

/* Answer all that is asked until nothing comes any more. How many commands were answered. */
static unsigned int acknowledge(struct bench *b)
{
	unsigned int answers = 0;
	bool any = true;
	struct got g;
	uint32_t i;
	int n;

	for (n = 0; any && n < 20; n++) {
		any = false;
		for (i = 0; i < b->npeers; i++) {
			bench_run(b);
			while (b->peers[i].c && peer_next(&b->peers[i], &g)) {
				any = true;
				answers += g.opcode == PDU_SCSI_RSP;
				if (g.opcode == PDU_NOP_IN)
					pong(&b->peers[i], be32(g.bhs + 20), 0);
			}
		}
	}
	CU_ASSERT(n < 20);
	return answers;
}

/*
 * Three connections with answers that wait, in either state of the fence and at every level; each
 * of them goes in each way. The others are served, and of what was left behind nothing is.
 */
static void any_of_them_goes(void)
{
	static const char *const levels[] = { LEVEL_0, LEVEL_1, LEVEL_2 };
	struct peer *p[3];
	struct fenced f;
	struct bench b;
	struct peer *who;
	uint32_t next;
	int i, at;

	for (i = 0; i < 3 * 3 * 4 * 2; i++) {
		bench_open(&b);
		p[0] = bench_login(&b, levels[i % 3]);
		p[1] = peer_join(p[0], 2, "");
		p[2] = peer_join(p[0], 3, "");
		fence_one(p[0], &f, 7);
		who = p[i / 3 % 3];
		if (i / 36) {
			pong(p[1], expect_mark(p[1]), 0);
			pong(p[2], expect_mark(p[2]), 0);
			expect_answer(p[0], &f);
		}
		for (at = 0; at < 3; at++) {
			command(at ? peer_pass(p[at - 1], p[at]) : p[0]);
			bench_run(&b);
		}
		go(&b, who, i / 9 % 4);
		(void)acknowledge(&b);
		CU_ASSERT_EQUAL(f.said + f.dropped, 1);
		next = p[2]->cmdsn;
		for (at = 0; at < 3; at++) {
			if (!p[at]->c)
				continue;
			CU_ASSERT(TAILQ_EMPTY(&p[at]->c->session->fences));
			p[at]->cmdsn = next++;
			peer_test_unit_ready(p[at]);
			CU_ASSERT_EQUAL(acknowledge(&b), 1);
		}
		bench_close(&b);
	}
}

/* Logged out, or reinstated, with answers that wait: all of it ends. */
static void the_session_ends(void)
{
	struct peer *p, *q, *anew;
	struct fenced f;
	struct bench b;
	int how;

	for (how = 0; how < 3; how++) {
		begin(&b, &p, &q);
		fence_one(p, &f, 7);
		(void)expect_mark(q);
		command(q);
		command(peer_pass(q, p));
		bench_run(&b);
		if (how == 2) {
			anew = bench_peer(&b);
			anew->isid = p->isid;
			peer_login(anew, LEVEL_0);
			CU_ASSERT_EQUAL(f.dropped, 1);
		} else {
			peer_pass(p, q);
			peer_logout(how ? q : p, PDU_LOGOUT_SESSION, 0);
			bench_run(&b);
		}
		CU_ASSERT(!p->c && !q->c);
		CU_ASSERT_EQUAL(f.said + f.dropped, 1);
		bench_close(&b);
	}
}

/* 11.6.1: a task that is answered already, and cannot be aborted: its answer comes first. */
static void abort_behind_it(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t itt, ttt;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	ttt = expect_mark(q);
	req.rtt = command(q);
	req.refcmdsn = q->cmdsn - 1;
	bench_run(&b);
	q->statsn--;
	itt = peer_tmf(q, &req);
	q->statsn++;
	peer_expect_nothing(q);
	pong(q, ttt, 0);
	expect_answer(p, &f);
	pong(peer_pass(q, p), expect_mark(p), 0);
	expect_status(q, req.rtt);
	if (peer_expect(q, PDU_TMF_RSP, &g)) {
		CU_ASSERT_EQUAL(g.itt, itt);
		CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_NO_TASK);
	}
	bench_close(&b);
}

/* One on a task that the store has is answered behind what others wait for, too. */
static void abort_in_the_store_behind_it(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t ttt;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	ttt = expect_mark(q);
	b.disk->hold = true;
	q->statsn--;
	req.rtt = peer_read(q, 0, 1);
	req.refcmdsn = q->cmdsn - 1;
	bench_run(&b);
	peer_tmf(q, &req);
	q->statsn++;
	bench_store_release(b.disk);
	peer_expect_nothing(q);
	pong(q, ttt, 0);
	expect_answer(p, &f);
	pong(p, expect_mark(p), 0);
	if (peer_expect(q, PDU_TMF_RSP, &g))
		CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_COMPLETE);
	bench_close(&b);
}

/* Those who log out for recovery are told nothing more; another connection is (7.2.2). */
static void taken_over(void)
{
	struct peer *p, *q, *r;
	struct fenced f;
	struct bench b;
	uint32_t itt, ttt;

	bench_open(&b);
	p = bench_login(&b, LEVEL_2);
	q = peer_join(p, 2, "");
	r = peer_join(p, 3, "");
	expect_good(q);
	fence_one(peer_pass(q, p), &f, 7);
	(void)expect_mark(q);
	itt = command(peer_pass(p, q));
	peer_expect_nothing(q);
	ttt = expect_mark(r);
	CU_ASSERT_EQUAL(peer_logged_out(q, PDU_LOGOUT_RECOVERY, 2), PDU_LOGOUT_DONE);
	CU_ASSERT_PTR_NULL(q->c);
	pong(peer_pass(q, r), ttt, 0);
	expect_answer(p, &f);
	CU_ASSERT_EQUAL(peer_reassign(r, itt, 0), PDU_TMF_COMPLETE);
	peer_expect_nothing(r);
	pong(p, expect_mark(p), 0);
	expect_status(r, itt);
	bench_close(&b);
}

/* The fence is over before that socket is: its answer is not said there all the same. */
static void hushed(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t itt, ttt;

	bench_open(&b);
	p = bench_login(&b, LEVEL_2);
	q = peer_join(p, 2, "");
	expect_good(q);
	fence_one(peer_pass(q, p), &f, 7);
	pong(q, expect_mark(q), 0);
	expect_answer(p, &f);
	ttt = expect_mark(p);
	itt = command(q);
	peer_expect_nothing(q);
	q->deaf = true;
	peer_logout(q, PDU_LOGOUT_RECOVERY, 2);
	bench_run(&b);
	pong(peer_pass(q, p), ttt, 0);
	CU_ASSERT_FATAL(p->c && TAILQ_EMPTY(&p->c->session->fences));
	q->deaf = false;
	conn_touch(q->c);
	CU_ASSERT(peer_expect(q, PDU_LOGOUT_RSP, &g));
	peer_expect_nothing(q);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT_EQUAL(peer_reassign(p, itt, 0), PDU_TMF_COMPLETE);
	expect_status(p, itt);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "one that joins meanwhile", one_that_joins_meanwhile },
	{ "level 1: what was lost comes again", what_was_lost_comes_again },
	{ "level 1: the question is lost", the_question_is_lost },
	{ "any of them goes", any_of_them_goes },
	{ "the session ends", the_session_ends },
	{ "11.6.1: ABORT TASK behind it", abort_behind_it },
	{ "ABORT TASK in the store behind it", abort_in_the_store_behind_it },
	{ "level 2: taken over", taken_over },
	{ "level 2: hushed", hushed },
};

UNIT_MAIN("iscsi/fence, its line", tests)
