/*
 * What wipes all of the medium, and goes on by itself when its command has ended:
 * SANITIZE and FORMAT UNIT. In the meantime other commands are told so; neither a task
 * management function nor a restart stops it, as SBC-4, 4.11 wants it for SANITIZE.
 *
 * A wipe goes in pieces. Each is begun by wipe_run(), from the loop, so that a unit that is
 * held, taken away, or closed with the daemon begins no other.
 */
#ifndef SCSI_WIPE_H
#define SCSI_WIPE_H

#include "scsi/sense.h"

#include <stdbool.h>
#include <stdint.h>

struct scsi_core;
struct scsi_lu;
struct scsi_task;

enum wipe_kind {
	WIPE_OVERWRITE, /* SANITIZE: every block with a pattern, perhaps several times */
	WIPE_ERASE,     /* SANITIZE: every block is unmapped or zero */
	WIPE_FORMAT,    /* FORMAT UNIT: likewise */
	WIPE_KINDS
};

#define WIPE_PASSES_MAX  31
#define WIPE_PATTERN_MAX 4096 /* bytes: a block */

struct wipe_order {
	enum wipe_kind kind;
	bool ause;           /* a failure may be left by EXIT FAILURE MODE */
	bool invert;         /* the pattern, from pass to pass */
	uint8_t passes;      /* 1 to WIPE_PASSES_MAX */
	uint16_t len;        /* bytes of the pattern, 1 to a block; WIPE_OVERWRITE only */
	const uint8_t *data; /* it */
};

/*
 * Begin; t, whose row has F_ALONE, has all of the medium to itself. It ends with GOOD when the
 * order is kept (immed), or with what comes of it.
 */
void wipe_start(struct scsi_task *t, const struct wipe_order *o, bool immed);

/*
 * Does a wipe, or the failure of one, keep commands from lu? Its sense is in out then. may_wipe:
 * it would be wiped anew, which a failure does not keep from.
 */
bool wipe_refuses(const struct scsi_lu *lu, bool may_wipe, struct sense *out);

/* Has one failed, and which; does the failure want it to succeed? False: none has failed. */
bool wipe_has_failed(const struct scsi_lu *lu, enum wipe_kind *kind, bool *restricted);

/* Forget a failure: EXIT FAILURE MODE. Ends t. */
void wipe_forget(struct scsi_task *t);

/*
 * Find one that was under way when the process ended, or has failed. May block, and is for
 * workers, too: nothing goes on yet. 0; -ENOMEM.
 */
int wipe_load(struct scsi_lu *lu);

/* Go on with what was found. On the loop. */
void wipe_go_on(struct scsi_lu *lu);

/* Begin the next piece of each. True when something was begun or ended. */
bool wipe_run(struct scsi_core *core);

/* Is something of one with the store? */
bool wipe_is_busy(const struct scsi_lu *lu);

/* lu, which is idle, is freed. */
void wipe_free(struct scsi_lu *lu);

#endif
