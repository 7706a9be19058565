/*
 * The device server without a transport: CDBs and their data against RAM stores
 * and one that answers late, and restarts in between.
 */
#include "device_rig.h"
#include "restart.h"

#include "base/bytes.h"
#include "base/log.h"
#include "scsi/lun.h"
#include "scsi/nexus.h"
#include "scsi/sense.h"
#include "scsi/tmf.h"
#include "scsi/xcopy_list.h"

#include <errno.h>

#define DATA_MAX     (64u << 10) /* bytes of data-out that a command is given at most */
#define LATE_MAX     24          /* commands in flight */
#define LOG_SENSE    0x4d
#define COPY         0x83 /* EXTENDED COPY */
#define OPS_MAX      64   /* of one input */
#define RESTARTS_MAX 8    /* likewise: each is dear */
#define RESTART      15   /* an operation where there is a state directory */
#define SMALL        0x01 /* the first byte: a small pool of buffers */
#define KEEPS        0x02 /* … a state directory */

/* ---- commands ---- */

/* EDTL and direction: mostly what the CDB says. */
static void expect(struct feed *f, struct cmd *c)
{
	uint8_t how = feed_u8(f);

	c->t.edtl = c->made.exact;
	c->t.may_read = c->made.in;
	c->t.may_write = c->made.out;
	if (how >= 0xf0)
		c->t.edtl = UINT32_MAX - feed_u8(f);
	else if (how >= 0xe0)
		c->t.edtl = feed_u32(f);
	else if (how >= 0xd0)
		c->t.edtl += feed_near(f);
	if (how & 1 && how >= 0xc0) {
		c->t.may_read = how & 2;
		c->t.may_write = how & 4;
	}
	if (c->t.may_write && c->t.edtl > DATA_MAX)
		c->t.edtl = DATA_MAX;
}

static void bring_early(struct feed *f, struct cmd *c)
{
	uint32_t n = feed_u16(f) % 8192;

	if (n > c->t.edtl)
		n = c->t.edtl;
	c->t.buf = n ? buf_get(&c->r->pool, n) : NULL;
	if (!c->t.buf)
		return;
	memcpy(c->t.buf->data, c->out, n);
	c->t.out_have = n;
}

static void make_cdb(struct rig *r, struct feed *f, struct cmd *c)
{
	const struct scsi_lu *lu = scsi_device_lu(&r->dev, c->lun < RIG_LUNS ? c->lun : 0);

	cdb_make(f, (struct cdb_table){ lu->cmds, lu->ncmds }, lu->opt.block_size, &c->made);
	/* Room for a list, which no byte can say. */
	if (c->made.row && c->made.cdb[0] == COPY) {
		c->made.exact = 16 + 2 * XCOPY_CSCD_LEN + 4 * XCOPY_SEGMENT_LEN;
		put_be32(c->made.cdb + 10, c->made.exact);
	}
}

/* SPC-4, 6.4.3: two logical units, up to four segments; a few bytes of it are any. */
static void copy_list(struct rig *r, struct feed *f, uint8_t *p, uint32_t len)
{
	uint8_t how = feed_u8(f), i, n = how & 3;
	uint8_t *d = p + 16;

	memset(p, 0, len);
	if (len < 16 + 2 * XCOPY_CSCD_LEN + 4 * XCOPY_SEGMENT_LEN) {
		feed_bytes(f, p, len);
		return;
	}
	p[0] = how >> 2 & 1;
	put_be16(p + 2, 2 * XCOPY_CSCD_LEN);
	put_be32(p + 8, (uint32_t)(n + 1) * XCOPY_SEGMENT_LEN);
	for (i = 0; i < 2; i++, d += XCOPY_CSCD_LEN) {
		const struct scsi_lu *lu = scsi_device_lu(&r->dev, feed_u8(f) % RIG_LUNS);

		d[0] = XCOPY_CSCD_ID;
		d[1] = lu->opt.type;
		d[4] = 1;
		d[5] = 3;
		d[7] = SCSI_NAA_LEN;
		memcpy(d + 8, lu->naa, SCSI_NAA_LEN);
		d[28] = how >> 3 & 4; /* PAD */
		put_be24(d + 29, lu->opt.block_size);
	}
	for (i = 0; i <= n; i++, d += XCOPY_SEGMENT_LEN) {
		uint8_t sides = feed_u8(f);

		d[0] = XCOPY_SEGMENT_B2B;
		d[1] = sides >> 2 & 3;
		d[3] = XCOPY_SEGMENT_LEN - 4;
		d[5] = sides & 1;
		d[7] = sides >> 1 & 1;
		d[11] = feed_u8(f);
		d[19] = feed_u8(f);
		d[27] = feed_u8(f);
	}
	if (how & 0x80)
		p[feed_u8(f) % len] = feed_u8(f);
}

