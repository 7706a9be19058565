#include "dvt/exercise.h"

#include "base/bytes.h"
#include "dvt/space.h"
#include "initiator/ini_scsi.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AREAS         4
#define ATTENTIONS    16 /* a target has so many things to tell at most, until a command runs */
#define KEY_ATTENTION 0x06

/* A place of its own on the logical unit. */
struct area {
	uint64_t lba;
	uint32_t blocks;
};

static bool wrong(char why[static EXERCISE_WHY_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool wrong(char why[static EXERCISE_WHY_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, EXERCISE_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

/* What became of a command: true when GOOD. */
static bool judge(const struct ini_session *s, const struct ini_task *t, int err, const char *what,
		  char why[static EXERCISE_WHY_MAX])
{
	if (err && s->fault[0])
		return wrong(why, "%s: %s", what, s->fault);
	if (err)
		return wrong(why, "%s: %s", what, strerror(-err));
	if (t->outcome == INI_REJECTED)
		return wrong(why, "%s was rejected, reason 0x%02x", what, t->reject_reason);
	if (!ini_task_is_good(t))
		return wrong(why,
			     "%s ended with status 0x%02x, response 0x%02x, sense 0x%06" PRIx32,
			     what, t->status, t->response, ini_task_sense(t));
	return true;
}

/* ---- one session, several connections ---- */

/* CmdSN and task tags are the session's: they go on where the other connection left them. */
static struct ini_session *take_turn(struct exercise *e, unsigned int n, unsigned int *last)
{
	struct ini_session *from = e->conns[*last], *to = e->conns[n];

	if (from != to) {
		to->cmdsn = from->cmdsn;
		to->itt = from->itt;
		to->expcmdsn = from->expcmdsn;
		to->maxcmdsn = from->maxcmdsn;
	}
	*last = n;
	return to;
}

/* ---- data ---- */

/* Every eight bytes tell the round and where on the logical unit they belong. */
static void fill(const struct exercise *e, const struct area *a, uint8_t *dst)
{
	uint64_t word = a->lba * (e->block / 8), words = (uint64_t)a->blocks * (e->block / 8), i;
	uint64_t state;

	for (i = 0; i < words; i++) {
		state = e->salt + word + i;
		put_be64(dst + i * 8, space_next(&state));
	}
}

/* The first byte that differs, or len. */
static uint32_t differs_at(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	uint32_t i;

	if (memcmp(a, b, len) == 0)
		return len;
	for (i = 0; a[i] == b[i]; i++)
		;
	return i;
}

static bool same(const struct exercise *e, const struct area *a, const uint8_t *want,
		 const char *than, char why[static EXERCISE_WHY_MAX])
{
	uint32_t len = a->blocks * e->block, at = differs_at(want, e->in, len);

	return at == len ||
	       wrong(why, "%" PRIu32 " blocks at %" PRIu64 " differ from %s at byte %" PRIu32,
		     a->blocks, a->lba, than, at);
}

/* ---- commands ---- */

static bool write_area(struct exercise *e, struct ini_session *s, const struct area *a,
		       uint64_t how, char why[static EXERCISE_WHY_MAX])
{
	uint32_t len = a->blocks * e->block;
	struct ini_task t;

	fill(e, a, e->out);
	ini_scsi_write(&t, e->lun, a->lba, a->blocks, e->out, len);
	t.no_immediate = how & 1;
	t.no_unsolicited = how & 2;
	t.backwards = how & 4;
	e->bytes += len;
	return judge(s, &t, ini_task_run(s, &t), "a write", why);
}

static bool read_area(struct exercise *e, struct ini_session *s, const struct area *a, uint8_t *in,
		      char why[static EXERCISE_WHY_MAX])
{
	uint32_t len = a->blocks * e->block;
	struct ini_task t;

	memset(in, 0x5a, len);
	ini_scsi_read(&t, e->lun, a->lba, a->blocks, in, len);
	e->bytes += len;
	return judge(s, &t, ini_task_run(s, &t), "a read", why);
}

/* Write it, read it on the next connection. */
static bool there_and_back(struct exercise *e, const struct area *a, unsigned int *turn,
			   uint64_t how, char why[static EXERCISE_WHY_MAX])
{
	struct ini_session *s = take_turn(e, *turn, turn);

	if (!write_area(e, s, a, how, why))
		return false;
	s = take_turn(e, (*turn + 1) % e->nconns, turn);
	return read_area(e, s, a, e->in, why) && same(e, a, e->out, "what was written", why);
}

/* Read it whole, and in two pieces: the same. */
static bool whole_and_halves(struct exercise *e, const struct area *a, unsigned int *turn,
			     char why[static EXERCISE_WHY_MAX])
{
	struct area first = { a->lba, (a->blocks + 1) / 2 };
	struct area second = { a->lba + first.blocks, a->blocks - first.blocks };
	struct ini_session *s = take_turn(e, (*turn + 1) % e->nconns, turn);

	return read_area(e, s, a, e->out, why) && read_area(e, s, &first, e->in, why) &&
	       (!second.blocks ||
		read_area(e, s, &second, e->in + (size_t)first.blocks * e->block, why)) &&
	       same(e, a, e->out, "those read before", why);
}

/* Several reads in flight at once, of all areas, each with its own part of the buffer. */
static bool all_at_once(struct exercise *e, const struct area areas[static AREAS],
			unsigned int *turn, char why[static EXERCISE_WHY_MAX])
{
	struct ini_session *s = take_turn(e, *turn, turn);
	struct ini_task tasks[AREAS], *t;
	uint32_t at[AREAS], used = 0;
	unsigned int i, n = 0;
	int err = 0;

	for (i = 0; i < AREAS && !err; i++) {
		at[i] = used;
		used += areas[i].blocks * e->block;
		if (used > EXERCISE_LEN_MAX)
			break;
		ini_scsi_read(&tasks[i], e->lun, areas[i].lba, areas[i].blocks, e->in + at[i],
			      areas[i].blocks * e->block);
		err = ini_task_submit(s, &tasks[i]);
		if (!err)
			n++;
	}
	if (err == -EAGAIN && n) /* a small window is the target's good right */
		err = 0;
	for (i = 0; i < n && !err; i++) {
		err = ini_task_next(s, &t, s->timeout_ms);
		if (!err && !judge(s, t, 0, "a read", why))
			return false;
	}
	if (err)
		return judge(s, NULL, err, "reads in flight", why);
	for (i = 0; i < n && e->writes; i++) {
		fill(e, &areas[i], e->out);
		if (differs_at(e->out, e->in + at[i], areas[i].blocks * e->block) !=
		    areas[i].blocks * e->block)
			return wrong(why, "a read among %u in flight brings other data", n);
	}
	return true;
}

/* ---- which ---- */

/*
 * Sizes at which something changes: a block; what fits one PDU and not; one burst and not. Each
 * area has a quarter of the logical unit to lie in.
 */
static void choose_areas(const struct exercise *e, uint64_t *state, struct area areas[static AREAS])
{
	const struct ini_param *p = &e->conns[0]->param;
	const uint32_t near[AREAS] = { e->block, p->own_MaxRecvDataSegmentLength,
				       p->FirstBurstLength, p->MaxBurstLength };
	uint64_t quarter = e->blocks / AREAS, n, places;
	unsigned int i;

	for (i = 0; i < AREAS; i++) {
		n = near[i] / e->block + space_next(state) % 3;
		if (n > EXERCISE_LEN_MAX / e->block)
			n = 1 + space_next(state) % (EXERCISE_LEN_MAX / e->block);
		if (n > quarter)
			n = quarter;
		areas[i].blocks = n ? (uint32_t)n : 1;
		places = quarter - areas[i].blocks + 1;
		assert(places);
		areas[i].lba = i * quarter + space_next(state) % places;
	}
}

bool exercise_run(struct exercise *e, char why[static EXERCISE_WHY_MAX])
{
	uint64_t state = e->salt;
	struct area areas[AREAS];
	unsigned int i, turn = 0;

	choose_areas(e, &state, areas);
	for (i = 0; i < AREAS; i++) {
		if (e->writes ? !there_and_back(e, &areas[i], &turn, space_next(&state), why)
			      : !whole_and_halves(e, &areas[i], &turn, why))
			return false;
	}
	if (!all_at_once(e, areas, &turn, why))
		return false;
	take_turn(e, 0, &turn);
	return true;
}

/* ---- capacity ---- */

int exercise_capacity(struct exercise *e, char why[static EXERCISE_WHY_MAX])
{
	struct ini_session *s = e->conns[0];
	uint8_t data[32] = { 0 };
	struct ini_task t;
	int err, tries;

	for (tries = 0; tries < ATTENTIONS; tries++) {
		ini_scsi_read_capacity16(&t, e->lun, data, sizeof(data));
		err = ini_task_run(s, &t);
		if (err || ini_task_sense(&t) >> 16 != KEY_ATTENTION)
			break;
	}
	if (!judge(s, &t, err, "READ CAPACITY(16)", why))
		return err ? err : -EIO;
	e->blocks = be64(data) + 1;
	e->block = be32(data + 8);
	if (e->block < 512 || e->block > EXERCISE_LEN_MAX || e->block % 8 || e->blocks < AREAS) {
		wrong(why, "%" PRIu64 " blocks of %" PRIu32 " bytes are no disk for this",
		      e->blocks, e->block);
		return -EINVAL;
	}
	return 0;
}
