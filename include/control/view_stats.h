/* What a logical unit has counted, as JSON (view.h). */
#ifndef CONTROL_VIEW_STATS_H
#define CONTROL_VIEW_STATS_H

#include <jansson.h>

struct scsi_lu;
struct target;

json_t *view_stats(const struct target *t, const struct scsi_lu *lu);

#endif
