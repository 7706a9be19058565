#include "scsi/sbc_wipe.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/wipe.h"

/* SANITIZE, byte 1 */
#define IMMED 0x80
#define AUSE  0x20

/* FORMAT UNIT, byte 1 */
#define DEFECT_FORMAT 0x07
#define CMPLST        0x08
#define FMTDATA       0x10
#define LONGLIST      0x20

/* … and byte 1 of its parameter list header */
#define FOV        0x80
#define NEEDS_FOV  0x78 /* DPRY, DCRT, STPF, IP */
#define IP         0x08
#define LIST_IMMED 0x02
#define LIST_VS    0x01

#define OVERWRITE_HEADER 4

/*
 * After a failure that may not be left otherwise a SANITIZE has to succeed (SBC-4, 4.11.3):
 * FORMAT UNIT does not do, nor one that would allow to leave. True: t may go on.
 */
static bool check_failure(struct scsi_task *t, bool sanitizes, bool ause)
{
	enum wipe_kind kind;
	bool restricted;

	if (!wipe_has_failed(t->lu, &kind, &restricted) || kind == WIPE_FORMAT)
		return true;
	if (!sanitizes) {
		finish_code(t, SENSE_SANITIZE_FAILED);
		return false;
	}
	if (restricted && ause) {
		finish_cdb_field(t, 1, 5);
		return false;
	}
	return true;
}

static bool check_overwrite(struct scsi_task *t)
{
	uint32_t max = OVERWRITE_HEADER + t->lu->opt.block_size;
	const uint8_t *p;
	uint16_t len;

	/* PARAMETER LIST LENGTH: the header and a byte, or up to a block, of pattern */
	if (t->alloc_len <= OVERWRITE_HEADER || t->alloc_len > max) {
		finish_cdb_field(t, 7, 7);
		return false;
	}
	if (t->out_want < t->alloc_len) {
		finish_code(t, SENSE_LIST_LENGTH);
		return false;
	}
	p = t->buf->data;
	len = be16(p + 2);
	if (p[0] & 0x60) /* TEST */
		finish_list_field(t, 0, 6);
	else if (!(p[0] & 0x1f)) /* OVERWRITE COUNT */
		finish_list_field(t, 0, 4);
	else if (p[1])
		finish_list_field(t, 1, 7);
	else if (!len || len != t->alloc_len - OVERWRITE_HEADER)
		finish_list_field(t, 2, 7); /* INITIALIZATION PATTERN LENGTH */
	else
		return true;
	return false;
}

void sbc_sanitize_overwrite(struct scsi_task *t)
{
	struct wipe_order o = { .kind = WIPE_OVERWRITE, .ause = t->cdb[1] & AUSE };

	if (!check_overwrite(t) || !check_failure(t, true, o.ause))
		return;
	o.invert = t->buf->data[0] & 0x80;
	o.passes = t->buf->data[0] & 0x1f;
	o.len = be16(t->buf->data + 2);
	o.data = t->buf->data + OVERWRITE_HEADER;
	wipe_start(t, &o, t->cdb[1] & IMMED);
}

void sbc_sanitize_erase(struct scsi_task *t)
{
	struct wipe_order o = { .kind = WIPE_ERASE, .ause = t->cdb[1] & AUSE, .passes = 1 };

	if (check_failure(t, true, o.ause))
		wipe_start(t, &o, t->cdb[1] & IMMED);
}

/* SBC-4, 5.30.2.6: without a failure there is nothing to leave, and no error in that. */
void sbc_sanitize_exit(struct scsi_task *t)
{
	enum wipe_kind kind;
	bool restricted;

	if (!wipe_has_failed(t->lu, &kind, &restricted))
		finish_good(t);
	else if (kind == WIPE_FORMAT)
		finish_code(t, SENSE_FORMAT_CORRUPTED);
	else if (restricted)
		finish_cdb_field(t, 1, 4);
	else
		wipe_forget(t);
}

/*
 * The header of the parameter list. Defects are no concern of this medium: lists of them are
 * refused, and options about them change nothing; they need FOV to be given at all. Patterns
 * are refused, too: formatted blocks are zeros.
 */
static bool check_format(struct scsi_task *t, bool *immed)
{
	const uint8_t *p;
	bool is_long = t->cdb[1] & LONGLIST;

	*immed = false;
	if (!(t->cdb[1] & FMTDATA)) {
		if (!(t->cdb[1] & (LONGLIST | CMPLST | DEFECT_FORMAT)))
			return true;
		finish_cdb_field(t, 1, (uint8_t)(31 - __builtin_clz(t->cdb[1])));
		return false;
	}
	if (t->out_want < sbc_format_bytes(t->cdb)) {
		finish_code(t, SENSE_LIST_LENGTH);
		return false;
	}
	p = t->buf->data;
	*immed = p[1] & LIST_IMMED;
	if (p[0])
		finish_list_field(t, 0, (uint8_t)(31 - __builtin_clz(p[0])));
	else if (p[1] & IP || (!(p[1] & FOV) && p[1] & NEEDS_FOV) || p[1] & (0x04 | LIST_VS))
		finish_list_field(t, 1, SENSE_NO_BIT);
	else if (is_long && (p[2] || p[3]))
		finish_list_field(t, p[2] ? 2 : 3, SENSE_NO_BIT);
	else if (is_long ? be32(p + 4) : be16(p + 2))
		finish_list_field(t, is_long ? 4 : 2, 7); /* DEFECT LIST LENGTH */
	else
		return true;
	return false;
}

void sbc_format_unit(struct scsi_task *t)
{
	static const struct wipe_order o = { .kind = WIPE_FORMAT, .ause = true, .passes = 1 };
	bool immed;

	if (check_format(t, &immed) && check_failure(t, false, false))
		wipe_start(t, &o, immed);
}
