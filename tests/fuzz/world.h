/*
 * A server without sockets: targets, their logical units, and peers that come
 * through the door of a connection. What it answers is checked as it leaves.
 */
#ifndef WORLD_H
#define WORLD_H

#include "fuzz.h"
#include "iscsi/conn.h"
#include "iscsi/iscsi.h"
#include "odd_store.h"
#include "scsi/core.h"
#include "target/world.h"

#include <stdbool.h>

#define WORLD_OPEN    "iqn.2026-11.org.example:open"   /* LUN 0, 1 and, for WORLD_FRIEND, 2 */
#define WORLD_CHAP    "iqn.2026-11.org.example:chap"   /* one-way and mutual */
#define WORLD_DENIED  "iqn.2026-11.org.example:denied" /* nobody may enter */
#define WORLD_FRIEND  "iqn.1993-08.org.debian:01:friend"
#define WORLD_SECRET  "a secret of the initiator"
#define WORLD_BLOCK_0 512u  /* bytes: LUN 0, in RAM */
#define WORLD_BLOCK_1 4096u /* bytes: LUN 1, the odd store */
#define WORLD_PORTALS 3     /* groups 1, 2 (redirected), 3 (discovery by CHAP) */
#define PEER_SAID     512u  /* answers that a peer remembers: more are never unacknowledged */

struct fuzz_world {
	struct buf_pool pool;
	struct scsi_core core;
	struct world world;
	struct iscsi iscsi;
	const struct portal *portals[WORLD_PORTALS];
	struct odd_store *odd; /* borrowed from its logical unit */
	uint8_t *stage;        /* owns: what the last receive brought, until the next */
	uint64_t now_ms;
	size_t out_limit; /* bytes that a connection sends in one turn */
};

/* What differs from input to input. */
struct fuzz_world_options {
	size_t ceiling, reserve;     /* bytes of buffers */
	struct target_limits limits; /* of all targets */
	uint32_t max_connections;
};

void fuzz_world_open(struct fuzz_world *w, const struct fuzz_world_options *o);

/* What the loop does at the end of a turn: storage until nothing moves, then output. */
void fuzz_world_turn(struct fuzz_world *w);

/* Turns until nothing moves at all; the odd store keeps what it holds. */
void fuzz_world_settle(struct fuzz_world *w);

/* Time goes by: alarms ring. */
void fuzz_world_wait(struct fuzz_world *w, uint64_t ms);

/* What was lost at error recovery level 2 waits no longer. */
void fuzz_world_expire(struct fuzz_world *w);

/* Cut all connections, and see that everything has come home. */
void fuzz_world_close(struct fuzz_world *w);

/* The initiator's side of a connection. */
struct peer {
	struct fuzz_world *w;
	struct conn *conn; /* NULL: it is gone */
	uint8_t *out;      /* owns: bytes that are not a whole PDU yet */
	size_t out_len;
	bool is_full; /* the last login response has come */
	bool header_digest, data_digest;
	uint32_t expcmdsn, maxcmdsn; /* as told last, when full */
	uint32_t statsn;             /* the next one */
	uint32_t said[PEER_SAID];    /* by StatSN: the ITT of what came with it */
	bool is_again;               /* what pdu() gets was said before, with that StatSN */
	bool came_again[PEER_SAID];  /* by StatSN: it has, since that was cleared */
	uint32_t max_data;           /* bytes: the most that it ever said it takes in a PDU */
	/* A PDU has come, and is well formed; NULL: nobody looks. */
	void (*pdu)(struct peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len);
};

/* Connect by a portal (0 to WORLD_PORTALS - 1). */
void peer_open(struct peer *p, struct fuzz_world *w, size_t portal);

/*
 * Bytes come in, chunk of them at a time. What it does not take any more is lost; false: and yet
 * the connection goes on.
 */
bool peer_send(struct peer *p, const uint8_t *bytes, size_t len, size_t chunk);

/* The socket is gone. */
void peer_lose(struct peer *p);

/* With FUZZ_TRACE in the environment: a line about a PDU, for whoever looks into a fault. */
void world_trace(const struct peer *p, const char *direction, const uint8_t *bhs);

/* The log is written with FUZZ_TRACE only, but its lines are always made. */
void world_log(void);

/* Forget it; the connection is gone. */
void peer_close(struct peer *p);

#endif
