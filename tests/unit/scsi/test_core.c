#include "scsi/core.h"

#include "rig.h"
#include "scsi/cmd_table.h"
#include "scsi/tmf.h"

#include <errno.h>

#define ROUNDS 1000
#define BATCH  32

/* Numbers that are always the same. */
struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *d, uint32_t sides)
{
	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(d->state >> 33) % sides;
}

/* A CDB that is mostly right: of a row, with numbers that are mostly small. */
static void any_cdb(struct dice *d, uint8_t cdb[16])
{
	const struct scsi_cmd *row = &cmd_table[roll(d, (uint32_t)cmd_table_len)];
	int i;

	memset(cdb, 0, 16);
	if (roll(d, 20) == 0) { /* anything */
		for (i = 0; i < 16; i++)
			cdb[i] = (uint8_t)roll(d, 256);
		return;
	}
	for (i = 1; i < cdb_len(row->opcode); i++) {
		if (roll(d, 3) == 0)
			cdb[i] = (uint8_t)(row->usage[i] & roll(d, 256));
		if (roll(d, 4) == 0)
			cdb[i] &= 0x0f;
	}
	if (roll(d, 3)) /* the high bytes of LBA and length are seldom anything but 0 */
		memset(cdb + 2, 0, 2 + roll(d, 8));
	cdb[0] = row->opcode;
	if (row->sa != NO_SA)
		cdb[1] = (uint8_t)row->sa;
}

static void any_cmd(struct rig *r, struct dice *d, struct rig_cmd *c)
{
	static uint8_t data[4u << 20];
	static const uint32_t lengths[] = {
		0, 1, 8, 24, 512, 513, 4096, 65536, 1u << 20, 4u << 20
	};
	uint32_t edtl = lengths[roll(d, sizeof(lengths) / sizeof(lengths[0]))];
	uint8_t cdb[16];

	any_cdb(d, cdb);
	rig_cmd_init(c, &r->x[roll(d, 2)], cdb, 16);
	c->t.lun[1] = roll(d, 10) == 0;
	c->t.attr = (uint8_t)(roll(d, 4) ? 0 : roll(d, 5));
	if (roll(d, 2))
		rig_expect_in(c, edtl);
	else if (roll(d, 10))
		rig_expect_out(c, data, edtl);
	c->t.may_read |= roll(d, 20) == 0;
	if (c->t.may_write && edtl && roll(d, 2)) {
		c->t.buf = buf_get(&r->pool, edtl);
		c->t.out_have = c->t.buf ? roll(d, edtl + 1) : 0;
	}
	c->hold_data = roll(d, 2);
	for (edtl = 0; edtl < 24; edtl++) /* a parameter list of small numbers */
		data[edtl] = (uint8_t)(roll(d, 2) ? 0 : roll(d, 32));
}

static void tmf_done(struct scsi_tmf *tmf)
{
	tmf->task = NULL; /* it is over */
}

/* Something happens to what is on its way. */
static void meddle(struct rig *r, struct dice *d, struct rig_cmd *c, uint32_t n,
		   struct scsi_tmf *tmf)
{
	struct rig_cmd *victim = &c[roll(d, n)];

	switch (roll(d, 8)) {
	case 0: scsi_abort(&victim->t); break;
	case 1: scsi_data_arrived(&victim->t); break;
	case 2: rig_release(r->disk, roll(d, 4)); break;
	case 3: r->disk->error = roll(d, 4) ? 0 : -EIO; break;
	case 4: scsi_core_run(&r->core); break;
	case 5: store_env_reap(r->env, true); break;
	case 6: r->disk->hold = roll(d, 2); break;
	case 7:
		if (tmf->nexus)
			return; /* one in a batch */
		*tmf = (struct scsi_tmf){ .function = (enum scsi_tmf_function)roll(d, 10),
					  .nexus = &r->x[roll(d, 2)],
					  .task = &victim->t,
					  .done = tmf_done };
		scsi_tmf_submit(tmf);
		break;
	default: break;
	}
}

static void finish_all(struct rig *r, struct rig_cmd *c)
{
	int left = BATCH;
	int i, turn;

	r->disk->hold = false;
	for (turn = 0; left && turn < 100; turn++) {
		rig_release(r->disk, 64);
		rig_run(r);
		for (i = 0, left = 0; i < BATCH; i++) {
			if (c[i].t.state == SCSI_TASK_DATA)
				rig_bring(&c[i]);
			left += !c[i].done;
		}
	}
	CU_ASSERT_EQUAL_FATAL(left, 0);
}

static void check(const struct rig_cmd *c)
{
	const struct scsi_task *t = &c->t;

	CU_ASSERT_EQUAL(c->done, 1);
	CU_ASSERT(t->in_len <= t->edtl && t->in_len <= t->xfer_len);
	CU_ASSERT(!t->in_len || t->in_len <= t->buf->size);
	CU_ASSERT(t->out_want <= t->edtl);
	CU_ASSERT((t->status == SCSI_CHECK_CONDITION && !t->aborted) == (t->sense_len > 0));
	CU_ASSERT_PTR_NULL(t->work);
}

/* 32000 commands, right and wrong, aborted and failing, each of which must end once. */
static void whatever_comes_ends_once(void)
{
	static struct rig_cmd c[BATCH];
	struct scsi_lu_options opt = rig_options();
	struct dice d = { 1 };
	struct scsi_tmf tmf;
	struct rig r;
	uint32_t round, i;

	opt.removable = true;
	rig_open_with(&r, &opt);
	r.pool.ceiling = 40u << 20;
	for (round = 0; round < ROUNDS; round++) {
		memset(&tmf, 0, sizeof(tmf));
		r.lu->ejected = false; /* else it stays so nearly always */
		r.disk->error = 0;
		for (i = 0; i < BATCH; i++) {
			any_cmd(&r, &d, &c[i]);
			rig_submit(&c[i]);
			meddle(&r, &d, c, i + 1, &tmf);
		}
		finish_all(&r, c);
		CU_ASSERT_PTR_NULL(tmf.task);
		for (i = 0; i < BATCH; i++) {
			check(&c[i]);
			scsi_task_fini(&c[i].t);
		}
		CU_ASSERT(TAILQ_EMPTY(&r.lu->tasks));
		CU_ASSERT_EQUAL(r.lu->ndormant + r.lu->nordering, 0);
		CU_ASSERT_EQUAL_FATAL(r.pool.lent, 0);
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "whatever comes ends once, and leaves nothing behind", whatever_comes_ends_once },
};

UNIT_MAIN("scsi/core", tests)
