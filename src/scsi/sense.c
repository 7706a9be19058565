#include "scsi/sense.h"

#include "base/bytes.h"

#include <string.h>

#define FIXED_LEN       18
#define DESC_HEADER_LEN 8
#define DESC_INFO_LEN   12
#define DESC_FIELD_LEN  8
#define DESC_CMD_LEN    12
#define DESC_FORWARD    4 /* bytes in front of the sense data that is passed on */

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
	if (s->where == SENSE_IN_SEGMENT)
		p[0] |= 0x20; /* SD */
	if (s->bit != SENSE_NO_BIT)
		p[0] |= (uint8_t)(0x08 | s->bit);
	put_be16(p + 1, s->byte);
}

/*
 * SPC-4, 6.4.3.4: in COMMAND-SPECIFIC INFORMATION stand where the status and sense of the
 * source begin, where those of the destination, and the number of the segment. Returns the
 * bytes behind the 18 that they take.
 */
static uint8_t put_fixed_copy(uint8_t *p, const struct sense_copy *c)
{
	put_be16(p + 10, c->segment);
	if (c->status == SCSI_GOOD)
		return 0;
	p[c->by_dest ? 9 : 8] = FIXED_LEN;
	p[FIXED_LEN] = c->status;
	memcpy(p + FIXED_LEN + 1, c->sense, c->len);
	return 1 + c->len;
}

/* SPC-5, 4.4.3 */
static uint8_t put_fixed(uint8_t *p, const struct sense *s)
{
	uint8_t more = 0;

	memset(p, 0, FIXED_LEN);
	p[0] = s->deferred ? 0x71 : 0x70;
	p[2] = SENSE_KEY(s->code);
	if (s->has_info && s->info <= UINT32_MAX) {
		p[0] |= 0x80;
		put_be32(p + 3, (uint32_t)s->info);
	}
	if (s->copy)
		more = put_fixed_copy(p, s->copy);
	p[7] = FIXED_LEN - 8 + more;
	p[12] = SENSE_ASC(s->code);
	p[13] = SENSE_ASCQ(s->code);
	if (has_specific(s))
		put_specific(p + 15, s);
	return FIXED_LEN + more;
}

/* SPC-5, 4.4.2.3 and 4.4.2.7: command-specific information, forwarded sense data. */
static uint8_t put_copy_descriptors(uint8_t *p, const struct sense_copy *c)
{
	uint8_t *f = p + DESC_CMD_LEN;

	p[0] = 0x01;
	p[1] = DESC_CMD_LEN - 2;
	put_be16(p + 10, c->segment);
	if (c->status == SCSI_GOOD)
		return DESC_CMD_LEN;
	f[0] = 0x0c;
	f[1] = DESC_FORWARD - 2 + c->len;
	f[2] = c->by_dest ? 2 : 1;
	f[3] = c->status;
	memcpy(f + DESC_FORWARD, c->sense, c->len);
	return DESC_CMD_LEN + DESC_FORWARD + c->len;
}

/* SPC-5, 4.4.2 */
static uint8_t put_descriptors(uint8_t *p, const struct sense *s)
{
	uint8_t len = DESC_HEADER_LEN;

	memset(p, 0, SCSI_SENSE_MAX);
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
	if (s->copy)
		len += put_copy_descriptors(p + len, s->copy);
	p[7] = (uint8_t)(len - DESC_HEADER_LEN);
	return len;
}

uint8_t sense_format(uint8_t out[static SCSI_SENSE_MAX], const struct sense *s, bool descriptor)
{
	return descriptor ? put_descriptors(out, s) : put_fixed(out, s);
}
