/*
 * What the tests behind the door share: a world with one target and one LUN, peers
 * that speak bytes to it, and a loop that the test turns by hand. No socket, no clock.
 */
#ifndef BENCH_H
#define BENCH_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/log.h"
#include "iscsi/conn.h"
#include "iscsi/door.h"
#include "iscsi/session.h"
#include "iscsi/task.h"
#include "scsi/core.h"
#include "scsi/lu.h"
#include "store/env.h"
#include "store/store.h"
#include "target/world.h"
#include "unit.h"
#include "wire/digest.h"

#include <stdlib.h>
#include <string.h>

#define BENCH_TARGET    "iqn.2026-11.org.example:disk1"
#define BENCH_INITIATOR "iqn.2026-11.org.example:host1"
#define BENCH_PORTAL    "192.0.2.1:3260"
#define BENCH_PEER      "192.0.2.99:40000"
#define BENCH_BLOCK     512u
#define BENCH_BLOCKS    256u
#define BENCH_LOGIN_MS  15000
#define BENCH_PEERS     32
#define BENCH_TURNS     1000 /* a test that needs more of them hangs */

/* Zeroed memory; a test cannot go on without. */
static inline void *bench_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

/* ---- a store that answers when the test says so ---- */

struct bench_store {
	struct store store; /* first */
	uint8_t *bytes;
	bool hold; /* else requests are answered at once */
	int error; /* what they are answered with: 0 or -errno */
	unsigned int nheld;
	STAILQ_HEAD(, store_io) held;
};

static inline void bench_store_answer(struct bench_store *s, struct store_io *io)
{
	if (!s->error && io->op == STORE_READ)
		memcpy(io->data, s->bytes + io->offset, io->len);
	if (!s->error && io->op == STORE_WRITE)
		memcpy(s->bytes + io->offset, io->data, io->len);
	env_finish(io, s->error);
}

static inline void bench_store_submit(struct store_io *io)
{
	struct bench_store *s = (struct bench_store *)io->store;

	if (!s->hold) {
		bench_store_answer(s, io);
		return;
	}
	s->nheld++;
	STAILQ_INSERT_TAIL(&s->held, io, link);
}

static inline void bench_store_close(struct store *store)
{
	struct bench_store *s = (struct bench_store *)store;

	free(s->bytes);
	free(s);
}

/* Answer all that is held, and hold nothing from now on. */
static inline void bench_store_release(struct bench_store *s)
{
	struct store_io *io;

	s->hold = false;
	while ((io = STAILQ_FIRST(&s->held))) {
		STAILQ_REMOVE_HEAD(&s->held, link);
		s->nheld--;
		bench_store_answer(s, io);
	}
}

static inline struct bench_store *bench_store_new(struct store_env *env)
{
	static const struct store_ops ops = {
		.name = "bench",
		.submit = bench_store_submit,
		.close = bench_store_close,
	};
	struct bench_store *s = bench_alloc(sizeof(*s));

	s->store.ops = &ops;
	s->store.env = env;
	s->store.size = (uint64_t)BENCH_BLOCKS * BENCH_BLOCK;
	s->store.io_align = BENCH_BLOCK;
	s->bytes = bench_alloc(s->store.size);
	STAILQ_INIT(&s->held);
	return s;
}

/* ---- the world ---- */

struct bench;

/* An initiator at the other end of a connection. */
struct peer {
	struct bench *bench;
	struct conn *c; /* NULL: gone */
	bool deaf;      /* takes no byte of what it is sent */
	size_t take;    /* bytes that it takes in a turn at most … */
	size_t taken;   /* … and what it took in all … */
	size_t takes;   /* … before its end of the line breaks */
	size_t fed;     /* bytes sent so far … */
	size_t limit;   /* … and how many come through before the line is cut */

	/* what came and is not looked at yet */
	uint8_t *in; /* owns */
	size_t in_len;
	size_t in_at;

	/* as a session sees it */
	uint8_t isid; /* the last byte of its ISID */
	uint16_t tsih;
	uint16_t cid;
	bool header_digest;
	bool data_digest;
	bool damage_header; /* of the next PDU sent: its header digest is wrong */
	bool damage_data;   /* … its data digest */
	uint32_t itt;
	uint32_t cmdsn;
	uint32_t expcmdsn; /* as last told */
	uint32_t maxcmdsn;
	uint32_t statsn; /* the next one */
};

struct bench {
	struct buf_pool pool;
	struct scsi_core core;
	struct store_env *env;
	struct world world;
	struct iscsi iscsi;
	struct portal_group *group;
	struct portal *portal;
	struct target *target;
	struct bench_store *disk;
	uint8_t *stage; /* owns: what the last recvmsg brought, until the next */
	uint64_t now_ms;
	unsigned int turns;
	unsigned int turns_limit; /* 0: none; so many turns before every line is cut */
	char said[1024];          /* the last warning */
	struct peer peers[BENCH_PEERS];
	unsigned int npeers;
};

