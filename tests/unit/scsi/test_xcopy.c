#include "scsi/xcopy.h"

#include "xcopy_rig.h"

#include "scsi/alua.h"
#include "scsi/limits.h"
#include "scsi/lun.h"
#include "scsi/tmf.h"
#include "scsi/ua.h"

#include <errno.h>

#define BLOCK ((size_t)512)

/* A rig with a second logical unit, of blocks of that size. */
struct pair {
	struct rig r; /* LUN 0: 512 byte blocks */
	struct scsi_lu *other;
	struct rig_store *disk; /* of other */
	struct rig_cmd c;
};

static void pair_open(struct pair *p, uint32_t block_size)
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

static void pair_close(struct pair *p)
{
	rig_close(&p->r);
}

/* A list with LUN 0 as CSCD 0, and LUN 1 as CSCD 1. */
static void list_of(struct xlist *l, const struct pair *p)
{
	xlist_init(l, 1, XLIST_HELD);
	xlist_cscd(l, p->r.lu);
	xlist_cscd(l, p->other);
}

/* The end of a copy: its sense, the segment it tells, SD and its field (0: no pointer). */
static void check_end(struct pair *p, uint32_t code, uint16_t segment, uint16_t field)
{
	const uint8_t *s = p->c.t.sense;

	CU_ASSERT_EQUAL(p->c.t.status, SCSI_CHECK_CONDITION);
	CU_ASSERT_EQUAL(rig_sense(&p->c), code);
	CU_ASSERT_EQUAL(be16(s + 10), segment);
	CU_ASSERT_EQUAL(s[15] & 0xe0, field ? 0xa0 : 0x00);
	CU_ASSERT_EQUAL(be16(s + 16), field);
}

/* What RECEIVE COPY STATUS tells of the list 1. */
static void check_status(struct pair *p, uint8_t status, uint16_t segments, uint32_t bytes)
{
	struct rig_cmd c;

	xlist_receive(&p->r, &c, 0x00, 1);
	CU_ASSERT_EQUAL_FATAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.buf->data[4], status);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 5), segments);
	CU_ASSERT_EQUAL(be32(c.t.buf->data + 8), bytes);
	scsi_task_fini(&c.t);
}

static void do_list(struct pair *p, const struct xlist *l)
{
	xlist_do(&p->r, &p->c, l);
}

/* ---- what is copied ---- */

static void between_two_units(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 10, 1, 20, 3000); /* more than one part */
	xlist_segment(&l, 0, 0, 1, 0, 0);      /* nothing at all is no error */
	xlist_segment(&l, 0, 4095, 1, 4095, 1);
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	CU_ASSERT_EQUAL(
		memcmp(p.disk->bytes + 20 * BLOCK, p.r.disk->bytes + 10 * BLOCK, 3000 * BLOCK), 0);
	CU_ASSERT_EQUAL(memcmp(p.disk->bytes + 4095 * BLOCK, p.r.disk->bytes + 4095 * BLOCK, 512),
			0);
	CU_ASSERT_EQUAL(p.disk->bytes[20 * BLOCK - 1], 0);
	CU_ASSERT_EQUAL(p.disk->bytes[3020 * BLOCK], 0);
	check_status(&p, 1, 3, 3001 * BLOCK);
	pair_close(&p);
}

/* What overlaps itself arrives as if it had been read as a whole first. */
static void inside_one_unit(void)
{
	static const struct {
		uint64_t from, to;
		uint16_t blocks;
	} rows[] = { { 0, 100, 4000 - 100 }, { 100, 0, 3900 }, { 5, 5, 4000 }, { 0, 2100, 1900 } };
	uint8_t *before = malloc(RIG_BLOCKS * BLOCK);
	struct pair p;
	struct xlist l;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pair_open(&p, 512);
		memcpy(before, p.r.disk->bytes, RIG_BLOCKS * BLOCK);
		xlist_init(&l, 0, XLIST_NO_ID);
		xlist_cscd(&l, p.r.lu);
		xlist_segment(&l, 0, rows[i].from, 0, rows[i].to, rows[i].blocks);
		do_list(&p, &l);
		CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(memcmp(p.r.disk->bytes + rows[i].to * BLOCK,
				       before + rows[i].from * BLOCK, rows[i].blocks * BLOCK),
				0);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
	free(before);
}

