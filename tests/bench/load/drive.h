/* The load itself: opens the sessions, keeps their queues full, measures, and reads back. */
#ifndef LOAD_DRIVE_H
#define LOAD_DRIVE_H

#include "options.h"
#include "report.h"

/* Fills the jobs of o and *r. 0, or -1: what failed has been told on standard error. */
int drive_run(struct options *o, struct result *r);

#endif
