#include "store/file.h"

#include "drive.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/*
 * What goes to the kernel, counted, and a kernel that can less than this one:
 * these stand in front of the libraries' own.
 */
static struct {
	bool is_old;  /* knows neither RWF_DSYNC in an iocb nor IOCB_CMD_FDSYNC */
	bool halves;  /* transfers stop in the middle */
	bool no_sync; /* as squashfs: nothing can be written, and no fsync is there */
	bool nowait;  /* RWF_NOWAIT is taken for reads and writes, else for neither */
	int submits;
	int dsyncs;       /* iocbs with RWF_DSYNC */
	int fdsyncs;      /* iocbs that are one */
	atomic_int syncs; /* fdatasync(), on any thread */
} kernel;

int fdatasync(int fd)
{
	kernel.syncs++;
	if (kernel.no_sync) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* May this one go to the kernel? */
static bool pass(struct iocb *iocb)
{
	bool dsync = iocb->aio_rw_flags & RWF_DSYNC;
	bool fdsync = iocb->aio_lio_opcode == IO_CMD_FDSYNC;

	if (kernel.is_old && (dsync || fdsync))
		return false;
	kernel.dsyncs += dsync;
	kernel.fdsyncs += fdsync;
	if (kernel.halves && !fdsync && iocb->u.c.nbytes > 512)
		iocb->u.c.nbytes = iocb->u.c.nbytes / 1024 * 512;
	return true;
}

static size_t length(const struct iovec *v)
{
	return kernel.halves ? v->iov_len / 2 : v->iov_len;
}

ssize_t preadv2(int fd, const struct iovec *v, int n, off_t offset, int flags)
{
	CU_ASSERT(n == 1 && flags == RWF_NOWAIT);
	if (kernel.nowait)
		return pread(fd, v->iov_base, length(v), offset);
	errno = EOPNOTSUPP;
	return -1;
}

ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t offset, int flags)
{
	CU_ASSERT(n == 1 && flags == RWF_NOWAIT);
	if (kernel.nowait)
		return pwrite(fd, v->iov_base, length(v), offset);
	errno = EOPNOTSUPP;
	return -1;
}

int io_submit(io_context_t ctx, long nr, struct iocb **ios)
{
	long n;

	kernel.submits++;
	for (n = 0; n < nr; n++) {
		if (!pass(ios[n]))
			break;
	}
	if (n == 0)
		return -EINVAL;
	n = syscall(SYS_io_submit, ctx, n, ios);
	return n < 0 ? -errno : (int)n;
}

/* The three ways that bytes move. */
static const struct way {
	const char *what;
	const char *parent;
	enum store_mode io;
	const struct file_way *way;
} ways[] = {
	{ "direct", NULL, STORE_IO_DIRECT, &file_way_direct },
	{ "cached", NULL, STORE_IO_CACHED, &file_way_cached },
	{ "memory", "/dev/shm", STORE_IO_DIRECT, &file_way_memory },
};

struct bench {
	struct drive_dir d;
	struct store_env *env;
	struct store *s;
};

static struct store *open_file(struct store_env *env, const char *path, uint64_t size,
			       enum store_mode io)
{
	const struct store_params p = {
		.backend = "file",
		.path = path,
		.size = size,
		.io = io,
		.block_size = 512,
		.thin = true,
	};

	return drive_open(env, &p);
}

/* Run test on a new store of 16 MiB, for each of the ways. */
static void on_each(void (*test)(struct bench *b))
{
	struct bench b;
	size_t i;

	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!drive_mkdir(&b.d, ways[i].parent))
			continue;
		b.env = drive_env();
		b.s = open_file(b.env, b.d.path, 16 * MIB, ways[i].io);
		if (((struct file *)b.s)->way != ways[i].way)
			printf("\n    %s is not served so on %s", ways[i].what, b.d.dir);
		test(&b);
		store_close(b.s);
		store_env_free(b.env);
		drive_rmdir(&b.d);
	}
}

