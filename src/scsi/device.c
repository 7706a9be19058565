#include "scsi/device.h"

#include "scsi/alua.h"
#include "scsi/core.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/ua.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void scsi_device_init(struct scsi_device *d, struct scsi_core *core, const char *name)
{
	d->core = core;
	memset(d->name, 0, sizeof(d->name));
	memcpy(d->name, name, strnlen(name, sizeof(d->name) - 1));
	map_init(&d->lus);
	TAILQ_INIT(&d->nexuses);
	d->nports = 0;
	memset(d->states, 0, sizeof(d->states));
}

bool scsi_device_is_idle(const struct scsi_device *d)
{
	uint32_t number;

	for (number = 0; number <= SCSI_LUN_MAX; number++) {
		const struct scsi_lu *lu = scsi_device_lu(d, number);

		if (lu && !scsi_lu_is_idle(lu))
			return false;
	}
	return true;
}

void scsi_device_fini(struct scsi_device *d)
{
	uint32_t number;

	assert(TAILQ_EMPTY(&d->nexuses));
	for (number = 0; d->lus.count && number <= SCSI_LUN_MAX; number++)
		scsi_lu_free(map_remove(&d->lus, number));
	map_fini(&d->lus);
}

int scsi_device_reserve(struct scsi_device *d, uint32_t n)
{
	return map_reserve(&d->lus, n);
}

void scsi_device_place(struct scsi_device *d, struct scsi_lu *lu)
{
	lu->device = d;
	snprintf(lu->name, sizeof(lu->name), "%s LUN %" PRIu32, d->name, lu->opt.number);
}

int scsi_device_add(struct scsi_device *d, struct scsi_lu *lu)
{
	int err = map_add(&d->lus, lu->opt.number, lu);

	if (err)
		return err;
	scsi_device_place(d, lu); /* d owns lu now */
	alua_start(lu);
	scsi_device_luns_changed(d);
	scsi_lu_start(lu);
	return 0;
}

void scsi_device_luns_changed(struct scsi_device *d)
{
	struct scsi_nexus *x;

	TAILQ_FOREACH (x, &d->nexuses, link)
		ua_set_nexus(x, UA_LUNS_CHANGED);
}

void scsi_device_remove(struct scsi_device *d, struct scsi_lu *lu,
			void (*gone)(struct scsi_lu *lu, void *user), void *user)
{
	struct scsi_task *t;
	struct scsi_itl *itl;

	assert(map_get(&d->lus, lu->opt.number) == lu);
	map_remove(&d->lus, lu->opt.number);
	TAILQ_FOREACH (itl, &lu->itls, lu_link)
		itl_hide(itl);
	TAILQ_FOREACH (t, &lu->tasks, set_link)
		finish_abort(t, true);
	lu->gone = gone;
	lu->gone_user = user;
	TAILQ_INSERT_TAIL(&d->core->leaving, lu, leave_link);
	scsi_device_luns_changed(d);
}

struct scsi_lu *scsi_device_lu(const struct scsi_device *d, uint32_t lun)
{
	return map_get(&d->lus, lun);
}
