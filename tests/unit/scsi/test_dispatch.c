#include "scsi/dispatch.h"

#include "rig.h"

static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 8 };
static const uint8_t write10[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 8 };
static uint8_t data[4096];

/* Refused commands end in the order they came, and not from inside scsi_submit(). */
static void ends_come_from_the_core(void)
{
	static const uint8_t bad[6] = { 0xff };
	struct rig_cmd c[3];
	struct rig r;
	int i;

	rig_start(&r);
	for (i = 0; i < 3; i++) {
		rig_cmd_init(&c[i], &r.x[0], bad, 6);
		rig_submit(&c[i]);
	}
	CU_ASSERT(scsi_core_run(&r.core));
	CU_ASSERT_FALSE(scsi_core_run(&r.core));
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		CU_ASSERT(i == 0 || c[i].order > c[i - 1].order);
		scsi_task_fini(&c[i].t);
	}
	rig_close(&r);
}

/* Data that the port has before the command is submitted. */
static void early_data(void)
{
	static const struct {
		const char *what;
		uint32_t have;
		bool asked;
	} vectors[] = {
		{ "all of it", 4096, false },
		{ "some", 512, true },
		{ "none, but the room", 0, true },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	memset(data, 'd', sizeof(data));
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct buf *b = buf_get(&r.pool, 4096);

		memset(r.disk->bytes, 0, 4096);
		rig_cmd_init(&c, &r.x[0], write10, 10);
		rig_expect_out(&c, data, 4096);
		c.t.buf = b;
		c.t.out_have = vectors[i].have;
		memcpy(b->data, data, vectors[i].have);
		rig_do(&r, &c);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(c.got_data, vectors[i].asked);
		CU_ASSERT_PTR_EQUAL(c.t.buf, b);
		CU_ASSERT_EQUAL(memcmp(r.disk->bytes, data, 4096), 0);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* What came early is kept when the command needs a larger buffer. */
static void early_data_moves(void)
{
	static const uint8_t write16[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 16 };
	static uint8_t more[8192];
	struct rig_cmd c;
	struct rig r;
	struct buf *b;

	rig_start(&r);
	memset(more, 'm', sizeof(more));
	b = buf_get(&r.pool, 4096);
	memcpy(b->data, more, 1000);
	rig_cmd_init(&c, &r.x[0], write16, 10);
	rig_expect_out(&c, more, 8192);
	c.t.buf = b;
	c.t.out_have = 1000;
	c.hold_data = true;
	rig_submit(&c);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.got_data, 1);
	CU_ASSERT(c.t.buf->size >= 8192);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, more, 1000), 0);
	rig_bring(&c);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT_EQUAL(memcmp(r.disk->bytes, more, 8192), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Early data of a command that takes none, or needs work space beside it. */
static void early_data_of_others(void)
{
	static const uint8_t inquiry[6] = { 0x12, 0, 0, 0, 96 };
	static const uint8_t verify[10] = { 0x2f, 0x02, 0, 0, 0, 0, 0, 0, 8 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_cmd_init(&c, &r.x[0], inquiry, 6);
	rig_expect_out(&c, data, 4096);
	c.t.buf = buf_get(&r.pool, 4096);
	c.t.out_have = 4096;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.in_len, 0);
	scsi_task_fini(&c.t);

	memset(r.disk->bytes, 'd', 4096);
	memset(data, 'd', 4096);
	rig_cmd_init(&c, &r.x[0], verify, 10);
	rig_expect_out(&c, data, 4096);
	c.t.buf = buf_get(&r.pool, 4096);
	memcpy(c.t.buf->data, data, 4096);
	c.t.out_have = 4096;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Without a buffer a command waits its turn; an aborted one gives its place up. */
static void no_buffer(void)
{
	struct rig_cmd c[3];
	struct buf *all;
	struct rig r;
	int i;

	rig_start(&r);
	all = buf_get(&r.pool, 16u << 20);
	r.pool.ceiling = r.pool.lent;
	for (i = 0; i < 3; i++) {
		rig_cmd_init(&c[i], &r.x[0], read10, 10);
		rig_expect_in(&c[i], 4096);
		rig_submit(&c[i]);
	}
	rig_run(&r);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(c[i].t.state, SCSI_TASK_NO_BUF);
	scsi_abort(&c[0].t);
	CU_ASSERT_EQUAL(c[0].done, 0);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[0].done, 1);
	CU_ASSERT(c[0].t.aborted);
	buf_put(all);
	rig_run(&r);
	CU_ASSERT(c[1].done && c[2].done && c[1].order < c[2].order);
	for (i = 0; i < 3; i++) {
		CU_ASSERT(i == 0 || c[i].t.in_len == 4096);
		scsi_task_fini(&c[i].t);
	}
	rig_close(&r);
}

/* It has its buffer and waits on the ready list when the abort comes. */
static void abort_of_a_buffered_one(void)
{
	struct rig_cmd c;
	struct buf *all;
	struct rig r;

	rig_start(&r);
	all = buf_get(&r.pool, 16u << 20);
	r.pool.ceiling = r.pool.lent;
	rig_cmd_init(&c, &r.x[0], write10, 10);
	rig_expect_out(&c, data, 4096);
	rig_submit(&c);
	rig_run(&r);
	buf_put(all);
	CU_ASSERT(buf_pool_serve(&r.pool));
	CU_ASSERT_EQUAL(c.t.state, SCSI_TASK_BUFFERED);
	scsi_abort(&c.t);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A READ costs one request to the store and one buffer, and nothing else. */
static void reads_are_lean(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&c, &r.x[0], read10, 10);
	rig_expect_in(&c, 4096);
	rig_submit(&c);
	CU_ASSERT(scsi_core_run(&r.core)); /* one pass is enough */
	CU_ASSERT_EQUAL(r.disk->nheld, 1);
	CU_ASSERT_EQUAL(r.pool.lent, 4096);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void short_cdb(void)
{
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_cmd_init(&c, &r.x[0], read10, 10);
	c.t.cdb_len = 9;
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 9, SENSE_NO_BIT);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "every end comes from the core, in order", ends_come_from_the_core },
	{ "early data stays where it is", early_data },
	{ "early data moves into a larger buffer", early_data_moves },
	{ "early data of other commands does no harm", early_data_of_others },
	{ "without a buffer a command waits in line", no_buffer },
	{ "an abort reaches a task that has just got its buffer", abort_of_a_buffered_one },
	{ "a READ is one request and one buffer", reads_are_lean },
	{ "a CDB that is cut short is refused", short_cdb },
};

UNIT_MAIN("scsi/dispatch", tests)
