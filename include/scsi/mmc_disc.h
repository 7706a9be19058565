/* The disc in an optical drive (MMC-6): one session with one data track, closed. */
#ifndef SCSI_MMC_DISC_H
#define SCSI_MMC_DISC_H

#include <stdbool.h>

struct scsi_lu;
struct scsi_task;

/* An image that a CD of 80 minutes has no room for is a DVD. */
bool mmc_is_dvd(const struct scsi_lu *lu);

void mmc_read_toc(struct scsi_task *t);
void mmc_read_disc_info(struct scsi_task *t);
void mmc_read_track_info(struct scsi_task *t);
void mmc_read_disc_structure(struct scsi_task *t);
void mmc_read_cd(struct scsi_task *t);

#endif
