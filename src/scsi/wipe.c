#include "scsi/wipe.h"

#include "base/bytes.h"
#include "base/log.h"
#include "scsi/core.h"
#include "scsi/finish.h"
#include "scsi/keep.h"
#include "scsi/lu.h"
#include "scsi/rangelock.h"
#include "scsi/taskset.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* Bytes of a piece: so long that it is worth a call, so short that nobody waits long for it. */
#define WRITE_PIECE ((uint64_t)1 << 20)
#define ERASE_PIECE ((uint64_t)64 << 20)

#define CHUNK_ALIGN ((uint64_t)4096)

enum state {
	LOADED,   /* found at the start: wipe_go_on() comes next */
	KEEPING,  /* that it begins is being kept; nothing is wiped yet */
	WAITING,  /* on the core's list: the next piece comes next */
	WORKING,  /* a piece is with the store */
	FLUSHING, /* all is done, and on its way to stable storage */
	ENDING,   /* it is being kept that it has ended, or failed */
	FAILED,
};

struct scsi_wipe {
	enum state state;
	struct scsi_lu *lu;
	struct wipe_order order; /* data is pattern */
	uint8_t pattern[WIPE_PATTERN_MAX];
	uint8_t pass;           /* passes done */
	uint64_t at;            /* bytes of this pass done */
	uint64_t piece;         /* bytes at a time */
	uint8_t *chunk;         /* owns; so many bytes of the pattern; NULL: none is written */
	struct scsi_task *task; /* waits for the end; NULL: none */
	bool immed;             /* … for the beginning only */
	bool has_failed;
	struct scsi_wipe *before; /* owns: FAILED, in force if this one cannot begin; or NULL */
	struct store_io io;
	struct keep keep;
	TAILQ_ENTRY(scsi_wipe) link; /* the core's list, when it is WAITING */
};

/* What the kinds tell about themselves. */
static const struct {
	const char *name;
	uint32_t running, failed, ended; /* enum sense_code; ended: of the command itself */
} kinds[WIPE_KINDS] = {
	[WIPE_OVERWRITE] = { "overwriting", SENSE_SANITIZING, SENSE_SANITIZE_FAILED,
			     SENSE_SANITIZE_FAILED },
	[WIPE_ERASE] = { "erasing", SENSE_SANITIZING, SENSE_SANITIZE_FAILED,
			 SENSE_SANITIZE_FAILED },
	[WIPE_FORMAT] = { "formatting", SENSE_FORMATTING, SENSE_FORMAT_CORRUPTED,
			  SENSE_FORMAT_FAILED },
};

/*
 * Behind the head of keep.h:
 *
 *   32  1  enum wipe_kind        36  2  bytes of the pattern
 *   33  1  1 AUSE, 2 INVERT,     38  2  0
 *          4 it has failed       40  8  bytes of the medium
 *   34  1  passes                48     the pattern
 *   35  1  0
 */
#define BODY_LEN    16
#define FLAG_AUSE   1
#define FLAG_INVERT 2
#define FLAG_FAILED 4

static const struct keep_kind file_kind = {
	.magic = { 'i', 't', 'g', 't', 'd', '-', 'w', 'p' },
	.version = 1,
	.max = KEEP_HEAD + BODY_LEN + WIPE_PATTERN_MAX + KEEP_TAIL,
	.suffix = "wipe",
	.what = "order to wipe it",
};

static uint64_t medium_bytes(const struct scsi_lu *lu)
{
	return lu->blocks << lu->block_shift;
}

/* ---- the end ---- */

static void drop(struct scsi_wipe *w)
{
	if (w)
		free(w->chunk);
	free(w);
}

static void forget(struct scsi_wipe *w)
{
	w->lu->wipe = w->before;
	drop(w);
}

/* The task that waits is told, if there is one. code: SENSE_NONE for GOOD. */
static void end_task(struct scsi_wipe *w, uint32_t code)
{
	struct scsi_task *t = w->task;

	w->task = NULL;
	if (!t)
		return;
	if (code)
		finish_code(t, (enum sense_code)code);
	else
		finish_good(t);
}

static void give_up(struct scsi_wipe *w)
{
	w->state = FAILED;
	w->has_failed = true;
	log_error("%s: %s it has failed; nobody may use it until that is done again", w->lu->name,
		  kinds[w->order.kind].name);
	end_task(w, kinds[w->order.kind].ended);
}

