#include "scsi/xcopy.h"

#include "scsi/cmd.h"
#include "scsi/core.h"
#include "scsi/device.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/sbc_rw.h"
#include "scsi/step.h"
#include "scsi/taskset.h"
#include "scsi/vpd.h"
#include "scsi/xcopy_list.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a part: between two of them others have their turn, and an abort is heard. */
#define PART       (1u << 20)
#define STORE_PART (16u << 20) /* where the store copies by itself */

#define NOT_FOUND UINT32_MAX

/* One side of a segment. */
struct end {
	struct xcopy_cscd cscd;
	uint32_t lun;
	uint8_t shift; /* of its blocks */
	uint64_t lba;
};

struct xcopy {
	struct scsi_task *t; /* the EXTENDED COPY; in state SCSI_TASK_RUNNING all the time */
	struct xcopy_list list;
	struct xcopy_record *record; /* owner is the log of t->itl; NULL: nobody will ask */
	uint32_t luns[XCOPY_CSCDS];  /* what the CSCD descriptors that are used stand for */

	/* the segment that is copied */
	uint16_t at;
	struct end source, dest;
	uint64_t len;     /* bytes */
	uint64_t copied;  /* of them */
	bool is_backward; /* from its end, as the destination overlaps what comes later */

	/* the part of it that is under way */
	uint64_t offset; /* bytes from the segment's start */
	uint32_t part;   /* bytes */
	bool by_store;   /* the store can copy by itself, as far as we know */
	bool is_held;    /* read is not a command that reads: it keeps the source's blocks */
	struct scsi_task read, write;
};

/* ---- the end ---- */

/* t has its status and sense. */
static void end(struct xcopy *c)
{
	struct scsi_task *t = c->t;
	struct xcopy_record *r = c->record;

	t->lu->ncopies--;
	if (r) {
		r->status = t->abort_wanted ? SCSI_TASK_ABORTED : t->status;
		r->sense_len = t->abort_wanted ? 0 : t->sense_len;
		memcpy(r->sense, t->sense, r->sense_len);
		xcopy_log_end(&t->itl->copies, r);
	}
	free(c);
	finish_task(t);
}

/* The segment under way cannot be copied: a fault in a field of its descriptor. */
static void end_field(struct xcopy *c, enum sense_code code, uint16_t byte, uint8_t bit)
{
	struct sense_copy copy = { .segment = c->at };

	finish_sense(c->t, &(struct sense){ .code = code,
					    .where = SENSE_IN_SEGMENT,
					    .byte = byte,
					    .bit = bit,
					    .copy = &copy });
	end(c);
}

/* One of the logical units did not do what it was asked for: what it said is passed on. */
static void end_device(struct xcopy *c, const struct scsi_task *inner)
{
	struct sense_copy copy = {
		.segment = c->at,
		.status = inner->aborted ? SCSI_TASK_ABORTED : inner->status,
		.by_dest = inner == &c->write,
	};

	if (!inner->aborted) {
		copy.len = inner->sense_len;
		if (copy.len > SENSE_FORWARD_MAX)
			copy.len = SENSE_FORWARD_MAX;
		memcpy(copy.sense, inner->sense, copy.len);
	}
	finish_sense(c->t, &(struct sense){ .code = SENSE_COPY_DEVICE, .copy = &copy });
	end(c);
}

/* ---- who is meant ---- */

/* The logical unit of that number, when the nexus may know of it and it has that designator. */
static struct scsi_lu *named(const struct scsi_nexus *x, uint32_t lun, const uint8_t *designator)
{
	struct scsi_lu *lu = map_get(&x->device->lus, lun);

	if (!lu || (x->sees && !x->sees(x, lu)) || !vpd_is_named(lu, designator))
		return NULL;
	return lu;
}

/*
 * Find a CSCD among the logical units that the nexus sees: one that is masked from it is as
 * if it were not there. Nor is one there whose name another has, too.
 */
static uint32_t find(const struct scsi_nexus *x, const uint8_t *designator)
{
	const struct map *lus = &x->device->lus;
	uint32_t found = NOT_FOUND, lun;
	const void *lu;

	for (lu = map_next(lus, 0, &lun); lu; lu = map_next(lus, lun + 1, &lun)) {
		if (!named(x, lun, designator))
			continue;
		if (found != NOT_FOUND)
			return NOT_FOUND;
		found = lun;
	}
	return found;
}

