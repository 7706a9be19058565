#include "scsi/sbc_prov.h"

#include "base/bytes.h"
#include "scsi/cmd.h"
#include "scsi/finish.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/step.h"

#include <string.h>

#define HEADER_LEN     8
#define DESCRIPTOR_LEN 16

/* One request for zeros covers this much at most, so that an abort has not long to wait. */
#define ZERO_STEP ((uint64_t)64 << 20) /* bytes */

#define WS16 0x93
#define NDOB 0x01

static bool anchors(const struct scsi_task *t)
{
	return t->cdb[1] & cmd_anchor_bit(t->cmd);
}

/* How blocks are unmapped: they become anchored with ANCHOR, else deallocated. */
static enum store_op unmap_op(const struct scsi_task *t)
{
	return anchors(t) ? STORE_RESERVE : STORE_DISCARD;
}

/* With the write cache off, what was changed must be on stable storage before the status. */
static void settle(struct scsi_task *t)
{
	if (t->lu->wce) {
		finish_good(t);
		return;
	}
	t->io = (struct store_io){ .op = STORE_FLUSH };
	step_io(t, finish_good);
}

static const uint8_t *descriptor(const struct scsi_task *t, uint64_t i)
{
	return t->buf->data + HEADER_LEN + i * DESCRIPTOR_LEN;
}

static uint32_t ndescriptors(const struct scsi_task *t)
{
	return (uint32_t)be16(t->buf->data + 2) / DESCRIPTOR_LEN; /* a rest is ignored */
}

/* t->step: the descriptor that comes next. */
static void unmap_step(struct scsi_task *t)
{
	uint32_t n = ndescriptors(t);
	uint8_t shift = t->lu->block_shift;

	for (; t->step < n; t->step++) {
		const uint8_t *d = descriptor(t, t->step);
		uint32_t blocks = be32(d + 8);

		if (!blocks)
			continue;
		t->io = (struct store_io){
			.op = unmap_op(t),
			.offset = be64(d) << shift,
			.len = (uint64_t)blocks << shift,
		};
		t->step++;
		step_io(t, unmap_step);
		return;
	}
	settle(t);
}

/* The range of every descriptor, before the first is carried out. True: all are good. */
static bool check_descriptors(struct scsi_task *t)
{
	const struct scsi_lu *lu = t->lu;
	uint32_t n = ndescriptors(t);
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint64_t lba = be64(descriptor(t, i));
		uint32_t blocks = be32(descriptor(t, i) + 8);

		/* No blocks at all are no error, also just behind the last one. */
		if (lba > lu->blocks || blocks > lu->blocks - lba) {
			finish_code(t, SENSE_RANGE);
			return false;
		}
		sum += blocks;
		if (sum > limits_unmap_blocks(lu)) {
			finish_list_field(t, (uint16_t)(HEADER_LEN + i * DESCRIPTOR_LEN + 8), 7);
			return false;
		}
	}
	return true;
}

/* SBC-4, 5.35.2 */
void sbc_unmap(struct scsi_task *t)
{
	const uint8_t *p;

	if (!t->alloc_len) { /* PARAMETER LIST LENGTH 0 is no error */
		finish_good(t);
		return;
	}
	if (t->out_want < t->alloc_len || t->alloc_len < HEADER_LEN) {
		finish_code(t, SENSE_LIST_LENGTH);
		return;
	}
	p = t->buf->data;
	if (be16(p + 2) > t->alloc_len - HEADER_LEN) { /* UNMAP BLOCK DESCRIPTOR DATA LENGTH */
		finish_code(t, SENSE_LIST_LENGTH);
		return;
	}
	if (be16(p) < be16(p + 2) + HEADER_LEN - 2) { /* UNMAP DATA LENGTH */
		finish_list_field(t, 0, 7);
		return;
	}
	if (ndescriptors(t) > LIMITS_UNMAP_DESCRIPTORS) {
		finish_list_field(t, 2, 7);
		return;
	}
	if (!check_descriptors(t))
		return;
	t->step = 0;
	unmap_step(t);
}

static uint64_t same_left(const struct scsi_task *t)
{
	return (t->nblk << t->lu->block_shift) - t->step;
}

/* Zeros in large steps; t->io.op is what makes them so, t->step the bytes done. */
static void zero_step(struct scsi_task *t)
{
	uint64_t left = same_left(t);
	enum store_op op = t->io.op;

	if (!left) {
		settle(t);
		return;
	}
	t->io = (struct store_io){
		.op = op,
		.offset = (t->lba << t->lu->block_shift) + t->step,
		.len = left < ZERO_STEP ? left : ZERO_STEP,
	};
	t->step += t->io.len;
	step_io(t, zero_step);
}

/* The pattern, as often as the work space holds it. */
static void pattern_step(struct scsi_task *t)
{
	uint64_t left = same_left(t);

	if (!left) {
		finish_good(t);
		return;
	}
	t->io = (struct store_io){
		.op = STORE_WRITE,
		.flags = step_fua(t),
		.offset = (t->lba << t->lu->block_shift) + t->step,
		.len = left < t->work_len ? left : t->work_len,
		.data = t->work_data,
	};
	t->step += t->io.len;
	step_io(t, pattern_step);
}

static void fill(const struct scsi_task *t)
{
	uint32_t block = t->lu->opt.block_size;
	uint32_t at;

	for (at = 0; at < t->work_len; at += block)
		memcpy(t->work_data + at, t->buf->data, block);
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return p[0] == 0 && !memcmp(p, p + 1, len - 1);
}

/*
 * WSNZ is 1: no blocks at all would mean "to the end". Blocks are unmapped only
 * when they then read as what was to be written, which is zeros.
 */
void sbc_write_same(struct scsi_task *t)
{
	bool unmap = t->cdb[1] & CMD_UNMAP_BIT;
	bool ndob = t->cdb[0] == WS16 && t->cdb[1] & NDOB;

	if (!t->nblk || t->nblk > LIMITS_WRITE_SAME_BLOCKS) {
		finish_cdb_field(t, cdb_length_at((enum cdb_form)t->cmd->form), 7);
		return;
	}
	if (anchors(t) && !unmap) { /* SBC-4, WRITE SAME: the two go together */
		finish_cdb_field(t, 1, 4);
		return;
	}
	t->step = 0;
	if (ndob || is_zero(t->buf->data, t->lu->opt.block_size)) {
		t->io.op = unmap ? unmap_op(t) : STORE_ZERO;
		zero_step(t);
		return;
	}
	fill(t);
	pattern_step(t);
}
