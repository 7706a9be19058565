/* The parameters of a call, held against its method's row. Pure. */
#ifndef CONTROL_PARAMS_H
#define CONTROL_PARAMS_H

#include "base/method.h"

#include <jansson.h>

#define PARAMS_WHY_MAX 512

/*
 * params as they came: an object, an array by position, or NULL for none. Returns them as an
 * object that holds what the row says, a new reference; NULL with what is wrong in why.
 */
json_t *params_check(const struct method *m, json_t *params, char why[static PARAMS_WHY_MAX]);

#endif
