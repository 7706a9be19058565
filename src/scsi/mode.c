#include "scsi/mode.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"

#include <string.h>

#define ALL_PAGES     0x3f
#define ALL_SUBPAGES  0xff
#define PC_CHANGEABLE 1
#define PC_SAVED      3

/* DEVICE-SPECIFIC PARAMETER of block devices (SBC-4, 6.5.1) */
#define WP     0x80
#define DPOFUA 0x10

/* Fills what follows the page's header; p is zero. */
typedef void page_fn(const struct scsi_lu *lu, uint8_t *p);

struct page {
	uint8_t code;
	uint8_t subpage;
	uint8_t len;  /* bytes that follow the header */
	page_fn *put; /* NULL: all of it is zero */
};

/* SBC-4, 6.5.6 */
static void put_caching(const struct scsi_lu *lu, uint8_t *p)
{
	if (lu->opt.write_cache)
		p[0] = 0x04; /* WCE */
}

/* SPC-5, 7.5.9 */
static void put_control(const struct scsi_lu *lu, uint8_t *p)
{
	if (lu->d_sense)
		p[0] = 0x04;
	p[1] = 0x10; /* QUEUE ALGORITHM MODIFIER: reordering is not restricted */
	if (lu->tas)
		p[3] = 0x40;
}

/* Ascending; nothing in them is changeable. */
static const struct page pages[] = {
	{ 0x08, 0x00, 18, put_caching },
	{ 0x0a, 0x00, 10, put_control },
	{ 0x0a, 0x01, 28, NULL }, /* control extension: no choice is made (SPC-5, 7.5.10) */
	{ 0x1c, 0x00, 10, NULL }, /* informational exceptions: none are told (SPC-5, 7.5.13) */
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static uint32_t put_page(const struct page *page, const struct scsi_lu *lu, uint8_t pc, uint8_t *p)
{
	uint32_t header = page->subpage ? 4 : 2; /* SPC-5, 7.5.7: page_0 and sub_page format */

	memset(p, 0, header + page->len);
	p[0] = page->code;
	if (page->subpage) {
		p[0] |= 0x40; /* SPF */
		p[1] = page->subpage;
		put_be16(p + 2, page->len);
	} else {
		p[1] = page->len;
	}
	if (page->put && pc != PC_CHANGEABLE)
		page->put(lu, p + header);
	return header + page->len;
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
		if (wanted(&pages[i], code, t->cdb[3]))
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

	if (t->cdb[2] >> 6 == PC_SAVED) {
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
	p[header == 4 ? 2 : 3] = DPOFUA | (t->lu->opt.read_only ? WP : 0);
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
