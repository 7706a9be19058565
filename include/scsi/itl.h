/* An I_T_L nexus: what a logical unit keeps for one I_T nexus. Made at first contact. */
#ifndef SCSI_ITL_H
#define SCSI_ITL_H

#include "scsi/xcopy_log.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_lu;
struct scsi_nexus;

/* MMC-6, table 126: Media Event */
enum itl_event { ITL_NO_EVENT = 0, ITL_NEW_MEDIUM = 2, ITL_MEDIUM_REMOVED = 3 };

struct scsi_itl {
	struct scsi_nexus *nexus; /* owner is the nexus */
	struct scsi_lu *lu;       /* borrowed until scsi_lu_free() */
	uint32_t ua;              /* pending unit attentions: a bit for each enum scsi_ua */
	uint32_t ntasks;          /* of this nexus in the logical unit's task set */
	bool prevents;            /* PREVENT ALLOW MEDIUM REMOVAL: this nexus prevents it */
	uint32_t pr_version;      /* of lu's reservations, when the next two were looked up */
	bool is_registered;       /* for persistent reservations */
	bool is_holder;           /* of the persistent reservation */
	bool wrote_echo;          /* something to the echo buffer, by WRITE BUFFER */
	bool is_preempted;        /* a PREEMPT AND ABORT waits for its tasks to end */
	uint8_t media_event;      /* enum itl_event: the last that was not told */
	struct xcopy_log copies;  /* what came of its copies */
	TAILQ_ENTRY(scsi_itl) lu_link;
	TAILQ_ENTRY(scsi_itl) nexus_link;
};

/*
 * The I_T_L nexus of x and lu; a new one has a power on condition pending.
 * NULL: no memory.
 */
struct scsi_itl *itl_get(struct scsi_nexus *x, struct scsi_lu *lu);

/* Let the medium be removed again, as far as this nexus is concerned. */
void itl_allow(struct scsi_itl *itl);

/* Give back what RESERVE got it (SPC-2, 5.5.1: also done by resets and the loss of the nexus). */
void itl_release(struct scsi_itl *itl);

/* Its logical unit goes away: no command finds it any more, those that have it may end. */
void itl_hide(struct scsi_itl *itl);

/* Leaves nexus and logical unit. */
void itl_free(struct scsi_itl *itl);

#endif
