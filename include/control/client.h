/*
 * A client of the control socket: bytes in become lines, a line becomes an answer, answers
 * become bytes out. All of it is bounded. No socket here: tests and the fuzzer use this door.
 */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "control/rpc.h"

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_LINE_MAX ((size_t)64 * 1024) /* bytes of a request with its newline */
#define CLIENT_OUT_HIGH ((size_t)64 * 1024) /* bytes of answers: with more no line is taken */

struct client {
	struct rpc rpc;
	void (*spoke)(struct client *c); /* an answer came later: there is output; may be NULL */
	bool is_busy;                    /* a line is being dealt with */
	bool is_running;                 /* in client_input() or client_sent() */
	bool is_ended; /* no more comes in; lines that are there are still answered */
	bool is_over;  /* no more is taken; the end comes when all output is sent */
	size_t in_at;  /* bytes of in that are dealt with */
	size_t in_len; /* bytes in in */
	char *out;     /* owns */
	size_t out_at; /* bytes of out that are sent */
	size_t out_len;
	size_t out_room;
	char in[CLIENT_LINE_MAX];
};

/* env is borrowed. */
void client_init(struct client *c, const struct control_env *env, const struct control_peer *peer);

/* A method at work for it goes on; its answer is for nobody. */
void client_fini(struct client *c);

/* Where the next bytes go, and how many at most; 0: none now, for answers are unsent. */
char *client_space(struct client *c, size_t *len);

/* n bytes came there. */
void client_input(struct client *c, size_t n);

/* No more will come. */
void client_end(struct client *c);

/* What is to be sent; NULL: nothing. */
const char *client_output(const struct client *c, size_t *len);

/* n bytes of it are sent. */
void client_sent(struct client *c, size_t n);

/* Is it the client's turn to send or to read? Then it may not take long. */
bool client_is_due(const struct client *c);

/* An answer that cannot be given at once is on its way. */
bool client_is_waiting(const struct client *c);

/* Everything is said, and the socket may be closed. */
bool client_is_over(const struct client *c);

#endif
