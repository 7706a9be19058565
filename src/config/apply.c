#include "config/apply.h"

#include "base/log.h"
#include "config/save.h"
#include "scsi/lu_change.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIET_MS 10000 /* for units to become quiet; else the change is refused */
#define PRESS_MS 3000  /* for initiators to log out; then they are cut off */
#define LEAVE_MS 10000 /* for all to have left; then the change counts as done all the same */

enum apply_state {
	APPLY_IDLE,    /* nothing under way; what left late may still be closed */
	APPLY_WORKING, /* a worker has the job; next() follows */
	APPLY_HOLDING, /* units are held, and become quiet */
	APPLY_LEAVING, /* it has happened; what was removed leaves */
};

struct apply {
	enum apply_state state;
	struct running *now;   /* borrowed */
	struct store_env *env; /* borrowed */
	struct store none;     /* whose work the jobs are: no store's */
	struct store_io job;   /* lent to a worker */
	void (*work)(struct apply *a);
	void (*next)(struct apply *a); /* what follows, on the loop */
	bool is_back;                  /* the job is */
	bool is_stopping;
	STAILQ_HEAD(, apply_call) line;
	struct apply_call *call;      /* under way; NULL: none */
	struct plan plan;             /* of call */
	struct commit *commit;        /* owns; of call */
	STAILQ_HEAD(, commit) late;   /* owns; of calls that are over, with something left */
	struct commit *closing;       /* which of them the job closes */
	const struct commit_ops *ops; /* borrowed */
	void *user;
	uint64_t now_ms;
	uint64_t press_ms, deadline_ms; /* 0: none */
};

/* ---- jobs ---- */

static int on_worker(struct store_io *io)
{
	struct apply *a = io->user;

	a->work(a);
	return 0;
}

static void on_back(struct store_io *io)
{
	struct apply *a = io->user;

	a->is_back = true;
}

static void start_job(struct apply *a, void (*work)(struct apply *a), void (*next)(struct apply *a))
{
	a->state = APPLY_WORKING;
	a->work = work;
	a->next = next;
	a->job = (struct store_io){ .user = a, .done = on_back };
	store_work(&a->none, &a->job, on_worker);
}

/* ---- the end of a call ---- */

static bool begins(const char *text, const char *front, char next)
{
	return strncmp(text, front, strlen(front)) == 0 && text[strlen(front)] == next;
}

/* Warnings are for whoever has written what they are about: the request, or the file. */
static bool is_for(const struct conf_fault *one, const struct request *rq)
{
	char name[REQUEST_NAME_MAX];
	enum request_kind edit;

	if (!one->is_warning)
		return true;
	if (rq->kind < REQUEST_EDITS)
		return begins(one->text, request_format(name, rq), ':');
	for (edit = 0; edit < REQUEST_EDITS; edit++) {
		if (begins(one->text, request_name(edit), ' '))
			return false;
	}
	return true;
}

/* The faults, or the warnings, a line each. NULL: none, or no memory. */
static char *tell(const struct conf_faults *faults, const struct request *rq, bool warnings)
{
	const struct conf_fault *one;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	STAILQ_FOREACH (one, &faults->list, link) {
		if (one->is_warning == warnings && is_for(one, rq))
			fprintf(f, "%s%s", ftell(f) > 0 ? "\n" : "", one->text);
	}
	fclose(f);
	if (text && !*text) {
		free(text);
		text = NULL;
	}
	return text;
}

static void finish(struct apply *a, int err)
{
	struct apply_call *c = a->call;

	c->err = err;
	if (err && !c->why)
		c->why = tell(&a->plan.faults, &c->rq, false);
	if (err && !c->why)
		c->why = strdup(strerror(-err));
	if (!c->notes)
		c->notes = tell(&a->plan.faults, &c->rq, true);
	if (!err) {
		c->lines = a->plan.lines;
		c->nlines = a->plan.nlines;
		a->plan.lines = NULL;
		a->plan.nlines = 0;
	}
	plan_fini(&a->plan);
	if (c->rq.kind == REQUEST_RELOAD)
		a->ops->reloading(a->user, false);
	a->call = NULL;
	a->state = APPLY_IDLE;
	a->press_ms = 0;
	a->deadline_ms = 0;
	c->done(c);
}

/* ---- giving up ---- */

static void let_go_on(struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nluns; i++) {
		struct scsi_lu *lu = a->plan.luns[i].live;

		if (lu && lu->is_held)
			scsi_lu_go_on(lu);
	}
}

static void undo(struct apply *a)
{
	plan_undo(&a->plan);
}

static void undone(struct apply *a)
{
	finish(a, a->plan.err);
}

