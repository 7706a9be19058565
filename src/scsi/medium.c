#include "scsi/medium.h"

#include "scsi/cmd.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/step.h"
#include "scsi/ua.h"

/* START STOP UNIT (SBC-4, 5.31), byte 4 */
#define START    0x01
#define LOEJ     CMD_LOEJ_BIT
#define NO_FLUSH 0x04

/* Everybody hears of it who asks for events (mmc.h). */
static void tell(struct scsi_lu *lu, enum itl_event event)
{
	struct scsi_itl *itl;

	TAILQ_FOREACH (itl, &lu->itls, lu_link)
		itl->media_event = (uint8_t)event;
}

static void start(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	lu->stopped = false;
	if (lu->ejected && t->cdb[4] & LOEJ) {
		lu->ejected = false;
		ua_set_lu(lu, UA_MEDIUM_CHANGED, t->nexus);
		tell(lu, ITL_NEW_MEDIUM);
	}
	finish_good(t);
}

/*
 * A removable medium stays accessible until it is ejected: its drive starts by
 * itself when it is needed (as in MMC-6, 6.42), and initiators count on that.
 */
static void stop(struct scsi_task *t)
{
	if (!t->lu->opt.removable)
		t->lu->stopped = true;
	if (t->cdb[4] & LOEJ && !t->lu->ejected) {
		t->lu->ejected = true;
		tell(t->lu, ITL_MEDIUM_REMOVED);
	}
	finish_good(t);
}

/*
 * Power conditions are refused by the usage mask, as there are none, and so is LOEJ where the
 * medium stays. IMMED makes no difference: nothing takes long but the flush, which comes first.
 */
void medium_start_stop(struct scsi_task *t)
{
	uint8_t what = t->cdb[4];

	/* Loading, too: SBC-4 leaves it open, and the initiators' own tests want it so. */
	if (what & LOEJ && t->lu->prevents) {
		finish_code(t, SENSE_PREVENTED);
		return;
	}
	if (what & START) {
		start(t);
		return;
	}
	if (what & NO_FLUSH) {
		stop(t);
		return;
	}
	t->io = (struct store_io){ .op = STORE_FLUSH };
	step_io(t, stop);
}

/* PREVENT ALLOW MEDIUM REMOVAL (SBC-4, 5.13): counted for each I_T nexus. */
void medium_prevent_allow(struct scsi_task *t)
{
	struct scsi_itl *itl = t->itl;

	if (!(t->cdb[4] & 0x01)) {
		itl_allow(itl);
	} else if (!itl->prevents) {
		itl->prevents = true;
		t->lu->prevents++;
	}
	finish_good(t);
}
