/*
 * What the tests of the device server share: a device with a RAM or a held
 * store, two nexuses, and a port that keeps what a command came to.
 */
#ifndef RIG_H
#define RIG_H

#include "base/buf.h"
#include "base/bytes.h"
#include "scsi/core.h"
#include "scsi/device.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/sense.h"
#include "scsi/task.h"
#include "store/env.h"
#include "store/store.h"
#include "unit.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RIG_BLOCKS 4096 /* blocks of a logical unit */

/* A store that answers when the test says so. */
struct rig_store {
	struct store store; /* first */
	uint8_t *bytes;
	bool hold;                /* else requests are answered at once */
	int error;                /* what they are answered with: 0 or -errno */
	int copy_error;           /* the same for copies */
	bool flushes;             /* all the same */
	struct store_space space; /* told by STORE_SPACE */
	unsigned int nheld, nsubmits;
	enum store_op ops[64]; /* the operations that were asked for */
	uint32_t flags[64];
	STAILQ_HEAD(, store_io) held;
};

struct rig {
	struct buf_pool pool;
	struct scsi_core core;
	struct store_env *env;
	struct scsi_device dev;
	struct scsi_lu *lu;
	struct rig_store *disk; /* of lu */
	struct scsi_nexus x[2];
	unsigned int ended; /* commands that have come to their end */
};

/* A command and what became of it. */
struct rig_cmd {
	struct scsi_task t; /* first */
	const uint8_t *out;
	uint32_t out_len;
	int done;     /* how often done() was called */
	int got_data; /* how often get_data() was called */
	bool hold_data;
	unsigned int order; /* 1: ended first … */
};

static inline void rig_answer(struct rig_store *s, struct store_io *io)
{
	int error = s->flushes && io->op == STORE_FLUSH ? 0 : s->error;

	if (!error && io->op == STORE_COPY)
		error = s->copy_error;
	if (!error) {
		switch (io->op) {
		case STORE_READ: memcpy(io->data, s->bytes + io->offset, io->len); break;
		case STORE_WRITE: memcpy(s->bytes + io->offset, io->data, io->len); break;
		case STORE_DISCARD:
		case STORE_RESERVE:
		case STORE_ZERO: memset(s->bytes + io->offset, 0, io->len); break;
		case STORE_COPY:
			memcpy(s->bytes + io->offset,
			       ((struct rig_store *)io->from)->bytes + io->from_offset, io->len);
			break;
		case STORE_SPACE: io->space = s->space; break;
		default: break;
		}
	}
	env_finish(io, error);
}

static inline void rig_store_submit(struct store_io *io)
{
	struct rig_store *s = (struct rig_store *)io->store;

	s->ops[s->nsubmits % 64] = io->op;
	s->flags[s->nsubmits % 64] = io->flags;
	s->nsubmits++;
	if (s->hold) {
		s->nheld++;
		STAILQ_INSERT_TAIL(&s->held, io, link);
	} else {
		rig_answer(s, io);
	}
}

static inline void rig_store_close(struct store *store)
{
	struct rig_store *s = (struct rig_store *)store;

	free(s->bytes);
	free(s);
}

static const struct store_ops rig_store_ops = {
	.name = "rig",
	.submit = rig_store_submit,
	.close = rig_store_close,
};

/* Let the oldest n held requests be answered. */
static inline void rig_release(struct rig_store *s, unsigned int n)
{
	while (n-- && s->nheld) {
		struct store_io *io = STAILQ_FIRST(&s->held);

		STAILQ_REMOVE_HEAD(&s->held, link);
		s->nheld--;
		rig_answer(s, io);
	}
}

static inline struct rig_store *rig_store_new(struct rig *r, uint32_t block_size, bool thin)
{
	struct rig_store *s = calloc(1, sizeof(*s));

	s->store.ops = &rig_store_ops;
	s->store.env = r->env;
	s->store.size = (uint64_t)RIG_BLOCKS * block_size;
	s->store.io_align = block_size;
	s->store.discard_align = thin ? 4096 : 0;
	s->store.caps = thin ? STORE_CAN_DISCARD : 0;
	s->bytes = calloc(1, s->store.size);
	STAILQ_INIT(&s->held);
	return s;
}

