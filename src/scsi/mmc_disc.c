#include "scsi/mmc_disc.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/sbc_rw.h"

#include <string.h>

#define CD_BLOCKS   UINT64_C(360000) /* 80 minutes of 60 seconds of 75 sectors */
#define PREGAP      150              /* frames in front of LBA 0 (MMC-6, 4.2.3.9) */
#define DATA_TRACK  0x14 /* ADR 1, CONTROL: a data track that may not be copied freely */
#define LEAD_OUT    0xaa
#define DVD_START   0x30000 /* physical number of a DVD's first sector */
#define DVD_FORMAT  2048    /* bytes of its physical format information */
#define STRUCT_HEAD 4

bool mmc_is_dvd(const struct scsi_lu *lu)
{
	return lu->blocks > CD_BLOCKS;
}

static uint32_t blocks_of(const struct scsi_lu *lu)
{
	return lu->blocks < UINT32_MAX ? (uint32_t)lu->blocks : UINT32_MAX;
}

/* Minute, second, frame; 255 minutes stand for all that is more. */
static void put_msf(uint8_t *p, uint32_t lba)
{
	uint32_t frames = lba < UINT32_MAX - PREGAP ? lba + PREGAP : UINT32_MAX;
	uint32_t minutes = frames / (60 * 75);

	p[0] = minutes < 255 ? (uint8_t)minutes : 255;
	p[1] = (uint8_t)(frames / 75 % 60);
	p[2] = (uint8_t)(frames % 75);
}

static void put_address(uint8_t *p, uint32_t lba, bool msf)
{
	if (msf)
		put_msf(p + 1, lba);
	else
		put_be32(p, lba);
}

/* ---- READ TOC/PMA/ATIP (MMC-6, 6.25) ---- */

static uint32_t put_track(uint8_t *p, uint8_t track, uint32_t lba, bool msf)
{
	memset(p, 0, 8);
	p[1] = DATA_TRACK;
	p[2] = track;
	put_address(p + 4, lba, msf);
	return 8;
}

/* Format 0000b: the tracks from the one asked for. 0: there is none. */
static uint32_t put_toc(const struct scsi_task *t, bool msf, uint8_t *p)
{
	uint8_t from = t->cdb[6];
	uint32_t len = 4;

	if (from > 1 && from != LEAD_OUT)
		return 0;
	p[2] = 1; /* first track */
	p[3] = 1; /* last track */
	if (from <= 1)
		len += put_track(p + len, 1, 0, msf);
	return len + put_track(p + len, LEAD_OUT, blocks_of(t->lu), msf);
}

/* Format 0001b: the first complete session, and the first track of the last one. */
static uint32_t put_sessions(bool msf, uint8_t *p)
{
	p[2] = 1;
	p[3] = 1;
	return 4 + put_track(p + 4, 1, 0, msf);
}

/* Format 0010b: the lead-in's own entries. */
static uint32_t put_full_toc(const struct scsi_task *t, uint8_t *p)
{
	static const uint8_t points[] = { 0xa0, 0xa1, 0xa2, 0x01 };
	uint32_t len = 4;
	size_t i;

	p[2] = 1; /* first session */
	p[3] = 1; /* last session */
	for (i = 0; i < sizeof(points); i++, len += 11) {
		uint8_t *d = p + len;

		memset(d, 0, 11);
		d[0] = 1; /* session */
		d[1] = DATA_TRACK;
		d[3] = points[i];
		if (points[i] == 0xa2)
			put_msf(d + 8, blocks_of(t->lu));
		else if (points[i] == 0x01)
			put_msf(d + 8, 0);
		else
			d[8] = 1; /* number of the first, and of the last track */
	}
	return len;
}

