/* The daemon at the other end of the control socket. */
#ifndef ITGTCTL_REMOTE_H
#define ITGTCTL_REMOTE_H

#include <jansson.h>
#include <stddef.h>

#define REMOTE_SOCKET "/run/itgtd/control.sock"

struct remote {
	int fd;          /* owns; -1: not connected */
	unsigned int id; /* of the last request */
	char *in;        /* owns: what came of an answer */
	size_t in_len;
	size_t in_room;
};

/* 0 or -errno. remote_close() afterwards in any case. */
int remote_open(struct remote *r, const char *path);
void remote_close(struct remote *r);

/* What a call came to. */
enum remote_verdict {
	REMOTE_OK,
	REMOTE_REFUSED, /* by the method: *out is its message, a string */
	REMOTE_WRONG,   /* the daemon does not know the method or its parameters: likewise */
	REMOTE_LOST,    /* no answer; errno says why, 0: the daemon hung up. *out is NULL */
};

/* Call method and wait for its answer. *out: its result, a new reference. params is borrowed. */
enum remote_verdict remote_call(struct remote *r, const char *method, json_t *params, json_t **out);

#endif
