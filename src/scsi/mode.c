#include "scsi/mode.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/keep.h"
#include "scsi/lu.h"
#include "scsi/thin.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define ALL_PAGES    0x3f
#define ALL_SUBPAGES 0xff
#define PAGE_CACHING 0x08

/* DEVICE-SPECIFIC PARAMETER of block devices (SBC-4, 6.5.1) */
#define WP     0x80
#define DPOFUA 0x10

struct page {
	uint8_t code;
	uint8_t subpage;
	uint8_t len; /* bytes that follow the header */
	uint8_t at;  /* a byte of the page, header counted, that never changes: its value … */
	uint8_t is;
};

/* Ascending. What is in none of the fields below is 0, but for the one byte told here. */
static const struct page pages[] = {
	{ 0x01, 0x00, 10, 0, 0 }, /* read-write error recovery: no choice either (SBC-4, 6.5.10) */
	{ 0x08, 0x00, 18, 0, 0 },
	{ 0x0a, 0x00, 10, 3, 0x10 }, /* QUEUE ALGORITHM MODIFIER: reordering is not restricted */
	{ 0x0a, 0x01, 28, 0, 0 },    /* control extension: no choice is made (SPC-5, 7.5.10) */
	{ 0x1c, 0x00, 10, 0, 0 },    /* informational exceptions: none are told (SPC-5, 7.5.13) */
	{ 0x1c, 0x02, 20, 0, 0 },    /* logical block provisioning: with a threshold only */
};

/* A field that may be changed, and where the logical unit has it (a byte, or a bool). */
struct field {
	uint8_t code;     /* of its page; none is in a subpage */
	uint8_t byte;     /* of the page, header counted */
	uint8_t mask;     /* its bits there */
	uint8_t reserved; /* bit n: the value n is reserved */
	size_t at;        /* in struct scsi_lu */
};

static const struct field fields[] = {
	{ 0x08, 2, 0x04, 0, offsetof(struct scsi_lu, wce) },     /* SBC-4, 6.5.6 */
	{ 0x0a, 2, 0x04, 0, offsetof(struct scsi_lu, d_sense) }, /* SPC-5, 7.5.9 */
	{ 0x0a, 3, 0x06, 1 << 2, offsetof(struct scsi_lu, qerr) },
	{ 0x0a, 4, 0x30, 1 << 1, offsetof(struct scsi_lu, ua_intlck) },
	{ 0x0a, 4, 0x08, 0, offsetof(struct scsi_lu, swp) },
	{ 0x0a, 5, 0x40, 0, offsetof(struct scsi_lu, tas) },
};

#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static_assert(NFIELDS == SCSI_MODE_FIELDS, "a logical unit has a saved value of each field");

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

/* A cache that the options have switched off stays off. */
static bool may_change(const struct field *f, const struct scsi_lu *lu)
{
	return f->code != PAGE_CACHING || lu->opt.write_cache;
}

static uint8_t value_of(const struct field *f, const struct scsi_lu *lu)
{
	return *((const uint8_t *)lu + f->at);
}

/* All defaults are 0, but for the cache. */
static uint8_t default_of(const struct field *f, const struct scsi_lu *lu)
{
	return f->code == PAGE_CACHING && lu->opt.write_cache;
}

/* What a reset sets it to: saved values of a cache that the options switch off do not count. */
static uint8_t saved_of(const struct field *f, const struct scsi_lu *lu)
{
	if (!lu->has_saved || !may_change(f, lu))
		return default_of(f, lu);
	return lu->saved[f - fields];
}

static uint8_t shift_of(const struct field *f)
{
	return (uint8_t)__builtin_ctz(f->mask);
}

static uint8_t value_in(const struct field *f, const uint8_t *page)
{
	return (uint8_t)((page[f->byte] & f->mask) >> shift_of(f));
}

static void put_fields(const struct page *page, const struct scsi_lu *lu, uint8_t pc, uint8_t *p)
{
	const struct field *f;

	if (page->subpage)
		return;
	for (f = fields; f < fields + NFIELDS; f++) {
		if (f->code != page->code)
			continue;
		if (pc == MODE_CHANGEABLE)
			p[f->byte] |= may_change(f, lu) ? f->mask : 0;
		else if (pc == MODE_DEFAULT)
			p[f->byte] |= (uint8_t)(default_of(f, lu) << shift_of(f));
		else if (pc == MODE_SAVED)
			p[f->byte] |= (uint8_t)(saved_of(f, lu) << shift_of(f));
		else
			p[f->byte] |= (uint8_t)(value_of(f, lu) << shift_of(f));
	}
}

