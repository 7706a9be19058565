#include "store/file_open.h"

#include "base/log.h"
#include "base/units.h"
#include "store/blockdev.h"
#include "store/file.h"
#include "store/space.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NAME_MAX_SHOWN 120 /* bytes of a path in a message; the end of it tells the most */
#define DATA_ALIGN     4096u

/* What the steps of opening hand on to each other. */
struct opening {
	const struct store_params *p; /* borrowed */
	char why[STORE_WHY_MAX];
	char name[NAME_MAX_SHOWN + 4];
	int fd;
	bool is_missing; /* before we made it */
	bool is_made;
	bool is_device;
	bool is_memory;
	uint64_t end;       /* bytes the file or device has */
	int64_t grown_from; /* bytes it had before it was grown; -1: it was not */
	uint64_t size;      /* bytes served */
	uint32_t step;      /* bytes that O_DIRECT wants a multiple of; 1: not O_DIRECT */
};

/* The path as messages show it: its end, without control characters. */
static void show_name(char name[static NAME_MAX_SHOWN + 4], const char *path)
{
	size_t len = strlen(path);
	const char *from = len > NAME_MAX_SHOWN ? path + len - NAME_MAX_SHOWN : path;
	char *c;

	snprintf(name, NAME_MAX_SHOWN + 4, "%s%s", from == path ? "" : "...", from);
	for (c = name; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

/* Say what is wrong: the name, then fmt. Returns err. */
__attribute__((format(printf, 3, 4))) static int fail(struct opening *o, int err, const char *fmt,
						      ...)
{
	char what[STORE_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(o->why, STORE_WHY_MAX, "%s %.*s", o->name, STORE_WHY_MAX - NAME_MAX_SHOWN - 6,
		 what);
	return err;
}

/* Kinds of files that are no disk. */
static int check_type(struct opening *o, mode_t mode)
{
	static const struct {
		mode_t type;
		int err;
		const char *what;
	} wrong[] = {
		{ S_IFDIR, -EISDIR, "directory" },
		{ S_IFIFO, -EINVAL, "FIFO" },
		{ S_IFSOCK, -EINVAL, "socket" },
		{ S_IFCHR, -EINVAL, "character device" },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if ((mode & S_IFMT) == wrong[i].type)
			return fail(o, wrong[i].err, "is a %s", wrong[i].what);
	}
	if (strcmp(o->p->backend, "block") == 0 && !S_ISBLK(mode))
		return fail(o, -ENOTBLK, "is not a block device (backend \"file\" serves files)");
	o->is_device = S_ISBLK(mode);
	return 0;
}

static int open_failed(struct opening *o, int err)
{
	if (err == -EACCES || err == -EPERM)
		return fail(o, err, "cannot be %s: %s (itgtd runs as user %u, group %u)",
			    o->is_missing     ? "made"
			    : o->p->read_only ? "opened to read"
					      : "opened to read and write",
			    strerror(-err), (unsigned int)geteuid(), (unsigned int)getegid());
	if (o->is_missing && err == -ENOENT)
		return fail(o, err, "cannot be made: its directory does not exist");
	if (o->is_missing)
		return fail(o, err, "cannot be made: %s", strerror(-err));
	if (err == -EBUSY)
		return fail(o, err, "is in use (mounted, or by another process)");
	return fail(o, err, "cannot be opened: %s", strerror(-err));
}

/* Look before opening: opening a FIFO waits, and opening a tape or a watchdog does something. */
static int look(struct opening *o)
{
	struct stat st;

	if (stat(o->p->path, &st) == 0)
		return check_type(o, st.st_mode);
	if (errno != ENOENT)
		return open_failed(o, -errno);
	if (strcmp(o->p->backend, "block") == 0)
		return fail(o, -ENOENT, "does not exist");
	if (o->p->read_only)
		return fail(o, -ENOENT, "does not exist%s",
			    o->p->size ? " (and none is made that is read-only)" : "");
	if (o->p->size == 0)
		return fail(o, -ENOENT, "does not exist (with a size it would be made)");
	o->is_missing = true;
	return 0;
}

/*
 * O_EXCL without O_CREAT claims a block device against file systems, RAID and
 * LVM. O_DIRECT comes later: what it wants is asked of the open file.
 */
static int open_fd(struct opening *o)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;
	int err;

	flags |= o->p->read_only ? O_RDONLY : O_RDWR;
	if (o->is_missing)
		flags |= O_CREAT | O_EXCL;
	if (o->is_device && !o->p->read_only && !o->p->takes_over)
		flags |= O_EXCL;
	o->fd = open(o->p->path, flags, 0600);
	if (o->fd < 0)
		return open_failed(o, -errno);
	o->is_made = o->is_missing;
	if (fstat(o->fd, &st))
		return open_failed(o, -errno);
	err = check_type(o, st.st_mode);
	o->end = (uint64_t)st.st_size;
	return err;
}

/* Nothing of another's: who takes over has to wait with it. */
static int lock(struct opening *o)
{
	int err = o->p->takes_over ? 0 : file_lock(o->fd, o->p->read_only);

	if (err == -EBUSY)
		return fail(o, -EBUSY, "is in use by another process or another LUN");
	if (err)
		log_notice("store: %s cannot be locked (%s): nothing keeps another process from it",
			   o->name, strerror(-err));
	return 0;
}

/* A name that was made must outlast a power cut as its content does. */
static int sync_dir(struct opening *o)
{
	const char *slash = strrchr(o->p->path, '/');
	char *dir = slash ? strndup(o->p->path, (size_t)(slash - o->p->path) + 1) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(dir);
	if (fd < 0)
		return 0; /* a folder that may be written and not read */
	if (fsync(fd) && errno != EINVAL && errno != EROFS) {
		int err = -errno;

		close(fd);
		return fail(o, err, "cannot be made durable: %s", strerror(-err));
	}
	close(fd);
	return 0;
}

static int grow(struct opening *o)
{
	char size[24];

	size_format(size, sizeof(size), o->p->size);
	if (o->is_device)
		return fail(o, -EINVAL, "is smaller than %s", size);
	if (o->p->read_only)
		return fail(o, -EROFS, "is smaller than %s, and is not grown for reading only",
			    size);
	if (ftruncate(o->fd, (off_t)o->p->size))
		return fail(o, -errno, "cannot be made %s long: %s", size, strerror(errno));
	o->grown_from = (int64_t)o->end;
	o->end = o->p->size;
	return o->is_made ? sync_dir(o) : 0;
}

/*
 * How much is served. A file longer than the size that was given is not cut, for
 * a slip of the pen in a size must not cost data, and is not served whole, for the
 * size may be there to keep something behind it: the first size bytes are served.
 */
static int measure(struct opening *o)
{
	char a[24], b[24];
	int err;

	if (o->is_device) {
		err = blockdev_size(o->fd, &o->end);
		if (err)
			return fail(o, err, "does not tell its size: %s", strerror(-err));
	}
	if (o->end < o->p->size) {
		err = grow(o);
		if (err)
			return err;
	}
	o->size = o->p->size ? o->p->size : o->end - o->end % o->p->block_size;
	if (o->size == 0)
		return fail(o, -EINVAL, "has not one block (give it a size)");
	if (o->size < o->end)
		log_notice("store: %s: the first %s of its %s are served", o->name,
			   size_format(a, sizeof(a), o->size), size_format(b, sizeof(b), o->end));
	return 0;
}

/* A read as the LUN will do them. Another error than EINVAL is the medium's, not the alignment's.
 */
static int try_direct_read(int fd, uint32_t len)
{
	uint8_t *data = aligned_alloc(DATA_ALIGN, DATA_ALIGN);
	int err = 0;

	if (!data)
		return -ENOMEM;
	assert(len <= DATA_ALIGN);
	if (pread(fd, data, len, 0) < 0 && errno == EINVAL)
		err = -EINVAL;
	free(data);
	return err;
}

/* What O_DIRECT wants offsets to be a multiple of: *step, bytes; 0: not told. */
static int ask_direct(const struct opening *o, uint32_t *step)
{
	*step = 0;
	if (o->is_device)
		return blockdev_block(o->fd, step);
#ifdef STATX_DIOALIGN
	struct statx sx;

	if (statx(o->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) == 0 &&
	    (sx.stx_mask & STATX_DIOALIGN)) {
		if (sx.stx_dio_offset_align == 0 || sx.stx_dio_mem_align > DATA_ALIGN)
			return -EOPNOTSUPP;
		*step = sx.stx_dio_offset_align;
	}
#endif
	return 0;
}

static void serve_cached(const struct opening *o, const char *reason)
{
	log_notice("store: %s: %s: served through the page cache", o->name, reason);
}

/* O_DIRECT on, if the file system and the LUN's block size allow; the reason is logged if not. */
static void go_direct(struct opening *o, int flags)
{
	uint32_t step, block = o->p->block_size;
	char reason[96];

	if (ask_direct(o, &step)) {
		serve_cached(o, "the file system has no O_DIRECT");
		return;
	}
	if (step > 0 && block % step) {
		snprintf(reason, sizeof(reason), "O_DIRECT wants blocks of %u bytes, not of %u",
			 step, block);
		serve_cached(o, reason);
		return;
	}
	if (fcntl(o->fd, F_SETFL, flags | O_DIRECT)) {
		serve_cached(o, "the file system has no O_DIRECT");
		return;
	}
	if (try_direct_read(o->fd, block)) {
		fcntl(o->fd, F_SETFL, flags);
		snprintf(reason, sizeof(reason), "O_DIRECT does not take blocks of %u bytes",
			 block);
		serve_cached(o, reason);
		return;
	}
	o->step = step > 1 ? step : block; /* 1: anything goes, and a whole block always does */
}

/* What tmpfs has is in memory in any case: O_DIRECT would only be a longer way to it. */
static int choose_way(struct opening *o)
{
	int flags = fcntl(o->fd, F_GETFL);
	struct statfs fs;

	if (flags < 0 || fcntl(o->fd, F_SETFL, flags & ~O_NONBLOCK))
		return fail(o, -errno, "cannot be set up: %s", strerror(errno));
	if (fstatfs(o->fd, &fs))
		return fail(o, -errno, "does not tell its file system: %s", strerror(errno));
	o->step = 1;
	o->is_memory = !o->is_device && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
	if (o->p->io != STORE_IO_DIRECT)
		return 0;
	if (o->is_memory)
		serve_cached(o, "the file system is in memory");
	else
		go_direct(o, flags & ~O_NONBLOCK);
	return 0;
}

/* Bytes given back at least by a discard; 0: it cannot. */
static uint32_t discard_align(const struct opening *o)
{
	uint32_t block;
	struct stat st;

	if (!o->p->thin || o->p->read_only)
		return 0;
	if (o->is_device) {
		if (blockdev_block(o->fd, &block) || o->p->block_size % block)
			return 0;
		return blockdev_discard_align(o->fd);
	}
	if (fstat(o->fd, &st) || !space_can_punch(o->fd, o->end))
		return 0;
	return (uint32_t)st.st_blksize;
}

/* What can be done with it besides reading. That it is read-only changes nothing about its space.
 */
static uint32_t caps_of(const struct opening *o, uint32_t discard)
{
	uint32_t caps = o->p->read_only ? STORE_READ_ONLY : 0;

	if (discard)
		caps |= STORE_CAN_DISCARD;
	if (o->is_memory)
		caps |= STORE_AT_ONCE;
	if (o->is_device)
		return caps;
	if (o->p->thin && space_can_reserve(o->fd))
		caps |= STORE_CAN_RESERVE;
	return caps | STORE_CAN_EXTENT | STORE_CAN_SPACE;
}

/* The store of what was opened; it owns the descriptor. */
static int make_store(struct opening *o, struct store_env *env, struct store **out)
{
	struct file *f = calloc(1, sizeof(*f));
	uint32_t align;

	if (f && o->is_made)
		f->made = strdup(o->p->path);
	if (!f || (o->is_made && !f->made)) {
		free(f);
		return fail(o, -ENOMEM, "cannot be served: no memory");
	}
	f->grown_from = o->grown_from;
	align = discard_align(o);
	f->store = (struct store){
		.ops = o->is_device ? &file_device_ops : &file_regular_ops,
		.env = env,
		.size = o->size,
		.io_align = o->p->block_size,
		.optimal_io = o->is_device ? blockdev_optimal(o->fd) : 0,
		.discard_align = align,
		.caps = caps_of(o, align),
		.io = o->step > 1 ? STORE_IO_DIRECT : STORE_IO_CACHED,
	};
	f->fd = o->fd;
	f->way = o->is_memory  ? &file_way_memory
		 : o->step > 1 ? &file_way_direct
			       : &file_way_cached;
	f->step = o->step;
	f->is_device = o->is_device;
	f->is_thin = o->p->thin;
	f->aio_dsync = true;
	f->aio_fdsync = true;
	f->nowait_read = true;
	f->nowait_write = true;
	*out = &f->store;
	return 0;
}

int file_open(struct store_env *env, const struct store_params *p, struct store **out,
	      char why[static STORE_WHY_MAX])
{
	static int (*const steps[])(struct opening * o) = {
		look, open_fd, lock, measure, choose_way,
	};
	struct opening o = { .p = p, .fd = -1, .grown_from = -1 };
	int err = 0;
	size_t i;

	show_name(o.name, p->path);
	for (i = 0; !err && i < sizeof(steps) / sizeof(steps[0]); i++)
		err = steps[i](&o);
	if (!err)
		err = make_store(&o, env, out);
	if (!err)
		return 0;
	if (o.is_made && err != -EBUSY) /* busy: another was quick to take it */
		unlink(p->path);
	if (o.fd >= 0)
		close(o.fd);
	memcpy(why, o.why, STORE_WHY_MAX);
	return err;
}
