#include "scsi/xcopy_log.h"

#include <assert.h>
#include <stdlib.h>

void xcopy_log_init(struct xcopy_log *l)
{
	TAILQ_INIT(&l->records);
	l->ended = 0;
}

void xcopy_log_fini(struct xcopy_log *l)
{
	xcopy_log_clear(l);
	assert(TAILQ_EMPTY(&l->records));
}

struct xcopy_record *xcopy_log_find(const struct xcopy_log *l, uint8_t id)
{
	struct xcopy_record *r;

	TAILQ_FOREACH (r, &l->records, link) {
		if (r->id == id && !r->is_forgotten)
			return r;
	}
	return NULL;
}

static void release(struct xcopy_log *l, struct xcopy_record *r)
{
	TAILQ_REMOVE(&l->records, r, link);
	free(r);
}

void xcopy_log_drop(struct xcopy_log *l, struct xcopy_record *r)
{
	assert(!r->is_running);
	l->ended--;
	release(l, r);
}

struct xcopy_record *xcopy_log_start(struct xcopy_log *l, uint8_t id)
{
	struct xcopy_record *r = xcopy_log_find(l, id);

	if (r)
		xcopy_log_drop(l, r);
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->id = id;
	r->is_running = true;
	TAILQ_INSERT_TAIL(&l->records, r, link);
	return r;
}

static struct xcopy_record *oldest(const struct xcopy_log *l)
{
	struct xcopy_record *r = TAILQ_FIRST(&l->records);

	while (r && r->is_running)
		r = TAILQ_NEXT(r, link);
	return r;
}

void xcopy_log_end(struct xcopy_log *l, struct xcopy_record *r)
{
	if (r->is_forgotten) {
		release(l, r);
		return;
	}
	r->is_running = false;
	TAILQ_REMOVE(&l->records, r, link);
	TAILQ_INSERT_TAIL(&l->records, r, link);
	if (++l->ended > XCOPY_LOG_KEPT)
		xcopy_log_drop(l, oldest(l));
}

void xcopy_log_clear(struct xcopy_log *l)
{
	struct xcopy_record *r;

	while ((r = oldest(l)))
		xcopy_log_drop(l, r);
	TAILQ_FOREACH (r, &l->records, link)
		r->is_forgotten = true;
}
