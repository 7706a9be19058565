/* The line that says where it serves, for people and for scripts that wait for it. */
#ifndef DAEMON_READY_H
#define DAEMON_READY_H

#include "config/config.h"

#include <stdbool.h>

/*
 * "ready: iscsi://ADDR:PORT/IQN/LUN …" (is_serve), or "ready: N targets on ADDR:PORT …".
 * The caller owns it. NULL: no memory.
 */
char *ready_line(const struct config *c, bool is_serve);

/* To standard error with the name in front, and to fd, which is closed (-1: none). */
void ready_tell(const char *line, int fd);

#endif
