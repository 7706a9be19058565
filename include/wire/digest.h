/* Header and data digests (RFC 7143, 11.2.3 and 13.1): CRC-32C over what stands on the wire. Pure.
 */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Over len bytes of data and the zero bytes that pad it to a multiple of four. Writes the wire's
 * four bytes. */
void digest_put(uint8_t out[static 4], const void *data, size_t len);

/* A running CRC (CRC32C_START first) → the wire's four bytes. */
void digest_finish(uint8_t out[static 4], uint32_t crc);

/* Does the running CRC over header or data and padding as received match these four bytes? */
bool digest_matches(uint32_t crc, const uint8_t wire[static 4]);

#endif