/* Take up one side of the segment; field: where its descriptor names it. False: c has ended. */
static bool reach(struct xcopy *c, uint16_t id, uint64_t lba, uint16_t field, struct end *out)
{
	const struct scsi_lu *lu = NULL;

	if (xcopy_list_cscd(&c->list, id, &out->cscd) && !out->cscd.is_null) {
		if (c->luns[id] == NOT_FOUND)
			c->luns[id] = find(c->t->nexus, out->cscd.designator);
		if (c->luns[id] != NOT_FOUND)
			lu = named(c->t->nexus, c->luns[id], out->cscd.designator);
	}
	if (!lu) {
		end_field(c, SENSE_COPY_UNREACHABLE, field, 7);
		return false;
	}
	if (out->cscd.device_type != lu->opt.type || out->cscd.block_size != lu->opt.block_size) {
		end_field(c, SENSE_COPY_TYPE, field, 7);
		return false;
	}
	out->lun = c->luns[id];
	out->shift = lu->block_shift;
	out->lba = lba;
	return true;
}

/* ---- segments ---- */

static uint64_t round_up(uint64_t n, uint8_t shift)
{
	uint64_t block = (uint64_t)1 << shift;

	return (n + block - 1) & ~(block - 1);
}

/*
 * Does a whole number of blocks of both sides make up the segment? If not, PAD lets what is
 * too much of a source's last block fall away, and fills a destination's with zeros
 * (SPC-4, 6.4.6.1). To keep the rest for the next segment (CAT) is not possible here.
 */
static bool check_exact(struct xcopy *c, const struct xcopy_segment *s)
{
	bool source_fits = round_up(c->len, c->source.shift) == c->len;
	bool dest_fits = round_up(c->len, c->dest.shift) == c->len;

	if (source_fits && dest_fits)
		return true;
	if (s->cat)
		end_field(c, SENSE_COPY_FAILED, XCOPY_AT_CAT, 0);
	else if ((!source_fits && !c->source.cscd.pad) || (!dest_fits && !c->dest.cscd.pad))
		end_field(c, SENSE_COPY_INEXACT, XCOPY_AT_BLOCKS, 7);
	else
		return true;
	return false;
}

/* Is all of one side on the medium? */
static bool check_range(struct xcopy *c, const struct end *e, uint16_t field)
{
	const struct scsi_lu *lu = map_get(&c->t->nexus->device->lus, e->lun);
	uint64_t blocks = round_up(c->len, e->shift) >> e->shift;

	if (e->lba <= lu->blocks && blocks <= lu->blocks - e->lba)
		return true;
	end_field(c, SENSE_COPY_FAILED, field, 7);
	return false;
}

/* Take up the segment c->at. False: there is a fault in it, and c has ended. */
static bool load(struct xcopy *c)
{
	struct xcopy_segment s;
	const struct end *by;

	xcopy_list_segment(&c->list, c->at, &s);
	if (!reach(c, s.source, s.source_lba, XCOPY_AT_SOURCE, &c->source) ||
	    !reach(c, s.dest, s.dest_lba, XCOPY_AT_DEST, &c->dest))
		return false;
	by = s.by_dest ? &c->dest : &c->source;
	c->len = (uint64_t)s.blocks << by->shift;
	c->copied = 0;
	c->is_backward = c->source.lun == c->dest.lun && s.dest_lba > s.source_lba &&
			 s.dest_lba - s.source_lba < s.blocks;
	return check_exact(c, &s) && check_range(c, &c->source, XCOPY_AT_SOURCE_LBA) &&
	       check_range(c, &c->dest, XCOPY_AT_DEST_LBA);
}

/* ---- inner commands ---- */

static void next(struct xcopy *c);

static bool is_good(const struct scsi_task *inner)
{
	return !inner->aborted && inner->status == SCSI_GOOD;
}

static struct xcopy *of_read(struct scsi_task *inner)
{
	return (struct xcopy *)((char *)inner - offsetof(struct xcopy, read));
}

static struct xcopy *of_write(struct scsi_task *inner)
{
	return (struct xcopy *)((char *)inner - offsetof(struct xcopy, write));
}

/*
 * Begin an inner command, filled but for what it has of every command. False: its logical
 * unit is gone, or masked meanwhile, or there is no memory.
 */
static bool begin(struct xcopy *c, struct scsi_task *inner, const struct end *e,
		  const struct scsi_cmd *cmd)
{
	struct scsi_task *t = c->t;

	inner->lu = named(t->nexus, e->lun, e->cscd.designator);
	inner->itl = inner->lu ? itl_get(t->nexus, inner->lu) : NULL;
	if (!inner->itl) {
		scsi_task_fini(inner);
		return false;
	}
	inner->core = t->core;
	inner->began_ns = t->core->now_ns;
	inner->attr = SCSI_INNER;
	inner->cmd = cmd;
	inner->lba = e->lba + (c->offset >> e->shift);
	inner->nblk = round_up(c->part, e->shift) >> e->shift;
	t->inner = inner;
	taskset_enter(inner);
	return true;
}

