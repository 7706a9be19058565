#include "store/workers.h"

#include "base/clock.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MANY 200

/* What the work of a test sees and tells. */
struct job {
	struct store_io io;
	pthread_t self;
	sigset_t blocked;
	pthread_barrier_t *meet;
	int back;
};

static int note_thread(struct store_io *io)
{
	struct job *j = io->user;

	j->self = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &j->blocked);
	if (j->meet)
		pthread_barrier_wait(j->meet);
	return -(int)io->offset;
}

static void add(struct workers *w, struct job *j, uint64_t result)
{
	*j = (struct job){
		.io = { .work = note_thread,
			.offset = result,
			.store = j->io.store,
			.op = j->io.op,
			.flags = j->io.flags },
		.meet = j->meet,
	};
	j->io.user = j;
	CU_ASSERT_EQUAL_FATAL(workers_add(w, &j->io), 0);
}

/* Take until n came back. */
static void take(struct workers *w, int n)
{
	struct store_io_list out = STAILQ_HEAD_INITIALIZER(out);
	struct pollfd p = { .fd = w->wake_fd, .events = POLLIN };
	struct store_io *io;
	eventfd_t count;
	int back = 0;

	while (back < n) {
		if (poll(&p, 1, 20000) != 1)
			CU_FAIL_FATAL("a request did not come back");
		eventfd_read(w->wake_fd, &count);
		workers_take(w, &out);
		while ((io = STAILQ_FIRST(&out))) {
			STAILQ_REMOVE_HEAD(&out, link);
			((struct job *)io->user)->back++;
			back++;
		}
	}
	CU_ASSERT_EQUAL(back, n);
}

static void start(struct workers *w, unsigned int max)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(workers_init(w, max, fd), 0);
}

static void stop(struct workers *w)
{
	workers_fini(w);
	close(w->wake_fd);
}

static void nothing_runs_before_there_is_work(void)
{
	struct store_io_list out = STAILQ_HEAD_INITIALIZER(out);
	struct workers w;

	start(&w, 2);
	CU_ASSERT_EQUAL(w.started, 0);
	CU_ASSERT_FALSE(workers_take(&w, &out));
	stop(&w);
}

static void work_runs_elsewhere_and_its_result_comes_back(void)
{
	struct job j = { .meet = NULL };
	struct workers w;

	start(&w, 2);
	add(&w, &j, ENOSPC);
	take(&w, 1);
	CU_ASSERT_EQUAL(j.io.error, -ENOSPC);
	CU_ASSERT_FALSE(pthread_equal(j.self, pthread_self()));
	CU_ASSERT_TRUE(sigismember(&j.blocked, SIGTERM));
	CU_ASSERT_TRUE(sigismember(&j.blocked, SIGXFSZ));
	stop(&w);
}

static void each_of_many_comes_back_once(void)
{
	static struct job jobs[MANY];
	struct workers w;
	int i;

	start(&w, 3);
	for (i = 0; i < MANY; i++)
		add(&w, &jobs[i], (uint64_t)i);
	CU_ASSERT(w.started >= 1 && w.started <= 3);
	take(&w, MANY);
	for (i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(jobs[i].back, 1);
		CU_ASSERT_EQUAL(jobs[i].io.error, -i);
	}
	stop(&w);
}

/* Each waits for the others: only as many threads as allowed, all at once, bring them back. */
static void work_that_waits_gets_more_threads(void)
{
	pthread_barrier_t meet;
	struct job jobs[3] = { { .meet = NULL } };
	struct workers w;
	int i;

	start(&w, 3);
	pthread_barrier_init(&meet, NULL, 3);
	for (i = 0; i < 3; i++) {
		jobs[i].meet = &meet;
		add(&w, &jobs[i], 0);
	}
	take(&w, 3);
	CU_ASSERT_EQUAL(w.started, 3);
	stop(&w);
	pthread_barrier_destroy(&meet);
}

static int wait_a_while(struct store_io *io)
{
	uint64_t until_ns = clock_ns() + 300000;

	(void)io;
	while (clock_ns() < until_ns)
		;
	return 0;
}

/* A worker that has taken several, and finds one of them slow, gives the others back. */
static void some_are_slow(void)
{
	static struct job jobs[MANY];
	struct workers w;
	int i;

	start(&w, 3);
	for (i = 0; i < MANY; i++) {
		jobs[i] = (struct job){
			.io = { .work = i % 16 ? note_thread : wait_a_while, .user = &jobs[i] },
		};
		CU_ASSERT_EQUAL_FATAL(workers_add(&w, &jobs[i].io), 0);
	}
	take(&w, MANY);
	for (i = 0; i < MANY; i++)
		CU_ASSERT_EQUAL(jobs[i].back, 1);
	stop(&w);
}

/* Both threads are at a gate while two requests are queued that wait for each other. */
static void meet_on_two_threads(const struct store_io unlike[static 2])
{
	struct job jobs[4] = { { .meet = NULL } };
	pthread_barrier_t gate, meet;
	struct workers w;
	int i, n;

	start(&w, 2);
	pthread_barrier_init(&gate, NULL, 3);
	pthread_barrier_init(&meet, NULL, 2);
	for (n = 0; n < 200; n++) {
		for (i = 0; i < 4; i++) {
			jobs[i].meet = i < 2 ? &gate : &meet;
			jobs[i].io = unlike[i % 2];
			add(&w, &jobs[i], 0);
		}
		pthread_barrier_wait(&gate);
		take(&w, 4);
	}
	stop(&w);
	pthread_barrier_destroy(&gate);
	pthread_barrier_destroy(&meet);
}

/* However quick they all are: none waits for one of another store, or of another kind. */
static void who_is_unlike_does_not_wait(void)
{
	struct store stores[2] = { { .size = 1 }, { .size = 1 } };
	const struct store_io cases[][2] = {
		{ { .store = &stores[0] }, { .store = &stores[1] } },
		{ { .op = STORE_WRITE }, { .op = STORE_FLUSH } },
		{ { .op = STORE_WRITE }, { .op = STORE_WRITE, .flags = STORE_FUA } },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		meet_on_two_threads(cases[i]);
}

static void an_idle_thread_is_used_again(void)
{
	struct job j = { .meet = NULL };
	struct workers w;
	int i;

	start(&w, 8);
	for (i = 0; i < 3; i++) {
		add(&w, &j, 0);
		take(&w, 1);
	}
	/* A thread may not have gone back to waiting yet; but never one for each. */
	CU_ASSERT(w.started <= 3);
	stop(&w);
}

static const struct unit_test tests[] = {
	{ "no thread runs before there is work", nothing_runs_before_there_is_work },
	{ "work runs on another thread, signals blocked, and its result comes back",
	  work_runs_elsewhere_and_its_result_comes_back },
	{ "each of many requests comes back once", each_of_many_comes_back_once },
	{ "work that waits gets more threads, up to the limit", work_that_waits_gets_more_threads },
	{ "some are slow", some_are_slow },
	{ "who is unlike does not wait", who_is_unlike_does_not_wait },
	{ "an idle thread is used again", an_idle_thread_is_used_again },
};

UNIT_MAIN("store/workers", tests)
