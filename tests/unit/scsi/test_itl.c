#include "scsi/itl.h"

#include "rig.h"
#include "scsi/ua.h"

static void made_at_first_contact(void)
{
	struct scsi_itl *itl;
	struct sense s;
	struct rig r;

	rig_open(&r);
	CU_ASSERT_EQUAL(r.x[0].itls.count, 0);
	CU_ASSERT_TRUE(TAILQ_EMPTY(&r.lu->itls));
	itl = itl_get(&r.x[0], r.lu);
	CU_ASSERT_PTR_NOT_NULL_FATAL(itl);
	CU_ASSERT_PTR_EQUAL(itl->nexus, &r.x[0]);
	CU_ASSERT_PTR_EQUAL(itl->lu, r.lu);
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&r.lu->itls), itl);
	CU_ASSERT_TRUE(ua_take(itl, &s));
	CU_ASSERT_EQUAL(s.code >> 8 & 0xff, 0x29);        /* power on */
	CU_ASSERT_PTR_EQUAL(itl_get(&r.x[0], r.lu), itl); /* the same, and nothing new in it */
	CU_ASSERT_FALSE(ua_take(itl, &s));
	CU_ASSERT(itl_get(&r.x[1], r.lu) != itl); /* each nexus has its own */
	rig_close(&r);
}

/* What a nexus has of a logical unit goes when it leaves, and nothing of another's. */
static void what_it_had_goes_with_it(void)
{
	struct scsi_itl *itl[2];
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < 2; i++) {
		itl[i] = itl_get(&r.x[i], r.lu);
		itl[i]->prevents = true;
		r.lu->prevents++;
	}
	r.lu->reserved_by = &r.x[0];
	r.lu->echo_owner = itl[0];
	itl_free(itl[1]);
	CU_ASSERT_EQUAL(r.lu->prevents, 1);
	CU_ASSERT_PTR_EQUAL(r.lu->reserved_by, &r.x[0]);
	CU_ASSERT_PTR_EQUAL(r.lu->echo_owner, itl[0]);
	itl_free(itl[0]);
	CU_ASSERT_EQUAL(r.lu->prevents, 0);
	CU_ASSERT_PTR_NULL(r.lu->reserved_by);
	CU_ASSERT_PTR_NULL(r.lu->echo_owner);
	CU_ASSERT_TRUE(TAILQ_EMPTY(&r.lu->itls));
	CU_ASSERT_EQUAL(r.x[0].itls.count, 0);
	rig_close(&r);
}

static void what_it_prevents_counts_once(void)
{
	struct scsi_itl *itl;
	struct rig r;

	rig_open(&r);
	itl = itl_get(&r.x[0], r.lu);
	itl_allow(itl);
	CU_ASSERT_EQUAL(r.lu->prevents, 0);
	itl->prevents = true;
	r.lu->prevents = 1;
	itl_allow(itl);
	itl_allow(itl);
	CU_ASSERT_FALSE(itl->prevents);
	CU_ASSERT_EQUAL(r.lu->prevents, 0);
	rig_close(&r);
}

/* A unit that goes away leaves its number to the next one. */
static void a_hidden_one_makes_room(void)
{
	struct scsi_itl *old, *new;
	struct rig r;

	rig_open(&r);
	old = itl_get(&r.x[0], r.lu);
	itl_hide(old);
	CU_ASSERT_EQUAL(r.x[0].itls.count, 0);
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&r.x[0].known), old); /* for who has it still */
	new = itl_get(&r.x[0], r.lu);
	CU_ASSERT(new != old);
	itl_hide(old); /* leaves the new one where it is */
	CU_ASSERT_PTR_EQUAL(itl_get(&r.x[0], r.lu), new);
	itl_free(old);
	CU_ASSERT_PTR_EQUAL(itl_get(&r.x[0], r.lu), new);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "an I_T_L nexus is made at first contact, with a power on condition",
	  made_at_first_contact },
	{ "what it had of the logical unit goes with it", what_it_had_goes_with_it },
	{ "medium removal that it prevents counts once", what_it_prevents_counts_once },
	{ "one that is hidden leaves its number to the next", a_hidden_one_makes_room },
};

UNIT_MAIN("scsi/itl", tests)
