/* Vital product data pages (SPC-5, 7.7; SBC-4, 6.6), one row of a table each. */
#ifndef SCSI_VPD_H
#define SCSI_VPD_H

#include <stdbool.h>
#include <stdint.h>

struct scsi_lu;
struct scsi_task;

#define VPD_PAGE_MAX 4096 /* bytes of the longest page */

/*
 * Write the page with that code to p, of VPD_PAGE_MAX bytes, the peripheral byte
 * in front. Without a logical unit only the list of pages is there.
 * Returns its length in bytes; 0: there is no such page.
 */
uint32_t vpd_page(const struct scsi_task *t, uint8_t code, uint8_t *p);

/*
 * Is that designator, header and bytes as in the page 83h, one of the logical unit's own?
 */
bool vpd_is_named(const struct scsi_lu *lu, const uint8_t *designator);

#endif
