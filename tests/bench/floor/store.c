#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOWHERE_LEN (16u << 20) /* bytes: the largest read of STORE_NONE */
#define AIO_DEPTH   4096
#define BUF_ALIGN   4096u
#define RING_MAGIC  0xa10a10a1u

/* The completions as the kernel maps them at the context's address. */
struct ring {
	unsigned int id, nr, head, tail, magic, compat, incompat, header_len;
	struct io_event events[];
};

static int open_file(struct store *s, const char *path)
{
	struct stat st;

	if (!path)
		return -EINVAL;
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (s->kind == STORE_AIO ? O_DIRECT : 0),
		     0600);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size < s->size && ftruncate(s->fd, (off_t)s->size) < 0)
		return -errno;
	return 0;
}

static int open_aio(struct store *s)
{
	int err = io_setup(AIO_DEPTH, &s->aio);

	if (err)
		return err;
	if (((struct ring *)(void *)s->aio)->magic != RING_MAGIC)
		return -ENOTSUP;
	s->aio_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return s->aio_fd < 0 ? -errno : 0;
}

int store_open(struct store *s, enum store_kind kind, const char *path, uint64_t size)
{
	size_t len = kind == STORE_RAM ? (size_t)size : NOWHERE_LEN;
	int err;

	*s = (struct store){ .kind = kind, .size = size, .fd = -1, .aio_fd = -1 };
	if (kind == STORE_NONE || kind == STORE_RAM) {
		s->memory =
			mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return s->memory == MAP_FAILED ? -errno : 0;
	}
	err = open_file(s, path);
	return err || kind == STORE_FILE ? err : open_aio(s);
}

/* A buffer of io's length, the one it had before if that is enough. */
static bool has_buf(struct store_io *io)
{
	size_t len = (io->len + BUF_ALIGN - 1u) & ~(BUF_ALIGN - 1u);

	if (io->buf_len >= len)
		return true;
	free(io->buf);
	io->buf = aligned_alloc(BUF_ALIGN, len);
	io->buf_len = io->buf ? len : 0;
	return io->buf != NULL;
}

static void queue(struct store *s, struct store_io *io)
{
	if (io->is_write)
		io_prep_pwrite(&io->iocb, s->fd, io->buf, io->len, (long long)io->offset);
	else
		io_prep_pread(&io->iocb, s->fd, io->buf, io->len, (long long)io->offset);
	io_set_eventfd(&io->iocb, s->aio_fd);
	io->iocb.data = io;
	if (s->queued == STORE_BATCH)
		store_flush(s);
	s->batch[s->queued++] = &io->iocb;
}

bool store_read(struct store *s, struct store_io *io)
{
	if (s->kind == STORE_NONE || s->kind == STORE_RAM) {
		io->data = s->memory + (s->kind == STORE_RAM ? io->offset : 0);
		io->failed = s->kind == STORE_NONE && io->len > NOWHERE_LEN;
		return true;
	}
	io->failed = !has_buf(io);
	io->data = io->buf;
	if (io->failed)
		return true;
	if (s->kind == STORE_AIO) {
		queue(s, io);
		return false;
	}
	io->failed = pread(s->fd, io->buf, io->len, (off_t)io->offset) != (ssize_t)io->len;
	return true;
}

void store_write(struct store *s, struct store_io *io, uint32_t at, const uint8_t *data,
		 uint32_t len)
{
	switch (s->kind) {
	case STORE_NONE: break;
	case STORE_RAM: memcpy(s->memory + io->offset + at, data, len); break;
	case STORE_FILE:
		if (pwrite(s->fd, data, len, (off_t)(io->offset + at)) != (ssize_t)len)
			io->failed = true;
		break;
	case STORE_AIO:
		if (has_buf(io))
			memcpy(io->buf + at, data, len);
		else
			io->failed = true;
		break;
	}
}

bool store_write_end(struct store *s, struct store_io *io)
{
	if (s->kind != STORE_AIO || io->failed)
		return true;
	queue(s, io);
	return false;
}

void store_flush(struct store *s)
{
	unsigned int at = 0;
	int n;

	while (at < s->queued) {
		n = io_submit(s->aio, (long)(s->queued - at), s->batch + at);
		if (n <= 0 && n != -EINTR && n != -EAGAIN)
			abort(); /* nobody else uses this context: it cannot be */
		if (n > 0) {
			at += (unsigned int)n;
			s->in_kernel += (unsigned int)n;
		}
	}
	s->queued = 0;
}

bool store_reap(struct store *s, bool woken, void (*done)(void *arg, struct store_io *io),
		void *arg)
{
	struct ring *ring = (struct ring *)(void *)s->aio;
	unsigned int tail;
	uint64_t count;
	bool any = false;

	if (woken)
		(void)!read(s->aio_fd, &count, sizeof(count));
	if (!s->in_kernel)
		return false;
	tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	while (ring->head != tail) {
		struct io_event *event = &ring->events[ring->head];
		struct store_io *io = event->data;

		io->failed = event->res != io->len;
		__atomic_store_n(&ring->head, ring->head + 1 < ring->nr ? ring->head + 1 : 0,
				 __ATOMIC_RELEASE);
		s->in_kernel--;
		done(arg, io);
		any = true;
	}
	return any;
}
