#include "iscsi/door.h"

#include "peer.h"

/* ---- a dialogue that goes on whatever becomes of the line ---- */

#define BLOCKS 3
#define BYTES  ((size_t)BLOCKS * BENCH_BLOCK)

#define SMALL_KEYS                                                                       \
	"HeaderDigest=CRC32C\nDataDigest=CRC32C\nMaxRecvDataSegmentLength=512\n"         \
	"InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=1024\nMaxBurstLength=1024\n" \
	"MaxOutstandingR2T=2\n"

#define ANY_ORDER "DataPDUInOrder=No\nDataSequenceInOrder=No\n"

static uint8_t out_data[BYTES];

/* Answer an R2T by two PDUs; in any order means here: the second half first. */
static void send_halves(struct peer *p, uint32_t itt, const struct pdu_r2t *r2t)
{
	bool reverse = p->c && !p->c->session->param.DataPDUInOrder;
	uint32_t half = r2t->len / 2;
	struct pdu_data_out out = { .itt = itt, .ttt = r2t->ttt };

	for (; out.datasn < 2; out.datasn++) {
		bool second = reverse ? out.datasn == 0 : out.datasn == 1;

		out.final = out.datasn == 1;
		out.offset = r2t->offset + (second ? half : 0);
		out.data_len = second ? r2t->len - half : half;
		peer_data_out(p, &out, out_data + out.offset);
	}
}

/* Take what came, and answer what asks for an answer. */
static void live(struct peer *p)
{
	struct pdu_r2t r2t;
	struct got g;

	for (bench_run(p->bench); peer_next(p, &g); bench_run(p->bench)) {
		if (g.opcode == PDU_LOGIN_RSP && be16(g.bhs + 36) == 0 && (g.bhs[1] & 3) == 3) {
			p->header_digest = true;
			p->data_digest = true;
		}
		if (g.opcode != PDU_R2T || pdu_get_r2t(g.bhs, &r2t) != PDU_OK)
			continue;
		send_halves(p, g.itt, &r2t);
	}
}

/* A write of all three kinds of data: immediate, unsolicited, solicited. */
static void send_write(struct peer *p, uint32_t lba)
{
	const struct pdu_data_out out = {
		.final = true,
		.itt = peer_write(p, lba, BLOCKS, out_data, 512, false),
		.ttt = PDU_TAG_RESERVED,
		.offset = 512,
		.data_len = 512,
	};

	peer_data_out(p, &out, out_data + out.offset);
}

