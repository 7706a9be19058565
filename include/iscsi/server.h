/*
 * The iSCSI side as the daemon sees it: hand it accepted sockets, and call it
 * once at the end of each turn of the loop.
 */
#ifndef ISCSI_SERVER_H
#define ISCSI_SERVER_H

#include "iscsi/iscsi.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iscsi_server;
struct portal;

/* All borrowed; they outlive the server. 0 or -ENOMEM. */
int iscsi_server_new(struct ev_loop *loop, struct world *world, struct scsi_core *core,
		     struct buf_pool *pool, const struct iscsi_options *options,
		     struct iscsi_server **out);

/* Every session is over (iscsi_server_idle()). NULL is fine. */
void iscsi_server_free(struct iscsi_server *s);

/* Take over an accepted, non-blocking socket that came by that portal. The server owns fd from now
 * on. */
void iscsi_server_accept(struct iscsi_server *s, const struct portal *portal, int fd);

/* Take on some more of what the last socket brought: at most so many PDUs. False: there were none.
 */
bool iscsi_server_hear(struct iscsi_server *s, uint32_t most);

/* Is there something for iscsi_server_flush()? */
bool iscsi_server_has_answers(const struct iscsi_server *s);

/* Send what the turn has made ready: one sendmsg a connection. True when something moved. */
bool iscsi_server_flush(struct iscsi_server *s);

/* Other limits from now on; what is there already is not touched. */
void iscsi_server_limit(struct iscsi_server *s, const struct iscsi_options *options);

/*
 * Stop: from now on logins are answered "service unavailable" (0x0301), sessions are
 * asked to log out, no new command is taken, those in flight finish.
 */
void iscsi_server_stop(struct iscsi_server *s);

/* Cut every connection; tasks in the store end when it gives them back. */
void iscsi_server_cut(struct iscsi_server *s);

/* After iscsi_server_stop(): no command in flight and every answer sent? */
bool iscsi_server_quiet(const struct iscsi_server *s);

/* Nothing is left: no connection, no session, no task. */
bool iscsi_server_idle(const struct iscsi_server *s);

/* What its connections and sessions share, for those who look at them, and for iscsi/manage.h. */
struct iscsi *iscsi_server_core(struct iscsi_server *s);

/* When this turn of the loop began, ms: the clock of conn.h and session.h. */
uint64_t iscsi_server_now_ms(const struct iscsi_server *s);

#endif
