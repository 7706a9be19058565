#include "iscsi/order.h"

#include "peer.h"

static void begin(struct bench *b, struct peer **p)
{
	bench_open(b);
	*p = bench_login(b, "");
}

/* The next PDU must be the answer to the ping itt. */
static void expect_pong(struct peer *p, uint32_t itt)
{
	struct got g;

	if (peer_expect(p, PDU_NOP_IN, &g))
		CU_ASSERT_EQUAL(g.itt, itt);
}

/* Pings 0 to 5 arrive in that order; they are answered in the order of their numbers. */
static void held_until_their_turn(void)
{
	static const uint32_t orders[][6] = {
		{ 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 }, { 1, 3, 5, 0, 2, 4 },
		{ 1, 0, 3, 2, 5, 4 }, { 2, 1, 5, 0, 4, 3 },
	};
	uint32_t itts[6], base;
	struct bench b;
	struct peer *p;
	size_t i, k;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		begin(&b, &p);
		base = p->cmdsn;
		for (k = 0; k < 6; k++) {
			p->cmdsn = base + orders[i][k];
			itts[orders[i][k]] = peer_nop(p, false, NULL, 0);
		}
		for (k = 0; k < 6; k++)
			expect_pong(p, itts[k]);
		CU_ASSERT_EQUAL(p->expcmdsn, base + 6);
		CU_ASSERT_EQUAL(p->maxcmdsn, base + 6 + 127);
		bench_close(&b);
	}
}

/* What is held has its data with it. */
static void a_held_ping_keeps_its_data(void)
{
	static const char data[] = "held, with an odd length";
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	begin(&b, &p);
	p->cmdsn++;
	itt = peer_nop(p, false, data, sizeof(data));
	peer_expect_nothing(p);
	p->cmdsn -= 2;
	expect_pong(p, peer_nop(p, false, NULL, 0));
	CU_ASSERT_FATAL(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(g.itt, itt);
	CU_ASSERT_EQUAL_FATAL(g.len, sizeof(data));
	CU_ASSERT_EQUAL(memcmp(g.data, data, sizeof(data)), 0);
	bench_close(&b);
}

/* 4.2.2.1: immediate ones use no number up, and wait for none. */
static void immediate_at_once(void)
{
	struct bench b;
	struct peer *p;
	uint32_t base;

	begin(&b, &p);
	base = p->cmdsn;
	p->cmdsn += 3;
	peer_nop(p, false, NULL, 0);
	p->cmdsn = base;
	expect_pong(p, peer_nop(p, true, NULL, 0));
	expect_pong(p, peer_nop(p, true, NULL, 0));
	p->cmdsn = base + 1000; /* theirs is not looked at */
	expect_pong(p, peer_nop(p, true, NULL, 0));
	CU_ASSERT_EQUAL(p->expcmdsn, base);
	bench_close(&b);
}

static void outside_of_the_window_or_twice(void)
{
	static const int32_t offs[] = { -1, -100000, 128, 100000 };
	struct bench b;
	struct peer *p;
	uint32_t base, itt;
	size_t i;

	begin(&b, &p);
	base = p->cmdsn;
	for (i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
		p->cmdsn = base + (uint32_t)offs[i];
		peer_nop(p, false, NULL, 0);
	}
	p->cmdsn = base + 1;
	itt = peer_nop(p, false, NULL, 0);
	p->cmdsn = base + 1;
	peer_nop(p, false, NULL, 0); /* twice */
	peer_expect_nothing(p);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "outside of the window"));
	p->cmdsn = base;
	expect_pong(p, peer_nop(p, false, NULL, 0));
	expect_pong(p, itt);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* Commands and other requests share one order. */
