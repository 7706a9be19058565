/*
 * An optical drive with an image in it (MMC-6): what it is and can do, and how its tray
 * stands. The disc itself is told by mmc_disc.h.
 */
#ifndef SCSI_MMC_H
#define SCSI_MMC_H

struct scsi_task;

void mmc_get_configuration(struct scsi_task *t);
void mmc_get_event(struct scsi_task *t);
void mmc_mechanism_status(struct scsi_task *t);
void mmc_set_speed(struct scsi_task *t);
void mmc_mode_sense_6(struct scsi_task *t);
void mmc_mode_sense_10(struct scsi_task *t);

#endif
