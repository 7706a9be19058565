#include "iscsi/dataout.h"

#include "unit.h"

#include <string.h>

/* Tags in order, from 1. */
static uint32_t next_ttt(void *arg)
{
	return ++*(uint32_t *)arg;
}

struct write {
	struct dataout d;
	uint32_t last_ttt;
	uint32_t max_burst;
	uint32_t max_r2ts;
};

static void begin(struct write *w, uint32_t immediate, bool more, uint32_t first_burst,
		  uint32_t edtl)
{
	memset(w, 0xa5, sizeof(*w));
	w->last_ttt = 0;
	w->max_burst = 4096;
	w->max_r2ts = 1;
	dataout_init(&w->d, immediate, more, first_burst, edtl);
}

static bool plan(struct write *w)
{
	return dataout_plan(&w->d, w->max_burst, w->max_r2ts, next_ttt, &w->last_ttt);
}

/* Plan and make one R2T, which is the only one planned; its fields. */
static struct pdu_r2t r2t(struct write *w)
{
	struct pdu_r2t out = { .len = 0 };

	CU_ASSERT(plan(w));
	CU_ASSERT(dataout_r2t(&w->d, &out));
	return out;
}

/* A Data-Out comes whole and good. What dataout_place() said of it. */
static enum dataout_verdict bring(struct write *w, uint32_t ttt, uint32_t datasn, uint32_t offset,
				  uint32_t len, bool final)
{
	const struct pdu_data_out pdu = {
		.final = final,
		.ttt = ttt,
		.datasn = datasn,
		.offset = offset,
		.data_len = len,
	};
	enum dataout_verdict verdict = dataout_place(&w->d, &pdu);

	dataout_arrived(&w->d, &pdu, verdict == DATAOUT_TAKE);
	return verdict;
}

#define UNSOLICITED PDU_TAG_RESERVED

static void all_immediate(void)
{
	struct write w;

	begin(&w, 4096, false, 65536, 4096);
	CU_ASSERT_FALSE(dataout_complete(&w.d)); /* not started */
	dataout_start(&w.d, 4096);
	CU_ASSERT(dataout_complete(&w.d));
	CU_ASSERT_FALSE(plan(&w));
	CU_ASSERT_FALSE(w.d.bad);
}

static void nothing_is_wanted(void)
{
	struct write w;

	begin(&w, 0, false, 65536, 0);
	dataout_start(&w.d, 0);
	CU_ASSERT(dataout_complete(&w.d));
}

/* R2Ts go on where immediate data ended, each up to MaxBurstLength. */
static void solicited(void)
{
	struct write w;
	struct pdu_r2t r;
	uint32_t i;

	begin(&w, 512, false, 65536, 10000);
	dataout_start(&w.d, 10000);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(dataout_complete(&w.d));
		r = r2t(&w);
		CU_ASSERT_EQUAL(r.r2tsn, i);
		CU_ASSERT_EQUAL(r.ttt, i + 1);
		CU_ASSERT_EQUAL(r.offset, 512 + i * 4096);
		CU_ASSERT_EQUAL(r.len, i < 2 ? 4096 : 10000 - 512 - 8192);
		CU_ASSERT_FALSE(plan(&w)); /* one at a time */
		CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, r.offset, 1000, false), DATAOUT_TAKE);
		CU_ASSERT_EQUAL(bring(&w, r.ttt, 1, r.offset + 1000, r.len - 1000, true),
				DATAOUT_TAKE);
	}
	CU_ASSERT(dataout_complete(&w.d));
	CU_ASSERT_FALSE(w.d.bad);
	CU_ASSERT_EQUAL(w.d.r2tsn, 3);
}

