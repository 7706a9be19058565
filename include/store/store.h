/*
 * A store: bytes at offsets, asynchronous. A kind (file, ram, null, a filter) is a
 * row in store.c's table and a struct store_ops.
 *
 * The rule of completion: done() is never called from inside store_submit().
 * Whatever finishes is put on the environment's list, and store_env_reap(),
 * which the loop calls, hands it back. So a handler may submit its next step
 * from done() without recursion.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <libaio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct store;
struct store_env;

enum store_op {
	STORE_READ,
	STORE_WRITE,
	STORE_FLUSH,   /* all completed writes to stable storage; offset and len are 0 */
	STORE_DISCARD, /* give the range back; reads as zeros afterwards */
	STORE_ZERO,    /* make the range read as zeros, keeping it allocated where it can */
	STORE_EXTENT,  /* is offset allocated, and how far (at most len) is it alike: sets mapped,
			  extent_len */
};

#define STORE_FUA 0x1 /* with STORE_WRITE and STORE_ZERO: on stable storage before done */

/* One request; lent by the caller from store_submit() until done(). */
struct store_io {
	enum store_op op;
	uint32_t flags;  /* STORE_FUA */
	uint64_t offset; /* bytes, a multiple of the store's io_align */
	uint64_t len;  /* bytes, likewise; not 0 but for a flush; reads and writes at most 16 MiB */
	uint8_t *data; /* read, write: len bytes, 4 KiB aligned; borrowed */
	void (*done)(struct store_io *io);
	void *user; /* the caller's */

	/* what came of it */
	int error;           /* 0 or -errno; a short read or write is -EIO */
	bool mapped;         /* STORE_EXTENT */
	uint64_t extent_len; /* STORE_EXTENT: bytes, at least 1 block of io_align */

	/* the store's own */
	struct store *store;
	struct store_env *env;
	uint64_t part; /* progress in a request that takes several steps */
	struct iocb iocb;
	STAILQ_ENTRY(store_io) link;
};

enum store_cap {
	STORE_CAN_DISCARD = 0x1,
	STORE_CAN_EXTENT = 0x2, /* STORE_EXTENT tells more than "all mapped" */
	STORE_READ_ONLY = 0x4,
	STORE_VOLATILE = 0x8, /* content is gone with the process: ram */
};

struct store_ops {
	const char *name;
	void (*submit)(struct store_io *io);           /* range and capability already checked */
	int (*resize)(struct store *s, uint64_t size); /* NULL: cannot */
	void (*close)(struct store *s);                /* no request is in flight */
};

/* What every kind has in front of its own. */
struct store {
	const struct store_ops *ops;
	struct store_env *env;  /* borrowed; outlives the store */
	uint64_t size;          /* bytes */
	uint32_t io_align;      /* bytes that offset and len must be a multiple of */
	uint32_t optimal_io;    /* bytes, 0: does not matter */
	uint32_t discard_align; /* bytes that a discard gives back at least; 0 when it cannot */
	uint32_t caps;          /* enum store_cap */
	uint32_t in_flight;
};

enum store_mode { STORE_IO_DIRECT, STORE_IO_CACHED };

/* What a LUN's options say of its store. */
struct store_params {
	const char *backend; /* "file" "block" "ram" "null" */
	const char *path;    /* file, block */
	uint64_t size;       /* bytes; 0: not given */
	enum store_mode io;
	uint32_t block_size; /* bytes: 512 or 4096 (io_align of a direct file must divide it) */
	bool read_only;
	bool thin; /* discard punches holes */
};

/*
 * The environment of all stores of a process: the libaio context, the workers,
 * the list of finished requests.
 * depth: requests in the kernel at most; more wait in user space.
 */
int store_env_new(unsigned int depth, unsigned int workers, struct store_env **out);
void store_env_free(struct store_env *env); /* every store is closed */

/* Readable when store_env_reap() has something from the kernel or the workers. */
int store_env_fd(const struct store_env *env);

/* Hand finished requests back: calls done(). wake: the descriptor was readable. True when there was
 * one. */
bool store_env_reap(struct store_env *env, bool wake);

/* One io_submit for everything queued since the last call. Called at the end of each loop turn. */
void store_env_flush(struct store_env *env);

#define STORE_WHY_MAX 256

/*
 * Open what p says. A missing file with a size is made, sparse; a smaller one is grown.
 * 0 or -errno with a sentence for people in why. The caller owns *out.
 * io = direct where the file system cannot: logged, and served cached.
 */
int store_open(struct store_env *env, const struct store_params *p, struct store **out,
	       char why[static STORE_WHY_MAX]);

/* Requires that nothing is in flight (in_flight == 0). NULL is fine. */
void store_close(struct store *s);

/*
 * Start a request. A range outside the store or against its capabilities comes
 * back through done() with -EINVAL, -ENOSPC, -EROFS or -EOPNOTSUPP.
 */
void store_submit(struct store *s, struct store_io *io);

/* bytes. 0; -EOPNOTSUPP; -errno. Shrinking with requests in flight beyond the end lets those fail.
 */
int store_resize(struct store *s, uint64_t size);

#endif
