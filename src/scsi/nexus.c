#include "scsi/nexus.h"

#include "scsi/device.h"
#include "scsi/itl.h"
#include "scsi/tport.h"

#include <errno.h>

int scsi_nexus_open(struct scsi_nexus *x, struct scsi_device *device)
{
	int err = tport_add(device, &x->tport);

	if (err && err != -EEXIST)
		return err;
	x->port_index = (uint8_t)(tport_find(device, x->tport.rel_id) - device->ports);
	x->device = device;
	map_init(&x->itls);
	TAILQ_INIT(&x->known);
	TAILQ_INSERT_TAIL(&device->nexuses, x, link);
	return 0;
}

void scsi_nexus_close(struct scsi_nexus *x)
{
	struct scsi_itl *itl;

	while ((itl = TAILQ_FIRST(&x->known)))
		itl_free(itl);
	map_fini(&x->itls);
	TAILQ_REMOVE(&x->device->nexuses, x, link);
	x->device = NULL;
}
