/* Mode pages (SPC-5, 7.5; SBC-4, 6.5), a row of a table each, and MODE SENSE (SPC-5, 6.14
 * and 6.15). */
#ifndef SCSI_MODE_H
#define SCSI_MODE_H

#include "scsi/lu.h"

#include <stdbool.h>
#include <stdint.h>

struct scsi_task;

#define MODE_PS       0x80 /* of a page's first byte: it can be saved */
#define MODE_SPF      0x40 /* likewise: it is a subpage */
#define MODE_PAGE_MAX 32   /* bytes of the longest page */

/* PAGE CONTROL */
enum { MODE_CURRENT, MODE_CHANGEABLE, MODE_DEFAULT, MODE_SAVED };

void mode_sense_6(struct scsi_task *t);
void mode_sense_10(struct scsi_task *t);

/* Write that page to p, of MODE_PAGE_MAX bytes. Its length with the header; 0: it is not there. */
uint32_t mode_page(const struct scsi_lu *lu, uint8_t pc, uint8_t code, uint8_t subpage, uint8_t *p);

/* Has a field of a whole page, PS taken away, a value that is reserved? Its byte and highest bit.
 */
bool mode_is_reserved(const uint8_t *page, uint8_t *byte, uint8_t *bit);

/* Make the changeable values of such a page the current ones. */
void mode_take(struct scsi_lu *lu, const uint8_t *page);

/* Set all values to the saved ones, or their defaults. */
void mode_reset(struct scsi_lu *lu);

/* All current values; in their order. */
void mode_values(const struct scsi_lu *lu, uint8_t out[static SCSI_MODE_FIELDS]);

/* Make them the current ones. True: one is another now. */
bool mode_set_values(struct scsi_lu *lu, const uint8_t values[static SCSI_MODE_FIELDS]);

/* Values as they are kept: each with its page, byte and mask, so that more may come. */
#define MODE_VALUE_LEN  4
#define MODE_VALUES_LEN (MODE_VALUE_LEN * SCSI_MODE_FIELDS)
uint32_t mode_put_values(const uint8_t values[static SCSI_MODE_FIELDS], uint8_t *p);

/* The other way, to lu's saved ones; unknown ones are left out. False: they make no sense. */
bool mode_get_values(struct scsi_lu *lu, const uint8_t *p, uint32_t len);

#endif
