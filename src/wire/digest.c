#include "wire/digest.h"

#include "base/crc32c.h"

void digest_put(uint8_t out[static 4], const void *data, size_t len)
{
	static const uint8_t zeros[3];
	uint32_t crc;

	crc = crc32c_add(CRC32C_START, data, len);
	crc = crc32c_add(crc, zeros, -len & 3);
	digest_finish(out, crc);
}

void digest_finish(uint8_t out[static 4], uint32_t crc)
{
	crc32c_put(out, crc32c_end(crc));
}

bool digest_matches(uint32_t crc, const uint8_t wire[static 4])
{
	return crc32c_get(wire) == crc32c_end(crc);
}
