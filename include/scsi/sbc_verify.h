/* VERIFY and WRITE AND VERIFY (SBC-4, 5.36 to 5.38, 5.45 to 5.47). */
#ifndef SCSI_SBC_VERIFY_H
#define SCSI_SBC_VERIFY_H

#include <stdint.h>

struct scsi_task;

/* BYTCHK, in byte 1 of every CDB of both */
enum { BYTCHK_NONE = 0, BYTCHK_ALL = 1, BYTCHK_ONE = 3 };

static inline uint8_t sbc_bytchk(const uint8_t *cdb)
{
	return cdb[1] >> 1 & 3;
}

/* The first byte of a and b that differs; len when they are alike. */
uint32_t sbc_first_difference(const uint8_t *a, const uint8_t *b, uint32_t len);

void sbc_verify(struct scsi_task *t);
void sbc_write_verify(struct scsi_task *t);

#endif