/* The part is at its destination. */
static void part_done(struct xcopy *c)
{
	c->copied += c->part;
	if (c->record)
		c->record->bytes += c->part;
	next(c);
}

static void write_done(struct scsi_task *inner)
{
	struct xcopy *c = of_write(inner);

	c->t->inner = NULL;
	scsi_task_fini(inner);
	if (c->t->abort_wanted)
		end(c);
	else if (!is_good(inner))
		end_device(c, inner);
	else
		part_done(c);
}

/* No step of an inner command asks for data: what is to be written is there. */
static const struct scsi_port_ops write_port = { .done = write_done };

static const struct scsi_cmd write_cmd = {
	0x8a,
	NO_SA,
	"EXTENDED COPY: write",
	CDB_RW16,
	XFER_OUT_BLOCKS,
	sbc_write,
	F_MEDIUM | F_RANGE | F_WRITES,
	{ 0 },
};

/* What was read goes to the destination, in the same buffer. */
static void start_write(struct xcopy *c, struct buf *b)
{
	uint32_t len = (uint32_t)round_up(c->part, c->dest.shift);

	assert(len <= b->size);
	memset(b->data + c->part, 0, len - c->part); /* PAD */
	scsi_task_init(&c->write, &write_port, c->t->nexus);
	c->write.may_write = true;
	c->write.edtl = len;
	c->write.out_have = len;
	c->write.buf = b;
	if (!begin(c, &c->write, &c->dest, &write_cmd))
		end_field(c, SENSE_COPY_UNREACHABLE, XCOPY_AT_DEST, 7);
}

static void read_done(struct scsi_task *inner)
{
	struct xcopy *c = of_read(inner);
	struct buf *b = inner->buf;

	c->t->inner = NULL;
	if (is_good(inner) && !c->t->abort_wanted) {
		inner->buf = NULL;
		start_write(c, b);
		return;
	}
	scsi_task_fini(inner);
	if (c->t->abort_wanted)
		end(c);
	else
		end_device(c, inner);
}

static const struct scsi_port_ops read_port = { .done = read_done };

/* The bytes must be ours, not lent by the store, for the same store may be written next. */
static void read_run(struct scsi_task *inner)
{
	inner->io = (struct store_io){
		.op = STORE_READ,
		.offset = inner->lba << inner->lu->block_shift,
		.len = inner->nblk << inner->lu->block_shift,
		.data = inner->buf->data,
	};
	step_io(inner, finish_good);
}

static const struct scsi_cmd read_cmd = {
	0x88,
	NO_SA,
	"EXTENDED COPY: read",
	CDB_RW16,
	XFER_IN_BLOCKS,
	read_run,
	F_MEDIUM | F_RANGE | F_PR_WE_ANY,
	{ 0 },
};

static void start_read(struct xcopy *c)
{
	scsi_task_init(&c->read, &read_port, c->t->nexus);
	c->read.may_read = true;
	c->read.edtl = (uint32_t)round_up(c->part, c->source.shift);
	if (!begin(c, &c->read, &c->source, &read_cmd))
		end_field(c, SENSE_COPY_UNREACHABLE, XCOPY_AT_SOURCE, 7);
}

/* ---- a store that copies by itself ----
 *
 * One inner command has the source's blocks as a read has them, the other those of the
 * destination while the store copies. Both give up (BUSY) rather than wait for an atomic
 * command, as who has blocks must not wait for others; the part is read and written then.
 */

static void held_done(struct scsi_task *inner)
{
	struct xcopy *c = of_read(inner);

	scsi_task_fini(inner);
	if (c->is_held) { /* let go by clone_done(), which knows more */
		c->is_held = false;
		return;
	}
	c->t->inner = NULL;
	if (c->t->abort_wanted) {
		end(c);
	} else if (!inner->aborted && inner->status == SCSI_BUSY) {
		c->by_store = false;
		next(c);
	} else {
		end_device(c, inner);
	}
}

static void clone_done(struct scsi_task *inner)
{
	struct xcopy *c = of_write(inner);

	c->t->inner = NULL;
	scsi_task_fini(inner);
	finish_good(&c->read);
	if (c->t->abort_wanted) {
		end(c);
	} else if (is_good(inner)) {
		part_done(c);
	} else if (!inner->aborted && inner->status == SCSI_BUSY) {
		c->by_store = false;
		next(c);
	} else {
		end_device(c, inner);
	}
}

static const struct scsi_port_ops held_port = { .done = held_done };
static const struct scsi_port_ops clone_port = { .done = clone_done };

