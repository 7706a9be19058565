/*
 * A restart of the daemon, for the rig of devices: everything but the stores ends, and begins
 * anew with what the state directory has. The directory is the process's own, in memory where
 * there is such a place, and empty when an input begins.
 */
#ifndef RESTART_H
#define RESTART_H

#include "device_rig.h"

/* The state directory, empty. */
const char *restart_dir(void);

/* Stop, perhaps damage a file that was kept (its checksum is right all the same), and start. */
void restart(struct rig *r, struct feed *f);

#endif
