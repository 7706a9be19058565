/* VERIFY (SBC-4, 5.36 to 5.38). */
#ifndef SCSI_SBC_VERIFY_H
#define SCSI_SBC_VERIFY_H

#include <stdint.h>

struct scsi_task;

/* BYTCHK, in byte 1 of every VERIFY CDB */
enum { BYTCHK_NONE = 0, BYTCHK_ALL = 1, BYTCHK_ONE = 3 };

static inline uint8_t sbc_bytchk(const uint8_t *cdb)
{
	return cdb[1] >> 1 & 3;
}

void sbc_verify(struct scsi_task *t);

#endif
