/* Saved values of mode pages (SPC-5, 5.11): kept by MODE SELECT with SP, taken at the start. */
#ifndef SCSI_MODE_SAVE_H
#define SCSI_MODE_SAVE_H

#include <stdint.h>

struct scsi_lu;
struct scsi_task;

/* done() of mode_save_start(): error is 0, when values are the saved ones, or -errno. */
typedef void mode_saved_fn(struct scsi_task *t, const uint8_t *values, int error);

/* Keep values, SCSI_MODE_FIELDS of them, as the saved ones of t's logical unit. It is t's turn. */
void mode_save_start(struct scsi_task *t, const uint8_t *values, mode_saved_fn *done);

/*
 * Take over what is kept for lu, which is in its device, before anybody uses it: it
 * becomes the current values, too. May block.
 */
void mode_save_load(struct scsi_lu *lu);

#endif
