/* The commands of a block device, one row each. */
#ifndef SCSI_CMD_TABLE_H
#define SCSI_CMD_TABLE_H

#include "scsi/cmd.h"

#include <stddef.h>

/* Sorted by operation code, then service action. */
extern const struct scsi_cmd cmd_table[];
extern const size_t cmd_table_len;

#endif
