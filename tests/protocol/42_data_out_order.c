/*
 * Data from the initiator out of order, where that was agreed to (RFC 7143, 13.18, 13.19):
 * PDUs of a sequence backwards and at random, sequences answered in any order. What does
 * not add up is refused, and nothing of it is written.
 */
#include "fixture.h"

#include <string.h>

#define PIECE  4096u  /* bytes of a PDU, as the target takes them */
#define BURST  32768u /* bytes that an R2T asks for */
#define NPIECE (BURST / PIECE)
#define LEN    131072u /* bytes of a write */
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define NBURST (LEN / BURST)
#define ROUNDS 24 /* seeds of a random order */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 4096\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static const char any_order[] = "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=32768\n"
				"MaxOutstandingR2T=4\nDataPDUInOrder=No\nDataSequenceInOrder=No\n";
static uint8_t out[LEN], in[LEN], old[LEN];

/* 0 to n - 1 in an order that seed selects; 0: backwards. */
static void shuffle(uint32_t *order, uint32_t n, uint32_t seed)
{
	uint8_t random[64];
	uint32_t i, k, swap;

	fixture_fill(random, sizeof(random), seed);
	for (i = 0; i < n; i++)
		order[i] = seed ? i : n - 1 - i;
	for (i = seed ? n - 1 : 0; i > 0; i--) {
		k = random[i % sizeof(random)] % (i + 1);
		swap = order[i];
		order[i] = order[k];
		order[k] = swap;
	}
}

/* One Data-Out of t for an R2T: len bytes at, which is counted from where the R2T begins. */
static void send_piece(struct ini_session *s, const struct ini_task *t, const struct pdu_r2t *r2t,
		       uint32_t at, uint32_t len, uint32_t datasn, bool final)
{
	struct pdu_data_out d = {
		.final = final,
		.itt = t->itt,
		.ttt = r2t->ttt,
		.expstatsn = s->expstatsn,
		.datasn = datasn,
		.offset = r2t->offset + at,
	};
	struct ini_pdu pdu = { .data = out + d.offset, .data_len = len };

	memcpy(d.lun, t->lun, PDU_LUN_LEN);
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
}

/* All pieces of an R2T's sequence in that order. */
static void send_sequence(struct ini_session *s, const struct ini_task *t,
			  const struct pdu_r2t *r2t, const uint32_t *order)
{
	uint32_t i;

	for (i = 0; i < NPIECE; i++)
		send_piece(s, t, r2t, order[i] * PIECE, PIECE, i, i == NPIECE - 1);
}

/* Log in with any order, write zeros as the old content, and start a write up to its first R2T. */
static void start(struct ini_session *s, struct ini_task *t, uint32_t seed)
{
	struct ini_task zero;

	fixture_login(s, any_order);
	CHECK(!s->param.DataPDUInOrder && !s->param.DataSequenceInOrder);
	ini_scsi_write(&zero, 0, 0, BLOCKS, old, LEN);
	CHECK_GOOD(s, &zero);
	fixture_fill(out, LEN, seed);
	ini_scsi_write(t, 0, 0, BLOCKS, out, LEN);
	fixture_start_write(s, t);
}

/* Wait until n R2Ts of t want their data. */
static void await_r2ts(struct ini_session *s, struct ini_task *t, unsigned int n)
{
	struct ini_pdu pdu;
	bool is_other;

	while (t->nwaiting < n) {
		CHECK_OK(s, ini_task_step(s, &pdu, &is_other, s->timeout_ms));
		CHECK(!is_other && t->outcome == INI_IN_FLIGHT);
	}
}

static void check_content(const uint8_t *want)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login_as(&s, 9, NULL);
	ini_scsi_read(&t, 0, 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK_THAT(memcmp(in, want, LEN) == 0, "the content is another");
	fixture_leave(&s);
}

/* t ends GOOD, and what it wrote is there. */
static void expect_written(struct ini_session *s, struct ini_task *t)
{
	CHECK_OK(s, ini_task_wait(s, t));
	CHECK_THAT(ini_task_is_good(t), "status 0x%02x, sense %06x", t->status, ini_task_sense(t));
	fixture_leave(s);
	check_content(out);
}

/* t ends with ABORTED COMMAND, whatever else is told before, and nothing is written. */
static void expect_refused(struct ini_session *s, struct ini_task *t, const char *what)
{
	struct ini_pdu pdu;
	bool is_other;

	t->holds_r2ts = false; /* what is asked for yet, it gets */
	while (t->outcome == INI_IN_FLIGHT) {
		CHECK_OK(s, ini_task_step(s, &pdu, &is_other, s->timeout_ms));
		CHECK_THAT(!is_other || pdu_opcode(pdu.bhs) == PDU_REJECT,
			   "%s: opcode 0x%02x comes", what, pdu_opcode(pdu.bhs));
	}
	CHECK_THAT(t->status == 0x02 && SENSE_KEY(ini_task_sense(t)) == 0x0b,
		   "%s: status 0x%02x, sense %06x", what, t->status, ini_task_sense(t));
	STAILQ_INIT(&s->done);
	fixture_leave(s);
	check_content(old);
}

