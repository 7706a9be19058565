#include "scsi/tport.h"

#include "scsi/device.h"

#include <errno.h>

const struct scsi_tport *tport_find(const struct scsi_device *d, uint16_t rel_id)
{
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		if (d->ports[i].rel_id == rel_id)
			return &d->ports[i];
	}
	return NULL;
}

int tport_add(struct scsi_device *d, const struct scsi_tport *port)
{
	if (tport_find(d, port->rel_id))
		return -EEXIST;
	if (d->nports == SCSI_PORTS_MAX)
		return -ENOSPC;
	d->ports[d->nports++] = *port;
	return 0;
}
