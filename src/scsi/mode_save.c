#include "scsi/mode_save.h"

#include "scsi/keep.h"
#include "scsi/lu.h"
#include "scsi/mode.h"
#include "scsi/task.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* There may be more of them in a file that a later version wrote. */
#define VALUES_MAX 1024

static const struct keep_kind kind = {
	.magic = { 'i', 't', 'g', 't', 'd', '-', 'm', 'p' },
	.version = 1,
	.max = KEEP_HEAD + KEEP_TAIL + VALUES_MAX,
	.suffix = "mode",
	.what = "saved mode pages",
};

struct op {
	struct keep keep;
	struct scsi_task *t;
	uint8_t values[SCSI_MODE_FIELDS];
	mode_saved_fn *done;
};

static void on_kept(struct keep *k, int error)
{
	struct op *op = (struct op *)((char *)k - offsetof(struct op, keep));
	struct scsi_lu *lu = op->t->lu;

	if (!error) {
		memcpy(lu->saved, op->values, sizeof(lu->saved));
		lu->has_saved = true;
	}
	op->done(op->t, op->values, error);
	free(op);
}

void mode_save_start(struct scsi_task *t, const uint8_t *values, mode_saved_fn *done)
{
	struct op *op = calloc(1, sizeof(*op));
	uint8_t *bytes = op ? malloc(KEEP_HEAD + MODE_VALUES_LEN + KEEP_TAIL) : NULL;

	if (!bytes) {
		free(op);
		done(t, values, -ENOMEM);
		return;
	}
	op->t = t;
	memcpy(op->values, values, sizeof(op->values));
	op->done = done;
	mode_put_values(values, bytes + KEEP_HEAD);
	keep_write(&op->keep, t->lu, &kind, bytes, KEEP_HEAD + MODE_VALUES_LEN + KEEP_TAIL,
		   on_kept);
}

void mode_save_load(struct scsi_lu *lu)
{
	keep_load(lu, &kind, mode_get_values, "they have their defaults");
	mode_reset(lu);
}
