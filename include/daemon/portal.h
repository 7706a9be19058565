/* Listening sockets: one for each portal of the world, opened here or passed by the service
 * manager. */
#ifndef DAEMON_PORTAL_H
#define DAEMON_PORTAL_H

#include "target/portal.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct iscsi_server;
struct world;

struct listener {
	ev_io watcher;
	struct listeners *all;
	const struct portal *portal; /* borrowed from the world */
	int fd;                      /* owns */
};

struct listeners {
	struct ev_loop *loop;        /* borrowed; NULL: not accepting */
	struct iscsi_server *server; /* borrowed */
	struct listener *list;       /* owns */
	size_t count;
	ev_timer pause; /* runs while the system is out of descriptors or memory */
	bool was_told;  /* of that */
};

#define LISTENERS_WHY_MAX 256

/*
 * Bind and listen on every portal; a port 0 in the world is replaced by the one taken.
 * All or nothing: 0 or -errno with a sentence in why.
 */
int listeners_open(struct listeners *l, struct world *world, char why[static LISTENERS_WHY_MAX]);

/* Accept, and hand each socket to server. */
void listeners_start(struct listeners *l, struct ev_loop *loop, struct iscsi_server *server);

/* Nobody can connect any more. Fine when not open, or half. */
void listeners_close(struct listeners *l);

#endif
