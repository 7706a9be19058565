#include "cdbs.h"

#include "base/bytes.h"

#define ANY_CDB  240 /* the selecting byte from which on nothing is taken from the table */
#define UNMAP    0x42
#define SANITIZE 0x48
#define PR_OUT   0x5f

static void put_number(uint8_t *p, uint8_t len, uint64_t value)
{
	while (len--) {
		p[len] = (uint8_t)value;
		value >>= 8;
	}
}

/* Mostly a small number, else any. */
static uint32_t length(struct feed *f)
{
	uint8_t n = feed_u8(f);

	return n == 0xff ? feed_u32(f) : n;
}

/* A field of a CDB: its first byte and number of bytes; 0 bytes: there is none. */
struct field {
	uint8_t at, len;
};

/* Where the fields of a form sit, found out by asking: each byte set, and all others zero. */
static void find_fields(enum cdb_form form, struct field *lba, struct field *blocks,
			struct field *alloc)
{
	uint8_t cdb[16] = { 0 };
	struct cdb_fields none, now;
	uint8_t i;

	*lba = *blocks = *alloc = (struct field){ 0, 0 };
	cdb_get(form, cdb, &none);
	for (i = 15; i >= 1; i--) {
		cdb[i] = 0x1f;
		cdb_get(form, cdb, &now);
		cdb[i] = 0;
		if (now.lba != none.lba)
			*lba = (struct field){ i, (uint8_t)(lba->len + 1) };
		if (now.blocks != none.blocks)
			*blocks = (struct field){ i, (uint8_t)(blocks->len + 1) };
		if (now.alloc_len != none.alloc_len)
			*alloc = (struct field){ i, (uint8_t)(alloc->len + 1) };
	}
}

static bool is_in(uint8_t i, const struct field *f)
{
	return i >= f->at && i < f->at + f->len;
}

/* Bytes that the CDB moves, as far as it says. */
static uint64_t bytes_of(const struct cdb_made *c, uint32_t block_size)
{
	uint8_t bytchk = c->cdb[1] >> 1 & 3;
	struct cdb_fields f;

	cdb_get((enum cdb_form)c->row->form, c->cdb, &f);
	switch ((enum cmd_xfer)c->row->xfer) {
	case XFER_IN_BLOCKS:
	case XFER_OUT_BLOCKS: return f.blocks * block_size;
	case XFER_OUT_TWICE: return 2 * f.blocks * block_size;
	case XFER_OUT_SAME: return block_size;
	case XFER_OUT_CHECK: return (bytchk == 1 ? f.blocks : bytchk == 3) * block_size;
	case XFER_IN_ALLOC: return f.alloc_len ? f.alloc_len : 8;
	case XFER_OUT_LIST: return f.alloc_len;
	case XFER_OUT_FORMAT: /* FMTDATA, LONGLIST */
		if (!(c->cdb[1] & 0x10))
			return 0;
		return c->cdb[1] & 0x20 ? 8 : 4;
	case XFER_NONE: break;
	}
	return 0;
}

static void fill(struct feed *f, struct cdb_made *c)
{
	const struct scsi_cmd *row = c->row;
	struct field lba, blocks, alloc;
	uint16_t first;
	uint8_t i;

	find_fields((enum cdb_form)row->form, &lba, &blocks, &alloc);
	for (i = row->sa == NO_SA ? 1 : 2; i < CMD_USAGE_LEN; i++) {
		if (row->usage[i] && !is_in(i, &lba) && !is_in(i, &blocks) && !is_in(i, &alloc))
			c->cdb[i] = feed_u8(f) & row->usage[i];
	}
	first = lba.len ? feed_u16(f) : 0;
	if (lba.len)
		put_number(c->cdb + lba.at, lba.len, first == 0xffff ? UINT64_MAX : first);
	if (row->form == CDB_RW6)
		c->cdb[1] &= 0x1f;
	if (blocks.len)
		put_number(c->cdb + blocks.at, blocks.len, length(f));
	if (alloc.len)
		put_number(c->cdb + alloc.at, alloc.len, length(f));
}

/*
 * The row of the first operation code at or after that one, so that a new row does not make
 * another command of every old input; a byte more where there are service actions.
 */
static const struct scsi_cmd *choose_row(struct feed *f, struct cdb_table t, uint8_t opcode)
{
	size_t i = cmd_first(t.rows, t.n, opcode);
	size_t n = 1;

	if (i == t.n)
		i = 0;
	while (i + n < t.n && t.rows[i + n].opcode == t.rows[i].opcode)
		n++;
	return &t.rows[t.rows[i].sa == NO_SA ? i : i + feed_u8(f) % n];
}

