/*
 * JSON-RPC 2.0: a text becomes calls of methods, one after the other, and their answers become
 * one text. No socket here.
 */
#ifndef CONTROL_RPC_H
#define CONTROL_RPC_H

#include "control/call.h"

#include <stddef.h>

#define RPC_BATCH_MAX 64 /* requests in a batch */

struct rpc {
	/* the caller's */
	const struct control_env *env;
	struct control_peer peer;
	/*
	 * The text is dealt with: answer, taken over by the function, is what to send; NULL:
	 * nothing (notifications only). Also from inside rpc_start().
	 */
	void (*done)(struct rpc *r, json_t *answer);

	json_t *requests; /* owns; a batch, or an array of one; NULL: at rest */
	size_t next;      /* of requests: the one that comes next */
	bool is_batch;
	bool is_stepping;
	json_t *answers;   /* owns; an array */
	struct call *call; /* the method at work; NULL: none. The method owns it */
};

/* A text of len bytes. r is at rest; it is again when done() is called. */
void rpc_start(struct rpc *r, const char *text, size_t len);

/* The answer to a text that was too long to be read. A new reference or NULL. */
json_t *rpc_too_long(size_t max);

/* Nobody wants the answers any more; done() is not called. */
void rpc_abandon(struct rpc *r);

#endif
