#include "scsi/sbc_caw.h"

#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/sbc_verify.h"
#include "scsi/step.h"

/*
 * Both have their blocks to themselves from the first read to the end of the last
 * write (F_ALONE), so that no other command sees or changes what lies in between.
 */

/* Read what comes at t->step, of bytes in all, into the work space. */
static void read_part(struct scsi_task *t, uint64_t bytes, void (*next)(struct scsi_task *t))
{
	uint64_t left = bytes - t->step;

	t->io = (struct store_io){
		.op = STORE_READ,
		.offset = (t->lba << t->lu->block_shift) + t->step,
		.len = left < t->work_len ? left : t->work_len,
		.data = t->work_data,
	};
	step_io(t, next);
}

/* The second half of the data-out, as one request. */
static void caw_write(struct scsi_task *t)
{
	uint32_t half = t->out_want / 2;

	t->io = (struct store_io){
		.op = STORE_WRITE,
		.flags = step_fua(t),
		.offset = t->lba << t->lu->block_shift,
		.len = half,
		.data = t->buf->data + half,
	};
	step_io(t, finish_good);
}

/* INFORMATION: where in the data-out the first difference is. */
static void caw_compare(struct scsi_task *t)
{
	uint32_t len = (uint32_t)t->io.len;
	uint32_t n = sbc_first_difference(t->work_data, t->buf->data + t->step, len);

	if (n < len) {
		finish_check(t, &(struct sense){ .code = SENSE_MISCOMPARE,
						 .has_info = true,
						 .info = t->step + n });
		return;
	}
	t->step += len;
	if (t->step < t->out_want / 2)
		read_part(t, t->out_want / 2, caw_compare);
	else
		caw_write(t);
}

/* The gate has seen that all of the data comes: blocks to compare with, blocks to write. */
void sbc_compare_and_write(struct scsi_task *t)
{
	if (!t->out_want) {
		finish_good(t);
		return;
	}
	t->step = 0;
	read_part(t, t->out_want / 2, caw_compare);
}

static void orwrite_part(struct scsi_task *t);

static void orwrite_step(struct scsi_task *t)
{
	if (t->step < t->out_want)
		read_part(t, t->out_want, orwrite_part);
	else
		finish_good(t);
}

/* What was read goes into the data-out, and that onto the medium. */
static void orwrite_part(struct scsi_task *t)
{
	uint8_t *data = t->buf->data + t->step;
	uint64_t len = t->io.len;
	uint64_t i;

	for (i = 0; i < len; i++)
		data[i] |= t->work_data[i];
	t->io = (struct store_io){
		.op = STORE_WRITE,
		.flags = step_fua(t),
		.offset = (t->lba << t->lu->block_shift) + t->step,
		.len = len,
		.data = data,
	};
	t->step += len;
	step_io(t, orwrite_step);
}

void sbc_orwrite(struct scsi_task *t)
{
	t->step = 0;
	orwrite_step(t);
}
