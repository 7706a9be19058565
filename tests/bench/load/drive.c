/*
 * One thread, one epoll. A session that is readable gives one recv; all answers in it
 * are taken, each makes room for another command, and what that makes goes out in one
 * sendmsg, unless each command is to be sent by itself. Nothing is allocated for a
 * command, and data that is not verified is not looked at.
 */
#include "drive.h"

#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS   1000000u
#define EVENTS      256
#define TICK_MS     100   /* how often queues that found no room are looked at again */
#define SILENCE_MS  30000 /* a target that answers nothing for so long hangs */
#define TRIES       64    /* addresses tried that overlap with others in flight */
#define PROGRESS_MS 500

#define STATUS_BUSY          0x08
#define STATUS_TASK_SET_FULL 0x28

enum phase {
	PHASE_WARM_UP,   /* commands flow, nothing is counted */
	PHASE_MEASURE,   /* they are counted */
	PHASE_DRAIN,     /* no more are sent; those in flight end */
	PHASE_READ_BACK, /* all that was written is read */
	PHASE_END,
};

struct drive {
	struct options *options; /* borrowed */
	struct result *result;   /* borrowed */
	struct space space;
	struct session *sessions; /* owns */
	uint32_t nsessions;
	uint8_t *data; /* owns; what is written without verification */
	int epoll;
	enum phase phase;
	uint64_t now_ns;
	uint64_t phase_ns;  /* when it began */
	uint64_t answer_ns; /* when the last answer came */
	uint64_t progress_ns;
	uint64_t progress_ios;
	uint64_t done;      /* commands, ever */
	uint32_t in_flight; /* commands, all sessions together */
	uint64_t random;
	uint64_t read_back; /* the next block to read back */
	struct proc_cpu target_from;
	struct proc_cpu self_from;
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Say on standard error why it ends, below the progress line. Always -1. */
__attribute__((format(printf, 1, 2))) static int fail(const char *fmt, ...)
{
	va_list ap;

	(void)fputs(isatty(STDERR_FILENO) ? "\nitgt-load: " : "itgt-load: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\n", stderr);
	return -1;
}

static int fail_session(const struct session *s, const char *what, int err)
{
	if (s->ini.fault[0])
		return fail("the target broke a rule of RFC 7143: %s", s->ini.fault);
	if (err == -EACCES)
		return fail("the login was refused with status 0x%04x, %s", s->ini.login_status,
			    pdu_login_status_name(s->ini.login_status));
	return fail("%s: %s", what, strerror(-err));
}

/* ---- what to do next ---- */

static uint64_t next_random(struct drive *d)
{
	uint64_t x = d->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	d->random = x;
	return x >> 11;
}

/* An address for io: with verification any block may be the first, else it is aligned to len. */
static void place(struct drive *d, struct session *s, struct io *io)
{
	uint32_t n = s->job->len / d->space.block_len;
	uint64_t room = d->space.blocks - n;

	io->extent.blocks = n;
	if (s->job->sequential) {
		if (s->next_lba > room)
			s->next_lba = 0;
		io->extent.lba = s->next_lba;
		s->next_lba += n;
	} else if (d->space.users) {
		io->extent.lba = next_random(d) % (room + 1);
	} else {
		io->extent.lba = next_random(d) % (room / n + 1) * n;
	}
}

/* Decide what io does. False: nothing now. */
static bool choose(struct drive *d, struct session *s, struct io *io)
{
	int i;

	if (d->phase == PHASE_READ_BACK) {
		io->is_write = false;
		return space_next_written(&d->space, &d->read_back,
					  s->job->len / d->space.block_len, &io->extent) &&
		       space_claim(&d->space, &io->extent, false);
	}
	if (d->phase > PHASE_MEASURE)
		return false;
	io->is_write = s->job->read_percent < 100 && next_random(d) % 100 >= s->job->read_percent;
	for (i = 0; i < TRIES; i++) {
		place(d, s, io);
		if (space_claim(&d->space, &io->extent, io->is_write))
			return true;
	}
	return false;
}

static int submit(struct drive *d, struct session *s, struct io *io)
{
	const uint8_t *out = io->data ? io->data : d->data;
	int err;

	if (io->is_write && io->data)
		io->generation = space_fill(&d->space, &io->extent, io->data);
	io->started_ns = clock_ns();
	err = session_submit(s, io, d->space.block_len, out);
	if (err)
		return err;
	d->in_flight++;
	if (s->job->single)
		err = ini_conn_push(&s->ini.conn);
	return err == -EAGAIN ? 0 : err;
}

/* Keep as many commands in flight as the job and the target's window allow. */
static int fill_queue(struct drive *d, struct session *s)
{
	struct io *io;
	int err;

	while ((io = SLIST_FIRST(&s->free)) && ini_session_has_room(&s->ini)) {
		if (!choose(d, s, io))
			return 0;
		SLIST_REMOVE_HEAD(&s->free, link);
		err = submit(d, s, io);
		if (err)
			return err;
	}
	return 0;
}

/* ---- what comes back ---- */

static int fail_io(const struct io *io)
{
	const char *what = io->is_write ? "write" : "read";
	const struct ini_task *t = &io->task;

	if (t->outcome == INI_REJECTED)
		return fail("a %s of %u blocks at %" PRIu64 " was rejected, reason 0x%02x", what,
			    io->extent.blocks, io->extent.lba, t->reject_reason);
	return fail("a %s of %u blocks at %" PRIu64
		    " failed: response 0x%02x, status 0x%02x, sense %06x",
		    what, io->extent.blocks, io->extent.lba, t->response, t->status,
		    ini_task_sense(t));
}

/* A command has ended GOOD. 0 or -1. */
static int account(struct drive *d, struct session *s, struct io *io)
{
	uint32_t len = io->extent.blocks * d->space.block_len;
	char why[256];

	if (d->phase == PHASE_MEASURE) {
		s->job->ios++;
		s->job->bytes += len;
		histogram_add(&s->job->latency_ns, d->now_ns - io->started_ns);
	}
	if (!d->space.users)
		return 0;
	if (io->is_write) {
		space_written(&d->space, &io->extent, io->generation);
		return 0;
	}
	if (!space_check(&d->space, &io->extent, io->data, why, sizeof(why)))
		return fail("wrong data: %s", why);
	if (d->phase == PHASE_READ_BACK)
		d->result->verified += len;
	return 0;
}

static int finish(struct drive *d, struct session *s, struct io *io)
{
	const struct ini_task *t = &io->task;
	int err = 0;

	s->in_flight--;
	d->in_flight--;
	d->done++;
	if (ini_task_is_good(t))
		err = account(d, s, io);
	else if (t->outcome == INI_ANSWERED && d->phase < PHASE_READ_BACK &&
		 (t->status == STATUS_BUSY || t->status == STATUS_TASK_SET_FULL))
		s->job->refused++;
	else
		err = fail_io(io);
	space_release(&d->space, &io->extent, io->is_write);
	SLIST_INSERT_HEAD(&s->free, io, link);
	return err;
}

/* Wait for room in the socket, or no longer. */
static void watch(const struct drive *d, struct session *s, bool is_full)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

