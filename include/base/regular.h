/*
 * Small files that are named from outside: opened without waiting for anybody, read as far as
 * there is room, and written so that there is all of one or nothing.
 */
#ifndef BASE_REGULAR_H
#define BASE_REGULAR_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Open a regular file. What else may have that name is left alone: a FIFO has perhaps no writer, a
 * device no end, and a tape winds back.
 *
 * dir_fd, flags: as of openat(2); the mode of a file that O_CREAT makes is 0644.
 * st: filled with what was opened; NULL where nobody wants it.
 * The descriptor, or -errno; -EISDIR: a directory; -ENOTSUP: a FIFO, a device or a socket.
 */
int regular_open(int dir_fd, const char *path, int flags, struct stat *st);

/* Read until p is full or the file ends. Bytes, or -errno. */
ssize_t regular_read(int fd, void *p, size_t size);

/*
 * Make a file of mode 0600 with those bytes, on stable storage when this returns; what had its
 * name before is removed. 0 or -errno, and then there is no such file.
 */
int regular_write(int dir_fd, const char *name, const void *p, size_t len);

/* strerror(), in words that fit what regular_open() found. err: positive or negative. */
const char *regular_error(int err);

#endif
