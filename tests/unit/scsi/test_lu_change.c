#include "scsi/lu_change.h"

#include "keep_rig.h"

static const uint8_t write_10[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
static const uint8_t read_10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
static const uint8_t ready[6] = { 0x00 };

/* The options that lu has. */
static struct scsi_lu_change as_it_is(const struct scsi_lu *lu)
{
	struct scsi_lu_change c = {
		.physical_block_size = lu->opt.physical_block_size,
		.write_cache = lu->opt.write_cache,
		.thin = lu->opt.thin,
		.soft_threshold = lu->opt.soft_threshold,
		.read_only = lu->opt.read_only,
		.user = lu->opt.user,
	};

	return c;
}

/* What TEST UNIT READY says. */
static uint32_t sense_of(struct rig *r)
{
	struct rig_cmd c;

	rig_none(r, &c, ready, sizeof(ready));
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

/* What has begun goes on to its end; what has not waits, in the order in which it came. */
static void held(void)
{
	static const uint8_t data[512] = "new";
	struct rig_cmd begun, later;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&begun, &r.x[0], write_10, sizeof(write_10));
	rig_expect_out(&begun, data, 512);
	rig_submit(&begun);
	rig_run(&r);
	scsi_lu_hold(r.lu);
	CU_ASSERT_FALSE(scsi_lu_is_quiet(r.lu));
	rig_cmd_init(&later, &r.x[1], read_10, sizeof(read_10));
	rig_expect_in(&later, 512);
	rig_submit(&later);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(begun.done, 1);
	CU_ASSERT_EQUAL(later.done, 0);
	CU_ASSERT(scsi_lu_is_quiet(r.lu));
	scsi_lu_go_on(r.lu);
	rig_run(&r);
	CU_ASSERT_EQUAL(later.done, 1);
	CU_ASSERT_EQUAL(later.t.status, SCSI_GOOD);
	CU_ASSERT(memcmp(later.t.buf->data, data, 512) == 0);
	scsi_task_fini(&begun.t);
	scsi_task_fini(&later.t);
	rig_close(&r);
}

/* A command that waits while it is held can be aborted. */
static void abort_of_the_held(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	scsi_lu_hold(r.lu);
	rig_cmd_init(&c, &r.x[0], read_10, sizeof(read_10));
	rig_expect_in(&c, 512);
	rig_submit(&c);
	rig_run(&r);
	scsi_abort(&c.t);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT(c.t.aborted);
	CU_ASSERT(scsi_lu_is_quiet(r.lu));
	scsi_lu_go_on(r.lu);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Another store takes over, and nobody notices. */
static void another_store(void)
{
	struct scsi_lu_change change;
	struct rig_store *s;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	s = rig_store_new(&r, 512, true);
	memcpy(s->bytes, "other", 5);
	change = as_it_is(r.lu);
	change.store = &s->store;
	scsi_lu_hold(r.lu);
	store_close(scsi_lu_change(r.lu, &change));
	scsi_lu_go_on(r.lu);
	rig_in(&r, &c, read_10, sizeof(read_10), 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT(memcmp(c.t.buf->data, "other", 5) == 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* What a command can see of a change is told, once. */
static void who_sees_it_is_told(void)
{
	struct scsi_lu_change change;
	struct rig r;

	rig_start(&r);
	change = as_it_is(r.lu);
	CU_ASSERT_PTR_NULL(scsi_lu_change(r.lu, &change));
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_NONE);
	change.physical_block_size = 4096;
	scsi_lu_change(r.lu, &change);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_CAPACITY);
	change.read_only = true;
	scsi_lu_change(r.lu, &change);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_MODE_CHANGED);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_NONE);
	rig_close(&r);
}

/* With the cache off what was in it is flushed, and each write is durable from then on. */
static void the_cache_goes_off(void)
{
	static const uint8_t data[512];
	struct scsi_lu_change change;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	change = as_it_is(r.lu);
	change.write_cache = false;
	scsi_lu_change(r.lu, &change);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_MODE_CHANGED);
	rig_out(&r, &c, write_10, sizeof(write_10), data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->flags[1], STORE_FUA);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Another soft threshold is looked at, and told when it is reached already. */
static void the_threshold_moves(void)
{
	static const struct {
		uint8_t threshold; /* 80 % are in use */
		bool is_reached;
	} steps[] = { { 90, false }, { 70, true }, { 60, true }, { 0, false }, { 80, true } };
	struct scsi_lu_change change;
	unsigned int errors = 0;
	struct rig r;
	size_t i;

	log_set_sink(keep_no_log, &errors);
	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_SPACE;
	r.disk->space = (struct store_space){ .available = 20 << 20, .total = 100 << 20 };
	change = as_it_is(r.lu);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		change.soft_threshold = steps[i].threshold;
		CU_ASSERT_PTR_NULL(scsi_lu_change(r.lu, &change));
		rig_run(&r);
		CU_ASSERT_EQUAL(sense_of(&r), SENSE_MODE_CHANGED); /* page 1Ch/02h has it */
		CU_ASSERT_EQUAL(sense_of(&r),
				steps[i].is_reached ? SENSE_SOFT_THRESHOLD : SENSE_NONE);
		CU_ASSERT_EQUAL(sense_of(&r), SENSE_NONE);
	}
	rig_close(&r);
	log_set_sink(NULL, NULL);
}

/* One that is taken away while somebody looks is not told of. */
static void a_threshold_that_is_gone(void)
{
	struct scsi_lu_change change;
	struct rig r;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_SPACE;
	r.disk->space = (struct store_space){ .available = 20 << 20, .total = 100 << 20 };
	r.disk->hold = true;
	change = as_it_is(r.lu);
	change.soft_threshold = 50;
	scsi_lu_change(r.lu, &change);
	change.soft_threshold = 0;
	scsi_lu_change(r.lu, &change);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_MODE_CHANGED);
	CU_ASSERT_EQUAL(sense_of(&r), SENSE_NONE);
	rig_close(&r);
}

/* Thin provisioning that comes back is looked after again. */
static void thin_again(void)
{
	struct scsi_lu_change change;
	struct rig r;

	rig_start(&r);
	r.disk->store.caps |= STORE_CAN_SPACE;
	r.disk->space = (struct store_space){ .available = 90 << 20, .total = 100 << 20 };
	change = as_it_is(r.lu);
	change.soft_threshold = 50;
	scsi_lu_change(r.lu, &change);
	rig_run(&r);
	change.thin = false;
	scsi_lu_change(r.lu, &change);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	CU_ASSERT_EQUAL(r.lu->thin.due, UINT64_MAX);
	change.thin = true;
	scsi_lu_change(r.lu, &change);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_SPACE);
	CU_ASSERT_NOT_EQUAL(r.lu->thin.due, UINT64_MAX);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a held unit begins nothing, and goes on where it was", held },
	{ "who waits for a held unit can be aborted", abort_of_the_held },
	{ "another store takes over", another_store },
	{ "what can be seen of a change is told", who_sees_it_is_told },
	{ "without a cache nothing stays in it", the_cache_goes_off },
	{ "another soft threshold counts at once", the_threshold_moves },
	{ "one that is gone is not told of", a_threshold_that_is_gone },
	{ "space is looked at again when it is thin again", thin_again },
};

UNIT_MAIN("scsi/lu_change", tests)
