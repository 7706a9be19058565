/* CRC-32C (Castagnoli), the digest of RFC 7143 section 13.1, by ISA-L. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#define CRC32C_START 0xffffffffu

/* Go on with a running CRC: crc is CRC32C_START at first; any length. */
uint32_t crc32c_add(uint32_t crc, const void *data, size_t len);

/* The finished value of a running CRC, as a number; crc32c_put() writes it as the wire has it. */
uint32_t crc32c_end(uint32_t crc);

/* Four bytes as they stand on the wire: least significant first (the mapping of RFC 7143, 13.1). */
void crc32c_put(uint8_t p[static 4], uint32_t value);
uint32_t crc32c_get(const uint8_t p[static 4]);

#endif
