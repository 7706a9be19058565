#include "store/file.h"

#include "drive.h"

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

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

/* FUA with, and without, what newer kernels take in one step; the same for a flush. */
static void check_fua(struct bench *b)
{
	struct file *f = (struct file *)b->s;
	bool dsync;

	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, 0, 64 * KIB, 1), 0);
	dsync = f->aio_dsync;
	f->aio_dsync = false;
	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, MIB, 64 * KIB, 2), 0);
	f->aio_fdsync = false;
	CU_ASSERT_EQUAL(drive_write(b->s, STORE_FUA, 2 * MIB, 64 * KIB, 3), 0);
	CU_ASSERT_EQUAL(drive(b->s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	f->aio_dsync = dsync;
	f->aio_fdsync = true;
	CU_ASSERT_EQUAL(drive(b->s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_TRUE(drive_holds(b->s, 0, 64 * KIB, 1));
	CU_ASSERT_TRUE(drive_holds(b->s, MIB, 64 * KIB, 2));
	CU_ASSERT_TRUE(drive_holds(b->s, 2 * MIB, 64 * KIB, 3));
}

static void fua_and_flush_work_with_old_kernels_too(void)
{
	on_each(check_fua);
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
	CU_ASSERT_EQUAL(drive_length(b->d.path), MIB);
	CU_ASSERT_EQUAL(drive_write(s, 0, MIB, 512, 1), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, 2 * MIB), 0);
	CU_ASSERT_TRUE(drive_holds(s, 0, MIB, 1));
	CU_ASSERT_TRUE(drive_is_zero(s, MIB, MIB));
}

static void resizing_cuts_and_grows_the_file(void)
{
	on_each(check_resize);
}

/* Requests that are queued, in the kernel or with a worker when the store becomes smaller. */
static void check_shrink_under_io(struct bench *b)
{
	struct drive_io d[40];
	uint8_t *data = drive_buffer(64 * KIB);
	uint64_t i;

	for (i = 0; i < 40; i++)
		drive_submit(b->s, &d[i], i % 2 ? STORE_WRITE : STORE_READ, 0, i * 64 * KIB,
			     64 * KIB, data);
	if (((struct file *)b->s)->way != &file_way_cached)
		store_env_flush(b->env);
	CU_ASSERT_EQUAL(store_resize(b->s, 640 * KIB), 0);
	drive_wait(b->env, d, 40);
	for (i = 0; i < 40; i++) {
		CU_ASSERT(d[i].io.error == 0 || d[i].io.error == -EIO);
		CU_ASSERT(i >= 10 || d[i].io.error == 0);
	}
	CU_ASSERT_EQUAL(drive_length(b->d.path), 640 * KIB); /* not longer again by a late write */
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
	check_fua(&b);
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
	{ "FUA and flush work, with what old kernels have, too",
	  fua_and_flush_work_with_old_kernels_too },
	{ "a discard reads as zeros and gives space back",
	  a_discard_reads_as_zeros_and_gives_space_back },
	{ "zeroing hits its range and no more", zeroing_hits_its_range_and_no_more },
	{ "extents tell what is allocated", extents_tell_what_is_allocated },
	{ "resizing cuts and grows the file", resizing_cuts_and_grows_the_file },
	{ "shrinking under I/O lets what is beyond fail",
	  shrinking_under_io_lets_what_is_beyond_fail },
	{ "a file cut behind our back never reads as good",
	  a_file_cut_behind_our_back_never_reads_as_good },
	{ "the reason of a failed write comes through",
	  the_reason_of_a_failed_write_comes_through },
	{ "a full file system is told", a_full_file_system_is_told },
	{ "direct works without libaio", direct_works_without_libaio },
};

UNIT_MAIN("store/file", tests)
