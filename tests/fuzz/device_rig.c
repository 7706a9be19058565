#include "device_rig.h"

#include "base/bytes.h"
#include "scsi/nexus.h"
#include "store/env.h"
#include "store/ram.h"

#define LATE_MAX 100 /* rounds until all that is in flight has ended */

const struct scsi_lu_options rig_options[RIG_LUNS] = {
	{ .number = 0, .block_size = 512, .write_cache = true, .thin = true },
	{ .number = 1, .block_size = 4096 },
	{ .number = 2, .block_size = 512, .read_only = true, .physical_block_size = 4096 },
	{ .number = 3, .block_size = 512, .thin = true, .removable = true },
	{ .number = RIG_ODD_LUN,
	  .block_size = 4096,
	  .write_cache = true,
	  .thin = true,
	  .soft_threshold = 50 },
	{ .number = 5,
	  .type = SCSI_CDROM,
	  .block_size = 2048,
	  .read_only = true,
	  .removable = true },
};

static struct store_env *env_of_all(void)
{
	static struct store_env *env;

	if (!env)
		MUST(!store_env_new(16, 1, &env), "store_env_new");
	return env;
}

/*
 * In the place of the workers' (the linker sees to it): what a worker would do is done at once, so
 * that an input comes to the same every time, and quicker.
 */
void __wrap_env_work(struct store_io *io, int (*work)(struct store_io *io),
		     void (*next)(struct store_io *io, long result));

void __wrap_env_work(struct store_io *io, int (*work)(struct store_io *io),
		     void (*next)(struct store_io *io, long result))
{
	next(io, work(io));
}

/* ---- the port ---- */

void rig_bring(struct cmd *c)
{
	struct scsi_task *t = &c->t;

	MUST(t->out_want <= c->out_len && t->buf && t->out_want <= t->buf->size, "%u of %u bytes",
	     t->out_want, c->out_len);
	MUST(!memcmp(t->buf->data, c->out, t->out_have), "what was there already is gone");
	memcpy(t->buf->data, c->out, t->out_want);
	t->out_have = t->out_want;
	c->wants_data = false;
	scsi_data_arrived(t);
}

static void get_data(struct scsi_task *t)
{
	struct cmd *c = (struct cmd *)t;

	MUST(!c->inside && !c->done && !c->wants_data, "get_data() out of turn");
	MUST(t->out_want && t->out_want <= t->edtl && t->may_write, "%u bytes wanted", t->out_want);
	MUST(t->out_have < t->out_want || t->out_have < t->edtl, "it has all data already");
	c->wants_data = true;
	if (c->late_data)
		return;
	if (c->give_up)
		scsi_abort(t);
	else
		rig_bring(c);
}

static void check_result(const struct scsi_task *t)
{
	bool check = t->status == SCSI_CHECK_CONDITION;

	MUST(t->in_len <= t->edtl && t->in_len <= t->xfer_len, "%u bytes in, EDTL %u, %u moved",
	     t->in_len, t->edtl, t->xfer_len);
	MUST(!t->in_len || (t->may_read && t->buf && t->in_len <= t->buf->size), "%u bytes in",
	     t->in_len);
	MUST(check == (t->sense_len > 0), "status %02x with %u bytes of sense", t->status,
	     t->sense_len);
	MUST(!check || (t->sense_len >= 8 && (t->sense[0] & 0x7e) >= 0x70), "sense %02x",
	     t->sense[0]);
	MUST(!check || !t->in_len, "data with CHECK CONDITION");
	MUST(t->out_want <= t->edtl, "%u of %u bytes wanted", t->out_want, t->edtl);
}

void rig_cmd_free(struct cmd *c)
{
	scsi_task_fini(&c->t);
	free(c->out);
	free(c);
}

static void done(struct scsi_task *t)
{
	struct cmd *c = (struct cmd *)t;

	MUST(!c->inside, "done() from inside");
	MUST(c->done++ == 0, "done() twice");
	if (!t->aborted)
		check_result(t);
	if (!c->is_late)
		return;
	c->r->late--;
	if (t->cdb[0] == 0x83)
		c->r->copies--;
	if (c->lun < RIG_LUNS)
		c->r->late_on[c->lun]--;
	rig_cmd_free(c);
}

static void in_moved(struct scsi_task *t, const uint8_t *from)
{
	MUST(scsi_task_in(t) == t->buf->data && from, "data-in has moved to nowhere");
}

const struct scsi_port_ops rig_port = { .get_data = get_data, .done = done, .in_moved = in_moved };

/* ---- the rig ---- */

void rig_run(struct rig *r)
{
	unsigned int turns = 0;
	bool moved = true;

	while (moved) {
		moved = store_env_reap(env_of_all(), false);
		moved |= scsi_core_run(&r->core);
		moved |= buf_pool_serve(&r->pool);
		MUST(++turns < 100000, "it never comes to rest");
	}
}