static void check_read_back(struct bench *b)
{
	struct store *s = b->s;

	CU_ASSERT_TRUE(drive_is_zero(s, 0, MIB));
	CU_ASSERT_EQUAL(drive_write(s, 0, 512, 1536, 1), 0);
	CU_ASSERT_EQUAL(drive_write(s, 0, 4 * MIB, 4 * MIB, 2), 0);
	CU_ASSERT_EQUAL(drive_write(s, 0, 16 * MIB - 512, 512, 3), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_TRUE(drive_is_zero(s, 0, 512));
	CU_ASSERT_TRUE(drive_holds(s, 512, 1536, 1));
	CU_ASSERT_TRUE(drive_holds(s, 4 * MIB, 4 * MIB, 2));
	CU_ASSERT_TRUE(drive_holds(s, 16 * MIB - 512, 512, 3));
	CU_ASSERT_EQUAL(drive_length(b->d.path), 16 * MIB);

	store_close(s);
	b->s = open_file(b->env, b->d.path, 0, STORE_IO_CACHED);
	CU_ASSERT_TRUE(drive_holds(b->s, 4 * MIB, 4 * MIB, 2)); /* the other way sees it, too */
}

static void what_is_written_is_read(void)
{
	on_each(check_read_back);
}

#define MANY 100

static void check_many(struct bench *b)
{
	struct drive_io *d = calloc(MANY, sizeof(*d));
	uint8_t *data = drive_buffer(MANY * 8 * KIB);
	uint8_t *wanted = drive_buffer(MANY * 8 * KIB);
	uint64_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	drive_fill(wanted, 0, MANY * 8 * KIB, 5);
	for (i = 0; i < MANY; i++)
		drive_submit(b->s, &d[i], STORE_WRITE, i % 3 ? 0 : STORE_FUA, i * 8 * KIB, 8 * KIB,
			     wanted + i * 8 * KIB);
	CU_ASSERT_EQUAL(b->s->in_flight, MANY);
	drive_wait(b->env, d, MANY);
	for (i = 0; i < MANY; i++)
		CU_ASSERT(d[i].done == 1 && d[i].io.error == 0);
	for (i = 0; i < MANY; i++)
		drive_submit(b->s, &d[i], STORE_READ, 0, i * 8 * KIB, 8 * KIB, data + i * 8 * KIB);
	drive_wait(b->env, d, MANY);
	for (i = 0; i < MANY; i++)
		CU_ASSERT(d[i].done == 1 && d[i].io.error == 0);
	CU_ASSERT_EQUAL(memcmp(data, wanted, MANY * 8 * KIB), 0);
	CU_ASSERT_EQUAL(b->s->in_flight, 0);
	free(data);
	free(wanted);
	free(d);
}

static void more_than_the_kernel_takes_at_once_is_done(void)
{
	on_each(check_many);
}

/* How often the file was made durable, in whichever way. */
static int times_durable(void)
{
	int n = kernel.dsyncs + kernel.fdsyncs + kernel.syncs;

	kernel.dsyncs = 0;
	kernel.fdsyncs = 0;
	kernel.syncs = 0;
	return n;
}

static void check_durable(struct bench *b)
{
	bool is_memory = ((struct file *)b->s)->way == &file_way_memory;

	times_durable();
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 0, 64 * KIB, 1), 0);
	CU_ASSERT_EQUAL(times_durable(), 0);
	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, MIB, 64 * KIB, 2), 0);
	CU_ASSERT_EQUAL(times_durable(), 1);
	CU_ASSERT_EQUAL(drive(b->s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(times_durable(), is_memory ? 0 : 1);
	CU_ASSERT_EQUAL(b->s->caps & STORE_AT_ONCE, is_memory ? STORE_AT_ONCE : 0);
	CU_ASSERT_EQUAL(drive(b->s, STORE_ZERO, 0, 2 * MIB, 64 * KIB, NULL), 0);
	CU_ASSERT_EQUAL(times_durable(), 0);
	CU_ASSERT_EQUAL(drive(b->s, STORE_ZERO, STORE_FUA, 2 * MIB, 64 * KIB, NULL), 0);
	CU_ASSERT_EQUAL(times_durable(), 1);
	CU_ASSERT_TRUE(drive_holds(b->s, 0, 64 * KIB, 1));
	CU_ASSERT_TRUE(drive_holds(b->s, MIB, 64 * KIB, 2));
}

static void fua_and_flush_make_durable_and_nothing_else_does(void)
{
	on_each(check_durable);
}

static void check_old_kernel(struct bench *b)
{
	kernel.is_old = true;
	check_durable(b);
	check_durable(b); /* once it is known, too */
	kernel.is_old = false;
}

static void an_old_kernel_makes_as_durable(void)
{
	on_each(check_old_kernel);
}

/* A file system that reads and writes without waiting, and one that does neither. */
static void check_nowait(struct bench *b)
{
	struct file *f = (struct file *)b->s;
	bool is_cached = f->way == &file_way_cached;

	kernel.nowait = true;
	check_durable(b);
	CU_ASSERT_TRUE(f->nowait_read && f->nowait_write);
	kernel.nowait = false;
	check_durable(b);
	CU_ASSERT_EQUAL(f->nowait_read, !is_cached);
	CU_ASSERT_EQUAL(f->nowait_write, !is_cached);
	check_durable(b);
}

static void with_and_without_nowait(void)
{
	on_each(check_nowait);
}

static void check_halves(struct bench *b)
{
	kernel.halves = kernel.nowait = true;
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 512, 64 * KIB, 1), 0);
	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, MIB, 4 * MIB, 2), 0);
	CU_ASSERT_TRUE(drive_holds(b->s, 512, 64 * KIB, 1));
	CU_ASSERT_TRUE(drive_holds(b->s, MIB, 4 * MIB, 2));
	kernel.halves = kernel.nowait = false;
	CU_ASSERT_TRUE(drive_holds(b->s, 512, 64 * KIB, 1));
	CU_ASSERT_TRUE(drive_holds(b->s, MIB, 4 * MIB, 2));
}

