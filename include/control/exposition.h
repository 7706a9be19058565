/*
 * The page of metrics: what is counted, in Prometheus' text format 0.0.4. A family is a row of one
 * table, with its type and what it means.
 */
#ifndef CONTROL_EXPOSITION_H
#define CONTROL_EXPOSITION_H

#include "control/call.h"

#include <stddef.h>

/* LUNs and sessions told of one by one at most, so that a page is bounded in size and time. */
#define EXPOSITION_MOST 1000

/* The page, which the caller frees; *len: its bytes. NULL: no memory. */
char *exposition_page(const struct control_env *env, size_t *len);

#endif