void cdb_make(struct feed *f, struct cdb_table table, uint32_t block_size, struct cdb_made *out)
{
	uint8_t which = feed_u8(f);
	const struct scsi_cmd *row;
	uint64_t exact;

	memset(out, 0, sizeof(*out));
	if (which >= ANY_CDB) {
		feed_bytes(f, out->cdb, sizeof(out->cdb));
		out->in = which & 1;
		out->out = which & 2;
		return;
	}
	row = out->row = choose_row(f, table, which);
	out->cdb[0] = row->opcode;
	if (row->sa != NO_SA)
		out->cdb[1] = (uint8_t)row->sa;
	fill(f, out);
	exact = bytes_of(out, block_size);
	out->exact = exact < UINT32_MAX ? (uint32_t)exact : UINT32_MAX;
	out->in = row->xfer == XFER_IN_BLOCKS || row->xfer == XFER_IN_ALLOC;
	out->out = row->xfer != XFER_NONE && !out->in;
}

/* SBC-4, 5.35.2, with lengths that mostly are right. */
static void unmap_list(struct feed *f, uint8_t *p, uint32_t len)
{
	uint32_t n = len > 8 ? (len - 8) / 16 : 0;
	uint8_t odd = feed_u8(f);
	uint32_t i;

	if (len < 8)
		return;
	put_be16(p, (uint16_t)(len - 2));
	put_be16(p + 2, (uint16_t)(n * 16));
	if (odd > 0xf0)
		feed_bytes(f, p, 8);
	for (i = 0; i < n; i++) {
		uint8_t *d = p + 8 + (size_t)16 * i;

		put_be64(d, feed_u16(f));
		put_be32(d + 8, length(f));
	}
}

/* SBC-4, 5.30.2.2: mostly a header that is right, with few passes. */
static void overwrite_list(struct feed *f, uint8_t *p, uint32_t len)
{
	uint8_t how = feed_u8(f);

	feed_bytes(f, p, len);
	if (len < 5 || how > 0xf0)
		return;
	put_be32(p, len - 4);
	p[0] = (uint8_t)((how & 0x80) | (how % 3 + 1));
}

/* SPC-5, 6.16.3: keys of which there are few; REGISTER AND MOVE names a port of the rig. */
static void pr_list(struct feed *f, uint8_t sa, uint8_t *p, uint32_t len)
{
	uint8_t how = feed_u8(f);

	if (len < 24 || how > 0xf8) {
		feed_bytes(f, p, len);
		return;
	}
	put_be64(p, how & 3);
	put_be64(p + 8, how >> 2 & 3);
	p[20] = feed_u8(f) & 0x0d;
	if (sa != 7)
		return;
	p[17] = p[20];
	put_be16(p + 18, how >> 4 & 1);
	put_be32(p + 20, len - 24);
	feed_bytes(f, p + 24, len - 24);
	if (len < 24 + 20 || how & 0x20)
		return;
	p[24] = 0x45;
	put_be16(p + 26, (uint16_t)(len - 28));
	memcpy(p + 28, how & 0x40 ? "iqn.0,i,0x01" : "iqn.1,i,0x01", 13);
}

/* SPC-5, 7.5: a header, and pages as they are by themselves but for a byte or two. */
static void mode_list(struct feed *f, uint32_t header, uint8_t *p, uint32_t len)
{
	static const struct {
		uint8_t len;
		uint8_t bytes[6];
	} pages[] = {
		{ 20, { 0x08, 18, 0x04 } },
		{ 12, { 0x0a, 10, 0x00, 0x10 } },
		{ 32, { 0x4a, 0x01, 0x00, 28 } },
		{ 12, { 0x1c, 10 } },
	};
	uint8_t which;
	uint32_t at = header;

	if (len < header)
		return;
	p[header == 4 ? 2 : 3] = feed_u8(f);
	while (at + 32 <= len || at == header) {
		which = feed_u8(f);
		if (at + pages[which & 3].len > len)
			return;
		memcpy(p + at, pages[which & 3].bytes, 6);
		p[at + 2 + (which >> 2 & 3)] ^= feed_u8(f);
		p[at + which % pages[which & 3].len] ^= which & 0x80 ? feed_u8(f) : 0;
		at += pages[which & 3].len;
	}
	for (; at < len; at++)
		p[at] = feed_u8(f);
}

void cdb_data(struct feed *f, const struct cdb_made *c, uint8_t *data, uint32_t len)
{
	uint8_t kind, seed;
	uint32_t i;

	memset(data, 0, len);
	if (c->cdb[0] == UNMAP) {
		unmap_list(f, data, len);
		return;
	}
	if (c->cdb[0] == SANITIZE) {
		overwrite_list(f, data, len);
		return;
	}
	if (c->cdb[0] == PR_OUT) {
		pr_list(f, c->cdb[1] & 0x1f, data, len);
		return;
	}
	if (c->row && (c->cdb[0] == 0x15 || c->cdb[0] == 0x55)) {
		mode_list(f, c->cdb[0] == 0x15 ? 4 : 8, data, len);
		return;
	}
	if (!c->row || c->row->xfer == XFER_OUT_LIST) {
		feed_bytes(f, data, len);
		return;
	}
	kind = feed_u8(f);
	seed = feed_u8(f);
	if (kind & 1)
		return; /* zeros */
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(seed + (kind & 2 ? i * 7 + (i >> 8) : 0));
}