static bool is_provisioning(const struct page *page)
{
	return page->code == 0x1c && page->subpage == 0x02;
}

static bool is_there(const struct page *page, const struct scsi_lu *lu)
{
	return !is_provisioning(page) || (lu->opt.soft_threshold && thin_is_counted(lu));
}

/*
 * SBC-4, 6.5.9: one threshold descriptor: enabled, soft, armed for what is available when
 * it grows less. SITUA is 0: each nexus is told.
 */
static void put_threshold(const struct scsi_lu *lu, uint8_t *p)
{
	p[16] = 0x80; /* ENABLED */
	p[17] = 0x01; /* THRESHOLD RESOURCE: available */
	put_be32(p + 20, thin_threshold(lu));
}

/* What can be changed can be saved, if anything can be kept. */
static bool is_savable(const struct page *page, const struct scsi_lu *lu)
{
	const struct field *f;

	for (f = fields; f < fields + NFIELDS; f++) {
		if (f->code == page->code && !page->subpage)
			return keep_is_there(lu);
	}
	return false;
}

/* SPC-5, 7.5.7: page_0 and sub_page format. */
static uint32_t put_page(const struct page *page, const struct scsi_lu *lu, uint8_t pc, uint8_t *p)
{
	uint32_t header = page->subpage ? 4 : 2;

	memset(p, 0, header + page->len);
	p[0] = page->code;
	if (page->subpage) {
		p[0] |= MODE_SPF;
		p[1] = page->subpage;
		put_be16(p + 2, page->len);
	} else {
		p[1] = page->len;
	}
	if (is_savable(page, lu))
		p[0] |= MODE_PS;
	if (page->is && pc != MODE_CHANGEABLE)
		p[page->at] |= page->is;
	if (is_provisioning(page) && pc != MODE_CHANGEABLE)
		put_threshold(lu, p);
	put_fields(page, lu, pc, p);
	return header + page->len;
}

uint32_t mode_page(const struct scsi_lu *lu, uint8_t pc, uint8_t code, uint8_t subpage, uint8_t *p)
{
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (pages[i].code == code && pages[i].subpage == subpage && is_there(&pages[i], lu))
			return put_page(&pages[i], lu, pc, p);
	}
	return 0;
}

bool mode_is_reserved(const uint8_t *page, uint8_t *byte, uint8_t *bit)
{
	const struct field *f;

	for (f = fields; f < fields + NFIELDS; f++) {
		if (f->code != page[0] || !(f->reserved >> value_in(f, page) & 1))
			continue;
		*byte = f->byte;
		*bit = (uint8_t)(31 - __builtin_clz(f->mask));
		return true;
	}
	return false;
}

void mode_take(struct scsi_lu *lu, const uint8_t *page)
{
	const struct field *f;

	for (f = fields; f < fields + NFIELDS; f++) {
		if (f->code == page[0])
			*((uint8_t *)lu + f->at) = value_in(f, page);
	}
}

void mode_reset(struct scsi_lu *lu)
{
	const struct field *f;

	for (f = fields; f < fields + NFIELDS; f++)
		*((uint8_t *)lu + f->at) = saved_of(f, lu);
}

void mode_values(const struct scsi_lu *lu, uint8_t out[static SCSI_MODE_FIELDS])
{
	size_t i;

	for (i = 0; i < NFIELDS; i++)
		out[i] = value_of(&fields[i], lu);
}

bool mode_set_values(struct scsi_lu *lu, const uint8_t values[static SCSI_MODE_FIELDS])
{
	bool changed = false;
	size_t i;

	for (i = 0; i < NFIELDS; i++) {
		changed |= values[i] != value_of(&fields[i], lu);
		*((uint8_t *)lu + fields[i].at) = values[i];
	}
	return changed;
}

