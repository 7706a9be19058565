#include "scsi/reserve.h"

#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/pr_gate.h"

/*
 * Where persistent reservations are in use, the older commands are a conflict, but
 * for those whom the reservation gives all access: they are told GOOD, and nothing
 * happens (SPC-5, 5.14.3: compatible reservation handling). True: that was it.
 */
static bool is_persistent(struct scsi_task *t)
{
	const struct pr *pr = &t->lu->pr;

	if (!pr->n && !pr->sealed)
		return false;
	pr_gate_look(t->itl);
	if (t->itl->is_holder || (t->itl->is_registered && pr_is_shared(pr->type)))
		finish_good(t);
	else
		finish_status(t, SCSI_RESERVATION_CONFLICT);
	return true;
}

/* The gate has seen that nobody else has it. */
void reserve(struct scsi_task *t)
{
	if (is_persistent(t))
		return;
	t->lu->reserved_by = t->nexus;
	finish_good(t);
}

/* SPC-2, 7.16: also of what one has not; the reservation of another stays. */
void reserve_release(struct scsi_task *t)
{
	if (is_persistent(t))
		return;
	itl_release(t->itl);
	finish_good(t);
}
