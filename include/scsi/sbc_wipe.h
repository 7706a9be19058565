/* FORMAT UNIT and SANITIZE (SBC-4, 5.4 and 5.30). wipe.h does their work. */
#ifndef SCSI_SBC_WIPE_H
#define SCSI_SBC_WIPE_H

#include <stdint.h>

struct scsi_task;

/* Bytes of data-out that a FORMAT UNIT takes. */
static inline uint32_t sbc_format_bytes(const uint8_t *cdb)
{
	if (!(cdb[1] & 0x10)) /* FMTDATA */
		return 0;
	return cdb[1] & 0x20 ? 8 : 4; /* LONGLIST */
}

void sbc_format_unit(struct scsi_task *t);
void sbc_sanitize_overwrite(struct scsi_task *t);
void sbc_sanitize_erase(struct scsi_task *t);
void sbc_sanitize_exit(struct scsi_task *t);

#endif
