#include "scsi/sbc_rw.h"

#include "scsi/cmd.h"
#include "scsi/fault.h"
#include "scsi/finish.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/step.h"
#include "scsi/ua.h"

#include <stddef.h>

static void sbc_read_done(struct scsi_task *t)
{
	finish_in(t, (uint32_t)(t->nblk << t->lu->block_shift));
}

/* What the store had lent is about to change: from now on the data is in the task's buffer. */
static void read_moved(struct store_view *v, const uint8_t *from)
{
	struct scsi_task *t = (struct scsi_task *)((char *)v - offsetof(struct scsi_task, view));

	if (t->state == SCSI_TASK_DONE)
		t->port->in_moved(t, from);
}

static void read_now(struct scsi_task *t)
{
	uint8_t shift = t->lu->block_shift;
	uint64_t len = t->nblk << shift;
	uint64_t room = finish_in_room(t);
	uint64_t block = t->lu->opt.block_size;

	if (room < len) /* read no more than somebody wants, in whole blocks */
		len = (room + block - 1) & ~(block - 1);
	if (!len) {
		sbc_read_done(t);
		return;
	}
	t->io = (struct store_io){
		.op = STORE_READ,
		.offset = t->lba << shift, /* bytes */
		.len = len,
		.data = t->buf->data, /* lent until sbc_read_done */
		.view = &t->view,     /* lent until scsi_task_fini() */
	};
	t->view.copy = t->buf->data;
	t->view.moved = read_moved;
	step_io(t, sbc_read_done);
}

/*
 * SBC-4, 5.15 to 5.18. The gates saw to range and buffer. FUA: what a cache has that is
 * newer than the medium is written there first.
 */
void sbc_read(struct scsi_task *t)
{
	if (step_has_fua(t))
		step_flush(t, read_now);
	else
		read_now(t);
}

/* SBC-4, 5.39 to 5.42. out_want is a whole number of blocks; the gates saw to it. */
void sbc_write(struct scsi_task *t)
{
	if (!t->out_want) {
		finish_good(t);
		return;
	}
	t->io = (struct store_io){
		.op = STORE_WRITE,
		.flags = step_fua(t),
		.offset = t->lba << t->lu->block_shift, /* bytes */
		.len = t->out_want,
		.data = t->early ? t->early : t->buf->data, /* lent until finish_good */
	};
	t->early = NULL; /* used up when step_io() returns (F_EARLY) */
	step_io(t, finish_good);
}

/*
 * SBC-4, 5.44. Blocks that are written in one piece, whatever happens meanwhile, are
 * those of a physical block. Against other commands the range lock sees to it.
 */
void sbc_write_atomic(struct scsi_task *t)
{
	uint32_t unit = limits_atomic_blocks(t->lu);

	if (t->nblk > unit || t->nblk % unit)
		finish_cdb_field(t, 12, 7); /* TRANSFER LENGTH */
	else if (t->nblk && t->lba % unit)
		finish_cdb_field(t, 2, 7); /* LOGICAL BLOCK ADDRESS */
	else
		sbc_write(t);
}

/*
 * SBC-4, 5.13 and 5.14. No cache here can be asked to take blocks in, which GOOD
 * says: CONDITION MET would promise that all of them are there.
 */
void sbc_prefetch(struct scsi_task *t)
{
	finish_good(t);
}

/* A failed flush can no longer fail its command: it is told to all as a deferred error. */
static void flushed_behind(struct store_io *io)
{
	struct scsi_lu *lu = io->user;

	if (io->error) {
		fault_tell(lu, io);
		ua_set_lu(lu, UA_FLUSH_FAILED, NULL);
	}
	lu->sync_busy = false;
	if (lu->sync_again)
		sbc_flush_behind(lu);
}

/* One flush at a time; what is asked for meanwhile needs one more, and only one. */
void sbc_flush_behind(struct scsi_lu *lu)
{
	lu->sync_again = lu->sync_busy;
	if (lu->sync_busy)
		return;
	lu->sync_busy = true;
	lu->sync = (struct store_io){ .op = STORE_FLUSH, .done = flushed_behind, .user = lu };
	store_submit(lu->store, &lu->sync);
}

/* SBC-4, 5.32 and 5.33: all of the cache, whatever the range; IMMED: status before it is done. */
void sbc_sync(struct scsi_task *t)
{
	if (t->cdb[1] & 0x02) {
		sbc_flush_behind(t->lu);
		finish_good(t);
		return;
	}
	t->io = (struct store_io){ .op = STORE_FLUSH };
	step_io(t, finish_good);
}
