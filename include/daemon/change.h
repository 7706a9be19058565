/* Changes while it runs: SIGHUP, and what a change means for sockets, sessions and settings. */
#ifndef DAEMON_CHANGE_H
#define DAEMON_CHANGE_H

#include "config/apply.h"
#include "config/running.h"

#include <ev.h>
#include <stdbool.h>

struct buf_pool;
struct iscsi_server;
struct listeners;
struct stop;

struct change {
	struct ev_loop *loop; /* borrowed, as all of these */
	struct iscsi_server *server;
	struct listeners *listeners;
	struct buf_pool *pool;
	struct stop *stop;
	struct running *running;
	struct store_env *env;
	bool keeps_log_level; /* the command line has said it */

	struct apply *apply; /* owns */
	ev_signal sighup;
	ev_timer tick; /* runs while something is under way */
};

/* The first part is filled by the caller. c is lent until change_stop(). 0 or -ENOMEM. */
int change_start(struct change *c);

/* Nothing is under way any more (change_is_busy()). Fine when it was not started. */
void change_stop(struct change *c);

/* Called when a turn of the loop has nothing left to do. True: something went on. */
bool change_turn(struct change *c);

bool change_is_busy(const struct change *c);

#endif
