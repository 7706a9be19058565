/* What all connections and sessions of a server share. */
#ifndef ISCSI_ISCSI_H
#define ISCSI_ISCSI_H

#include "base/log.h"
#include "base/map.h"
#include "iscsi/pdu_tx.h"
#include "iscsi/why.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct buf_pool;
struct conn;
struct scsi_core;
struct session;
struct task;
struct world;

/* Since the start, of all peers. */
struct iscsi_counts {
	uint64_t connections;    /* accepted */
	uint64_t logins;         /* that succeeded */
	uint64_t header_digests; /* that did not match */
	uint64_t data_digests;
};

struct iscsi_options {
	uint32_t max_connections; /* all portals together */
	uint32_t login_timeout_ms;
};

struct iscsi {
	struct world *world; /* borrowed, as the next two */
	struct scsi_core *core;
	struct buf_pool *pool;
	uint32_t max_connections;
	uint64_t login_timeout_ms;
	bool stopping; /* logins are answered "service unavailable" */

	TAILQ_HEAD(, conn) conns;
	uint32_t nconns;
	STAILQ_HEAD(, conn) dirty; /* those with something to send, or to end */
	TAILQ_HEAD(, session) sessions;
	struct map tsihs; /* TSIH → session */
	uint16_t last_tsih;
	struct log_rate faults; /* of all peers */
	struct log_rate news;   /* sessions that come and go */
	struct log_rate losses; /* lost connections that nobody has come back for */
	struct why why;         /* refused logins */
	struct iscsi_counts counts;
	uint64_t now_ms;   /* of the last call of the door */
	uint64_t alarm_ms; /* when door_tick() is wanted; 0: never */
	uint32_t nlost;    /* connections that are waited for, of all sessions */
	const struct buf_wait
		*first_in_line; /* for memory, when retain.c looked last; only compared */
	uint32_t tasks;         /* in use, of all sessions */
	size_t kept;            /* bytes of buffers that wait for nothing but an acknowledgement */

	struct tx_pool tx_pool;
	SLIST_HEAD(, task) free_tasks;
	LIST_HEAD(, task) early; /* whose data may be in the stage still */
};

/* world, core and pool are borrowed; they outlive it. */
void iscsi_init(struct iscsi *iscsi, struct world *world, struct scsi_core *core,
		struct buf_pool *pool, const struct iscsi_options *options);

/* No connection and no session is left. */
void iscsi_fini(struct iscsi *iscsi);

/* Other limits from now on; what is there already is not touched. */
void iscsi_limit(struct iscsi *iscsi, const struct iscsi_options *options);

#endif
