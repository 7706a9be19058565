#include "wire/pdu.h"

#include "base/bytes.h"

#include <assert.h>
#include <string.h>

uint32_t pdu_itt(const uint8_t bhs[static PDU_BHS_LEN])
{
	return be32(bhs + 16);
}

void pdu_begin(uint8_t bhs[static PDU_BHS_LEN], enum pdu_opcode opcode, uint32_t data_len)
{
	assert(data_len <= PDU_DATA_MAX);
	memset(bhs, 0, PDU_BHS_LEN);
	bhs[0] = (uint8_t)opcode;
	put_be24(bhs + 5, data_len);
}

void pdu_set_ahs_len(uint8_t bhs[static PDU_BHS_LEN], uint32_t len)
{
	assert(len % 4 == 0 && len <= PDU_AHS_MAX);
	bhs[4] = (uint8_t)(len / 4);
}

void pdu_stamp(uint8_t bhs[static PDU_BHS_LEN], uint32_t statsn, uint32_t expcmdsn,
	       uint32_t maxcmdsn)
{
	put_be32(bhs + 24, statsn);
	put_be32(bhs + 28, expcmdsn);
	put_be32(bhs + 32, maxcmdsn);
}
