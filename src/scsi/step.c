#include "scsi/step.h"

#include "scsi/cmd.h"
#include "scsi/fault.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/thin.h"

#include <errno.h>

struct row {
	int error;
	uint32_t read;  /* enum sense_code; 0: status BUSY */
	uint32_t write; /* likewise */
};

static const struct row rows[] = {
	{ EIO, SENSE_READ_ERROR, SENSE_WRITE_ERROR },
	{ EILSEQ, SENSE_READ_ERROR, SENSE_WRITE_ERROR },
	{ ENODATA, SENSE_READ_ERROR, SENSE_WRITE_ERROR },
	{ ENOSPC, SENSE_HARDWARE, SENSE_NO_SPACE },
	{ EDQUOT, SENSE_HARDWARE, SENSE_NO_SPACE },
	{ EFBIG, SENSE_HARDWARE, SENSE_NO_SPACE },
	{ EROFS, SENSE_HARDWARE, SENSE_PROTECTED },
	{ EPERM, SENSE_HARDWARE, SENSE_PROTECTED },
	{ EACCES, SENSE_HARDWARE, SENSE_PROTECTED },
	{ ENOMEM, 0, 0 },
	{ EOPNOTSUPP, 0, 0 }, /* of a copy, which is done in another way then (xcopy.c) */
	{ EAGAIN, 0, 0 },
};

uint32_t step_errno_sense(int error, bool writes)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].error == error)
			return writes ? rows[i].write : rows[i].read;
	}
	return SENSE_HARDWARE;
}

/* A request that only looks at what there is. */
static bool is_look(enum store_op op)
{
	return op == STORE_READ || op == STORE_EXTENT || op == STORE_SPACE;
}

static void step_failed(struct scsi_task *t)
{
	uint32_t code = step_errno_sense(-t->io.error, !is_look(t->io.op));

	t->in_len = 0;
	if (code)
		finish_code(t, code);
	else
		finish_status(t, SCSI_BUSY);
}

static void count(const struct scsi_task *t)
{
	struct scsi_count *c = &t->lu->writes;

	if (t->io.op == STORE_READ) {
		c = t->cmd->xfer == XFER_IN_BLOCKS ? &t->lu->reads : &t->lu->verifies;
	} else if (t->io.op != STORE_WRITE) {
		if (t->io.op == STORE_RESERVE || t->io.op == STORE_ZERO)
			thin_look(t->lu); /* it may have taken much space at once */
		return;
	}
	if (t->io.error == -ECANCELED)
		return; /* given back before it was tried */
	if (t->io.error)
		c->errors++;
	else
		c->bytes += t->io.len;
	thin_wrote(t->lu);
}

/* Is it in a cache that was switched off since it was asked for? */
static bool is_only_cached(const struct scsi_task *t)
{
	return t->io.op == STORE_WRITE && !(t->io.flags & STORE_FUA) && !t->lu->wce;
}

static void step_done(struct store_io *io)
{
	struct scsi_task *t = io->user;

	count(t);
	if (io->error)
		fault_tell(t->lu, io);
	if (t->abort_wanted) {
		finish_task(t);
	} else if (io->error) {
		step_failed(t);
	} else if (is_only_cached(t)) {
		io->op = STORE_FLUSH;
		store_submit(t->lu->store, io);
	} else {
		t->next(t);
	}
}

void step_io(struct scsi_task *t, void (*next)(struct scsi_task *t))
{
	t->next = next;
	t->io.done = step_done;
	t->io.user = t;
	store_submit(t->lu->store, &t->io);
}

void step_flush(struct scsi_task *t, void (*next)(struct scsi_task *t))
{
	t->io = (struct store_io){ .op = STORE_FLUSH };
	step_io(t, next);
}

bool step_has_fua(const struct scsi_task *t)
{
	return t->cmd->flags & F_FUA && t->cdb[1] & CMD_FUA_BIT;
}

uint32_t step_fua(const struct scsi_task *t)
{
	return t->lu->wce && !step_has_fua(t) ? 0 : STORE_FUA;
}
