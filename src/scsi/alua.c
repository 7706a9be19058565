#include "scsi/alua.h"

#include "scsi/cmd.h"
#include "scsi/device.h"
#include "scsi/lu.h"
#include "scsi/sense.h"
#include "scsi/ua.h"

#include <errno.h>
#include <string.h>

#define ANYWHERE (F_ALUA_STANDBY | F_ALUA_UNAVAIL)

/* SPC-5, 5.17.2.4: what a command needs to be let through, and what is told else. */
static const struct row {
	const char *name;
	uint8_t state;   /* enum alua_state */
	uint32_t allows; /* enum cmd_flag; one of them will do; 0: all commands are */
	uint32_t sense;  /* enum sense_code */
} rows[] = {
	{ "optimized", ALUA_OPTIMIZED, 0, SENSE_NONE },
	{ "non-optimized", ALUA_NON_OPTIMIZED, 0, SENSE_NONE },
	{ "standby", ALUA_STANDBY, ANYWHERE, SENSE_PORT_STANDBY },
	{ "unavailable", ALUA_UNAVAILABLE, F_ALUA_UNAVAIL, SENSE_PORT_UNAVAILABLE },
	{ "offline", ALUA_OFFLINE, F_ALUA_UNAVAIL, SENSE_OFFLINE },
	{ "transitioning", ALUA_TRANSITIONING, F_ALUA_UNAVAIL, SENSE_TRANSITION },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

int alua_parse(const char *name)
{
	size_t i;

	for (i = 0; i < NROWS; i++) {
		if (!strcmp(rows[i].name, name))
			return rows[i].state;
	}
	return -1;
}

int alua_configure(struct scsi_device *d, uint16_t group, enum alua_state state)
{
	int err = -ENOENT;
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		if (d->ports[i].group == group) {
			d->states[i] = (uint8_t)state;
			err = 0;
		}
	}
	return err;
}

enum alua_state alua_configured(const struct scsi_device *d, uint16_t group)
{
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		if (d->ports[i].group == group)
			return (enum alua_state)d->states[i];
	}
	return ALUA_OPTIMIZED;
}

void alua_start(struct scsi_lu *lu)
{
	memcpy(lu->alua_states, lu->device->states, sizeof(lu->alua_states));
}

enum alua_state alua_state(const struct scsi_lu *lu, const struct scsi_nexus *x)
{
	return (enum alua_state)lu->alua_states[x->port_index];
}

uint32_t alua_refuses(const struct scsi_lu *lu, const struct scsi_nexus *x, uint32_t flags)
{
	enum alua_state state = alua_state(lu, x);
	size_t i;

	if (state == ALUA_OPTIMIZED)
		return SENSE_NONE; /* the usual case */
	for (i = 0; i < NROWS; i++) {
		if (rows[i].state == state)
			return !rows[i].allows || flags & rows[i].allows ? SENSE_NONE
									 : rows[i].sense;
	}
	return SENSE_PORT_UNAVAILABLE;
}

int alua_set(struct scsi_lu *lu, uint16_t group, enum alua_state state, enum alua_cause cause,
	     const struct scsi_nexus *except)
{
	const struct scsi_device *d = lu->device;
	bool changes = false;
	int err = -ENOENT;
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		if (d->ports[i].group != group)
			continue;
		err = 0;
		changes |= lu->alua_states[i] != state;
		lu->alua_states[i] = (uint8_t)state;
		lu->alua_causes[i] = (uint8_t)cause;
	}
	if (changes)
		ua_set_lu(lu, UA_ALUA_STATE, except);
	return err;
}
