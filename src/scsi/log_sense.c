#include "scsi/log_sense.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/step.h"
#include "scsi/thin.h"

#include <string.h>

#define HEADER_LEN    4
#define PC_CUMULATIVE 1 /* PAGE CONTROL: current cumulative values */
#define SPF           0x40

/* Parameter codes of the error counter pages (SPC-5, 7.3.7): those that are counted. */
#define AVAILABLE         1
#define USED              2
#define TOTAL_BYTES       5
#define TOTAL_UNCORRECTED 6

struct page {
	uint8_t code;
	uint8_t subpage;
	bool is_space; /* tells of space, which is asked for first; there when it is known */
	uint16_t last; /* its highest parameter code */

	/* Parameters from code first on, to p, of which all is room. Returns their bytes. */
	uint32_t (*put)(const struct scsi_task *t, uint16_t first, uint8_t *p);
};

/* SPC-5, 7.3.2.2: an unbounded counter that nothing saves. */
static uint32_t put_counter(uint8_t *p, uint16_t code, uint64_t value)
{
	put_be16(p, code);
	p[2] = 0x22; /* TSD, FORMAT AND LINKING 10b */
	p[3] = 8;
	put_be64(p + 4, value);
	return 12;
}

static uint32_t put_counts(const struct scsi_count *c, uint16_t first, uint8_t *p)
{
	uint32_t len = 0;

	if (first <= TOTAL_BYTES)
		len += put_counter(p, TOTAL_BYTES, c->bytes);
	return len + put_counter(p + len, TOTAL_UNCORRECTED, c->errors);
}

static uint32_t put_writes(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	return put_counts(&t->lu->writes, first, p);
}

static uint32_t put_reads(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	return put_counts(&t->lu->reads, first, p);
}

static uint32_t put_verifies(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	return put_counts(&t->lu->verifies, first, p);
}

/* Last n Error Events (SPC-5, 7.3.12): they are in the log of the machine. */
static uint32_t put_events(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	(void)t;
	(void)first;
	p[0] = 0;
	return 0;
}

/* SBC-4, 6.4.5: a resource count, and whose it is. */
static uint32_t put_resource(uint8_t *p, uint16_t code, uint64_t bytes, uint8_t scope)
{
	memset(p, 0, 12);
	put_be16(p, code);
	p[2] = 0x03; /* FORMAT AND LINKING: binary list */
	p[3] = 8;
	put_be32(p + 4, thin_sets(bytes));
	p[8] = scope;
	return 12;
}

/* Logical Block Provisioning: what the file system has left, and what this unit takes of it. */
static uint32_t put_space(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	uint32_t len = 0;

	if (first <= AVAILABLE)
		len += put_resource(p, AVAILABLE, t->io.space.available,
				    2); /* not this one's only */
	return len + put_resource(p + len, USED, t->io.space.used, 1);
}

static uint32_t put_list(const struct scsi_task *t, uint16_t first, uint8_t *p);
static uint32_t put_sublist(const struct scsi_task *t, uint16_t first, uint8_t *p);

/* Ascending: the lists of pages are printed from here. */
static const struct page pages[] = {
	{ 0x00, 0x00, false, 0, put_list },
	{ 0x00, 0xff, false, 0, put_sublist },
	{ 0x02, 0x00, false, TOTAL_UNCORRECTED, put_writes },
	{ 0x03, 0x00, false, TOTAL_UNCORRECTED, put_reads },
	{ 0x05, 0x00, false, TOTAL_UNCORRECTED, put_verifies },
	{ 0x07, 0x00, false, 0, put_events },
	{ 0x0c, 0x00, true, USED, put_space },
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static bool is_there(const struct page *page, const struct scsi_lu *lu)
{
	return !page->is_space || thin_is_counted(lu);
}

/* SPC-5, 7.3.18 */
static uint32_t put_list(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	uint32_t len = 0;
	size_t i;

	(void)first;
	for (i = 0; i < NPAGES; i++) {
		if (!pages[i].subpage && is_there(&pages[i], t->lu))
			p[len++] = pages[i].code;
	}
	return len;
}

/* SPC-5, 7.3.19 */
static uint32_t put_sublist(const struct scsi_task *t, uint16_t first, uint8_t *p)
{
	uint32_t len = 0;
	size_t i;

	(void)first;
	for (i = 0; i < NPAGES; i++) {
		if (!is_there(&pages[i], t->lu))
			continue;
		p[len++] = pages[i].code;
		p[len++] = pages[i].subpage;
	}
	return len;
}

/* The page asked for. NULL: it is not there, and the task has ended. */
static const struct page *find(struct scsi_task *t)
{
	uint8_t code = t->cdb[2] & 0x3f;
	bool known = false;
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (pages[i].code != code || !is_there(&pages[i], t->lu))
			continue;
		if (pages[i].subpage == t->cdb[3])
			return &pages[i];
		known = true;
	}
	if (known)
		finish_cdb_field(t, 3, 7); /* SUBPAGE CODE */
	else
		finish_cdb_field(t, 2, 5); /* PAGE CODE */
	return NULL;
}

static void put_page(struct scsi_task *t, const struct page *page)
{
	uint8_t *p = t->buf->data;
	uint32_t len = page->put(t, be16(t->cdb + 5), p + HEADER_LEN);

	p[0] = page->code | (page->subpage ? SPF : 0);
	p[1] = page->subpage;
	put_be16(p + 2, (uint16_t)len);
	finish_alloc(t, HEADER_LEN + len);
}

static void put_page_of_space(struct scsi_task *t)
{
	put_page(t, find(t));
}

/* There are no thresholds and no defaults; nothing is saved, so SP is refused by the usage mask. */
void log_sense(struct scsi_task *t)
{
	const struct page *page;

	if (t->cdb[2] >> 6 != PC_CUMULATIVE) {
		finish_cdb_field(t, 2, 7);
		return;
	}
	page = find(t);
	if (!page)
		return;
	if (be16(t->cdb + 5) > page->last) { /* PARAMETER POINTER */
		finish_cdb_field(t, 5, 7);
		return;
	}
	if (!page->is_space) {
		put_page(t, page);
		return;
	}
	t->io = (struct store_io){ .op = STORE_SPACE };
	step_io(t, put_page_of_space);
}
