#include "scsi/xcopy.h"

#include "xcopy_pair.h"

#include "scsi/alua.h"
#include "scsi/ua.h"

#include <errno.h>

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
	memset(d + 8, ' ', 8);
	memcpy(d + 8, p.other->opt.vendor, strlen(p.other->opt.vendor));
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
};

UNIT_MAIN("scsi/xcopy", tests)
