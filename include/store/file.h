/* The file store: a regular file or a block device, open and measured by file_open.c. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/store.h"

struct file_way;

struct file {
	struct store store; /* first */
	int fd;             /* owns */
	const struct file_way *way;
	uint32_t step;      /* bytes: a transfer that stops elsewhere cannot go on; 1: anywhere */
	bool is_device;     /* block device */
	bool is_thin;       /* zeros need not stay allocated */
	char *made;         /* owns; its path when opening has made it; NULL: it was there */
	int64_t grown_from; /* bytes that it had before opening has grown it; -1: it was not */

	/* What the kernel has not refused yet. */
	bool aio_dsync;   /* RWF_DSYNC in an iocb */
	bool aio_fdsync;  /* IOCB_CMD_FDSYNC */
	bool nowait_read; /* RWF_NOWAIT */
	bool nowait_write;
};

/*
 * A lock of the open file description: it holds against other processes and
 * against a second LUN of this one, and goes with the descriptor. Readers share.
 * 0; -EBUSY: another has it; -errno: it cannot be locked.
 */
int file_lock(int fd, bool read_only);

/* How bytes move: one of these for the life of the store. */
extern const struct file_way file_way_direct; /* libaio on O_DIRECT */
extern const struct file_way file_way_cached; /* at once if it can be, else on a worker */
extern const struct file_way file_way_memory; /* at once: a file system that only copies */

extern const struct store_ops file_regular_ops;
extern const struct store_ops file_device_ops;

#endif