static void open_store(struct rig *r, unsigned int i)
{
	const struct scsi_lu_options *opt = &rig_options[i];
	struct store_params params = { .size = RIG_SIZE,
				       .block_size = opt->block_size,
				       .thin = opt->thin };
	char why[STORE_WHY_MAX];

	if (i == RIG_ODD_LUN) {
		r->odd = odd_store_new(env_of_all(), RIG_SIZE, opt->block_size);
		r->stores[i] = &r->odd->store;
	} else {
		MUST(!ram_open(env_of_all(), &params, &r->stores[i], why), "%s", why);
	}
	r->shadow[i] = calloc(1, RIG_SIZE);
	MUST(r->shadow[i], "memory");
}

static void open_lu(struct rig *r, unsigned int i)
{
	struct scsi_lu_options opt = rig_options[i];
	struct scsi_lu *lu;

	scsi_lu_identity(&opt, r->dev.name);
	MUST(!scsi_lu_new(&r->core, r->stores[i], &opt, &lu), "scsi_lu_new");
	MUST(!scsi_device_add(&r->dev, lu), "scsi_device_add");
	MUST(!scsi_lu_load(lu), "scsi_lu_load");
	scsi_lu_start(lu);
}

static bool sees(const struct scsi_nexus *x, const struct scsi_lu *lu)
{
	return x->user == NULL || lu->opt.number != 2;
}

static void open_nexus(struct rig *r, unsigned int i)
{
	struct scsi_nexus *x = &r->x[i];

	memset(x, 0, sizeof(*x));
	x->tport.rel_id = 1;
	x->tport.group = 1;
	snprintf(x->tport.name, sizeof(x->tport.name), "%.240s,t,0x0001", r->dev.name);
	snprintf(x->initiator, sizeof(x->initiator), "iqn.%u,i,0x01", i);
	x->sees = sees;
	x->user = i ? r : NULL;
	MUST(!tid_make(&x->tid, x->initiator), "tid_make");
	MUST(!scsi_nexus_open(x, &r->dev), "scsi_nexus_open");
}

void rig_start(struct rig *r)
{
	unsigned int i;

	scsi_core_init(&r->core, &r->pool);
	r->core.state_dir = r->state_dir;
	scsi_device_init(&r->dev, &r->core, "iqn.2026-11.org.example:disk1");
	for (i = 0; i < RIG_LUNS; i++)
		open_lu(r, i);
	for (i = 0; i < 2; i++)
		open_nexus(r, i);
}

void rig_open(struct rig *r, size_t ceiling, const char *state_dir)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->state_dir = state_dir;
	buf_pool_init(&r->pool, ceiling, 0);
	for (i = 0; i < RIG_LUNS; i++)
		open_store(r, i);
	rig_start(r);
}

/* Whoever waits for data of his port has it given up; then all can end. */
static void end_late(struct rig *r)
{
	struct scsi_task *t;
	unsigned int i;

	odd_store_release(r->odd);
	rig_run(r);
	for (i = 0; i < RIG_LUNS; i++) {
		const struct scsi_lu *lu = scsi_device_lu(&r->dev, i);

		if (!lu)
			continue;
		TAILQ_FOREACH (t, &lu->tasks, set_link) {
			if (t->attr != SCSI_INNER && ((struct cmd *)t)->wants_data)
				scsi_abort(t);
		}
	}
	rig_run(r);
}

void rig_stop(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < LATE_MAX && r->late; i++)
		end_late(r); /* one that stood behind another may want data only now */
	end_late(r);
	MUST(!r->late, "%u commands never end", r->late);
	MUST(!r->tmfs, "%u functions never end", r->tmfs);
	for (i = 0; i < RIG_LUNS; i++) {
		const struct scsi_lu *lu = scsi_device_lu(&r->dev, i);

		MUST(!lu || scsi_lu_is_idle(lu), "LUN %u is busy", i);
	}
	MUST(TAILQ_EMPTY(&r->core.leaving), "a logical unit never comes to rest");
	scsi_nexus_close(&r->x[0]);
	scsi_nexus_close(&r->x[1]);
	scsi_device_fini(&r->dev);
	MUST(r->pool.lent == 0, "%zu bytes are lent", r->pool.lent);
}

void rig_close(struct rig *r)
{
	unsigned int i;

	rig_stop(r);
	for (i = 0; i < RIG_LUNS; i++)
		free(r->shadow[i]);
	buf_pool_fini(&r->pool);
}

/* ---- the shadow ---- */

static void read_done(struct store_io *io)
{
	*(bool *)io->user = true;
}

/* What is in the store, by itself. */
static void read_store(struct rig *r, unsigned int lun, uint8_t *to)
{
	bool there = false;
	struct store_io io = {
		.op = STORE_READ,
		.len = RIG_SIZE,
		.data = to,
		.done = read_done,
		.user = &there,
	};

	if (lun == RIG_ODD_LUN) {
		memcpy(to, r->odd->bytes, RIG_SIZE);
		return;
	}
	store_submit(r->stores[lun], &io);
	rig_run(r);
	MUST(there && !io.error, "the store cannot be read");
}

