/* Additional Header Segments (RFC 7143, 11.2.2). Pure. */
#ifndef WIRE_AHS_H
#define WIRE_AHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AHS_CDB_MAX 260 /* bytes: the longest CDB of SPC (variable length, 7Fh) */

enum ahs_type { AHS_EXTENDED_CDB = 1, AHS_BIDI_READ_LENGTH = 2 };

struct ahs {
	bool has_cdb;
	bool has_bidi;
	uint16_t cdb_len;       /* bytes of the CDB beyond the first 16 */
	const uint8_t *cdb;     /* borrowed: points into the segment */
	uint32_t bidi_read_len; /* bytes */
};

/*
 * Walk all segments in buf (len: TotalAHSLength in bytes). Unknown types are
 * passed over. 0; -EINVAL when a length leads out of the buffer, a segment
 * has the wrong length for its type, or one type stands twice.
 */
int ahs_get(const uint8_t *buf, size_t len, struct ahs *out);

/* Write one segment with padding; bytes written, or 0 when it does not fit. */
size_t ahs_put_cdb(uint8_t *buf, size_t size, const uint8_t *rest, uint16_t len);
size_t ahs_put_bidi(uint8_t *buf, size_t size, uint32_t read_len);

#endif