/* BLOCK to 4096 byte blocks and back: PAD fills up, or lets fall away; else only what fits. */
static void blocks_of_two_sizes(void)
{
	uint8_t *s, *dest;
	struct pair p;
	struct xlist l;

	pair_open(&p, 4096);
	memset(p.disk->bytes, 0xee, 32 * BLOCK);
	list_of(&l, &p);
	xlist_segment(&l, 0, 1, 1, 1, 8);
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(p.disk->bytes + 4096, p.r.disk->bytes + 512, 4096), 0);
	CU_ASSERT(p.disk->bytes[4095] == 0xee && p.disk->bytes[8192] == 0xee);
	scsi_task_fini(&p.c.t);

	xlist_init(&l, 1, XLIST_HELD);
	xlist_cscd(&l, p.r.lu);
	dest = xlist_cscd(&l, p.other);
	s = xlist_segment(&l, 0, 1, 1, 0, 9);
	do_list(&p, &l);
	check_end(&p, SENSE_COPY_INEXACT, 0, XCOPY_AT_BLOCKS);
	scsi_task_fini(&p.c.t);
	s[1] = 0x01; /* CAT */
	do_list(&p, &l);
	check_end(&p, SENSE_COPY_FAILED, 0, XCOPY_AT_CAT);
	scsi_task_fini(&p.c.t);
	s[1] = 0;
	dest[28] = 0x04;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(p.disk->bytes, p.r.disk->bytes + 512, 9 * BLOCK), 0);
	CU_ASSERT(p.disk->bytes[9 * BLOCK] == 0 && p.disk->bytes[8191] == 0);
	scsi_task_fini(&p.c.t);

	s[1] = 0x02; /* DC: 3 blocks of the destination, which is LUN 0 now */
	put_be16(s + 4, 1);
	put_be16(s + 6, 0);
	put_be16(s + 10, 3);
	dest[28] = 0;
	do_list(&p, &l);
	check_end(&p, SENSE_COPY_INEXACT, 0, XCOPY_AT_BLOCKS);
	scsi_task_fini(&p.c.t);
	dest[28] = 0x04; /* of the source's side */
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(p.r.disk->bytes, p.disk->bytes + 4096, 3 * BLOCK), 0);
	CU_ASSERT_EQUAL(p.r.disk->bytes[3 * BLOCK], (uint8_t)(21 + 3 * BLOCK % 251 + 1));
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

static void nothing_to_do(void)
{
	static const uint8_t none[16] = { 0x83 };
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	rig_none(&p.r, &p.c, none, 16);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	list_of(&l, &p);
	do_list(&p, &l); /* no segment */
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	xlist_cmd(&p.c, &p.r.x[0], &l);
	p.c.t.edtl--; /* the transport brings less than the CDB says */
	rig_do(&p.r, &p.c);
	CU_ASSERT_EQUAL(rig_sense(&p.c), SENSE_LIST_LENGTH);
	scsi_task_fini(&p.c.t);
	l.p[1] = 0x80;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(rig_sense(&p.c), SENSE_LIST_FIELD);
	rig_check_pointer(&p.c, false, 1, 7);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* ---- what is not ---- */

/* Lists with a second segment that cannot be copied: nothing is, the first neither. */
static const struct {
	const char *what;
	uint64_t source_lba, dest_lba;
	uint32_t code;
	uint16_t source, dest;
	uint16_t blocks;
	uint16_t field;
} bad[] = {
	{ "a source that the list does not have", 0, 0, SENSE_COPY_UNREACHABLE, 9, 1, 1, 4 },
	{ "a destination that it does not have", 0, 0, SENSE_COPY_UNREACHABLE, 0, 2, 1, 6 },
	{ "source past the end", 4096, 0, SENSE_COPY_FAILED, 0, 1, 1, 12 },
	{ "source across the end", 4000, 0, SENSE_COPY_FAILED, 0, 1, 97, 12 },
	{ "destination across the end", 0, 4000, SENSE_COPY_FAILED, 0, 1, 97, 20 },
	{ "destination that wraps", 0, UINT64_MAX, SENSE_COPY_FAILED, 0, 1, 2, 20 },
};

static void segments_that_cannot_be(void)
{
	struct pair p;
	struct xlist l;
	size_t i;

	pair_open(&p, 512);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		list_of(&l, &p);
		xlist_segment(&l, 0, 0, 1, 0, 8);
		xlist_segment(&l, bad[i].source, bad[i].source_lba, bad[i].dest, bad[i].dest_lba,
			      bad[i].blocks);
		p.disk->nsubmits = 0;
		do_list(&p, &l);
		check_end(&p, bad[i].code, 1, bad[i].field);
		CU_ASSERT_EQUAL(p.disk->nsubmits, 0);
		scsi_task_fini(&p.c.t);
		check_status(&p, 2, 0, 0);
	}
	pair_close(&p);
}

