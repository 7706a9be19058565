#include "base/crc32c.h"

#include <isa-l/crc.h>

#define PIECE (1u << 30) /* bytes: ISA-L takes an int */

uint32_t crc32c_add(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		/* ISA-L only reads; its prototype has no const. */
		crc = crc32_iscsi((unsigned char *)p, (int)n, crc);
	}
	return crc;
}

uint32_t crc32c_end(uint32_t crc)
{
	return ~crc;
}

void crc32c_put(uint8_t p[static 4], uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

uint32_t crc32c_get(const uint8_t p[static 4])
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
