/* The target ports of a device, whether or not somebody has come by them. */
#ifndef SCSI_TPORT_H
#define SCSI_TPORT_H

#include <stdint.h>

#define SCSI_PORTS_MAX 16 /* target ports of a device */

struct scsi_device;
struct scsi_tport;

/* Make a port known. 0; -EEXIST: it is already; -ENOSPC: SCSI_PORTS_MAX are. */
int tport_add(struct scsi_device *d, const struct scsi_tport *port);

/*
 * Forget a port, with its access states. The order of the others stays. 0; -ENOENT; -EBUSY: a
 * nexus came by it.
 */
int tport_remove(struct scsi_device *d, uint16_t rel_id);

/* The port with that relative identifier, or NULL. */
const struct scsi_tport *tport_find(const struct scsi_device *d, uint16_t rel_id);

#endif