/* Sequence after sequence, the PDUs of each in the order that a seed selects. */
static void pdus_of_a_sequence(void)
{
	uint32_t order[NPIECE], seed, i;
	struct pdu_r2t r2t;
	struct ini_session s;
	struct ini_task t;

	for (seed = 0; seed < ROUNDS; seed++) {
		start(&s, &t, seed);
		for (i = 0; i < NBURST; i++) {
			await_r2ts(&s, &t, 1);
			r2t = t.r2ts[0];
			memmove(t.r2ts, t.r2ts + 1, --t.nwaiting * sizeof(t.r2ts[0]));
			shuffle(order, NPIECE, seed * (i + 1));
			send_sequence(&s, &t, &r2t, order);
		}
		expect_written(&s, &t);
	}
}

/* All R2Ts that may wait do, and are answered in every order that seeds select. */
static void sequences_in_any_order(void)
{
	uint32_t order[NPIECE], turns[NBURST], seed, i;
	struct ini_session s;
	struct ini_task t;

	for (seed = 0; seed < ROUNDS; seed++) {
		start(&s, &t, seed + 100);
		await_r2ts(&s, &t, NBURST);
		shuffle(turns, NBURST, seed);
		shuffle(order, NPIECE, seed + 1);
		for (i = 0; i < NBURST; i++)
			send_sequence(&s, &t, &t.r2ts[turns[i]], order);
		t.nwaiting = 0;
		expect_written(&s, &t);
	}
}

/* The PDUs of all sequences mixed: each counts its own DataSN (4.2.2.3). */
static void sequences_interleaved(void)
{
	uint32_t order[NBURST * NPIECE], sent[NBURST], seed, i, r;
	struct ini_session s;
	struct ini_task t;

	for (seed = 0; seed < ROUNDS; seed++) {
		start(&s, &t, seed + 200);
		await_r2ts(&s, &t, NBURST);
		shuffle(order, NBURST * NPIECE, seed);
		memset(sent, 0, sizeof(sent));
		for (i = 0; i < NBURST * NPIECE; i++) {
			r = order[i] / NPIECE;
			send_piece(&s, &t, &t.r2ts[r], order[i] % NPIECE * PIECE, PIECE, sent[r],
				   sent[r] == NPIECE - 1);
			sent[r]++;
		}
		t.nwaiting = 0;
		expect_written(&s, &t);
	}
}

/* Unsolicited data out of order: the PDUs behind immediate data, and an R2T for the rest. */
static void unsolicited_data(void)
{
	static const char keys[] = "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=65536\n"
				   "MaxBurstLength=65536\nDataPDUInOrder=No\n";
	struct ini_session s;
	struct ini_task t;
	int i;

	for (i = 0; i < 3; i++) {
		fixture_login(&s, keys);
		fixture_fill(out, LEN, (uint32_t)i);
		ini_scsi_write(&t, 0, 0, BLOCKS, out, LEN);
		t.backwards = true;
		t.no_immediate = i == 1;
		t.no_unsolicited = i == 2;
		CHECK_OK(&s, ini_task_submit(&s, &t));
		expect_written(&s, &t);
	}
}

/* Pieces of every size, down to a byte, from the end to the beginning. */
static void pieces_of_any_size(void)
{
	static const uint32_t sizes[] = { 4096, 4095, 513, 512, 100, 61, 60 };
	struct pdu_r2t r2t;
	struct ini_session s;
	struct ini_task t;
	uint32_t i, k, end, len, datasn;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		start(&s, &t, i + 300);
		for (k = 0; k < NBURST; k++) {
			await_r2ts(&s, &t, 1);
			r2t = t.r2ts[0];
			memmove(t.r2ts, t.r2ts + 1, --t.nwaiting * sizeof(t.r2ts[0]));
			for (end = BURST, datasn = 0; end; end -= len, datasn++) {
				len = end < sizes[i] ? end : sizes[i];
				send_piece(&s, &t, &r2t, end - len, len, datasn, end == len);
			}
		}
		expect_written(&s, &t);
	}
}

/* What is wrong with a sequence of two PDUs; a good one has 16384 bytes at 0 and at 16384. */
struct fault {
	const char *what;
	struct {
		uint32_t at, len, datasn;
		bool final;
	} pdu[3];
};

