/* What the tests of EXTENDED COPY share: two logical units, and the end of a copy. */
#ifndef XCOPY_PAIR_H
#define XCOPY_PAIR_H

#include "xcopy_rig.h"

#define BLOCK ((size_t)512)

/* A rig with a second logical unit, of blocks of that size. */
struct pair {
	struct rig r; /* LUN 0: 512 byte blocks */
	struct scsi_lu *other;
	struct rig_store *disk; /* of other */
	struct rig_cmd c;
};

static inline void pair_open(struct pair *p, uint32_t block_size)
{
	struct scsi_lu_options opt = rig_options();
	uint32_t i;

	rig_start(&p->r);
	opt.number = 1;
	opt.block_size = block_size;
	strcpy(opt.serial, "SERIAL02");
	p->other = rig_add_lu(&p->r, &opt);
	p->disk = (struct rig_store *)p->other->store;
	rig_greet(&p->r, &p->r.x[0], 0); /* the LUNs have changed */
	rig_greet(&p->r, &p->r.x[1], 0);
	rig_greet(&p->r, &p->r.x[0], 1);
	for (i = 0; i < p->r.disk->store.size; i++)
		p->r.disk->bytes[i] = (uint8_t)(i / BLOCK * 7 + i % 251 + 1);
}

static inline void pair_close(struct pair *p)
{
	rig_close(&p->r);
}

/* A list with LUN 0 as CSCD 0, and LUN 1 as CSCD 1. */
static inline void list_of(struct xlist *l, const struct pair *p)
{
	xlist_init(l, 1, XLIST_HELD);
	xlist_cscd(l, p->r.lu);
	xlist_cscd(l, p->other);
}

/* The end of a copy: its sense, the segment it tells, SD and its field (0: no pointer). */
static inline void check_end(struct pair *p, uint32_t code, uint16_t segment, uint16_t field)
{
	const uint8_t *s = p->c.t.sense;

	CU_ASSERT_EQUAL(p->c.t.status, SCSI_CHECK_CONDITION);
	CU_ASSERT_EQUAL(rig_sense(&p->c), code);
	CU_ASSERT_EQUAL(be16(s + 10), segment);
	CU_ASSERT_EQUAL(s[15] & 0xe0, field ? 0xa0 : 0x00);
	CU_ASSERT_EQUAL(be16(s + 16), field);
}

/* What RECEIVE COPY STATUS tells of the list 1. */
static inline void check_status(struct pair *p, uint8_t status, uint16_t segments, uint32_t bytes)
{
	struct rig_cmd c;

	xlist_receive(&p->r, &c, 0x00, 1);
	CU_ASSERT_EQUAL_FATAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.buf->data[4], status);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 5), segments);
	CU_ASSERT_EQUAL(be32(c.t.buf->data + 8), bytes);
	scsi_task_fini(&c.t);
}

static inline void do_list(struct pair *p, const struct xlist *l)
{
	xlist_do(&p->r, &p->c, l);
}

/* What a logical unit says to the copy manager is passed on to the initiator. */
static inline void check_forwarded(struct pair *p, bool by_dest, uint8_t status, uint32_t code)
{
	const uint8_t *s = p->c.t.sense;

	check_end(p, SENSE_COPY_DEVICE, 0, 0);
	CU_ASSERT_EQUAL(s[8], by_dest ? 0 : 18);
	CU_ASSERT_EQUAL(s[9], by_dest ? 18 : 0);
	CU_ASSERT_EQUAL(s[18], status);
	CU_ASSERT_EQUAL(p->c.t.sense_len, code ? 18 + 1 + 18 : 18 + 1);
	if (code)
		CU_ASSERT_EQUAL((uint32_t)s[21] << 16 | (uint32_t)s[31] << 8 | s[32], code);
	scsi_task_fini(&p->c.t);
}

/* Start a copy of one block of LUN 0 to LUN 1 that is held in LUN 1's store. */
static inline void start_held(struct pair *p, struct xlist *l)
{
	list_of(l, p);
	xlist_segment(l, 0, 0, 1, 0, 1);
	p->disk->hold = true;
	xlist_cmd(&p->c, &p->r.x[0], l);
	rig_submit(&p->c);
	rig_run(&p->r);
	CU_ASSERT_EQUAL_FATAL(p->disk->nheld, 1);
	CU_ASSERT_EQUAL(p->c.done, 0);
}

#endif