static inline void bench_log(void *arg, enum log_level level, const char *line)
{
	struct bench *b = arg;

	if (level <= LOG_LEVEL_WARNING) {
		memset(b->said, 0, sizeof(b->said));
		memcpy(b->said, line, strnlen(line, sizeof(b->said) - 1));
	}
}

static inline struct portal_addr bench_addr(const char *text)
{
	struct portal_addr addr;

	CU_ASSERT_EQUAL_FATAL(portal_addr_parse(text, &addr), 0);
	return addr;
}

/* LUN 0 on a store of the test's. */
static inline void bench_add_lu(struct bench *b)
{
	const struct scsi_lu_options opt = {
		.block_size = BENCH_BLOCK,
		.write_cache = true,
		.serial = "SERIAL01",
	};
	struct scsi_lu *lu;

	b->disk = bench_store_new(b->env);
	CU_ASSERT_EQUAL_FATAL(scsi_lu_new(&b->core, &b->disk->store, &opt, &lu), 0);
	CU_ASSERT_EQUAL_FATAL(scsi_device_add(&b->target->device, lu), 0);
}

static inline void bench_add_target(struct bench *b)
{
	const struct portal_addr addr = bench_addr(BENCH_PORTAL);

	b->group = world_add_portal_group(&b->world, 1);
	b->target = world_add_target(&b->world, BENCH_TARGET);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->group);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->target);
	CU_ASSERT_EQUAL_FATAL(world_add_portal(&b->world, b->group, &addr), 0);
	b->portal = TAILQ_FIRST(&b->group->portals);
	b->target->groups[b->target->ngroups++] = b->group;
	b->target->auth = world_auth_group(&b->world, "no-authentication");
	bench_add_lu(b);
}

