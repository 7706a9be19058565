#include "scsi/rangelock.h"

#include "rig.h"

static uint8_t data[8192];

/* A command of nexus x, blocks of data-out counted in parts of 512 bytes. */
static void prepare(struct rig *r, struct rig_cmd *c, int x, uint8_t opcode, uint8_t lba,
		    uint8_t blocks)
{
	uint8_t cdb[16] = { opcode };

	cdb[9] = lba;
	cdb[13] = blocks;
	rig_cmd_init(c, &r->x[x], cdb, 16);
	if (opcode == 0x88)
		rig_expect_in(c, blocks * 512u);
	else
		rig_expect_out(c, data, blocks * (opcode == 0x89 ? 1024u : 512u));
}

/* The store is asked for n things in all. */
static void started(struct rig *r, unsigned int n)
{
	rig_run(r);
	CU_ASSERT_EQUAL(r->disk->nsubmits, n);
}

/* Who waits for whom: the second command is submitted while the first one is with the store. */
static void overlaps(void)
{
	static const struct {
		const char *what;
		uint8_t first, lba, blocks;
		uint8_t second, lba2, blocks2;
		bool waits;
	} vectors[] = {
		{ "reads take no notice", 0x88, 0, 8, 0x88, 0, 8, false },
		{ "nor do writes", 0x8a, 0, 8, 0x8a, 4, 8, false },
		{ "a write in flight holds COMPARE AND WRITE", 0x8a, 0, 8, 0x89, 7, 1, true },
		{ "so does a read", 0x88, 0, 8, 0x89, 0, 1, true },
		{ "COMPARE AND WRITE holds a read", 0x89, 4, 2, 0x88, 5, 8, true },
		{ "and a write", 0x89, 4, 2, 0x8a, 0, 5, true },
		{ "and itself", 0x89, 4, 2, 0x89, 5, 1, true },
		{ "but not what ends before it", 0x89, 4, 2, 0x8a, 0, 4, false },
		{ "nor what begins behind it", 0x89, 4, 2, 0x88, 6, 1, false },
		{ "ORWRITE likewise", 0x8b, 4, 2, 0x88, 4, 1, true },
		{ "WRITE AND VERIFY likewise", 0x8e, 4, 2, 0x88, 4, 1, true },
		{ "WRITE ATOMIC likewise", 0x9c, 4, 1, 0x8a, 4, 1, true },
	};
	struct rig_cmd a, b;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		rig_start(&r);
		r.disk->hold = true;
		prepare(&r, &a, 0, vectors[i].first, vectors[i].lba, vectors[i].blocks);
		prepare(&r, &b, 1, vectors[i].second, vectors[i].lba2, vectors[i].blocks2);
		rig_submit(&a);
		started(&r, 1);
		rig_submit(&b);
		started(&r, vectors[i].waits ? 1 : 2);
		CU_ASSERT_EQUAL(b.t.state == SCSI_TASK_LOCKED, vectors[i].waits);
		r.disk->hold = false;
		rig_release(r.disk, 2);
		rig_run(&r);
		CU_ASSERT(a.done == 1 && b.done == 1);
		CU_ASSERT(!vectors[i].waits || a.order < b.order);
		CU_ASSERT_EQUAL(r.lu->nalone, 0);
		scsi_task_fini(&a.t);
		scsi_task_fini(&b.t);
		rig_close(&r);
	}
}

/* UNMAP's ranges are in its list: it waits for any, and any waits for it. */
static void unmap_may_touch_all(void)
{
	static const uint8_t cdb[10] = { 0x42, 0, 0, 0, 0, 0, 0, 0, 24 };
	static const uint8_t list[24] = { 0, 22, 0, 16, [8 + 6] = 1, [8 + 11] = 1 };
	struct rig_cmd a, b;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	prepare(&r, &a, 0, 0x89, 0, 1);
	rig_submit(&a);
	started(&r, 1);
	rig_cmd_init(&b, &r.x[1], cdb, 10);
	rig_expect_out(&b, list, 24);
	rig_submit(&b);
	started(&r, 1);
	CU_ASSERT_EQUAL(b.t.state, SCSI_TASK_LOCKED);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT(a.done && b.done && a.order < b.order);
	scsi_task_fini(&a.t);
	scsi_task_fini(&b.t);
	rig_close(&r);
}

/* A stream of reads does not keep COMPARE AND WRITE waiting for ever: later ones wait for it. */
static void nobody_overtakes(void)
{
	struct rig_cmd first, caw, late, beside;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	prepare(&r, &first, 0, 0x88, 0, 4);
	prepare(&r, &caw, 1, 0x89, 2, 4);
	prepare(&r, &late, 0, 0x88, 5, 1); /* overlaps only the one that waits */
	prepare(&r, &beside, 0, 0x88, 6, 1);
	rig_submit(&first);
	rig_submit(&caw);
	started(&r, 1);
	rig_submit(&late);
	rig_submit(&beside);
	started(&r, 2);
	CU_ASSERT_EQUAL(late.t.state, SCSI_TASK_LOCKED);
	r.disk->hold = false;
	rig_release(r.disk, 2);
	rig_run(&r);
	CU_ASSERT(first.order < caw.order && caw.order < late.order);
	scsi_task_fini(&first.t);
	scsi_task_fini(&caw.t);
	scsi_task_fini(&late.t);
	scsi_task_fini(&beside.t);
	rig_close(&r);
}

/* An abort of one in line lets those behind it go on; one of who runs waits for the store. */
static void aborts(void)
{
	struct rig_cmd first, caw, late;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	prepare(&r, &first, 0, 0x88, 0, 4);
	prepare(&r, &caw, 1, 0x89, 2, 4);
	prepare(&r, &late, 0, 0x88, 5, 1);
	rig_submit(&first);
	rig_submit(&caw);
	started(&r, 1);
	rig_submit(&late);
	started(&r, 1);
	scsi_abort(&caw.t);
	started(&r, 2);
	CU_ASSERT(caw.done && caw.t.aborted);
	CU_ASSERT_EQUAL(r.lu->nalone, 0);
	rig_release(r.disk, 2);
	rig_run(&r);
	CU_ASSERT(first.done && late.done);
	scsi_task_fini(&first.t);
	scsi_task_fini(&caw.t);
	scsi_task_fini(&late.t);

	prepare(&r, &caw, 1, 0x89, 2, 4);
	prepare(&r, &late, 0, 0x88, 5, 1);
	rig_submit(&caw);
	started(&r, 3);
	rig_submit(&late);
	started(&r, 3);
	scsi_abort(&caw.t);
	started(&r, 3);
	CU_ASSERT_EQUAL(late.t.state, SCSI_TASK_LOCKED);
	rig_release(r.disk, 1);
	started(&r, 4);
	CU_ASSERT(caw.done && !late.done);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT(late.done);
	scsi_task_fini(&caw.t);
	scsi_task_fini(&late.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "who has its blocks alone waits, and is waited for, where blocks overlap", overlaps },
	{ "UNMAP counts as the whole medium", unmap_may_touch_all },
	{ "nobody overtakes one in line that it overlaps", nobody_overtakes },
	{ "an abort in line or in flight lets the others go on", aborts },
};

UNIT_MAIN("scsi/rangelock", tests)
