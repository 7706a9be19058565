#include "store/workers.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>

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

/* The next request to work on; NULL: stop. */
static struct store_io *worker_get(struct workers *w)
{
	struct store_io *io;

	pthread_mutex_lock(&w->lock);
	while (STAILQ_EMPTY(&w->todo) && !w->stop) {
		w->idle++;
		pthread_cond_wait(&w->more, &w->lock);
		w->idle--;
	}
	io = STAILQ_FIRST(&w->todo);
	if (io) {
		STAILQ_REMOVE_HEAD(&w->todo, link);
		w->waiting--;
	}
	pthread_mutex_unlock(&w->lock);
	return io;
}

/* Only the first of several wakes the loop: it takes all of them at once. */
static void worker_put(struct workers *w, struct store_io *io)
{
	bool first;

	pthread_mutex_lock(&w->lock);
	first = STAILQ_EMPTY(&w->done);
	STAILQ_INSERT_TAIL(&w->done, io, link);
	atomic_store_explicit(&w->news, true, memory_order_relaxed);
	pthread_mutex_unlock(&w->lock);
	if (first)
		eventfd_write(w->wake_fd, 1);
}

static void *worker_main(void *arg)
{
	struct workers *w = arg;
	struct store_io *io;

	while ((io = worker_get(w))) {
		io->error = io->work(io);
		worker_put(w, io);
	}
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
	w->waiting++;
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
