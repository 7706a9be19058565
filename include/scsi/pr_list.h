/* The parameter list of PERSISTENT RESERVE OUT (SPC-5, 6.17.2 to 6.17.4). */
#ifndef SCSI_PR_LIST_H
#define SCSI_PR_LIST_H

#include "scsi/device.h"
#include "scsi/pr.h"

struct scsi_task;

/* A request, and what it points to. */
struct pr_list {
	struct pr_request request;
	struct tid *tids; /* owns */
	size_t ntids;
	size_t room;
	uint16_t ports[SCSI_PORTS_MAX];
};

/*
 * Read what t brought. False: it is not as it should be, and t has its status and
 * sense. l is to be freed in any case.
 */
bool pr_list_get(struct pr_list *l, struct scsi_task *t);

void pr_list_fini(struct pr_list *l);

#endif
