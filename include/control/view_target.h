/* Targets, what is in them, and the portals they are seen through, as JSON (view.h). */
#ifndef CONTROL_VIEW_TARGET_H
#define CONTROL_VIEW_TARGET_H

#include "control/call.h"

#include <stdbool.h>

struct portal;
struct scsi_lu;
struct target;

/* A line of a list, or all of it. */
json_t *view_target(const struct control_env *env, const struct target *t, bool all);
json_t *view_target_lun(const struct control_env *env, const struct target *t,
			const struct scsi_lu *lu, bool all);

json_t *view_target_portal(const struct control_env *env, const struct portal *p);
json_t *view_target_reservation(const struct scsi_lu *lu);

#endif
