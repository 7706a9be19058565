/* The configuration at the start: what the file or the command line says, and what was saved. */
#ifndef DAEMON_LOAD_H
#define DAEMON_LOAD_H

#include "config/running.h"

struct args;
struct scsi_core;

/*
 * Read and check what a says into r, whose config is there; all that is wrong is told.
 * 0; -EINVAL: there are faults; -ENOMEM. load_fini() afterwards in any case.
 */
int load_start(struct running *r, const struct args *a, struct scsi_core *core);

/* Put the changes in that are saved in r->state_dir. Likewise. */
int load_saved(struct running *r);

/* Frees the trees and the configuration. Nothing of it is in use. */
void load_fini(struct running *r);

#endif
