#include "config/config.h"

#include <stdlib.h>
#include <string.h>

int config_init(struct config *c, struct scsi_core *core)
{
	memset(c, 0, sizeof(*c));
	STAILQ_INIT(&c->luns);
	return world_init(&c->world, core);
}

void config_fini(struct config *c)
{
	struct config_lun *l;

	while ((l = STAILQ_FIRST(&c->luns))) {
		STAILQ_REMOVE_HEAD(&c->luns, link);
		lun_mask_free(l->mask);
		free(l);
	}
	world_fini(&c->world);
}
