/* A SCSI target device: its logical units by number, and the nexuses it has. */
#ifndef SCSI_DEVICE_H
#define SCSI_DEVICE_H

#include "base/map.h"
#include "scsi/lun.h"
#include "scsi/nexus.h"
#include "scsi/tport.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_core;
struct scsi_lu;

#define SCSI_DEV_NAME_MAX 256

struct scsi_device {
	struct scsi_core *core;       /* borrowed */
	char name[SCSI_DEV_NAME_MAX]; /* SCSI name string of the device */
	struct map lus;               /* LUN → struct scsi_lu; the LUs are owned here */
	TAILQ_HEAD(, scsi_nexus) nexuses;
	struct scsi_tport ports[SCSI_PORTS_MAX]; /* nports of them, by tport_add() */
	uint8_t nports;
	uint8_t states[SCSI_PORTS_MAX]; /* enum alua_state, for logical units that are added */
};

/* name: the device's SCSI name string, copied (cut at SCSI_DEV_NAME_MAX - 1 bytes). */
void scsi_device_init(struct scsi_device *d, struct scsi_core *core, const char *name);

/* Is every logical unit idle (scsi_lu_is_idle())? */
bool scsi_device_is_idle(const struct scsi_device *d);

/* Frees its logical units (and closes their stores). No nexus is left, and it is idle. */
void scsi_device_fini(struct scsi_device *d);

/* lu is to be in d: it has its name from now on, and can be loaded (scsi_lu_load()). */
void scsi_device_place(struct scsi_device *d, struct scsi_lu *lu);

/*
 * Enter lu under its number; the device owns it from then on, on success only.
 * Every nexus gets REPORTED LUNS DATA HAS CHANGED. 0; -EEXIST; -ENOMEM.
 */
int scsi_device_add(struct scsi_device *d, struct scsi_lu *lu);

/* Room for n more, so that scsi_device_add() cannot run out of memory. 0 or -ENOMEM. */
int scsi_device_reserve(struct scsi_device *d, uint32_t n);

/*
 * Take lu away: no command finds it any more, those in its task set end with TASK ABORTED, and
 * every nexus gets REPORTED LUNS DATA HAS CHANGED. When its last task has ended and its store has
 * given everything back, scsi_core_run() hands it to gone(), whose it is then, with user.
 */
void scsi_device_remove(struct scsi_device *d, struct scsi_lu *lu,
			void (*gone)(struct scsi_lu *lu, void *user), void *user);

/* Its list of logical units has changed for some nexus: REPORTED LUNS DATA HAS CHANGED. */
void scsi_device_luns_changed(struct scsi_device *d);

/* The logical unit with that number, or NULL. */
struct scsi_lu *scsi_device_lu(const struct scsi_device *d, uint32_t lun);

#endif
