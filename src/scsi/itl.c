#include "scsi/itl.h"

#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/ua.h"

#include <stdlib.h>

struct scsi_itl *itl_get(struct scsi_nexus *x, struct scsi_lu *lu)
{
	struct scsi_itl *itl = map_get(&x->itls, lu->opt.number);

	if (itl)
		return itl;
	itl = calloc(1, sizeof(*itl));
	if (!itl)
		return NULL;
	if (map_add(&x->itls, lu->opt.number, itl)) {
		free(itl);
		return NULL;
	}
	itl->nexus = x;
	itl->lu = lu;
	xcopy_log_init(&itl->copies);
	TAILQ_INSERT_TAIL(&lu->itls, itl, lu_link);
	TAILQ_INSERT_TAIL(&x->known, itl, nexus_link);
	ua_set(itl, UA_POWER_ON);
	return itl;
}

void itl_allow(struct scsi_itl *itl)
{
	if (!itl->prevents)
		return;
	itl->prevents = false;
	itl->lu->prevents--;
}

void itl_release(struct scsi_itl *itl)
{
	if (itl->lu->reserved_by == itl->nexus)
		itl->lu->reserved_by = NULL;
}

/* Another logical unit may have the number by now. */
void itl_hide(struct scsi_itl *itl)
{
	uint32_t number = itl->lu->opt.number;

	if (map_get(&itl->nexus->itls, number) == itl)
		map_remove(&itl->nexus->itls, number);
}

void itl_free(struct scsi_itl *itl)
{
	if (itl->lu->echo_owner == itl)
		itl->lu->echo_owner = NULL;
	itl_allow(itl);
	itl_release(itl);
	itl_hide(itl);
	xcopy_log_fini(&itl->copies);
	TAILQ_REMOVE(&itl->nexus->known, itl, nexus_link);
	TAILQ_REMOVE(&itl->lu->itls, itl, lu_link);
	free(itl);
}