static void several_r2ts_in_flight(void)
{
	struct pdu_r2t r[3];
	struct write w;

	begin(&w, 0, false, 65536, 65536);
	w.max_r2ts = 3;
	dataout_start(&w.d, 65536);
	CU_ASSERT(plan(&w));
	CU_ASSERT_FALSE(dataout_r2t(&w.d, &r[0]));
	CU_ASSERT_FALSE(dataout_r2t(&w.d, &r[1]));
	CU_ASSERT(dataout_r2t(&w.d, &r[2]));
	CU_ASSERT_EQUAL(r[2].offset, 8192);
	CU_ASSERT_FALSE(plan(&w));
	/* in any order of the sequences: each stands by itself */
	CU_ASSERT_EQUAL(bring(&w, r[1].ttt, 0, 4096, 4096, true), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, r[0].ttt, 0, 0, 4096, true), DATAOUT_TAKE);
	CU_ASSERT(plan(&w));
	CU_ASSERT_FALSE(dataout_r2t(&w.d, &r[0]));
	CU_ASSERT(dataout_r2t(&w.d, &r[1]));
	CU_ASSERT_EQUAL(r[0].offset, 12288);
	CU_ASSERT_EQUAL(r[1].offset, 16384);
	CU_ASSERT_EQUAL(r[1].r2tsn, 4);
	CU_ASSERT_EQUAL(bring(&w, r[2].ttt, 0, 8192, 4096, true), DATAOUT_TAKE);
	CU_ASSERT_FALSE(w.d.bad);
}

/* No more are in flight than there is room for, whatever was negotiated. */
static void never_more_r2ts_than_room(void)
{
	struct pdu_r2t r;
	struct write w;
	int n = 1;

	begin(&w, 0, false, 65536, 1u << 20);
	w.max_r2ts = 65535;
	dataout_start(&w.d, 1u << 20);
	CU_ASSERT(plan(&w));
	while (!dataout_r2t(&w.d, &r))
		n++;
	CU_ASSERT_EQUAL(n, DATAOUT_R2T_MAX);
}

/* An R2T that has not left cannot be answered. */
static void a_tag_counts_when_it_was_told(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 0, false, 65536, 8192);
	dataout_start(&w.d, 8192);
	CU_ASSERT(plan(&w));
	CU_ASSERT_EQUAL(bring(&w, 1, 0, 0, 4096, true), DATAOUT_UNKNOWN);
	CU_ASSERT(plan(&w)); /* it is still to be made */
	CU_ASSERT(dataout_r2t(&w.d, &r));
	CU_ASSERT_EQUAL(bring(&w, 1, 0, 0, 4096, true), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, 1, 0, 0, 4096, true), DATAOUT_UNKNOWN); /* and is used up */
	CU_ASSERT_FALSE(w.d.bad);
}

static void unsolicited_then_solicited(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 512, true, 2048, 4096);
	dataout_start(&w.d, 4096);
	CU_ASSERT_FALSE(plan(&w)); /* the initiator sends by itself */
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 512, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 1, 1536, 512, true), DATAOUT_TAKE);
	r = r2t(&w);
	CU_ASSERT_EQUAL(r.offset, 2048);
	CU_ASSERT_EQUAL(r.len, 2048);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 2048, 2048, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d));
}

/* Data may come before the device server wants any. */
static void unsolicited_before_the_start(void)
{
	struct write w;

	begin(&w, 0, true, 65536, 2048);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 0, 2048, true), DATAOUT_TAKE);
	CU_ASSERT_FALSE(dataout_complete(&w.d));
	dataout_start(&w.d, 2048);
	CU_ASSERT(dataout_complete(&w.d));
}

/* F may come before FirstBurstLength is reached: R2Ts ask for the rest. */
static void an_early_end_of_unsolicited_data(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 0, true, 4096, 4096);
	dataout_start(&w.d, 4096);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 0, 100, true), DATAOUT_TAKE);
	CU_ASSERT_FALSE(w.d.bad);
	r = r2t(&w);
	CU_ASSERT_EQUAL(r.offset, 100);
	CU_ASSERT_EQUAL(r.len, 3996);
	/* 11.4.7.2: with more than FirstBurstLength in all it is the wrong amount */
	begin(&w, 0, true, 2048, 4096);
	dataout_start(&w.d, 4096);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 0, 100, true), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(w.d.bad, DATAOUT_AMOUNT);
	CU_ASSERT(dataout_complete(&w.d));
}

/* The command may want less than the initiator has, and less than came already. */
static void more_than_is_wanted(void)
{
	struct write w;

	begin(&w, 0, true, 65536, 4096);
	dataout_start(&w.d, 512);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 0, 4096, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(w.d.bad, DATAOUT_AMOUNT); /* full without F: more is to come than may */
	CU_ASSERT(dataout_complete(&w.d));
	begin(&w, 0, true, 65536, 4096);
	dataout_start(&w.d, 512);
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 0, 4096, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d));
	CU_ASSERT_FALSE(w.d.bad);
}