/*
 * What is over must not begin again after a restart, on top of new data: as long as that
 * cannot be made sure of it has failed.
 */
static void on_end_kept(struct keep *k, int error)
{
	struct scsi_wipe *w = (struct scsi_wipe *)((char *)k - offsetof(struct scsi_wipe, keep));
	struct scsi_task *t = w->task;

	if (error || w->has_failed) {
		give_up(w);
		return;
	}
	log_notice("%s: %s it is done", w->lu->name, kinds[w->order.kind].name);
	forget(w);
	if (t)
		finish_good(t);
}

/* The file that w is kept in; NULL: no memory. */
static uint8_t *make_file(const struct scsi_wipe *w, uint32_t *len)
{
	const struct wipe_order *o = &w->order;
	uint8_t *p;

	*len = KEEP_HEAD + BODY_LEN + o->len + KEEP_TAIL;
	p = calloc(1, *len);
	if (!p)
		return NULL;
	p[KEEP_HEAD] = (uint8_t)o->kind;
	p[KEEP_HEAD + 1] = (uint8_t)((o->ause ? FLAG_AUSE : 0) | (o->invert ? FLAG_INVERT : 0) |
				     (w->has_failed ? FLAG_FAILED : 0));
	p[KEEP_HEAD + 2] = o->passes;
	put_be16(p + KEEP_HEAD + 4, o->len);
	put_be64(p + KEEP_HEAD + 8, medium_bytes(w->lu));
	memcpy(p + KEEP_HEAD + BODY_LEN, w->pattern, o->len);
	return p;
}

static void end(struct scsi_wipe *w)
{
	uint8_t *bytes = NULL;
	uint32_t len = 0;

	w->state = ENDING;
	if (w->has_failed)
		bytes = make_file(w, &len); /* without memory the order stays kept as it was */
	if (keep_is_there(w->lu) && (bytes || !w->has_failed))
		keep_write(&w->keep, w->lu, &file_kind, bytes, len, on_end_kept);
	else {
		free(bytes);
		on_end_kept(&w->keep, 0);
	}
}

/* ---- its pieces ---- */

static void wait_for_turn(struct scsi_wipe *w)
{
	w->state = WAITING;
	TAILQ_INSERT_TAIL(&w->lu->core->wipes, w, link);
}

static void piece_done(struct store_io *io)
{
	struct scsi_wipe *w = io->user;

	if (w->task && w->task->abort_wanted) { /* the wipe goes on without it */
		struct scsi_task *t = w->task;

		w->task = NULL;
		finish_task(t);
	}
	w->has_failed |= io->error != 0;
	if (w->has_failed || w->state == FLUSHING) {
		end(w);
		return;
	}
	w->at += io->len;
	wait_for_turn(w);
}

/*
 * The pattern of a pass: each block begins with its first byte. With INVERT the passes take
 * turns so that the last one writes the pattern as it is (SBC-4, 5.30.2.2).
 */
static void fill(struct scsi_wipe *w)
{
	uint32_t block = w->lu->opt.block_size;
	bool invert = w->order.invert && (w->order.passes - 1 - w->pass) % 2;
	uint32_t i;

	for (i = 0; i < block; i++)
		w->chunk[i] = (uint8_t)(w->pattern[i % w->order.len] ^ (invert ? 0xff : 0));
	for (; i < w->piece; i += block)
		memcpy(w->chunk + i, w->chunk, block);
}

static void next_piece(struct scsi_wipe *w)
{
	uint64_t left;

	if (w->at >= medium_bytes(w->lu)) { /* also when the medium has become smaller */
		w->pass++;
		w->at = 0;
	}
	left = medium_bytes(w->lu) - w->at;
	w->io = (struct store_io){ .op = STORE_FLUSH, .done = piece_done, .user = w };
	if (w->pass == w->order.passes) {
		w->state = FLUSHING;
	} else {
		w->state = WORKING;
		w->io.offset = w->at;
		w->io.len = left < w->piece ? left : w->piece;
		w->io.data = w->chunk;
		if (w->chunk)
			w->io.op = STORE_WRITE;
		else
			w->io.op = w->lu->opt.thin ? STORE_DISCARD : STORE_ZERO;
		if (w->chunk && !w->at)
			fill(w);
	}
	store_submit(w->lu->store, &w->io);
}

