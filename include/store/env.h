/*
 * The environment of the stores, as the kinds see it: where a request goes for
 * its next step, and where it ends. All on the loop's thread.
 */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include "store/aio.h"
#include "store/store.h"
#include "store/workers.h"

struct store_env {
	int fd; /* owns; the eventfd of aio and workers */
	struct aio aio;
	struct workers workers;
	struct store_io_list finished; /* to be handed back by the next store_env_reap() */
};

/* The request is over: result is 0 or -errno. done() is called by store_env_reap(). */
void env_finish(struct store_io *io, long result);

/* Queue io, whose iocb is prepared. next: gets the number of bytes, or -errno. */
void env_aio(struct store_io *io, void (*next)(struct store_io *io, long result));

/* Let a worker run work. next: gets what work returned, 0 or -errno. */
void env_work(struct store_io *io, int (*work)(struct store_io *io),
	      void (*next)(struct store_io *io, long result));

#endif