/* The options most tests use: LUN 0, 512 byte blocks, thin, write cache. */
static inline struct scsi_lu_options rig_options(void)
{
	struct scsi_lu_options opt = {
		.block_size = 512,
		.write_cache = true,
		.thin = true,
		.serial = "SERIAL01",
	};

	return opt;
}

static inline struct scsi_lu *rig_add_lu(struct rig *r, const struct scsi_lu_options *opt)
{
	struct rig_store *s = rig_store_new(r, opt->block_size, true);
	struct scsi_lu *lu = NULL;

	CU_ASSERT_EQUAL_FATAL(scsi_lu_new(&r->core, &s->store, opt, &lu), 0);
	CU_ASSERT_EQUAL_FATAL(scsi_device_add(&r->dev, lu), 0);
	return lu;
}

static inline void rig_open_with(struct rig *r, const struct scsi_lu_options *opt)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	buf_pool_init(&r->pool, 64u << 20, 0);
	scsi_core_init(&r->core, &r->pool);
	CU_ASSERT_EQUAL_FATAL(store_env_new(16, 1, &r->env), 0);
	scsi_device_init(&r->dev, &r->core, "iqn.2026-11.org.example:disk1");
	r->lu = rig_add_lu(r, opt);
	r->disk = (struct rig_store *)r->lu->store;
	for (i = 0; i < 2; i++) {
		r->x[i].tport.rel_id = 1;
		r->x[i].tport.group = 1;
		strcpy(r->x[i].tport.name, "iqn.2026-11.org.example:disk1,t,0x0001");
		strcpy(r->x[i].initiator, i ? "iqn.b,i,0x01" : "iqn.a,i,0x01");
		CU_ASSERT_EQUAL_FATAL(tid_make(&r->x[i].tid, r->x[i].initiator), 0);
		CU_ASSERT_EQUAL_FATAL(scsi_nexus_open(&r->x[i], &r->dev), 0);
	}
}

static inline void rig_open(struct rig *r)
{
	struct scsi_lu_options opt = rig_options();

	rig_open_with(r, &opt);
}

/* All that can move moves. */
static inline void rig_run(struct rig *r)
{
	bool moved = true;

	while (moved) {
		moved = scsi_core_run(&r->core);
		moved |= store_env_reap(r->env, true);
		moved |= buf_pool_serve(&r->pool);
	}
}

static inline void rig_close(struct rig *r)
{
	rig_run(r);
	scsi_nexus_close(&r->x[0]);
	scsi_nexus_close(&r->x[1]);
	CU_ASSERT(scsi_device_is_idle(&r->dev));
	scsi_device_fini(&r->dev);
	store_env_free(r->env);
	CU_ASSERT_EQUAL(r->pool.lent, 0);
	buf_pool_fini(&r->pool);
}

static inline void rig_bring(struct rig_cmd *c)
{
	memcpy(c->t.buf->data, c->out, c->t.out_want);
	c->t.out_have = c->t.out_want;
	scsi_data_arrived(&c->t);
}

static inline void rig_get_data(struct scsi_task *t)
{
	struct rig_cmd *c = (struct rig_cmd *)t;

	c->got_data++;
	CU_ASSERT_FATAL(t->out_want <= c->out_len && t->out_want <= t->buf->size);
	if (!c->hold_data)
		rig_bring(c);
}

static inline void rig_done(struct scsi_task *t)
{
	struct rig_cmd *c = (struct rig_cmd *)t;
	struct rig *r = (struct rig *)((char *)t->core - offsetof(struct rig, core));

	c->done++;
	c->order = ++r->ended;
}

static inline void rig_in_moved(struct scsi_task *t, const uint8_t *from)
{
	(void)t;
	(void)from; /* nobody points to it */
}

static const struct scsi_port_ops rig_port = {
	.get_data = rig_get_data,
	.done = rig_done,
	.in_moved = rig_in_moved,
};