/* One of everything, from login to logout. */
static void dialogue(struct peer *p, const char *keys)
{
	static const struct pdu_text_req text = { .final = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_tmf_req abort = { .immediate = true, .function = PDU_TMF_ABORT_TASK };

	peer_login_send(p, PEER_NAMES, keys);
	live(p);
	peer_test_unit_ready(p);
	live(p);
	send_write(p, 0);
	send_write(p, 100);
	live(p);
	peer_read(p, 0, BLOCKS);
	abort.refcmdsn = p->cmdsn;
	abort.rtt = peer_read(p, 100, BLOCKS);
	peer_nop(p, false, out_data, 77);
	live(p);
	peer_tmf(p, &abort);
	peer_text_req(p, &text, "InitiatorAlias=a\n");
	live(p);
	p->cmdsn++; /* one is missing: what follows is held */
	send_write(p, 200);
	peer_nop(p, false, NULL, 0);
	peer_read(p, 0, 1);
	live(p);
	p->cmdsn -= 4;
	peer_read(p, 1, 1);
	live(p);
	p->cmdsn += 3;
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	live(p);
}

/* How a dialogue is disturbed. */
struct trouble {
	const char *what;
	const char *keys;
	size_t pool;     /* bytes of buffers; 0: plenty */
	size_t take;     /* bytes that the peer takes in a turn; 0: all */
	bool hold;       /* the store answers nothing before the end */
	bool comes_back; /* another connection takes the session's place at the end */
};

static const struct trouble troubles[] = {
	{ "the store answers at once", SMALL_KEYS, 0, 0, false, false },
	{ "the store is slow", SMALL_KEYS, 0, 0, true, false },
	{ "the peer takes little at a time", SMALL_KEYS, 0, 100, false, false },
	{ "memory is short", SMALL_KEYS, 8192, 0, false, false },
	{ "memory is short and the store slow", SMALL_KEYS, 4096, 100, true, false },
	{ "data comes in any order", SMALL_KEYS ANY_ORDER, 4096, 0, false, false },
	{ "it logs in anew", SMALL_KEYS, 0, 0, false, true },
	{ "it logs in anew while the store is slow", SMALL_KEYS, 0, 0, true, true },
};

#define TROUBLES (sizeof(troubles) / sizeof(troubles[0]))

/* The same initiator, again: its session is reinstated, and then works. */
static void come_back(struct bench *b)
{
	struct peer *again = bench_peer(b);
	uint8_t block[BENCH_BLOCK];

	again->isid = b->peers[0].isid;
	b->turns_limit = 0;
	peer_login_send(again, PEER_NAMES, "");
	bench_run(b);
	bench_store_release(b->disk);
	bench_run(b);
	peer_cut(&b->peers[0]); /* which tells nothing new */
	CU_ASSERT_PTR_NOT_NULL_FATAL(again->c);
	CU_ASSERT_EQUAL(again->c->state, CONN_LOGGED_IN);
	peer_end(again, peer_test_unit_ready(again), NULL);
	CU_ASSERT_EQUAL(peer_end(again, peer_read(again, 0, 1), block), SCSI_GOOD);
}

enum cut { CUT_NEVER, CUT_INPUT, CUT_OUTPUT, CUT_TURNS };

/* One dialogue, with an end after n bytes or turns. What it came to is in *p, and *turns. */
static void disturb(const struct trouble *t, enum cut cut, size_t n, struct peer *after,
		    unsigned int *turns)
{
	static struct bench b;
	struct peer *p;

	bench_open_with(&b, t->pool ? t->pool : 64u << 20, t->pool ? t->pool : 16u << 20);
	p = bench_peer(&b);
	b.disk->hold = t->hold;
	b.turns_limit = UINT32_MAX;
	if (t->take)
		p->take = t->take;
	if (cut == CUT_INPUT)
		p->limit = n;
	if (cut == CUT_OUTPUT)
		p->takes = n;
	if (cut == CUT_TURNS)
		b.turns_limit = (unsigned int)n;
	dialogue(p, t->keys);
	if (t->comes_back)
		come_back(&b);
	*after = *p;
	*turns = b.turns;
	bench_close(&b);
}

static void disturb_everywhere(enum cut cut)
{
	unsigned int turns, all_turns;
	struct peer whole, cut_off;
	size_t i, n, end, step;

	for (i = 0; i < TROUBLES; i++) {
		/* Every byte where nothing else is wrong; a stride that meets all residues where
		 * much is. */
		step = i == 0 || cut == CUT_TURNS ? 1 : 13;
		disturb(&troubles[i], CUT_NEVER, 0, &whole, &all_turns);
		end = cut == CUT_INPUT ? whole.fed : cut == CUT_OUTPUT ? whole.taken : all_turns;
		CU_ASSERT(end > 20);
		for (n = 1 + i % step; n <= end; n += step)
			disturb(&troubles[i], cut, n, &cut_off, &turns);
	}
}

static void cut_at_every_byte_in(void)
{
	disturb_everywhere(CUT_INPUT);
}

static void cut_at_every_byte_out(void)
{
	disturb_everywhere(CUT_OUTPUT);
}

static void cut_after_every_turn(void)
{
	disturb_everywhere(CUT_TURNS);
}

static bool is_written(const struct bench *b, uint32_t lba)
{
	return !memcmp(b->disk->bytes + (size_t)lba * BENCH_BLOCK, out_data, BYTES);
}

/* Without trouble the dialogue does what it is for. */
static void the_dialogue_works(void)
{
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < BYTES; i++)
		out_data[i] = (uint8_t)(i * 17 + i / 256);
	bench_open(&b);
	p = bench_peer(&b);
	dialogue(p, SMALL_KEYS);
	CU_ASSERT(is_written(&b, 0) && is_written(&b, 100) && is_written(&b, 200));
	CU_ASSERT_PTR_NULL(p->c); /* logged out, closed */
	CU_ASSERT_STRING_EQUAL(b.said, "");
	bench_close(&b);
}

/* ---- input ---- */

/*
 * A line that is given up may still bring bytes in the same turn of the loop: nobody reads
 * them, not even as a new login.
 */
