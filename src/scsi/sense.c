#include "scsi/sense.h"

#include "base/bytes.h"

#include <string.h>

#define FIXED_LEN       18
#define DESC_HEADER_LEN 8
#define DESC_INFO_LEN   12
#define DESC_FIELD_LEN  8

static bool has_specific(const struct sense *s)
{
	return s->where != SENSE_NOWHERE || s->has_progress;
}

/* SPC-5, 4.4.2.4.4, or 4.4.2.4.2: SKSV, C/D, BPV, BIT POINTER, FIELD POINTER. */
static void put_specific(uint8_t *p, const struct sense *s)
{
	p[0] = 0x80;
	if (s->has_progress) {
		put_be16(p + 1, s->progress);
		return;
	}
	if (s->where == SENSE_IN_CDB)
		p[0] |= 0x40;
	if (s->bit != SENSE_NO_BIT)
		p[0] |= (uint8_t)(0x08 | s->bit);
	put_be16(p + 1, s->byte);
}

/* SPC-5, 4.4.3 */
static uint8_t put_fixed(uint8_t *p, const struct sense *s)
{
	memset(p, 0, FIXED_LEN);
	p[0] = s->deferred ? 0x71 : 0x70;
	p[2] = SENSE_KEY(s->code);
	if (s->has_info && s->info <= UINT32_MAX) {
		p[0] |= 0x80;
		put_be32(p + 3, (uint32_t)s->info);
	}
	p[7] = FIXED_LEN - 8;
	p[12] = SENSE_ASC(s->code);
	p[13] = SENSE_ASCQ(s->code);
	if (has_specific(s))
		put_specific(p + 15, s);
	return FIXED_LEN;
}

/* SPC-5, 4.4.2 */
static uint8_t put_descriptors(uint8_t *p, const struct sense *s)
{
	uint8_t len = DESC_HEADER_LEN;

	memset(p, 0, DESC_HEADER_LEN + DESC_INFO_LEN + DESC_FIELD_LEN);
	p[0] = s->deferred ? 0x73 : 0x72;
	p[1] = SENSE_KEY(s->code);
	p[2] = SENSE_ASC(s->code);
	p[3] = SENSE_ASCQ(s->code);
	if (s->has_info) { /* 4.4.2.2: information descriptor, VALID */
		p[len + 1] = DESC_INFO_LEN - 2;
		p[len + 2] = 0x80;
		put_be64(p + len + 4, s->info);
		len += DESC_INFO_LEN;
	}
	if (has_specific(s)) { /* 4.4.2.4: sense key specific descriptor */
		p[len] = 0x02;
		p[len + 1] = DESC_FIELD_LEN - 2;
		put_specific(p + len + 4, s);
		len += DESC_FIELD_LEN;
	}
	p[7] = (uint8_t)(len - DESC_HEADER_LEN);
	return len;
}

uint8_t sense_format(uint8_t out[static SCSI_SENSE_MAX], const struct sense *s, bool descriptor)
{
	return descriptor ? put_descriptors(out, s) : put_fixed(out, s);
}