/* F not set where no room for unsolicited data is left: whatever follows is too much. */
static void no_room_for_unsolicited_data(void)
{
	struct write w;

	begin(&w, 2048, true, 2048, 4096);
	dataout_start(&w.d, 4096);
	CU_ASSERT_FALSE(dataout_complete(&w.d));
	CU_ASSERT_EQUAL(bring(&w, UNSOLICITED, 0, 2048, 512, true), DATAOUT_BEYOND);
	CU_ASSERT_EQUAL(w.d.bad, DATAOUT_AMOUNT);
	CU_ASSERT(dataout_complete(&w.d));
}

/*
 * What goes wrong spoils the command, not the sequence: that goes on to its F bit, and
 * then all is over, without another R2T (level 0).
 */
static void faults_spoil_the_command(void)
{
	static const struct {
		const char *what;
		uint32_t datasn, offset, len;
		enum dataout_verdict verdict;
	} cases[] = {
		{ "a DataSN is missing", 1, 0, 1024, DATAOUT_SKIP },
		{ "a gap in the data", 0, 512, 1024, DATAOUT_SKIP },
		{ "longer than the sequence", 0, 0, 4097, DATAOUT_BEYOND },
		{ "begins past the end", 0, 4097, 0, DATAOUT_BEYOND },
		{ "ends past the end", 0, 4000, 97, DATAOUT_BEYOND },
		{ "length and offset that wrap", 0, 0xffffff00, 0xffff00, DATAOUT_BEYOND },
	};
	struct write w;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&w, 0, false, 65536, 8192);
		dataout_start(&w.d, 8192);
		(void)r2t(&w);
		CU_ASSERT_EQUAL(bring(&w, 1, cases[i].datasn, cases[i].offset, cases[i].len, false),
				cases[i].verdict);
		CU_ASSERT(w.d.bad);
		CU_ASSERT_FALSE(dataout_complete(&w.d));
		CU_ASSERT_EQUAL(bring(&w, 1, 1, 1024, 1024, true), DATAOUT_SKIP);
		CU_ASSERT(dataout_complete(&w.d));
		CU_ASSERT_FALSE(plan(&w));
	}
}

/* An offset before the sequence belongs to what came already. */
static void data_before_the_sequence(void)
{
	struct write w;
	struct pdu_r2t r;

	begin(&w, 1024, false, 65536, 8192);
	dataout_start(&w.d, 8192);
	r = r2t(&w);
	CU_ASSERT_EQUAL(r.offset, 1024);
	CU_ASSERT_EQUAL(bring(&w, 1, 0, 0, 1024, false), DATAOUT_BEYOND);
}

/* 11.8: the initiator sends all that an R2T asks for. */
static void an_early_end_of_solicited_data(void)
{
	struct write w;

	begin(&w, 0, false, 65536, 8192);
	dataout_start(&w.d, 8192);
	(void)r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, 1, 0, 0, 4095, true), DATAOUT_TAKE);
	CU_ASSERT(w.d.bad);
	CU_ASSERT(dataout_complete(&w.d));
}

static void a_damaged_pdu(void)
{
	const struct pdu_data_out half = { .ttt = UNSOLICITED, .data_len = 1024 };
	const struct pdu_data_out end = {
		.final = true,
		.ttt = UNSOLICITED,
		.datasn = 1,
		.offset = 1024,
		.data_len = 1024,
	};
	struct write w;

	begin(&w, 0, true, 65536, 2048);
	dataout_start(&w.d, 2048);
	CU_ASSERT_EQUAL(dataout_place(&w.d, &half), DATAOUT_TAKE);
	dataout_arrived(&w.d, &half, false);
	CU_ASSERT_EQUAL(dataout_place(&w.d, &end), DATAOUT_SKIP);
	dataout_arrived(&w.d, &end, false);
	CU_ASSERT(w.d.bad);
	CU_ASSERT(dataout_complete(&w.d));
}