static void a_dead_connection_takes_no_input(void)
{
	struct pdu_login_req req = { .transit = true,
				     .csg = PDU_STAGE_OPERATIONAL,
				     .nsg = PDU_STAGE_FULL };
	uint8_t bytes[PDU_BHS_LEN + 256] = { 0 };
	struct bench b;
	struct peer *old, *again;
	uint32_t len;

	bench_open(&b);
	old = bench_login(&b, "");
	again = bench_peer(&b);
	again->isid = old->isid;
	peer_login_send(again, PEER_NAMES, "");
	CU_ASSERT_EQUAL(old->c->state, CONN_DEAD);
	CU_ASSERT_FALSE(door_wants_input(old->c));
	len = peer_text((char *)bytes + PDU_BHS_LEN, PEER_NAMES);
	req.data_len = len;
	req.isid[0] = 0x81;
	pdu_put_login_req(bytes, &req);
	peer_feed_once(old, bytes, PDU_BHS_LEN + len + pdu_pad(len));
	CU_ASSERT_EQUAL(old->c->state, CONN_DEAD);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(old->c);
	CU_ASSERT_EQUAL(again->c->state, CONN_LOGGED_IN);
	bench_close(&b);
}

/* A peer that reads nothing is not read from any more, and what waits for it is bounded. */
/* Some of the PDUs that one receive brought are taken on, the others later, or, when the first of
 * them was the last word, never. */
static void some_at_a_time(void)
{
	uint8_t bytes[4 * PDU_BHS_LEN];
	struct pdu_nop_out nop = { .ttt = PDU_TAG_RESERVED, .immediate = true };
	struct iovec iov[2];
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < 4; i++) {
		nop.itt = 100 + i;
		nop.cmdsn = p->cmdsn;
		pdu_put_nop_out(bytes + (size_t)i * PDU_BHS_LEN, &nop);
	}
	CU_ASSERT_EQUAL(door_space(p->c, iov, bytes, sizeof(bytes)), 1);
	door_put(p->c, bytes, sizeof(bytes), b.now_ms);
	CU_ASSERT_TRUE(door_run(p->c, 1));
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(g.itt, 100);
	peer_expect_nothing(p);
	CU_ASSERT_TRUE(door_run(p->c, 2));
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT_EQUAL(g.itt, 102);
	conn_event(p->c, EV_DROP);
	CU_ASSERT_FALSE(door_run(p->c, 1));
	peer_expect_nothing(p);
	bench_close(&b);
}

static void a_deaf_peer_is_not_listened_to(void)
{
	struct bench b;
	struct peer *p;
	int n;

	bench_open(&b);
	p = bench_login(&b, "");
	p->deaf = true;
	for (n = 0; n < 100000 && door_wants_input(p->c); n++) {
		peer_nop(p, true, NULL, 0);
		if (n % 100 == 0)
			bench_run(&b);
	}
	CU_ASSERT(n > 100 && n < 100000);
	bench_run(&b);
	CU_ASSERT_FALSE(door_wants_input(p->c));
	p->deaf = false;
	conn_touch(p->c);
	bench_run(&b);
	CU_ASSERT(door_wants_input(p->c));
	CU_ASSERT(p->in_len >= (size_t)n * PDU_BHS_LEN);
	bench_close(&b);
}

/* Not only the number of answers is bounded, but their data, too. */
static void pings_with_data_do_not_pile_up(void)
{
	enum { LEN = 256 * 1024 };
	uint8_t *data = calloc(1, LEN);
	struct bench b;
	struct peer *p;
	int n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	bench_open(&b);
	p = bench_login(&b, "MaxRecvDataSegmentLength=262144\n");
	p->deaf = true;
	for (n = 0; n < 200 && door_wants_input(p->c); n++)
		peer_nop(p, true, data, LEN);
	CU_ASSERT(n < 64);
	p->deaf = false;
	conn_touch(p->c);
	bench_run(&b);
	CU_ASSERT(door_wants_input(p->c));
	CU_ASSERT(p->in_len >= (size_t)n * LEN);
	free(data);
	bench_close(&b);
}

/* A fault that makes the stream unreadable ends the connection, with the reason in the log. */
static void unreadable_streams(void)
{
	static const struct {
		const char *what, *keys, *said;
		bool damage_header;
		uint32_t data_len;
	} cases[] = {
		{ "header digest", "HeaderDigest=CRC32C\n", "header digest does not match", true,
		  0 },
		{ "too long", "", "longer than the 262144 bytes", false, 262145 },
	};
	uint8_t *data = calloc(1, 262145);
	struct bench b;
	struct peer *p;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, cases[i].keys);
		p->damage_header = cases[i].damage_header;
		peer_nop(p, true, data, cases[i].data_len);
		bench_run(&b);
		CU_ASSERT_PTR_NULL(p->c);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.said, cases[i].said));
		bench_close(&b);
	}
	free(data);
}

/* ---- time ---- */

