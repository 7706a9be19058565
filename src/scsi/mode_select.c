#include "scsi/mode_select.h"

#include "base/bytes.h"
#include "scsi/cmd.h"
#include "scsi/finish.h"
#include "scsi/keep.h"
#include "scsi/lu.h"
#include "scsi/mode.h"
#include "scsi/mode_save.h"
#include "scsi/step.h"
#include "scsi/ua.h"

#define PF 0x10 /* byte 1 of the CDB: the parameter list has pages */

/* The parameter list, and where in it the next thing is. */
struct list {
	const uint8_t *p;
	uint32_t len;
	uint32_t at;
};

/* A block descriptor may say what is so already, and nothing else (SPC-5, 7.5.5 and 7.5.6). */
static bool check_descriptor(struct scsi_task *t, struct list *l, uint32_t len, bool longlba)
{
	const uint8_t *d = l->p + l->at;
	uint64_t most = longlba ? UINT64_MAX : UINT32_MAX;
	uint64_t blocks, is = t->lu->blocks < most ? t->lu->blocks : most;

	if (l->len - l->at < len) {
		finish_code(t, SENSE_LIST_LENGTH);
		return false;
	}
	blocks = longlba ? be64(d) : be32(d);
	if (blocks && blocks != most && blocks != is) {
		finish_list_field(t, (uint16_t)l->at, 7);
		return false;
	}
	if ((longlba ? be32(d + 12) : be24(d + 5)) != t->lu->opt.block_size) {
		finish_list_field(t, (uint16_t)(l->at + (longlba ? 12 : 5)), 7);
		return false;
	}
	l->at += len;
	return true;
}

/* MODE DATA LENGTH is reserved here; medium type and device-specific parameter cannot be changed.
 */
static bool check_header(struct scsi_task *t, struct list *l, uint32_t header)
{
	bool longlba = header == 8 && l->p[4] & 0x01;
	uint32_t len = header == 4 ? l->p[3] : be16(l->p + 6);

	l->at = header;
	if (!len)
		return true;
	if (len != (longlba ? 16 : 8)) { /* BLOCK DESCRIPTOR LENGTH */
		finish_list_field(t, header == 4 ? 3 : 6, 7);
		return false;
	}
	return check_descriptor(t, l, len, longlba);
}

/* A copy of the page at l->at in page, PS taken away; its current values in now. Its length or 0.
 */
static uint32_t get_page(struct scsi_task *t, const struct list *l, uint8_t *page, uint8_t *now)
{
	uint32_t left = l->len - l->at;
	const uint8_t *p = l->p + l->at;
	uint32_t header = p[0] & MODE_SPF ? 4 : 2;
	uint32_t len;

	if (left < header) {
		finish_code(t, SENSE_LIST_LENGTH);
		return 0;
	}
	len = mode_page(t->lu, MODE_CURRENT, p[0] & 0x3f, header == 4 ? p[1] : 0, now);
	if (!len || (header == 4 && !p[1])) {
		finish_list_field(t, (uint16_t)l->at, 5); /* PAGE CODE */
		return 0;
	}
	if ((header == 4 ? be16(p + 2) : p[1]) != len - header) { /* PAGE LENGTH */
		finish_list_field(t, (uint16_t)(l->at + header / 2), 7);
		return 0;
	}
	if (left < len) {
		finish_code(t, SENSE_LIST_LENGTH);
		return 0;
	}
	memcpy(page, p, len);
	page[0] &= (uint8_t)~MODE_PS; /* reserved in MODE SELECT */
	now[0] &= (uint8_t)~MODE_PS;
	return len;
}

/* May the page be as it is? What cannot be changed must be as it was. */
static bool check_page(struct scsi_task *t, const struct list *l, const uint8_t *page,
		       const uint8_t *now, uint32_t len)
{
	uint8_t may[MODE_PAGE_MAX];
	uint8_t byte, bit;
	uint32_t i;

	mode_page(t->lu, MODE_CHANGEABLE, page[0] & 0x3f, page[0] & MODE_SPF ? page[1] : 0, may);
	for (i = page[0] & MODE_SPF ? 4 : 2; i < len; i++) {
		uint8_t stray = (uint8_t)((page[i] ^ now[i]) & ~may[i]);

		if (!stray)
			continue;
		finish_list_field(t, (uint16_t)(l->at + i), (uint8_t)(31 - __builtin_clz(stray)));
		return false;
	}
	if (mode_is_reserved(page, &byte, &bit)) {
		finish_list_field(t, (uint16_t)(l->at + byte), bit);
		return false;
	}
	return true;
}

/* One walk checks all pages, a second one takes them: a list is carried out whole or not at all. */
static bool walk(struct scsi_task *t, struct list l, bool take)
{
	uint8_t page[MODE_PAGE_MAX], now[MODE_PAGE_MAX];

	while (l.at < l.len) {
		uint32_t len = get_page(t, &l, page, now);

		if (!len || (!take && !check_page(t, &l, page, now, len)))
			return false;
		if (take)
			mode_take(t->lu, page);
		l.at += len;
	}
	return true;
}

/* What was cached goes to the medium before the cache is off, or the medium protected. */
static void settle(struct scsi_task *t, bool flush)
{
	if (!flush) {
		finish_good(t);
		return;
	}
	t->io = (struct store_io){ .op = STORE_FLUSH };
	step_io(t, finish_good);
}

/* Values take effect; the turn is over. */
static void apply(struct scsi_task *t, const uint8_t *values)
{
	struct scsi_lu *lu = t->lu;
	bool wce = lu->wce, swp = lu->swp;

	if (mode_set_values(lu, values))
		ua_set_lu(lu, UA_MODE_CHANGED, t->nexus);
	keep_leave(lu);
	settle(t, (wce && !lu->wce) || (!swp && lu->swp));
}

/* Values are kept first: the command is carried out whole or not at all. */
static void on_saved(struct scsi_task *t, const uint8_t *values, int error)
{
	if (!error) {
		apply(t, values);
		return;
	}
	keep_leave(t->lu);
	finish_code(t, SENSE_HARDWARE);
}

static void carry_out(struct scsi_task *t, const struct list *l)
{
	uint8_t before[SCSI_MODE_FIELDS], after[SCSI_MODE_FIELDS];

	mode_values(t->lu, before);
	walk(t, *l, true);
	mode_values(t->lu, after);
	mode_set_values(t->lu, before); /* nobody has seen them yet */
	if (t->cdb[1] & CMD_SAVE_BIT)
		mode_save_start(t, after, on_saved);
	else
		apply(t, after);
}

/* The parameter list in l. False: the task has ended. */
static bool get_list(struct scsi_task *t, uint32_t header, struct list *l)
{
	*l = (struct list){ .len = t->alloc_len };
	if (!(t->cdb[1] & PF)) {
		finish_cdb_field(t, 1, 4);
		return false;
	}
	if (t->out_want < l->len || l->len < header) {
		finish_code(t, SENSE_LIST_LENGTH);
		return false;
	}
	l->p = t->buf->data;
	return check_header(t, l, header) && walk(t, *l, false);
}

static void mode_select(struct scsi_task *t, uint32_t header)
{
	struct list l;

	if (t->abort_wanted)
		finish_task(t);
	else if (!t->alloc_len) /* no list is no error */
		finish_good(t);
	else if (get_list(t, header, &l) && keep_enter(t))
		carry_out(t, &l);
}

void mode_select_6(struct scsi_task *t)
{
	mode_select(t, 4);
}

void mode_select_10(struct scsi_task *t)
{
	mode_select(t, 8);
}