/* The other sequences in flight are waited for, too (7.8). */
static void all_sequences_end_before_the_command_fails(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 0, false, 65536, 65536);
	w.max_r2ts = 2;
	dataout_start(&w.d, 65536);
	CU_ASSERT(plan(&w));
	CU_ASSERT_FALSE(dataout_r2t(&w.d, &r));
	CU_ASSERT(dataout_r2t(&w.d, &r));
	CU_ASSERT_EQUAL(bring(&w, 1, 5, 0, 4096, true), DATAOUT_SKIP);
	CU_ASSERT_FALSE(dataout_complete(&w.d));
	CU_ASSERT_FALSE(plan(&w));
	CU_ASSERT_EQUAL(bring(&w, 2, 0, 4096, 4096, true), DATAOUT_SKIP);
	CU_ASSERT(dataout_complete(&w.d));
}

/* DataPDUInOrder=No: anywhere in the sequence, but DataSN counts on and no byte comes twice. */
static void in_any_order(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 0, false, 65536, 4096);
	w.d.in_order = false;
	dataout_start(&w.d, 4096);
	r = r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 3072, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 1, 0, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(ranges_prefix(&w.d.come), 1024);
	CU_ASSERT_FALSE(dataout_complete(&w.d));
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 2, 1024, 2048, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d));
	CU_ASSERT_FALSE(w.d.bad);
	dataout_fini(&w.d);
}

/* As many bytes as were asked for, but some twice: others are missing. */
static void the_same_bytes_again(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 0, false, 65536, 4096);
	w.d.in_order = false;
	dataout_start(&w.d, 4096);
	r = r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 0, 2048, false), DATAOUT_TAKE);
	(void)bring(&w, r.ttt, 1, 1024, 2048, true);
	CU_ASSERT_EQUAL(w.d.bad, DATAOUT_AMOUNT);
	CU_ASSERT(dataout_complete(&w.d));
	dataout_fini(&w.d);
}

/* ---- error recovery level 1 ---- */

static void begin_recovering(struct write *w, uint32_t edtl)
{
	begin(w, 0, false, 65536, edtl);
	w->d.recovers = true;
	dataout_start(&w->d, edtl);
}

/* A PDU that is missing in the middle is asked for, and nothing else. */
static void exactly_what_is_missing(void)
{
	struct pdu_r2t r, again;
	struct write w;

	begin_recovering(&w, 8192);
	r = r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 0, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 2, 2048, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 3, 3072, 1024, true), DATAOUT_TAKE);
	again = r2t(&w);
	CU_ASSERT(again.offset == 1024 && again.len == 1024);
	CU_ASSERT(again.r2tsn == r.r2tsn + 1 && again.ttt != r.ttt);
	CU_ASSERT_EQUAL(bring(&w, again.ttt, 0, 1024, 1024, true), DATAOUT_TAKE);
	r = r2t(&w);
	CU_ASSERT(r.offset == 4096 && r.len == 4096 && r.r2tsn == 2);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 4096, 4096, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d));
	dataout_fini(&w.d);
}

/* What comes twice is read over. */
static void twice(void)
{
	struct pdu_r2t r;
	struct write w;

	begin_recovering(&w, 4096);
	r = r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 0, 2048, false), DATAOUT_TAKE);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 0, 2048, false), DATAOUT_SKIP);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 1, 2048, 2048, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d) && !w.d.bad);
	dataout_fini(&w.d);
}

/* Silence: what is open is asked for anew, and still taken when it comes after all. */
static void silence(void)
{
	struct pdu_r2t r, again, same;
	struct write w;

	begin_recovering(&w, 4096);
	CU_ASSERT_FALSE(dataout_retry(&w.d));
	r = r2t(&w);
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 0, 0, 1024, false), DATAOUT_TAKE);
	CU_ASSERT(dataout_retry(&w.d));
	again = r2t(&w);
	CU_ASSERT(again.offset == 1024 && again.len == 3072 && again.ttt != r.ttt);
	CU_ASSERT(dataout_r2t_again(&w.d, 0, 1, &same) && same.ttt == r.ttt && same.r2tsn == 0);
	CU_ASSERT(dataout_r2t_again(&w.d, 1, 9, &same) && same.ttt == again.ttt);
	CU_ASSERT_FALSE(dataout_r2t_again(&w.d, 2, 9, &same));
	CU_ASSERT_EQUAL(bring(&w, r.ttt, 1, 1024, 3072, true), DATAOUT_TAKE);
	CU_ASSERT(dataout_complete(&w.d));
	CU_ASSERT_FALSE(dataout_is_open(&w.d));
	CU_ASSERT_EQUAL(bring(&w, again.ttt, 0, 1024, 3072, true), DATAOUT_SKIP);
	dataout_fini(&w.d);
}

