#include "store/aio.h"

#include "drive.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#define MANY 50

/* How many a submission may take, by turns; 0: -EAGAIN. Stands in front of libaio's own. */
static struct {
	const int *takes; /* NULL: all it is given */
	int calls;
} script;

int io_submit(io_context_t ctx, long nr, struct iocb **ios)
{
	int take = script.takes ? script.takes[script.calls] : INT_MAX;
	long n;

	script.calls++;
	if (take == 0)
		return -EAGAIN;
	n = syscall(SYS_io_submit, ctx, nr < take ? nr : take, ios);
	return n < 0 ? -errno : (int)n;
}

struct answer {
	struct store_io io;
	int calls;
	long result;
};

static void note(struct store_io *io, long result)
{
	struct answer *a = io->user;

	a->calls++;
	a->result = result;
}

/* A file of MANY blocks, each full of its number. */
static int numbered_file(const char *path)
{
	uint8_t block[4096];
	int i, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	for (i = 0; i < MANY; i++) {
		memset(block, i, sizeof(block));
		CU_ASSERT_EQUAL(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	}
	return fd;
}

struct bench {
	struct aio aio;
	struct drive_dir d;
	int fd;
	uint8_t *data;
	struct answer answers[MANY];
};

static void bench_start(struct bench *b, unsigned int depth)
{
	CU_ASSERT_FATAL(drive_mkdir(&b->d, NULL));
	b->fd = numbered_file(b->d.path);
	b->data = drive_buffer(MANY * 4096);
	CU_ASSERT_EQUAL(aio_init(&b->aio, depth, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), 0);
}

static void bench_stop(struct bench *b)
{
	close(b->aio.wake_fd);
	aio_fini(&b->aio);
	close(b->fd);
	free(b->data);
	drive_rmdir(&b->d);
}

static void queue_read(struct bench *b, int i, int fd)
{
	struct answer *a = &b->answers[i];

	*a = (struct answer){ .io = { .next = note, .user = a } };
	io_prep_pread(&a->io.iocb, fd, b->data + (size_t)i * 4096, 4096, (long long)i * 4096);
	aio_queue(&b->aio, &a->io);
}

static void turns(struct bench *b, unsigned int depth)
{
	struct pollfd p = { .fd = b->aio.wake_fd, .events = POLLIN };
	eventfd_t count;

	for (;;) {
		aio_flush(&b->aio);
		CU_ASSERT(b->aio.in_kernel <= depth);
		if (b->aio.in_kernel == 0)
			return;
		if (poll(&p, 1, DRIVE_CUT) != 1)
			CU_FAIL_FATAL("a completion is lost");
		eventfd_read(b->aio.wake_fd, &count);
		aio_reap(&b->aio, true);
	}
}

static void check_all(const struct bench *b)
{
	int i;

	for (i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(b->answers[i].calls, 1);
		CU_ASSERT_EQUAL(b->answers[i].result, 4096);
		CU_ASSERT_EQUAL(b->data[i * 4096 + 4095], i);
	}
}

static void more_than_depth_wait_their_turn(void)
{
	static struct bench b;
	int i;

	bench_start(&b, 4);
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, b.fd);
	CU_ASSERT_EQUAL(b.aio.in_kernel, 0); /* nothing goes out before the flush */
	turns(&b, 4);
	check_all(&b);
	bench_stop(&b);
}

static void without_the_ring_completions_come_too(void)
{
	static struct bench b;
	int i;

	bench_start(&b, MANY);
	b.aio.ring = NULL;
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, b.fd);
	aio_flush(&b.aio);
	aio_reap(&b.aio, false); /* makes no call, so it finds nothing */
	CU_ASSERT_EQUAL(b.aio.in_kernel, MANY);
	turns(&b, MANY);
	check_all(&b);
	bench_stop(&b);
}

/* This is what the completions of a kernel look like that we know: see aio.c. */
static void the_ring_is_known(void)
{
	static struct bench b;

	bench_start(&b, 4);
	CU_ASSERT_PTR_NOT_NULL(b.aio.ring);
	bench_stop(&b);
}

