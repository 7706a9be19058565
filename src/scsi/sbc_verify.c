#include "scsi/sbc_verify.h"

#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/step.h"

#include <string.h>

/* Bytes to verify: what came, when the blocks themselves were to come. */
static uint64_t total(const struct scsi_task *t)
{
	if (sbc_bytchk(t->cdb) == BYTCHK_ALL)
		return t->out_want;
	return t->nblk << t->lu->block_shift;
}

uint32_t sbc_first_difference(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint32_t i;

	if (!memcmp(a, b, len))
		return len;
	for (i = 0; a[i] == b[i]; i++)
		;
	return i;
}

/* Compare what was read at t->step. True: all of it is as it should be; else the offset in out. */
static bool compare(const struct scsi_task *t, uint64_t *out)
{
	const uint8_t *data = t->buf->data;
	uint32_t block = t->lu->opt.block_size;
	uint32_t len = (uint32_t)t->io.len;
	uint32_t i, n;

	if (sbc_bytchk(t->cdb) == BYTCHK_ALL) {
		n = sbc_first_difference(t->work_data, data + t->step, len);
		*out = t->step + n;
		return n == len;
	}
	for (i = 0; i < len; i += block) {
		n = sbc_first_difference(t->work_data + i, data, block);
		*out = n;
		if (n < block)
			return false;
	}
	return true;
}

static void verify_read(struct scsi_task *t);

static void verify_step(struct scsi_task *t)
{
	uint64_t left = total(t) - t->step;

	if (!left) {
		finish_good(t);
		return;
	}
	t->io = (struct store_io){
		.op = STORE_READ,
		.offset = (t->lba << t->lu->block_shift) + t->step,
		.len = left < t->work_len ? left : t->work_len,
		.data = t->work_data,
	};
	step_io(t, verify_read);
}

/* INFORMATION: where in the data-out the first difference is. */
static void verify_read(struct scsi_task *t)
{
	struct sense s = { .code = SENSE_MISCOMPARE, .has_info = true };

	if (sbc_bytchk(t->cdb) != BYTCHK_NONE && !compare(t, &s.info)) {
		finish_check(t, &s);
		return;
	}
	t->step += t->io.len;
	verify_step(t);
}

/*
 * It is the medium that is verified, so what is only cached goes there first (SBC-4, 5.36). In
 * steps of the work space: with BYTCHK 00b it is enough that the medium can be read.
 */
void sbc_verify(struct scsi_task *t)
{
	t->step = 0;
	if (total(t))
		step_flush(t, verify_step);
	else
		finish_good(t);
}

/* What was written is on the medium, not only in a cache, before it is read again. */
void sbc_write_verify(struct scsi_task *t)
{
	if (!t->out_want) {
		finish_good(t);
		return;
	}
	t->step = 0;
	t->io = (struct store_io){
		.op = STORE_WRITE,
		.flags = STORE_FUA,
		.offset = t->lba << t->lu->block_shift,
		.len = t->out_want,
		.data = t->buf->data,
	};
	step_io(t, verify_step);
}