static void give_up(struct apply *a, int err)
{
	a->plan.err = err;
	let_go_on(a);
	commit_cancel(a->commit, &a->plan);
	start_job(a, undo, undone);
}

static void give_up_why(struct apply *a, int err, const char *why)
{
	a->call->why = strdup(why);
	give_up(a, err);
}

/* ---- sizes ---- */

static struct store *to_resize(const struct plan_lun *row, bool second)
{
	return second ? row->store : row->live->store;
}

/* Back to what they were: all or nothing. A store that cannot is told of. */
static void resize_back(struct plan *p, size_t n)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		if (!p->luns[i].resize)
			continue;
		err = store_resize(p->luns[i].live->store, p->luns[i].size_before);
		if (err)
			log_error("LUN %u cannot go back to its size: %s",
				  p->luns[i].live->opt.number, strerror(-err));
	}
}

static void resize(struct apply *a)
{
	struct plan *p = &a->plan;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < p->nluns; i++) {
		struct plan_lun *row = &p->luns[i];

		if (!row->resize)
			continue;
		row->size_before = row->live->store->size;
		err = store_resize(to_resize(row, false), row->resize);
		if (!err && row->store)
			err = store_resize(to_resize(row, true), row->resize);
		if (err) {
			conf_fault(&p->faults, row->after->node->where, row->after->node, "size",
				   "cannot be changed: %s", strerror(-err));
			resize_back(p, i);
		}
	}
	p->err = err;
}

static void commit(struct apply *a);

static void resized(struct apply *a)
{
	if (a->plan.err)
		give_up(a, a->plan.err);
	else
		commit(a);
}

/* ---- on its way ---- */

static void note_lines(const struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nlines; i++)
		log_notice("%s: %s", request_name(a->call->rq.kind), a->plan.lines[i].text);
}

static void commit(struct apply *a)
{
	note_lines(a);
	commit_plan(a->commit, &a->plan);
	a->state = APPLY_LEAVING;
	a->press_ms = a->now_ms + PRESS_MS;
	a->deadline_ms = a->now_ms + LEAVE_MS;
}

static bool wants_hold(const struct plan_lun *row)
{
	return row->live && !row->goes && (row->reopens || row->resize);
}

/* Units that get another store or another size rest while that happens. True: there are some. */
static bool hold(struct apply *a)
{
	bool any = false;
	size_t i;

	for (i = 0; i < a->plan.nluns; i++) {
		if (!wants_hold(&a->plan.luns[i]))
			continue;
		scsi_lu_hold(a->plan.luns[i].live);
		any = true;
	}
	return any;
}

/* The first unit of those that is not at rest yet. NULL: all are. */
static const struct plan_lun *restless(const struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nluns; i++) {
		if (wants_hold(&a->plan.luns[i]) && !scsi_lu_is_quiet(a->plan.luns[i].live))
			return &a->plan.luns[i];
	}
	return NULL;
}

/* From here on workers have their stores, and until they go on nothing is read there. */
static void settle(const struct apply *a)
{
	size_t i;

	for (i = 0; i < a->plan.nluns; i++) {
		if (wants_hold(&a->plan.luns[i]))
			store_settle(a->plan.luns[i].live->store);
	}
}

static void made(struct apply *a)
{
	char why[COMMIT_WHY_MAX];
	int err = a->plan.err;

	if (err) {
		give_up(a, err);
		return;
	}
	if (a->call->rq.kind == REQUEST_DIFF) {
		finish(a, 0);
		return;
	}
	err = commit_prepare(a->commit, &a->plan, why);
	if (err) {
		give_up_why(a, err, why);
		return;
	}
	if (!hold(a)) {
		commit(a);
		return;
	}
	a->state = APPLY_HOLDING;
	a->deadline_ms = a->now_ms + QUIET_MS;
}

static void make(struct apply *a)
{
	plan_make(&a->plan);
}

static void save(struct apply *a)
{
	a->plan.err = save_write(a->now, a->call->rq.force, &a->call->why, &a->call->notes);
}

static void saved(struct apply *a)
{
	finish(a, a->plan.err);
}

/* ---- turns ---- */

static void close_stores(struct apply *a)
{
	commit_close(a->closing);
}

static void closed(struct apply *a)
{
	commit_closed(a->closing);
	a->state = a->call ? APPLY_LEAVING : APPLY_IDLE;
}

/* True: c has something to close, and a worker does that now. */
static bool start_close(struct apply *a, struct commit *c)
{
	if (!commit_wants_close(c))
		return false;
	a->closing = c;
	start_job(a, close_stores, closed);
	return true;
}

/* What has not left in time leaves by itself; the next call waits only for its own. */
static void leave_behind(struct apply *a)
{
	struct commit *c = commit_new(a->now, a->ops, a->user);

	if (!c)
		return; /* then the next one waits for these, too */
	STAILQ_INSERT_TAIL(&a->late, a->commit, link);
	a->commit = c;
}

