#include "scsi/mmc_disc.h"

#include "mmc_rig.h"

/* 4096 blocks and the pregap of 150: 00:56:46 */
#define END_MSF 0x00, 0x38, 0x2e

static void table_of_contents(void)
{
	static const uint8_t lba[12] = { 0x43, [7] = 1 };
	static const uint8_t msf[12] = { 0x43, 0x02, [7] = 1 };
	static const uint8_t lead_out[12] = { 0x43, [6] = 0xaa, [7] = 1 };
	static const uint8_t track_2[12] = { 0x43, [6] = 2, [7] = 1 };
	static const uint8_t sessions[12] = { 0x43, 0, 0x01, [7] = 1 };
	static const uint8_t old_sessions[12] = { 0x43, [8] = 12, 0x40 };
	static const uint8_t full[12] = { 0x43, 0x02, 0x02, [7] = 1 };
	static const uint8_t pma[12] = { 0x43, 0, 0x03, [7] = 1 };
	static const uint8_t toc[] = { 0, 18, 1, 1,    0,    0x14, 1, 0, 0,    0,
				       0, 0,  0, 0x14, 0xaa, 0,    0, 0, 0x10, 0 };
	static const uint8_t toc_msf[] = { 0, 18, 1, 1, 0,    0x14, 1, 0, 0,
					   0, 2,  0, 0, 0x14, 0xaa, 0, 0, END_MSF };
	static const uint8_t end[] = { 0, 10, 1, 1, 0, 0x14, 0xaa, 0, 0, 0, 0x10, 0 };
	static const uint8_t session[] = { 0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0 };
	static const uint8_t entries[] = {
		0, 46,   1, 1,                               /* one session */
		1, 0x14, 0, 0xa0, 0, 0, 0, 0, 1,       0, 0, /* first track */
		1, 0x14, 0, 0xa1, 0, 0, 0, 0, 1,       0, 0, /* last track */
		1, 0x14, 0, 0xa2, 0, 0, 0, 0, END_MSF,       /* lead-out */
		1, 0x14, 0, 1,    0, 0, 0, 0, 0,       2, 0, /* track 1 */
	};
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, lba, toc, sizeof(toc));
	mmc_rig_tells(&r, msf, toc_msf, sizeof(toc_msf));
	mmc_rig_tells(&r, lead_out, end, sizeof(end));
	mmc_rig_tells(&r, sessions, session, sizeof(session));
	mmc_rig_tells(&r, old_sessions, session, sizeof(session)); /* as Linux asks */
	mmc_rig_tells(&r, full, entries, sizeof(entries));
	mmc_rig_refuses(&r, track_2, SENSE_CDB_FIELD);
	mmc_rig_refuses(&r, pma, SENSE_CDB_FIELD);
	mmc_rig_tray(&r, TRAY_OUT);
	mmc_rig_refuses(&r, lba, SENSE_NO_MEDIUM);
	rig_close(&r);
}