static void a_login_that_takes_too_long(void)
{
	static const struct pdu_login_req first = { .csg = PDU_STAGE_OPERATIONAL };
	struct bench b;
	struct peer *silent, *slow;

	bench_open(&b);
	silent = bench_peer(&b);
	slow = bench_peer(&b);
	peer_login_pdu(slow, &first, PEER_NAMES);
	bench_sleep(&b, BENCH_LOGIN_MS - 1);
	CU_ASSERT_PTR_NOT_NULL(silent->c);
	CU_ASSERT_PTR_NOT_NULL(slow->c);
	peer_login_pdu(slow, &first, ""); /* a sign of life does not help */
	bench_sleep(&b, 1);
	CU_ASSERT_PTR_NULL(silent->c);
	CU_ASSERT_PTR_NULL(slow->c);
	bench_close(&b);
}

static void refused_and_not_leaving(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_peer(&b);
	p->deaf = true;
	peer_login_send(p, "InitiatorName=" BENCH_INITIATOR "\n", "");
	bench_run(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->c);
	CU_ASSERT_EQUAL(p->c->state, CONN_REFUSED);
	bench_sleep(&b, 5000);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* A silent initiator is pinged; its answer, or anything it says, keeps it. */
static void a_silent_initiator_is_pinged(void)
{
	struct pdu_nop_out pong = { .immediate = true, .itt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_nop_in ping;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < 3; i++) {
		bench_sleep(&b, 29999);
		peer_expect_nothing(p);
		bench_sleep(&b, 1);
		CU_ASSERT_FATAL(peer_expect(p, PDU_NOP_IN, &g));
		CU_ASSERT_EQUAL(pdu_get_nop_in(g.bhs, &ping), PDU_OK);
		CU_ASSERT_EQUAL(ping.itt, PDU_TAG_RESERVED);
		CU_ASSERT_NOT_EQUAL(ping.ttt, PDU_TAG_RESERVED);
		pong.ttt = ping.ttt;
		pong.cmdsn = p->cmdsn;
		pdu_put_nop_out(bhs, &pong);
		peer_pdu(p, bhs, NULL);
		peer_expect_nothing(p);
	}
	bench_sleep(&b, 30000); /* pinged, and no answer this time */
	CU_ASSERT_PTR_NOT_NULL(p->c);
	bench_sleep(&b, 30000);
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* iPXE never answers a ping. */
static void who_never_answered_a_ping_is_not_dropped(void)
{
	struct bench b;
	struct peer *p;
	int i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < 10; i++)
		bench_sleep(&b, 30000);
	CU_ASSERT_PTR_NOT_NULL(p->c);
	bench_close(&b);
}

static void pings_are_off(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	b.target->limits.nop_interval_ms = 0;
	p = bench_login(&b, "");
	CU_ASSERT_EQUAL(p->c->alarm_ms, 0);
	bench_sleep(&b, 1000000);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* ---- the end ---- */

static void stopping_asks_to_log_out_and_lets_nobody_in(void)
{
	struct pdu_login_rsp rsp;
	struct pdu_async async;
	struct peer *p, *late;
	struct bench b;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	door_stop(&b.iscsi, 7);
	CU_ASSERT_FATAL(peer_expect(p, PDU_ASYNC, &g));
	CU_ASSERT_EQUAL(pdu_get_async(g.bhs, &async), PDU_OK);
	CU_ASSERT_EQUAL(async.event, PDU_ASYNC_LOGOUT);
	CU_ASSERT_EQUAL(async.parameter3, 7);
	late = bench_peer(&b);
	peer_login_send(late, PEER_NAMES, "");
	CU_ASSERT_EQUAL(peer_login_status(late, &rsp), PDU_LOGIN_SERVICE_UNAVAILABLE);
	CU_ASSERT_PTR_NULL(late->c);
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "a dead connection takes no input", a_dead_connection_takes_no_input },
	{ "some at a time", some_at_a_time },
	{ "a deaf peer is not listened to", a_deaf_peer_is_not_listened_to },
	{ "pings with data do not pile up", pings_with_data_do_not_pile_up },
	{ "unreadable streams", unreadable_streams },
	{ "a login that takes too long", a_login_that_takes_too_long },
	{ "refused, and not leaving", refused_and_not_leaving },
	{ "a silent initiator is pinged", a_silent_initiator_is_pinged },
	{ "who never answered a ping is not dropped", who_never_answered_a_ping_is_not_dropped },
	{ "pings are off", pings_are_off },
	{ "stopping asks to log out, and lets nobody in",
	  stopping_asks_to_log_out_and_lets_nobody_in },
	{ "the dialogue works", the_dialogue_works },
	{ "cut at every byte in", cut_at_every_byte_in },
	{ "cut at every byte out", cut_at_every_byte_out },
	{ "cut after every turn", cut_after_every_turn },
};

UNIT_MAIN("iscsi/door", tests)