	if (is_full)
		e.events |= EPOLLOUT;
	if (is_full != s->is_full)
		epoll_ctl(d->epoll, EPOLL_CTL_MOD, s->ini.conn.fd, &e);
	s->is_full = is_full;
}

static int push(const struct drive *d, struct session *s)
{
	int err = ini_conn_push(&s->ini.conn);

	if (err && err != -EAGAIN)
		return fail_session(s, "sending", err);
	watch(d, s, err == -EAGAIN);
	return 0;
}

/* Take all answers that have been received; one that was single makes the next one go at once. */
static int take_answers(struct drive *d, struct session *s)
{
	struct ini_task *t;
	int err;

	while ((err = ini_task_take(&s->ini, &t)) == 0) {
		if (finish(d, s, t->user) < 0)
			return -1;
		if (s->job->single && fill_queue(d, s) < 0)
			return fail("the connection is lost");
	}
	return err == -EAGAIN ? 0 : fail_session(s, "receiving", err);
}

static int refill(struct drive *d, struct session *s)
{
	int err = s->job ? fill_queue(d, s) : 0;

	return err ? fail_session(s, "submitting a command", err) : push(d, s);
}

static int serve(struct drive *d, struct session *s, uint32_t events)
{
	int err;

	if (events & ~(uint32_t)EPOLLOUT) {
		err = ini_conn_pull(&s->ini.conn);
		if (err && err != -EAGAIN)
			return fail_session(s, "receiving", err);
		d->now_ns = clock_ns();
		d->answer_ns = d->now_ns;
		if (take_answers(d, s) < 0)
			return -1;
	}
	return refill(d, s);
}