static void clone_run(struct scsi_task *inner)
{
	struct xcopy *c = of_write(inner);

	inner->io = (struct store_io){
		.op = STORE_COPY,
		.flags = step_fua(inner),
		.offset = inner->lba << inner->lu->block_shift,
		.len = inner->nblk << inner->lu->block_shift,
		.from = c->read.lu->store,
		.from_offset = c->read.lba << c->read.lu->block_shift,
	};
	step_io(inner, finish_good);
}

static const struct scsi_cmd clone_cmd = {
	0x8a,
	NO_SA,
	"EXTENDED COPY: copy",
	CDB_RW16,
	XFER_NONE,
	clone_run,
	F_MEDIUM | F_RANGE | F_WRITES | F_NO_WAIT,
	{ 0 },
};

/* The source's blocks are kept until clone_done(). */
static void held_run(struct scsi_task *inner)
{
	struct xcopy *c = of_read(inner);

	scsi_task_init(&c->write, &clone_port, c->t->nexus);
	c->is_held = begin(c, &c->write, &c->dest, &clone_cmd);
	if (!c->is_held)
		finish_status(inner, SCSI_BUSY); /* why will be told by the write instead */
}

static const struct scsi_cmd held_cmd = {
	0x88,
	NO_SA,
	"EXTENDED COPY: keep",
	CDB_RW16,
	XFER_NONE,
	held_run,
	F_MEDIUM | F_RANGE | F_PR_WE_ANY | F_NO_WAIT,
	{ 0 },
};

static void start_clone(struct xcopy *c)
{
	scsi_task_init(&c->read, &held_port, c->t->nexus);
	if (!begin(c, &c->read, &c->source, &held_cmd))
		end_field(c, SENSE_COPY_UNREACHABLE, XCOPY_AT_SOURCE, 7);
}

/* ---- from part to part ---- */

/* Choose the next part of the segment. */
static void cut(struct xcopy *c, uint32_t most)
{
	uint64_t left = c->len - c->copied;

	c->part = left < most ? (uint32_t)left : most;
	c->offset = c->is_backward ? left - c->part : c->copied;
}

/* Can the store do this segment? It wants whole blocks on both sides that do not overlap. */
static bool suits_store(const struct xcopy *c)
{
	return c->by_store && !c->is_backward && round_up(c->len, c->source.shift) == c->len &&
	       round_up(c->len, c->dest.shift) == c->len;
}

static void next(struct xcopy *c)
{
	while (c->copied == c->len) {
		if (c->record)
			c->record->segments++;
		if (++c->at == c->list.nsegments) {
			end(c);
			return;
		}
		if (!load(c))
			return;
	}
	if (suits_store(c)) {
		cut(c, STORE_PART);
		start_clone(c);
	} else {
		cut(c, PART);
		start_read(c);
	}
}

/*
 * Look at all segments before the first is copied: a list with a fault that shows at once
 * changes nothing. False: c has ended.
 */
static bool check_all(struct xcopy *c)
{
	for (c->at = 0; c->at < c->list.nsegments; c->at++) {
		if (!load(c))
			return false;
	}
	c->at = 0;
	return load(c);
}

static struct xcopy *new_copy(struct scsi_task *t, const struct xcopy_list *list)
{
	struct xcopy *c = calloc(1, sizeof(*c));
	uint16_t i;

	if (!c)
		return NULL;
	c->t = t;
	c->list = *list;
	c->by_store = true;
	for (i = 0; i < XCOPY_CSCDS; i++)
		c->luns[i] = NOT_FOUND;
	if (list->has_id) {
		c->record = xcopy_log_start(&t->itl->copies, list->id);
		if (!c->record) {
			free(c);
			return NULL;
		}
	}
	t->lu->ncopies++;
	return c;
}

static void start(struct scsi_task *t, const struct xcopy_list *list)
{
	const struct xcopy_record *same = xcopy_log_find(&t->itl->copies, list->id);
	struct xcopy *c;

	if (list->has_id && same && same->is_running) {
		finish_code(t, SENSE_IN_PROGRESS);
		return;
	}
	c = t->lu->ncopies < LIMITS_COPIES ? new_copy(t, list) : NULL;
	if (!c)
		finish_status(t, SCSI_BUSY);
	else if (!list->nsegments)
		end(c); /* no error (SPC-4, 6.4.3.2) */
	else if (check_all(c))
		next(c);
}

void xcopy(struct scsi_task *t)
{
	struct xcopy_list list;
	struct sense fault;

	if (!t->alloc_len) /* PARAMETER LIST LENGTH 0 is no error */
		finish_good(t);
	else if (t->out_want < t->alloc_len)
		finish_code(t, SENSE_LIST_LENGTH);
	else if (!xcopy_list_get(&list, t->buf->data, t->alloc_len, &fault))
		finish_check(t, &fault);
	else
		start(t, &list);
}
