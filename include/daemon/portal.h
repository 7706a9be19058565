/* Listening sockets: one for each portal of the world, opened here or passed by the service
 * manager. */
#ifndef DAEMON_PORTAL_H
#define DAEMON_PORTAL_H

#include "target/portal.h"

#include <ev.h>
#include <stdbool.h>
#include <sys/queue.h>

struct iscsi_server;
struct listener;
struct world;

struct listeners {
	struct ev_loop *loop;        /* borrowed; NULL: not accepting */
	struct iscsi_server *server; /* borrowed */
	TAILQ_HEAD(, listener) list; /* owns */
	ev_timer pause;              /* runs while the system is out of descriptors or memory */
	bool was_told;               /* of that */
	int fd_max;                  /* descriptors from here on are not for initiators */
};

#define LISTENERS_WHY_MAX 256

/*
 * Bind and listen on every portal; a port 0 in the world is replaced by the one taken.
 * All or nothing: 0 or -errno with a sentence in why.
 */
int listeners_open(struct listeners *l, struct world *world, char why[static LISTENERS_WHY_MAX]);

/* Accept, and hand each socket to server. */
void listeners_start(struct listeners *l, struct ev_loop *loop, struct iscsi_server *server);

/*
 * Bind and listen on one more portal; nobody is accepted there before listeners_accept(). One
 * whose address is listened on already, for a portal that is to go, shares its socket.
 * 0 or -errno with a sentence in why.
 */
int listeners_add(struct listeners *l, struct portal *portal, char why[static LISTENERS_WHY_MAX]);
void listeners_accept(struct listeners *l, const struct portal *portal);

/* Nobody can connect there any more. Fine when it is not listened on. */
void listeners_remove(struct listeners *l, const struct portal *portal);

/* Nobody can connect any more. Fine when not open, or half. */
void listeners_close(struct listeners *l);

#endif