static void a_transfer_that_stops_goes_on(void)
{
	on_each(check_halves);
}

/* 8 requests are in the kernel at most here: see drive_env(). */
static void check_batch(struct bench *b)
{
	uint8_t *data = drive_buffer(8 * 4096);
	struct drive_io d[8];
	uint64_t i;

	for (i = 0; i < 8; i++)
		drive_submit(b->s, &d[i], STORE_READ, 0, i * 4096, 4096, data + i * 4096);
	kernel.submits = 0;
	drive_wait(b->env, d, 8);
	CU_ASSERT_EQUAL(kernel.submits, ((struct file *)b->s)->way == &file_way_direct);
	free(data);
}

static void a_turn_makes_one_submission(void)
{
	on_each(check_batch);
}

static void check_discard(struct bench *b)
{
	struct store *s = b->s;
	uint64_t before;

	CU_ASSERT_EQUAL_FATAL(s->caps & STORE_CAN_DISCARD, STORE_CAN_DISCARD);
	CU_ASSERT(s->discard_align >= 512);
	CU_ASSERT_EQUAL(drive_write(s, STORE_FUA, 0, 8 * MIB, 1), 0);
	before = drive_space(b->d.path);
	CU_ASSERT(before >= 8 * MIB);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 512, 4 * MIB, NULL), 0);
	CU_ASSERT(drive_space(b->d.path) <= before - 4 * MIB + 8192);
	CU_ASSERT_TRUE(drive_holds(s, 0, 512, 1));
	CU_ASSERT_TRUE(drive_is_zero(s, 512, 4 * MIB));
	CU_ASSERT_TRUE(drive_holds(s, 4 * MIB + 512, 4 * MIB - 512, 1));
	CU_ASSERT_EQUAL(drive_length(b->d.path), 16 * MIB);
}

static void a_discard_reads_as_zeros_and_gives_space_back(void)
{
	on_each(check_discard);
}

