/*
 * What there is, as JSON: each function makes a new reference, NULL without memory. Names of
 * members are the field's own words; numbers have no units but those in their names.
 */
#ifndef CONTROL_VIEW_H
#define CONTROL_VIEW_H

#include "control/call.h"

#include <stdbool.h>

struct target;

/* Text from anywhere: what is not UTF-8 is shown escaped. */
json_t *view_text(const char *text);

/* The daemon as a whole. */
json_t *view_status(const struct control_env *env);

/* A line of a list, or all of it. */
json_t *view_target(const struct control_env *env, const struct target *t, bool all);

/* Rows of base/method.h. */
json_t *view_methods(void);

#endif
