#include "iscsi/statsn.h"

#include "unit.h"

#include <string.h>

static uint32_t last_acked;
static unsigned int nacked;

static void on_acked(struct statsn_entry *e)
{
	last_acked = e->statsn;
	nacked++;
}

static void start(struct statsn *l, struct statsn_entry e[5], uint32_t first)
{
	uint32_t i;

	statsn_init(l);
	nacked = 0;
	for (i = 0; i < 5; i++) {
		e[i] = (struct statsn_entry){ .acked = on_acked };
		statsn_add(l, &e[i], first + i);
	}
}

static void acknowledged_in_order(void)
{
	struct statsn_entry e[5];
	struct statsn l;

	start(&l, e, 10);
	statsn_ack(&l, 10);
	CU_ASSERT_EQUAL(nacked, 0);
	statsn_ack(&l, 13);
	CU_ASSERT(nacked == 3 && last_acked == 12 && l.n == 2);
	CU_ASSERT(!e[2].is_in && e[3].is_in);
	statsn_ack(&l, 12); /* old news */
	CU_ASSERT_EQUAL(nacked, 3);
	statsn_fini(&l);
	CU_ASSERT(nacked == 5 && l.n == 0);
}

static void numbers_wrap(void)
{
	struct statsn_entry e[5];
	struct statsn l;

	start(&l, e, 0xfffffffe);
	statsn_ack(&l, 1);
	CU_ASSERT(nacked == 3 && last_acked == 0);
	statsn_fini(&l);
}

static void taken_out(void)
{
	struct statsn_entry e[5];
	struct statsn l;

	start(&l, e, 1);
	statsn_remove(&l, &e[2]);
	statsn_remove(&l, &e[2]);
	CU_ASSERT(nacked == 0 && l.n == 4);
	statsn_ack(&l, 6);
	CU_ASSERT_EQUAL(nacked, 4);
}

static const struct unit_test tests[] = {
	{ "acknowledged in order", acknowledged_in_order },
	{ "numbers wrap", numbers_wrap },
	{ "taken out", taken_out },
};

UNIT_MAIN("iscsi/statsn", tests)
