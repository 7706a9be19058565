/* The task management functions there are, and where REPORT SUPPORTED TMFS tells of them. */
#ifndef SCSI_TMF_TABLE_H
#define SCSI_TMF_TABLE_H

#include "scsi/tmf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a function is about. */
enum tmf_scope {
	TMF_TASK,   /* one task */
	TMF_LU,     /* a logical unit */
	TMF_DEVICE, /* the whole device; the LUN does not matter */
};

struct tmf_row {
	uint8_t function; /* enum scsi_tmf_function */
	uint8_t scope;    /* enum tmf_scope */
	bool supported;
	uint8_t byte; /* its bit in the parameter data (SPC-5, 6.35) */
	uint8_t mask;
	const char *name;
};

extern const struct tmf_row tmf_table[];
extern const size_t tmf_table_len;

#endif
