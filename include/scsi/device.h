/* A SCSI target device: its logical units by number, and the nexuses it has. */
#ifndef SCSI_DEVICE_H
#define SCSI_DEVICE_H

#include "base/map.h"
#include "scsi/nexus.h"

#include <stdint.h>
#include <sys/queue.h>

struct scsi_core;
struct scsi_lu;

#define SCSI_LUN_MAX      16383 /* flat space addressing (SAM-5, 4.7.7.3) */
#define SCSI_DEV_NAME_MAX 256

struct scsi_device {
	struct scsi_core *core;       /* borrowed */
	char name[SCSI_DEV_NAME_MAX]; /* SCSI name string of the device */
	struct map lus;               /* LUN → struct scsi_lu; the LUs are owned here */
	TAILQ_HEAD(, scsi_nexus) nexuses;
};

/* name: the device's SCSI name string, copied (cut at SCSI_DEV_NAME_MAX - 1 bytes). */
void scsi_device_init(struct scsi_device *d, struct scsi_core *core, const char *name);

/* Frees its logical units (and closes their stores). No nexus is left, no task in flight. */
void scsi_device_fini(struct scsi_device *d);

/*
 * Enter lu under its number; the device owns it from then on, on success only.
 * Every nexus gets REPORTED LUNS DATA HAS CHANGED. 0; -EEXIST; -ENOMEM.
 */
int scsi_device_add(struct scsi_device *d, struct scsi_lu *lu);

/* The logical unit with that number, or NULL. */
struct scsi_lu *scsi_device_lu(const struct scsi_device *d, uint32_t lun);

/*
 * LUN field → number, for peripheral (00b, bus 0) and flat (01b) addressing of a
 * single level. 0 or -EINVAL (a well known logical unit, a second level, …).
 */
int scsi_lun_get(const uint8_t lun[static 8], uint32_t *out);

/* Number → LUN field: peripheral to 255, flat above. */
void scsi_lun_put(uint8_t lun[static 8], uint32_t number);

#endif
