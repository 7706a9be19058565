/*
 * The page of metrics over HTTP: GET /metrics, for Prometheus and its like. libmicrohttpd speaks
 * HTTP; it runs on the daemon's loop, with few connections, little memory and short time-outs.
 */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include "control/call.h"

#define METRICS_WHY_MAX 256

struct metrics;

/*
 * Listen on address ("127.0.0.1:9814", "[::1]:9814"; port 0: a free one). env is copied, what it
 * points to is borrowed. 0 or -errno with a sentence in why.
 */
int metrics_open(struct metrics **out, const struct control_env *env, const char *address,
		 char why[static METRICS_WHY_MAX]);

/* The port that it listens on. */
uint16_t metrics_port(const struct metrics *m);

/* Every connection is cut. NULL is fine. */
void metrics_close(struct metrics *m);

#endif