bool wipe_run(struct scsi_core *core)
{
	struct scsi_wipe *w, *next;
	bool any = false;

	for (w = TAILQ_FIRST(&core->wipes); w; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->task && w->task->abort_wanted) {
			struct scsi_task *t = w->task;

			w->task = NULL;
			finish_task(t);
			return true; /* whoever heard of it may have changed the list */
		}
		if (core->is_closing || w->lu->is_held || w->lu->gone)
			continue;
		TAILQ_REMOVE(&core->wipes, w, link);
		next_piece(w);
		any = true;
	}
	return any;
}

/* ---- the beginning ---- */

/* NULL: no memory. */
static struct scsi_wipe *make(struct scsi_lu *lu, const struct wipe_order *o)
{
	struct scsi_wipe *w = calloc(1, sizeof(*w));

	assert(o->len <= lu->opt.block_size && lu->opt.block_size <= WIPE_PATTERN_MAX);
	if (!w)
		return NULL;
	w->lu = lu;
	w->order = *o;
	if (o->len)
		memcpy(w->pattern, o->data, o->len);
	w->order.data = w->pattern;
	w->piece = ERASE_PIECE;
	if (o->kind != WIPE_OVERWRITE)
		return w;
	w->piece = medium_bytes(lu) < WRITE_PIECE ? medium_bytes(lu) : WRITE_PIECE;
	w->chunk = aligned_alloc(CHUNK_ALIGN, (w->piece + CHUNK_ALIGN - 1) & -CHUNK_ALIGN);
	if (w->chunk)
		return w;
	free(w);
	return NULL;
}

static void begin(struct scsi_wipe *w)
{
	drop(w->before);
	w->before = NULL;
	log_notice("%s: %s it begins", w->lu->name, kinds[w->order.kind].name);
	wait_for_turn(w);
	if (w->immed)
		end_task(w, SENSE_NONE);
}

static void on_begin_kept(struct keep *k, int error)
{
	struct scsi_wipe *w = (struct scsi_wipe *)((char *)k - offsetof(struct scsi_wipe, keep));
	struct scsi_task *t = w->task;

	if (!error) {
		begin(w);
		return;
	}
	forget(w);
	finish_code(t, SENSE_HARDWARE);
}

void wipe_start(struct scsi_task *t, const struct wipe_order *o, bool immed)
{
	struct scsi_lu *lu = t->lu;
	struct scsi_wipe *w = make(lu, o);
	uint32_t len;
	uint8_t *file = w ? make_file(w, &len) : NULL;

	if (!file) {
		drop(w);
		finish_status(t, SCSI_BUSY);
		return;
	}
	w->before = lu->wipe; /* the failure of an earlier one: it stands until this one begins */
	lu->wipe = w;
	w->task = t;
	w->immed = immed;
	rangelock_leave(t); /* who stands in line meets the gate now */
	taskset_let_by(t);
	if (keep_is_there(lu)) {
		keep_write(&w->keep, lu, &file_kind, file, len, on_begin_kept);
		return;
	}
	free(file);
	begin(w);
}

/* ---- what others are told ---- */

/* SPC-5, 4.4.2.4.4: in parts of 65536. */
static uint16_t progress(const struct scsi_wipe *w)
{
	double all = (double)w->order.passes * (double)medium_bytes(w->lu);
	double done = (double)w->pass * (double)medium_bytes(w->lu) + (double)w->at;

	return done < all ? (uint16_t)(done / all * 65536) : UINT16_MAX;
}

bool wipe_refuses(const struct scsi_lu *lu, bool may_wipe, struct sense *out)
{
	const struct scsi_wipe *w = lu->wipe;

	if (!w || (w->state == FAILED && may_wipe))
		return false;
	*out = (struct sense){ .code = kinds[w->order.kind].failed };
	if (w->state != FAILED) {
		out->code = kinds[w->order.kind].running;
		out->has_progress = true;
		out->progress = progress(w);
	}
	return true;
}

bool wipe_has_failed(const struct scsi_lu *lu, enum wipe_kind *kind, bool *restricted)
{
	const struct scsi_wipe *w = lu->wipe;

	if (!w || w->state != FAILED)
		return false;
	*kind = w->order.kind;
	*restricted = !w->order.ause;
	return true;
}