/* ---- phases ---- */

static int read_cpu(const struct drive *d, struct proc_cpu *target, struct proc_cpu *self)
{
	int err = d->options->pid ? proc_cpu_read(d->options->pid, target) : 0;

	if (err)
		return fail("the target's process: %s", strerror(-err));
	err = proc_cpu_read(getpid(), self);
	return err ? fail("/proc: %s", strerror(-err)) : 0;
}

static int enter(struct drive *d, enum phase phase)
{
	struct proc_cpu target = { 0 }, self;
	uint32_t i;

	if (phase == PHASE_MEASURE && read_cpu(d, &d->target_from, &d->self_from) < 0)
		return -1;
	if (phase == PHASE_DRAIN) {
		if (read_cpu(d, &target, &self) < 0)
			return -1;
		d->result->target = proc_cpu_between(&d->target_from, &target);
		d->result->self = proc_cpu_between(&d->self_from, &self);
		d->result->measured_ns = d->now_ns - d->phase_ns;
	}
	d->phase = phase;
	d->phase_ns = d->now_ns = clock_ns();
	for (i = 0; phase == PHASE_READ_BACK && i < d->nsessions; i++) {
		if (refill(d, &d->sessions[i]) < 0)
			return -1;
	}
	return 0;
}

static int follow_phase(struct drive *d)
{
	uint64_t ms = (d->now_ns - d->phase_ns) / NS_PER_MS;

	switch (d->phase) {
	case PHASE_WARM_UP: return ms < d->options->warm_up_ms ? 0 : enter(d, PHASE_MEASURE);
	case PHASE_MEASURE: return ms < d->options->time_ms ? 0 : enter(d, PHASE_DRAIN);
	case PHASE_DRAIN:
		if (d->in_flight)
			return 0;
		return enter(d, d->options->verify ? PHASE_READ_BACK : PHASE_END);
	case PHASE_READ_BACK: return d->in_flight ? 0 : enter(d, PHASE_END);
	case PHASE_END: break;
	}
	return 0;
}

static void show_progress(struct drive *d)
{
	static const char *const names[] = { "warm-up", "measuring", "draining", "reading back",
					     "done" };
	uint64_t ms = (d->now_ns - d->progress_ns) / NS_PER_MS;

	if (!d->options->progress || ms < PROGRESS_MS)
		return;
	(void)fprintf(stderr, "\r%-12s %4" PRIu64 " s  %9" PRIu64 " IOPS ", names[d->phase],
		      (d->now_ns - d->phase_ns) / NS_PER_MS / 1000,
		      (d->done - d->progress_ios) * 1000 / ms);
	d->progress_ns = d->now_ns;
	d->progress_ios = d->done;
}

/* What is due by time: a queue that found no room before, a target that is silent. */
static int tick(struct drive *d)
{
	uint32_t i;

	for (i = 0; i < d->nsessions; i++) {
		if (d->sessions[i].job && !SLIST_EMPTY(&d->sessions[i].free) &&
		    refill(d, &d->sessions[i]) < 0)
			return -1;
	}
	if (d->in_flight && d->now_ns - d->answer_ns > (uint64_t)SILENCE_MS * NS_PER_MS)
		return fail("no answer for %d s", SILENCE_MS / 1000);
	return 0;
}

static int loop(struct drive *d)
{
	struct epoll_event events[EVENTS];
	uint64_t tick_ns = clock_ns(); /* of the last tick */
	int i, n;

	d->now_ns = d->answer_ns = d->progress_ns = tick_ns;
	if (tick(d) < 0 || enter(d, PHASE_WARM_UP) < 0)
		return -1;
	while (d->phase != PHASE_END) {
		n = epoll_wait(d->epoll, events, EVENTS, TICK_MS);
		for (i = 0; i < n; i++) {
			if (serve(d, events[i].data.ptr, events[i].events) < 0)
				return -1;
		}
		d->now_ns = clock_ns();
		if (d->now_ns - tick_ns > (uint64_t)TICK_MS * NS_PER_MS) {
			tick_ns = d->now_ns;
			show_progress(d);
			if (tick(d) < 0)
				return -1;
		}
		if (follow_phase(d) < 0)
			return -1;
	}
	if (d->options->progress)
		(void)fprintf(stderr, "\r\033[K");
	return 0;
}

/* ---- start and end ---- */

