#include "store/limit.h"

#include "store/env.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)
#define BURST_NS  (LIMIT_BURST_MS * NS_PER_MS)

/*
 * A token bucket, kept as a time: what has gone through is paid for until paid_ns. It may
 * lie BURST_NS ahead; a request that goes through then is charged whole, so that one of
 * any size can, and what follows waits the longer.
 */
struct bucket {
	uint64_t rate; /* tokens a second; 0: any number */
	uint64_t paid_ns;
};

struct limit {
	struct store store; /* first */
	struct bucket ops, bytes;
	struct store_io_list waiting; /* in the order in which they came */
	bool hurries;                 /* nothing waits for now; it is charged all the same */
	struct env_alarm alarm;       /* when the first of them may go */
};

static void bucket_charge(struct bucket *b, uint64_t tokens, uint64_t now_ns)
{
	if (b->paid_ns < now_ns)
		b->paid_ns = now_ns;
	if (b->rate > 0)
		b->paid_ns += tokens * NS_PER_S / b->rate; /* tokens: STORE_RW_MAX at most */
}

/* When the bucket lets the next one through. */
static uint64_t bucket_due_ns(const struct bucket *b)
{
	return b->paid_ns > BURST_NS ? b->paid_ns - BURST_NS : 0;
}

static struct limit *limit_of(struct store *s)
{
	return (struct limit *)s;
}

static uint64_t now_ns(const struct limit *l)
{
	return l->store.env->now_ms * NS_PER_MS;
}

static uint64_t due_ns(const struct limit *l)
{
	uint64_t ops = bucket_due_ns(&l->ops), bytes = bucket_due_ns(&l->bytes);

	return ops > bytes ? ops : bytes;
}

static bool may_pass(const struct limit *l)
{
	return l->hurries || due_ns(l) <= now_ns(l);
}

/* The request is the other store's from now on. It may have become smaller in the meantime. */
static void pass(struct limit *l, struct store_io *io)
{
	l->store.in_flight--;
	io->store = l->store.below;
	l->store.below->in_flight++;
	if (io->offset > l->store.below->size || io->len > l->store.below->size - io->offset)
		env_finish(io, -EINVAL);
	else
		l->store.below->ops->submit(io);
}

static void pass_charged(struct limit *l, struct store_io *io)
{
	bool moves = io->op == STORE_READ || io->op == STORE_WRITE;

	bucket_charge(&l->ops, 1, now_ns(l));
	bucket_charge(&l->bytes, moves ? io->len : 0, now_ns(l));
	pass(l, io);
}

static void wait_for_due(struct limit *l)
{
	env_alarm_set(l->store.env, &l->alarm, (due_ns(l) + NS_PER_MS - 1) / NS_PER_MS);
}

static void on_alarm(struct env_alarm *a)
{
	struct limit *l = a->user;
	struct store_io *io;

	while ((io = STAILQ_FIRST(&l->waiting)) && may_pass(l)) {
		STAILQ_REMOVE_HEAD(&l->waiting, link);
		pass_charged(l, io);
	}
	if (io)
		wait_for_due(l);
}

static void limit_hurry(struct store *s, bool on)
{
	struct limit *l = limit_of(s);

	l->hurries = on;
	if (!on)
		return;
	env_alarm_stop(&l->alarm);
	on_alarm(&l->alarm);
}

static void limit_submit(struct store_io *io)
{
	struct limit *l = limit_of(io->store);
	bool is_first = STAILQ_EMPTY(&l->waiting);

	if (io->op == STORE_FLUSH || io->op == STORE_EXTENT || io->op == STORE_SPACE) {
		pass(l, io);
	} else if (is_first && may_pass(l)) {
		pass_charged(l, io);
	} else {
		STAILQ_INSERT_TAIL(&l->waiting, io, link);
		if (is_first)
			wait_for_due(l);
	}
}

static void limit_recall(struct store *s, struct store_io *io)
{
	struct limit *l = limit_of(s);
	struct store_io *at;

	STAILQ_FOREACH (at, &l->waiting, link) {
		if (at != io)
			continue;
		STAILQ_REMOVE(&l->waiting, io, store_io, link);
		env_finish(io, -ECANCELED);
		return;
	}
}

static int limit_resize(struct store *s, uint64_t size)
{
	struct store *below = s->below;
	int err;

	if (!below->ops->resize)
		return -EOPNOTSUPP;
	err = below->ops->resize(below, size);
	if (!err)
		below->size = size;
	return err;
}

static void limit_close(struct store *s)
{
	struct limit *l = limit_of(s);

	assert(STAILQ_EMPTY(&l->waiting));
	env_alarm_stop(&l->alarm);
	l->store.below->ops->close(l->store.below);
	free(l);
}

static void limit_undo(struct store *s)
{
	struct store *below = s->below;

	if (below->ops->undo)
		below->ops->undo(below);
}

static int limit_claim(struct store *s)
{
	struct store *below = s->below;

	return below->ops->claim ? below->ops->claim(below) : 0;
}

static const struct store_ops limit_ops = {
	.name = "limit",
	.submit = limit_submit,
	.recall = limit_recall,
	.hurry = limit_hurry,
	.resize = limit_resize,
	.close = limit_close,
	.undo = limit_undo,
	.claim = limit_claim,
};

int limit_open(struct store *below, uint64_t max_iops, uint64_t max_bandwidth, struct store **out,
	       char why[static STORE_WHY_MAX])
{
	struct limit *l = calloc(1, sizeof(*l));

	if (!l) {
		snprintf(why, STORE_WHY_MAX, "no memory for its limits");
		return -ENOMEM;
	}
	l->store = *below; /* what it can, and how it is best asked */
	l->store.ops = &limit_ops;
	l->store.caps &= ~(uint32_t)STORE_AT_ONCE; /* it may hold a request back */
	l->store.in_flight = 0;
	l->store.below = below;
	l->ops.rate = max_iops;
	l->bytes.rate = max_bandwidth;
	l->alarm = (struct env_alarm){ .ring = on_alarm, .user = l };
	STAILQ_INIT(&l->waiting);
	*out = &l->store;
	return 0;
}
