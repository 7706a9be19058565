/* What the tests of copies share: parameter lists of EXTENDED COPY, made piece by piece. */
#ifndef XCOPY_RIG_H
#define XCOPY_RIG_H

#include "rig.h"

#include "scsi/xcopy_list.h"

struct xlist {
	uint8_t p[4096];
	uint32_t len;
};

enum { XLIST_HELD = 0x00, XLIST_NO_ID = 0x18 }; /* LIST ID USAGE */

static inline void xlist_init(struct xlist *l, uint8_t id, uint8_t usage)
{
	memset(l, 0, sizeof(*l));
	l->p[0] = id;
	l->p[1] = usage;
	l->len = 16;
}

/* A CSCD named by its NAA designator. All of them come before the segments. Returns it. */
static inline uint8_t *xlist_cscd(struct xlist *l, const struct scsi_lu *lu)
{
	uint8_t *d = l->p + l->len;

	d[0] = XCOPY_CSCD_ID;
	d[4] = 1; /* binary */
	d[5] = 3; /* NAA, of a logical unit */
	d[7] = SCSI_NAA_LEN;
	memcpy(d + 8, lu->naa, SCSI_NAA_LEN);
	put_be24(d + 29, lu->opt.block_size);
	l->len += XCOPY_CSCD_LEN;
	put_be16(l->p + 2, (uint16_t)(be16(l->p + 2) + XCOPY_CSCD_LEN));
	return d;
}

/* Returns the descriptor. */
static inline uint8_t *xlist_segment(struct xlist *l, uint16_t source, uint64_t source_lba,
				     uint16_t dest, uint64_t dest_lba, uint16_t blocks)
{
	uint8_t *d = l->p + l->len;

	d[0] = XCOPY_SEGMENT_B2B;
	put_be16(d + 2, XCOPY_SEGMENT_LEN - 4);
	put_be16(d + 4, source);
	put_be16(d + 6, dest);
	put_be16(d + 10, blocks);
	put_be64(d + 12, source_lba);
	put_be64(d + 20, dest_lba);
	l->len += XCOPY_SEGMENT_LEN;
	put_be32(l->p + 8, be32(l->p + 8) + XCOPY_SEGMENT_LEN);
	return d;
}

/* EXTENDED COPY with that list, of nexus x to LUN 0; not submitted yet. */
static inline void xlist_cmd(struct rig_cmd *c, struct scsi_nexus *x, const struct xlist *l)
{
	uint8_t cdb[16] = { 0x83 };

	put_be32(cdb + 10, l->len);
	rig_cmd_init(c, x, cdb, 16);
	rig_expect_out(c, l->p, l->len);
}

static inline void xlist_do(struct rig *r, struct rig_cmd *c, const struct xlist *l)
{
	xlist_cmd(c, &r->x[0], l);
	rig_do(r, c);
}

/* RECEIVE COPY RESULTS of x[0]: service action sa for a list identifier. */
static inline void xlist_receive(struct rig *r, struct rig_cmd *c, uint8_t sa, uint8_t id)
{
	uint8_t cdb[16] = { 0x84, sa, id };

	put_be32(cdb + 10, 512);
	rig_in(r, c, cdb, 16, 512);
}

#endif
