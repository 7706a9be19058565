#include "iscsi/cmdsn.h"

#include "base/serial.h"

#include <assert.h>
#include <stddef.h>

void cmdsn_init(struct cmdsn *w, uint32_t first, uint32_t depth)
{
	assert(depth > 0);
	w->exp = first;
	w->max = first + depth - 1;
	w->depth = depth;
	w->open = 0;
	TAILQ_INIT(&w->held);
}

enum cmdsn_verdict cmdsn_check(const struct cmdsn *w, uint32_t cmdsn)
{
	const struct cmdsn_entry *e;

	if (sn_before(cmdsn, w->exp) || sn_before(w->max, cmdsn))
		return CMDSN_DROP;
	if (cmdsn == w->exp)
		return CMDSN_RUN;
	TAILQ_FOREACH (e, &w->held, link) {
		if (e->cmdsn == cmdsn)
			return CMDSN_DROP;
	}
	return CMDSN_HELD;
}

static void run(struct cmdsn *w)
{
	w->exp++;
	w->open++;
}

static void hold(struct cmdsn *w, struct cmdsn_entry *e)
{
	struct cmdsn_entry *at;

	/* Mostly the newest is the last. */
	TAILQ_FOREACH_REVERSE(at, &w->held, cmdsn_list, link)
	{
		if (sn_before(at->cmdsn, e->cmdsn)) {
			TAILQ_INSERT_AFTER(&w->held, at, e, link);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&w->held, e, link);
}

enum cmdsn_verdict cmdsn_accept(struct cmdsn *w, struct cmdsn_entry *e, uint32_t cmdsn)
{
	enum cmdsn_verdict verdict = cmdsn_check(w, cmdsn);

	e->cmdsn = cmdsn;
	if (verdict == CMDSN_RUN)
		run(w);
	else if (verdict == CMDSN_HELD)
		hold(w, e);
	return verdict;
}

struct cmdsn_entry *cmdsn_next_held(struct cmdsn *w)
{
	struct cmdsn_entry *e = TAILQ_FIRST(&w->held);

	if (!e || e->cmdsn != w->exp)
		return NULL;
	TAILQ_REMOVE(&w->held, e, link);
	run(w);
	return e;
}

void cmdsn_remove(struct cmdsn *w, struct cmdsn_entry *e)
{
	TAILQ_REMOVE(&w->held, e, link);
}

void cmdsn_close(struct cmdsn *w)
{
	assert(w->open > 0);
	w->open--;
}

void cmdsn_refuse(struct cmdsn *w)
{
	w->exp--;
	cmdsn_close(w);
}

uint32_t cmdsn_max(struct cmdsn *w)
{
	uint32_t max = w->exp + w->depth - 1 - w->open;

	/* What was promised stays promised (4.2.2.1: MaxCmdSN never goes back). */
	if (sn_before(w->max, max))
		w->max = max;
	return w->max;
}