/* A command of nexus x to LUN 0 with that CDB; nothing expected in either direction. */
static inline void rig_cmd_init(struct rig_cmd *c, struct scsi_nexus *x, const uint8_t *cdb,
				size_t len)
{
	memset(c, 0, sizeof(*c));
	scsi_task_init(&c->t, &rig_port, x);
	memcpy(c->t.cdb, cdb, len);
	c->t.cdb_len = 16;
}

static inline void rig_expect_in(struct rig_cmd *c, uint32_t edtl)
{
	c->t.may_read = true;
	c->t.edtl = edtl;
}

static inline void rig_expect_out(struct rig_cmd *c, const void *data, uint32_t edtl)
{
	c->t.may_write = true;
	c->t.edtl = edtl;
	c->out = data;
	c->out_len = edtl;
}

static inline void rig_submit(struct rig_cmd *c)
{
	scsi_submit(&c->t);
	CU_ASSERT_EQUAL(c->done, 0); /* never from inside */
}

/* Run until the command has ended, also when a worker has something to do for it. */
static inline void rig_wait(struct rig *r, const struct rig_cmd *c)
{
	struct pollfd fd = { .fd = store_env_fd(r->env), .events = POLLIN };
	int patience = 1000;

	rig_run(r);
	while (!c->done && patience--) {
		poll(&fd, 1, 10);
		rig_run(r);
	}
	CU_ASSERT_EQUAL_FATAL(c->done, 1);
}

/* Submit, and wait for the end. */
static inline void rig_do(struct rig *r, struct rig_cmd *c)
{
	rig_submit(c);
	rig_wait(r, c);
}

/* The code of the sense; SENSE_NONE without any. */
static inline uint32_t rig_sense(const struct rig_cmd *c)
{
	const uint8_t *p = c->t.sense;

	if (!c->t.sense_len)
		return SENSE_NONE;
	return (uint32_t)p[2] << 16 | (uint32_t)p[12] << 8 | p[13];
}

/* Take the power on condition away from LUN lun of x. */
static inline void rig_greet(struct rig *r, struct scsi_nexus *x, uint32_t lun)
{
	static const uint8_t request_sense[6] = { 0x03, 0, 0, 0, 18 };
	struct rig_cmd c;

	rig_cmd_init(&c, x, request_sense, 6);
	scsi_lun_put(c.t.lun, lun);
	rig_expect_in(&c, 18);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
}

/* A rig whose nexuses have both been told of the power on. */
static inline void rig_start(struct rig *r)
{
	rig_open(r);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

/* One command of x[0] to LUN 0 from begin to end. in, out: bytes expected. */
static inline void rig_in(struct rig *r, struct rig_cmd *c, const uint8_t *cdb, size_t len,
			  uint32_t edtl)
{
	rig_cmd_init(c, &r->x[0], cdb, len);
	rig_expect_in(c, edtl);
	rig_do(r, c);
}

static inline void rig_out(struct rig *r, struct rig_cmd *c, const uint8_t *cdb, size_t len,
			   const void *data, uint32_t edtl)
{
	rig_cmd_init(c, &r->x[0], cdb, len);
	rig_expect_out(c, data, edtl);
	rig_do(r, c);
}

static inline void rig_none(struct rig *r, struct rig_cmd *c, const uint8_t *cdb, size_t len)
{
	rig_cmd_init(c, &r->x[0], cdb, len);
	rig_do(r, c);
}

/* SKSV, C/D, bit and byte of a fixed format field pointer. */
static inline void rig_check_pointer(const struct rig_cmd *c, bool in_cdb, uint16_t byte,
				     uint8_t bit)
{
	const uint8_t *p = c->t.sense + 15;
	uint8_t first = 0x80;

	CU_ASSERT_EQUAL_FATAL(c->t.sense_len, 18);
	if (in_cdb)
		first |= 0x40;
	if (bit != SENSE_NO_BIT)
		first |= (uint8_t)(0x08 | bit);
	CU_ASSERT_EQUAL(p[0], first);
	CU_ASSERT_EQUAL(be16(p + 1), byte);
}

#endif
