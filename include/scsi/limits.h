/* What one command may ask for: told by VPD pages B0h and B2h, kept to by the commands. */
#ifndef SCSI_LIMITS_H
#define SCSI_LIMITS_H

#include "scsi/lu.h"

#include <stdbool.h>
#include <stdint.h>

/* Blocks: so much that large ranges need few commands, so little that none takes a minute. */
#define LIMITS_UNMAP_DESCRIPTORS 256
#define LIMITS_UNMAP_BLOCKS      (1u << 20)
#define LIMITS_WRITE_SAME_BLOCKS (1u << 15)
#define LIMITS_CAW_BLOCKS        128

/* Bytes that a disk writes as a whole or not at all, when power fails in between. */
#define LIMITS_ATOMIC_MAX 4096

/* Tasks in a task set: many full queues of 128; with more, waiting is of no use to anybody. */
#define LIMITS_TASKS 4096

/*
 * Copies that a logical unit carries out at a time, and the bytes of a segment: as many as
 * 65535 blocks of 4096 bytes, the most that its field can say. Segments are of whole blocks,
 * of which the smallest have 2^9 bytes.
 */
#define LIMITS_COPIES                 64
#define LIMITS_COPY_SEGMENT           (65535u * 4096)
#define LIMITS_COPY_GRANULARITY_SHIFT 9

/* MAXIMUM UNMAP LBA COUNT: all descriptors of a command together. */
static inline uint32_t limits_unmap_blocks(const struct scsi_lu *lu)
{
	return lu->blocks < LIMITS_UNMAP_BLOCKS ? (uint32_t)lu->blocks : LIMITS_UNMAP_BLOCKS;
}

/* OPTIMAL UNMAP GRANULARITY: blocks. */
static inline uint32_t limits_unmap_granularity(const struct scsi_lu *lu)
{
	uint32_t blocks = lu->store->discard_align >> lu->block_shift;

	return blocks ? blocks : 1;
}

/* ANC_SUP: can blocks be anchored, so that writing them later finds its space? */
static inline bool limits_may_anchor(const struct scsi_lu *lu)
{
	return lu->opt.thin && lu->store->caps & STORE_CAN_RESERVE;
}

/* Blocks of an atomic write, and what its LBA is a multiple of: one physical block. */
static inline uint32_t limits_atomic_blocks(const struct scsi_lu *lu)
{
	uint32_t bytes = lu->opt.physical_block_size;

	return (bytes < LIMITS_ATOMIC_MAX ? bytes : LIMITS_ATOMIC_MAX) >> lu->block_shift;
}

#endif
