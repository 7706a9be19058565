#include "iscsi/cmdsn.h"

#include "unit.h"

#include <stddef.h>

/* Commands arrive 7, 9, 8: 9 waits for 8, and both then run in order. */
static void held_until_the_gap_closes(void)
{
	struct cmdsn_entry e7, e8, e9;
	struct cmdsn w;

	cmdsn_init(&w, 7, 16);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e7, 7), CMDSN_RUN);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e9, 9), CMDSN_HELD);
	CU_ASSERT_PTR_NULL(cmdsn_next_held(&w));
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e8, 8), CMDSN_RUN);
	CU_ASSERT_PTR_EQUAL(cmdsn_next_held(&w), &e9);
	CU_ASSERT_PTR_NULL(cmdsn_next_held(&w));
	CU_ASSERT_EQUAL(w.exp, 10);
	CU_ASSERT_EQUAL(w.open, 3);
}

/* Each number is looked at twice: cmdsn_check() promises what cmdsn_accept() does. */
static void the_window_has_two_ends(void)
{
	static const struct {
		const char *what;
		uint32_t cmdsn;
		enum cmdsn_verdict verdict;
	} cases[] = {
		{ "long ago", 100u - 0x70000000u, CMDSN_DROP },
		{ "just before ExpCmdSN", 99, CMDSN_DROP },
		{ "ExpCmdSN", 100, CMDSN_RUN },
		{ "in the window", 101, CMDSN_HELD },
		{ "MaxCmdSN", 103, CMDSN_HELD },
		{ "just past MaxCmdSN", 104, CMDSN_DROP },
		{ "far ahead", 100u + 0x70000000u, CMDSN_DROP },
	};
	struct cmdsn_entry e;
	struct cmdsn w;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cmdsn_init(&w, 100, 4);
		CU_ASSERT_EQUAL(cmdsn_check(&w, cases[i].cmdsn), cases[i].verdict);
		CU_ASSERT_EQUAL(w.exp, 100);
		CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, cases[i].cmdsn), cases[i].verdict);
	}
}

static void a_number_comes_once(void)
{
	struct cmdsn_entry first, again;
	struct cmdsn w;

	cmdsn_init(&w, 1, 8);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &first, 3), CMDSN_HELD);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 3), CMDSN_DROP);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &again, 3), CMDSN_DROP);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &again, 1), CMDSN_RUN);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &again, 1), CMDSN_DROP);
}

/* Whatever the order of arrival: they come back in the order of their numbers. */
static void held_commands_come_back_in_order(void)
{
	static const uint32_t orders[][4] = {
		{ 11, 12, 13, 14 },
		{ 14, 13, 12, 11 },
		{ 12, 14, 11, 13 },
		{ 13, 11, 14, 12 },
	};
	struct cmdsn_entry e[4], now;
	struct cmdsn w;
	size_t i, k;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		cmdsn_init(&w, 10, 8);
		for (k = 0; k < 4; k++)
			CU_ASSERT_EQUAL(cmdsn_accept(&w, &e[k], orders[i][k]), CMDSN_HELD);
		CU_ASSERT_EQUAL(cmdsn_accept(&w, &now, 10), CMDSN_RUN);
		for (k = 0; k < 4; k++) {
			struct cmdsn_entry *held = cmdsn_next_held(&w);

			CU_ASSERT_PTR_NOT_NULL_FATAL(held);
			CU_ASSERT_EQUAL(held->cmdsn, 11 + k);
		}
		CU_ASSERT_PTR_NULL(cmdsn_next_held(&w));
	}
}

/* Numbers wrap (RFC 1982). */
static void the_window_goes_over_the_end_of_numbers(void)
{
	struct cmdsn_entry a, b, c;
	struct cmdsn w;

	cmdsn_init(&w, 0xffffffff, 4);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 2);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &c, 1), CMDSN_HELD);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &b, 0), CMDSN_HELD);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 0xfffffffe), CMDSN_DROP);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 3), CMDSN_DROP);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &a, 0xffffffff), CMDSN_RUN);
	CU_ASSERT_PTR_EQUAL(cmdsn_next_held(&w), &b);
	CU_ASSERT_PTR_EQUAL(cmdsn_next_held(&w), &c);
	CU_ASSERT_EQUAL(w.exp, 2);
}

/* MaxCmdSN leaves room for as many as may be open, and shuts at none (4.2.2.1). */
static void the_window_closes_with_open_commands(void)
{
	struct cmdsn_entry e;
	struct cmdsn w;
	uint32_t i;

	cmdsn_init(&w, 1, 4);
	for (i = 1; i <= 4; i++) {
		CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, i), CMDSN_RUN);
		CU_ASSERT_EQUAL(cmdsn_max(&w), 4);
	}
	CU_ASSERT_EQUAL(w.exp, 5); /* MaxCmdSN = ExpCmdSN - 1: closed */
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 5), CMDSN_DROP);
	cmdsn_close(&w);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 5);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 5), CMDSN_RUN);
	for (i = 0; i < 4; i++)
		cmdsn_close(&w);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 9);
}

/* What was promised holds, though nothing was told of the room since. */
static void max_never_goes_back(void)
{
	struct cmdsn_entry e;
	struct cmdsn w;

	cmdsn_init(&w, 1, 2);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 1), CMDSN_RUN);
	cmdsn_close(&w);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 3);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 2), CMDSN_RUN);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 3), CMDSN_RUN);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 3);
	cmdsn_close(&w);
	cmdsn_close(&w);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 5);
	w.depth = 1; /* a smaller window comes with the numbers, not at once */
	CU_ASSERT_EQUAL(cmdsn_max(&w), 5);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 5), CMDSN_HELD);
}

/* A command counts as told in the window only once MaxCmdSN was asked for. */
static void room_counts_when_it_was_told(void)
{
	struct cmdsn_entry e;
	struct cmdsn w;

	cmdsn_init(&w, 1, 1);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &e, 1), CMDSN_RUN);
	cmdsn_close(&w);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 2), CMDSN_DROP);
	CU_ASSERT_EQUAL(cmdsn_max(&w), 2);
	CU_ASSERT_EQUAL(cmdsn_check(&w, 2), CMDSN_RUN);
}

static void a_removed_command_leaves_a_gap(void)
{
	struct cmdsn_entry a, b, c;
	struct cmdsn w;

	cmdsn_init(&w, 1, 8);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &b, 2), CMDSN_HELD);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &c, 3), CMDSN_HELD);
	cmdsn_remove(&w, &b);
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &a, 1), CMDSN_RUN);
	CU_ASSERT_PTR_NULL(cmdsn_next_held(&w));
	CU_ASSERT_EQUAL(cmdsn_accept(&w, &b, 2), CMDSN_RUN);
	CU_ASSERT_PTR_EQUAL(cmdsn_next_held(&w), &c);
}

static const struct unit_test tests[] = {
	{ "a command is held until the gap before it closes", held_until_the_gap_closes },
	{ "the window has two ends", the_window_has_two_ends },
	{ "a number comes once", a_number_comes_once },
	{ "held commands come back in order", held_commands_come_back_in_order },
	{ "the window goes over the end of numbers", the_window_goes_over_the_end_of_numbers },
	{ "the window closes with open commands", the_window_closes_with_open_commands },
	{ "MaxCmdSN never goes back", max_never_goes_back },
	{ "room counts when it was told", room_counts_when_it_was_told },
	{ "a removed command leaves a gap", a_removed_command_leaves_a_gap },
};

UNIT_MAIN("iscsi/cmdsn", tests)