/* What a CSCD descriptor says must be so. */
static void units_that_are_not(void)
{
	static const struct {
		uint32_t at; /* in the descriptor of LUN 1 */
		uint8_t value;
		uint32_t code;
	} rows[] = {
		{ 1, 0x20, SENSE_COPY_UNREACHABLE },  /* NUL */
		{ 1, 0x05, SENSE_COPY_TYPE },         /* no disk */
		{ 4, 0x02, SENSE_COPY_UNREACHABLE },  /* ASCII */
		{ 5, 0x13, SENSE_COPY_UNREACHABLE },  /* of a port */
		{ 5, 0x02, SENSE_COPY_UNREACHABLE },  /* EUI-64 */
		{ 7, 15, SENSE_COPY_UNREACHABLE },    /* a byte less */
		{ 23, 0x00, SENSE_COPY_UNREACHABLE }, /* its last byte */
		{ 30, 0x10, SENSE_COPY_TYPE },        /* blocks of 4096 bytes */
	};
	struct pair p;
	struct xlist l;
	uint8_t *d;
	size_t i;

	pair_open(&p, 512);
	p.other->naa[15] = 0xff;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		xlist_init(&l, 1, XLIST_HELD);
		xlist_cscd(&l, p.r.lu);
		d = xlist_cscd(&l, p.other);
		d[rows[i].at] = rows[i].value;
		xlist_segment(&l, 0, 0, 1, 0, 1);
		do_list(&p, &l);
		check_end(&p, rows[i].code, 0, XCOPY_AT_DEST);
		scsi_task_fini(&p.c.t);
	}
	/* A name that two have is nobody's. */
	memcpy(p.other->naa, p.r.lu->naa, SCSI_NAA_LEN);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 0, 1, 1);
	do_list(&p, &l);
	check_end(&p, SENSE_COPY_UNREACHABLE, 0, XCOPY_AT_SOURCE);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* The T10 designator does as well, when it fits. */
static void by_vendor_and_serial(void)
{
	struct pair p;
	struct xlist l;
	uint8_t *d;

	pair_open(&p, 512);
	xlist_init(&l, 1, XLIST_HELD);
	xlist_cscd(&l, p.r.lu);
	d = xlist_cscd(&l, p.other);
	d[4] = 2;
	d[5] = 1;
	memcpy(d + 8, "ITGT    ", 8);
	memcpy(d + 16, p.other->opt.serial, 8);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(memcmp(p.disk->bytes, p.r.disk->bytes, 512), 0);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

static bool sees_lun_0(const struct scsi_nexus *x, const struct scsi_lu *lu)
{
	(void)x;
	return lu->opt.number == 0;
}

/* A logical unit that is masked from the nexus is as if it were not there, on either side. */
static void masked_units(void)
{
	struct pair p;
	struct xlist l;
	int i;

	pair_open(&p, 512);
	p.r.x[0].sees = sees_lun_0;
	p.disk->nsubmits = 0;
	for (i = 0; i < 2; i++) {
		list_of(&l, &p);
		if (i)
			xlist_segment(&l, 1, 0, 0, 0, 1);
		else
			xlist_segment(&l, 0, 0, 1, 0, 1);
		do_list(&p, &l);
		check_end(&p, SENSE_COPY_UNREACHABLE, 0, i ? XCOPY_AT_SOURCE : XCOPY_AT_DEST);
		scsi_task_fini(&p.c.t);
	}
	CU_ASSERT_EQUAL(p.disk->nsubmits, 0);
	xlist_cmd(&p.c, &p.r.x[1], &l); /* the other nexus sees both */
	rig_do(&p.r, &p.c);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* Masked while the copy is under way: it gets no further. */
static void masked_on_the_way(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	xlist_segment(&l, 0, 1, 1, 1, 1);
	p.disk->hold = true;
	xlist_cmd(&p.c, &p.r.x[0], &l);
	rig_submit(&p.c);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(p.disk->nheld, 1);
	p.r.x[0].sees = sees_lun_0;
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(p.c.done, 1);
	check_end(&p, SENSE_COPY_UNREACHABLE, 1, XCOPY_AT_DEST);
	check_status(&p, 2, 1, 512);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* What a logical unit says to the copy manager is passed on to the initiator. */
static void check_forwarded(struct pair *p, bool by_dest, uint8_t status, uint32_t code)
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

static void gates_of_both_units(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	p.disk->nsubmits = 0;
	p.other->opt.read_only = true;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_PROTECTED);
	p.other->opt.read_only = false;
	p.other->swp = true;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_SWP);
	p.other->swp = false;
	p.other->stopped = true;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_STOPPED);
	p.other->stopped = false;
	p.other->reserved_by = &p.r.x[1];
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_RESERVATION_CONFLICT, 0);
	p.other->reserved_by = &p.r.x[0];
	p.r.lu->ejected = true;
	do_list(&p, &l);
	check_forwarded(&p, false, SCSI_CHECK_CONDITION, SENSE_NO_MEDIUM);
	p.r.lu->ejected = false;
	CU_ASSERT_EQUAL(p.disk->nsubmits, 0);
	p.disk->error = -ENOSPC;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_NO_SPACE);
	p.disk->error = 0;
	p.r.disk->error = -EIO;
	do_list(&p, &l);
	check_forwarded(&p, false, SCSI_CHECK_CONDITION, SENSE_READ_ERROR);
	p.r.disk->error = 0;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* A port in standby state for the destination. */
