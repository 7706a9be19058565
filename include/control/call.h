/* A call of a method: what it asks for, whom it works for, and how it is answered. */
#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct apply;
struct buf_pool;
struct histogram;
struct config;
struct ev_loop;
struct iscsi_server;
struct method;
struct running;
struct scsi_core;
struct world;

/* What methods work on; all borrowed. */
struct control_env {
	struct ev_loop *loop;
	struct config *config;
	struct world *world;
	struct iscsi_server *server;
	struct scsi_core *core;
	struct buf_pool *pool;
	struct apply *apply; /* changes are asked for here */
	const struct running *running;
	const struct histogram *lag;  /* ns that turns of the loop took */
	uint64_t started_ms;          /* on the server's clock */
	void (*shutdown)(void *user); /* end the daemon as SIGTERM does */
	void *user;                   /* of these functions */
};

/* Who is at the other end of the socket (unix(7), SO_PEERCRED). */
struct control_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* JSON-RPC 2.0, 5.1, and one of ours. */
enum call_error {
	CALL_PARSE_ERROR = -32700,
	CALL_INVALID_REQUEST = -32600,
	CALL_NO_METHOD = -32601,
	CALL_INVALID_PARAMS = -32602,
	CALL_INTERNAL = -32603,
	CALL_REFUSED = -32000, /* the method was called well, and could or would not do it */
};

/*
 * A method's function gets a call, which it owns until it has given it to call_done() or
 * call_refuse(), once, at once or later. The one who asked may be gone by then, which makes no
 * difference here.
 */
struct call {
	const struct control_env *env;
	const struct method *method; /* its row */
	struct control_peer peer;
	json_t *params; /* owns; an object that holds what the row says and nothing else */

	/* of rpc.c */
	json_t *id; /* owns; NULL: a notification, nobody waits for an answer */
	void (*answered)(struct call *c, json_t *answer); /* NULL: the one who asked is gone */
	void *user;                                       /* of answered() */
};

/* The parameter's value, or NULL when it was not given. Borrowed from the call. */
const char *call_text(const struct call *c, const char *name);
bool call_has(const struct call *c, const char *name);
bool call_switch(const struct call *c, const char *name);

/* A number's value, or otherwise when it was not given. */
uint32_t call_number(const struct call *c, const char *name, uint32_t otherwise);

/* It is done: result (NULL: no memory for it) is taken over, c is freed. */
void call_done(struct call *c, json_t *result);

/* It is not done, for a reason in words that tell how it would be. c is freed. */
void call_refuse(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The answer to a request that is wrong: a new reference, NULL without memory. id is borrowed. */
json_t *call_error(json_t *id, enum call_error code, const char *message);

#endif