static struct cmd *cmd_new(struct rig *r, struct feed *f)
{
	struct cmd *c = calloc(1, sizeof(*c));
	uint8_t where = feed_u8(f), how = feed_u8(f);
	uint32_t number;

	MUST(c, "memory");
	c->r = r;
	c->lun = where % 8 < RIG_LUNS ? where % 8 : where >= 0xf0 ? RIG_LUNS : 0;
	scsi_task_init(&c->t, &rig_port, &r->x[where >> 3 & 1]);
	scsi_lun_put(c->t.lun, c->lun);
	if (where == 0xff) { /* bytes of any kind, which may well name one */
		feed_bytes(f, c->t.lun, sizeof(c->t.lun));
		c->lun = !scsi_lun_get(c->t.lun, &number) && number < RIG_LUNS ? number : RIG_LUNS;
	}
	make_cdb(r, f, c);
	memcpy(c->t.cdb, c->made.cdb, sizeof(c->made.cdb));
	c->t.cdb_len = how >= 0xfc ? (uint16_t)(6 + feed_u8(f) % 255) : 16;
	c->t.attr = how & 0x40 ? (how >> 4) & 3 : SCSI_SIMPLE;
	c->give_up = (how & 0x0f) == 1;
	c->late_data = (how & 0x0f) >= 0x0c;
	expect(f, c);
	c->out_len = c->t.may_write ? c->t.edtl : 0;
	c->out = malloc(c->out_len + 1);
	MUST(c->out, "memory");
	if (c->made.row && c->t.cdb[0] == COPY)
		copy_list(r, f, c->out, c->out_len);
	else
		cdb_data(f, &c->made, c->out, c->out_len);
	if (c->out_len && (how & 0x0f) == 2)
		bring_early(f, c);
	return c;
}

/* Submit it and let move what can. False: it goes on, and is freed at its end. */
static bool submit(struct rig *r, struct cmd *c)
{
	c->inside = true;
	scsi_submit(&c->t);
	c->inside = false;
	rig_run(r);
	if (c->done)
		return true;
	c->is_late = true;
	r->late++;
	if (c->t.cdb[0] == COPY)
		r->copies++;
	if (c->lun < RIG_LUNS) {
		r->late_on[c->lun]++;
		r->stale[c->lun] = true;
	}
	return false;
}

/* The next buffer that somebody gets has that in it. */
static void poison(struct rig *r, uint8_t with)
{
	struct buf *b = buf_get(&r->pool, 4096);

	if (b)
		memset(b->data, with, b->size);
	buf_put(b);
}

/* Parameter data must not have what was in the buffer before: twice the same, then. */
static void twice(struct rig *r, const struct cmd *first)
{
	struct cmd *c = calloc(1, sizeof(*c));

	MUST(c, "memory");
	c->r = r;
	c->lun = first->lun;
	scsi_task_init(&c->t, &rig_port, first->t.nexus);
	memcpy(c->t.lun, first->t.lun, sizeof(c->t.lun));
	memcpy(c->t.cdb, first->t.cdb, sizeof(c->t.cdb));
	c->t.cdb_len = first->t.cdb_len;
	c->t.may_read = true;
	c->t.edtl = first->t.edtl;
	poison(r, 0x5a);
	if (!submit(r, c))
		return;
	if (c->t.status == SCSI_GOOD)
		MUST(c->t.in_len == first->t.in_len &&
			     !memcmp(scsi_task_in(&c->t), scsi_task_in(&first->t), c->t.in_len),
		     "opcode %02x tells what was in its buffer", c->t.cdb[0]);
	rig_cmd_free(c);
}

/* Two of them in a row tell the same. But the odd store has other space whenever it is asked. */
static bool is_lone_inquiry(const struct cmd *c)
{
	const struct scsi_task *t = &c->t;
	bool tells_space = t->cdb[0] == LOG_SENSE && c->lun == RIG_ODD_LUN;

	return !tells_space && t->cmd && t->cmd->xfer == XFER_IN_ALLOC && t->cdb[0] != 0x03 &&
	       t->in_len > 0 && t->in_len <= 4096 && t->status == SCSI_GOOD;
}

