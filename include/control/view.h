/*
 * What there is, as JSON: each function makes a new reference, NULL without memory. Names of
 * members are the field's own words; numbers have no units but those in their names.
 */
#ifndef CONTROL_VIEW_H
#define CONTROL_VIEW_H

#include "control/call.h"

#include <stdint.h>

struct scsi_traffic;

/* Text from anywhere: what is not UTF-8 is shown escaped. */
json_t *view_text(const char *text);

/* The daemon as a whole. */
json_t *view_status(const struct control_env *env);

/* "write exclusive": enum pr_type in words. */
const char *view_reservation_type(uint8_t type);

/* Operations, bytes, errors, and the time of all together. */
json_t *view_traffic(const struct scsi_traffic *t);

/* Rows of base/method.h. */
json_t *view_methods(void);

#endif
