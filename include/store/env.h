/*
 * The environment of the stores, as the kinds see it: where a request goes for
 * its next step, and where it ends. All on the loop's thread.
 */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "store/aio.h"
#include "store/store.h"
#include "store/workers.h"

/* Wakes a filter at its time. */
struct env_alarm {
	void (*ring)(struct env_alarm *a); /* may set it again, for later than now */
	void *user;
	bool is_set;
	uint64_t due_ms;
	LIST_ENTRY(env_alarm) link; /* of those that are set */
};

struct store_env {
	int fd; /* owns; the eventfd of aio and workers */
	struct aio aio;
	struct workers workers;
	struct store_io_list finished; /* to be handed back by the next store_env_reap() */
	uint64_t *stamp;               /* borrowed; store_env_stamp() */
	uint64_t now_ms;               /* of the last store_env_tick() */
	uint64_t due_ms;               /* no alarm is set for earlier; UINT64_MAX: none is set */
	LIST_HEAD(, env_alarm) alarms; /* those that are set */
};

/* Ring at due_ms, which is later than now. A set alarm is set anew. */
void env_alarm_set(struct store_env *env, struct env_alarm *a, uint64_t due_ms);
void env_alarm_stop(struct env_alarm *a);

/* The request is over: result is 0 or -errno. done() is called by store_env_reap(). */
void env_finish(struct store_io *io, long result);

/* Queue io, whose iocb is prepared. next: gets the number of bytes, or -errno. */
void env_aio(struct store_io *io, void (*next)(struct store_io *io, long result));

/* Let a worker run work. next: gets what work returned, 0 or -errno. */
void env_work(struct store_io *io, int (*work)(struct store_io *io),
	      void (*next)(struct store_io *io, long result));

#endif