static void access_state_of_the_destination(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	CU_ASSERT_EQUAL(alua_set(p.other, 1, ALUA_STANDBY, ALUA_IMPLICIT, NULL), 0);
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_PORT_STANDBY);
	pair_close(&p);
}

/* ---- with others ---- */

/* Start a copy of one block of LUN 0 to LUN 1 that is held in LUN 1's store. */
static void start_held(struct pair *p, struct xlist *l)
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

static void aborted_by_its_port(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	check_status(&p, 0, 0, 0);
	scsi_abort(&p.c.t);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(p.c.done, 0); /* what the store has is waited for */
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
	CU_ASSERT(TAILQ_EMPTY(&p.other->tasks));
	check_status(&p, 2, 0, 0);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

static void tmf_done(struct scsi_tmf *tmf)
{
	tmf->info++;
}

static void reset_lu(struct pair *p, struct scsi_tmf *tmf, uint32_t lun)
{
	*tmf = (struct scsi_tmf){ .function = SCSI_LU_RESET,
				  .nexus = &p->r.x[1],
				  .done = tmf_done };
	scsi_lun_put(tmf->lun, lun);
	scsi_tmf_submit(tmf);
	rig_run(&p->r);
}

/* A reset of the destination takes what is under way there, and waits for it. */
static void reset_of_the_destination(void)
{
	struct scsi_tmf tmf;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	reset_lu(&p, &tmf, 1);
	CU_ASSERT_EQUAL(tmf.info, 0);
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(tmf.info, 1);
	CU_ASSERT_EQUAL(p.c.done, 1);
	check_forwarded(&p, true, SCSI_TASK_ABORTED, 0);
	pair_close(&p);
}

/* A reset of the unit that copies ends the command, and what was kept of copies. */
static void reset_of_the_copy_manager(void)
{
	struct scsi_tmf tmf;
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	reset_lu(&p, &tmf, 0);
	CU_ASSERT_EQUAL(tmf.info, 0);
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(tmf.info, 1);
	CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
	scsi_task_fini(&p.c.t);
	rig_greet(&p.r, &p.r.x[0], 0);
	xlist_receive(&p.r, &c, 0x00, 1);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* Aborted while its part stands in line behind an atomic command: it leaves the line. */
static void behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	int round;

	for (round = 0; round < 2; round++) {
		pair_open(&p, 512);
		p.disk->hold = true;
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, 1);
		memset(data + 512, 0x33, 512);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(p.disk->nheld, 1); /* it reads */
		list_of(&l, &p);
		xlist_segment(&l, 0, 0, 1, 0, 1);
		xlist_cmd(&p.c, &p.r.x[0], &l);
		rig_submit(&p.c);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(p.disk->nheld, 1); /* the copy waits */
		if (round) {
			scsi_abort(&p.c.t);
			rig_run(&p.r);
			CU_ASSERT(p.c.done == 1 && p.c.t.aborted);
		}
		p.disk->hold = false;
		rig_release(p.disk, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT_EQUAL(p.c.done, 1);
		/* The copy came after it, or not at all. */
		CU_ASSERT_EQUAL(p.disk->bytes[0], round ? 0x33 : p.r.disk->bytes[0]);
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

/* An ORDERED task behind the copy waits for all of it, and does not stop it. */
static void an_ordered_task_behind_it(void)
{
	static const uint8_t ready[16] = { 0x00 };
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	start_held(&p, &l);
	rig_cmd_init(&c, &p.r.x[0], ready, 6);
	c.t.attr = SCSI_ORDERED;
	rig_submit(&c);
	rig_run(&p.r);
	CU_ASSERT_EQUAL(c.done, 0);
	p.disk->hold = false;
	rig_release(p.disk, 1);
	rig_run(&p.r);
	CU_ASSERT(c.done == 1 && p.c.order < c.order);
	scsi_task_fini(&p.c.t);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* An ORDERED copy inside its own unit. */
static void an_ordered_copy(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 0, 8, 8);
	xlist_cmd(&p.c, &p.r.x[0], &l);
	p.c.t.attr = SCSI_ORDERED;
	rig_do(&p.r, &p.c);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* A unit attention of the destination is still the initiator's after the copy. */
static void unit_attentions_stay(void)
{
	static const uint8_t ready[16] = { 0x00 };
	struct rig_cmd c;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	ua_set_lu(p.other, UA_CAPACITY, NULL);
	list_of(&l, &p);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	scsi_task_fini(&p.c.t);
	rig_cmd_init(&c, &p.r.x[0], ready, 6);
	scsi_lun_put(c.t.lun, 1);
	rig_do(&p.r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CAPACITY);
	scsi_task_fini(&c.t);
	pair_close(&p);
}

/* An identifier that is in use; another nexus, or none, may use what it likes. */
static void identifiers(void)
{
	struct rig_cmd c[3];
	struct xlist l, none;
	struct pair p;
	int i;

	pair_open(&p, 512);
	start_held(&p, &l);
	xlist_cmd(&c[0], &p.r.x[0], &l);
	rig_do(&p.r, &c[0]);
	CU_ASSERT_EQUAL(rig_sense(&c[0]), SENSE_IN_PROGRESS);
	xlist_cmd(&c[1], &p.r.x[1], &l);
	rig_submit(&c[1]);
	xlist_init(&none, 0, XLIST_NO_ID);
	xlist_cscd(&none, p.r.lu);
	xlist_segment(&none, 0, 0, 0, 1, 1);
	xlist_cmd(&c[2], &p.r.x[0], &none);
	rig_do(&p.r, &c[2]);
	CU_ASSERT_EQUAL(c[2].t.status, SCSI_GOOD);
	p.disk->hold = false;
	rig_release(p.disk, 2);
	rig_run(&p.r);
	CU_ASSERT(p.c.t.status == SCSI_GOOD && c[1].t.status == SCSI_GOOD && c[1].done == 1);
	check_status(&p, 1, 1, 512);
	for (i = 0; i < 3; i++)
		scsi_task_fini(&c[i].t);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* So many at a time, and no more. */
static void many_at_once(void)
{
	static struct rig_cmd c[LIMITS_COPIES + 1];
	struct xlist l;
	struct pair p;
	int i;

	pair_open(&p, 512);
	p.disk->hold = true;
	xlist_init(&l, 0, XLIST_NO_ID);
	xlist_cscd(&l, p.r.lu);
	xlist_cscd(&l, p.other);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	for (i = 0; i <= LIMITS_COPIES; i++) {
		xlist_cmd(&c[i], &p.r.x[0], &l);
		rig_submit(&c[i]);
		rig_run(&p.r);
	}
	CU_ASSERT(c[LIMITS_COPIES].done == 1 && c[LIMITS_COPIES].t.status == SCSI_BUSY);
	p.disk->hold = false;
	rig_release(p.disk, LIMITS_COPIES);
	rig_run(&p.r);
	for (i = 0; i <= LIMITS_COPIES; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT_EQUAL(p.r.lu->ncopies, 0);
	pair_close(&p);
}

/* ---- stores that copy by themselves ---- */

static const struct store_ops copying_ops = {
	.name = "rig",
	.submit = rig_store_submit,
	.close = rig_store_close,
	.copies = true,
};

static void copying(struct pair *p)
{
	p->r.disk->store.ops = &copying_ops;
	p->disk->store.ops = &copying_ops;
}

static void by_the_store(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	list_of(&l, &p);
	xlist_segment(&l, 0, 10, 1, 20, 3000);
	p.r.disk->nsubmits = 0;
	p.disk->nsubmits = 0;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(p.r.disk->nsubmits, 0);
	CU_ASSERT(p.disk->nsubmits == 1 && p.disk->ops[0] == STORE_COPY && p.disk->flags[0] == 0);
	CU_ASSERT_EQUAL(
		memcmp(p.disk->bytes + 20 * BLOCK, p.r.disk->bytes + 10 * BLOCK, 3000 * BLOCK), 0);
	scsi_task_fini(&p.c.t);
	check_status(&p, 1, 1, 3000 * BLOCK);
	p.other->wce = false;
	do_list(&p, &l);
	CU_ASSERT(p.disk->nsubmits == 2 && p.disk->flags[1] == STORE_FUA);
	scsi_task_fini(&p.c.t);
	p.disk->error = -ENOSPC; /* a fault of the store is no reason to try again */
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_NO_SPACE);
	CU_ASSERT_EQUAL(p.disk->nsubmits, 3);
	p.disk->error = 0;
	p.other->opt.read_only = true;
	do_list(&p, &l);
	check_forwarded(&p, true, SCSI_CHECK_CONDITION, SENSE_PROTECTED);
	p.other->opt.read_only = false;
	p.r.lu->reserved_by = NULL;
	p.r.lu->ejected = true;
	do_list(&p, &l);
	check_forwarded(&p, false, SCSI_CHECK_CONDITION, SENSE_NO_MEDIUM);
	pair_close(&p);
}

/* A store that cannot after all, and ranges that overlap: they are read and written. */
static void not_by_the_store(void)
{
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	p.disk->copy_error = -EOPNOTSUPP;
	list_of(&l, &p);
	xlist_segment(&l, 0, 10, 1, 20, 3000);
	xlist_segment(&l, 0, 0, 1, 0, 1);
	p.disk->nsubmits = 0;
	do_list(&p, &l);
	CU_ASSERT_EQUAL(p.c.t.status, SCSI_GOOD);
	CU_ASSERT(p.disk->ops[0] == STORE_COPY && p.disk->ops[1] == STORE_WRITE);
	CU_ASSERT_EQUAL(p.disk->nsubmits, 4); /* and it is not tried again */
	CU_ASSERT_EQUAL(
		memcmp(p.disk->bytes + 20 * BLOCK, p.r.disk->bytes + 10 * BLOCK, 3000 * BLOCK), 0);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* Neither side is waited for while the other is held: the part is read and written instead. */
static void not_by_the_store_behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static const uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	uint32_t lun;

	for (lun = 0; lun < 2; lun++) {
		struct rig_store *s;

		pair_open(&p, 512);
		copying(&p);
		s = lun ? p.disk : p.r.disk;
		memset(s->bytes, 0, 512);
		s->hold = true;
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, lun);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(s->nheld, 1);
		list_of(&l, &p);
		xlist_segment(&l, 0, 0, 1, 0, 1);
		xlist_cmd(&p.c, &p.r.x[0], &l);
		rig_submit(&p.c);
		rig_run(&p.r);
		CU_ASSERT_EQUAL(s->nheld, 1);
		s->hold = false;
		rig_release(s, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT(p.c.done == 1 && p.c.t.status == SCSI_GOOD);
		CU_ASSERT_EQUAL(memcmp(p.disk->bytes, p.r.disk->bytes, 512), 0);
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

/*
 * The source's blocks are held, an atomic command waits for them, and the destination's are
 * behind that one in line: who held and waited here would wait for ever.
 */
static void no_deadlock_behind_an_atomic_command(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 8 };
	static uint8_t data[16 * BLOCK];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;

	pair_open(&p, 512);
	copying(&p);
	memcpy(data, p.r.disk->bytes, 8 * BLOCK);
	memset(data + 8 * BLOCK, 0x33, 8 * BLOCK);
	rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
	rig_expect_out(&atomic, data, sizeof(data));
	atomic.hold_data = true;
	rig_submit(&atomic);
	xlist_init(&l, 1, XLIST_HELD);
	xlist_cscd(&l, p.r.lu);
	xlist_segment(&l, 0, 0, 0, 5, 1);
	xlist_cmd(&p.c, &p.r.x[0], &l);
	rig_submit(&p.c);
	scsi_core_run(&p.r.core); /* the copy's data comes */
	scsi_core_run(&p.r.core); /* it begins: its inner command is next */
	rig_bring(&atomic);
	rig_run(&p.r);
	CU_ASSERT_FATAL(atomic.done == 1 && p.c.done == 1);
	CU_ASSERT(atomic.t.status == SCSI_GOOD && p.c.t.status == SCSI_GOOD);
	CU_ASSERT_EQUAL(p.r.disk->ops[0], STORE_READ); /* nothing was copied by the store */
	CU_ASSERT_EQUAL(p.r.disk->bytes[5 * BLOCK], 0x33);
	scsi_task_fini(&atomic.t);
	scsi_task_fini(&p.c.t);
	pair_close(&p);
}

/* While the store copies, an atomic command waits for either side; an abort is waited for. */
static void while_the_store_copies(void)
{
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static const uint8_t data[1024];
	struct rig_cmd atomic;
	struct pair p;
	struct xlist l;
	uint32_t lun;

	for (lun = 0; lun < 2; lun++) {
		pair_open(&p, 512);
		copying(&p);
		memset(p.r.disk->bytes, 0, 512);
		start_held(&p, &l);
		rig_cmd_init(&atomic, &p.r.x[0], caw, 16);
		scsi_lun_put(atomic.t.lun, lun);
		rig_expect_out(&atomic, data, 1024);
		rig_submit(&atomic);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 0 && p.disk->nheld == 1);
		if (lun)
			scsi_abort(&p.c.t);
		p.disk->hold = false;
		rig_release(p.disk, 1);
		rig_run(&p.r);
		CU_ASSERT(atomic.done == 1 && atomic.t.status == SCSI_GOOD);
		CU_ASSERT(p.c.done == 1 && p.c.t.aborted == (lun == 1));
		scsi_task_fini(&atomic.t);
		scsi_task_fini(&p.c.t);
		pair_close(&p);
	}
}

static const struct unit_test tests[] = {
	{ "blocks get from one unit to the other", between_two_units },
	{ "blocks that overlap inside a unit arrive whole", inside_one_unit },
	{ "between blocks of two sizes only whole ones go, or PAD says what to do",
	  blocks_of_two_sizes },
	{ "lists without work or with a fault copy nothing", nothing_to_do },
	{ "a list with a segment that cannot be copied copies nothing", segments_that_cannot_be },
	{ "what a descriptor says of a unit must be so", units_that_are_not },
	{ "a unit is known by vendor and serial, too", by_vendor_and_serial },
	{ "a copy that names a unit masked from its nexus is refused", masked_units },
	{ "a copy ends where the unit is masked on the way", masked_on_the_way },
	{ "the gates of both units hold, and what they say is passed on", gates_of_both_units },
	{ "the access state of the destination's port holds", access_state_of_the_destination },
	{ "a copy is aborted when its part is done", aborted_by_its_port },
	{ "a reset of the destination ends the copy", reset_of_the_destination },
	{ "a reset of its own unit ends the copy, and forgets it", reset_of_the_copy_manager },
	{ "a part waits for an atomic command, and an abort takes it out of the line",
	  behind_an_atomic_command },
	{ "an ORDERED task behind a copy does not stop it", an_ordered_task_behind_it },
	{ "an ORDERED copy does not wait for itself", an_ordered_copy },
	{ "a copy takes no unit attention away", unit_attentions_stay },
	{ "an identifier is for one copy of a nexus at a time", identifiers },
	{ "more copies than can be are BUSY", many_at_once },
	{ "stores that can copy do", by_the_store },
	{ "what a store cannot copy is read and written", not_by_the_store },
	{ "who has blocks waits for nobody", not_by_the_store_behind_an_atomic_command },
	{ "blocks held and waited for make no deadlock", no_deadlock_behind_an_atomic_command },
	{ "blocks that a store copies are not for atomic commands", while_the_store_copies },
};

UNIT_MAIN("scsi/xcopy", tests)
