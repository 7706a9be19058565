#include "scsi/tport.h"

#include "scsi/alua.h"
#include "scsi/device.h"
#include "scsi/lu.h"

#include <errno.h>
#include <string.h>

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

/* The states of a logical unit, or of the device, without the i-th. */
static void close_gap(uint8_t states[static SCSI_PORTS_MAX], uint8_t i)
{
	memmove(&states[i], &states[i + 1], SCSI_PORTS_MAX - 1u - i);
	states[SCSI_PORTS_MAX - 1] = ALUA_OPTIMIZED;
}

int tport_remove(struct scsi_device *d, uint16_t rel_id)
{
	const struct scsi_tport *port = tport_find(d, rel_id);
	struct scsi_nexus *x;
	struct scsi_lu *lu;
	uint32_t number;
	uint8_t i;

	if (!port)
		return -ENOENT;
	i = (uint8_t)(port - d->ports);
	TAILQ_FOREACH (x, &d->nexuses, link) {
		if (x->port_index == i)
			return -EBUSY;
	}
	TAILQ_FOREACH (x, &d->nexuses, link) {
		if (x->port_index > i)
			x->port_index--;
	}
	for (lu = map_next(&d->lus, 0, &number); lu; lu = map_next(&d->lus, number + 1, &number)) {
		close_gap(lu->alua_states, i);
		close_gap(lu->alua_causes, i);
	}
	close_gap(d->states, i);
	d->nports--;
	memmove(&d->ports[i], &d->ports[i + 1], (size_t)(d->nports - i) * sizeof(d->ports[0]));
	return 0;
}