static void on_forgotten(struct keep *k, int error)
{
	struct scsi_wipe *w = (struct scsi_wipe *)((char *)k - offsetof(struct scsi_wipe, keep));
	struct scsi_task *t = w->task;

	w->task = NULL;
	if (error) {
		w->state = FAILED;
		finish_code(t, SENSE_HARDWARE);
		return;
	}
	forget(w);
	finish_good(t);
}

void wipe_forget(struct scsi_task *t)
{
	struct scsi_wipe *w = t->lu->wipe;

	assert(w && w->state == FAILED);
	w->state = ENDING;
	w->task = t;
	if (keep_is_there(t->lu))
		keep_write(&w->keep, t->lu, &file_kind, NULL, 0, on_forgotten);
	else
		on_forgotten(&w->keep, 0);
}

/* ---- after a restart ---- */

static bool get_order(const struct scsi_lu *lu, const uint8_t *p, uint32_t len,
		      struct wipe_order *o)
{
	if (len < KEEP_HEAD + BODY_LEN + KEEP_TAIL)
		return false;
	*o = (struct wipe_order){
		.kind = (enum wipe_kind)p[KEEP_HEAD],
		.ause = p[KEEP_HEAD + 1] & FLAG_AUSE,
		.invert = p[KEEP_HEAD + 1] & FLAG_INVERT,
		.passes = p[KEEP_HEAD + 2],
		.len = be16(p + KEEP_HEAD + 4),
		.data = p + KEEP_HEAD + BODY_LEN,
	};
	if (p[KEEP_HEAD] >= WIPE_KINDS || !o->passes || o->passes > WIPE_PASSES_MAX)
		return false;
	if (len - KEEP_HEAD - BODY_LEN - KEEP_TAIL != o->len || o->len > lu->opt.block_size)
		return false;
	return (o->kind == WIPE_OVERWRITE) == (o->len > 0);
}

/*
 * A file that makes no sense says at least that the medium was being wiped, and one of
 * another size that it may be another medium: that is for people to decide.
 */
static int take_file(struct scsi_lu *lu, const uint8_t *p, uint32_t len, const char *fault)
{
	struct wipe_order o = { .kind = WIPE_ERASE, .ause = true, .passes = 1 };
	bool failed = true;

	if (!fault && !get_order(lu, p, len, &o)) {
		o = (struct wipe_order){ .kind = WIPE_ERASE, .ause = true, .passes = 1 };
		fault = "what it says makes no sense";
	} else if (!fault) {
		failed = p[KEEP_HEAD + 1] & FLAG_FAILED;
		if (be64(p + KEEP_HEAD + 8) != medium_bytes(lu))
			fault = "it is of a medium of another size";
	}
	lu->wipe = make(lu, &o);
	if (!lu->wipe)
		return -ENOMEM;
	if (fault)
		log_error("%s: the order to wipe it in %s is not followed: %s", lu->name,
			  lu->core->state_dir, fault);
	lu->wipe->state = LOADED;
	if (fault || failed)
		give_up(lu->wipe);
	return 0;
}

int wipe_load(struct scsi_lu *lu)
{
	const char *fault = NULL;
	uint8_t *p = NULL;
	uint32_t len = 0;
	int err;

	if (!keep_is_there(lu))
		return 0;
	err = keep_read(lu, &file_kind, &p, &len, &fault);
	err = err == -ENOENT ? 0 : take_file(lu, p, len, fault);
	free(p);
	return err;
}

void wipe_go_on(struct scsi_lu *lu)
{
	if (lu->wipe && lu->wipe->state == LOADED)
		begin(lu->wipe);
}

bool wipe_is_busy(const struct scsi_lu *lu)
{
	const struct scsi_wipe *w = lu->wipe;

	return w && w->state != LOADED && w->state != WAITING && w->state != FAILED;
}

void wipe_free(struct scsi_lu *lu)
{
	struct scsi_wipe *w = lu->wipe;

	if (!w)
		return;
	assert(!wipe_is_busy(lu));
	if (w->state == WAITING)
		TAILQ_REMOVE(&lu->core->wipes, w, link);
	forget(w);
}
