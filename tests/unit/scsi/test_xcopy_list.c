#include "scsi/xcopy_list.h"

#include "xcopy_rig.h"

/* Two CSCDs and two segments, and a store of bytes to spoil. */
static void good_list(struct xlist *l)
{
	static const struct scsi_lu lu = { .opt = { .block_size = 512 } };
	uint8_t *s;

	xlist_init(l, 7, XLIST_HELD);
	xlist_cscd(l, &lu)[28] = 0x04; /* PAD */
	xlist_cscd(l, &lu)[1] = 0x25;  /* NUL, device type 5 */
	xlist_segment(l, 0, 0x1122334455667788, 1, 0x0102030405060708, 0x1234);
	s = xlist_segment(l, 1, 1, 0, 2, 3);
	s[1] = 0x03; /* DC, CAT */
}

static void what_it_says(void)
{
	struct xcopy_segment seg;
	struct xcopy_list list;
	struct xcopy_cscd cscd;
	struct sense fault;
	struct xlist l;

	good_list(&l);
	CU_ASSERT_FATAL(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT(list.id == 7 && list.has_id && list.ncscds == 2 && list.nsegments == 2);
	xcopy_list_segment(&list, 0, &seg);
	CU_ASSERT(seg.source == 0 && seg.dest == 1 && seg.blocks == 0x1234);
	CU_ASSERT(seg.source_lba == 0x1122334455667788 && seg.dest_lba == 0x0102030405060708);
	CU_ASSERT(!seg.by_dest && !seg.cat);
	xcopy_list_segment(&list, 1, &seg);
	CU_ASSERT(seg.by_dest && seg.cat && seg.source == 1 && seg.dest == 0);
	CU_ASSERT(xcopy_list_cscd(&list, 0, &cscd));
	CU_ASSERT(!cscd.is_null && cscd.pad && cscd.device_type == 0 && cscd.block_size == 512);
	CU_ASSERT_EQUAL(cscd.designator[3], SCSI_NAA_LEN);
	CU_ASSERT(xcopy_list_cscd(&list, 1, &cscd));
	CU_ASSERT(cscd.is_null && !cscd.pad && cscd.device_type == 5);
	CU_ASSERT_FALSE(xcopy_list_cscd(&list, 2, &cscd));
	CU_ASSERT_FALSE(xcopy_list_cscd(&list, 0xffff, &cscd));
	l.p[0] = 0;
	l.p[1] = XLIST_NO_ID;
	CU_ASSERT(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT_FALSE(list.has_id);
}

/* A good list with one thing changed: which byte, to what, and what is told of it. */
static const struct {
	const char *what;
	uint32_t at;
	uint8_t value;
	uint32_t code;
	uint16_t byte; /* 0xffff: no pointer */
	uint8_t bit;
} faults[] = {
	{ "CSCD list longer than what came", 3, 0xff, SENSE_LIST_LENGTH, 0xffff, 0 },
	{ "CSCD list that wraps around", 2, 0xff, SENSE_LIST_LENGTH, 0xffff, 0 },
	{ "segment list of 4 GiB", 8, 0xff, SENSE_LIST_LENGTH, 0xffff, 0 },
	{ "inline data that did not come", 15, 1, SENSE_LIST_LENGTH, 0xffff, 0 },
	{ "reserved bit", 1, 0x40, SENSE_LIST_FIELD, 1, 6 },
	{ "reserved LIST ID USAGE", 1, 0x08, SENSE_LIST_FIELD, 1, 4 },
	{ "identifier where none is used", 1, 0x18, SENSE_LIST_FIELD, 0, 7 },
	{ "CSCD list that cuts a descriptor", 3, 63, SENSE_LIST_FIELD, 2, 7 },
	{ "another type of CSCD", 16, 0xe0, SENSE_CSCD_TYPE, 16, 7 },
	{ "another type of the second", 48, 0xe5, SENSE_CSCD_TYPE, 48, 7 },
	{ "LU ID TYPE", 17, 0x40, SENSE_LIST_FIELD, 17, 7 },
	{ "no designator", 23, 0, SENSE_LIST_FIELD, 23, 7 },
	{ "designator past its field", 23, 21, SENSE_LIST_FIELD, 23, 7 },
	{ "another type of segment", 80, 0x03, SENSE_SEGMENT_TYPE, 80, 7 },
	{ "segment of another length", 83, 0x19, SENSE_LIST_FIELD, 82, 7 },
	{ "segment that is longer than all", 82, 0xff, SENSE_LIST_FIELD, 82, 7 },
	{ "segment list that cuts a descriptor", 11, 55, SENSE_LIST_FIELD, 8, 7 },
};

static void each_fault_is_told(void)
{
	struct xcopy_list list;
	struct sense fault;
	struct xlist l;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		good_list(&l);
		l.p[faults[i].at] = faults[i].value;
		CU_ASSERT_FALSE(xcopy_list_get(&list, l.p, l.len, &fault));
		CU_ASSERT_EQUAL(fault.code, faults[i].code);
		if (faults[i].byte == 0xffff) {
			CU_ASSERT_EQUAL(fault.where, SENSE_NOWHERE);
			continue;
		}
		CU_ASSERT_EQUAL(fault.where, SENSE_IN_LIST);
		CU_ASSERT_EQUAL(fault.byte, faults[i].byte);
		CU_ASSERT_EQUAL(fault.bit, faults[i].bit);
	}
}

/* Every length that is too short for what the header announces. */
static void every_cut_is_told(void)
{
	struct xcopy_list list;
	struct sense fault;
	struct xlist l;
	uint32_t len;

	good_list(&l);
	for (len = 1; len < l.len; len++) {
		uint8_t *cut = malloc(len); /* so that a sanitizer sees a step too far */

		memcpy(cut, l.p, len);
		CU_ASSERT_FALSE(xcopy_list_get(&list, cut, len, &fault));
		CU_ASSERT_EQUAL(fault.code, SENSE_LIST_LENGTH);
		free(cut);
	}
	CU_ASSERT(xcopy_list_get(&list, l.p, l.len + 100, &fault)); /* more is not looked at */
}

static void limits_are_kept_to(void)
{
	static const struct scsi_lu lu = { .opt = { .block_size = 512 } };
	struct xcopy_list list;
	struct sense fault;
	struct xlist l;
	int i;

	xlist_init(&l, 0, XLIST_HELD);
	for (i = 0; i < XCOPY_CSCDS; i++)
		xlist_cscd(&l, &lu);
	for (i = 0; i < XCOPY_SEGMENTS; i++)
		xlist_segment(&l, 0, 0, 0, 0, 1);
	CU_ASSERT(xcopy_list_get(&list, l.p, l.len, &fault));
	xlist_segment(&l, 0, 0, 0, 0, 1);
	CU_ASSERT_FALSE(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT_EQUAL(fault.code, SENSE_LIST_LENGTH); /* MAXIMUM DESCRIPTOR LIST LENGTH */

	xlist_init(&l, 0, XLIST_HELD);
	for (i = 0; i < XCOPY_SEGMENTS + 1; i++)
		xlist_segment(&l, 0, 0, 0, 0, 1);
	CU_ASSERT_FALSE(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT(fault.code == SENSE_MANY_SEGMENTS && fault.byte == 8);

	xlist_init(&l, 0, XLIST_HELD);
	for (i = 0; i < XCOPY_CSCDS + 1; i++)
		xlist_cscd(&l, &lu);
	CU_ASSERT_FALSE(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT(fault.code == SENSE_MANY_CSCDS && fault.byte == 2);

	xlist_init(&l, 0, XLIST_HELD);
	l.p[15] = 4;
	l.len = 20;
	CU_ASSERT_FALSE(xcopy_list_get(&list, l.p, l.len, &fault));
	CU_ASSERT(fault.code == SENSE_INLINE && fault.byte == 12);
}

static const struct unit_test tests[] = {
	{ "a list says what to copy", what_it_says },
	{ "each fault has its sense and its field", each_fault_is_told },
	{ "a list that is cut anywhere is told", every_cut_is_told },
	{ "more than is advertised is refused", limits_are_kept_to },
};

UNIT_MAIN("scsi/xcopy_list", tests)
