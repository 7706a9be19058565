/*
 * Changes while the daemon runs, one after the other. Each is made ready on a worker, waits for
 * units that must be quiet, happens in one turn of the loop, and is over when what it has
 * removed is gone, or that has taken too long.
 */
#ifndef CONFIG_APPLY_H
#define CONFIG_APPLY_H

#include "config/commit.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/* One that is asked for, and what came of it. */
struct apply_call {
	struct request rq;                  /* owns what is in it */
	void (*done)(struct apply_call *c); /* once, never from inside apply_submit() */
	void *user;

	/* what came of it; apply_call_free() frees it */
	int err;                 /* 0; -EINVAL, -EBUSY …: nothing has changed, and why says why */
	char *why;               /* owns; lines without the last end; NULL: none */
	char *notes;             /* owns; warnings, likewise */
	struct plan_line *lines; /* owns; what has changed; nlines of them */
	size_t nlines;
	STAILQ_ENTRY(apply_call) link;
};

struct apply;

/* now, env and ops are borrowed. NULL: no memory. */
struct apply *apply_new(struct running *now, struct store_env *env, const struct commit_ops *ops,
			void *user);

/* Nothing is under way (apply_is_busy()). NULL is fine. */
void apply_free(struct apply *a);

/* Take a call over; it is in line. */
void apply_submit(struct apply *a, struct apply_call *c);

/* To be called when a turn of the loop has nothing else to do. True: it went one step on. */
bool apply_turn(struct apply *a, uint64_t now_ms);

/* Is something under way, or on its way out? Then apply_turn() wants to be called by and by. */
bool apply_is_busy(const struct apply *a);

/* Does a worker have something of it in its hands? Then nothing may be freed. */
bool apply_is_working(const struct apply *a);

/* The daemon ends: calls in line and later ones are refused, the one under way goes on. */
void apply_stop(struct apply *a);

/* A call is over: frees it, its request and all. */
void apply_call_free(struct apply_call *c);

#endif