bool rig_has_shadow(struct rig *r, unsigned int lun)
{
	if (lun >= RIG_LUNS || r->late_on[lun])
		return false;
	/* who knows how far they are */
	if (r->copies || scsi_device_lu(&r->dev, lun)->wipe) {
		r->stale[lun] = true;
		return false;
	}
	if (r->stale[lun])
		read_store(r, lun, r->shadow[lun]);
	r->stale[lun] = false;
	return true;
}

void rig_check_shadow(struct rig *r, unsigned int lun)
{
	uint8_t *is = malloc(RIG_SIZE);

	MUST(is, "memory");
	if (rig_has_shadow(r, lun)) {
		read_store(r, lun, is);
		MUST(!memcmp(is, r->shadow[lun], RIG_SIZE),
		     "LUN %u has other data than was written", lun);
	}
	free(is);
}

/* LBA and number of blocks of the commands that move blocks (SBC-4, 5). */
static bool range_of(const uint8_t *cdb, uint64_t *lba, uint64_t *n)
{
	switch (cdb[0] >> 5) {
	case 0:
		*lba = be24(cdb + 1) & 0x1fffff;
		*n = cdb[4] ? cdb[4] : 256;
		return true;
	case 1:
	case 2:
		*lba = be32(cdb + 2);
		*n = be16(cdb + 7);
		return true;
	case 4:
		*lba = be64(cdb + 2);
		*n = be32(cdb + 10);
		if (cdb[0] == 0x89)
			*n = cdb[13];
		else if (cdb[0] == 0x9c)
			*n = be16(cdb + 12);
		return true;
	case 5:
		*lba = be32(cdb + 2);
		*n = be32(cdb + 6);
		return true;
	default: return false;
	}
}

static void wrote_same(struct cmd *c, uint8_t *at, uint64_t n, uint32_t block)
{
	bool ndob = c->t.cdb[0] == 0x93 && c->t.cdb[1] & 0x01;

	for (; n--; at += block) {
		if (ndob)
			memset(at, 0, block);
		else
			memcpy(at, c->out, block);
	}
}

static void compared_and_wrote(const struct cmd *c, uint8_t *at, uint64_t bytes)
{
	MUST(c->t.out_want == 2 * bytes || !bytes, "%u bytes of %llu", c->t.out_want,
	     (unsigned long long)(2 * bytes));
	MUST(!memcmp(at, c->out, bytes), "COMPARE AND WRITE likes what is not there");
	memcpy(at, c->out + bytes, bytes);
}

static void combined(const struct cmd *c, uint8_t *at)
{
	uint32_t i;

	for (i = 0; i < c->t.out_want; i++)
		at[i] |= c->out[i];
}

static void unmapped(const struct cmd *c, uint8_t *shadow, uint32_t block)
{
	uint32_t len = c->t.out_want;
	uint32_t i, n = len < 8 ? 0 : (uint32_t)be16(c->out + 2) / 16;

	for (i = 0; i < n; i++) {
		const uint8_t *d = c->out + 8 + (size_t)16 * i;

		memset(shadow + be64(d) * block, 0, (size_t)be32(d + 8) * block);
	}
}

static void read_blocks(const struct cmd *c, const uint8_t *at, uint64_t bytes)
{
	const struct scsi_task *t = &c->t;
	uint32_t room = t->may_write ? 0 : t->may_read ? t->edtl : 0;

	MUST(t->in_len == (bytes < room ? bytes : room), "%u of %llu bytes", t->in_len,
	     (unsigned long long)bytes);
	MUST(!t->in_len || !memcmp(scsi_task_in(t), at, t->in_len), "a read brings other data");
}

void rig_went_well(struct rig *r, struct cmd *c)
{
	uint32_t block = rig_options[c->lun].block_size;
	uint8_t *shadow = r->shadow[c->lun];
	const uint8_t *cdb = c->t.cdb;
	uint64_t lba = 0, n = 0;
	uint8_t *at;

	range_of(cdb, &lba, &n);
	at = shadow + lba * block;
	switch (cdb[0]) {
	case 0x08:
	case 0x28:
	case 0x88:
	case 0xa8: read_blocks(c, at, n * block); break;
	case 0x0a:
	case 0x2a:
	case 0x2e:
	case 0x8a:
	case 0x8e:
	case 0x9c:
	case 0xae:
	case 0xaa: memcpy(at, c->out, c->t.out_want); break;
	case 0x41:
	case 0x93: wrote_same(c, at, n, block); break;
	case 0x89: compared_and_wrote(c, at, n * block); break;
	case 0x8b: combined(c, at); break;
	case 0x42: unmapped(c, shadow, block); break;
	case 0x2f:
	case 0x8f:
	case 0xaf:
		if ((cdb[1] & 0x06) == 0x02)
			MUST(!memcmp(at, c->out, c->t.out_want), "VERIFY likes what is not there");
		break;
	default:
		if (c->t.cmd && c->t.cmd->flags & F_WRITES)
			r->stale[c->lun] = true; /* a command that nobody has told of here */
	}
}
