#include "store/file.h"

#include "base/log.h"
#include "store/blockdev.h"
#include "store/env.h"
#include "store/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct file_way {
	void (*move)(struct store_io *io); /* read or write */
	void (*flush)(struct store_io *io);
};

static struct file *file_of(const struct store_io *io)
{
	return (struct file *)io->store;
}

static bool wants_fua(const struct store_io *io)
{
	return io->op != STORE_READ && (io->flags & STORE_FUA);
}

/* The kernel or file system does not know this kind of call. */
static bool is_refusal(long result)
{
	return result == -EINVAL || result == -EOPNOTSUPP || result == -ENOSYS;
}

/* The end of what may change the file. One that lay beyond the end of a store that became smaller
 * meanwhile has failed.
 */
static void file_done(struct store_io *io, long result)
{
	if (io->op != STORE_READ && io->offset + io->len > io->store->size)
		result = -EIO;
	env_finish(io, result);
}

static int sync_now(struct store_io *io)
{
	if (!fdatasync(file_of(io)->fd))
		return 0;
	/* squashfs, ISO 9660 and their like know no fsync, and have nothing to write either. */
	return errno == EINVAL && io->store->caps & STORE_READ_ONLY ? 0 : -errno;
}

/* Read or write what is left with calls that may block, and make it durable if that is wanted. */
static int move_now(struct store_io *io)
{
	const struct file *f = file_of(io);
	uint8_t *data;
	off_t offset;
	ssize_t n;

	while (io->part < io->len) {
		data = io->data + io->part;
		offset = (off_t)(io->offset + io->part);
		if (io->op == STORE_READ)
			n = pread(f->fd, data, io->len - io->part, offset);
		else
			n = pwrite(f->fd, data, io->len - io->part, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		io->part += (uint64_t)n;
		if (n == 0 || io->part % f->step)
			return -EIO;
	}
	return wants_fua(io) ? sync_now(io) : 0;
}

/* direct: O_DIRECT and libaio */

static void direct_sync_done(struct store_io *io, long result)
{
	if (is_refusal(result))
		file_of(io)->aio_fdsync = false; /* Linux before 4.18 */
	if (is_refusal(result) || result == -EAGAIN)
		env_work(io, sync_now, file_done);
	else
		file_done(io, result);
}

static void direct_sync(struct store_io *io)
{
	const struct file *f = file_of(io);

	if (!f->aio_fdsync) {
		env_work(io, sync_now, file_done);
		return;
	}
	io_prep_fdsync(&io->iocb, f->fd);
	env_aio(io, direct_sync_done);
}

static void direct_move(struct store_io *io);

/* A transfer that stops early goes on from there, and learns the reason if there is one. */
static void direct_move_done(struct store_io *io, long result)
{
	bool dsync = io->iocb.aio_rw_flags != 0;
	struct file *f = file_of(io);

	if (result == -EAGAIN) {
		env_work(io, move_now, file_done);
		return;
	}
	if (is_refusal(result) && dsync) {
		f->aio_dsync = false; /* Linux before 4.13 */
		direct_move(io);
		return;
	}
	if (result < 0) {
		file_done(io, result);
		return;
	}
	io->part += (uint64_t)result;
	if (result == 0 || io->part % f->step)
		file_done(io, -EIO);
	else if (io->part < io->len)
		direct_move(io);
	else if (wants_fua(io) && !dsync)
		direct_sync(io);
	else
		file_done(io, 0);
}

static void direct_move(struct store_io *io)
{
	const struct file *f = file_of(io);
	uint8_t *data = io->data + io->part;
	size_t n = io->len - io->part;
	off_t offset = (off_t)(io->offset + io->part);

	if (io->op == STORE_READ)
		io_prep_pread(&io->iocb, f->fd, data, n, offset);
	else
		io_prep_pwrite(&io->iocb, f->fd, data, n, offset);
	if (wants_fua(io) && f->aio_dsync)
		io->iocb.aio_rw_flags = RWF_DSYNC;
	env_aio(io, direct_move_done);
}

const struct file_way file_way_direct = { .move = direct_move, .flush = direct_sync };

/* cached: at once what does not wait, the rest on a worker */

/* How much was moved without waiting. *can is what the file system has not refused. */
static uint64_t move_nowait(const struct store_io *io, bool *can)
{
	struct iovec v = { .iov_base = io->data, .iov_len = io->len };
	off_t offset = (off_t)io->offset;
	int fd = file_of(io)->fd;
	ssize_t n;

	if (!*can)
		return 0;
	if (io->op == STORE_READ)
		n = preadv2(fd, &v, 1, offset, RWF_NOWAIT);
	else
		n = pwritev2(fd, &v, 1, offset, RWF_NOWAIT);
	if (n < 0 && is_refusal(-errno))
		*can = false;
	return n > 0 ? (uint64_t)n : 0;
}

static void cached_move(struct store_io *io)
{
	struct file *f = file_of(io);

	io->part = move_nowait(io, io->op == STORE_READ ? &f->nowait_read : &f->nowait_write);
	if (io->part == io->len && !wants_fua(io))
		file_done(io, 0);
	else
		env_work(io, move_now, file_done);
}

static void cached_sync(struct store_io *io)
{
	env_work(io, sync_now, file_done);
}

const struct file_way file_way_cached = { .move = cached_move, .flush = cached_sync };

/* memory: nothing waits, and nothing is more durable than anything else */

static void memory_move(struct store_io *io)
{
	file_done(io, move_now(io));
}

static void memory_sync(struct store_io *io)
{
	env_finish(io, 0);
}

const struct file_way file_way_memory = { .move = memory_move, .flush = memory_sync };

/* space */

static int punch_now(struct store_io *io)
{
	return space_punch(file_of(io)->fd, io->offset, io->len);
}

static int zero_now(struct store_io *io)
{
	const struct file *f = file_of(io);
	int err;

	if (f->is_device)
		err = space_zero_device(f->fd, io->offset, io->len);
	else
		err = space_zero_file(f->fd, io->offset, io->len, !f->is_thin);
	return !err && wants_fua(io) ? sync_now(io) : err;
}

static int reserve_now(struct store_io *io)
{
	int err = space_reserve(file_of(io)->fd, io->offset, io->len);

	return !err && wants_fua(io) ? sync_now(io) : err;
}

/*
 * Blocks that two files share must be paid for when one of them is written later: only
 * where both may run out of space anyhow.
 */
static int copy_now(struct store_io *io)
{
	const struct file *f = file_of(io), *from = (struct file *)io->from;
	int err;

	if (!f->is_thin || !from->is_thin)
		return -EOPNOTSUPP;
	err = space_copy(from->fd, io->from_offset, f->fd, io->offset, io->len);
	return !err && wants_fua(io) ? sync_now(io) : err;
}

static int extent_now(struct store_io *io)
{
	uint32_t block = io->store->io_align;
	int fd = file_of(io)->fd;
	int err = space_extent(fd, io->offset, io->len, block, &io->mapped, &io->extent_len);

	if (err || io->mapped || !(io->store->caps & STORE_CAN_RESERVE))
		return err;
	return space_reserved(fd, io->offset, io->extent_len, block, &io->reserved,
			      &io->extent_len);
}

static int space_now(struct store_io *io)
{
	return space_usage(file_of(io)->fd, &io->space);
}

/* the store's operations */

static void file_submit(struct store_io *io)
{
	const struct file_way *way = file_of(io)->way;

	switch (io->op) {
	case STORE_READ:
	case STORE_WRITE: way->move(io); break;
	case STORE_FLUSH: way->flush(io); break;
	case STORE_DISCARD: env_work(io, punch_now, file_done); break;
	case STORE_ZERO: env_work(io, zero_now, file_done); break;
	case STORE_RESERVE: env_work(io, reserve_now, file_done); break;
	case STORE_EXTENT: env_work(io, extent_now, env_finish); break;
	case STORE_COPY: env_work(io, copy_now, file_done); break;
	case STORE_SPACE: env_work(io, space_now, env_finish); break;
	}
}

/* A device has the size it has; what is served of it may change up to that. */
static int device_resize(struct store *s, uint64_t size)
{
	uint64_t end;
	int err = blockdev_size(((struct file *)s)->fd, &end);

	if (err)
		return err;
	return size <= end ? 0 : -EOPNOTSUPP;
}

/*
 * A file is grown to the new size, and never cut: a slip of the pen in a size must not cost
 * data. What lies behind the end is there again when the store grows.
 */
static int file_resize(struct store *s, uint64_t size)
{
	const struct file *f = (const struct file *)s;
	off_t end;

	if (s->caps & STORE_READ_ONLY)
		return -EROFS;
	end = lseek(f->fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	if (size > (uint64_t)end && ftruncate(f->fd, (off_t)size))
		return -errno;
	return 0;
}

/* The kernel may have the file for a moment longer, behind the last of its asynchronous requests,
 * and a lock with it: whoever opens it next must not find that. */
static void file_close(struct store *s)
{
	struct flock none = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	struct file *f = (struct file *)s;

	fcntl(f->fd, F_OFD_SETLK, &none);
	close(f->fd);
	free(f->made);
	free(f);
}

static void file_undo(struct store *s)
{
	const struct file *f = (const struct file *)s;

	if (f->made)
		unlink(f->made);
	else if (f->grown_from >= 0 && ftruncate(f->fd, f->grown_from))
		log_notice("store: a file that was grown to %" PRIu64 " bytes cannot be cut: %s",
			   s->size, strerror(errno));
}

int file_lock(int fd, bool read_only)
{
	struct flock all = { .l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static int file_claim(struct store *s)
{
	return file_lock(((struct file *)s)->fd, s->caps & STORE_READ_ONLY);
}

/*
 * O_EXCL claims a block device, and only at opening (file_open.c): it is opened anew, as
 * the same device by the way of /proc, and takes the descriptor's place.
 */
static int device_claim(struct store *s)
{
	struct file *f = (struct file *)s;
	int flags = fcntl(f->fd, F_GETFL), fd, err = 0;
	char self[32];

	if (s->caps & STORE_READ_ONLY)
		return file_claim(s);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	fd = open(self, (flags & (O_ACCMODE | O_DIRECT)) | O_EXCL | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (dup3(fd, f->fd, O_CLOEXEC) < 0)
		err = -errno;
	close(fd);
	return err ? err : file_claim(s);
}

const struct store_ops file_regular_ops = {
	.name = "file",
	.submit = file_submit,
	.resize = file_resize,
	.close = file_close,
	.undo = file_undo,
	.claim = file_claim,
	.copies = true,
};

const struct store_ops file_device_ops = {
	.name = "block",
	.submit = file_submit,
	.resize = device_resize,
	.close = file_close,
	.claim = device_claim,
};
