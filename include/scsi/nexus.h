/*
 * I_T nexus: SCSI's view of a session, and the I_T_L nexuses in it, one for each
 * logical unit that was addressed. Unit attentions are kept for each I_T_L nexus.
 */
#ifndef SCSI_NEXUS_H
#define SCSI_NEXUS_H

#include "base/map.h"
#include "scsi/stats.h"
#include "scsi/tid.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_device;
struct scsi_itl;
struct scsi_lu;

#define SCSI_PORT_NAME_MAX 256 /* bytes with the ending zero */
#define SCSI_INITIATOR_MAX 256

/* A SCSI target port, as REPORT TARGET PORT GROUPS and VPD page 83h name it. */
struct scsi_tport {
	uint16_t rel_id;               /* relative target port identifier, from 1 */
	uint16_t group;                /* target port group, from 1 */
	char name[SCSI_PORT_NAME_MAX]; /* SCSI name string of the port; UTF-8 */
};

struct scsi_nexus {
	struct scsi_device *device;         /* borrowed until scsi_nexus_close() */
	struct scsi_tport tport;            /* the target port it came by */
	char initiator[SCSI_INITIATOR_MAX]; /* SCSI name string of the initiator port: compares
					       equal for the same port */
	struct tid tid;                     /* its TransportID, tid_make()'s of that name */

	/* Masking: may this nexus know of that logical unit? NULL: of all. */
	bool (*sees)(const struct scsi_nexus *x, const struct scsi_lu *lu);
	void *user; /* the port's */

	/* the device server's own */
	struct scsi_traffic traffic[FLOWS]; /* of its commands to all logical units */
	uint8_t port_index;                 /* of tport in the device's ports */
	struct map itls;                    /* LUN → struct scsi_itl, owned here */
	TAILQ_HEAD(, scsi_itl) known;       /* the same as a list */
	TAILQ_ENTRY(scsi_nexus) link;
};

/*
 * Join device. The caller has filled the first part; x is lent until scsi_nexus_close(). A
 * target port that the device did not know is known from then on. 0; -ENOSPC: it has too many.
 */
int scsi_nexus_open(struct scsi_nexus *x, struct scsi_device *device);

/* Leave it. Every task of the nexus is done. Reservations follow SPC (registrations stay). */
void scsi_nexus_close(struct scsi_nexus *x);

#endif