static int open_session(struct drive *d, struct job *job)
{
	struct session *s = &d->sessions[d->nsessions];
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };
	const char *what;
	int err = session_open(s, d->options, d->nsessions++, &what);

	if (err)
		return fail_session(s, what, err);
	if (job && session_add_ios(s, job, d->options->url.lun, d->options->verify) < 0)
		return fail("no memory");
	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, s->ini.conn.fd, &e) < 0)
		return fail("epoll: %s", strerror(errno));
	return 0;
}

static int open_sessions(struct drive *d, uint32_t total)
{
	struct options *o = d->options;
	uint64_t from_ns = clock_ns();
	uint32_t i, n;

	d->sessions = calloc(total, sizeof(*d->sessions));
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!d->sessions || d->epoll < 0)
		return fail("sessions: %s", strerror(errno));
	for (i = 0; i < o->njobs; i++) {
		for (n = 0; n < o->jobs[i].sessions; n++) {
			if (open_session(d, &o->jobs[i]) < 0)
				return -1;
		}
	}
	for (n = 0; n < o->idle; n++) {
		if (open_session(d, NULL) < 0)
			return -1;
	}
	d->result->login_ns = clock_ns() - from_ns;
	return 0;
}

/* What is used of the logical unit, and whether all that is in flight finds its place in it. */
static int open_space(struct drive *d)
{
	struct options *o = d->options;
	uint64_t blocks = 0, in_flight = 0;
	uint32_t block_len = 0, i, n;
	const char *what;
	int err = session_capacity(&d->sessions[0], o, &blocks, &block_len, &what);

	if (err)
		return fail_session(&d->sessions[0], what, err);
	if (o->range_bytes && o->range_bytes / block_len < blocks)
		blocks = o->range_bytes / block_len;
	for (i = 0; i < o->njobs; i++) {
		n = o->jobs[i].len / block_len;
		if (!n || o->jobs[i].len % block_len)
			return fail("%u bytes are not a number of blocks of %u", o->jobs[i].len,
				    block_len);
		in_flight += (uint64_t)n * o->jobs[i].depth * o->jobs[i].sessions;
		if (n > blocks)
			return fail("a command is larger than what there is");
	}
	if (o->verify && in_flight * 4 > blocks)
		return fail("--verify: the range must be four times what is in flight");
	if (space_init(&d->space, block_len, blocks, o->seed, o->verify) < 0)
		return fail("no memory");
	return 0;
}

/* What is written without verification: nothing that could be compressed or taken for zeros. */
static int make_data(struct drive *d)
{
	uint32_t len = 0, i, at;
	uint64_t word;

	for (i = 0; i < d->options->njobs; i++)
		len = d->options->jobs[i].len > len ? d->options->jobs[i].len : len;
	d->data = aligned_alloc(4096, (len + 4095u) & ~4095u);
	if (!d->data)
		return fail("no memory");
	for (at = 0; at < len; at += sizeof(word)) {
		word = next_random(d);
		memcpy(d->data + at, &word, sizeof(word));
	}
	return 0;
}

/* Sequential sessions begin evenly spread. */
static void spread(struct drive *d)
{
	struct session *s;
	uint32_t i, n;

	for (i = 0; i < d->nsessions; i++) {
		s = &d->sessions[i];
		if (!s->job)
			continue;
		n = s->job->len / d->space.block_len;
		s->next_lba = d->space.blocks / d->nsessions * i / n * n;
	}
}

static void close_all(struct drive *d)
{
	uint32_t i;

	for (i = 0; i < d->nsessions; i++)
		session_close(&d->sessions[i]);
	free(d->sessions);
	free(d->data);
	space_free(&d->space);
	if (d->epoll >= 0)
		close(d->epoll);
}

static void allow_descriptors(uint32_t sessions)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < sessions + 64u) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int drive_run(struct options *o, struct result *r)
{
	struct drive d = { .options = o, .result = r, .epoll = -1 };
	uint32_t total = o->idle;
	size_t i;
	int err;

	*r = (struct result){ 0 };
	d.random = o->seed * 0x9e3779b97f4a7c15u | 1;
	for (i = 0; i < o->njobs; i++)
		total += o->jobs[i].sessions;
	allow_descriptors(total);
	err = open_sessions(&d, total);
	if (!err)
		err = open_space(&d);
	if (!err)
		err = make_data(&d);
	if (!err) {
		spread(&d);
		err = loop(&d);
	}
	close_all(&d);
	return err;
}
