#include "scsi/ua.h"

#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"

struct row {
	uint32_t code; /* enum sense_code */
	bool reset; /* SAM-5, 5.14.5: all that was is gone, so what came before need not be told */
	bool deferred;
};

static const struct row rows[UA_COUNT] = {
	[UA_POWER_ON] = { SENSE_POWER_ON, true, false },
	[UA_TARGET_RESET] = { SENSE_TARGET_RESET, true, false },
	[UA_LU_RESET] = { SENSE_LU_RESET, true, false },
	[UA_NEXUS_LOSS] = { SENSE_NEXUS_LOSS, true, false },
	[UA_MEDIUM_CHANGED] = { SENSE_MEDIUM_CHANGED, false, false },
	[UA_CAPACITY] = { SENSE_CAPACITY, false, false },
	[UA_MODE_CHANGED] = { SENSE_MODE_CHANGED, false, false },
	[UA_RESERVATIONS_PREEMPTED] = { SENSE_RESERVATIONS_PREEMPTED, false, false },
	[UA_RESERVATIONS_RELEASED] = { SENSE_RESERVATIONS_RELEASED, false, false },
	[UA_REGISTRATIONS_PREEMPTED] = { SENSE_REGISTRATIONS_PREEMPTED, false, false },
	[UA_ALUA_STATE] = { SENSE_ALUA_STATE, false, false },
	[UA_SOFT_THRESHOLD] = { SENSE_SOFT_THRESHOLD, false, false },
	[UA_IDENT_CHANGED] = { SENSE_IDENT_CHANGED, false, false },
	[UA_LUNS_CHANGED] = { SENSE_LUNS_CHANGED, false, false },
	[UA_CLEARED] = { SENSE_CLEARED, false, false },
	[UA_PROTOCOL_EVENT] = { SENSE_PROTOCOL_EVENT, false, false },
	[UA_WAS_BUSY] = { SENSE_WAS_BUSY, false, false },
	[UA_WAS_FULL] = { SENSE_WAS_FULL, false, false },
	[UA_WAS_CONFLICT] = { SENSE_WAS_CONFLICT, false, false },
	[UA_FLUSH_FAILED] = { SENSE_WRITE_ERROR, false, true },
};

#define BIT(ua) (1u << (ua))

#define LOSSES                                                                             \
	(BIT(UA_POWER_ON) | BIT(UA_TARGET_RESET) | BIT(UA_LU_RESET) | BIT(UA_NEXUS_LOSS) | \
	 BIT(UA_CLEARED) | BIT(UA_PROTOCOL_EVENT))

/* What stays when a reset is told: resets of more weight, and failures of the medium. */
static uint32_t survivors(enum scsi_ua reset)
{
	return (BIT(reset) - 1) | BIT(UA_FLUSH_FAILED);
}

void ua_set(struct scsi_itl *itl, enum scsi_ua ua)
{
	if (rows[ua].reset) {
		itl->ua &= survivors(ua);
		if (itl->ua & (BIT(ua) - 1))
			return; /* one of more weight is still to be told */
	}
	itl->ua |= BIT(ua);
}

void ua_set_lu(struct scsi_lu *lu, enum scsi_ua ua, const struct scsi_nexus *except)
{
	struct scsi_itl *itl;

	TAILQ_FOREACH (itl, &lu->itls, lu_link) {
		if (itl->nexus != except)
			ua_set(itl, ua);
	}
}

void ua_set_nexus(struct scsi_nexus *x, enum scsi_ua ua)
{
	struct scsi_itl *itl;

	TAILQ_FOREACH (itl, &x->known, nexus_link)
		ua_set(itl, ua);
}

void ua_clear_nexus(struct scsi_nexus *x, enum scsi_ua ua)
{
	struct scsi_itl *itl;

	TAILQ_FOREACH (itl, &x->known, nexus_link)
		itl->ua &= ~BIT(ua);
}

unsigned int ua_peek(const struct scsi_itl *itl, struct sense *out)
{
	const struct row *row;

	if (!itl->ua)
		return 0;
	row = &rows[__builtin_ctz(itl->ua)];
	*out = (struct sense){ .code = row->code, .deferred = row->deferred };
	return (unsigned int)__builtin_popcount(itl->ua);
}

bool ua_tells_of_loss(const struct scsi_itl *itl)
{
	return itl->ua & LOSSES;
}

bool ua_take(struct scsi_itl *itl, struct sense *out)
{
	if (!ua_peek(itl, out))
		return false;
	itl->ua &= itl->ua - 1;
	return true;
}

bool ua_tell(struct scsi_itl *itl, struct sense *out)
{
	if (!ua_peek(itl, out))
		return false;
	if (out->deferred || itl->lu->ua_intlck == UA_INTLCK_NONE)
		return ua_take(itl, out);
	return true;
}

void ua_set_status(struct scsi_itl *itl, uint8_t status)
{
	switch (status) {
	case SCSI_BUSY: ua_set(itl, UA_WAS_BUSY); break;
	case SCSI_TASK_SET_FULL: ua_set(itl, UA_WAS_FULL); break;
	case SCSI_RESERVATION_CONFLICT: ua_set(itl, UA_WAS_CONFLICT); break;
	default: break;
	}
}
