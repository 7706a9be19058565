/*
 * How the daemon ends: signals, and the steps from the first of them to the end
 * of the loop.
 */
#ifndef DAEMON_STOP_H
#define DAEMON_STOP_H

#include "store/store.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct iscsi_server;
struct pidfile;
struct scsi_lu;
struct stop;
struct world;

enum stop_state {
	STOP_NOT,       /* serving */
	STOP_FINISHING, /* no new commands; those in flight finish */
	STOP_PARTING,   /* all is quiet: initiators may log out */
	STOP_CUT,       /* connections are cut; the stores give back what they have */
	STOP_FLUSHING,  /* data goes to stable storage */
	STOP_DONE,      /* the loop is broken */
};

/* The last flush of a store. */
struct stop_flush {
	struct store_io io;
	struct stop *stop;
	const struct scsi_lu *lu; /* borrowed */
};

struct stop {
	struct ev_loop *loop; /* borrowed, as all of these */
	struct iscsi_server *server;
	struct world *world;
	struct pidfile *pidfile;
	uint32_t timeout_ms;                   /* for STOP_FINISHING */
	void (*cut)(struct stop *s);           /* called once, when nobody may connect any more */
	bool (*is_busy)(const struct stop *s); /* with something that must end before the stores
						  are flushed */
	void *user;

	enum stop_state state;
	ev_signal sigterm, sigint;
	ev_timer deadline;          /* of the state */
	ev_timer twin;              /* runs while a further signal counts as the first one */
	struct stop_flush *flushes; /* owns; one for each store */
	size_t flushing;            /* not done yet */
	size_t busy;                /* logical units that are, when they were counted last */
	bool is_clean;              /* everything in flight ended, and every flush succeeded */
};

/* The first part is filled by the caller. s is lent until stop_stop(). */
void stop_start(struct stop *s);
void stop_stop(struct stop *s);

/* End as the first signal does; nothing when that runs already. */
void stop_begin(struct stop *s);

/* Called when a turn of the loop has nothing left to do. True: one step went to the next. */
bool stop_turn(struct stop *s);

#endif