uint32_t mode_put_values(const uint8_t values[static SCSI_MODE_FIELDS], uint8_t *p)
{
	size_t i;

	for (i = 0; i < NFIELDS; i++, p += MODE_VALUE_LEN) {
		p[0] = fields[i].code;
		p[1] = fields[i].byte;
		p[2] = fields[i].mask;
		p[3] = values[i];
	}
	return MODE_VALUES_LEN;
}

bool mode_get_values(struct scsi_lu *lu, const uint8_t *p, uint32_t len)
{
	const struct field *f;

	for (f = fields; f < fields + NFIELDS; f++)
		lu->saved[f - fields] = default_of(f, lu);
	for (; len >= MODE_VALUE_LEN; p += MODE_VALUE_LEN, len -= MODE_VALUE_LEN) {
		for (f = fields; f < fields + NFIELDS; f++) {
			if (f->code != p[0] || f->byte != p[1] || f->mask != p[2])
				continue;
			if (p[3] > f->mask >> shift_of(f) || f->reserved >> p[3] & 1)
				return false;
			lu->saved[f - fields] = p[3];
		}
	}
	lu->has_saved = !len;
	return lu->has_saved;
}

static bool wanted(const struct page *page, uint8_t code, uint8_t subpage)
{
	if (code != ALL_PAGES && code != page->code)
		return false;
	return subpage == ALL_SUBPAGES || subpage == page->subpage;
}

static bool is_code(uint8_t code)
{
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (pages[i].code == code)
			return true;
	}
	return code == ALL_PAGES;
}

/* SPC-5, 7.5.5 and 7.5.6: short or long LBA mode parameter block descriptor. */
static uint32_t put_block_descriptor(const struct scsi_lu *lu, bool longlba, uint8_t *p)
{
	if (longlba) {
		memset(p, 0, 16);
		put_be64(p, lu->blocks);
		put_be32(p + 12, lu->opt.block_size);
		return 16;
	}
	put_be32(p, lu->blocks < UINT32_MAX ? (uint32_t)lu->blocks : UINT32_MAX);
	put_be32(p + 4, lu->opt.block_size); /* 24 bits */
	return 8;
}

/* All the pages asked for, behind a header of header bytes. 0: there is no such page. */
static uint32_t put_pages(const struct scsi_task *t, uint8_t *p)
{
	uint8_t pc = t->cdb[2] >> 6;
	uint8_t code = t->cdb[2] & 0x3f;
	uint32_t len = 0;
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (wanted(&pages[i], code, t->cdb[3]) && is_there(&pages[i], t->lu))
			len += put_page(&pages[i], t->lu, pc, p + len);
	}
	return len;
}

static void mode_sense(struct scsi_task *t, uint32_t header, bool longlba)
{
	bool dbd = t->cdb[1] & 0x08;
	uint8_t *p = t->buf->data;
	uint32_t descriptor = 0;
	uint32_t len;

	if (t->cdb[2] >> 6 == MODE_SAVED && !keep_is_there(t->lu)) {
		finish_code(t, SENSE_NO_SAVING);
		return;
	}
	memset(p, 0, header);
	if (!dbd)
		descriptor = put_block_descriptor(t->lu, longlba, p + header);
	len = put_pages(t, p + header + descriptor);
	if (!len) { /* PAGE CODE, or else SUBPAGE CODE */
		if (is_code(t->cdb[2] & 0x3f))
			finish_cdb_field(t, 3, 7);
		else
			finish_cdb_field(t, 2, 5);
		return;
	}
	len += header + descriptor;
	p[header == 4 ? 2 : 3] = DPOFUA | (t->lu->opt.read_only || t->lu->swp ? WP : 0);
	if (header == 4) {
		p[0] = (uint8_t)(len - 1);
		p[3] = (uint8_t)descriptor;
	} else {
		put_be16(p, (uint16_t)(len - 2));
		p[4] = longlba && descriptor ? 0x01 : 0x00;
		put_be16(p + 6, (uint16_t)descriptor);
	}
	finish_alloc(t, len);
}

void mode_sense_6(struct scsi_task *t)
{
	mode_sense(t, 4, false);
}

void mode_sense_10(struct scsi_task *t)
{
	mode_sense(t, 8, t->cdb[1] & 0x10); /* LLBAA */
}
