/* The control socket: a Unix stream socket that carries JSON-RPC 2.0, a text a line. */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "control/call.h"

#define CONTROL_WHY_MAX 256

struct control_server;

/*
 * Listen at path: its directory is made where it is missing, a socket that nobody listens on any
 * more is replaced. It belongs to group (NULL: the process's own), and has mode 0660. env is
 * copied, what it points to is borrowed. 0 or -errno with a sentence in why.
 */
int control_open(struct control_server **out, const struct control_env *env, const char *path,
		 const char *group, char why[static CONTROL_WHY_MAX]);

/* The socket goes, and all clients with it. NULL is fine. */
void control_close(struct control_server *s);

#endif