void mmc_read_toc(struct scsi_task *t)
{
	bool msf = t->cdb[1] & 0x02;
	uint8_t format = t->cdb[2] & 0x0f;
	uint8_t *p = t->buf->data;
	uint32_t len;

	if (!format) /* where SFF-8020i has it, which Linux still uses (MMC-6, 6.25.2.3) */
		format = t->cdb[9] >> 6;
	memset(p, 0, 4);
	switch (format) {
	case 0: len = put_toc(t, msf, p); break;
	case 1: len = put_sessions(msf, p); break;
	case 2: len = put_full_toc(t, p); break;
	default: finish_cdb_field(t, 2, 3); return;
	}
	if (!len) {
		finish_cdb_field(t, 6, 7); /* TRACK/SESSION NUMBER */
		return;
	}
	put_be16(p, (uint16_t)(len - 2));
	finish_alloc(t, len);
}

/* ---- disc and track ---- */

/* MMC-6, 6.21.3: a complete disc with one complete session. */
void mmc_read_disc_info(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;

	memset(p, 0, 34);
	put_be16(p, 32);
	p[2] = 0x0e;             /* not erasable; last session and disc are complete */
	p[3] = 1;                /* first track */
	p[4] = 1;                /* sessions */
	p[5] = 1;                /* first track in the last session */
	p[6] = 1;                /* last track there */
	p[7] = 0x20;             /* URU: the disc may be used for all */
	memset(p + 16, 0xff, 8); /* no other session begins, or could */
	finish_alloc(t, 34);
}

/* Is the track (or session) 1 asked for, by its number or by a block of it? */
static bool is_track_1(const struct scsi_task *t)
{
	uint32_t what = be32(t->cdb + 2);

	switch (t->cdb[1] & 0x03) {
	case 0: return what < t->lu->blocks;
	case 1:
	case 2: return what == 1;
	default: return false;
	}
}

/* MMC-6, 6.26.3 */
void mmc_read_track_info(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;

	if (!is_track_1(t)) {
		finish_cdb_field(t, 2, 7);
		return;
	}
	memset(p, 0, 36);
	put_be16(p, 34);
	p[2] = 1;                           /* track */
	p[3] = 1;                           /* session */
	p[5] = 0x04;                        /* TRACK MODE: data */
	p[6] = 0x01;                        /* DATA MODE 1 */
	put_be32(p + 24, blocks_of(t->lu)); /* TRACK SIZE */
	finish_alloc(t, 36);
}

/* MMC-6, 6.22.3.2.1: Physical Format Information: one layer, pressed, of 120 mm. */
static uint32_t put_physical(const struct scsi_task *t, uint8_t *p)
{
	uint32_t last = DVD_START + blocks_of(t->lu) - 1;

	p[0] = 0x01; /* DVD-ROM, version 1 */
	p[1] = 0x0f; /* maximum rate: not specified */
	p[2] = 0x01; /* one layer, embossed */
	put_be24(p + 5, DVD_START);
	put_be24(p + 9, last < 0xffffff ? last : 0xffffff);
	return DVD_FORMAT;
}

/* The formats there are; each fills bytes that are zero. */
static const struct {
	uint8_t code;
	uint32_t (*put)(const struct scsi_task *t, uint8_t *p);
} formats[] = {
	{ 0x00, put_physical },
};

/* MMC-6, 6.22 */
void mmc_read_disc_structure(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;
	uint32_t len = 0;
	size_t i;

	if (!mmc_is_dvd(t->lu)) {
		finish_code(t, SENSE_WRONG_FORMAT);
		return;
	}
	memset(p, 0, STRUCT_HEAD + DVD_FORMAT);
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].code == t->cdb[7])
			len = formats[i].put(t, p + STRUCT_HEAD);
	}
	if (!len) {
		finish_cdb_field(t, 7, 7); /* FORMAT CODE */
		return;
	}
	put_be16(p, (uint16_t)(STRUCT_HEAD - 2 + len));
	finish_alloc(t, STRUCT_HEAD + len);
}

/* MMC-6, 6.19 and 6.20: the usage mask lets through user data of a data track, or nothing. */
void mmc_read_cd(struct scsi_task *t)
{
	if (mmc_is_dvd(t->lu))
		finish_code(t, SENSE_WRONG_FORMAT);
	else if (t->cdb[9])
		sbc_read(t);
	else
		finish_good(t);
}
