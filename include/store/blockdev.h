/* What only block devices have: the questions they are asked at opening. */
#ifndef STORE_BLOCKDEV_H
#define STORE_BLOCKDEV_H

#include <stdint.h>

/* Bytes. 0 or -errno. */
int blockdev_size(int fd, uint64_t *size);

/* Bytes of its logical block: what O_DIRECT must be a multiple of. 0 or -errno. */
int blockdev_block(int fd, uint32_t *block);

/* Bytes that are best done at once; 0: does not matter. */
uint32_t blockdev_optimal(int fd);

/*
 * Bytes that it gives back at least, and that then read as zeros; 0: it cannot.
 * A device that takes discards and promises nothing of what is read afterwards
 * (BLKDISCARD on most SATA disks) is one that cannot.
 */
uint32_t blockdev_discard_align(int fd);

/* Make a range read as zeros and keep it allocated. Blocks. 0 or -errno. */
int blockdev_zero(int fd, uint64_t offset, uint64_t len);

#endif