static void disc_and_track(void)
{
	static const uint8_t disc[12] = { 0x51, [8] = 34 };
	static const uint8_t track[12] = { 0x52, 0x01, 0, 0, 0, 1, [8] = 36 };
	static const uint8_t by_block[12] = { 0x52, 0x00, 0, 0, 0x0f, 0xff, [8] = 36 };
	static const uint8_t past[12] = { 0x52, 0x00, 0, 0, 0x10, 0x00, [8] = 36 };
	static const uint8_t track_2[12] = { 0x52, 0x01, 0, 0, 0, 2, [8] = 36 };
	static const uint8_t disc_info[34] = { 0,    32,   0x0e, 1,    1,    1,    1,    0x20,
					       0,    0,    0,    0,    0,    0,    0,    0,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t track_info[36] = { 0, 34, 1, 1, 0, 4, 1, [26] = 0x10 };
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_tells(&r, disc, disc_info, sizeof(disc_info));
	mmc_rig_tells(&r, track, track_info, sizeof(track_info));
	mmc_rig_tells(&r, by_block, track_info, sizeof(track_info));
	mmc_rig_refuses(&r, past, SENSE_CDB_FIELD);
	mmc_rig_refuses(&r, track_2, SENSE_CDB_FIELD);
	rig_close(&r);
}

static void dvd_structure(void)
{
	static const uint8_t physical[12] = { 0xad, [8] = 8, 4 };
	static const uint8_t other[12] = { 0xad, [7] = 0x02, 8, 4 };
	static const uint8_t head[] = { 0x08, 0x02, 0, 0, 0x01, 0x0f, 0x01, 0,
					0,    3,    0, 0, 0,    9,    0x1a, 0x7f };
	struct rig_cmd c;
	struct rig r;

	mmc_rig_start(&r);
	mmc_rig_refuses(&r, physical, SENSE_WRONG_FORMAT); /* a CD */
	mmc_rig_dvd(&r);
	rig_in(&r, &c, physical, 12, 4096);
	CU_ASSERT_EQUAL(c.t.in_len, 2052);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, head, sizeof(head)), 0);
	scsi_task_fini(&c.t);
	mmc_rig_refuses(&r, other, SENSE_CDB_FIELD);
	rig_close(&r);
}

/* Sectors by number and by time, their user data only. */
static void sectors_of_a_cd(void)
{
	static const struct {
		uint8_t cdb[12];
		uint32_t code;
		uint32_t lba; /* of two blocks */
	} rows[] = {
		{ { 0xbe, 0, 0, 0, 0, 5, 0, 0, 2, 0x10 }, 0, 5 },
		{ { 0xbe, 8, 0, 0, 0x0f, 0xfe, 0, 0, 2, 0x10 }, 0, 4094 },
		{ { 0xbe, 0, 0, 0, 0x0f, 0xff, 0, 0, 2, 0x10 }, SENSE_RANGE, 0 },
		{ { 0xbe, 0, 0, 0, 0, 5, 0, 0, 2, 0xf8 }, SENSE_CDB_FIELD, 0 }, /* raw */
		{ { 0xbe, 4, 0, 0, 0, 5, 0, 0, 2, 0x10 }, SENSE_CDB_FIELD, 0 }, /* audio */
		{ { 0xb9, 0, 0, 0, 2, 5, 0, 2, 7, 0x10 }, 0, 5 },
		{ { 0xb9, 0, 0, 0, 2, 0, 0, 2, 2, 0x10 }, 0, 0 },
		{ { 0xb9, 0, 0, 0, 1, 74, 0, 2, 1, 0x10 }, SENSE_RANGE, 0 }, /* in the pregap */
		{ { 0xb9, 0, 0, 0, 2, 7, 0, 2, 5, 0x10 }, SENSE_RANGE, 0 },  /* backwards */
		{ { 0xb9, 0, 0, 0, 56, 45, 0, 56, 47, 0x10 }, SENSE_RANGE, 0 },
	};
	struct rig_cmd c;
	struct rig r;
	size_t i;

	mmc_rig_start(&r);
	for (i = 0; i < r.disk->store.size; i++)
		r.disk->bytes[i] = (uint8_t)(i / 2048 * 7 + i % 251);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_in(&r, &c, rows[i].cdb, 12, 4096);
		CU_ASSERT_EQUAL(rig_sense(&c), rows[i].code);
		if (!rows[i].code) {
			CU_ASSERT_EQUAL(c.t.in_len, 4096);
			CU_ASSERT_EQUAL(memcmp(c.t.buf->data,
					       r.disk->bytes + (size_t)rows[i].lba * 2048, 4096),
					0);
		}
		scsi_task_fini(&c.t);
	}
	mmc_rig_dvd(&r);
	mmc_rig_refuses(&r, rows[0].cdb, SENSE_WRONG_FORMAT);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "the table of contents has one track, in every format", table_of_contents },
	{ "disc and track are complete", disc_and_track },
	{ "a DVD has its physical format, a CD has none", dvd_structure },
	{ "sectors of a CD are read by number and by time", sectors_of_a_cd },
};

UNIT_MAIN("scsi/mmc_disc", tests)