static void command(struct rig *r, struct feed *f)
{
	struct cmd *c = cmd_new(r, f);
	bool known;

	if (r->late == LATE_MAX) {
		rig_cmd_free(c);
		return;
	}
	known = rig_has_shadow(r, c->lun) && !(c->lun == RIG_ODD_LUN && r->odd->error);
	poison(r, 0xa5);
	if (c->t.cdb[0] == COPY) /* it may write any of them, also when it fails */
		memset(r->stale, true, sizeof(r->stale));
	if (!submit(r, c))
		return;
	if (known && !c->t.aborted && c->t.status == SCSI_GOOD)
		rig_went_well(r, c);
	else if (c->lun == RIG_ODD_LUN)
		r->stale[c->lun] = true;
	if (is_lone_inquiry(c))
		twice(r, c);
	rig_cmd_free(c);
}

/* ---- task management ---- */

struct function {
	struct scsi_tmf tmf; /* first */
	struct rig *r;
};

static void tmf_done(struct scsi_tmf *tmf)
{
	struct function *t = (struct function *)tmf;

	t->r->tmfs--;
	free(t);
}

static struct scsi_task *task_of(const struct scsi_lu *lu, const struct scsi_nexus *x)
{
	struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->nexus == x && t->attr != SCSI_INNER)
			return t;
	}
	return NULL;
}

static void task_management(struct rig *r, struct feed *f)
{
	struct function *t = calloc(1, sizeof(*t));
	uint8_t what = feed_u8(f), lun = feed_u8(f) % (RIG_LUNS + 1);
	struct scsi_lu *lu = scsi_device_lu(&r->dev, lun);

	MUST(t, "memory");
	t->r = r;
	t->tmf.function = (enum scsi_tmf_function)((what & 0x1f) % 13);
	t->tmf.nexus = &r->x[what >> 5 & 1];
	scsi_lun_put(t->tmf.lun, lun);
	t->tmf.task = lu && what & 0x40 ? task_of(lu, t->tmf.nexus) : NULL;
	t->tmf.done = tmf_done;
	r->tmfs++;
	scsi_tmf_submit(&t->tmf);
}

/* ---- */

static void odd_behaviour(struct rig *r, struct feed *f)
{
	static const int errors[] = { 0,           -EIO,    -ENOSPC, -EROFS,  -EINVAL,
				      -EOPNOTSUPP, -ENOMEM, -EAGAIN, -ENODEV, -ETIMEDOUT };
	uint8_t how = feed_u8(f);

	r->odd->hold = how & 0x80;
	r->odd->error = errors[(how & 0x7f) % (sizeof(errors) / sizeof(errors[0]))];
	r->stale[RIG_ODD_LUN] = true;
}

static void late_data(struct rig *r, struct feed *f)
{
	struct scsi_lu *lu = scsi_device_lu(&r->dev, feed_u8(f) % RIG_LUNS);
	struct scsi_task *t;

	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->attr != SCSI_INNER && ((struct cmd *)t)->wants_data) {
			rig_bring((struct cmd *)t);
			return;
		}
	}
}

static void step(struct rig *r, struct feed *f)
{
	uint8_t op = feed_u8(f) % 16;

	switch (op) {
	case 10: task_management(r, f); break;
	case 11: odd_behaviour(r, f); break;
	case 12: odd_store_answer(r->odd, feed_u8(f)); break;
	case 13: late_data(r, f); break;
	case 14: rig_run(r); break;
	case RESTART:
		if (r->state_dir && r->restarts++ < RESTARTS_MAX)
			restart(r, f);
		else
			command(r, f);
		break;
	default: command(r, f);
	}
}

static void silence(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = { data, size };
	uint8_t with = feed_u8(&f);
	unsigned int i;
	struct rig r;

	log_set_sink(silence, NULL);
	log_set_level(LOG_LEVEL_DEBUG);
	rig_open(&r, with & SMALL ? 512u << 10 : 64u << 20, with & KEEPS ? restart_dir() : NULL);
	for (i = 0; i < OPS_MAX && f.left; i++)
		step(&r, &f);
	for (i = 0; i < RIG_LUNS; i++)
		rig_check_shadow(&r, i);
	rig_close(&r);
	return 0;
}
