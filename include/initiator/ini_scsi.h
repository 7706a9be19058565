/* The few SCSI commands that tests and tools need, put into an ini_task. Pure. */
#ifndef INITIATOR_INI_SCSI_H
#define INITIATOR_INI_SCSI_H

#include "initiator/ini_task.h"

#include <stdint.h>

#define INI_LUN_MAX 16383 /* what a single level of flat addressing can say (SAM-5, 4.7.7.5) */

/* Logical unit number n as eight bytes: peripheral addressing up to 255, flat above (SAM-5, 4.7).
 */
void ini_scsi_lun(uint8_t lun[static PDU_LUN_LEN], uint16_t n);

/*
 * Each starts a task anew for logical unit lun. Data is len bytes at in (read) or
 * out (written): what is borrowed, and the Expected Data Transfer Length.
 */
void ini_scsi_test_unit_ready(struct ini_task *t, uint16_t lun);
void ini_scsi_inquiry(struct ini_task *t, uint16_t lun, uint8_t *in, uint16_t len);
void ini_scsi_report_luns(struct ini_task *t, uint8_t *in, uint32_t len);
void ini_scsi_read_capacity16(struct ini_task *t, uint16_t lun, uint8_t *in, uint32_t len);
void ini_scsi_synchronize_cache(struct ini_task *t, uint16_t lun);

/* READ(16) and WRITE(16) of blocks; len is what the initiator expects, whatever blocks says. */
void ini_scsi_read(struct ini_task *t, uint16_t lun, uint64_t lba, uint32_t blocks, uint8_t *in,
		   uint32_t len);
void ini_scsi_write(struct ini_task *t, uint16_t lun, uint64_t lba, uint32_t blocks,
		    const uint8_t *out, uint32_t len);

#endif
