/* Unit attention conditions, one set for each I_T_L nexus (SAM-5, 5.14). */
#ifndef SCSI_UA_H
#define SCSI_UA_H

#include "scsi/sense.h"

#include <stdbool.h>
#include <stdint.h>

struct scsi_itl;
struct scsi_lu;
struct scsi_nexus;

/* In order of precedence: what is first is reported first. */
enum scsi_ua {
	UA_POWER_ON,
	UA_TARGET_RESET,
	UA_LU_RESET,
	UA_NEXUS_LOSS,
	UA_MEDIUM_CHANGED,
	UA_CAPACITY,
	UA_MODE_CHANGED,
	UA_RESERVATIONS_PREEMPTED,
	UA_RESERVATIONS_RELEASED,
	UA_REGISTRATIONS_PREEMPTED,
	UA_ALUA_STATE,
	UA_SOFT_THRESHOLD,
	UA_IDENT_CHANGED,
	UA_LUNS_CHANGED,
	UA_CLEARED,
	UA_PROTOCOL_EVENT, /* the transport lost commands of this nexus */
	UA_WAS_BUSY,       /* the statuses that UA_INTLCK_CTRL 11b makes conditions of */
	UA_WAS_FULL,
	UA_WAS_CONFLICT,
	UA_FLUSH_FAILED, /* no unit attention but a deferred error; it waits in the same line */
	UA_COUNT
};

/* Establish a condition. One of the reset kind takes the place of all that come after it. */
void ua_set(struct scsi_itl *itl, enum scsi_ua ua);

/* Establish the one that an earlier status is told by; none for most (SPC-5, 7.5.9, 11b). */
void ua_set_status(struct scsi_itl *itl, uint8_t status);

/* Establish it for every I_T_L nexus of lu but those of except (NULL: for all). */
void ua_set_lu(struct scsi_lu *lu, enum scsi_ua ua, const struct scsi_nexus *except);

/* Establish it on every logical unit that x knows. */
void ua_set_nexus(struct scsi_nexus *x, enum scsi_ua ua);

/* Take the condition away on every logical unit that x knows. */
void ua_clear_nexus(struct scsi_nexus *x, enum scsi_ua ua);

/* Is there one that tells of a reset, or of commands that are gone for another reason? */
bool ua_tells_of_loss(const struct scsi_itl *itl);

/* The sense of the first condition, which is no longer there then. False: there is none. */
bool ua_take(struct scsi_itl *itl, struct sense *out);

/*
 * The sense that a command is told. With UA_INTLCK_CTRL set, unit attentions stay: only
 * ua_take() by REQUEST SENSE clears them. False: there is none.
 */
bool ua_tell(struct scsi_itl *itl, struct sense *out);

/* Look at the first condition. Returns how many there are; out is filled when there is one. */
unsigned int ua_peek(const struct scsi_itl *itl, struct sense *out);

#endif
