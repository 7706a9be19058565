/*
 * An additional header segment (RFC 7143, 11.2.2): AHSLength (two bytes), AHSType,
 * and AHSLength bytes, of which the first belongs to the type and the others hold
 * its value; then padding to a multiple of four.
 */
#include "wire/ahs.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define AHS_HEAD     3    /* bytes that AHSLength does not count */
#define AHS_TYPE     0x3f /* the upper two bits of the byte are reserved */
#define CDB_BHS_LEN  16   /* bytes of the CDB that stand in the basic header */
#define BIDI_AHS_LEN 5    /* 11.2.2.4 */

/* 11.2.2.3: not used for a CDB of less than 17 bytes. AHSLength counts a reserved byte, too. */
static int get_cdb(const uint8_t *seg, uint16_t ahs_len, struct ahs *out)
{
	if (out->has_cdb || ahs_len < 2 || ahs_len - 1 > AHS_CDB_MAX - CDB_BHS_LEN)
		return -EINVAL;
	out->has_cdb = true;
	out->cdb_len = (uint16_t)(ahs_len - 1);
	out->cdb = seg + 4;
	return 0;
}

static int get_bidi(const uint8_t *seg, uint16_t ahs_len, struct ahs *out)
{
	if (out->has_bidi || ahs_len != BIDI_AHS_LEN)
		return -EINVAL;
	out->has_bidi = true;
	out->bidi_read_len = be32(seg + 4);
	return 0;
}

/* Bytes of a whole segment with its padding. */
static size_t segment_len(size_t ahs_len)
{
	return (AHS_HEAD + ahs_len + 3) & ~(size_t)3;
}

int ahs_get(const uint8_t *buf, size_t len, struct ahs *out)
{
	size_t pos, seg_len;
	uint16_t ahs_len;
	int err = 0;

	*out = (struct ahs){ 0 };
	for (pos = 0; pos < len; pos += seg_len) {
		if (len - pos <= AHS_HEAD)
			return -EINVAL;
		ahs_len = be16(buf + pos);
		seg_len = segment_len(ahs_len);
		if (seg_len > len - pos)
			return -EINVAL;
		switch (buf[pos + 2] & AHS_TYPE) {
		case AHS_EXTENDED_CDB: err = get_cdb(buf + pos, ahs_len, out); break;
		case AHS_BIDI_READ_LENGTH: err = get_bidi(buf + pos, ahs_len, out); break;
		default: break;
		}
		if (err)
			return err;
	}
	return 0;
}

/* Head and zeroed body of a segment. Its whole length, or 0 when it does not fit. */
static size_t put_head(uint8_t *buf, size_t size, enum ahs_type type, uint16_t ahs_len)
{
	size_t seg_len = segment_len(ahs_len);

	if (seg_len > size)
		return 0;
	memset(buf, 0, seg_len);
	put_be16(buf, ahs_len);
	buf[2] = (uint8_t)type;
	return seg_len;
}

size_t ahs_put_cdb(uint8_t *buf, size_t size, const uint8_t *rest, uint16_t len)
{
	size_t n = put_head(buf, size, AHS_EXTENDED_CDB, (uint16_t)(len + 1));

	if (n > 0)
		memcpy(buf + 4, rest, len);
	return n;
}

size_t ahs_put_bidi(uint8_t *buf, size_t size, uint32_t read_len)
{
	size_t n = put_head(buf, size, AHS_BIDI_READ_LENGTH, BIDI_AHS_LEN);

	if (n > 0)
		put_be32(buf + 4, read_len);
	return n;
}
