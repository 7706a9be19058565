#include "scsi/mmc.h"

#include "mmc_rig.h"

#define CD  0x08
#define DVD 0x10

/* All features with a CD in the drive; what the core, the tray and the profiles are. */
static void configuration(void)
{
	static const uint8_t all[12] = { 0x46, [7] = 0x10 };
	static const uint8_t current[12] = { 0x46, 0x01, [7] = 0x10 };
	static const uint8_t one[12] = { 0x46, 0x02, 0, 0x03, [7] = 0x10 };
	static const uint8_t none[12] = { 0x46, 0x02, 0, 0x04, [7] = 0x10 };
	static const uint8_t rt[12] = { 0x46, 0x03, [7] = 0x10 };
	static const uint8_t with_cd[] = {
		0, 0,    0,  72, 0,    0,   0, CD,              /* header */
		0, 0,    3,  8,  0,    DVD, 0, 0,  0, CD, 1, 0, /* profiles */
		0, 1,    11, 8,  0,    0,   0, 1,  0, 0,  0, 0, /* core */
		0, 2,    7,  4,  0,    0,   0, 0,               /* morphing */
		0, 3,    3,  4,  0x29, 0,   0, 0,               /* removable medium */
		0, 0x10, 1,  8,  0,    0,   8, 0,  0, 1,  1, 0, /* random readable */
		0, 0x1e, 9,  4,  0,    0,   0, 0,               /* CD read */
		0, 0x1f, 0,  4,  0,    0,   0, 0,               /* DVD read */
	};
	uint8_t bytes[sizeof(with_cd)];
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, all, with_cd, sizeof(with_cd));
	memcpy(bytes, with_cd, sizeof(bytes));
	bytes[3] -= 8; /* without the last */
	mmc_rig_tells(&r, current, bytes, sizeof(bytes) - 8);
	memcpy(bytes + 8, with_cd + 40, 8);
	bytes[3] = 12;
	mmc_rig_tells(&r, one, bytes, 16);
	bytes[3] = 4;
	mmc_rig_tells(&r, none, bytes, 8);
	mmc_rig_refuses(&r, rt, SENSE_CDB_FIELD);
	mmc_rig_dvd(&r);
	rig_in(&r, &c, all, 10, 4096);
	CU_ASSERT(be16(c.t.buf->data + 6) == DVD && c.t.buf->data[14] == 1 &&
		  c.t.buf->data[18] == 0 && c.t.buf->data[sizeof(with_cd) - 6] == 1);
	scsi_task_fini(&c.t);
	mmc_rig_tray(&r, TRAY_OUT);
	rig_in(&r, &c, current, 10, 4096); /* no profile, and no feature of a medium */
	CU_ASSERT(c.t.in_len == 48 && be16(c.t.buf->data + 6) == 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Each nexus is told of the tray, once. */
static void events(void)
{
	static const uint8_t media[12] = { 0x4a, 0x01, 0, 0, 0x10, [8] = 8 };
	static const uint8_t header[12] = { 0x4a, 0x01, 0, 0, 0x10, [8] = 4 };
	static const uint8_t other[12] = { 0x4a, 0x01, 0, 0, 0x02, [8] = 8 };
	static const uint8_t asynchronous[12] = { 0x4a, 0x00, 0, 0, 0x10, [8] = 8 };
	static const uint8_t still[] = { 0, 6, 4, 0x10, 0, 0x02, 0, 0 };
	static const uint8_t out[] = { 0, 6, 4, 0x10, 3, 0x01, 0, 0 };
	static const uint8_t out_still[] = { 0, 6, 4, 0x10, 0, 0x01, 0, 0 };
	static const uint8_t in[] = { 0, 6, 4, 0x10, 2, 0x02, 0, 0 };
	static const uint8_t nothing[] = { 0, 2, 0x80, 0x10 };
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, media, still, 8);
	mmc_rig_tells(&r, other, nothing, 4);
	mmc_rig_refuses(&r, asynchronous, SENSE_CDB_FIELD);
	mmc_rig_tray(&r, TRAY_OUT);
	mmc_rig_tells(&r, header, out, 4); /* which tells no event, and takes none away */
	mmc_rig_tells(&r, media, out, 8);
	mmc_rig_tells(&r, media, out_still, 8);
	mmc_rig_tray(&r, TRAY_IN);
	mmc_rig_tells(&r, media, in, 8);
	mmc_rig_tells(&r, media, still, 8);
	/* The other one has a unit attention as well, which this command leaves to others. */
	rig_cmd_init(&c, &r.x[1], media, 10);
	rig_expect_in(&c, 8);
	rig_do(&r, &c);
	CU_ASSERT(c.t.status == SCSI_GOOD && memcmp(c.t.buf->data, in, 8) == 0);
	scsi_task_fini(&c.t);
	rig_cmd_init(&c, &r.x[1], (const uint8_t[6]){ 0x00 }, 6);
	rig_do(&r, &c);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_MEDIUM_CHANGED);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void the_tray(void)
{
	static const uint8_t prevent[6] = { 0x1e, 0, 0, 0, 1 }, allow[6] = { 0x1e };
	static const uint8_t eject[12] = { 0x1b, [4] = TRAY_OUT };
	static const uint8_t status[12] = { 0xbd, [9] = 8 };
	static const uint8_t read[12] = { 0x28, [8] = 1 };
	static const uint8_t page[12] = { 0x5a, 0, 0x2a, [8] = 64 };
	static const uint8_t closed[8] = { 0 }, open[8] = { 0, 0x10 };
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, status, closed, 8);
	rig_none(&r, &c, prevent, 6);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, page, 10, 64);
	CU_ASSERT_EQUAL(c.t.buf->data[8 + 6], 0x2b);
	scsi_task_fini(&c.t);
	mmc_rig_refuses(&r, eject, SENSE_PREVENTED);
	rig_none(&r, &c, allow, 6);
	scsi_task_fini(&c.t);
	mmc_rig_tray(&r, TRAY_OUT);
	mmc_rig_tells(&r, status, open, 8);
	mmc_rig_refuses(&r, read, SENSE_NO_MEDIUM);
	mmc_rig_tray(&r, TRAY_IN);
	rig_in(&r, &c, read, 10, 2048);
	CU_ASSERT(c.t.status == SCSI_GOOD && c.t.in_len == 2048);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void mode_pages(void)
{
	static const uint8_t all[12] = { 0x5a, 0, 0x3f, [8] = 255 };
	static const uint8_t all_6[12] = { 0x1a, 0, 0x3f, 0, 255 };
	static const uint8_t changeable[12] = { 0x5a, 0, 0x6a, [8] = 255 };
	static const uint8_t saved[12] = { 0x5a, 0, 0xea, [8] = 255 };
	static const uint8_t other[12] = { 0x5a, 0, 0x08, [8] = 255 };
	static const uint8_t pages[8 + 12 + 22] = {
		[1] = 40, [8] = 0x01, [9] = 10, [20] = 0x2a, [21] = 20, [22] = 0x08, [26] = 0x29
	};
	static const uint8_t zeros[8 + 22] = { [1] = 28, [8] = 0x2a, [9] = 20 };
	uint8_t pages_6[4 + 12 + 22] = { 37 };
	struct rig r;

	memcpy(pages_6 + 4, pages + 8, 12 + 22);
	mmc_rig_start(&r);
	mmc_rig_tells(&r, all, pages, sizeof(pages));
	mmc_rig_tells(&r, all_6, pages_6, sizeof(pages_6));
	mmc_rig_tells(&r, changeable, zeros, sizeof(zeros));
	mmc_rig_refuses(&r, saved, SENSE_NO_SAVING);
	mmc_rig_refuses(&r, other, SENSE_CDB_FIELD);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "features and profiles are those of drive and disc", configuration },
	{ "media events are told to each nexus once", events },
	{ "the tray goes out when nobody prevents it", the_tray },
	{ "the mode pages of a drive are there", mode_pages },
};

UNIT_MAIN("scsi/mmc", tests)
