/* The commands of an optical drive, one row each. */
#ifndef SCSI_MMC_TABLE_H
#define SCSI_MMC_TABLE_H

#include "scsi/cmd.h"

#include <stddef.h>

/* Sorted by operation code, then service action. */
extern const struct scsi_cmd mmc_table[];
extern const size_t mmc_table_len;

#endif