/* Unsolicited data that is lost is asked for as well. */
static void unsolicited_data_is_lost(void)
{
	struct pdu_r2t r;
	struct write w;

	begin(&w, 512, true, 4096, 8192);
	w.d.recovers = true;
	dataout_start(&w.d, 8192);
	CU_ASSERT_EQUAL(bring(&w, PDU_TAG_RESERVED, 1, 2048, 1024, false), DATAOUT_TAKE);
	CU_ASSERT_FALSE(plan(&w));
	CU_ASSERT_EQUAL(bring(&w, PDU_TAG_RESERVED, 2, 3072, 1024, true), DATAOUT_TAKE);
	r = r2t(&w);
	CU_ASSERT(r.offset == 512 && r.len == 1536);
	dataout_restart(&w.d, 0);
	r = r2t(&w);
	CU_ASSERT(r.offset == 512 && r.len == 1536 && r.r2tsn == 0);
	dataout_fini(&w.d);
}

/* Whatever is lost, repeated and given up: in the end all is there, and each R2T asks only for
 * what is not. */
static void a_bad_line(void)
{
	struct pdu_r2t open[DATAOUT_R2T_MAX];
	uint32_t seed = 1, n = 0, i, at, rounds;
	struct write w;

	for (rounds = 0; rounds < 200; rounds++) {
		begin_recovering(&w, 60000);
		w.max_r2ts = 1 + rounds % 5;
		n = 0;
		while (!dataout_complete(&w.d)) {
			while (plan(&w)) {
				struct range gap;

				CU_ASSERT_FATAL(n < DATAOUT_R2T_MAX);
				dataout_r2t(&w.d, &open[n]);
				CU_ASSERT(ranges_gap(&w.d.come, open[n].offset,
						     open[n].offset + open[n].len, &gap) &&
					  gap.begin == open[n].offset &&
					  gap.end >= open[n].offset + open[n].len);
				n++;
			}
			for (i = 0; i < n; i++) {
				for (at = 0; at < open[i].len; at += 512) {
					uint32_t len =
						open[i].len - at < 512 ? open[i].len - at : 512;

					seed = seed * 1664525 + 1013904223;
					if (seed >> 28 == 0)
						continue; /* lost */
					bring(&w, open[i].ttt, at / 512, open[i].offset + at, len,
					      at + len == open[i].len);
				}
			}
			n = 0;
			dataout_retry(&w.d);
		}
		CU_ASSERT(!w.d.bad);
		dataout_fini(&w.d);
	}
}

static const struct unit_test tests[] = {
	{ "all data is immediate", all_immediate },
	{ "nothing is wanted", nothing_is_wanted },
	{ "R2Ts go on where immediate data ended", solicited },
	{ "several R2Ts in flight", several_r2ts_in_flight },
	{ "never more R2Ts than there is room for", never_more_r2ts_than_room },
	{ "a tag counts when it was told", a_tag_counts_when_it_was_told },
	{ "unsolicited data, then solicited", unsolicited_then_solicited },
	{ "unsolicited data before the command starts", unsolicited_before_the_start },
	{ "an early end of unsolicited data", an_early_end_of_unsolicited_data },
	{ "more data than is wanted", more_than_is_wanted },
	{ "no room for unsolicited data", no_room_for_unsolicited_data },
	{ "faults spoil the command", faults_spoil_the_command },
	{ "data before the sequence", data_before_the_sequence },
	{ "an early end of solicited data", an_early_end_of_solicited_data },
	{ "a damaged PDU", a_damaged_pdu },
	{ "data in any order", in_any_order },
	{ "the same bytes again", the_same_bytes_again },
	{ "level 1: exactly what is missing", exactly_what_is_missing },
	{ "level 1: what comes twice", twice },
	{ "level 1: silence", silence },
	{ "level 1: unsolicited data is lost", unsolicited_data_is_lost },
	{ "level 1: a bad line", a_bad_line },
	{ "all sequences end before the command fails",
	  all_sequences_end_before_the_command_fails },
};

UNIT_MAIN("iscsi/dataout", tests)