static void check_zero(struct bench *b)
{
	struct store *s = b->s;

	CU_ASSERT_EQUAL(drive_write(s, 0, 0, MIB, 1), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, STORE_FUA, 512, 64 * KIB, NULL), 0);
	CU_ASSERT_TRUE(drive_holds(s, 0, 512, 1));
	CU_ASSERT_TRUE(drive_is_zero(s, 512, 64 * KIB));
	CU_ASSERT_TRUE(drive_holds(s, 512 + 64 * KIB, MIB - 512 - 64 * KIB, 1));
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, 0, 16 * MIB, NULL), 0);
	CU_ASSERT_TRUE(drive_is_zero(s, 0, 16 * MIB));
	CU_ASSERT_EQUAL(drive_length(b->d.path), 16 * MIB);
}

static void zeroing_hits_its_range_and_no_more(void)
{
	on_each(check_zero);
}

static void check_reserve(struct bench *b)
{
	struct store *s = b->s;
	bool mapped;

	if (!(s->caps & STORE_CAN_RESERVE)) {
		CU_ASSERT_EQUAL(drive(s, STORE_RESERVE, 0, 0, MIB, NULL), -EOPNOTSUPP);
		return;
	}
	CU_ASSERT_EQUAL(drive_write(s, STORE_FUA, 0, 4 * MIB, 1), 0);
	kernel.syncs = 0;
	CU_ASSERT_EQUAL(drive(s, STORE_RESERVE, 0, 2 * MIB, 4 * MIB, NULL), 0);
	CU_ASSERT_EQUAL(kernel.syncs, 0);
	CU_ASSERT_EQUAL(drive(s, STORE_RESERVE, STORE_FUA, 7 * MIB, MIB, NULL), 0);
	CU_ASSERT_EQUAL(kernel.syncs, 1);
	CU_ASSERT(drive_space(b->d.path) >= 7 * MIB);
	CU_ASSERT_TRUE(drive_is_reserved(s, 2 * MIB, 4 * MIB));
	CU_ASSERT_FALSE(drive_is_reserved(s, 6 * MIB, MIB));
	CU_ASSERT_TRUE(drive_is_reserved(s, 7 * MIB, MIB));
	CU_ASSERT_EQUAL(drive_write(s, 0, 2 * MIB, MIB, 2), 0);
	CU_ASSERT_EQUAL(drive_extent(s, 2 * MIB, 14 * MIB, &mapped), MIB);
	CU_ASSERT_TRUE(mapped);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 3 * MIB, MIB, NULL), 0);
	CU_ASSERT_FALSE(drive_is_reserved(s, 3 * MIB, MIB));
	CU_ASSERT_TRUE(drive_is_reserved(s, 4 * MIB, 2 * MIB));
	CU_ASSERT_TRUE(drive_holds(s, 0, 2 * MIB, 1));
	CU_ASSERT_TRUE(drive_holds(s, 2 * MIB, MIB, 2));
	CU_ASSERT_TRUE(drive_is_zero(s, 3 * MIB, 13 * MIB));
	CU_ASSERT_EQUAL(drive_length(b->d.path), 16 * MIB);
}

static void space_is_reserved_where_it_can_be(void)
{
	on_each(check_reserve);
}

static void check_extent(struct bench *b)
{
	bool mapped;

	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, MIB, MIB, 1), 0);
	CU_ASSERT_EQUAL(drive_extent(b->s, 0, 16 * MIB, &mapped), MIB);
	CU_ASSERT_FALSE(mapped);
	CU_ASSERT_EQUAL(drive_extent(b->s, MIB, 15 * MIB, &mapped), MIB);
	CU_ASSERT_TRUE(mapped);
	CU_ASSERT_EQUAL(drive_extent(b->s, MIB, 64 * KIB, &mapped), 64 * KIB);
	CU_ASSERT_TRUE(mapped);
}

static void extents_tell_what_is_allocated(void)
{
	on_each(check_extent);
}

