#include "scsi/mmc.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"
#include "scsi/mmc_disc.h"
#include "scsi/mode.h"

#include <string.h>

/* Profiles (MMC-6, table 97) */
#define PROFILE_CD  0x0008
#define PROFILE_DVD 0x0010

/* A tray that can be ejected, and locked: the same bits in a feature and in a mode page. */
#define TRAY 0x29

/* ---- GET CONFIGURATION (MMC-6, 6.6) ---- */

/* When a feature is current. */
enum when { ALWAYS, WITH_MEDIUM, WITH_CD, WITH_DVD };

static bool is_now(const struct scsi_lu *lu, enum when when)
{
	switch (when) {
	case ALWAYS: return true;
	case WITH_MEDIUM: return !lu->ejected;
	case WITH_CD: return !lu->ejected && !mmc_is_dvd(lu);
	case WITH_DVD: return !lu->ejected && mmc_is_dvd(lu);
	}
	return false;
}

#define FEATURE_DATA 8 /* bytes of the longest */

/* Ascending. The profile list is made. */
static const struct feature {
	uint16_t code;
	uint8_t version;
	uint8_t when;
	uint8_t len;
	uint8_t data[FEATURE_DATA];
} features[] = {
	{ 0x0000, 0, ALWAYS, 8, { 0 } },                           /* Profile List */
	{ 0x0001, 2, ALWAYS, 8, { 0, 0, 0, 1 } },                  /* Core: SCSI family */
	{ 0x0002, 1, ALWAYS, 4, { 0 } },                           /* Morphing: polled */
	{ 0x0003, 0, ALWAYS, 4, { TRAY } },                        /* Removable Medium */
	{ 0x0010, 0, WITH_MEDIUM, 8, { 0, 0, 0x08, 0, 0, 1, 1 } }, /* Random Readable: 2048 */
	{ 0x001e, 2, WITH_CD, 4, { 0 } },                          /* CD Read */
	{ 0x001f, 0, WITH_DVD, 4, { 0 } },                         /* DVD Read */
};

static void put_profiles(const struct scsi_lu *lu, uint8_t *p)
{
	put_be16(p, PROFILE_DVD);
	p[2] = is_now(lu, WITH_DVD);
	put_be16(p + 4, PROFILE_CD);
	p[6] = is_now(lu, WITH_CD);
}

static uint32_t put_feature(const struct scsi_lu *lu, const struct feature *f, uint8_t *p)
{
	put_be16(p, f->code);
	p[2] = (uint8_t)(f->version << 2 | (f->when == ALWAYS) << 1 |
			 is_now(lu, (enum when)f->when));
	p[3] = f->len;
	memcpy(p + 4, f->data, f->len);
	if (f->code == 0)
		put_profiles(lu, p + 4);
	return 4u + f->len;
}

static bool is_wanted(const struct scsi_task *t, const struct feature *f)
{
	uint16_t from = be16(t->cdb + 2);

	switch (t->cdb[1] & 0x03) { /* RT */
	case 0: return f->code >= from;
	case 1: return f->code >= from && is_now(t->lu, (enum when)f->when);
	default: return f->code == from;
	}
}

void mmc_get_configuration(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;
	uint32_t len = 8;
	size_t i;

	if ((t->cdb[1] & 0x03) == 3) {
		finish_cdb_field(t, 1, 1);
		return;
	}
	memset(p, 0, len);
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (is_wanted(t, &features[i]))
			len += put_feature(t->lu, &features[i], p + len);
	}
	put_be32(p, len - 4);
	if (!t->lu->ejected)
		put_be16(p + 6, mmc_is_dvd(t->lu) ? PROFILE_DVD : PROFILE_CD);
	finish_alloc(t, len);
}

/* ---- GET EVENT STATUS NOTIFICATION (MMC-6, 6.7) ---- */

#define CLASS_MEDIA  4
#define EVENT_HEADER 4    /* bytes */
#define NEA          0x80 /* no event of the classes asked for can be told */

void mmc_get_event(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;
	bool media = t->cdb[4] & 1 << CLASS_MEDIA;
	uint32_t len = EVENT_HEADER;

	if (!(t->cdb[1] & 0x01)) { /* POLLED; nothing is told by itself */
		finish_cdb_field(t, 1, 0);
		return;
	}
	memset(p, 0, 8);
	p[2] = media ? CLASS_MEDIA : NEA;
	p[3] = 1 << CLASS_MEDIA;
	if (media) {
		p[4] = t->itl->media_event;
		p[5] = t->lu->ejected ? 0x01 : 0x02; /* the tray is open, or has a medium */
		if (t->alloc_len > EVENT_HEADER)     /* else it has not been told */
			t->itl->media_event = ITL_NO_EVENT;
		len = 8;
	}
	put_be16(p, (uint16_t)(len - 2));
	finish_alloc(t, len);
}

/* ---- MECHANISM STATUS (MMC-6, 6.10), SET CD SPEED (6.38) ---- */

void mmc_mechanism_status(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;

	memset(p, 0, 8);
	if (t->lu->ejected)
		p[1] = 0x10; /* the tray is open */
	finish_alloc(t, 8);
}

/* The drive may take the speed that is nearest, and has one only. */
void mmc_set_speed(struct scsi_task *t)
{
	finish_good(t);
}

/* ---- MODE SENSE (MMC-6, 6.11 and 7) ---- */

#define PAGE_ERRORS       0x01 /* Read/Write Error Recovery */
#define PAGE_CAPABILITIES 0x2a /* CD/DVD Capabilities and Mechanical Status */
#define ALL_PAGES         0x3f

static uint32_t put_page(const struct scsi_lu *lu, uint8_t code, bool changeable, uint8_t *p)
{
	uint32_t len = code == PAGE_ERRORS ? 12 : 22;

	memset(p, 0, len);
	p[0] = code;
	p[1] = (uint8_t)(len - 2);
	if (code == PAGE_CAPABILITIES && !changeable) {
		p[2] = 0x08; /* reads DVD-ROM */
		p[6] = TRAY;
		if (lu->prevents)
			p[6] |= 0x02; /* LOCK STATE */
	}
	return len;
}

static void mode_sense(struct scsi_task *t, uint32_t header)
{
	uint8_t pc = t->cdb[2] >> 6;
	uint8_t code = t->cdb[2] & 0x3f;
	uint8_t *p = t->buf->data;
	uint32_t len = header;

	if (pc == MODE_SAVED) {
		finish_code(t, SENSE_NO_SAVING);
		return;
	}
	memset(p, 0, header); /* no block descriptor */
	if (code == PAGE_ERRORS || code == ALL_PAGES)
		len += put_page(t->lu, PAGE_ERRORS, pc == MODE_CHANGEABLE, p + len);
	if (code == PAGE_CAPABILITIES || code == ALL_PAGES)
		len += put_page(t->lu, PAGE_CAPABILITIES, pc == MODE_CHANGEABLE, p + len);
	if (len == header) {
		finish_cdb_field(t, 2, 5); /* PAGE CODE */
		return;
	}
	if (header == 4)
		p[0] = (uint8_t)(len - 1);
	else
		put_be16(p, (uint16_t)(len - 2));
	finish_alloc(t, len);
}

void mmc_mode_sense_6(struct scsi_task *t)
{
	mode_sense(t, 4);
}

void mmc_mode_sense_10(struct scsi_task *t)
{
	mode_sense(t, 8);
}
