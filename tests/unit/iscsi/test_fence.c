/* RFC 7143, 4.2.2.3: an answer that stands between all others of its session. */
#include "fenced.h"

/* A connection keeps its answers in order by itself. */
static void alone(void)
{
	struct fenced f;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, LEVEL_0);
	fence_one(p, &f, 7);
	CU_ASSERT(f.said == 1 && f.dropped == 0 && !f.slot);
	expect_answer(p, &f);
	peer_expect_nothing(p);
	bench_close(&b);
}

/*
 * 4.2.2.3: all that was said before it on the other connections has come when it is said; answers
 * that are given later, on whatever connection, wait until it has come.
 */
static void before_and_after(void)
{
	uint32_t early[2], late;
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	uint32_t ttt;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	CU_ASSERT_PTR_NOT_NULL(f.slot);
	peer_expect_nothing(p);
	ttt = expect_mark(q);
	pong(q, ttt, 1);            /* an answer, but not to what was asked */
	pong(q, ttt, (uint32_t)-1); /* of what was never said */
	early[0] = command(q);
	early[1] = command(peer_pass(q, p));
	expect_only_pings(q);
	expect_only_pings(p);
	CU_ASSERT_EQUAL(f.said, 0);
	pong(peer_pass(p, q), ttt, 0);
	expect_answer(p, &f);
	ttt = expect_mark(p);
	late = command(q);
	expect_only_pings(q);
	expect_only_pings(peer_pass(q, p));
	pong(p, ttt, 2);
	peer_expect_nothing(q);
	pong(p, ttt, 0);
	expect_status(q, early[0]);
	expect_status(p, early[1]);
	expect_status(q, late);
	CU_ASSERT(f.said == 1 && f.dropped == 0);
	peer_expect_nothing(p);
	peer_expect_nothing(q);
	bench_close(&b);
}

/* One after the other, in the order in which they came. */
static void in_line(void)
{
	struct fenced f[3];
	struct peer *p, *q;
	struct bench b;
	int i;

	begin(&b, &p, &q);
	for (i = 0; i < 3; i++)
		fence_one(i == 1 ? q : p, &f[i], 10 + (uint32_t)i);
	for (i = 0; i < 3; i++) {
		struct peer *mine = i == 1 ? q : p, *other = i == 1 ? p : q;

		pong(other, expect_mark(other), 0);
		expect_answer(mine, &f[i]);
		CU_ASSERT(i == 2 || f[i + 1].said == 0);
		pong(mine, expect_mark(mine), 0);
	}
	CU_ASSERT(f[0].said == 1 && f[1].said == 1 && f[2].said == 1);
	peer_expect_nothing(p);
	peer_expect_nothing(q);
	bench_close(&b);
}

static void expect_serves(struct peer *p)
{
	struct got g;

	peer_nop(p, true, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	peer_expect_nothing(p);
}

/* Who asked for it goes, before the answer and behind it: nobody waits for anything any more. */
static void who_asked_goes(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	(void)expect_mark(q);
	peer_cut(p);
	CU_ASSERT(f.said == 0 && f.dropped == 1);
	expect_serves(q);
	bench_close(&b);

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	pong(q, expect_mark(q), 0);
	expect_answer(p, &f);
	peer_cut(p);
	CU_ASSERT(f.said == 1 && f.dropped == 0);
	expect_serves(q);
	bench_close(&b);
}

/* What was said on a connection that goes is not waited for, and those in line go on. */
static void the_other_goes(void)
{
	struct fenced f[2];
	struct peer *p, *q;
	struct bench b;

	begin(&b, &p, &q);
	fence_one(p, &f[0], 7);
	fence_one(p, &f[1], 8);
	(void)expect_mark(q);
	peer_cut(q);
	expect_answer(p, &f[0]);
	expect_answer(p, &f[1]);
	expect_serves(p);
	bench_close(&b);
}

/* Neither said nor dropped when nobody wants it any more. */
static void cancelled(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	fence_cancel(f.slot);
	CU_ASSERT_PTR_NULL(f.slot);
	pong(q, expect_mark(q), 0);
	CU_ASSERT(f.said == 0 && f.dropped == 0);
	expect_serves(p);
	expect_serves(q);
	bench_close(&b);
}

/* Who is alive and does not acknowledge is given up after a minute. */
static void never_acknowledged(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	uint32_t ttt;
	int i;

	begin(&b, &p, &q);
	fence_one(p, &f, 7);
	ttt = expect_mark(q);
	for (i = 0; i < 58; i++) {
		bench_sleep(&b, 1000);
		pong(q, ttt, 1);
	}
	CU_ASSERT(q->c && f.said == 0);
	for (i = 0; i < 8 && q->c; i++)
		bench_sleep(&b, 1000);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "does not acknowledge"));
	CU_ASSERT_EQUAL(f.said, 1);
	bench_close(&b);
}

/*
 * One that logs out acknowledges nothing any more, and may be held up by answers that stand in line
 * themselves: nobody waits for it. on_its_way: some bytes of the question have left.
 */
static void logs_out(bool on_its_way)
{
	static uint8_t data[BENCH_BLOCK];
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t itt;

	begin(&b, &p, &q);
	b.disk->hold = true;
	itt = peer_read(q, 0, 1);
	bench_run(&b);
	q->deaf = !on_its_way;
	q->take = 1;
	fence_one(peer_pass(q, p), &f, 7);
	bench_turn(&b);
	peer_logout(p, PDU_LOGOUT_CONNECTION, 2);
	bench_turn(&b);
	CU_ASSERT_EQUAL(f.said, !on_its_way);
	q->deaf = false;
	q->take = SIZE_MAX;
	conn_touch(q->c);
	expect_answer(p, &f);
	peer_expect_nothing(p);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(q, itt, data), SCSI_GOOD);
	CU_ASSERT_PTR_NULL(q->c);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	bench_close(&b);
}

static void the_other_logs_out(void)
{
	logs_out(false);
	logs_out(true);
}

/* Its own answer is the last before it closes: nobody waits behind that. */
static void who_asked_logs_out(void)
{
	struct peer *p, *q;
	struct fenced f;
	struct bench b;
	struct got g;
	uint32_t ttt;

	begin(&b, &p, &q);
	b.disk->hold = true;
	peer_read(p, 0, 1);
	bench_run(&b);
	fence_one(p, &f, 7);
	ttt = expect_mark(q);
	peer_logout(peer_pass(p, q), PDU_LOGOUT_CONNECTION, 1);
	CU_ASSERT_EQUAL(f.said, 1); /* the logout acknowledged it */
	expect_answer(p, &f);
	pong(q, ttt, 0);
	peer_nop(q, true, NULL, 0);
	CU_ASSERT(peer_expect(q, PDU_NOP_IN, &g));
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(q, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "alone", alone },
	{ "4.2.2.3: before and after", before_and_after },
	{ "in line", in_line },
	{ "who asked for it goes", who_asked_goes },
	{ "the other goes", the_other_goes },
	{ "the other logs out", the_other_logs_out },
	{ "who asked for it logs out", who_asked_logs_out },
	{ "cancelled", cancelled },
	{ "never acknowledged", never_acknowledged },
};

UNIT_MAIN("iscsi/fence", tests)