static void check_resize(struct bench *b)
{
	struct store *s = b->s;

	CU_ASSERT_EQUAL(drive_write(s, 0, 0, 16 * MIB, 1), 0);
	CU_ASSERT_EQUAL(store_resize(s, 32 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(b->d.path), 32 * MIB);
	CU_ASSERT_EQUAL(drive_write(s, 0, 31 * MIB, MIB, 2), 0);
	CU_ASSERT_EQUAL(store_resize(s, MIB), 0);
	CU_ASSERT_EQUAL(drive_length(b->d.path),
			32 * MIB); /* nothing is lost by a slip of the pen */
	CU_ASSERT_EQUAL(drive_write(s, 0, MIB, 512, 1), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, 2 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(b->d.path), 32 * MIB);
	CU_ASSERT_TRUE(drive_holds(s, 0, 2 * MIB, 1));
}

static void resizing_grows_the_file_and_never_cuts_it(void)
{
	on_each(check_resize);
}

/* Requests that are queued, in the kernel or with a worker when the store becomes smaller. */
static void check_shrink_under_io(struct bench *b)
{
	struct drive_io d[40];
	uint8_t *data = drive_buffer(40 * 64 * KIB);
	uint64_t i;

	for (i = 0; i < 40; i++)
		drive_submit(b->s, &d[i], i % 2 ? STORE_WRITE : STORE_READ, 0, i * 64 * KIB,
			     64 * KIB, data + i * 64 * KIB);
	store_env_flush(b->env);
	CU_ASSERT_EQUAL(store_resize(b->s, 640 * KIB), 0);
	drive_wait(b->env, d, 40);
	for (i = 0; i < 40; i++) {
		CU_ASSERT(d[i].io.error == 0 || d[i].io.error == -EIO);
		CU_ASSERT(i >= 10 || d[i].io.error == 0);
	}
	CU_ASSERT_EQUAL(b->s->in_flight, 0);
	free(data);
}

static void shrinking_under_io_lets_what_is_beyond_fail(void)
{
	on_each(check_shrink_under_io);
}

static void check_cut_file(struct bench *b)
{
	static const off_t cuts[] = { 0, 100, 1000, 4096, 6000, 8192, 12288 };
	uint8_t *data = drive_buffer(16 * KIB);
	size_t i;

	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		CU_ASSERT_EQUAL(truncate(b->d.path, cuts[i]), 0);
		CU_ASSERT_EQUAL(drive(b->s, STORE_READ, 0, 0, 16 * KIB, data), -EIO);
		CU_ASSERT_EQUAL(drive(b->s, STORE_READ, 0, 8 * MIB, 512, data), -EIO);
		CU_ASSERT_EQUAL(truncate(b->d.path, 16 * MIB), 0);
		CU_ASSERT_EQUAL(drive(b->s, STORE_READ, 0, 0, 16 * KIB, data), 0);
	}
	free(data);
}

static void a_file_cut_behind_our_back_never_reads_as_good(void)
{
	on_each(check_cut_file);
}

/* With less than that free, a write stops in the middle and learns the reason when it goes on. */
static void check_limit(struct bench *b)
{
	struct rlimit before, low;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	low = before;
	low.rlim_cur = 4 * MIB;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &low), 0);
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 0, 4 * MIB, 1), 0);
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 8 * MIB, 4096, 1), -EFBIG);
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 4 * MIB - 64 * KIB, 128 * KIB, 1), -EFBIG);
	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, 4 * MIB - 512, KIB, 1), -EFBIG);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT_EQUAL(drive_write(b->s, 0, 4 * MIB - 64 * KIB, 128 * KIB, 1), 0);
	CU_ASSERT_TRUE(drive_holds(b->s, 0, 4 * MIB + 64 * KIB, 1));
}

static void the_reason_of_a_failed_write_comes_through(void)
{
	on_each(check_limit);
}

