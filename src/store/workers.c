#include "store/workers.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#define AT_ONCE  8      /* requests that a worker takes, when the last ones took … */
#define QUICK_NS 100000 /* … less than this, all together */

int workers_init(struct workers *w, unsigned int max, int wake_fd)
{
	assert(max > 0);
	*w = (struct workers){ .max = max, .wake_fd = wake_fd };
	w->threads = calloc(max, sizeof(*w->threads));
	if (!w->threads)
		return -ENOMEM;
	STAILQ_INIT(&w->todo);
	STAILQ_INIT(&w->done);
	atomic_init(&w->news, false);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	return 0;
}

void workers_fini(struct workers *w)
{
	unsigned int i;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (i = 0; i < w->started; i++)
		pthread_join(w->threads[i], NULL);
	assert(STAILQ_EMPTY(&w->todo) && STAILQ_EMPTY(&w->done));
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w->threads);
}

/* Is b as quick as a, as far as can be told? Not what is for another store, nor a flush behind a
 * write. */
static bool is_alike(const struct store_io *a, const struct store_io *b)
{
	return a->store == b->store && a->op == b->op && a->flags == b->flags && a->work == b->work;
}

/* Some requests to work on, all alike: one that takes long holds none back that would not. How many
 * there are; 0: stop. */
static unsigned int worker_get(struct workers *w, struct store_io_list *mine, unsigned int most)
{
	struct store_io *first, *io;
	unsigned int n;

	pthread_mutex_lock(&w->lock);
	while (STAILQ_EMPTY(&w->todo) && !w->stop) {
		w->idle++;
		pthread_cond_wait(&w->more, &w->lock);
		w->idle--;
	}
	first = io = STAILQ_FIRST(&w->todo);
	for (n = 0; io && is_alike(first, io) && n < most; n++, io = STAILQ_FIRST(&w->todo)) {
		STAILQ_REMOVE_HEAD(&w->todo, link);
		STAILQ_INSERT_TAIL(mine, io, link);
	}
	w->waiting -= n;
	if (w->waiting && w->idle)
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return n;
}

/*
 * Give back those that are done, and those that were not begun. Only the first of several done
 * wakes the loop: it takes all of them at once.
 */
static void worker_put(struct workers *w, struct store_io_list *done, struct store_io_list *rest,
		       unsigned int left)
{
	bool first;

	pthread_mutex_lock(&w->lock);
	first = STAILQ_EMPTY(&w->done);
	STAILQ_CONCAT(&w->done, done);
	atomic_store_explicit(&w->news, true, memory_order_relaxed);
	STAILQ_CONCAT(rest, &w->todo);
	STAILQ_CONCAT(&w->todo, rest);
	w->waiting += left;
	if (left && w->idle)
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	if (first)
		eventfd_write(w->wake_fd, 1);
}

/*
 * Do n requests, as long as they are quick: then a lock and a wake-up for each are much of their
 * cost. How many to take next time.
 */
static unsigned int worker_do(struct workers *w, struct store_io_list *mine, unsigned int n)
{
	struct store_io_list done = STAILQ_HEAD_INITIALIZER(done);
	uint64_t until_ns = clock_ns() + QUICK_NS;
	bool is_quick = true;
	struct store_io *io;

	while (n > 0 && is_quick) {
		io = STAILQ_FIRST(mine);
		STAILQ_REMOVE_HEAD(mine, link);
		n--;
		io->error = io->work(io);
		STAILQ_INSERT_TAIL(&done, io, link);
		is_quick = clock_ns() < until_ns;
	}
	worker_put(w, &done, mine, n);
	return is_quick ? AT_ONCE : 1;
}

static void *worker_main(void *arg)
{
	struct store_io_list mine = STAILQ_HEAD_INITIALIZER(mine);
	struct workers *w = arg;
	unsigned int n, most = 1;

	while ((n = worker_get(w, &mine, most)))
		most = worker_do(w, &mine, n);
	return NULL;
}

/* Signals are the loop's: a thread starts with all of them blocked. */
static int worker_start(struct workers *w)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->threads[w->started], NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	pthread_setname_np(w->threads[w->started], "itgtd-store");
	w->started++;
	return 0;
}

int workers_add(struct workers *w, struct store_io *io)
{
	bool busy;
	int err = 0;

	assert(io->work);
	pthread_mutex_lock(&w->lock);
	busy = w->waiting >= w->idle;
	pthread_mutex_unlock(&w->lock);
	if (busy && w->started < w->max)
		err = worker_start(w);
	if (w->started == 0)
		return err; /* with one thread or more, the request only waits longer */

	pthread_mutex_lock(&w->lock);
	STAILQ_INSERT_TAIL(&w->todo, io, link);
	if (w->waiting++ == 0) /* else who comes for the first wakes another */
		pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

bool workers_take(struct workers *w, struct store_io_list *out)
{
	if (!atomic_load_explicit(&w->news, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&w->lock);
	STAILQ_CONCAT(out, &w->done);
	atomic_store_explicit(&w->news, false, memory_order_relaxed);
	pthread_mutex_unlock(&w->lock);
	return true;
}
