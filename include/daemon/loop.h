/*
 * The end of a turn of the loop: what the turn has collected goes out, in few
 * system calls, and nothing that is ready is left behind when the loop sleeps.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "base/histogram.h"
#include "base/loop.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct buf_pool;
struct iscsi_server;
struct scsi_core;
struct store_env;

struct turn {
	struct ev_loop *loop; /* borrowed, as all of these */
	struct store_env *env;
	struct scsi_core *core;
	struct buf_pool *pool;
	struct iscsi_server *server;
	uint32_t busy_poll_us; /* how long the loop looks for more, after the last that came, before
				  it sleeps */
	bool (*ended)(struct turn *t); /* when all is out; true: it has made new work. NULL: none */
	void *user;                    /* the caller's */

	ev_prepare prepare;
	ev_io aio;    /* the store environment's descriptor */
	ev_idle more; /* runs while there is more to do: the loop must not sleep */
	bool woken;   /* that descriptor was readable in this turn */
	struct loop_clock clock;
	struct lazy_timer due; /* when a store's filter lets a request go on */
	ev_check check;
	uint64_t woke_ns;     /* when this turn began … */
	bool worked;          /* … whether there was something to do in it … */
	uint64_t done_ns;     /* … when the last ended in which there was … */
	struct histogram lag; /* … and how long turns took, ns */
	ev_tstamp last;       /* when there was something to do last, seconds; with busy_poll_us */
};

/* The first part is filled by the caller. t is lent until turn_stop(). */
void turn_start(struct turn *t);
void turn_stop(struct turn *t);

#endif
