#include "store/file_open.h"

#include "drive.h"
#include "store/file.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

/*
 * What a file system says of O_DIRECT, where the tests want one that is not at hand:
 * file_open.c finds these instead of the C library's.
 */
struct fake {
	bool refuses;   /* O_DIRECT cannot be set */
	bool fails;     /* … and reads with it that are not of 4096 bytes fail */
	bool tells;     /* statx() tells of it: */
	uint32_t align; /* offsets, bytes; 0: no O_DIRECT */
	uint32_t memory;
};

static struct fake fs;

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	if (command == F_SETFL && (arg & O_DIRECT) && fs.refuses) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, arg);
}

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
	if (fs.fails && (fcntl(fd, F_GETFL, 0L) & O_DIRECT) && len % 4096) {
		errno = EINVAL;
		return -1;
	}
	return syscall(SYS_pread64, fd, data, len, offset);
}

int statx(int dir, const char *restrict path, int flags, unsigned int mask,
	  struct statx *restrict out)
{
	long err = syscall(SYS_statx, dir, path, flags, mask, out);

	if (!err && (mask & STATX_DIOALIGN) && fs.tells) {
		out->stx_mask |= STATX_DIOALIGN;
		out->stx_dio_offset_align = fs.align;
		out->stx_dio_mem_align = fs.memory;
	}
	return (int)err;
}

static struct store_params file_params(const char *path, uint64_t size)
{
	return (struct store_params){
		.backend = "file", .path = path, .size = size, .block_size = 512
	};
}

/* Whatever keeps a file from O_DIRECT: it is served, through the cache, and the log says why. */
static void no_direct_io_is_told(void)
{
	static const struct {
		struct fake fs;
		uint32_t block;
		const char *log; /* "": served direct, not a word */
	} rows[] = {
		{ { .tells = true, .align = 512, .memory = 4 }, 512, "" },
		{ { .tells = true, .align = 512, .memory = 512 }, 4096, "" },
		{ { .tells = true, .align = 1, .memory = 1 }, 512, "" },
		{ { .tells = true, .align = 4096, .memory = 4096 }, 4096, "" },
		{ { .fails = true, .tells = true, .align = 4096, .memory = 4096 }, 4096, "" },
		{ { .refuses = true }, 512, "the file system has no O_DIRECT" },
		{ { .tells = true }, 4096, "the file system has no O_DIRECT" },
		{ { .tells = true, .align = 512, .memory = 8192 },
		  4096,
		  "the file system has no O_DIRECT" },
		{ { .tells = true, .align = 4096, .memory = 4096 },
		  512,
		  "O_DIRECT wants blocks of 4096 bytes, not of 512" },
		{ { .fails = true }, 512, "O_DIRECT does not take blocks of 512 bytes" },
	};
	struct store_env *env = drive_env();
	char line[STORE_WHY_MAX], wanted[STORE_WHY_MAX];
	struct store_params p;
	struct drive_dir d;
	struct store *s;
	bool direct;
	size_t i;

	CU_ASSERT_FATAL(drive_mkdir(&d, "/var/tmp"));
	p = file_params(d.path, MIB);
	p.io = STORE_IO_DIRECT;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		line[0] = wanted[0] = '\0';
		log_set_sink(drive_quiet, line);
		direct = !*rows[i].log;
		if (!direct)
			snprintf(wanted, sizeof(wanted),
				 "store: %.100s: %s: served through the page cache", d.path,
				 rows[i].log);
		fs = rows[i].fs;
		p.block_size = rows[i].block;
		s = drive_open(env, &p);
		CU_ASSERT_STRING_EQUAL(line, wanted);
		CU_ASSERT_EQUAL(s->io, direct ? STORE_IO_DIRECT : STORE_IO_CACHED);
		CU_ASSERT_EQUAL((fcntl(((struct file *)s)->fd, F_GETFL, 0L) & O_DIRECT) != 0,
				direct);
		memset(&fs, 0, sizeof(fs));
		CU_ASSERT_EQUAL(drive_write(s, 0, 4096, 4096, 7), 0);
		CU_ASSERT_TRUE(drive_holds(s, 4096, 4096, 7));
		store_close(s);
	}
	store_env_free(env);
	drive_rmdir(&d);
}

/* A file system in memory has nothing to be direct about, and whoever asks for it is told. */
static void memory_is_told(void)
{
	struct store_env *env = drive_env();
	char line[STORE_WHY_MAX];
	struct store_params p;
	struct drive_dir d;
	struct store *s;
	int mode;

	CU_ASSERT_FATAL(drive_mkdir(&d, "/dev/shm"));
	p = file_params(d.path, MIB);
	for (mode = STORE_IO_DIRECT; mode <= STORE_IO_CACHED; mode++) {
		line[0] = '\0';
		log_set_sink(drive_quiet, line);
		p.io = (enum store_mode)mode;
		s = drive_open(env, &p);
		CU_ASSERT_EQUAL(s->io, STORE_IO_CACHED);
		CU_ASSERT_EQUAL(strstr(line, ": the file system is in memory: served through the "
					     "page cache") != NULL,
				mode == STORE_IO_DIRECT);
		CU_ASSERT(mode == STORE_IO_DIRECT || !*line);
		store_close(s);
	}
	store_env_free(env);
	drive_rmdir(&d);
}

static const struct unit_test tests[] = {
	{ "a file that cannot be served direct is served cached, and the log says why",
	  no_direct_io_is_told },
	{ "so is a file in memory", memory_is_told },
};

UNIT_MAIN("store/file_open, direct", tests)