static bool turn_late(struct apply *a)
{
	struct commit *c, *next;
	bool moved = false;

	for (c = STAILQ_FIRST(&a->late); c; c = next) {
		next = STAILQ_NEXT(c, link);
		moved |= commit_sweep(c);
		if (start_close(a, c))
			return true;
		if (!commit_is_at_rest(c))
			continue;
		STAILQ_REMOVE(&a->late, c, commit, link);
		commit_free(c);
		moved = true;
	}
	return moved;
}

static bool start(struct apply *a)
{
	a->call = STAILQ_FIRST(&a->line);
	if (!a->call)
		return false;
	STAILQ_REMOVE_HEAD(&a->line, link);
	plan_init(&a->plan, &a->call->rq, a->now, a->env);
	if (a->call->rq.kind == REQUEST_RELOAD)
		a->ops->reloading(a->user, true);
	if (a->is_stopping) {
		a->call->why = strdup("itgtd is stopping");
		finish(a, -ESHUTDOWN);
	} else if (a->call->rq.kind == REQUEST_SAVE) {
		start_job(a, save, saved);
	} else {
		start_job(a, make, made);
	}
	return true;
}

static bool turn_holding(struct apply *a)
{
	const struct plan_lun *row = restless(a);
	char why[COMMIT_WHY_MAX];

	if (!row) {
		settle(a);
		start_job(a, resize, resized);
		return true;
	}
	if (a->now_ms < a->deadline_ms)
		return false;
	snprintf(why, sizeof(why),
		 "target \"%s\": LUN %u: commands in flight have not ended within %d s, so "
		 "nothing was changed (try again when its disk answers, or initiators ask for "
		 "less)",
		 row->target->name, row->live->opt.number, QUIET_MS / 1000);
	give_up_why(a, -EBUSY, why);
	return true;
}

static bool turn_leaving(struct apply *a)
{
	if (start_close(a, a->commit))
		return true;
	if (commit_is_at_rest(a->commit)) {
		finish(a, 0);
		return true;
	}
	if (a->press_ms && a->now_ms >= a->press_ms) {
		a->press_ms = 0;
		commit_press(a->commit);
		return true;
	}
	if (a->now_ms < a->deadline_ms)
		return false;
	log_warning("%s: done, but what was removed is still in use",
		    request_name(a->call->rq.kind));
	leave_behind(a);
	finish(a, 0);
	return true;
}

bool apply_turn(struct apply *a, uint64_t now_ms)
{
	bool moved;

	a->now_ms = now_ms;
	switch (a->state) {
	case APPLY_WORKING:
		if (!a->is_back)
			return false;
		a->is_back = false;
		a->next(a);
		return true;
	case APPLY_HOLDING: return turn_holding(a);
	case APPLY_LEAVING: moved = commit_sweep(a->commit); return turn_leaving(a) || moved;
	case APPLY_IDLE: break;
	}
	moved = turn_late(a);
	return a->state == APPLY_WORKING || start(a) || moved;
}

bool apply_is_busy(const struct apply *a)
{
	return a->state != APPLY_IDLE || !STAILQ_EMPTY(&a->line) || !STAILQ_EMPTY(&a->late);
}

bool apply_is_working(const struct apply *a)
{
	return a->state == APPLY_WORKING;
}

/* ---- from outside ---- */

struct apply *apply_new(struct running *now, struct store_env *env, const struct commit_ops *ops,
			void *user)
{
	struct apply *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->now = now;
	a->env = env;
	a->none.env = env;
	a->ops = ops;
	a->user = user;
	STAILQ_INIT(&a->line);
	STAILQ_INIT(&a->late);
	a->commit = commit_new(now, ops, user);
	if (!a->commit) {
		free(a);
		return NULL;
	}
	return a;
}

void apply_free(struct apply *a)
{
	if (!a)
		return;
	assert(!apply_is_busy(a));
	commit_free(a->commit);
	free(a);
}

void apply_submit(struct apply *a, struct apply_call *c)
{
	c->err = 0;
	c->why = NULL;
	c->notes = NULL;
	c->lines = NULL;
	c->nlines = 0;
	STAILQ_INSERT_TAIL(&a->line, c, link);
}

void apply_stop(struct apply *a)
{
	a->is_stopping = true;
}

void apply_call_free(struct apply_call *c)
{
	size_t i;

	for (i = 0; i < c->nlines; i++) {
		free(c->lines[i].text);
		free(c->lines[i].target);
	}
	free(c->lines);
	free(c->why);
	free(c->notes);
	request_fini(&c->rq);
	free(c);
}