/* io_submit stops at the bad one; those in front of it and behind it are done all the same. */
static void a_bad_request_is_told_and_the_others_go_on(void)
{
	static struct bench b;
	int i;

	bench_start(&b, MANY);
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, i == 0 || i == 7 || i == MANY - 1 ? -1 : b.fd);
	turns(&b, MANY);
	for (i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(b.answers[i].calls, 1);
		CU_ASSERT_EQUAL(b.answers[i].result,
				i == 0 || i == 7 || i == MANY - 1 ? -EBADF : 4096);
	}
	bench_stop(&b);
}

static void many_go_out_in_one_call(void)
{
	static struct bench b;
	int i;

	bench_start(&b, MANY);
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, b.fd);
	script.calls = 0;
	aio_flush(&b.aio);
	CU_ASSERT_EQUAL(script.calls, 1);
	CU_ASSERT_EQUAL(b.aio.in_kernel, MANY);
	turns(&b, MANY);
	CU_ASSERT_EQUAL(script.calls, 1);
	check_all(&b);
	bench_stop(&b);
}

/* While something is in flight, the rest waits for its end, and is not tried without it. */
static void a_kernel_without_room_is_asked_again_later(void)
{
	static const int takes[] = { 3, 0, 0, 1, 0, MANY };
	static struct bench b;
	int i;

	bench_start(&b, MANY);
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, b.fd);
	script.takes = takes;
	script.calls = 0;
	aio_flush(&b.aio);
	CU_ASSERT_EQUAL(script.calls, 2); /* 3, and no more */
	CU_ASSERT_EQUAL(b.aio.in_kernel, 3);
	aio_flush(&b.aio);
	CU_ASSERT_EQUAL(script.calls, 3);
	turns(&b, MANY);
	script.takes = NULL;
	check_all(&b);
	bench_stop(&b);
}

static void a_kernel_that_is_idle_and_has_no_room_is_given_up(void)
{
	static const int takes[] = { 0, 0, MANY };
	static struct bench b;
	int i;

	bench_start(&b, MANY);
	for (i = 0; i < MANY; i++)
		queue_read(&b, i, b.fd);
	script.takes = takes;
	script.calls = 0;
	turns(&b, MANY);
	script.takes = NULL;
	for (i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(b.answers[i].calls, 1);
		CU_ASSERT_EQUAL(b.answers[i].result, i < 2 ? -EAGAIN : 4096);
	}
	bench_stop(&b);
}

/* More than any kernel gives. */
static void without_a_context_each_request_comes_back(void)
{
	struct answer a = { .io = { .next = note } };
	struct aio aio;

	CU_ASSERT_NOT_EQUAL(aio_init(&aio, 0x7fffffff, -1), 0);
	a.io.user = &a;
	io_prep_fdsync(&a.io.iocb, -1);
	aio_queue(&aio, &a.io);
	aio_flush(&aio);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.result, -EAGAIN);
	aio_reap(&aio, true);
	aio_fini(&aio);
}

static const struct unit_test tests[] = {
	{ "the kernel's ring of completions is of the known form", the_ring_is_known },
	{ "more requests than depth wait, and all are done", more_than_depth_wait_their_turn },
	{ "many go out in one call", many_go_out_in_one_call },
	{ "a kernel without room is asked again when something ends",
	  a_kernel_without_room_is_asked_again_later },
	{ "a kernel that is idle and has no room is given up",
	  a_kernel_that_is_idle_and_has_no_room_is_given_up },
	{ "without the ring, io_getevents brings the completions",
	  without_the_ring_completions_come_too },
	{ "a request that the kernel refuses comes back alone",
	  a_bad_request_is_told_and_the_others_go_on },
	{ "without a context each request comes back with -EAGAIN",
	  without_a_context_each_request_comes_back },
};

UNIT_MAIN("store/aio", tests)
