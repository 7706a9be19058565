/*
 * The workers: a few threads for calls that Linux offers only blocking.
 *
 * A request goes to a worker and comes back with what its work() returned in
 * error; the loop hears of it by the descriptor it gave. The threads see the
 * request and what it points to, and nothing else of the loop's.
 */
#ifndef STORE_WORKERS_H
#define STORE_WORKERS_H

#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct workers {
	/* the loop's */
	pthread_t *threads; /* owns; max of them */
	unsigned int max;
	unsigned int started;
	int wake_fd; /* an eventfd, borrowed */

	atomic_bool news; /* done is not empty: worth taking the lock */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t more;  /* todo has grown, or stop */
	struct store_io_list todo;
	struct store_io_list done;
	unsigned int waiting; /* length of todo */
	unsigned int idle;    /* threads that wait for more */
	bool stop;
};

/* max: threads at most. wake_fd: gets a 1 written when there is something to take. 0 or -ENOMEM. */
int workers_init(struct workers *w, unsigned int max, int wake_fd);

/* Ends and joins the threads. No request is left. */
void workers_fini(struct workers *w);

/* Lend io to a worker, which calls io->work. 0; -errno when there is no thread to be had. */
int workers_add(struct workers *w, struct store_io *io);

/* Append the requests that came back to out. True when there was one. */
bool workers_take(struct workers *w, struct store_io_list *out);

#endif
