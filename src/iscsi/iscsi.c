#include "iscsi/iscsi.h"

#include "iscsi/task.h"

#include <string.h>

void iscsi_init(struct iscsi *iscsi, struct world *world, struct scsi_core *core,
		struct buf_pool *pool, const struct iscsi_options *options)
{
	memset(iscsi, 0, sizeof(*iscsi));
	iscsi->world = world;
	iscsi->core = core;
	iscsi->pool = pool;
	iscsi_limit(iscsi, options);
	TAILQ_INIT(&iscsi->conns);
	STAILQ_INIT(&iscsi->dirty);
	TAILQ_INIT(&iscsi->sessions);
	map_init(&iscsi->tsihs);
	tx_pool_init(&iscsi->tx_pool);
	SLIST_INIT(&iscsi->free_tasks);
	LIST_INIT(&iscsi->early);
}

void iscsi_fini(struct iscsi *iscsi)
{
	map_fini(&iscsi->tsihs);
	tx_pool_fini(&iscsi->tx_pool);
	task_pool_fini(iscsi);
}

void iscsi_limit(struct iscsi *iscsi, const struct iscsi_options *options)
{
	iscsi->max_connections = options->max_connections;
	iscsi->login_timeout_ms = options->login_timeout_ms;
}