/* ceiling, reserve: of the buffer pool, bytes */
static inline void bench_open_with(struct bench *b, size_t ceiling, size_t reserve)
{
	const struct iscsi_options options = {
		.max_connections = BENCH_PEERS,
		.login_timeout_ms = BENCH_LOGIN_MS,
	};

	memset(b, 0, sizeof(*b));
	log_set_sink(bench_log, b);
	b->now_ms = 1000;
	buf_pool_init(&b->pool, ceiling, reserve);
	scsi_core_init(&b->core, &b->pool);
	/* Without a libaio context, of which nothing here has need: its end takes the kernel long.
	 */
	CU_ASSERT_EQUAL_FATAL(store_env_new(0, 1, &b->env), 0);
	b->said[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(world_init(&b->world, &b->core), 0);
	bench_add_target(b);
	iscsi_init(&b->iscsi, &b->world, &b->core, &b->pool, &options);
}

static inline void bench_open(struct bench *b)
{
	bench_open_with(b, 64u << 20, 16u << 20);
}

/* ---- the loop ---- */

static inline void peer_cut(struct peer *p)
{
	if (p->c) {
		door_tend(p->c, p->bench->now_ms);
		door_lost(p->c);
	}
	p->c = NULL;
}

/* One sendmsg: what the peer takes of what there is. */
static inline void peer_take(struct peer *p)
{
	struct pdu_tx *tx = &p->c->tx;
	struct iovec iov[64];
	size_t left = p->takes - p->taken;
	size_t room = p->take < left ? p->take : left;
	size_t taken = 0;
	size_t part;
	int i, n;

	if (p->deaf)
		return;
	n = pdu_tx_iov(tx, iov, 64, 1u << 20);
	if (!n) /* nothing, or it may not be said yet */
		return;
	for (i = 0; i < n && room; i++) {
		part = iov[i].iov_len < room ? iov[i].iov_len : room;
		p->in = realloc(p->in, p->in_len + part);
		if (!p->in)
			abort();
		memcpy(p->in + p->in_len, iov[i].iov_base, part);
		p->in_len += part;
		room -= part;
		taken += part;
	}
	pdu_tx_commit(tx, taken);
	p->taken += taken;
	if (pdu_tx_has(tx) && p->taken == p->takes)
		conn_event(p->c, EV_DROP);
	else if (pdu_tx_has(tx))
		conn_touch(p->c);
}

/* As the end of a turn does it: send, and close what is over. */
static inline void bench_flush(struct bench *b)
{
	struct peer *p;
	struct conn *c;
	STAILQ_HEAD(, conn) batch = STAILQ_HEAD_INITIALIZER(batch);

	STAILQ_CONCAT(&batch, &b->iscsi.dirty);
	while ((c = STAILQ_FIRST(&batch))) {
		STAILQ_REMOVE_HEAD(&batch, dlink);
		c->is_dirty = false;
		p = c->transport;
		if (c->state != CONN_DEAD)
			peer_take(p);
		door_tend(c, b->now_ms);
		if (door_is_over(c))
			peer_cut(p);
		else
			door_tend(c, b->now_ms);
	}
}

/* One turn. False: nothing moved. */
static inline bool bench_turn(struct bench *b)
{
	bool moved = !STAILQ_EMPTY(&b->iscsi.dirty);
	unsigned int i;

	moved |= store_env_reap(b->env, true);
	moved |= scsi_core_run(&b->core);
	moved |= buf_pool_serve(&b->pool);
	store_env_flush(b->env);
	if (b->turns_limit && ++b->turns == b->turns_limit) {
		for (i = 0; i < b->npeers; i++)
			peer_cut(&b->peers[i]);
	}
	bench_flush(b);
	return moved;
}

/* Until nothing moves. */
static inline void bench_run(struct bench *b)
{
	int n = 0;

	while (bench_turn(b) && ++n < BENCH_TURNS)
		;
	CU_ASSERT(n < BENCH_TURNS);
}

/* ms go by; alarms ring. */
static inline void bench_sleep(struct bench *b, uint64_t ms)
{
	struct conn *c;

	b->now_ms += ms;
	TAILQ_FOREACH (c, &b->iscsi.conns, link) {
		if (c->alarm_ms && c->alarm_ms <= b->now_ms)
			door_timeout(c, b->now_ms);
	}
	if (b->iscsi.alarm_ms && b->iscsi.alarm_ms <= b->now_ms)
		door_tick(&b->iscsi, b->now_ms);
	bench_run(b);
}

/* The end: every line is cut, the store answers all, and nothing may be left. */
static inline void bench_close(struct bench *b)
{
	struct iscsi *iscsi = &b->iscsi;
	unsigned int i;

	b->turns_limit = 0;
	for (i = 0; i < b->npeers; i++)
		peer_cut(&b->peers[i]);
	bench_store_release(b->disk);
	bench_run(b);
	if (iscsi->alarm_ms) /* what was lost at level 2 waits no longer */
		bench_sleep(b, 2 * 3600 * 1000);
	CU_ASSERT_EQUAL(iscsi->tasks, 0);
	CU_ASSERT_EQUAL(iscsi->nconns, 0);
	CU_ASSERT_FATAL(TAILQ_EMPTY(&iscsi->conns) && TAILQ_EMPTY(&iscsi->sessions));
	CU_ASSERT_PTR_NULL(TAILQ_FIRST(&b->core.tmfs));
	CU_ASSERT_FATAL(scsi_lu_is_idle(scsi_device_lu(&b->target->device, 0)));
	iscsi_fini(iscsi);
	world_fini(&b->world);
	store_env_free(b->env);
	CU_ASSERT_EQUAL_FATAL(b->pool.lent, 0);
	buf_pool_fini(&b->pool);
	for (i = 0; i < b->npeers; i++)
		free(b->peers[i].in);
	free(b->stage);
	log_set_sink(NULL, NULL);
}

/* ---- bytes ---- */

/* A connection comes in by the portal. */
static inline struct peer *bench_peer(struct bench *b)
{
	const struct portal_addr local = bench_addr(BENCH_PORTAL);
	const struct portal_addr remote = bench_addr(BENCH_PEER);
	struct peer *p = &b->peers[b->npeers++];

	CU_ASSERT_FATAL(b->npeers <= BENCH_PEERS);
	*p = (struct peer){
		.bench = b,
		.take = SIZE_MAX,
		.takes = SIZE_MAX,
		.limit = SIZE_MAX,
		.isid = (uint8_t)b->npeers,
		.cid = 1,
		.cmdsn = 0x1000,
	};
	p->c = door_open(&b->iscsi, b->portal, &local, &remote, b->now_ms);
	if (!p->c)
		abort();
	p->c->transport = p;
	return p;
}

/* One recvmsg of at most n bytes; the stage of the one before is gone then. How many. */
static inline size_t peer_feed_once(struct peer *p, const uint8_t *bytes, size_t n)
{
	uint8_t *stage = bench_alloc(n);
	struct iovec iov[2];
	size_t left = n;
	size_t part;
	int i, count;

	count = door_space(p->c, iov, stage, n);
	free(p->bench->stage);
	p->bench->stage = stage;
	for (i = 0; i < count; i++) {
		part = iov[i].iov_len < left ? iov[i].iov_len : left;
		memcpy(iov[i].iov_base, bytes + n - left, part);
		left -= part;
	}
	door_input(p->c, stage, n - left, p->bench->now_ms);
	return n - left;
}

/* Send bytes as far as the line holds and they are wanted. */
static inline void peer_feed(struct peer *p, const void *bytes, size_t n)
{
	bool cut = n > p->limit - p->fed;
	const uint8_t *at = bytes;
	size_t took;

	if (cut)
		n = p->limit - p->fed;
	p->fed += n;
	for (; n && p->c && door_wants_input(p->c); n -= took, at += took)
		took = peer_feed_once(p, at, n);
	if (cut)
		peer_cut(p);
}

#endif
