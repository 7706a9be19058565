#include "scsi/fault.h"

#include "scsi/lu.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SPAN_MS 60000 /* for LOG_RATE_MAX lines of a disk */

/* Only here, where something has failed, does the device server ask for the time. */
static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Given back before it was tried, or not to be had and done in another way: no fault. */
static bool is_fault(const struct store_io *io)
{
	return io->error != -ECANCELED && io->error != -EOPNOTSUPP;
}

void fault_tell(struct scsi_lu *lu, const struct store_io *io)
{
	const char *op = store_op_name(io->op), *why = strerror(-io->error);
	char what[SCSI_LU_NAME_MAX + 32];

	if (!is_fault(io))
		return;
	snprintf(what, sizeof(what), "faults of %s", lu->name);
	lu->faults.span_ms = SPAN_MS;
	if (!log_rate_pass(&lu->faults, now_ms(), what))
		return;
	if (io->op == STORE_FLUSH)
		log_warning("%s: %s failed: %s", lu->name, op, why);
	else
		log_warning("%s: %s of %" PRIu64 " bytes at %" PRIu64 " failed: %s", lu->name, op,
			    io->len, io->offset, why);
}