/* Any order does not mean twice, not at all, or somewhere else. */
static void sequences_that_do_not_add_up(void)
{
	static const struct fault faults[] = {
		{ "the same bytes twice", { { 0, 4096, 0, false }, { 0, 4096, 1, true } } },
		{ "an overlap of a byte at the end",
		  { { 4096, 4096, 0, false }, { 1, 4096, 1, true } } },
		{ "an overlap of a byte at the beginning",
		  { { 0, 4096, 0, false }, { 4095, 4096, 1, true } } },
		{ "a part of what is there", { { 0, 4096, 0, false }, { 1000, 24, 1, true } } },
		{ "more than what is there", { { 1000, 24, 0, false }, { 0, 4096, 1, true } } },
		{ "an overlap that closes a gap",
		  { { 0, 1024, 0, false }, { 2048, 1024, 1, false }, { 512, 2048, 2, true } } },
		{ "F before all is there", { { 4096, 4096, 0, true } } },
		{ "a gap at the end", { { 0, 4096, 0, false }, { 8192, 4096, 1, true } } },
		{ "bytes before the sequence", { { (uint32_t)-512, 512, 0, true } } },
		{ "bytes behind the sequence", { { BURST, 512, 0, true } } },
		{ "bytes across its end", { { BURST - 256, 512, 0, true } } },
		{ "bytes at the end of all there is", { { 0u - BURST - 1, 512, 0, true } } },
		{ "a DataSN left out", { { 4096, 4096, 0, false }, { 0, 4096, 2, true } } },
	};
	struct pdu_r2t r2t;
	struct ini_session s;
	struct ini_task t;
	size_t i, k;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		start(&s, &t, 400);
		await_r2ts(&s, &t, NBURST);
		r2t = t.r2ts[1]; /* there are bytes before it and behind it */
		for (k = 0; k < 3 && faults[i].pdu[k].len; k++) {
			struct pdu_data_out d = { .final = faults[i].pdu[k].final,
						  .itt = t.itt,
						  .ttt = r2t.ttt,
						  .datasn = faults[i].pdu[k].datasn,
						  .offset = r2t.offset + faults[i].pdu[k].at,
						  .expstatsn = s.expstatsn };
			struct ini_pdu pdu = { .data = out, .data_len = faults[i].pdu[k].len };

			pdu_put_data_out(pdu.bhs, &d);
			CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		}
		for (k = 0; k < NBURST; k++) {
			if (k != 1)
				CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[k]));
		}
		t.nwaiting = 0;
		expect_refused(&s, &t, faults[i].what);
	}
}

/* As many bytes as were asked for, but one piece twice and another not at all. */
static void a_piece_twice_for_another(void)
{
	uint32_t order[NPIECE], seed;
	struct ini_session s;
	struct ini_task t;
	unsigned int i;

	for (seed = 0; seed < NPIECE; seed++) {
		start(&s, &t, 600);
		await_r2ts(&s, &t, NBURST);
		shuffle(order, NPIECE, seed);
		order[seed] = order[(seed + 1) % NPIECE];
		send_sequence(&s, &t, &t.r2ts[0], order);
		for (i = 1; i < NBURST; i++)
			CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[i]));
		t.nwaiting = 0;
		expect_refused(&s, &t, "a piece twice");
	}
}

/* 13.18: where order was agreed to, PDUs out of order mean that one was lost (7.9). */
static void order_where_it_was_agreed(void)
{
	static const char keys[] = "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=32768\n";
	struct ini_session s;
	struct ini_task t, zero;

	fixture_login(&s, keys);
	CHECK(s.param.DataPDUInOrder);
	ini_scsi_write(&zero, 0, 0, BLOCKS, old, LEN);
	CHECK_GOOD(&s, &zero);
	fixture_fill(out, LEN, 500);
	ini_scsi_write(&t, 0, 0, BLOCKS, out, LEN);
	fixture_start_write(&s, &t);
	s.param.DataPDUInOrder = false;
	t.backwards = true;
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	s.param.DataPDUInOrder = true;
	t.backwards = false;
	expect_refused(&s, &t, "backwards");
}

static const struct unit_test tests[] = {
	{ "13.18: the PDUs of a sequence come backwards, or in any order", pdus_of_a_sequence },
	{ "13.19: R2Ts are answered in any order", sequences_in_any_order },
	{ "13.19: the PDUs of several sequences are mixed", sequences_interleaved },
	{ "13.18: unsolicited data comes backwards", unsolicited_data },
	{ "13.18: pieces of any size come from the end to the beginning", pieces_of_any_size },
	{ "11.7: data that overlaps, leaves gaps or lies outside is refused",
	  sequences_that_do_not_add_up },
	{ "11.7: a piece of data twice does not stand for another", a_piece_twice_for_another },
	{ "7.9: where order was agreed to, other order is a loss", order_where_it_was_agreed },
};

PROTOCOL_MAIN("protocol/data_out_order", &options, tests)
