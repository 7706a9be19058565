/* The LUN field (SAM-5, 4.7): eight bytes, of which one level is used here. Pure. */
#ifndef SCSI_LUN_H
#define SCSI_LUN_H

#include <stdint.h>

#define SCSI_LUN_MAX 16383 /* flat space addressing (SAM-5, 4.7.7.3) */

/*
 * LUN field → number, for peripheral (00b, bus 0) and flat (01b) addressing of a
 * single level. 0 or -EINVAL (a well known logical unit, a second level, …).
 */
int scsi_lun_get(const uint8_t lun[static 8], uint32_t *out);

/* Number → LUN field: peripheral to 255, flat above. */
void scsi_lun_put(uint8_t lun[static 8], uint32_t number);

#endif
