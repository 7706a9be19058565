/*
 * Reservations that persist through the loss of power (SPC-5, 5.14.5): a file for
 * each logical unit in the state directory, with a checksum, of bounded length,
 * replaced as a whole.
 */
#ifndef SCSI_PR_SAVE_H
#define SCSI_PR_SAVE_H

#include "scsi/device.h"
#include "scsi/lu.h"

#include <stdint.h>

/* Header, checksum, and the most there can be of registrants with the longest names. */
#define PR_SAVE_MAX      (40u + 4u + PR_REGISTRANTS_MAX * (12u + TID_MAX))
#define PR_SAVE_NAME_MAX (SCSI_DEV_NAME_MAX + 16)

/* A file being written; lent to the worker until done(). */
struct pr_save {
	struct store_io io;
	const char *dir;             /* borrowed from the core */
	char name[PR_SAVE_NAME_MAX]; /* in dir */
	uint8_t *bytes;              /* owns; NULL: the file is to be removed */
	uint32_t len;
	void (*done)(struct pr_save *s, int error); /* 0 or -errno, which has been logged */
};

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
void pr_save_start(struct pr_save *s, struct scsi_lu *lu, const struct pr *pr,
		   void (*done)(struct pr_save *s, int error));

#endif
