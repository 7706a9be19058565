#include "scsi/ident.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/keep.h"
#include "scsi/lu.h"
#include "scsi/ua.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 4
#define ALL_TYPES  0x7f /* ITYPE: which there are, and how long they may be */

/* IDENTIFYING INFORMATION TYPE, by which lu->ident is indexed */
static const struct type {
	uint8_t itype;
	bool is_text; /* UTF-8 with an ending zero */
	uint16_t max; /* bytes */
} types[SCSI_IDENTS] = {
	{ 0x00, false, 64 },
	{ 0x02, true, SCSI_IDENT_MAX },
};

/* Behind the head of keep.h: for each type the bytes it has (2) and these. */
static const struct keep_kind kind = {
	.magic = { 'i', 't', 'g', 't', 'd', '-', 'i', 'd' },
	.version = 1,
	.max = KEEP_HEAD + KEEP_TAIL + SCSI_IDENTS * (2 + SCSI_IDENT_MAX),
	.suffix = "id",
	.what = "identifying information",
};

/* The index of the type asked for; SCSI_IDENTS: there is no such. */
static size_t type_of(const struct scsi_task *t)
{
	size_t i = 0;

	while (i < SCSI_IDENTS && types[i].itype != t->cdb[10] >> 1)
		i++;
	return i;
}

static uint32_t put_types(uint8_t *p)
{
	size_t i;

	for (i = 0; i < SCSI_IDENTS; i++, p += 4) {
		put_be32(p, types[i].max);
		p[0] = (uint8_t)(types[i].itype << 1);
	}
	return 4 * SCSI_IDENTS;
}

void ident_report(struct scsi_task *t)
{
	const struct scsi_ident *is;
	uint8_t *p = t->buf->data;
	size_t i = type_of(t);
	uint32_t len;

	if (t->cdb[10] >> 1 == ALL_TYPES) {
		len = put_types(p + HEADER_LEN);
	} else if (i < SCSI_IDENTS) {
		is = &t->lu->ident[i];
		len = is->len;
		memcpy(p + HEADER_LEN, is->bytes, len);
	} else {
		finish_cdb_field(t, 10, 7);
		return;
	}
	put_be32(p, len);
	finish_alloc(t, HEADER_LEN + len);
}

/* A SET IDENTIFYING INFORMATION whose file is being written. */
struct op {
	struct keep keep;
	struct scsi_task *t;
	size_t i; /* of the type */
};

static void on_kept(struct keep *k, int error)
{
	struct op *op = (struct op *)((char *)k - offsetof(struct op, keep));
	struct scsi_task *t = op->t;
	struct scsi_ident *is = &t->lu->ident[op->i];

	free(op);
	if (!error) {
		is->len = (uint16_t)t->alloc_len;
		if (is->len)
			memcpy(is->bytes, t->buf->data, is->len);
		ua_set_lu(t->lu, UA_IDENT_CHANGED, t->nexus);
	}
	keep_leave(t->lu);
	if (error)
		finish_code(t, SENSE_HARDWARE);
	else
		finish_good(t);
}

/* The file as it is to be: what t brings takes the place of type i. NULL: no memory. */
static uint8_t *make_file(const struct scsi_task *t, size_t i, uint32_t *len)
{
	uint8_t *bytes = malloc(kind.max);
	uint32_t at = KEEP_HEAD;
	size_t k;

	for (k = 0; bytes && k < SCSI_IDENTS; k++) {
		const struct scsi_ident *is = &t->lu->ident[k];
		uint16_t n = k == i ? (uint16_t)t->alloc_len : is->len;

		put_be16(bytes + at, n);
		if (n)
			memcpy(bytes + at + 2, k == i ? t->buf->data : is->bytes, n);
		at += 2u + n;
	}
	*len = at + KEEP_TAIL;
	return bytes;
}

static bool check(struct scsi_task *t, size_t i)
{
	if (i == SCSI_IDENTS)
		finish_cdb_field(t, 10, 7);
	else if (t->alloc_len > types[i].max)
		finish_cdb_field(t, 6, 7); /* PARAMETER LIST LENGTH */
	else if (t->out_want < t->alloc_len)
		finish_code(t, SENSE_LIST_LENGTH);
	else if (types[i].is_text && t->alloc_len && t->buf->data[t->alloc_len - 1] != 0)
		finish_list_field(t, (uint16_t)(t->alloc_len - 1), SENSE_NO_BIT);
	else
		return true;
	return false;
}

void ident_set(struct scsi_task *t)
{
	size_t i = type_of(t);
	uint8_t *bytes;
	uint32_t len;
	struct op *op;

	if (t->abort_wanted) {
		finish_task(t);
		return;
	}
	if (!check(t, i) || !keep_enter(t))
		return;
	op = calloc(1, sizeof(*op));
	bytes = op ? make_file(t, i, &len) : NULL;
	if (!bytes) {
		free(op);
		keep_leave(t->lu);
		finish_status(t, SCSI_BUSY);
		return;
	}
	op->t = t;
	op->i = i;
	keep_write(&op->keep, t->lu, &kind, bytes, len, on_kept);
}

static bool take(struct scsi_lu *lu, const uint8_t *p, uint32_t len)
{
	uint32_t at = 0;
	size_t i;

	for (i = 0; i < SCSI_IDENTS; i++) {
		uint16_t n = len - at < 2 ? UINT16_MAX : be16(p + at);

		if (n > types[i].max || n > len - at - 2)
			break;
		lu->ident[i].len = n;
		memcpy(lu->ident[i].bytes, p + at + 2, n);
		at += 2u + n;
	}
	if (i == SCSI_IDENTS && at == len)
		return true;
	memset(lu->ident, 0, sizeof(lu->ident));
	return false;
}

void ident_load(struct scsi_lu *lu)
{
	keep_load(lu, &kind, take, "it is empty");
}
