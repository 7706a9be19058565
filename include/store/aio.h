/*
 * The libaio context: requests are queued, one io_submit takes all of a loop
 * turn, completions are taken all at once.
 *
 * What the kernel answers goes to the request's next(), with the number of bytes
 * or -errno; next() may queue the request again, and must not call done().
 */
#ifndef STORE_AIO_H
#define STORE_AIO_H

#include "store/store.h"

struct aio_ring;

#define AIO_BATCH 1024 /* requests that one io_submit takes */

struct aio {
	io_context_t ctx;      /* NULL: the kernel gave none */
	struct aio_ring *ring; /* its completions in our memory; NULL: by io_getevents() */
	unsigned int depth;    /* in_kernel at most */
	unsigned int in_kernel;
	int wake_fd; /* an eventfd, borrowed: counts completions */
	struct store_io_list waiting;
	struct iocb *batch[AIO_BATCH]; /* of one io_submit */
};

/*
 * 0, or what io_setup() says. After an error a can be used all the same: every
 * request then comes back with -EAGAIN, to be done in another way.
 */
int aio_init(struct aio *a, unsigned int depth, int wake_fd);

/* Nothing is queued or in the kernel. */
void aio_fini(struct aio *a);

/* Queue io, whose iocb is prepared, for aio_flush(); result comes to io->next. */
void aio_queue(struct aio *a, struct store_io *io);

/*
 * Give the kernel what is queued, as far as depth allows. A request that it
 * refuses comes back from here with the error. -EAGAIN means that it should be
 * done without libaio: nothing is in flight whose end could make room.
 */
void aio_flush(struct aio *a);

/* Take the completions. wake: wake_fd was readable; else no system call is made. */
void aio_reap(struct aio *a, bool wake);

#endif
