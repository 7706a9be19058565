#include "daemon/stop.h"

#include "base/log.h"
#include "daemon/notify.h"
#include "daemon/pidfile.h"
#include "iscsi/server.h"
#include "scsi/core.h"
#include "scsi/lu.h"
#include "target/world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TWIN_S     0.5  /* a service manager and a terminal may both send the one signal */
#define PARTING_MS 2000 /* for initiators to log out, as iscsi_server_stop() tells them */
#define CUT_MS     5000 /* for the stores to give back what they have */

static void wait_at_most(struct stop *s, uint32_t ms)
{
	ev_timer_stop(s->loop, &s->deadline);
	ev_timer_set(&s->deadline, ms / 1000., 0.);
	ev_timer_start(s->loop, &s->deadline);
}

static void finish(struct stop *s)
{
	s->state = STOP_DONE;
	ev_timer_stop(s->loop, &s->deadline);
	ev_break(s->loop, EVBREAK_ALL);
}

static void on_flushed(struct store_io *io)
{
	const struct stop_flush *f = io->user;
	struct stop *s = f->stop;

	s->flushing--;
	if (io->error) {
		log_error("%s: the last flush failed: %s", f->lu->name, strerror(-io->error));
		s->is_clean = false;
	}
	if (s->flushing == 0)
		finish(s);
}

/* Calls fn for every logical unit; returns how many there are. */
static size_t each_lu(const struct world *w,
		      void (*fn)(struct stop *, const struct scsi_lu *, size_t), struct stop *s)
{
	const struct target *t;
	struct scsi_lu *lu;
	uint32_t number;
	size_t n = 0;

	TAILQ_FOREACH (t, &w->targets, link) {
		for (lu = map_next(&t->device.lus, 0, &number); lu;
		     lu = map_next(&t->device.lus, number + 1, &number)) {
			if (fn)
				fn(s, lu, n);
			n++;
		}
	}
	return n;
}

static void flush_one(struct stop *s, const struct scsi_lu *lu, size_t i)
{
	struct stop_flush *f = &s->flushes[i];

	*f = (struct stop_flush){
		.io = { .op = STORE_FLUSH, .done = on_flushed, .user = f },
		.stop = s,
		.lu = lu,
	};
	store_submit(lu->store, &f->io);
}

static void tell_busy(struct stop *s, const struct scsi_lu *lu, size_t i)
{
	(void)s;
	(void)i;
	if (!scsi_lu_is_idle(lu))
		log_error("%s: the store does not give back what it was asked to do", lu->name);
}

static void count_busy(struct stop *s, const struct scsi_lu *lu, size_t i)
{
	(void)i;
	s->busy += !scsi_lu_is_idle(lu);
}

/* A flush behind an answered SYNCHRONIZE CACHE belongs to no session. */
static bool are_idle(struct stop *s)
{
	s->busy = 0;
	each_lu(s->world, count_busy, s);
	return s->busy == 0;
}

/* All writes that were answered reach stable storage, however long that takes. */
static void enter_flushing(struct stop *s)
{
	size_t n = each_lu(s->world, NULL, s);

	s->state = STOP_FLUSHING;
	ev_timer_stop(s->loop, &s->deadline);
	s->flushes = n ? calloc(n, sizeof(*s->flushes)) : NULL;
	if (!s->flushes) {
		s->is_clean = s->is_clean && n == 0;
		finish(s);
		return;
	}
	s->flushing = n;
	each_lu(s->world, flush_one, s);
}

static void enter_cut(struct stop *s)
{
	s->state = STOP_CUT;
	s->world->core->is_closing = true;
	s->cut(s);
	iscsi_server_cut(s->server);
	wait_at_most(s, CUT_MS);
}

static void enter_parting(struct stop *s)
{
	s->state = STOP_PARTING;
	wait_at_most(s, PARTING_MS);
}

static void enter_finishing(struct stop *s)
{
	s->state = STOP_FINISHING;
	log_notice("stopping: commands in flight finish");
	notify_stopping("stopping");
	iscsi_server_stop(s->server);
	wait_at_most(s, s->timeout_ms);
}

bool stop_turn(struct stop *s)
{
	enum stop_state before = s->state;

	if (s->state == STOP_FINISHING && iscsi_server_quiet(s->server))
		enter_parting(s);
	if (s->state == STOP_PARTING && iscsi_server_idle(s->server))
		enter_cut(s);
	if (s->state == STOP_CUT && iscsi_server_idle(s->server) && !s->is_busy(s) && are_idle(s))
		enter_flushing(s);
	return s->state != before;
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct stop *s = w->data;

	(void)loop;
	(void)events;
	switch (s->state) {
	case STOP_FINISHING:
		log_warning("commands in flight did not finish within %u ms", s->timeout_ms);
		enter_cut(s);
		break;
	case STOP_PARTING: enter_cut(s); break;
	case STOP_CUT:
		each_lu(s->world, tell_busy, s);
		s->is_clean = false;
		finish(s);
		break;
	default: break;
	}
}

void stop_begin(struct stop *s)
{
	if (s->state == STOP_NOT)
		enter_finishing(s);
}

/* SIGTERM, SIGINT. The second one leaves at once, but for a twin of the first. */
static void on_end(struct ev_loop *loop, ev_signal *w, int events)
{
	struct stop *s = w->data;

	(void)events;
	if (s->state == STOP_NOT) {
		ev_timer_start(loop, &s->twin);
		enter_finishing(s);
		return;
	}
	if (ev_is_active(&s->twin)) {
		log_info("the same signal came again: it counts once");
		return;
	}
	log_warning("a second signal: leaving at once");
	pidfile_close(s->pidfile);
	_exit(1);
}

static void on_twin_end(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

static void catch_signal(struct stop *s, ev_signal *w, int number,
			 void (*fn)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, fn, number);
	w->data = s;
	ev_signal_start(s->loop, w);
}

void stop_start(struct stop *s)
{
	s->state = STOP_NOT;
	s->is_clean = true;
	s->flushes = NULL;
	ev_timer_init(&s->deadline, on_deadline, 0., 0.);
	s->deadline.data = s;
	ev_timer_init(&s->twin, on_twin_end, TWIN_S, 0.);
	catch_signal(s, &s->sigterm, SIGTERM, on_end);
	catch_signal(s, &s->sigint, SIGINT, on_end);
}

void stop_stop(struct stop *s)
{
	ev_timer_stop(s->loop, &s->deadline);
	ev_timer_stop(s->loop, &s->twin);
	ev_signal_stop(s->loop, &s->sigterm);
	ev_signal_stop(s->loop, &s->sigint);
	free(s->flushes);
	s->flushes = NULL;
}
