#include "scsi/xcopy_list.h"

#include "base/bytes.h"
#include "scsi/sense.h"

#define HEADER_LEN 16

/* LIST ID USAGE (SPC-4, table 105) */
enum { LIST_ID_HELD = 0, LIST_ID_RESERVED = 1, LIST_ID_NONE = 3 };

/* CSCD identification descriptor (SPC-4, 6.4.5.6): its designator ends where type specifics begin.
 */
#define NUL            0x20 /* byte 1 */
#define DESIGNATOR_AT  4
#define DESIGNATOR_MAX 20
#define SPECIFIC_AT    28

static bool fail(struct sense *fault, enum sense_code code)
{
	*fault = (struct sense){ .code = code };
	return false;
}

static bool fail_field(struct sense *fault, enum sense_code code, uint32_t byte, uint8_t bit)
{
	*fault = (struct sense){
		.code = code, .where = SENSE_IN_LIST, .byte = (uint16_t)byte, .bit = bit
	};
	return false;
}

/* SPC-4, 6.4.3.2: which lists there are, and whether all of them came. */
static bool check_lengths(const uint8_t *p, uint32_t len, struct sense *fault)
{
	uint32_t cscds, segments;
	uint64_t total;

	if (len < HEADER_LEN)
		return fail(fault, SENSE_LIST_LENGTH);
	cscds = be16(p + 2);
	segments = be32(p + 8);
	total = HEADER_LEN + (uint64_t)cscds + segments + be32(p + 12);
	if (total > len || (uint64_t)cscds + segments > XCOPY_DESCRIPTOR_MAX)
		return fail(fault, SENSE_LIST_LENGTH);
	if (be32(p + 12)) /* INLINE DATA LENGTH: no segment takes any */
		return fail_field(fault, SENSE_INLINE, 12, 7);
	return true;
}

static bool check_id(const uint8_t *p, struct sense *fault)
{
	uint8_t usage = p[1] >> 3 & 3;

	if (p[1] & 0xc0)
		return fail_field(fault, SENSE_LIST_FIELD, 1, p[1] & 0x80 ? 7 : 6);
	if (usage == LIST_ID_RESERVED)
		return fail_field(fault, SENSE_LIST_FIELD, 1, 4);
	if (usage == LIST_ID_NONE && p[0])
		return fail_field(fault, SENSE_LIST_FIELD, 0, 7);
	return true;
}

/* at: the offset of the descriptor p in the parameter list. */
static bool check_cscd(const uint8_t *p, uint32_t at, struct sense *fault)
{
	if (p[0] != XCOPY_CSCD_ID)
		return fail_field(fault, SENSE_CSCD_TYPE, at, 7);
	if (p[1] & 0xc0) /* LU ID TYPE: not a logical unit number */
		return fail_field(fault, SENSE_LIST_FIELD, at + 1, 7);
	if (!(p[1] & NUL) && (!p[7] || p[7] > DESIGNATOR_MAX))
		return fail_field(fault, SENSE_LIST_FIELD, at + 7, 7);
	return true;
}

static bool check_cscds(struct xcopy_list *l, const uint8_t *p, uint32_t len, struct sense *fault)
{
	uint32_t at;

	if (len / XCOPY_CSCD_LEN > XCOPY_CSCDS)
		return fail_field(fault, SENSE_MANY_CSCDS, 2, 7);
	for (at = 0; at < len; at += XCOPY_CSCD_LEN) {
		if (p[at] == XCOPY_CSCD_ID && len - at < XCOPY_CSCD_LEN) /* the list cuts it */
			return fail_field(fault, SENSE_LIST_FIELD, 2, 7);
		if (!check_cscd(p + at, HEADER_LEN + at, fault))
			return false;
	}
	l->cscds = p;
	l->ncscds = (uint16_t)(len / XCOPY_CSCD_LEN);
	return true;
}

/* base: the offset of p in the parameter list. */
static bool check_segments(struct xcopy_list *l, const uint8_t *p, uint32_t len, uint32_t base,
			   struct sense *fault)
{
	uint32_t at;

	for (at = 0; at < len; at += XCOPY_SEGMENT_LEN) {
		if (p[at] != XCOPY_SEGMENT_B2B)
			return fail_field(fault, SENSE_SEGMENT_TYPE, base + at, 7);
		if (len - at < XCOPY_SEGMENT_LEN)
			return fail_field(fault, SENSE_LIST_FIELD, 8, 7);
		if (be16(p + at + 2) != XCOPY_SEGMENT_LEN - 4) /* DESCRIPTOR LENGTH */
			return fail_field(fault, SENSE_LIST_FIELD, base + at + 2, 7);
	}
	if (len / XCOPY_SEGMENT_LEN > XCOPY_SEGMENTS)
		return fail_field(fault, SENSE_MANY_SEGMENTS, 8, 7);
	l->segments = p;
	l->nsegments = (uint16_t)(len / XCOPY_SEGMENT_LEN);
	return true;
}

bool xcopy_list_get(struct xcopy_list *out, const uint8_t *p, uint32_t len, struct sense *fault)
{
	uint32_t cscds;

	if (!check_lengths(p, len, fault) || !check_id(p, fault))
		return false;
	cscds = be16(p + 2);
	out->id = p[0];
	out->has_id = (p[1] >> 3 & 3) != LIST_ID_NONE;
	return check_cscds(out, p + HEADER_LEN, cscds, fault) &&
	       check_segments(out, p + HEADER_LEN + cscds, be32(p + 8), HEADER_LEN + cscds, fault);
}

void xcopy_list_segment(const struct xcopy_list *l, uint16_t i, struct xcopy_segment *out)
{
	const uint8_t *p = l->segments + (size_t)i * XCOPY_SEGMENT_LEN;

	*out = (struct xcopy_segment){
		.source = be16(p + XCOPY_AT_SOURCE),
		.dest = be16(p + XCOPY_AT_DEST),
		.blocks = be16(p + XCOPY_AT_BLOCKS),
		.by_dest = p[1] & 0x02,
		.cat = p[1] & 0x01,
		.source_lba = be64(p + XCOPY_AT_SOURCE_LBA),
		.dest_lba = be64(p + XCOPY_AT_DEST_LBA),
	};
}

bool xcopy_list_cscd(const struct xcopy_list *l, uint16_t id, struct xcopy_cscd *out)
{
	const uint8_t *p;

	if (id >= l->ncscds)
		return false;
	p = l->cscds + (size_t)id * XCOPY_CSCD_LEN;
	*out = (struct xcopy_cscd){
		.designator = p + DESIGNATOR_AT,
		.is_null = p[1] & NUL,
		.pad = p[SPECIFIC_AT] & 0x04,
		.device_type = p[1] & 0x1f,
		.block_size = be24(p + SPECIFIC_AT + 1),
	};
	return true;
}
