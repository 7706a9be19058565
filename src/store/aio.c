#include "store/aio.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

/*
 * What the kernel maps at the address that io_setup() gives: a ring of
 * completions. It moves tail, and whoever takes completions moves head; both
 * stay below nr. The layout has been the same since Linux 2.6; should it ever
 * change, magic or incompat tells, and io_getevents() is used.
 */
struct aio_ring {
	unsigned int id;
	unsigned int nr; /* events */
	unsigned int head;
	unsigned int tail;
	unsigned int magic;
	unsigned int compat;
	unsigned int incompat;
	unsigned int header_len; /* bytes in front of the events */
	struct io_event events[];
};

#define RING_MAGIC 0xa10a10a1u

static struct aio_ring *ring_of(io_context_t ctx)
{
	struct aio_ring *ring = (struct aio_ring *)(void *)ctx;

	if (ring->magic != RING_MAGIC || ring->incompat != 0 || ring->header_len != sizeof(*ring))
		return NULL;
	return ring;
}

int aio_init(struct aio *a, unsigned int depth, int wake_fd)
{
	int err;

	*a = (struct aio){ .depth = depth, .wake_fd = wake_fd };
	STAILQ_INIT(&a->waiting);
	err = io_setup((int)depth, &a->ctx);
	if (err) {
		a->ctx = NULL;
		return err;
	}
	a->ring = ring_of(a->ctx);
	return 0;
}

void aio_fini(struct aio *a)
{
	assert(STAILQ_EMPTY(&a->waiting) && a->in_kernel == 0);
	if (a->ctx)
		io_destroy(a->ctx);
}

void aio_queue(struct aio *a, struct store_io *io)
{
	assert(io->next);
	io->iocb.data = io;
	io_set_eventfd(&io->iocb, a->wake_fd);
	STAILQ_INSERT_TAIL(&a->waiting, io, link);
}

/* Submit what fits: the number taken from the head of the list, or -errno that is its first's. */
static int submit(struct aio *a)
{
	struct store_io *io;
	unsigned int n = 0;

	if (!a->ctx)
		return -EAGAIN;
	STAILQ_FOREACH (io, &a->waiting, link) {
		if (n == AIO_BATCH || a->in_kernel + n == a->depth)
			break;
		a->batch[n++] = &io->iocb;
	}
	return io_submit(a->ctx, n, a->batch);
}

void aio_flush(struct aio *a)
{
	struct store_io *io;
	int n;

	while (!STAILQ_EMPTY(&a->waiting) && (a->in_kernel < a->depth)) {
		n = submit(a);
		if (n == -EAGAIN && a->in_kernel > 0)
			return; /* a completion calls us again */
		if (n > 0) {
			a->in_kernel += (unsigned int)n;
			for (; n > 0; n--)
				STAILQ_REMOVE_HEAD(&a->waiting, link);
			continue;
		}
		io = STAILQ_FIRST(&a->waiting);
		STAILQ_REMOVE_HEAD(&a->waiting, link);
		io->next(io, n ? n : -EAGAIN);
	}
}

static void complete(struct aio *a, const struct io_event *event)
{
	struct store_io *io = event->data;

	assert(a->in_kernel > 0);
	a->in_kernel--;
	io->next(io, (long)event->res);
}

static void reap_ring(struct aio *a)
{
	struct aio_ring *ring = a->ring;
	unsigned int head = ring->head;
	unsigned int tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);

	if (head == tail)
		return;
	while (head != tail) {
		complete(a, &ring->events[head]);
		head = head + 1 < ring->nr ? head + 1 : 0;
	}
	__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
}

static void reap_call(struct aio *a)
{
	struct io_event events[64];
	const int room = sizeof(events) / sizeof(events[0]);
	struct timespec now = { 0, 0 };
	int i, n;

	do {
		n = io_getevents(a->ctx, 0, room, events, &now);
		for (i = 0; i < n; i++)
			complete(a, &events[i]);
	} while (n == room || n == -EINTR);
}

void aio_reap(struct aio *a, bool wake)
{
	if (a->in_kernel == 0)
		return;
	if (a->ring)
		reap_ring(a);
	else if (wake)
		reap_call(a);
}