static void commands_and_pings_in_one_order(void)
{
	uint32_t base, ping, command;
	struct bench b;
	struct peer *p;
	struct got g;

	begin(&b, &p);
	base = p->cmdsn;
	p->cmdsn = base + 2;
	command = peer_test_unit_ready(p);
	p->cmdsn = base + 1;
	ping = peer_nop(p, false, NULL, 0);
	peer_expect_nothing(p);
	p->cmdsn = base;
	peer_logout(p, PDU_LOGOUT_CONNECTION, 4711); /* no such CID: refused, and used up */
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	expect_pong(p, ping);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(g.itt, command);
	bench_close(&b);
}

/* 7.8: damaged, it never came; the number is still due. */
static void damaged_and_as_if_never_sent(void)
{
	static const char data[] = "ping";
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "DataDigest=CRC32C\n");
	p->damage_data = true;
	peer_nop(p, false, data, sizeof(data));
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_DATA_DIGEST);
	itt = peer_nop(p, false, NULL, 0);
	peer_expect_nothing(p);
	p->cmdsn -= 2;
	expect_pong(p, peer_nop(p, false, data, sizeof(data)));
	expect_pong(p, itt);
	bench_close(&b);
}

/* An initiator cannot make the target keep all that it likes; what is rejected may come again. */
static void held_data_is_bounded(void)
{
	enum { LEN = 256 * 1024 };
	uint8_t *data = calloc(1, LEN);
	struct bench b;
	struct peer *p;
	struct got g;
	int i, n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	begin(&b, &p);
	p->cmdsn++;
	for (i = 0; i < 10; i++)
		peer_nop(p, false, data, LEN);
	bench_run(&b);
	for (; peer_next(p, &g); n++) {
		CU_ASSERT_EQUAL(g.opcode, PDU_REJECT);
		CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_LONG_OPERATION);
	}
	CU_ASSERT_EQUAL(n, 6);
	p->cmdsn -= 11;
	expect_pong(p, peer_nop(p, false, NULL, 0));
	bench_run(&b);
	for (n = 0; peer_next(p, &g); n++)
		CU_ASSERT_EQUAL(g.opcode, PDU_NOP_IN);
	CU_ASSERT_EQUAL(n, 4);
	CU_ASSERT_EQUAL(p->c->session->held, 0);
	p->cmdsn += 4;
	expect_pong(p, peer_nop(p, false, data, LEN));
	free(data);
	bench_close(&b);
}

/* A logout in the middle of what was held: what stands behind it does not run. */
static void nothing_runs_behind_a_logout(void)
{
	static const uint8_t block[BENCH_BLOCK] = { 1 };
	struct bench b;
	struct peer *p;
	struct got g;

	begin(&b, &p);
	p->cmdsn += 2;
	peer_nop(p, false, NULL, 0);
	peer_write(p, 0, 1, block, sizeof(block), true);
	p->cmdsn -= 3;
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	p->cmdsn -= 2;
	expect_pong(p, peer_nop(p, false, NULL, 0));
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	peer_expect_nothing(p);
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_EQUAL(b.disk->bytes[0], 0);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* What is held when the session ends goes with it. */
static void held_at_the_end(void)
{
	static const uint8_t block[BENCH_BLOCK] = { 1 };
	struct bench b;
	struct peer *p;

	begin(&b, &p);
	p->cmdsn++;
	peer_nop(p, false, block, 100);
	peer_write(p, 0, 1, block, sizeof(block), true);
	peer_nop(p, false, NULL, 0);
	peer_expect_nothing(p);
	peer_cut(p);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "held until their turn", held_until_their_turn },
	{ "a held ping keeps its data", a_held_ping_keeps_its_data },
	{ "immediate ones run at once", immediate_at_once },
	{ "outside of the window, or twice", outside_of_the_window_or_twice },
	{ "commands and pings are in one order", commands_and_pings_in_one_order },
	{ "damaged, and as if never sent", damaged_and_as_if_never_sent },
	{ "held data is bounded", held_data_is_bounded },
	{ "nothing runs behind a logout", nothing_runs_behind_a_logout },
	{ "what is held at the end", held_at_the_end },
};

UNIT_MAIN("iscsi/order", tests)
