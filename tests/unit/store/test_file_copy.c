/* STORE_COPY of file stores (file.c, space.c). */
#include "store/file.h"

#include "drive.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* A file system that shares blocks, or not: these stand in front of the library's own. */
static struct {
	bool clones; /* blocks of 4096 bytes */
	int error;   /* what it fails with; 0: it does not */
	atomic_int syncs;
} kernel;

int fdatasync(int fd)
{
	kernel.syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* What FICLONERANGE does, but for the sharing. */
static int clone_range(int to, const struct file_clone_range *r)
{
	uint64_t far = r->src_offset > r->dest_offset ? r->src_offset - r->dest_offset
						      : r->dest_offset - r->src_offset;
	int from = (int)r->src_fd;
	ssize_t len = (ssize_t)r->src_length;
	uint8_t *data;
	bool done;

	if (!kernel.clones || kernel.error)
		return fail(kernel.error ? kernel.error : EOPNOTSUPP);
	if ((r->src_offset | r->dest_offset | r->src_length) % 4096 ||
	    (is_same_file(from, to) && far < r->src_length))
		return fail(EINVAL);
	data = drive_buffer(r->src_length);
	done = pread(from, data, r->src_length, (off_t)r->src_offset) == len &&
	       pwrite(to, data, r->src_length, (off_t)r->dest_offset) == len;
	free(data);
	return done ? 0 : fail(EIO);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == FICLONERANGE)
		return clone_range(fd, arg);
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

/* Two thin stores of 16 MiB with 4 MiB of data in the first. */
struct pair {
	struct drive_dir d;
	struct store_env *env;
	struct store *one, *two;
};

static struct store *open_file(struct store_env *env, const char *path, enum store_mode io)
{
	const struct store_params p = {
		.backend = "file",
		.path = path,
		.size = 16 * MIB,
		.io = io,
		.block_size = 512,
		.thin = true,
	};

	return drive_open(env, &p);
}

/* Run test with files that are read directly, through the cache, and in memory. */
static void on_each(void (*test)(struct pair *p))
{
	static const struct {
		const char *parent;
		enum store_mode io;
	} ways[] = { { "/var/tmp", STORE_IO_DIRECT },
		     { "/var/tmp", STORE_IO_CACHED },
		     { "/dev/shm", STORE_IO_CACHED } };
	char path[PATH_MAX + 24];
	struct pair p;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!drive_mkdir(&p.d, ways[i].parent))
			continue;
		snprintf(path, sizeof(path), "%s-2", p.d.path);
		p.env = drive_env();
		p.one = open_file(p.env, p.d.path, ways[i].io);
		p.two = open_file(p.env, path, ways[i].io);
		CU_ASSERT_EQUAL(drive_write(p.one, 0, 4096, 4 * MIB, 1), 0);
		kernel.clones = true;
		kernel.error = 0;
		test(&p);
		kernel.clones = false;
		store_close(p.one);
		store_close(p.two);
		store_env_free(p.env);
		unlink(path);
		drive_rmdir(&p.d);
	}
}

static void check_shared(struct pair *p)
{
	kernel.syncs = 0;
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->one, 8 * MIB, 4 * MIB, 0), 0);
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 2 * MIB, 0), 0);
	CU_ASSERT_EQUAL(kernel.syncs, 0);
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 4 * MIB, STORE_FUA), 0);
	CU_ASSERT_EQUAL(kernel.syncs, 1);
	CU_ASSERT_TRUE(drive_holds(p->two, 4096, 4 * MIB, 1));
	CU_ASSERT_EQUAL(drive_copy(p->one, 8 * MIB, p->two, 4096, 4 * MIB, 0), 0);
	CU_ASSERT_TRUE(drive_holds(p->two, 4096, 4 * MIB, 1));
}

static void blocks_are_shared(void)
{
	on_each(check_shared);
}

/* The file system, what it refuses of this range, and space that was promised. */
static void check_refused(struct pair *p)
{
	CU_ASSERT_EQUAL(drive_copy(p->one, 0, p->one, 4096, 8192, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 512, 4096, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(drive_copy(p->one, 16 * MIB - 512, p->two, 0, 1024, 0), -EINVAL);
	CU_ASSERT_EQUAL(drive_copy(p->one, 0, p->two, 16 * MIB - 512, 1024, 0), -EINVAL);
	kernel.error = EXDEV;
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 4096, 0), -EOPNOTSUPP);
	kernel.error = ENOSPC;
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 4096, 0), -ENOSPC);
	kernel.error = 0;
	((struct file *)p->two)->is_thin = false;
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 4096, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(drive_copy(p->two, 4096, p->one, 4096, 4096, 0), -EOPNOTSUPP);
	((struct file *)p->two)->is_thin = true;
	kernel.clones = false;
	CU_ASSERT_EQUAL(drive_copy(p->one, 4096, p->two, 4096, 4096, 0), -EOPNOTSUPP);
	CU_ASSERT_TRUE(drive_is_zero(p->two, 0, MIB));
}

static void what_cannot_be_shared_is_refused(void)
{
	on_each(check_refused);
}

static void memory_copies_nothing(void)
{
	const struct store_params ram = { .backend = "ram", .size = MIB, .block_size = 512 };
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &ram);

	CU_ASSERT_EQUAL(drive_copy(s, 0, s, 4096, 4096, 0), -EOPNOTSUPP);
	store_close(s);
	store_env_free(env);
}

static const struct unit_test tests[] = {
	{ "blocks are shared inside a file and between files", blocks_are_shared },
	{ "what cannot be shared is refused", what_cannot_be_shared_is_refused },
	{ "memory copies nothing by itself", memory_copies_nothing },
};

UNIT_MAIN("store/file_copy", tests)
