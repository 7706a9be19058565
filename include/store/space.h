/*
 * The space of a file or block device: what is allocated, giving it back, zeros.
 * Every call here blocks: they are for workers, and for opening.
 */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Can the file system of a regular file punch holes? Asked behind its end, where nothing is. */
bool space_can_punch(int fd, uint64_t end);

/* Give a range back; all of it reads as zeros afterwards. 0 or -errno. */
int space_punch(int fd, uint64_t offset, uint64_t len);

/*
 * Zeros, in the quickest way there is; at worst they are written. The file does
 * not grow. keep: stay allocated where the file system must punch to zero. 0 or -errno.
 */
int space_zero_file(int fd, uint64_t offset, uint64_t len, bool keep);
int space_zero_device(int fd, uint64_t offset, uint64_t len);

/* Can space of a regular file be reserved, and is it then there whenever it is written? */
bool space_can_reserve(int fd);

/* Zeros whose space is there when they are written. The file does not grow. 0 or -errno. */
int space_reserve(int fd, uint64_t offset, uint64_t len);

/*
 * Copy between two files, or inside one, without bringing the bytes here: the file system
 * shares blocks, or its server copies. 0; -EOPNOTSUPP: there is no such way, and perhaps a
 * part of it is copied; -errno.
 */
int space_copy(int from, uint64_t from_offset, int to, uint64_t offset, uint64_t len);

/*
 * Is the block at offset allocated (mapped), and how far, at most len, is it alike
 * (alike, bytes, a multiple of block)? A block with a byte of data in it is mapped.
 * offset and len are multiples of block. 0 or -errno.
 */
int space_extent(int fd, uint64_t offset, uint64_t len, uint32_t block, bool *mapped,
		 uint64_t *alike);

/*
 * Of a range in which space_extent() has found nothing mapped, and on a file system that can
 * reserve: is the space of the block at offset reserved, and how far, at most len, is it alike?
 * 0 or -errno.
 */
int space_reserved(int fd, uint64_t offset, uint64_t len, uint32_t block, bool *reserved,
		   uint64_t *alike);

/* What the file takes of its file system, and what that has. 0 or -errno. */
int space_usage(int fd, struct store_space *out);

#endif
