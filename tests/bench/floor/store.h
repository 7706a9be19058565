/* Where the floor keeps its data: nowhere, in memory, in a file, on a disk. */
#ifndef FLOOR_STORE_H
#define FLOOR_STORE_H

#include <libaio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_BATCH 1024 /* requests that one io_submit takes */

enum store_kind {
	STORE_NONE, /* reads give the same bytes always, writes are dropped */
	STORE_RAM,  /* memory of that size */
	STORE_FILE, /* pread and pwrite, which only copy when the file is in the page cache */
	STORE_AIO,  /* libaio and O_DIRECT */
};

/* A read or write; embedded in a command. */
struct store_io {
	uint64_t offset; /* bytes */
	uint32_t len;
	bool is_write;
	bool failed;
	const uint8_t *data; /* what was read; valid until the buffer is used again */
	uint8_t *buf;        /* owns; kept from command to command */
	size_t buf_len;
	struct iocb iocb;
};

struct store {
	enum store_kind kind;
	uint64_t size; /* bytes */
	int fd;        /* -1: no file */
	uint8_t *memory;
	io_context_t aio;
	int aio_fd; /* an eventfd that counts completions; -1: none are to come */
	unsigned int in_kernel;
	unsigned int queued;
	struct iocb *batch[STORE_BATCH];
};

/* path is for a file (made, if it is not there, with that size). 0 or -errno. */
int store_open(struct store *s, enum store_kind kind, const char *path, uint64_t size);

/*
 * Read. True: io->data is there, or it failed; false: store_reap() tells. Only
 * with STORE_AIO.
 */
bool store_read(struct store *s, struct store_io *io);

/* A part of what is to be written. */
void store_write(struct store *s, struct store_io *io, uint32_t at, const uint8_t *data,
		 uint32_t len);

/* All parts have come. As store_read(). */
bool store_write_end(struct store *s, struct store_io *io);

/* Give the kernel what was queued. */
void store_flush(struct store *s);

/* Call done for each that has ended. True: there were some. woken: aio_fd is readable. */
bool store_reap(struct store *s, bool woken, void (*done)(void *arg, struct store_io *io),
		void *arg);

#endif
