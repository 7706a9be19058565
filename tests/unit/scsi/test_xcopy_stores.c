#include "scsi/xcopy.h"

#include "xcopy_pair.h"

#include "scsi/lun.h"

#include <errno.h>

/* ---- stores that copy by themselves ---- */

static const struct store_ops copying_ops = {
	.name = "rig",
	.submit = rig_store_submit,
	.close = rig_store_close,
	.copies = true,
};

static void copying(struct pair *p)
{
	p->r.disk->store.ops = &copying_ops;
	p->disk->store.ops = &copying_ops;
}

static void by_the_store(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	list_of(&l, &p);
	xlist_segment(&l, 0, 10, 1, 20, 3000);
	p.r.disk->nsubmits = 0;
	p.disk->nsubmits = 0;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(p.r.disk->nsubmits, 0);
	CU_ASSERT(p.disk->nsubmits == 1 && p.disk->ops[0] == STORE_COPY && p.disk->flags[0] == 0);
	CU_ASSERT_EQUAL(
		memcmp(p.disk->bytes + 20 * BLOCK, p.r.disk->bytes + 10 * BLOCK, 3000 * BLOCK), 0);
	scsi_task_fini(&p.c.t);
	check_status(&p, 1, 1, 3000 * BLOCK);
	p.other->wce = false;
	do_list(&p, &l);
	CU_ASSERT(p.disk->nsubmits == 2 && p.disk->flags[1] == STORE_FUA);
	scsi_task_fini(&p.c.t);
	p.disk->error = -ENOSPC; /* a fault of the store is no reason to try again */
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_NO_SPACE);
	CU_ASSERT_EQUAL(p.disk->nsubmits, 3);
	p.disk->error = 0;
	p.other->opt.read_only = true;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_PROTECTED);
	p.other->opt.read_only = false;
	p.r.lu->reserved_by = NULL;
	p.r.lu->ejected = true;
	do_list(&p, &l);
	check_forwarded(&p, false, SCSI_CHECK_CONDITION, SENSE_NO_MEDIUM);
	pair_close(&p);
}

/* A store that cannot after all, and ranges that overlap: they are read and written. */
static void not_by_the_store(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	p.disk->copy_error = -EOPNOTSUPP;
	list_of(&l, &p);
	xlist_segment(&l, 0, 10, 1, 20, 3000);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	p.disk->nsubmits = 0;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT(p.disk->ops[0] == STORE_COPY && p.disk->ops[1] == STORE_WRITE);
	CU_ASSERT_EQUAL(p.disk->nsubmits, 4); /* and it is not tried again */
	CU_ASSERT_EQUAL(
		memcmp(p.disk->bytes + 20 * BLOCK, p.r.disk->bytes + 10 * BLOCK, 3000 * BLOCK), 0);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* Neither side is waited for while the other is held: the part is read and written instead. */
static void not_by_the_store_behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static const uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	uint32_t lun;

	for (lun = 0; lun < 2; lun++) {
		struct rig_store *s;

		pair_open(&p, 512);
		copying(&p);
		s = lun ? p.disk : p.r.disk;
		memset(s->bytes, 0, 512);
		s->hold = true;
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, lun);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(s->nheld, 1);
		list_of(&l, &p);
		xlist_segment(&l, 0, 0, 1, 0, 1);
		xlist_cmd(&p.c, &p.r.x[0], &l);
		rig_submit(&p.c);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(s->nheld, 1);
		s->hold = false;
		rig_release(s, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT(p.c.done == 1 && p.c.t.status == SCSI_GOOD);
		CU_ASSERT_EQUAL(memcmp(p.disk->bytes, p.r.disk->bytes, 512), 0);
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

/*
 * The source's blocks are held, an atomic command waits for them, and the destination's are
 * behind that one in line: who held and waited here would wait for ever.
 */
static void no_deadlock_behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 8 };
	static uint8_t data[16 * BLOCK];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	memcpy(data, p.r.disk->bytes, 8 * BLOCK);
	memset(data + 8 * BLOCK, 0x33, 8 * BLOCK);
	rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
	rig_expect_out(&atomic, data, sizeof(data));
	atomic.hold_data = true;
	rig_submit(&atomic);
	xlist_init(&l, 1, XLIST_HELD);
	xlist_cscd(&l, p.r.lu);
	xlist_segment(&l, 0, 0, 0, 5, 1);
	xlist_cmd(&p.c, &p.r.x[0], &l);
	rig_submit(&p.c);
	scsi_core_run(&p.r.core); /* the copy's data comes */
	scsi_core_run(&p.r.core); /* it begins: its inner command is next */
	rig_bring(&atomic);
	rig_run(&p.r);
	CU_ASSERT_FATAL(atomic.done == 1 && p.c.done == 1);
	CU_ASSERT(atomic.t.status == SCSI_GOOD && p.c.t.status == SCSI_GOOD);
	CU_ASSERT_EQUAL(p.r.disk->ops[0], STORE_READ); /* nothing was copied by the store */
	CU_ASSERT_EQUAL(p.r.disk->bytes[5 * BLOCK], 0x33);
	scsi_task_fini(&atomic.t);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* While the store copies, an atomic command waits for either side; an abort is waited for. */
static void while_the_store_copies(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static const uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	uint32_t lun;

	for (lun = 0; lun < 2; lun++) {
		pair_open(&p, 512);
		copying(&p);
		memset(p.r.disk->bytes, 0, 512);
		start_held(&p, &l);
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, lun);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 0 && p.disk->nheld == 1);
		if (lun)
			scsi_abort(&p.c.t);
		p.disk->hold = false;
		rig_release(p.disk, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT(p.c.done == 1 && p.c.t.aborted == (lun == 1));
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

static const struct unit_test tests[] = {
	{ "stores that can copy do", by_the_store },
	{ "what a store cannot copy is read and written", not_by_the_store },
	{ "who has blocks waits for nobody", not_by_the_store_behind_an_atomic_command },
	{ "blocks held and waited for make no deadlock", no_deadlock_behind_an_atomic_command },
	{ "blocks that a store copies are not for atomic commands", while_the_store_copies },
};

UNIT_MAIN("scsi/xcopy, with stores that copy", tests)
