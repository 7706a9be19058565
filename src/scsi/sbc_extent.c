#include "scsi/sbc_extent.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/step.h"

#include <string.h>

#define HEADER_LEN      8
#define DESCRIPTOR_LEN  16
#define DESCRIPTORS_MAX 128 /* of one command: each may cost a call that blocks a worker */

/* PROVISIONING STATUS */
enum { MAPPED = 0, DEALLOCATED = 1, ANCHORED = 2 }; /* 0: "mapped or unknown" */

/* COMPLETION CONDITION: why no more is told (SBC-4). */
enum { COND_NONE = 0, COND_ALLOC = 1, COND_CAPACITY = 3 };

/* Descriptors that somebody wants and has room for; one at least. */
static uint32_t room_for(const struct scsi_task *t)
{
	uint32_t room = finish_in_room(t) < t->alloc_len ? finish_in_room(t) : t->alloc_len;
	uint32_t n;

	if (room > t->buf->size)
		room = (uint32_t)t->buf->size;
	n = room < HEADER_LEN ? 0 : (room - HEADER_LEN) / DESCRIPTOR_LEN;
	if (n > DESCRIPTORS_MAX)
		return DESCRIPTORS_MAX;
	return n ? n : 1;
}

static uint8_t *last(const struct scsi_task *t)
{
	return t->buf->data + HEADER_LEN + (t->step - 1) * DESCRIPTOR_LEN;
}

/* t->lba is where the next descriptor would begin, if there is one. */
static uint8_t condition(const struct scsi_task *t, uint32_t len)
{
	if (len > t->alloc_len)
		return COND_ALLOC;
	if (t->lba == t->lu->blocks)
		return COND_CAPACITY;
	return len + DESCRIPTOR_LEN > t->alloc_len ? COND_ALLOC : COND_NONE;
}

/* RTP stays 0: there is no REPORT TYPE to choose by, descriptors are of all LBAs. */
static void end(struct scsi_task *t)
{
	uint32_t len = HEADER_LEN + (uint32_t)t->step * DESCRIPTOR_LEN;

	put_be32(t->buf->data, len - 4); /* PARAMETER DATA LENGTH */
	t->buf->data[7] = (uint8_t)(condition(t, len) << 1);
	finish_alloc(t, len);
}

static void ask(struct scsi_task *t);

static uint8_t status_of(const struct scsi_task *t)
{
	if (t->io.mapped || !t->lu->opt.thin)
		return MAPPED;
	return t->io.reserved ? ANCHORED : DEALLOCATED;
}

/* An extent is a descriptor of its own unless it goes on where the last one ended. */
static void told(struct scsi_task *t)
{
	uint64_t blocks = t->io.extent_len >> t->lu->block_shift;
	uint8_t status = status_of(t);
	bool goes_on = t->step && last(t)[12] == status && be32(last(t) + 8) + blocks <= UINT32_MAX;
	uint8_t *d;

	if (!goes_on && t->step == room_for(t)) {
		end(t);
		return;
	}
	if (!goes_on) {
		t->step++;
		d = last(t);
		memset(d, 0, DESCRIPTOR_LEN);
		put_be64(d, t->lba);
		d[12] = status;
	}
	d = last(t);
	put_be32(d + 8, be32(d + 8) + (uint32_t)blocks);
	t->lba += blocks;
	if (t->lba < t->lu->blocks && blocks)
		ask(t);
	else
		end(t);
}

/* From t->lba on, as far as one descriptor can tell. */
static void ask(struct scsi_task *t)
{
	uint64_t left = t->lu->blocks - t->lba;

	if (left > UINT32_MAX)
		left = UINT32_MAX;
	t->io = (struct store_io){
		.op = STORE_EXTENT,
		.offset = t->lba << t->lu->block_shift,
		.len = left << t->lu->block_shift,
	};
	step_io(t, told);
}

/* t->step: descriptors so far. */
void sbc_get_lba_status(struct scsi_task *t)
{
	memset(t->buf->data, 0, HEADER_LEN);
	t->step = 0;
	ask(t);
}
