#include "scsi/xcopy_log.h"

#include "unit.h"

/* A copy from begin to end. */
static void run(struct xcopy_log *l, uint8_t id)
{
	struct xcopy_record *r = xcopy_log_start(l, id);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT(r->is_running && r->id == id);
	xcopy_log_end(l, r);
}

static void found_by_identifier(void)
{
	struct xcopy_record *r;
	struct xcopy_log l;

	xcopy_log_init(&l);
	CU_ASSERT_PTR_NULL(xcopy_log_find(&l, 1));
	run(&l, 1);
	run(&l, 2);
	r = xcopy_log_find(&l, 1);
	CU_ASSERT_FATAL(r && !r->is_running);
	xcopy_log_drop(&l, r);
	CU_ASSERT_PTR_NULL(xcopy_log_find(&l, 1));
	r = xcopy_log_start(&l, 2); /* what was kept under it is forgotten */
	CU_ASSERT_PTR_EQUAL(xcopy_log_find(&l, 2), r);
	xcopy_log_end(&l, r);
	CU_ASSERT_EQUAL(l.ended, 1);
	xcopy_log_fini(&l);
}

static void the_oldest_go(void)
{
	struct xcopy_record *runs;
	struct xcopy_log l;
	int id;

	xcopy_log_init(&l);
	runs = xcopy_log_start(&l, 0); /* older than all, and does not count */
	for (id = 1; id <= XCOPY_LOG_KEPT + 3; id++)
		run(&l, (uint8_t)id);
	CU_ASSERT_EQUAL(l.ended, XCOPY_LOG_KEPT);
	for (id = 0; id <= XCOPY_LOG_KEPT + 3; id++)
		CU_ASSERT_EQUAL(xcopy_log_find(&l, (uint8_t)id) != NULL, id == 0 || id > 3);
	xcopy_log_end(&l, runs);
	CU_ASSERT_PTR_NULL(xcopy_log_find(&l, 4));
	xcopy_log_fini(&l);
}

static void forgotten_while_it_runs(void)
{
	struct xcopy_record *r;
	struct xcopy_log l;

	xcopy_log_init(&l);
	run(&l, 1);
	r = xcopy_log_start(&l, 2);
	xcopy_log_clear(&l);
	CU_ASSERT_PTR_NULL(xcopy_log_find(&l, 1));
	CU_ASSERT_PTR_NULL(xcopy_log_find(&l, 2));
	run(&l, 2); /* its identifier is free again */
	xcopy_log_end(&l, r);
	CU_ASSERT_PTR_NOT_NULL(xcopy_log_find(&l, 2));
	CU_ASSERT_EQUAL(l.ended, 1);
	xcopy_log_fini(&l);
}

static const struct unit_test tests[] = {
	{ "a record is found by its identifier", found_by_identifier },
	{ "of those that have ended the oldest go", the_oldest_go },
	{ "one that is forgotten while it runs leaves nothing", forgotten_while_it_runs },
};

UNIT_MAIN("scsi/xcopy_log", tests)
