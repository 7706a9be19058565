/* Order of 32-bit sequence numbers that wrap (RFC 1982, SERIAL_BITS 32). */
#ifndef BASE_SERIAL_H
#define BASE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* How far b is ahead of a; negative when it is behind. */
static inline int32_t sn_ahead(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a);
}

/* Does a come before b? */
static inline bool sn_before(uint32_t a, uint32_t b)
{
	return sn_ahead(a, b) > 0;
}

/* Does a come before b, or is it b? */
static inline bool sn_upto(uint32_t a, uint32_t b)
{
	return sn_ahead(a, b) >= 0;
}

#endif
