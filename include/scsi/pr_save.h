/* Reservations that persist through the loss of power (SPC-5, 5.14.5). */
#ifndef SCSI_PR_SAVE_H
#define SCSI_PR_SAVE_H

#include "scsi/keep.h"
#include "scsi/lu.h"

#include <stdint.h>

/* Frame, type and number, and the most there can be of registrants with the longest names. */
#define PR_SAVE_MAX (KEEP_HEAD + KEEP_TAIL + 8u + PR_REGISTRANTS_MAX * (12u + TID_MAX))

extern const struct keep_kind pr_save_kind;

/* Bytes of pr's file. */
uint32_t pr_save_len(const struct pr *pr);

/* Write them to p. naa: whose reservations they are. */
void pr_save_put(const struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], uint8_t *p);

/*
 * Read them. NULL: pr has them, and the caller frees it; else what is wrong with
 * them, and pr is as pr_init() makes it.
 */
const char *pr_save_get(struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], const uint8_t *p,
			uint32_t len);

/*
 * Take over what is kept for lu, which is in its device, before anybody uses it. A
 * file that cannot be read is told, and lu is reserved against writing until it is
 * removed. May block.
 */
void pr_save_load(struct scsi_lu *lu);

/* Keep pr, which does not persist when its aptpl is not set, or nobody is registered. */
void pr_save_start(struct keep *k, struct scsi_lu *lu, const struct pr *pr,
		   void (*done)(struct keep *k, int error));

#endif
