#include "scsi/task.h"

#include <assert.h>
#include <string.h>

void scsi_task_init(struct scsi_task *t, const struct scsi_port_ops *port, struct scsi_nexus *nexus)
{
	memset(t, 0, sizeof(*t));
	t->port = port;
	t->nexus = nexus;
}

void scsi_task_settle(struct scsi_task *t)
{
	if (!t->early)
		return;
	assert(t->buf && t->edtl <= t->buf->size);
	memcpy(t->buf->data, t->early, t->edtl);
	t->early = NULL;
}

void scsi_task_fini(struct scsi_task *t)
{
	assert(t->state == SCSI_TASK_NEW || t->state == SCSI_TASK_DONE);
	store_view_end(&t->view);
	buf_put(t->buf);
	t->buf = NULL;
}