static void a_full_file_system_is_told(void)
{
	struct drive_dir d;
	struct store_env *env;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	if (mount("itgtd-test", d.dir, "tmpfs", 0, "size=1m")) {
		printf("(not root: skipped) ");
		drive_rmdir(&d);
		return;
	}
	env = drive_env();
	s = open_file(env, d.path, 16 * MIB, STORE_IO_CACHED);
	CU_ASSERT_EQUAL(drive_write(s, 0, 0, 512 * KIB, 1), 0);
	CU_ASSERT_EQUAL(drive_write(s, 0, 8 * MIB, MIB, 2), -ENOSPC);
	CU_ASSERT_TRUE(drive_holds(s, 0, 512 * KIB, 1));
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 0, 16 * MIB, NULL), 0);
	CU_ASSERT_EQUAL(drive_write(s, 0, 8 * MIB, 512 * KIB, 2), 0);
	store_close(s);
	store_env_free(env);
	CU_ASSERT_EQUAL(umount(d.dir), 0);
	drive_rmdir(&d);
}

/* Where nothing can be written there is nothing to make durable. */
static void what_is_read_only_need_not_flush(void)
{
	struct store_env *env = drive_env();
	struct store_params p = { .backend = "file", .io = STORE_IO_CACHED, .block_size = 512 };
	struct drive_dir d;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, "/var/tmp"));
	store_close(open_file(env, d.path, MIB, STORE_IO_CACHED));
	p.path = d.path;
	kernel.no_sync = true;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), -EINVAL);
	store_close(s);
	p.read_only = true;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	store_close(s);
	kernel.no_sync = false;
	store_env_free(env);
	drive_rmdir(&d);
}

/* A context that the kernel does not give: the workers do what libaio would have done. */
static void direct_works_without_libaio(void)
{
	struct store_env *env = NULL;
	struct drive_dir d;
	struct bench b;

	log_set_sink(drive_quiet, NULL);
	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	CU_ASSERT_EQUAL_FATAL(store_env_new(0x7fffffff, 2, &env), 0);
	b = (struct bench){ .d = d, .env = env };
	b.s = open_file(env, d.path, 16 * MIB, STORE_IO_DIRECT);
	check_many(&b);
	check_durable(&b);
	check_cut_file(&b);
	check_shrink_under_io(&b);
	store_close(b.s);
	store_env_free(env);
	drive_rmdir(&d);
}

static const struct unit_test tests[] = {
	{ "what is written is read", what_is_written_is_read },
	{ "more requests than the kernel takes at once are done",
	  more_than_the_kernel_takes_at_once_is_done },
	{ "a turn of the loop makes one submission", a_turn_makes_one_submission },
	{ "FUA and flush make durable, and nothing else does",
	  fua_and_flush_make_durable_and_nothing_else_does },
	{ "an old kernel makes as durable", an_old_kernel_makes_as_durable },
	{ "what may be done without waiting makes no difference", with_and_without_nowait },
	{ "a transfer that stops in the middle goes on", a_transfer_that_stops_goes_on },
	{ "a discard reads as zeros and gives space back",
	  a_discard_reads_as_zeros_and_gives_space_back },
	{ "zeroing hits its range and no more", zeroing_hits_its_range_and_no_more },
	{ "space is reserved where it can be", space_is_reserved_where_it_can_be },
	{ "extents tell what is allocated", extents_tell_what_is_allocated },
	{ "resizing grows the file, and never cuts it", resizing_grows_the_file_and_never_cuts_it },
	{ "shrinking under I/O lets what is beyond fail",
	  shrinking_under_io_lets_what_is_beyond_fail },
	{ "a file cut behind our back never reads as good",
	  a_file_cut_behind_our_back_never_reads_as_good },
	{ "the reason of a failed write comes through",
	  the_reason_of_a_failed_write_comes_through },
	{ "a full file system is told", a_full_file_system_is_told },
	{ "what is read-only need not flush", what_is_read_only_need_not_flush },
	{ "direct works without libaio", direct_works_without_libaio },
};

UNIT_MAIN("store/file", tests)
